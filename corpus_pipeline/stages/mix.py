"""mix: the only place that decides. Each document is dropped with one reason, or gets copies and an order.

Precedence of `drop_reason` (the first that holds):

language            not among `languages`
quality:<rule>      the first, by name, of the broken rules that `drop_rules` lists
low_score           quality_score under `min_quality_score` of its document type
earlier_duplicate   its cluster has a member in an earlier run (config: `earlier`), unless mix.earlier is `ignore`
exact_duplicate, near_duplicate   a better member of its cluster stays, `kept_id`; what is better, `survivor` says
not_sampled         its document type has more tokens than its share of the budget

A member that is dropped for another reason never stands for its cluster. `duplicates: exact_only` keeps near-duplicates
and one document of each exact group; `keep` keeps all.

Upsampling by cluster size (`cluster_weights`), as FineWeb-2 does (github.com/huggingface/fineweb-2, README and
misc/rehydration; its first weights were {1: 1, 2: 2, 3: 3, 5: 5, 100: 8, 1000: 1}: a cluster of a thousand is taken
for junk). A survivor whose cluster had k documents, whatever became of them, counts weight(k) times. Within a document
type copies are in proportion to that weight; a document gets at most `epoch_cap` copies, and what the cap holds back
goes to the others of its type. So a type's tokens, and the budget, are met as without weights. Without a budget a
document gets weight(k) copies, at most `epoch_cap`.

No text is read. Cost: the best of each cluster is an aggregate, reduced within every task before it is shuffled, and a
join of narrow rows by cluster; so a cluster of a million members is no task's list. The driver holds one row per
document type and weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.kernels.mixing import allocate
from corpus_pipeline.kernels.rules import REASONS
from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.params import Params as StageParams
from corpus_pipeline.stages.params import once

ALL_RULES = "all"
_FRACTIONS = 1 << 30  # resolution of the keyed hash that decides a fractional epoch


class Params(StageParams):
    """weights: document type -> relative weight; with none, every type keeps its natural share.
    budget_tokens: null = as many tokens as pass the filters. source_tiers: source -> 1 (best) ...; unlisted last.
    drop_rules: rule names of classify that drop a document, or "all".
    survivor: what makes a member of a cluster better, the first that differs decides; at last the smallest doc_id.
    duplicates: drop, exact_only or keep. earlier: drop what repeats an earlier run (with duplicates: drop), or ignore
    that there was one. cluster_weights: smallest cluster size -> weight of its survivor; sizes under
    the first count once; none: all count once.
    """

    seed: int = 20211
    budget_tokens: int | None = Field(default=None, gt=0)
    weights: dict[str, float] = Field(default_factory=dict)
    epoch_cap: float = Field(default=4.0, gt=0)  # up to 4 epochs are about as good as fresh data (FACTS 6)
    languages: tuple[str, ...] = ()
    drop_rules: tuple[str, ...] | str = ALL_RULES
    min_quality_score: dict[str, float] = Field(default_factory=dict)
    source_tiers: dict[str, int] = Field(default_factory=dict)
    survivor: tuple[Literal["tier", "quality", "length"], ...] = ("tier", "quality", "length")
    duplicates: Literal["drop", "exact_only", "keep"] = "drop"
    earlier: Literal["drop", "ignore"] = "drop"
    cluster_weights: dict[Annotated[int, Field(ge=1)], Annotated[float, Field(ge=0)]] = Field(default_factory=dict)

    _once = field_validator("survivor")(once)

    @field_validator("drop_rules")
    @classmethod
    def _known_rules(cls, rules: tuple[str, ...] | str) -> tuple[str, ...] | str:
        if isinstance(rules, str):
            if rules != ALL_RULES:
                raise ValueError(f"a list of rule names or {ALL_RULES!r}, not {rules!r}")
            return rules
        for rule in rules:
            if rule not in REASONS:
                near = get_close_matches(rule, REASONS, 1)
                hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(REASONS)}."
                raise ValueError(f"unknown rule {rule!r}. {hint}")
        return rules

    @model_validator(mode="after")
    def _weights_of_survivors(self) -> Params:
        if self.cluster_weights and self.duplicates != "drop":
            raise ValueError(
                "cluster_weights weigh the one document that stands for a cluster: duplicates must be drop"
            )
        return self


def transform(tables: Mapping[str, DataFrame], params: Params) -> dict[str, DataFrame]:
    """tags, quality, duplicates -> mixture, a row for a row."""
    tags = tables["tags"].select("doc_id", "source", "doc_type", "language", "token_estimate", "text_bytes")
    quality = tables["quality"].select("doc_id", "quality_score", "reasons")
    duplicates = tables["duplicates"].select("doc_id", "kind", "cluster_id", "cluster_size", "partner_id", "earlier")
    # doc_id is the checked key of all three tables
    joined = tags.join(quality, "doc_id", how="inner").join(duplicates, "doc_id", how="inner")
    filtered = joined.withColumns({"drop_reason": _filter_reason(params), "kept_id": F.lit(None).cast("string")})
    survived = filtered if params.duplicates == "keep" else _without_repeats(filtered, params)
    return {"mixture": _with_copies(survived, params).select(*contract("mixture").columns)}


def _filter_reason(params: Params) -> Column:
    listed = F.col("reasons")
    if not isinstance(params.drop_rules, str):
        listed = F.array_intersect(listed, F.lit(list(params.drop_rules)))
    first_rule = F.get(F.array_sort(listed), 0)
    reasons = [F.when(first_rule.isNotNull(), F.concat(F.lit("quality:"), first_rule))]
    if params.languages:
        reasons.insert(0, F.when(~F.col("language").isin(*params.languages), "language"))
    for doc_type, limit in sorted(params.min_quality_score.items()):
        low = (F.col("doc_type") == doc_type) & (F.col("quality_score") < limit)
        reasons.append(F.when(low, "low_score"))
    if params.duplicates == "drop" and params.earlier == "drop":
        reasons.append(F.when(F.col("earlier"), "earlier_duplicate"))
    return F.coalesce(*reasons)


def _without_repeats(filtered: DataFrame, params: Params) -> DataFrame:
    """`filtered` with kept_id, and a drop_reason for what passed the filters and repeats a better one."""
    # the partner of an exact copy is the smallest of its exact group, that one's is another of them
    exact = F.when(F.col("kind") == "exact", F.least("doc_id", "partner_id")).otherwise(F.col("doc_id"))
    grouped = filtered.drop("kept_id").withColumn(
        "group", F.col("cluster_id") if params.duplicates == "drop" else exact
    )
    best = F.min(F.struct(F.col("drop_reason").isNotNull(), *_costs(params), "doc_id"))
    survivors = grouped.where("kind <> 'none'").groupBy("group").agg(best["doc_id"].alias("kept_id"))
    joined = grouped.join(survivors, "group", how="left")  # group is a key of survivors
    repeats = F.col("drop_reason").isNull() & (F.col("kept_id") != F.col("doc_id"))
    kind = F.col("kind") if params.duplicates == "drop" else F.lit("exact")
    return joined.withColumns(
        {
            "drop_reason": F.when(repeats, F.concat(kind, F.lit("_duplicate"))).otherwise(F.col("drop_reason")),
            "kept_id": F.when(repeats, F.col("kept_id")),
        }
    )


def _costs(params: Params) -> list[Column]:
    """What makes a member worse, in the order of `survivor`."""
    tier: Column = F.lit(max(params.source_tiers.values(), default=0) + 1)
    for source, rank in sorted(params.source_tiers.items()):
        tier = F.when(F.col("source") == source, rank).otherwise(tier)
    costs = {"tier": tier, "quality": -F.col("quality_score"), "length": -F.col("text_bytes")}
    return [costs[name].alias(name) for name in params.survivor]


def _with_copies(documents: DataFrame, params: Params) -> DataFrame:
    weighed = documents.withColumn("weight", _weight(params))
    kept = weighed.where(F.col("drop_reason").isNull())
    supply: dict[str, dict[float, int]] = {}
    for row in _supply(kept).collect():  # one row per document type and weight
        supply.setdefault(row["doc_type"], {})[row["weight"]] = int(row["tokens"])
    share: Column = F.lit(0.0)
    for doc_type, by_weight in sorted(_epochs(supply, params).items()):
        for weight, epochs in sorted(by_weight.items()):
            here = (F.col("doc_type") == doc_type) & (F.col("weight") == weight)
            share = F.when(here, F.lit(epochs)).otherwise(share)
    dice = F.pmod(F.xxhash64(F.lit(params.seed + 1), "doc_id"), F.lit(_FRACTIONS)) / _FRACTIONS
    drawn = (F.floor(share) + (dice < share - F.floor(share)).cast("int")).cast("int")
    copies = F.when(F.col("drop_reason").isNull(), drawn).otherwise(0)
    with_copies = weighed.withColumn("copies", copies)
    not_sampled = F.when(F.col("copies") == 0, F.lit("not_sampled"))
    return with_copies.withColumn("drop_reason", F.coalesce("drop_reason", not_sampled)).withColumn(
        "order_key", F.xxhash64(F.lit(params.seed), "doc_id")
    )


def _weight(params: Params) -> Column:
    weight: Column = F.lit(1.0)
    for size, value in sorted(params.cluster_weights.items()):
        weight = F.when(F.col("cluster_size") >= size, F.lit(float(value))).otherwise(weight)
    return weight


def _supply(kept: DataFrame) -> DataFrame:
    return kept.groupBy("doc_type", "weight").agg(F.sum("token_estimate").alias("tokens"))


def _epochs(supply: dict[str, dict[float, int]], params: Params) -> dict[str, dict[float, float]]:
    """Document type -> cluster weight -> copies per document, on average. supply: tokens by the same."""
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
    tokens = {t: sum(n for w, n in by.items() if w > 0) for t, by in supply.items()}
    natural = {t: sum(min(w, params.epoch_cap) * n for w, n in by.items()) for t, by in supply.items()}
    budget = params.budget_tokens or sum(natural.values())
    shares = allocate(tokens, params.weights or natural, budget, params.epoch_cap)
    return {t: _within(by_weight, shares[t], params.epoch_cap) for t, by_weight in supply.items()}


def _within(supply: dict[float, int], tokens: float, cap: float) -> dict[float, float]:
    """Cluster weight -> copies per document, in proportion to the weight where the cap allows, `tokens` in all."""
    names = {str(weight): weight for weight, n in supply.items() if n}
    by_name = {name: supply[weight] for name, weight in names.items()}
    shares = allocate(by_name, {name: weight * by_name[name] for name, weight in names.items()}, tokens, cap)
    # rounded to the dice's resolution: 1.0000000000000002 copies are one
    return {weight: round(shares[name] / by_name[name], 9) for name, weight in names.items()}
