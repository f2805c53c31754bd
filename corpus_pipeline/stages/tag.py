"""documents -> tags: what each document is: language, script, register, origin, size. It describes, nothing more.

One pass over the text, no shuffle. Cost per core: 20 MB/s of Korean pages, 4 of one-liners.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from functools import partial
from math import ceil

import pyarrow as pa
from pydantic import Field
from pyspark.sql import DataFrame

from corpus_pipeline.kernels.language import Scripts, language, register, scripts
from corpus_pipeline.stages.arrow import map_batches, struct_of
from corpus_pipeline.stages.params import Params as BaseParams

KEPT = ("doc_id", "source", "source_name", "doc_type", "category", "licence", "created_month", "text_bytes")
INPUT = (*KEPT, "text", "speakers")
LENGTHS = (100, 1_000, 10_000, 100_000)  # characters; the contract's
LENGTH_CLASSES = ("tiny", "short", "medium", "long", "huge")
CJK_BYTES = 3  # UTF-8 bytes of a Hangul, Han or kana letter in the basic plane


class BytesPerToken(BaseParams):
    """UTF-8 bytes that one token covers, by script. Set them from a trained tokenizer for better estimates.

    3.5 is the published figure for HyperCLOVA's Korean corpus (1.96 TB, 560 B tokens). By script it was not
    published and is unknown here; a tokenizer trained on Korean spends more tokens on Han and kana than this says.
    """

    hangul: float = Field(3.5, gt=0)
    latin: float = Field(3.5, gt=0)
    han: float = Field(3.5, gt=0)
    kana: float = Field(3.5, gt=0)
    other: float = Field(3.5, gt=0)  # digits, marks, space and all other letters


class Params(BaseParams):
    """Settings of the tag stage."""

    bytes_per_token: BytesPerToken = BytesPerToken()


def transform(tables: Mapping[str, DataFrame], params: Params) -> dict[str, DataFrame]:
    """tables["documents"] -> {"tags"}: one row per document, in the columns of schemas/tags.json."""
    return {"tags": map_batches(tables["documents"], partial(describe, params=params), INPUT, struct_of("tags"))}


def describe(batch: pa.RecordBatch, params: Params) -> pa.RecordBatch:
    """The tags of one batch with the columns INPUT."""
    texts = batch.column("text").to_pylist()
    sizes = batch.column("text_bytes").to_pylist()
    counts = [scripts(text) for text in texts]
    return pa.RecordBatch.from_pydict(
        {
            **{name: batch.column(name) for name in KEPT},
            "language": pa.array([language(text) for text in texts], pa.string()),
            "hangul_share": pa.array([c.share(c.hangul) for c in counts], pa.float64()),
            "latin_share": pa.array([c.share(c.latin) for c in counts], pa.float64()),
            "han_share": pa.array([c.share(c.han) for c in counts], pa.float64()),
            "kana_share": pa.array([c.share(c.kana) for c in counts], pa.float64()),
            "register": pa.array([register(text) for text in texts], pa.string()),
            "speakers": pa.array([len(set(s or ())) for s in batch.column("speakers").to_pylist()], pa.int32()),
            "length_class": pa.array([length_class(len(text)) for text in texts], pa.string()),
            "token_estimate": pa.array(
                [tokens(c, size, params.bytes_per_token) for c, size in zip(counts, sizes, strict=True)], pa.int64()
            ),
        }
    )


def length_class(chars: int) -> str:
    """
    >>> length_class(99), length_class(100), length_class(100_000)
    ('tiny', 'short', 'huge')
    """
    return LENGTH_CLASSES[bisect_right(LENGTHS, chars)]


def tokens(counts: Scripts, size: int, rates: BytesPerToken) -> int:
    """Estimated tokens of a text of `size` UTF-8 bytes, its end-of-document token included.

    >>> text = "한국어 text"
    >>> tokens(scripts(text), len(text.encode()), BytesPerToken())
    5
    """
    shares = {
        "hangul": CJK_BYTES * counts.hangul,
        "latin": counts.latin,
        "han": CJK_BYTES * counts.han,
        "kana": CJK_BYTES * counts.kana,
    }
    estimate = sum(count / float(getattr(rates, name)) for name, count in shares.items())
    return ceil(estimate + max(0, size - sum(shares.values())) / rates.other) + 1
