"""The model of kernels/plausibility.py: symbols, two tables of pairs of symbols, topic words, a small network.

A text is seen as symbols: the common Hangul syllables and the compatibility jamo one by one, Latin letters without
case, and classes for all else. A table holds, for each pair of symbols that training saw, the probability of the second
after the first (interpolated Kneser-Ney with one discount); other pairs fall back on how many symbols the second
follows. Stored: only pairs seen, in steps of 1 / STEPS bit. In memory: 5 bytes for each of the 2,150 x 2,150 pairs.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.resources import read_model

BUNDLED = "plausibility.npz"
STEPS = 12  # of a bit; own choice: 20 bits then fit a byte
SIGN, SPACE, DIGIT, RARE, FOREIGN, KANA, LATIN, JAMO, SYLLABLE = 0, 1, 2, 3, 4, 5, 6, 32, 83  # first of each class
BLOCK = 256  # texts the network takes at once
MARK, COMMA, LINE = 0, 1, 2  # after the symbols: what stands between two eojeol beside the last symbol
BETWEEN = 3
TOPICS = 1 << 16  # numbers of topic words
TOPIC_STEPS = 16  # of a natural logarithm

Floats = NDArray[np.float32]
Arrays = Mapping[str, NDArray[Any]]


def symbol_table(syllables: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Symbol of each code point. syllables: code points of those that are symbols of their own, sorted."""
    table = np.zeros(0x110000, np.uint16)
    for first, last in ((0xC0, 0x250), (0x250, 0x1100), (0x2E80, 0x3100), (0x31F0, 0xA000), (0xF900, 0xFB00)):
        table[first:last] = FOREIGN  # Latin letters with marks, other alphabets, Han
    for first, last in ((0x3000, 0x3040), (0x3200, 0x3400)):
        table[first:last] = SIGN  # East Asian punctuation and units
    table[[0xD7, 0xF7]] = SIGN
    table[0x80:0xA0] = table[0xFF66:0xFFA0] = table[0xFFFD] = FOREIGN  # what wrong decoding leaves
    table[0x3041:0x3100] = KANA  # half-width ones are a sign of wrong decoding
    table[0xAC00:0xD7A4] = RARE
    table[[9, 10, 11, 12, 13, 32, 0x85, 0xA0, 0x2028, 0x2029, 0x3000]] = SPACE
    table[48:58] = DIGIT
    for first in (65, 97):
        table[first : first + 26] = np.arange(LATIN, LATIN + 26)
    table[0x3131:0x3164] = np.arange(JAMO, JAMO + 51)
    table[syllables] = np.arange(SYLLABLE, SYLLABLE + len(syllables))
    return table


