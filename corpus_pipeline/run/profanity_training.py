"""The jobs train_profanity and train_hate: labelled comments and clean texts of a folder -> a model, or figures."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from corpus_pipeline.run.job import say
from corpus_pipeline.run.training import training_parser, write_model

if TYPE_CHECKING:
    from corpus_pipeline.stages.profanity import Comment

CLEAN_CHARS = 900_000  # own choice: of each kind of clean text


def main(job: str, arguments: Sequence[str] | None = None) -> int:
    """Train on all comments and write the model, or with --evaluate print figures of those left out. -> exit code."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy: sums in one order, so the same bytes
    from corpus_pipeline.run.clean_texts import clean_texts
    from corpus_pipeline.stages import hate, profanity

    task = hate if job == "train_hate" else profanity
    figures = "leave a fifth out in turn, and print figures"
    options = training_parser(job, __doc__, task.MODEL, figures).parse_args(arguments)
    comments, others = list(_curse(options.data)), list(_hate(options.data))
    if task is hate:
        comments, others = others, comments
    clean = clean_texts(options.data, CLEAN_CHARS)
    if options.evaluate:
        for line in task.evaluate(comments, others, clean, say):
            print(line, flush=True)
        return 0
    write_model(options.out, task.trained(comments, clean))
    return 0


def _curse(root: Path) -> Iterator[Comment]:
    from corpus_pipeline.stages.profanity import Comment

    for line in (root / "comments_curse/data/dataset.txt").read_text("utf-8-sig").splitlines():
        text, _, label = line.rpartition("|")
        if label in ("0", "1"):
            yield Comment(text, label == "1")


def _hate(root: Path) -> Iterator[Comment]:
    """Comments by whether they are labelled hateful or offensive."""
    from corpus_pipeline.stages.profanity import Comment

    for name in ("train", "dev"):
        path = root / f"comments_hate_kocohub/data/labeled/{name}.tsv"
        for line in path.read_text("utf-8-sig").splitlines()[1:]:
            text, *_, label = line.split("\t")
            yield Comment(text, label != "none")
