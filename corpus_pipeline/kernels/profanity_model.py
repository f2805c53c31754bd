"""The share of a document that is profane: pieces that the matcher or a linear model of hashed n-grams flags.

A piece is a line, or a part of at most UNIT_CHARS characters of a longer one. It is profane when `profanity.find` finds
a word in it, also in letters written apart (씨 이 발), or when the model's score passes its threshold. Pieces count by
their characters, so one swear word in a long article says little; a comment is mostly one piece.
Text that scrub starred still counts; where it wrote mild words much is lost, and its count of words is left
(`profanity_ratio`). Bias: score, never delete; clean text stays unflagged before every insult is caught.
What the model learned, and how well it does: resources/models/profanity.md.

Rule: profane_share over 0.3, and over 0.5 for what is typed in one breath (review, comment, dialogue, chat). Measured
on texts not learned (card): 0.1 clean documents a MB of edited text, some 4 of spoken utterances.
Cost on one core: 18 MB/s of Korean pages, 13 of one-liners.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from corpus_pipeline.kernels.chunks import chunks
from corpus_pipeline.kernels.profanity import profane
from corpus_pipeline.kernels.profanity_ngrams import BUCKETS_LOG2, Ngrams, jamo_ngrams, syllable_ngrams, units
from corpus_pipeline.resources import read_model, read_tsv

CHUNK_CHARS, CHUNK_PIECES = 100_000, 4_096  # own choice: temporaries of some 10 MB, which stay near the processor
_CLEAN = re.compile(
    "|".join(sorted({word for row in read_tsv("ko/profanity.tsv") for word in row[2].split()}, reverse=True))
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Model:
    """weights [2**BUCKETS_LOG2] whole steps; score of a piece: their sum / root of their number * step + bias.

    look: without the bias, what syllables alone must score for a second look; threshold: from which score on a piece is
    profane.
    """

    weights: NDArray[np.int8]
    step: float
    bias: float
    look: float
    threshold: float


def profanity_columns(texts: Sequence[str]) -> dict[str, Floats]:
    """profane_share: characters of profane pieces / characters of all pieces, 0 to 1, 0 for a blank text. In order.

    >>> found = profanity_columns(["병신년 새해의 시발점", "씨발 꺼져\\n좋은 아침입니다", ""])
    >>> found["profane_share"].round(2).tolist()
    [0.0, 0.38, 0.0]
    """
    total, profane = np.zeros(len(texts)), np.zeros(len(texts))
    for pieces, owners in _pieces(texts):
        lengths = np.fromiter(map(len, pieces), np.float64, len(pieces))
        total += np.bincount(owners, lengths, len(texts))
        profane += np.bincount(owners, lengths * _is_profane(pieces), len(texts))
    return {"profane_share": profane / np.maximum(total, 1)}


def _pieces(texts: Sequence[str]) -> Iterator[tuple[list[str], Ints]]:
    """(pieces, the number of the text of each), at most CHUNK_PIECES at a time."""
    first = 0
    for chunk in chunks(texts, CHUNK_CHARS):
        by_text = [units(text) for text in chunk]
        pieces = [piece for own in by_text for piece in own]
        owners = np.repeat(np.arange(first, first + len(chunk)), [len(own) for own in by_text])
        for at in range(0, len(pieces), CHUNK_PIECES):
            yield pieces[at : at + CHUNK_PIECES], owners[at : at + CHUNK_PIECES]
        first += len(chunk)


def _is_profane(pieces: Sequence[str]) -> NDArray[np.bool_]:
    model = load()
    flagged = scores(pieces, model) >= model.threshold
    at = np.flatnonzero(flagged).tolist()
    if at:
        flagged[at] = scores([_without_look_alikes(pieces[i]) for i in at], model) >= model.threshold
    return flagged | profane(pieces)


def _without_look_alikes(piece: str) -> str:
    """The words that the lexicon lists as clean, taken out."""
    return _CLEAN.sub(" ", piece)


def scores(pieces: Sequence[str], model: Model) -> Floats:
    """Log-odds of each piece, in order; minus infinity where the first look, at syllables alone, sees nothing.

    Sums of whole numbers, so the same in any batch.
    """
    found = np.full(len(pieces), -np.inf)
    sums, number = _sums(syllable_ngrams(pieces), model)
    at = np.flatnonzero(_scaled(sums, number, model) >= model.look)
    if len(at):
        more, again = _sums(jamo_ngrams([pieces[i] for i in at.tolist()]), model)
        found[at] = _scaled(sums[at] + more, number[at] + again, model) + model.bias
    return found


def first_look(pieces: Sequence[str], model: Model) -> Floats:
    """What the syllables alone score, without the bias."""
    return _scaled(*_sums(syllable_ngrams(pieces), model), model)


def _sums(orders: Iterable[Ngrams], model: Model) -> tuple[Ints, Ints]:
    """(sum of the weights, number) of the n-grams of each piece."""
    sums: Ints = np.zeros(1, np.int64)
    number: Ints = np.zeros(1, np.int64)
    for one in orders:
        sums = sums + np.add.reduceat(model.weights[one.buckets], one.first, dtype=np.int64)
        number = number + one.number
    return sums, number


def _scaled(sums: Ints, number: Ints, model: Model) -> Floats:
    return np.asarray(sums / np.sqrt(np.maximum(number, 1)) * model.step, np.float64)


@cache
def load() -> Model:
    """The bundled model. Raises ResourceError when it is missing or broken."""
    return read_model("profanity.npz", lambda path: read(path.read_bytes()))


def read(content: bytes) -> Model:
    """A model as `write` gives it. Raises ValueError, KeyError or OSError for anything else."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        weights, numbers = arrays["weights"], arrays["numbers"].tolist()
    if weights.dtype != np.int8 or weights.shape != (1 << BUCKETS_LOG2,):
        raise ValueError("weights of another size")
    if len(numbers) != 4:
        raise ValueError("not four numbers")
    return Model(weights, *numbers)


def write(model: Model) -> bytes:
    """An .npz without compression: equal models are equal bytes."""
    file = io.BytesIO()
    np.savez(file, weights=model.weights, numbers=np.array([model.step, model.bias, model.look, model.threshold]))
    return file.getvalue()
