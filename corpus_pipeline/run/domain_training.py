"""The job train_domain_model: labelled documents from a folder of corpora -> the model file, or its figures."""

from __future__ import annotations

from collections.abc import Sequence

from corpus_pipeline.run.domain_sources import labelled
from corpus_pipeline.run.training import training_parser, write_model
from corpus_pipeline.stages import domains


def main(arguments: Sequence[str] | None = None) -> int:
    """Train on all documents and write the model, or with --evaluate print figures of those left out. -> exit code."""
    figures = "leave documents and sources out, and print figures"
    options = training_parser("train_domain_model", __doc__, "domain.ftz", figures).parse_args(arguments)
    found = domains.documents(labelled(options.data))
    if options.evaluate:
        for line in domains.evaluate(found):
            print(line, flush=True)
        return 0
    write_model(options.out, domains.train(found))
    return 0
