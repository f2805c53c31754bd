"""The job train_region_model: labelled pages from a folder of corpora -> the model file, or its figures."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence

from corpus_pipeline.run.job import say
from corpus_pipeline.run.training import training_parser, write_model

DISGUISED = 0.6  # share of pages that are learned a second time without their names


def main(arguments: Sequence[str] | None = None) -> int:
    """Train on all pages and write the model, or with --evaluate print figures of sites left out. -> exit code."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy: sums in one order, so the same bytes
    from corpus_pipeline.run.region_pages import labelled
    from corpus_pipeline.stages import regions

    figures = "leave sites out in turn, and print figures"
    options = training_parser("train_region_model", __doc__, "regions.json", figures).parse_args(arguments)

    def pages() -> Iterator[regions.Page]:
        from corpus_pipeline.run.region_pages import disguised

        for one in labelled(options.data):
            yield regions.Page(*one, disguise=False)
            chance = random.Random(f"disguised {one.name}")
            if chance.random() < DISGUISED:
                yield regions.Page(one.site, one.name, disguised(one.html, chance), one.gold, disguise=True)

    if options.evaluate:
        print("\n".join(regions.summary(regions.evaluate(pages(), say))))
        return 0
    write_model(options.out, regions.train(pages()).encode())
    return 0
