"""documents -> quality: features, broken rules and the fastText score of each document. Nothing is removed here.

One pass over the text, no shuffle. Cost per core: 6 MB/s of Korean pages, 3 of one-liners; 40 % is the fastText score.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import pyarrow as pa
from pydantic import Field, field_validator
from pyspark.sql import DataFrame

from corpus_pipeline.kernels.fasttext_model import scores
from corpus_pipeline.kernels.features import batch_features
from corpus_pipeline.kernels.rules import limits_for, reasons, unknown_limits
from corpus_pipeline.stages.arrow import map_batches, struct_of
from corpus_pipeline.stages.params import Params as BaseParams

INPUT = ("doc_id", "doc_type", "text", "profanity")


class Params(BaseParams):
    """Settings of the classify stage.

    model           fastText file with the label __label__high, readable on every worker; null: the bundled one
    limits          limits that differ from kernels/rules.py LIMITS, for all types; null switches one off
    limits_by_type  the same by doc_type; wins over `limits` and over the bundled LIMITS_BY_TYPE
    """

    model: str | None = None
    limits: dict[str, float | None] = Field(default_factory=dict)
    limits_by_type: dict[str, dict[str, float | None]] = Field(default_factory=dict)

    @field_validator("limits")
    @classmethod
    def _known(cls, limits: dict[str, float | None]) -> dict[str, float | None]:
        if wrong := unknown_limits(limits):
            raise ValueError(wrong)
        return limits

    @field_validator("limits_by_type")
    @classmethod
    def _known_by_type(cls, by_type: dict[str, dict[str, float | None]]) -> dict[str, dict[str, float | None]]:
        for doc_type, limits in by_type.items():
            if wrong := unknown_limits(limits):
                raise ValueError(f"{doc_type}: {wrong}")
        return by_type


def transform(tables: Mapping[str, DataFrame], params: Params) -> dict[str, DataFrame]:
    """tables["documents"] -> {"quality"}: one row per document, in the columns of schemas/quality.json."""
    return {"quality": map_batches(tables["documents"], partial(assess, params=params), INPUT, struct_of("quality"))}


def assess(batch: pa.RecordBatch, params: Params) -> pa.RecordBatch:
    """The quality rows of one batch with the columns INPUT."""
    texts = batch.column("text").to_pylist()
    types = batch.column("doc_type").to_pylist()
    columns = batch_features(texts)
    profanity = batch.column("profanity").to_numpy(zero_copy_only=False)
    columns["profanity_ratio"] = profanity / np.maximum(1, columns["eojeol"])
    limits = {name: limits_for(name, params.limits, params.limits_by_type) for name in set(types)}
    rows = zip(types, *(values.tolist() for values in columns.values()), strict=True)
    found = [reasons(dict(zip(columns, values, strict=True)), limits[name]) for name, *values in rows]
    return pa.RecordBatch.from_pydict(
        {
            "doc_id": batch.column("doc_id"),
            "doc_type": batch.column("doc_type"),
            **{name: pa.array(values) for name, values in columns.items()},
            "quality_score": pa.array(scores(texts, params.model)),
            "reasons": pa.array(found, pa.list_(pa.string())),
        }
    )
