"""Training of the model of regions: two small networks by Adam, in NumPy, seeded: the same pages give the same bytes
on one machine with one thread of BLAS. No library is needed that runs do not have.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from corpus_pipeline.kernels.page_blocks import Parsed
from corpus_pipeline.kernels.region_features import Matrix, around
from corpus_pipeline.kernels.region_model import Array, Model, Network
from corpus_pipeline.kernels.region_places import Places

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Recipe:
    """hidden: units of the hidden layers; rate: of Adam, falling to nothing; drop: inputs hidden at random."""

    hidden: tuple[int, ...] = (64, 32)
    epochs: int = 12
    batch: int = 512
    rate: float = 2e-3
    decay: float = 1e-4
    drop: float = 0.1
    seed: int = 0


class Example(NamedTuple):
    """A labelled page: its features, 0/1 labels, and the weight of each block, which sum to 1 or less."""

    site: str
    page: Parsed
    inputs: Matrix
    labels: Floats
    weights: Floats


def weigh(page: Parsed, labels: Floats, ignored: Floats) -> Floats:
    """Half by the block, half by its words, as F1 of tokens counts them; none for `ignored` blocks."""
    words = np.array([len(block.text.split()) for block in page.blocks], np.float32)
    return np.asarray((0.5 / len(labels) + 0.5 * words / max(float(words.sum()), 1.0)) * (1 - ignored), np.float32)


def train(examples: Sequence[Example], recipe: Recipe) -> Model:
    """The model of the examples. The second network learns from first scores of pages that the first had not seen:
    sites are parted in two halves for that."""
    first = _fit([one.inputs for one in examples], examples, recipe)
    sites = {site: index % 2 for index, site in enumerate(sorted({one.site for one in examples}))}
    halves = [sites[one.site] for one in examples]
    seconds: list[Matrix] = [np.zeros((0, 0), np.float32)] * len(examples)
    for half in (0, 1):
        rest = [one for one, own in zip(examples, halves, strict=True) if own != half]
        other = _fit([one.inputs for one in rest], rest, recipe) if rest else first
        for index, one in enumerate(examples):
            if halves[index] == half:
                scores = other.scores(one.inputs)
                seconds[index] = np.concatenate([one.inputs, around(scores, Places([one.page]))], axis=1)
    return Model(first, _fit(seconds, examples, recipe), 0.5)


def _fit(inputs: Sequence[Matrix], examples: Sequence[Example], recipe: Recipe) -> Network:
    rows = np.concatenate(inputs)
    wanted = np.concatenate([one.labels for one in examples])
    weights = np.concatenate([one.weights for one in examples])
    mean, deviation = rows.mean(axis=0, dtype=np.float64), rows.std(axis=0, dtype=np.float64)
    scale = 1 / np.maximum(deviation, 0.05)
    known = np.clip((rows - mean) * scale, -6, 6).astype(np.float32)
    layers = _descend(known, wanted, (weights / weights.mean()).astype(np.float32), recipe)
    plain = tuple((w.astype(np.float64), b.astype(np.float64)) for w, b in layers)
    return Network(mean.round(6), scale.round(6), plain).rounded()


def _descend(known: Floats, wanted: Floats, weights: Floats, recipe: Recipe) -> list[tuple[Floats, Floats]]:
    chance = np.random.default_rng(recipe.seed)
    sizes = [known.shape[1], *recipe.hidden, 1]
    values: list[Floats] = []
    for size, following in itertools.pairwise(sizes):
        values.append((chance.standard_normal((size, following)) * np.sqrt(2 / size)).astype(np.float32))
        values.append(np.zeros(following, np.float32))
    slow, square = [np.zeros_like(one) for one in values], [np.zeros_like(one) for one in values]
    steps = recipe.epochs * -(-len(known) // recipe.batch)
    step = 0
    for _ in range(recipe.epochs):
        order = chance.permutation(len(known))
        for begin in range(0, len(known), recipe.batch):
            rows = order[begin : begin + recipe.batch]
            kept = (chance.random((len(rows), known.shape[1]), np.float32) >= recipe.drop).astype(np.float32)
            slopes = _slopes(values, known[rows] * kept, wanted[rows], weights[rows])
            step += 1
            rate = recipe.rate * (1 - (step - 1) / steps)
            for index, slope in enumerate(slopes):
                slow[index] += 0.1 * (slope - slow[index])
                square[index] += 0.001 * (slope * slope - square[index])
                change = slow[index] / (1 - 0.9**step) / (np.sqrt(square[index] / (1 - 0.999**step)) + 1e-8)
                values[index] -= np.float32(rate) * (
                    change + np.float32(recipe.decay * 10) * values[index] * (values[index].ndim > 1)
                )
    return list(zip(values[::2], values[1::2], strict=True))


def _slopes(values: list[Floats], inputs: Floats, wanted: Floats, weights: Floats) -> list[Floats]:
    """Gradients of the weighted cross entropy by the weights and biases, in their order."""
    layers = [inputs]
    for index in range(0, len(values) - 2, 2):
        layers.append(np.maximum(layers[-1] @ values[index] + values[index + 1], 0))
    out = (layers[-1] @ values[-2] + values[-1])[:, 0]
    error = ((1 / (1 + np.exp(-np.clip(out, -30, 30))) - wanted) * weights / len(wanted))[:, None].astype(np.float32)
    slopes: list[Floats] = []
    for index in range(len(values) - 2, -1, -2):
        below = layers[index // 2]
        slopes[:0] = [below.T @ error, error.sum(axis=0)]
        error = (error @ values[index].T) * (below > 0)
    return slopes


def probabilities(example: Example, model: Model) -> Array:
    """Scores of a page whose features are known."""
    first = model.first.scores(example.inputs)
    second = np.concatenate([example.inputs, around(first, Places([example.page]))], axis=1)
    return model.second.scores(second)
