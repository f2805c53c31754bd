"""Training of kernels/plausibility_model.py, in NumPy, seeded: the same texts give the same bytes on one machine with
one thread of BLAS. Tables and topic words come from clean texts alone; the network from clean and bad ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_pipeline.kernels.chunks import chunks
from corpus_pipeline.kernels.features_layout import Layout, lay_out
from corpus_pipeline.kernels.plausibility import words_of
from corpus_pipeline.kernels.plausibility_model import (
    BETWEEN,
    SYLLABLE,
    TOPIC_STEPS,
    TOPICS,
    Floats,
    Model,
    Network,
    packed,
    symbol_table,
)

Ints = NDArray[np.int64]

PASSAGE = 150  # eojeol; own choice: on one topic
QUANTILES = (0, 0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.995, 0.999, 1)
LEVELS = np.linspace(-2, 2, len(QUANTILES), dtype=np.float32)


@dataclass(frozen=True)
class Recipe:
    """All own choices. chunk: characters laid out at once; the rest is of the network."""

    chunk: int = 2_000_000
    hidden: tuple[int, ...] = (64, 32)
    epochs: int = 30
    batch: int = 256
    rate: float = 3e-3
    decay: float = 1e-4
    seed: int = 0


def fit_language(texts: Sequence[str], recipe: Recipe) -> Model:
    """Symbols, tables and topic words of clean texts, without the network."""
    parts = list(chunks(texts, recipe.chunk)) or [[""]]
    counts = np.zeros(0x110000, np.int64)
    for chunk in parts:
        counts += np.bincount(lay_out(chunk).points, minlength=len(counts))
    syllables = (0xAC00 + np.flatnonzero(counts[0xAC00:0xD7A4] > 1)).astype(np.uint16)
    table, many = symbol_table(syllables), SYLLABLE + len(syllables)
    inside, between = np.zeros(many * many), np.zeros((many + BETWEEN) * many)
    passages, holding = 0, np.zeros(TOPICS, np.int64)
    for chunk in parts:
        layout = lay_out(chunk)
        symbols = table[layout.points]
        inside += np.bincount(symbols[:-1].astype(np.int64) * many + symbols[1:], minlength=len(inside))
        words = words_of(layout, symbols, many)
        same = layout.document[1:] == layout.document[:-1]
        between += np.bincount((words.between[:-1] * many + words.start[1:])[same], minlength=len(between))
        passage = _passages(layout)
        known = words.topic >= 0
        holding += np.bincount(np.unique(passage[known] * TOPICS + words.topic[known]) % TOPICS, minlength=TOPICS)
        passages += int(passage[-1]) + 1 if len(passage) else 0
    topics = np.clip(np.rint(np.log((passages + 1) / (holding + 1)) * TOPIC_STEPS), 0, 255).astype(np.uint8)
    tables = (packed(inside.reshape(many, many)), packed(between.reshape(many + BETWEEN, many)))
    return Model(syllables, *tables, topics)


def _passages(layout: Layout) -> Ints:
    """Number of the passage of each eojeol, ascending."""
    many = np.bincount(layout.document, minlength=layout.size)
    rank = np.arange(len(layout.document)) - np.repeat(np.cumsum(many) - many, many)
    return np.asarray(np.cumsum(rank % PASSAGE == 0) - 1, np.int64)


def fit_network(columns: Mapping[str, NDArray[Any]], junk: NDArray[np.bool_], recipe: Recipe) -> Network:
    """The network that tells junk from the rest, both weighted alike. columns: all are inputs."""
    names = tuple(columns)
    points = np.stack([np.quantile(columns[name], QUANTILES) for name in names]).astype(np.float32)
    network = Network(names, points, LEVELS, ())
    inputs, wanted = network.inputs(columns), junk.astype(np.float32)
    weights = np.where(junk, 0.5 / max(junk.mean(), 1e-9), 0.5 / max((~junk).mean(), 1e-9)).astype(np.float32)
    layers = tuple(values.astype(np.float16).astype(np.float32) for values in _descend(inputs, wanted, weights, recipe))
    return Network(names, points, LEVELS, layers)


def _descend(inputs: Floats, wanted: Floats, weights: Floats, recipe: Recipe) -> list[Floats]:
    """Layers by Adam (Kingma and Ba 2015) on cross-entropy, the rate falling to nothing."""
    chance = np.random.default_rng(recipe.seed)
    sizes = (inputs.shape[1], *recipe.hidden, 1)
    layers: list[Floats] = []
    for before, after in pairwise(sizes):
        layers += [chance.normal(0, before**-0.5, (before, after)).astype(np.float32), np.zeros(after, np.float32)]
    means, squares = [np.zeros_like(one) for one in layers], [np.zeros_like(one) for one in layers]
    steps, step = recipe.epochs * -(-len(inputs) // recipe.batch), 0
    for _ in range(recipe.epochs):
        order = chance.permutation(len(inputs))
        for at in range(0, len(order), recipe.batch):
            chosen = order[at : at + recipe.batch]
            slopes = _slopes(layers, inputs[chosen], wanted[chosen], weights[chosen])
            step += 1
            rate = recipe.rate * (1 - (step - 1) / steps)
            for layer, slope, mean, square in zip(layers, slopes, means, squares, strict=True):
                slope += recipe.decay * layer
                mean += 0.1 * (slope - mean)
                square += 0.001 * (slope * slope - square)
                layer -= rate * mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return layers


def _slopes(layers: Sequence[Floats], inputs: Floats, wanted: Floats, weights: Floats) -> list[Floats]:
    """Gradients of the mean loss, by back-propagation."""
    values = [inputs]
    for weight, bias in zip(layers[::2], layers[1::2], strict=True):
        values.append((np.maximum(values[-1], 0) if len(values) > 1 else inputs) @ weight + bias)
    error = ((1 / (1 + np.exp(-values[-1][:, 0])) - wanted) * weights / len(inputs))[:, None].astype(np.float32)
    slopes: list[Floats] = []
    for at in range(len(layers) // 2 - 1, -1, -1):
        active = np.maximum(values[at], 0) if at else inputs
        slopes = [active.T @ error, error.sum(axis=0), *slopes]
        if at:
            error = (error @ layers[2 * at].T) * (values[at] > 0)
    return slopes
