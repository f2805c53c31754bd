"""scrub: mask personal data and clean the text. After this stage a table may be read widely.

Each string column that a person wrote is cleaned, masked and, if asked, softened; counts go to the table,
values go nowhere. Cost: linear in bytes, one narrow pass, no shuffle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial

import pyarrow as pa
from pydantic import field_validator
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from corpus_pipeline.kernels import hygiene, pii, profanity
from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.arrow import map_batches, struct_of
from corpus_pipeline.stages.params import Params as StageParams

_MONTH = r"^(?:19|20)\d\d[-./]?(?:0[1-9]|1[0-2])(?!\d{3})"  # no start of a longer number
_WRITTEN = ("title", "text", "source_name", "category")


class Params(StageParams):
    """kinds: personal data to mask (kernels/pii.py KINDS). soften_profanity: mask profane words too."""

    kinds: tuple[str, ...] = pii.KINDS
    soften_profanity: bool = False

    @field_validator("kinds")
    @classmethod
    def _known(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(kinds) - set(pii.KINDS))
        if unknown:
            raise ValueError(f"unknown kinds {unknown}; known: {', '.join(pii.KINDS)}")
        return kinds


def transform(tables: Mapping[str, DataFrame], params: Params) -> dict[str, DataFrame]:
    """raw_documents -> documents, a row for a row."""
    month = F.regexp_extract("created_at", _MONTH, 0)
    dated = tables["raw_documents"].withColumn(
        "created_month", F.when(month != "", F.concat_ws("-", F.substring(month, 1, 4), F.substring(month, -2, 2)))
    )
    columns = [c for c in contract("documents").columns if c in dated.columns]
    return {"documents": map_batches(dated, partial(scrub_batch, params=params), columns, struct_of("documents"))}


def scrub_batch(batch: pa.RecordBatch, *, params: Params) -> pa.RecordBatch:
    """The kernel of scrub: the columns of `documents` but the counts -> all columns; a row for a row."""
    kinds = frozenset(params.kinds)
    columns = {name: batch.column(name).to_pylist() for name in batch.schema.names}
    counts: list[Counter[str]] = [Counter() for _ in range(batch.num_rows)]
    for name in _WRITTEN:
        columns[name] = [_scrub(value, counts[i], kinds, params) for i, value in enumerate(columns[name])]
    columns["speakers"] = [
        None if names is None else [_scrub(value, counts[i], kinds, params) or "" for value in names]
        for i, names in enumerate(columns["speakers"])
    ]
    columns["text_bytes"] = [len(text.encode()) for text in columns["text"]]
    for kind in pii.KINDS:
        columns[f"masked_{kind}"] = [count[kind] for count in counts]
    columns["profanity"] = [count["profanity"] for count in counts]
    return pa.RecordBatch.from_pydict(columns, schema=_arrow_schema(batch, tuple(columns)))


def _scrub(value: str | None, counts: Counter[str], kinds: frozenset[str], params: Params) -> str | None:
    if value is None:
        return None
    masked, found = pii.mask(hygiene.clean(value), kinds)
    counts.update(found)
    softened, words = profanity.soften(masked)
    counts["profanity"] += words
    return softened if params.soften_profanity else masked


def _arrow_schema(batch: pa.RecordBatch, names: tuple[str, ...]) -> pa.Schema:
    known = {field.name: field.type for field in batch.schema}
    return pa.schema([(name, known.get(name, pa.int32())) for name in names])
