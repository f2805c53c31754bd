"""Score texts with a quality model that fastText trained: the probability of the good class. Never a verdict.

fastText's classifier is linear: it averages the vectors of a text's n-grams and compares two labels. So every n-gram
has one number, its own difference of the two, and a text's logit is the mean of these numbers. The file holds just
that, a byte for each of 2**BITS hashed n-grams, and scoring is a look-up and a sum: exact in integers, so equal on
every machine. 84 MB/s of Korean pages and 29 of one-liners, where fastText's own made 9 and 4 (measured, one run).

The score says how much a text reads like the class it was trained on (encyclopedia, news). It favours that register:
speech scores low because it is speech. So compare scores within one document type, or take the rank, which is
the share of its type's documents that score lower.

A text longer than PIECES * PIECE_CHARS is judged by its head, middle and tail; junk between those goes unnoticed.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels.chunks import chunks
from corpus_pipeline.kernels.hashed_ngrams import BITS, ORDERS, folded_points, hashes, pieces
from corpus_pipeline.resources import read_model

BUNDLED = "quality.json"
CHUNK_CHARS = 100_000  # own choice: temporaries of a chunk stay in a core's cache, and under 5 MB
ANY = ""  # the table of ranks for types without one of their own
UNSEEN = -128  # an n-gram that training did not see often enough
_ONE = 2**24  # see _countable

Floats = NDArray[np.float64]


class Folded(NamedTuple):
    """The classifier that fastText learned, as numbers.

    steps  [2**BITS] int8: the number of each hashed n-gram, in units of `unit`; UNSEEN: left out of the mean
    unit   logit of one step
    end    logit of the end of a text, which fastText counts as one more n-gram
    """

    steps: NDArray[np.int8]
    unit: float
    end: float


class Model(BaseModel):
    """A model file, as JSON. Raises ValidationError when it does not hold together.

    n_grams      zlib, then base64, of Folded.steps
    unit, end    as in Folded
    slope, bias  probability = 1 / (1 + exp(-(slope * logit + bias))), fitted by Platt's method on documents held out
    quantiles    doc_type -> the logits at 0, 1, ... 100 % of its documents, ascending; ANY: all types together
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    orders: tuple[int, ...]
    bits: int
    unit: float
    end: float
    slope: float
    bias: float
    quantiles: dict[str, tuple[float, ...]]
    n_grams: str

    @model_validator(mode="after")
    def _readable(self) -> Model:
        if (self.orders, self.bits) != (ORDERS, BITS):
            raise ValueError("n-grams of another version")
        if len(zlib.decompress(base64.b64decode(self.n_grams))) != 2**BITS:
            raise ValueError("n_grams")
        return self

    @field_validator("quantiles")
    @classmethod
    def _ascending(cls, quantiles: dict[str, tuple[float, ...]]) -> dict[str, tuple[float, ...]]:
        if ANY not in quantiles or not all(q and list(q) == sorted(q) for q in quantiles.values()):
            raise ValueError("quantiles")
        return quantiles

    def folded(self) -> Folded:
        steps = np.frombuffer(zlib.decompress(base64.b64decode(self.n_grams)), np.int8)
        return Folded(steps, self.unit, self.end)


class _Loaded(NamedTuple):
    model: Model
    folded: Folded


