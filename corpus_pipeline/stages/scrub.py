"""scrub: mask personal data and clean the text. After this stage a table may be read widely.

Each string column that a person wrote is cleaned, masked and, if asked, softened; counts go to the table,
values go nowhere. The runs of boilerplate lines at the head and the tail of a text (stages/boilerplate.py) are counted,
and removed from the sources that `boilerplate.remove` names. A text of nothing else keeps them.

Cost: linear in bytes, no shuffle of text: one narrow pass, and before it the count of boilerplate lines in a sample of
each source, which runs when `transform` is called. `boilerplate: {share: null}` without `remove` leaves it out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from corpus_pipeline.kernels import hygiene, pii, profanity
from corpus_pipeline.kernels.lines import Ends, cut_ends
from corpus_pipeline.kernels.verdicts import UNKNOWN
from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.arrow import map_batches, struct_of
from corpus_pipeline.stages.boilerplate import Boilerplate, Known, find_lines
from corpus_pipeline.stages.params import Params as StageParams
from corpus_pipeline.stages.params import once

_MONTH = r"^(?:19|20)\d\d[-./]?(?:0[1-9]|1[0-2])(?!\d{3})"  # no start of a longer number
_TYPES = {"boilerplate_bytes": pa.int64(), "boilerplate_removed": pa.bool_()}
_COUNTS = (*(f"{prefix}_{kind}" for kind in pii.KINDS for prefix in ("masked", "unsure")), "profanity")
_WRITTEN = ("title", "text", "source_name", "category", "licence")


class Params(StageParams):
    """kinds: personal data to mask (kernels/pii.py KINDS; the numbers of organisations are off by default).
    styles: how a kind is masked, `stars` in place where it is not named, or a `token` such as <|phone|>.
    soften_profanity: how profane words are softened, `stars` or `mild` forms; null: they are counted alone.
    boilerplate: which repeated lines are counted and removed.
    """

    kinds: tuple[str, ...] = pii.PERSONAL
    styles: dict[str, Literal["stars", "token"]] = Field(default_factory=dict)
    soften_profanity: profanity.Style | None = None
    boilerplate: Boilerplate = Field(default_factory=Boilerplate)

    @field_validator("kinds")
    @classmethod
    def _known(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        _check_known(kinds)
        return once(kinds)

    @model_validator(mode="after")
    def _used(self) -> Params:
        _check_known(self.styles)
        unused = sorted(set(self.styles) - set(self.kinds))
        if unused:
            raise ValueError(f"styles of kinds that are off: {unused}; add them to kinds")
        return self

    @property
    def tokens(self) -> frozenset[str]:
        return frozenset(kind for kind, style in self.styles.items() if style == "token")


def _check_known(kinds: Iterable[str]) -> None:
    unknown = sorted(set(kinds) - set(pii.KINDS))
    if unknown:
        raise ValueError(f"unknown kinds {unknown}; known: {', '.join(pii.KINDS)}")


def transform(tables: Mapping[str, DataFrame], params: Params) -> dict[str, DataFrame]:
    """raw_documents -> documents, a row for a row, and boilerplate_lines."""
    month = F.regexp_extract("created_at", _MONTH, 0)
    dated = tables["raw_documents"].withColumn(
        "created_month", F.when(month != "", F.concat_ws("-", F.substring(month, 1, 4), F.substring(month, -2, 2)))
    )
    dated = dated.withColumn("service_verdict", F.nullif("service_verdict", F.lit(UNKNOWN)))
    columns = [c for c in contract("documents").columns if c in dated.columns]
    lines = find_lines(dated, partial(_scrub_texts, params=params), params.boilerplate)
    kernel = partial(scrub_batch, params=params, known=params.boilerplate.known(lines))
    schema = struct_of("boilerplate_lines")
    return {
        "documents": map_batches(dated, kernel, columns, struct_of("documents")),
        "boilerplate_lines": dated.sparkSession.createDataFrame([tuple(row) for row in lines], schema),
    }


def scrub_batch(batch: pa.RecordBatch, *, params: Params, known: Known) -> pa.RecordBatch:
    """The kernel of scrub: the columns of `documents` but the counts -> all columns; a row for a row."""
    columns: dict[str, Any] = {name: batch.column(name) for name in batch.schema.names}
    counts = {name: np.zeros(batch.num_rows, np.int32) for name in _COUNTS}
    rows = range(batch.num_rows)
    for name in _WRITTEN:
        columns[name] = _scrubbed(columns[name].to_pylist(), rows, counts, params)
    speakers = columns["speakers"].to_pylist()
    spoken = [(row, name) for row, names in enumerate(speakers) for name in names or ()]
    scrubbed = iter(_scrubbed([name for _, name in spoken], [row for row, _ in spoken], counts, params))
    columns["speakers"] = [None if names is None else [next(scrubbed) for _ in names] for names in speakers]
    columns["source"] = columns["source"].to_pylist()
    _cut_boilerplate(columns, known, params.boilerplate)
    columns["text"] = pa.array(columns["text"], pa.string())
    columns["text_bytes"] = pc.binary_length(columns["text"])
    columns |= counts
    return pa.RecordBatch.from_pydict(columns, schema=_arrow_schema(batch, tuple(columns)))


def _cut_boilerplate(columns: dict[str, Any], known: Known, params: Boilerplate) -> None:
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


def _scrub_texts(texts: list[str], *, params: Params) -> list[str]:
    """What becomes of documents' texts before boilerplate is cut."""
    uncounted = {name: np.zeros(1, np.int32) for name in _COUNTS}
    return [text or "" for text in _scrubbed(texts, [0] * len(texts), uncounted, params)]


def _scrubbed(
    values: Sequence[str | None], rows: Sequence[int], counts: dict[str, NDArray[np.int32]], params: Params
) -> list[str | None]:
    """The values cleaned, masked and softened, each distinct one once; what was found is added at the value's row."""
    kinds, tokens = frozenset(params.kinds), params.tokens
    distinct = dict.fromkeys(value for value in values if value)
    texts = [hygiene.clean(value) for value in distinct]
    worth = pii.worth_a_look(pa.array(texts, pa.string())).to_pylist()
    found: dict[str, dict[str, int]] = {}
    done: dict[str | None, str | None] = {None: None, "": ""}
    for value, text, look in zip(distinct, texts, worth, strict=True):
        masked, values_found = pii.mask(text, kinds, tokens) if look else (text, {})
        softened, words = profanity.soften(masked)
        done[value] = softened if params.soften_profanity else masked
        if words or values_found:
            found[value] = _by_column(values_found, words)
    if found:
        for row, written in zip(rows, values, strict=True):
            for name, count in found.get(written or "", {}).items():
                counts[name][row] += count
    return [done[value] for value in values]


def _by_column(found: Mapping[tuple[str, str], int], words: int) -> dict[str, int]:
    """What `pii.mask` and `profanity.soften` counted -> the columns it belongs to."""
    counts = Counter({"profanity": words})
    for (kind, confidence), count in found.items():
        counts[f"masked_{kind}"] += count
        if confidence == "low":
            counts[f"unsure_{kind}"] += count
    return counts


def _arrow_schema(batch: pa.RecordBatch, names: tuple[str, ...]) -> pa.Schema:
    known = {field.name: field.type for field in batch.schema} | _TYPES
    return pa.schema([(name, known.get(name, pa.int32())) for name in names])
