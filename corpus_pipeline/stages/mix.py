"""mix: the only place that decides. Each document is dropped with one reason, or gets copies and an order.

Precedence of `drop_reason` (the first that holds):

language            not among `languages`
quality:<rule>      the first, by name, of the broken rules that `drop_rules` lists
low_score           quality_score under `min_quality_score` of its document type
exact_duplicate, near_duplicate   a better member of its cluster stays: source tier, quality score, length, doc_id
not_sampled         its document type has more tokens than its share of the budget

No text is read. Cost: one shuffle of ids by cluster, and one aggregate of a row per document type on the driver.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.kernels.mixing import allocate
from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.params import Params as StageParams

ALL_RULES = "all"
_FRACTIONS = 1 << 30  # resolution of the keyed hash that decides a fractional epoch


class Params(StageParams):
    """weights: document type -> relative weight; with none, every type keeps its natural share.
    budget_tokens: null = as many tokens as pass the filters. source_tiers: source -> 1 (best) ...; unlisted last.
    drop_rules: rule names of classify that drop a document, or "all".
    """

    seed: int = 20211
    budget_tokens: int | None = Field(default=None, gt=0)
    weights: dict[str, float] = Field(default_factory=dict)
    epoch_cap: float = Field(default=4.0, gt=0)  # up to 4 epochs are about as good as fresh data (FACTS 6)
    languages: tuple[str, ...] = ()
    drop_rules: tuple[str, ...] | str = ALL_RULES
    min_quality_score: dict[str, float] = Field(default_factory=dict)
    source_tiers: dict[str, int] = Field(default_factory=dict)


def transform(tables: Mapping[str, DataFrame], params: Params) -> dict[str, DataFrame]:
    """tags, quality, duplicates -> mixture, a row for a row."""
    tags = tables["tags"].select("doc_id", "source", "doc_type", "language", "token_estimate", "text_bytes")
    quality = tables["quality"].select("doc_id", "quality_score", "reasons")
    duplicates = tables["duplicates"].select("doc_id", "kind", "cluster_id")
    # doc_id is the checked key of all three tables
    joined = tags.join(quality, "doc_id", how="inner").join(duplicates, "doc_id", how="inner")
    filtered = joined.withColumn("drop_reason", _filter_reason(params))
    survived = filtered.withColumn("drop_reason", F.coalesce("drop_reason", _duplicate_reason(params)))
    return {"mixture": _with_copies(survived, params).select(*contract("mixture").columns)}


def _filter_reason(params: Params) -> Column:
    listed = F.col("reasons")
    if not isinstance(params.drop_rules, str):
        listed = F.array_intersect(listed, F.lit(list(params.drop_rules)))
    elif params.drop_rules != ALL_RULES:
        raise ConfigError(
            "mix.drop_rules", f"a list of rule names or '{ALL_RULES}'", repr(params.drop_rules), "Correct it."
        )
    first_rule = F.get(F.array_sort(listed), 0)
    reasons = [F.when(first_rule.isNotNull(), F.concat(F.lit("quality:"), first_rule))]
    if params.languages:
        reasons.insert(0, F.when(~F.col("language").isin(*params.languages), "language"))
    for doc_type, limit in sorted(params.min_quality_score.items()):
        low = (F.col("doc_type") == doc_type) & (F.col("quality_score") < limit)
        reasons.append(F.when(low, "low_score"))
    return F.coalesce(*reasons)


def _duplicate_reason(params: Params) -> Column:
    """Null for the best of the cluster's members that passed the filters (and for those that did not)."""
    tier: Column = F.lit(max(params.source_tiers.values(), default=0) + 1)
    for source, rank in sorted(params.source_tiers.items()):
        tier = F.when(F.col("source") == source, rank).otherwise(tier)
    best_first = Window.partitionBy("cluster_id").orderBy(
        F.col("drop_reason").isNotNull(), tier, F.desc("quality_score"), F.desc("text_bytes"), "doc_id"
    )
    reason = F.when(F.col("kind") == "exact", "exact_duplicate").otherwise("near_duplicate")
    return F.when(F.row_number().over(best_first) > 1, reason)


def _with_copies(documents: DataFrame, params: Params) -> DataFrame:
    kept = documents.where(F.col("drop_reason").isNull())
    supply = {r["doc_type"]: int(r["tokens"]) for r in _supply(kept).collect()}  # one row per document type
    epochs = _epochs(supply, params)
    share: Column = F.lit(0.0)
    for doc_type, value in sorted(epochs.items()):
        share = F.when(F.col("doc_type") == doc_type, F.lit(value)).otherwise(share)
    dice = F.pmod(F.xxhash64(F.lit(params.seed + 1), "doc_id"), F.lit(_FRACTIONS)) / _FRACTIONS
    drawn = (F.floor(share) + (dice < share - F.floor(share)).cast("int")).cast("int")
    copies = F.when(F.col("drop_reason").isNull(), drawn).otherwise(0)
    with_copies = documents.withColumn("copies", copies)
    not_sampled = F.when(F.col("copies") == 0, F.lit("not_sampled"))
    return with_copies.withColumn("drop_reason", F.coalesce("drop_reason", not_sampled)).withColumn(
        "order_key", F.xxhash64(F.lit(params.seed), "doc_id")
    )


def _supply(kept: DataFrame) -> DataFrame:
    return kept.groupBy("doc_type").agg(F.sum("token_estimate").alias("tokens"))


def _epochs(supply: dict[str, int], params: Params) -> dict[str, float]:
    """Document type -> copies per document, on average."""
    if not supply:
        return {}
    missing = sorted(set(supply) - set(params.weights)) if params.weights else []
    negative = sorted(t for t, w in params.weights.items() if w < 0)
    if negative or missing or (params.weights and not any(params.weights[t] > 0 for t in supply)):
        raise ConfigError(
            "mix.weights",
            f"a weight for each of {', '.join(sorted(supply))}, not all 0",
            f"missing: {missing}, negative: {negative}",
            "Name every document type (0 leaves one out), or no weights at all for the natural shares.",
        )
    weights = params.weights or {t: float(n) for t, n in supply.items()}
    shares = allocate(supply, weights, params.budget_tokens or sum(supply.values()), params.epoch_cap)
    return {t: shares[t] / supply[t] for t in supply if supply[t]}
