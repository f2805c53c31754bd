"""documents -> quality: features, scores and broken rules of each document. Nothing is removed here.

One pass over the text, no shuffle. Columns and rules: docs/quality.md. Cost per core: `make bench ONLY=classify`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import pyarrow as pa
from pydantic import Field, field_validator
from pyspark.sql import DataFrame

from corpus_pipeline.kernels.fasttext_model import quality_columns, scores
from corpus_pipeline.kernels.features import feature_columns
from corpus_pipeline.kernels.features_layout import columns_of
from corpus_pipeline.kernels.limits import limits_for, unknown_limits
from corpus_pipeline.kernels.plausibility import junk_scores, written_columns
from corpus_pipeline.kernels.profanity_model import profanity_columns
from corpus_pipeline.kernels.rules import reasons
from corpus_pipeline.kernels.spam import spam_columns
from corpus_pipeline.stages.arrow import map_batches, struct_of
from corpus_pipeline.stages.params import Params as BaseParams

INPUT = ("doc_id", "doc_type", "text", "profanity", "service_verdict")
_SCORE = pa.float64()
VERDICTS = ("spam", "promotion")  # of the service; each has a rule


class Params(BaseParams):
    """Settings of the classify stage.

    model           quality.json of train_classifier, readable on every worker; null: the bundled one
    spam_model      spam.json of train_classifier; null: no spam_score
    limits          limits that differ from kernels/limits.py LIMITS, for types without one of their own there
                    (LIMITS_BY_TYPE); null switches one off
    limits_by_type  the same by doc_type; wins over `limits` and over the bundled LIMITS_BY_TYPE
    """

    model: str | None = None
    spam_model: str | None = None
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
    columns = columns_of(texts, feature_columns, written_columns) | profanity_columns(texts) | spam_columns(texts)
    columns["junk_score"] = junk_scores(columns)
    profanity = batch.column("profanity").to_numpy(zero_copy_only=False)
    columns["profanity_ratio"] = profanity / np.maximum(1, columns["eojeol"])
    verdicts = batch.column("service_verdict").to_pylist()
    said = {f"service_{name}": np.array([verdict == name for verdict in verdicts], float) for name in VERDICTS}
    limits = {name: limits_for(name, params.limits, params.limits_by_type) for name in set(types)}
    found = reasons(columns | said, types, limits)
    return pa.RecordBatch.from_pydict(
        {
            "doc_id": batch.column("doc_id"),
            "doc_type": batch.column("doc_type"),
            **{name: pa.array(values) for name, values in columns.items()},
            "service_verdict": pa.array(verdicts, pa.string()),
            **{name: pa.array(values) for name, values in quality_columns(texts, types, params.model).items()},
            "spam_score": pa.array(scores(texts, params.spam_model))
            if params.spam_model
            else pa.nulls(len(texts), _SCORE),
            "reasons": pa.array(found, pa.list_(pa.string())),
        }
    )