def quality_columns(
    texts: Sequence[str], doc_types: Sequence[str], model: str | None = None
) -> dict[str, NDArray[np.float64]]:
    """quality_score and quality_rank of each text, in order: float64, 0 to 1; both 0 when nothing but space is there.

    quality_score  calibrated probability of the good class
    quality_rank   share of the documents of its doc_type, as the training saw them, whose score is lower; of all
                   documents when the type was not seen
    model          path of a model file; None is the bundled one. Loaded once per worker. A path that does not exist
                   is looked for by its name in the working directory, where `spark-submit --files` puts it.
    Raises ResourceError when there is no such model or it cannot be read.

    >>> found = quality_columns(["조선 시대의 궁궐이다.", "ㅋㅋ 진짜 노잼", " "], ["encyclopedia", "comment", "web"])
    >>> found["quality_score"].round(1).tolist()
    [1.0, 0.0, 0.0]
    """
    known, folded = _load(model)
    values = logits(texts, folded)
    blank = np.isnan(values)
    values[blank] = 0
    places = {name: known.quantiles.get(name, known.quantiles[ANY]) for name in set(doc_types)}
    shares = {name: np.linspace(0, 1, len(table)) for name, table in places.items()}
    kinds = np.array(doc_types, object)
    rank = np.zeros(len(values))
    for name, table in places.items():
        at = np.flatnonzero(kinds == name)
        rank[at] = np.interp(values[at], table, shares[name])
    score = sigmoid(known.slope * values + known.bias)
    return {"quality_score": np.where(blank, 0.0, score), "quality_rank": np.where(blank, 0.0, rank)}


def scores(texts: Sequence[str], model: str | None = None) -> Floats:
    """quality_score alone.

    >>> float(scores(["조선 시대의 궁궐이다."])[0]) > 0.9
    True
    """
    return quality_columns(texts, [ANY] * len(texts), model)["quality_score"]


def sigmoid(logit: Floats) -> Floats:
    """1 / (1 + exp(-logit)), without overflow."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logit, -500, 500))))


def logits(texts: Sequence[str], folded: Folded) -> Floats:
    """The raw logit of each text, in order; NaN where nothing but space is left."""
    table = _countable(folded.steps)
    parts = [_chunk_logits(chunk, folded, table) for chunk in chunks([pieces(text) for text in texts], CHUNK_CHARS)]
    return np.concatenate(parts) if parts else np.zeros(0)


def _chunk_logits(texts: Sequence[str], folded: Folded, table: NDArray[np.int32]) -> Floats:
    points, ends = folded_points(texts)
    lengths = np.diff(ends, prepend=-1) - 1
    total = np.zeros(len(points), np.int32)  # of all n-grams that start at a character
    for ids, across in hashes(points, ends):
        found = table[ids]
        found[across] = 0
        total[: len(found)] += found
    both = np.add.reduceat(total, ends - lengths, dtype=np.int64)
    counts = (both + _ONE // 2) // _ONE
    sums = both - counts * _ONE
    return np.where(lengths > 1, (sums * folded.unit + folded.end) / (counts + 1), np.nan)


def _countable(steps: NDArray[np.int8]) -> NDArray[np.int32]:
    """[2**BITS]: _ONE + step, or 0 for UNSEEN: one sum then gives both the count and the total of the steps.

    It can be taken apart while |total| < _ONE / 2 = 8.4 million; 6,002 characters in 3 orders make 2.3 million at most.
    """
    return np.where(steps == UNSEEN, 0, steps + np.int32(_ONE)).astype(np.int32)


def _load(model: str | None) -> _Loaded:
    """The model at a path, or the bundled one. Kept in memory until the file changes."""
    if model is None:
        return _bundled()
    path = _find(model)
    state = path.stat()
    return _read(str(path), state.st_mtime_ns, state.st_size)


@cache
def _bundled() -> _Loaded:
    return read_model(BUNDLED, lambda path: _parse(path.read_bytes(), BUNDLED))


def _find(model: str) -> Path:
    for path in (Path(model), Path(Path(model).name)):
        if path.is_file():
            return path
    raise ResourceError(
        f"classify, a model: {model}",
        "a quality model (.json) on every worker",
        "no such file",
        "Train one with the train_classifier stage, ship it with --files, or leave the setting out.",
    )


@lru_cache(maxsize=4)
def _read(path: str, modified: int, size: int) -> _Loaded:
    """The file's time and size are there to notice a model trained again under the same name."""
    return _parse(Path(path).read_bytes(), path)


def _parse(content: bytes, where: str) -> _Loaded:
    try:
        model = Model.model_validate_json(content)
    except (ValidationError, zlib.error) as error:
        got = f"an unreadable file ({type(error).__name__})"
        raise ResourceError(where, "a quality model", got, "Train it again with train_classifier.") from None
    return _Loaded(model, model.folded())
