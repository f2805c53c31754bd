"""drop_samples: some documents of each drop reason, to judge a rule or a threshold by what it takes away.

Of each reason the first `per_reason` documents by a keyed hash of doc_id are shown: the head of their scrubbed text,
the rules they break, and the figures that the rule looked at. Documents that were removed on request are not shown.

Cost: within each task the dropped rows (narrow) are sorted by reason and hash, and at most `per_reason` a reason go on,
so no reason is one task's list, however many documents it took. Then one scan of the columns that are shown, the text
among them, without a shuffle and without Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from corpus_pipeline.kernels.rules import RULES
from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.arrow import struct_of
from corpus_pipeline.stages.drawing import keyed_hash
from corpus_pipeline.stages.params import Params as StageParams
from corpus_pipeline.stages.params import Seed
from corpus_pipeline.stages.removal import REMOVED

_RULE = "quality:"  # what mix writes before the name of a rule
_SCORES = ("quality_score", "quality_rank")
_DRAWN = ("doc_id", "source", "doc_type", "drop_reason", "kept_id")


class Params(StageParams):
    """per_reason: documents of each drop_reason. characters: of the text that are shown. seed: of the draw."""

    per_reason: int = Field(default=20, ge=1, le=1000)  # above 1,000 Spark sorts before it limits
    characters: int = Field(default=300, ge=1, le=10_000)
    seed: Seed = 20211


def transform(tables: Mapping[str, DataFrame], params: Params) -> dict[str, DataFrame]:
    """documents, tags, quality, mixture -> drop_samples."""
    looked_at = features()
    columns = sorted({name for names in looked_at.values() for name in names} - {"reasons", *_SCORES})
    excerpt = F.substring("text", 1, params.characters).alias("excerpt")
    shown = (
        tables["documents"].select("doc_id", "title", "text_bytes", excerpt),
        tables["tags"].select("doc_id", "language", "evaluation_sets"),
        tables["quality"].select("doc_id", "reasons", *_SCORES, *columns),
    )
    rows = draw(tables["mixture"], params)
    for table in shown:
        rows = table.join(F.broadcast(rows), "doc_id", how="inner")  # doc_id is the checked key of both
    figures = rows.withColumn("features", _figures(looked_at)).select(*contract("drop_samples").columns)
    return {"drop_samples": figures.repartition(1).sortWithinPartitions("drop_reason", "position")}


def draw(mixture: DataFrame, params: Params) -> DataFrame:
    """doc_id, source, doc_type, drop_reason, kept_id, position: the first of each reason, `position` from 1."""
    dropped = mixture.where(F.col("drop_reason") != REMOVED).select(*_DRAWN, keyed_hash(params.seed).alias("hash"))
    order = Window.partitionBy("drop_reason").orderBy("hash", "doc_id")
    first = dropped.withColumn("position", F.row_number().over(order)).where(F.col("position") <= params.per_reason)
    return first.drop("hash")


class _Asked(dict[str, NDArray[Any]]):
    """Columns of one document; keeps the names that were asked for, in order."""

    def __missing__(self, name: str) -> NDArray[Any]:
        return self.setdefault(name, np.zeros(1))


def features() -> dict[str, tuple[str, ...]]:
    """Reason -> columns of `quality` that its rules read, as the rules themselves show when they are called.

    >>> features()["links"]
    ('urls', 'eojeol')
    """
    there = set(contract("quality").columns)
    found: dict[str, dict[str, None]] = {}
    for rule in RULES:
        columns = _Asked()
        reason, _ = rule(columns, _Asked())
        found.setdefault(reason, {}).update(dict.fromkeys(name for name in columns if name in there))
    return {reason: tuple(names) for reason, names in sorted(found.items())}


def _figures(looked_at: Mapping[str, tuple[str, ...]]) -> Column:
    """array<struct<name, value>>: what the reason's rule looked at."""
    kind = struct_of("drop_samples")["features"].dataType
    chosen = F.when(F.col("drop_reason") == "low_score", _pairs(_SCORES))
    for reason, names in looked_at.items():
        chosen = chosen.when(F.col("drop_reason") == _RULE + reason, _pairs(names))
    return F.coalesce(chosen.cast(kind), F.array().cast(kind))


def _pairs(names: tuple[str, ...]) -> Column:
    pairs = [F.struct(F.lit(name).alias("name"), F.col(name).cast("double").alias("value")) for name in names]
    return F.array(*pairs)