@dataclass(frozen=True)
class Network:
    """names: its inputs, columns of classify; points, levels: to interpolate each input to -2 .. 2; weights: layers."""

    names: tuple[str, ...]
    points: Floats
    levels: Floats
    weights: tuple[Floats, ...]

    def inputs(self, columns: Mapping[str, NDArray[Any]]) -> Floats:
        """Shape (texts, names)."""
        scaled = [
            np.interp(columns[name], *_distinct(points, self.levels))
            for name, points in zip(self.names, self.points, strict=True)
        ]
        return np.stack(scaled, axis=1).astype(np.float32)

    def logits(self, inputs: Floats) -> NDArray[np.float64]:
        """One per text. Always BLOCK rows at a time, so that a text's value does not depend on those around it."""
        blocks = -(-len(inputs) // BLOCK)
        padded = np.zeros((blocks * BLOCK, inputs.shape[1]), np.float32)
        padded[: len(inputs)] = inputs
        found = [self._block(padded[at : at + BLOCK]) for at in range(0, len(padded), BLOCK)]
        return np.concatenate(found)[: len(inputs)] if found else np.zeros(0)

    def _block(self, rows: Floats) -> NDArray[np.float64]:
        values = rows
        for layer in range(0, len(self.weights), 2):
            values = (np.maximum(values, 0) if layer else values) @ self.weights[layer] + self.weights[layer + 1]
        return np.asarray(values[:, 0], np.float64).round(4)


def _distinct(points: Floats, levels: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Equal points become one, at the mean of their levels."""
    found, inverse, counts = np.unique(points, return_inverse=True, return_counts=True)
    means: NDArray[np.float64] = np.bincount(inverse, levels) / counts
    return found.astype(np.float64), means


@dataclass(frozen=True)
class Model:
    """syllables: code points; inside, between: arrays of packed tables; topics: log(passages / passages with it) of
    each number of a topic word, in steps."""

    syllables: NDArray[np.uint16]
    inside: Arrays
    between: Arrays
    topics: NDArray[np.uint8]
    network: Network | None = None

    @property
    def symbols(self) -> int:
        return SYLLABLE + len(self.syllables)

    @cached_property
    def table(self) -> NDArray[np.uint16]:
        return symbol_table(self.syllables)

    @cached_property
    def inside_bits(self) -> NDArray[np.uint8]:
        """-log2 p(second | first) inside an eojeol, in steps; index: first * symbols + second."""
        return unpacked(self.inside)

    @cached_property
    def between_gain(self) -> NDArray[np.int16]:
        """log2 p(first symbol of an eojeol | what stands before) - log2 p(it), in steps; flat as inside_bits."""
        bits = unpacked(self.between).reshape(-1, self.symbols).astype(np.int16)
        base = np.rint(self.between["base"].astype(np.float32) * STEPS).astype(np.int16)
        return np.asarray((base - bits).ravel(), np.int16)

    def topic_weight(self, above: int) -> NDArray[np.int64]:
        """What the logarithm exceeds `above` by, in steps."""
        return np.asarray(np.maximum(self.topics.astype(np.int64) - above * TOPIC_STEPS, 0))


def packed(counts: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    """A table of pairs from their counts, shape (first, second)."""
    discount = 0.75  # Ney, Essen and Kneser 1994; usual
    total, kinds = counts.sum(axis=1), (counts > 0).sum(axis=1)
    follows = (counts > 0).sum(axis=0) + 0.5
    rest = np.where(total > 0, discount * kinds / np.maximum(total, 1), 1.0)
    general = follows / follows.sum()
    first, second = np.nonzero(counts)
    seen = (counts[first, second] - discount) / total[first] + rest[first] * general[second]
    chance = (counts.sum(axis=0) + 0.5) / (counts.sum() + 0.5 * counts.shape[1])
    return {
        "at": (first * counts.shape[1] + second).astype(np.uint32),
        "steps": _steps(-np.log2(seen)),
        "rest": (-np.log2(rest)).astype(np.float16),
        "general": (-np.log2(general)).astype(np.float16),
        "base": (-np.log2(chance)).astype(np.float16),
    }


def unpacked(table: Arrays) -> NDArray[np.uint8]:
    """Bits of all pairs in steps, flat."""
    bits = _steps(np.add.outer(table["rest"].astype(np.float32), table["general"].astype(np.float32))).ravel()
    bits[table["at"]] = table["steps"]
    return np.asarray(bits, np.uint8)


def _steps(bits: NDArray[Any]) -> NDArray[np.uint8]:
    return np.asarray(np.clip(np.rint(bits * STEPS), 0, 255), np.uint8)


def write(model: Model) -> bytes:
    """The file of a model; equal models give equal bytes."""
    arrays: dict[str, Any] = {"syllables": model.syllables, "topics": model.topics}
    arrays |= {f"inside_{name}": values for name, values in model.inside.items()}
    arrays |= {f"between_{name}": values for name, values in model.between.items()}
    if model.network:
        arrays |= {
            "names": np.array(model.network.names),
            "points": model.network.points,
            "levels": model.network.levels,
        }
        arrays |= {f"layer_{at}": values.astype(np.float16) for at, values in enumerate(model.network.weights)}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def read(data: bytes) -> Model:
    """The model of `write`. Raises ResourceError when the bytes are no such file."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
        tables = {
            kind: {name.removeprefix(f"{kind}_"): value for name, value in found.items() if name.startswith(f"{kind}_")}
            for kind in ("inside", "between")
        }
        layers = sorted(name for name in found if name.startswith("layer_"))
        network = None
        if layers:
            weights = tuple(found[name].astype(np.float32) for name in layers)
            network = Network(tuple(map(str, found["names"])), found["points"], found["levels"], weights)
        return Model(found["syllables"], tables["inside"], tables["between"], found["topics"], network)
    except (KeyError, ValueError, OSError, EOFError, BadZipFile) as error:
        raise ResourceError(BUNDLED, "a plausibility model", type(error).__name__, "Train it again.") from None


@cache
def load() -> Model:
    """The bundled model, once per worker process. Raises ResourceError when there is none or it cannot be read."""
    return read_model(BUNDLED, lambda path: read(path.read_bytes()))
