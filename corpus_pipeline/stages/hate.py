"""Training and measuring the model of hateful and offensive comments, in memory: no Spark.

As stages/profanity.py does: a comment stands on one side only, folds are told by a hash of it, clean texts of half 0
are learned and those of half 1 measured. Here `Comment.profane` says that a comment is hateful or offensive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from corpus_pipeline.kernels.profanity_model import HATE, HATE_CHARS, Model, write
from corpus_pipeline.kernels.profanity_training import Labelled, train
from corpus_pipeline.stages.classifier_fit import auc
from corpus_pipeline.stages.profanity import (
    Clean,
    Comment,
    agreement,
    distinct,
    flagged_clean,
    negatives,
    scored,
    scored_unseen,
)

MODEL = HATE
THRESHOLD = 2.0  # own choice: at 0 a MB of clean utterances has 78 flagged ones, here none (card)
EASY, HARD = 4_000, 8_000  # clean pieces: any, and those a first model takes for hateful before others
CLEAN_WEIGHT = 0.3  # measured: at 1.5, 0.1 leaves 20 utterances a MB flagged; 1 costs 0.02 of AUC
OTHER_THRESHOLDS = (0.0, 0.5, 1.0, 1.5)  # what they would give


def trained(comments: Sequence[Comment], clean: Sequence[Clean]) -> bytes:
    """The model file of all comments: the same bytes for the same texts."""
    known = distinct(comments)
    return write(_fit(known, negatives(known, clean, _fit, EASY, HARD)))


def evaluate(
    comments: Sequence[Comment], others: Sequence[Comment], clean: Sequence[Clean], say: Callable[[str], None]
) -> Iterator[str]:
    """Lines of figures: AUC and F1 on folds not seen; on the `others`, never seen; clean texts flagged."""
    known = distinct(comments)
    learned = negatives(known, clean, _fit, EASY, HARD)
    labels = np.array([one.profane for one in known])
    texts = {MODEL: [one.text for one in known]}
    found = scored_unseen(known, texts, lambda rest: _fit(rest, learned), say)[MODEL]
    yield f"AUC {auc(found, labels):.4f} of {len(known)}"
    for threshold in (THRESHOLD, *OTHER_THRESHOLDS):
        yield f"threshold {threshold}: {agreement(labels, found >= threshold)}"
    model = _fit(known, learned)
    seen = scored([one.text for one in others], model)
    profane = np.array([one.profane for one in others])
    yield f"other comments: AUC {auc(seen, profane):.4f}, {agreement(profane, seen >= model.threshold)}"

    def flagged(pieces: Sequence[str]) -> NDArray[np.bool_]:
        long_enough = np.array([len(piece) >= HATE_CHARS for piece in pieces], np.bool_)
        return np.asarray(long_enough & (scored(pieces, model) >= model.threshold), np.bool_)

    yield from flagged_clean(clean, flagged)


def _fit(known: Sequence[Comment], clean: Sequence[str]) -> Model:
    own = [Labelled(one.text, float(one.profane), 1.0) for one in known]
    return train([*own, *(Labelled(text, 0.0, CLEAN_WEIGHT) for text in clean)], THRESHOLD, jamo=False)
