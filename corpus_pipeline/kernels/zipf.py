"""How much text a tokenizer needs: Zipf's and Heaps' laws, and what two vocabularies have in common.

Word frequencies follow Zipf's law, so a small part of a corpus has nearly the same frequent pieces as the whole,
and a vocabulary learned from it has nearly the same tokens. These are the measures of "nearly". Overlaps count
the whole vocabulary, the 256 bytes too, which every byte-level vocabulary has.

Bias: overlaps without weights look worse than they are. The last tokens of a vocabulary are close calls, which
a second sample of the same size decides otherwise (two halves of 12 MB agree to a Jaccard index of 0.84 only).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from tokenizers import Tokenizer, models, pre_tokenizers

from corpus_pipeline.kernels.bpe import Trained

RANKS = (10, 5000)  # above: function words, which are flatter than the law; below: ranks that ties blur
TOKENS = -1  # `against` of a row that counts every token
TOKEN_COUNTS = pa.schema(
    [("tokenizer", pa.int32()), ("against", pa.int32()), ("source", pa.string()), ("n", pa.int64())]
)


def zipf_slope(counts: npt.ArrayLike, ranks: tuple[int, int] = RANKS) -> float | None:
    """Slope of log count on log rank, least squares; about -1 for words. None with fewer than two ranks.

    counts  (n,) positive, in falling order; ranks  first and last, from 1, both included

    >>> round(zipf_slope(1e9 / np.arange(1, 6000)), 6)
    -1.0
    """
    part = np.asarray(counts, dtype=np.float64)[ranks[0] - 1 : ranks[1]]
    return _slope(np.arange(ranks[0], ranks[0] + len(part)), part)


def heaps_exponent(totals: npt.ArrayLike, distinct: npt.ArrayLike) -> float | None:
    """Exponent b of distinct = k * total^b, least squares in logs. None with fewer than two different totals.

    >>> heaps_exponent([100, 10_000], [10, 100])
    0.5
    """
    return _slope(np.asarray(totals, dtype=np.float64), np.asarray(distinct, dtype=np.float64))


def _slope(x: npt.NDArray[Any], y: npt.NDArray[Any]) -> float | None:
    log_x, log_y = np.log(x), np.log(y)
    if len(log_x) < 2 or np.ptp(log_x) == 0:
        return None
    centred = log_x - log_x.mean()
    return float(centred @ (log_y - log_y.mean()) / (centred @ centred))


class Overlap(NamedTuple):
    """plain: |common| / |reference|; jaccard: |common| / |either|. Both from 0 to 1."""

    plain: float
    jaccard: float


def overlap(reference: Collection[str], other: Collection[str]) -> Overlap:
    """What `other` has of `reference`'s tokens, each counted once.

    >>> overlap({"가", "나", "다", "라"}, {"가", "나", "마"})
    Overlap(plain=0.5, jaccard=0.4)
    """
    common = len(set(reference) & set(other))
    return Overlap(common / len(reference), common / (len(reference) + len(other) - common))


def shared(reference: Mapping[str, int], other: Collection[str]) -> npt.NDArray[np.bool_]:
    """(V,) bool by id of `reference` (dense ids from 0): whether `other` has the token too.

    >>> shared({"가": 0, "나": 1}, {"나"}).tolist()
    [False, True]
    """
    mask = np.zeros(len(reference), dtype=np.bool_)
    mask[[i for token, i in reference.items() if token in other]] = True
    return mask


@dataclass(frozen=True)
class Measured:
    """A tokenizer to encode with. against: number of a vocabulary -> `shared(trained.vocab, vocabulary)`."""

    trained: Trained
    against: Mapping[int, npt.NDArray[np.bool_]] = field(default_factory=dict)


def encoder(trained: Trained) -> Tokenizer:
    """Byte-level BPE over whole pieces: nothing cuts them further."""
    tokenizer = Tokenizer(models.BPE(vocab=trained.vocab, merges=trained.merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return tokenizer


def count_tokens(batches: Iterator[pa.RecordBatch], *, tokenizers: Sequence[Measured]) -> Iterator[pa.RecordBatch]:
    """RecordBatch(source string, piece string, n long) -> RecordBatch(TOKEN_COUNTS), sums over the batches.

    Each tokenizer encodes each distinct piece of a batch once; a token counts n times. against = TOKENS: all tokens
    of tokenizer number `tokenizer`; else those that vocabulary has too. Batches with a piece's sources together
    are fastest.
    """
    encoders = [encoder(one.trained) for one in tokenizers]
    sums: dict[tuple[int, int, str], int] = {}
    for batch in batches:
        pieces = batch.column("piece").dictionary_encode()
        texts, codes = pieces.dictionary.to_pylist(), pieces.indices.to_numpy()
        n = batch.column("n").to_numpy()
        for number, (one, encode) in enumerate(zip(tokenizers, encoders, strict=True)):
            for against, per_piece in _per_piece(encode, texts, one.against).items():
                of_rows = pa.table({"source": batch.column("source"), "n": per_piece[codes] * n})
                for row in of_rows.group_by("source").aggregate([("n", "sum")]).to_pylist():
                    key = (number, against, row["source"])
                    sums[key] = sums.get(key, 0) + row["n_sum"]
    rows = [(*key, n) for key, n in sums.items()]
    columns = [pa.array([row[i] for row in rows], one.type) for i, one in enumerate(TOKEN_COUNTS)]
    yield pa.RecordBatch.from_arrays(columns, schema=TOKEN_COUNTS)


def _per_piece(
    encode: Tokenizer, texts: list[str], masks: Mapping[int, npt.NDArray[np.bool_]]
) -> dict[int, npt.NDArray[np.int64]]:
    """(pieces,) tokens of each piece by `against`."""
    ids = [one.ids for one in encode.encode_batch_fast(texts, add_special_tokens=False)]
    lengths = np.array([len(one) for one in ids], dtype=np.int64)
    ends = np.cumsum(lengths)
    flat = np.fromiter((i for one in ids for i in one), dtype=np.int64, count=int(lengths.sum()))
    found = {TOKENS: lengths}
    for against, mask in masks.items():
        upto = np.concatenate(([0], np.cumsum(mask[flat], dtype=np.int64)))
        found[against] = upto[ends] - upto[ends - lengths]
    return found
