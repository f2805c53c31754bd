"""Boilerplate lines: menus, notices and signatures that many documents of one source share. Used by scrub.

First pass, here: the lines of a sample of each source's documents are counted, and those that stand in a share of
them are listed (table boilerplate_lines). Second pass, in scrub: the unbroken run of listed lines at the head or the
tail of a document is counted in `documents`, and removed where `remove` names the source.

Why nothing is removed unless a source is named: no share separates boilerplate from content. Measured on 25 corpora,
most of them Korean, with the defaults. Boilerplate: menus and licence notices of press releases end 7 % of them, each
line in 2-4 % (many web sites are one source there), a blog's side bar 15 %, the notice of a digital library 98 % of its
books. Not boilerplate: "이 법은 공포 후 6개월이 경과한 날부터 시행한다" and the like end 9 % of statutes, the bench
("재판장 판사 ...") and closing formulas 13 % of judgments, links to sibling pages 11 % of a manual. Petitions, reviews,
comments and wiki pages have no such lines. So a person looks at boilerplate_lines and names source and share.

The sample: at most about `sample_documents` of a source, chosen by a keyed hash of doc_id; a source with no more is
counted whole. In a sample of n documents the share p has the standard error sqrt(p (1 - p) / n): at n = 2,000 it is
0.003 at p = 0.02 and 0.007 at p = 0.1. A line also has to stand in `min_documents` of them.

Cost: two scans of doc_id and source; scrub's cleaning of the sampled texts once more (so scrub takes up to twice its
time where sources are small, and nothing to speak of where they are large); one shuffle of the sample's distinct
lines, 250 bytes each at most. The driver holds one row per listed line: at most (lines of an average document) / share
a source, under 200 in every corpus measured; each worker gets their keys, 16 bytes a line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated

import pyarrow as pa
from pydantic import Field
from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from corpus_pipeline.kernels.lines import count_lines
from corpus_pipeline.stages.arrow import ddl, map_batches
from corpus_pipeline.stages.params import Params

_SEED = 20211
_PARTS = 1 << 30  # resolution of the keyed hash that chooses the sample
_COUNTED = "source string, line_key binary, line string, characters int, documents long"

Clean = Callable[[list[str]], list[str]]
Known = Mapping[str, Mapping[bytes, int]]  # source -> key of a boilerplate line -> characters of its comparison form


class Boilerplate(Params):
    """share: part of a source's documents from which a line is listed, and counted in runs; null: only for `remove`.
    remove: source -> share from which its lines are removed. min_characters: shortest run, in comparison form.
    min_documents: a listed line stands in as many. sample_documents: documents of a source that are counted.
    """

    share: float | None = Field(default=0.02, gt=0, le=1)
    remove: dict[str, Annotated[float, Field(gt=0, le=1)]] = Field(default_factory=dict)
    min_characters: int = Field(default=20, ge=1)  # shorter runs were numbers of clauses and dates (measured)
    min_documents: int = Field(default=10, ge=2)
    sample_documents: int = Field(default=2_000, ge=10)

    def listed(self, source: str) -> float | None:
        """The share from which lines of `source` are listed; None when they are not counted."""
        return min((share for share in (self.share, self.remove.get(source)) if share is not None), default=None)

    def known(self, rows: list[Row]) -> Known:
        """The lines that make a run, of the rows of find_lines: of a source in `remove` those at or above its share."""
        found: dict[str, dict[bytes, int]] = {}
        for row in rows:
            if row["removed"] or row["source"] not in self.remove:
                found.setdefault(row["source"], {})[bytes.fromhex(row["line_key"])] = row["characters"]
        return found


def find_lines(raw: DataFrame, clean: Clean, params: Boilerplate) -> list[Row]:
    """Rows of boilerplate_lines, by source and key. raw: doc_id, source, text; clean: what scrub does to texts."""
    if params.share is None and not params.remove:
        return []
    named = raw.select("doc_id", "source", "text")
    sizes = {row["source"]: row["count"] for row in named.groupBy("source").count().collect()}  # one row per source
    shares = {source: share for source in sorted(sizes) if (share := params.listed(source)) is not None}
    parts = {s: min(_PARTS, -(-_PARTS * params.sample_documents // sizes[s])) for s in shares}
    dice = F.pmod(F.xxhash64(F.lit(_SEED), "doc_id"), F.lit(_PARTS))
    sample = named.where(dice < _by_source(parts))
    counted = {row["source"]: row["count"] for row in sample.groupBy("source").count().collect()}
    if not counted:
        return []
    least = {s: max(float(params.min_documents), shares[s] * n) for s, n in counted.items()}
    lines = map_batches(sample, partial(count_batch, clean=clean), ["source", "text"], ddl(_COUNTED))
    held = lines.groupBy("source", "line_key").agg(
        F.min("line").alias("line"), F.max("characters").alias("characters"), F.sum("documents").alias("documents")
    )
    listed = held.where(F.col("documents") >= _by_source(least)).collect()  # few: see Cost
    return [_row(row, counted[row["source"]], params) for row in sorted(listed, key=lambda r: (r[0], bytes(r[1])))]


def count_batch(batch: pa.RecordBatch, *, clean: Clean) -> pa.RecordBatch:
    """(source, text) -> (source, line_key, line, characters, documents): a row per source and distinct line."""
    texts: dict[str, list[str]] = {}
    cleaned = clean(batch.column("text").to_pylist())
    for source, text in zip(batch.column("source").to_pylist(), cleaned, strict=True):
        texts.setdefault(source, []).append(text)
    rows = [
        {"source": s, "line_key": key, "line": line.shown, "characters": line.characters, "documents": line.documents}
        for s, some in texts.items()
        for key, line in count_lines(some).items()
    ]
    types = [pa.string(), pa.binary(), pa.string(), pa.int32(), pa.int64()]
    names = ["source", "line_key", "line", "characters", "documents"]
    return pa.RecordBatch.from_pylist(rows, schema=pa.schema(list(zip(names, types, strict=True))))


def _by_source(values: Mapping[str, int | float]) -> Column:
    """The value of the row's source; null, which no comparison holds for, where it has none."""
    chosen: Column = F.lit(None)
    for source, value in values.items():
        chosen = F.when(F.col("source") == source, F.lit(value)).otherwise(chosen)
    return chosen


def _row(row: Row, counted: int, params: Boilerplate) -> Row:
    share = row["documents"] / counted
    return Row(
        source=row["source"],
        line_key=bytes(row["line_key"]).hex(),
        line=row["line"],
        characters=row["characters"],
        documents_counted=counted,
        documents=row["documents"],
        share=share,
        removed=share >= params.remove.get(row["source"], 2.0),
    )
