"""Training of the models of profanity and of hate: logistic regression over hashed n-grams, each scaled by how much
likelier it is in one class (as Wang and Manning, "Baselines and Bigrams", 2012). NumPy alone, no random numbers: the
same texts give the same model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus_pipeline.kernels.profanity_model import Model, first_look, scores
from corpus_pipeline.kernels.profanity_ngrams import BUCKETS_LOG2, jamo_ngrams, syllable_ngrams

Floats = NDArray[np.float64]
BUCKETS = 1 << BUCKETS_LOG2
THRESHOLD = 0.0  # own choice: -0.4 gains 0.016 of F1, but at -0.2 already twice as many utterances are flagged (card)
CLIPPED = 0.999  # own choice: the largest of a thousand weights may be cut, so that the others keep their size
LOST = 0.001  # own choice: share of the profane pieces that the first look may miss


class Labelled(NamedTuple):
    """A piece with its label, 0 to 1, and its weight."""

    text: str
    label: float
    weight: float


@dataclass(frozen=True, eq=False)
class Counted:
    """n-grams of many units: `unit` and `bucket` of each, and for each unit one over the root of their number."""

    unit: NDArray[np.int32]
    bucket: NDArray[np.uint32]
    scale: Floats

    def sums(self, weights: Floats) -> Floats:
        """[units] sums of the weights of its n-grams, scaled."""
        return np.asarray(np.bincount(self.unit, weights[self.bucket], len(self.scale)) * self.scale, np.float64)

    def spread(self, values: Floats) -> Floats:
        """[buckets] sums of scaled values of the units that hold the n-gram."""
        return np.asarray(np.bincount(self.bucket, (values * self.scale)[self.unit], BUCKETS), np.float64)


def train(pieces: Sequence[Labelled], threshold: float = THRESHOLD, jamo: bool = True) -> Model:
    """The model of the pieces, its weights in whole steps; without `jamo` of syllables alone, which cost a quarter."""
    texts = [one.text for one in pieces]
    labels, weights = (np.array(column, np.float64) for column in list(zip(*pieces, strict=True))[1:])
    exact, bias = fit(count(texts, jamo), labels, weights)
    step = float(np.quantile(np.abs(exact[exact != 0]), CLIPPED)) / 127
    rounded = np.clip(np.rint(exact / step), -127, 127).astype(np.int8)
    rounded[0] = 0
    model = Model(rounded, step, bias, -np.inf if jamo else np.inf, threshold)
    if not jamo:
        return model
    profane = [text for text, label in zip(texts, labels.tolist(), strict=True) if label > 0]
    found = scores(profane, model) >= threshold
    first = first_look(profane, model)[found]
    return replace(model, look=float(np.quantile(first, LOST)) if len(first) else -np.inf)


def count(pieces: Sequence[str], jamo: bool = True) -> Counted:
    """The n-grams of the pieces, without those that run over an end."""
    orders = [*syllable_ngrams(pieces), *(jamo_ngrams(pieces) if jamo else ())]
    unit, bucket = [], []
    number = np.zeros(len(pieces), np.int64)
    for one in orders:
        owner = np.repeat(np.arange(len(pieces), dtype=np.int32), np.diff(one.first, append=len(one.buckets)))
        inside = one.buckets != 0
        unit.append(owner[inside])
        bucket.append(one.buckets[inside])
        number += one.number
    return Counted(np.concatenate(unit), np.concatenate(bucket), 1 / np.sqrt(np.maximum(number, 1)))


def fit(counted: Counted, labels: Floats, weights: Floats, cost: float = 12.0) -> tuple[Floats, float]:
    """(weight of each bucket, bias). labels 0 to 1, weights of units, cost of a mistake against large weights."""
    ratio = _ratio(counted, labels, weights)

    def loss(point: Floats) -> tuple[float, Floats]:
        own, bias = point[:-1], point[-1]
        margin = counted.sums(own * ratio) + bias
        value = weights * (np.logaddexp(0, margin) - labels * margin)
        slope = weights * (1 / (1 + np.exp(-np.clip(margin, -50, 50))) - labels)
        gradient = np.append(counted.spread(slope) * ratio + own / cost, slope.sum())
        return float(value.sum() + own @ own / (2 * cost)), gradient

    found = minimise(loss, np.zeros(BUCKETS + 1))
    return found[:-1] * ratio, float(found[-1])


def _ratio(counted: Counted, labels: Floats, weights: Floats) -> Floats:
    """Logarithm of how much likelier a bucket is in the positive class."""
    positive, negative = (
        1 + np.bincount(counted.bucket, (weights * part)[counted.unit], BUCKETS) for part in (labels, 1 - labels)
    )
    return np.asarray(np.log(positive / positive.sum()) - np.log(negative / negative.sum()), np.float64)


def minimise(loss: Callable[[Floats], tuple[float, Floats]], start: Floats, steps: int = 60) -> Floats:
    """L-BFGS (Nocedal 1980) with ten pairs and halving steps; stops when a step gains less than 1e-5 of the loss."""
    point, (value, gradient) = start, loss(start)
    pairs: list[tuple[Floats, Floats]] = []
    for _ in range(steps):
        move = -_inverse(gradient, pairs)
        size = 1.0 if pairs else 1 / max(float(np.sqrt(gradient @ gradient)), 1e-12)
        while True:
            reached, (now, slope) = point + size * move, loss(point + size * move)
            if now <= value + 1e-4 * size * float(gradient @ move) or size < 1e-10:
                break
            size /= 2
        step, change = reached - point, slope - gradient
        gain, point, value, gradient = value - now, reached, now, slope
        if step @ change > 1e-12:
            pairs = [*pairs[-9:], (step, change)]
        if gain < 1e-5 * abs(value):
            break
    return point


def _inverse(gradient: Floats, pairs: Sequence[tuple[Floats, Floats]]) -> Floats:
    """The two loops: the gradient times the inverse of the second derivative as far as the pairs know it."""
    found = gradient.copy()
    shares = []
    for step, change in reversed(pairs):
        shares.append(float(step @ found) / float(step @ change))
        found -= shares[-1] * change
    if pairs:
        step, change = pairs[-1]
        found *= float(step @ change) / float(change @ change)
    for (step, change), share in zip(pairs, reversed(shares), strict=True):
        found += (share - float(change @ found) / float(step @ change)) * step
    return found
