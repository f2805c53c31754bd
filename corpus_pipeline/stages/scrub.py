"""scrub: mask personal data and clean the text. After this stage a table may be read widely.

Each string column that a person wrote is cleaned, masked and, if asked, softened; counts go to the table,
values go nowhere. The runs of boilerplate lines at the head and the tail of a text (stages/boilerplate.py) are counted,
and removed from the sources that `boilerplate.remove` names. A text of nothing else keeps them.

Cost: linear in bytes, no shuffle of text: one narrow pass, and before it the count of boilerplate lines in a sample of
each source, which runs when `transform` is called. `boilerplate: {share: null}` without `remove` leaves it out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa
from pydantic import Field, field_validator
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from corpus_pipeline.kernels import hygiene, pii, profanity
from corpus_pipeline.kernels.lines import Ends, cut_ends
from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.arrow import map_batches, struct_of
from corpus_pipeline.stages.boilerplate import Boilerplate, Known, find_lines
from corpus_pipeline.stages.params import Params as StageParams

_MONTH = r"^(?:19|20)\d\d[-./]?(?:0[1-9]|1[0-2])(?!\d{3})"  # no start of a longer number
_TYPES = {"boilerplate_bytes": pa.int64(), "boilerplate_removed": pa.bool_()}
_WRITTEN = ("title", "text", "source_name", "category")


class Params(StageParams):
    """kinds: personal data to mask (kernels/pii.py KINDS). soften_profanity: mask profane words too.
    boilerplate: which repeated lines are counted and removed.
    """

    kinds: tuple[str, ...] = pii.KINDS
    soften_profanity: bool = False
    boilerplate: Boilerplate = Field(default_factory=Boilerplate)

    @field_validator("kinds")
    @classmethod
    def _known(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(kinds) - set(pii.KINDS))
        if unknown:
            raise ValueError(f"unknown kinds {unknown}; known: {', '.join(pii.KINDS)}")
        return kinds


def transform(tables: Mapping[str, DataFrame], params: Params) -> dict[str, DataFrame]:
    """raw_documents -> documents, a row for a row, and boilerplate_lines."""
    month = F.regexp_extract("created_at", _MONTH, 0)
    dated = tables["raw_documents"].withColumn(
        "created_month", F.when(month != "", F.concat_ws("-", F.substring(month, 1, 4), F.substring(month, -2, 2)))
    )
    columns = [c for c in contract("documents").columns if c in dated.columns]
    lines = find_lines(dated, partial(_scrub_text, params=params), params.boilerplate)
    kernel = partial(scrub_batch, params=params, known=params.boilerplate.known(lines))
    schema = struct_of("boilerplate_lines")
    return {
        "documents": map_batches(dated, kernel, columns, struct_of("documents")),
        "boilerplate_lines": dated.sparkSession.createDataFrame([tuple(row) for row in lines], schema),
    }


def scrub_batch(batch: pa.RecordBatch, *, params: Params, known: Known) -> pa.RecordBatch:
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
    _cut_boilerplate(columns, known, params.boilerplate)
    columns["text_bytes"] = [len(text.encode()) for text in columns["text"]]
    for kind in pii.KINDS:
        columns[f"masked_{kind}"] = [count[kind] for count in counts]
    columns["profanity"] = [count["profanity"] for count in counts]
    return pa.RecordBatch.from_pydict(columns, schema=_arrow_schema(batch, tuple(columns)))


def _cut_boilerplate(columns: dict[str, list[Any]], known: Known, params: Boilerplate) -> None:
    """Fill the columns boilerplate_*, and shorten `text` where its source's lines are removed."""
    columns |= {name: [] for name in ("boilerplate_lines", "boilerplate_bytes", "boilerplate_removed")}
    for i, (source, text) in enumerate(zip(columns["source"], columns["text"], strict=True)):
        found = cut_ends(text, known[source], params.min_characters) if source in known else Ends(0, text)
        removed = found.lines > 0 and found.kept != "" and source in params.remove
        columns["boilerplate_lines"].append(found.lines)
        columns["boilerplate_bytes"].append(len(text.encode()) - len(found.kept.encode()) if found.lines else 0)
        columns["boilerplate_removed"].append(removed)
        if removed:
            columns["text"][i] = found.kept


def _scrub_text(text: str, *, params: Params) -> str:
    """What becomes of a document's text before boilerplate is cut."""
    return _scrub(text, Counter(), frozenset(params.kinds), params) or ""


def _scrub(value: str | None, counts: Counter[str], kinds: frozenset[str], params: Params) -> str | None:
    if value is None:
        return None
    masked, found = pii.mask(hygiene.clean(value), kinds)
    counts.update(found)
    softened, words = profanity.soften(masked)
    counts["profanity"] += words
    return softened if params.soften_profanity else masked


def _arrow_schema(batch: pa.RecordBatch, names: tuple[str, ...]) -> pa.Schema:
    known = {field.name: field.type for field in batch.schema} | _TYPES
    return pa.schema([(name, known.get(name, pa.int32())) for name in names])
