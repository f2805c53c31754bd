"""The shares of a document that are profane and hateful: pieces that a matcher or linear models of hashed n-grams flag.

A piece is a line, or a part of at most UNIT_CHARS characters of a longer one. It is profane when `profanity.find` finds
a word in it, also in letters written apart (씨 이 발), or when the model's score passes its threshold. Pieces count by
their characters, so one swear word in a long article says little; a comment is mostly one piece.
Text that scrub starred still counts; where it wrote mild words much is lost, and its count of words is left
(`profanity_ratio`). Bias: score, never delete; clean text stays unflagged before every insult is caught.
A second model, of comments that were labelled hateful or offensive, also sees contempt in clean words; it looks at
syllables alone, which were counted for the first one already, and never at fewer than HATE_CHARS characters.
What the models learned, and how well they do: resources/models/profanity.md, hate.md.

Rule: profane_share or hate_share over 0.3, and over 0.5 for what is typed in one breath (review, comment, dialogue,
chat). Measured on texts not learned (cards): clean documents a MB, profane 0.1 of edited text and
4 of spoken utterances, hateful none of either.
Cost on one core, before the second model: 18 MB/s of Korean pages, 13 of one-liners. It adds 4 to 11 ms a MB.
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
HATE_CHARS = 8  # own choice: a word alone (아줌마, 쓰레기) says too little
_CLEAN = re.compile(
    "|".join(sorted({word for row in read_tsv("ko/profanity.tsv") for word in row[2].split()}, reverse=True))
)

PROFANITY, HATE = "profanity.npz", "hate.npz"

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Seen = tuple[Ints, Ints]  # of each piece: the sum of the weights of its n-grams, and their number


@dataclass(frozen=True, eq=False)
class Model:
    """weights [2**BUCKETS_LOG2] whole steps; score of a piece: their sum / root of their number * step + bias.

    look: without the bias, what syllables alone must score for a second look, infinite where there is none and their
    score is all; threshold: from which score on a piece is profane (or hateful).
    """

    weights: NDArray[np.int8]
    step: float
    bias: float
    look: float
    threshold: float


def profanity_columns(texts: Sequence[str]) -> dict[str, Floats]:
    """profane_share, hate_share: characters of such pieces / characters of all pieces, 0 to 1, 0 for a blank text.

    In the order of the texts.

    >>> found = profanity_columns(["병신년 새해의 시발점", "씨발 꺼져\\n좋은 아침입니다", ""])
    >>> found["profane_share"].round(2).tolist()
    [0.0, 0.38, 0.0]
    """
    words, contempt = models = load(PROFANITY), load(HATE)
    total, profane_, hateful = np.zeros((3, len(texts)))
    for pieces, owners in _pieces(texts):
        lengths = np.fromiter(map(len, pieces), np.float64, len(pieces))
        seen = _sums(syllable_ngrams(pieces), models)
        total += np.bincount(owners, lengths, len(texts))
        profane_ += np.bincount(owners, lengths * _is_profane(pieces, words, seen[0]), len(texts))
        flagged = (_scores(pieces, contempt, seen[1]) >= contempt.threshold) & (lengths >= HATE_CHARS)
        hateful += np.bincount(owners, lengths * flagged, len(texts))
    whole = np.maximum(total, 1)
    return {"profane_share": profane_ / whole, "hate_share": hateful / whole}


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


def _is_profane(pieces: Sequence[str], model: Model, seen: Seen) -> NDArray[np.bool_]:
    flagged = _scores(pieces, model, seen) >= model.threshold
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
    (seen,) = _sums(syllable_ngrams(pieces), [model])
    return _scores(pieces, model, seen)


def _scores(pieces: Sequence[str], model: Model, seen: Seen) -> Floats:
    """The same of pieces whose syllables were seen."""
    first = _scaled(*seen, model)
    if model.look == np.inf:
        return first + model.bias
    found = np.full(len(pieces), -np.inf)
    at = np.flatnonzero(first >= model.look)
    if len(at):
        (more,) = _sums(jamo_ngrams([pieces[i] for i in at.tolist()]), [model])
        sums, number = (own[at] + new for own, new in zip(seen, more, strict=True))
        found[at] = _scaled(sums, number, model) + model.bias
    return found


def first_look(pieces: Sequence[str], model: Model) -> Floats:
    """What the syllables alone score, without the bias."""
    (seen,) = _sums(syllable_ngrams(pieces), [model])
    return _scaled(*seen, model)


def _sums(orders: Iterable[Ngrams], models: Sequence[Model]) -> list[Seen]:
    """For each model: of each piece the sum of the weights of its n-grams, and their number."""
    sums: list[Ints] = [np.zeros(1, np.int64) for _ in models]
    number: Ints = np.zeros(1, np.int64)
    for one in orders:
        for at, model in enumerate(models):
            sums[at] = sums[at] + np.add.reduceat(model.weights[one.buckets], one.first, dtype=np.int64)
        number = number + one.number
    return [(own, number) for own in sums]


def _scaled(sums: Ints, number: Ints, model: Model) -> Floats:
    return np.asarray(sums / np.sqrt(np.maximum(number, 1)) * model.step, np.float64)


@cache
def load(name: str) -> Model:
    """A bundled model: PROFANITY or HATE. Raises ResourceError when it is missing or broken."""
    return read_model(name, lambda path: read(path.read_bytes()))


def read(content: bytes) -> Model:
    """A model as `write` gives it. Raises ValueError, KeyError, OSError, EOFError or BadZipFile for anything else."""
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
