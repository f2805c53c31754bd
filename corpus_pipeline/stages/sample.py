"""sample: the subset of the mixture that the tokenizer is trained on, in the mixture's own proportions.

A keyed hash of doc_id decides, per document, so that the same documents are drawn whatever the partitions, and
a larger fraction holds the smaller one. Word frequencies follow Zipf's law: a small part of a large corpus has
nearly the same frequent morphemes. Cost: one pass over narrow columns, no shuffle.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.params import Params as StageParams

_RESOLUTION = 1 << 30


class Params(StageParams):
    """fraction: share of the kept documents. The original system used 1 % of 1.96 TB."""

    fraction: float = Field(default=0.01, gt=0, le=1)
    seed: int = 20212


def transform(tables: Mapping[str, DataFrame], params: Params) -> dict[str, DataFrame]:
    """mixture -> tokenizer_sample."""
    dice = F.pmod(F.xxhash64(F.lit(params.seed), "doc_id"), F.lit(_RESOLUTION)) / _RESOLUTION
    drawn = tables["mixture"].where((F.col("copies") > 0) & (dice < params.fraction))
    return {"tokenizer_sample": drawn.select(*contract("tokenizer_sample").columns)}
