"""The job train_region_model: labelled pages from a folder of corpora -> the model file, or its figures."""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

DISGUISED = 0.6  # share of pages that are learned a second time without their names


def main(arguments: Sequence[str] | None = None) -> int:
    """Train on all pages and write the model, or with --evaluate print figures of sites left out. -> exit code."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy: sums in one order, so the same bytes
    from corpus_pipeline.run.region_pages import labelled
    from corpus_pipeline.stages import regions

    parser = argparse.ArgumentParser(prog="train_region_model", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of unpacked corpora")
    parser.add_argument("--out", type=Path, default=Path("corpus_pipeline/resources/models/regions.json"))
    parser.add_argument("--evaluate", action="store_true", help="leave sites out in turn, and print figures")
    options = parser.parse_args(arguments)

    def pages() -> Iterator[regions.Page]:
        from corpus_pipeline.run.region_pages import disguised

        for one in labelled(options.data):
            yield regions.Page(*one, disguise=False)
            chance = random.Random(f"disguised {one.name}")
            if chance.random() < DISGUISED:
                yield regions.Page(one.site, one.name, disguised(one.html, chance), one.gold, disguise=True)

    if options.evaluate:
        print("\n".join(regions.summary(regions.evaluate(pages(), _say))))
        return 0
    text = regions.train(pages())
    options.out.write_text(text, encoding="utf-8", newline="\n")
    _say(f"{options.out}: {len(text.encode())} bytes, sha256 {hashlib.sha256(text.encode()).hexdigest()}")
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
