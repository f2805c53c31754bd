"""mix: the only place that decides. Each document is dropped with one reason, or gets copies and an order.

Precedence of `drop_reason` (the first that holds):

removed             listed in the file `removed_ids`, or of one of `removed_sources` (stages/removal.py)
evaluation_set      holds an item of an evaluation set (tag.decontamination), unless mix.contaminated is `keep`
language            not among `languages`
quality:<rule>      the first, by name, of the broken rules that `drop_rules` lists
low_score           quality_score or quality_rank under what `min_quality_score` or `min_quality_rank` asks of its type
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

The plan is made on the driver (kernels/mixing.py): tokens by type, by source, by cluster weight. A source's documents
then get the whole copies, and the last, fractional one goes to as many as its tokens allow (stages/quotas.py), so the
budget is never exceeded, and missed by under a document a source and weight.

mixture_plan says what was asked, planned and drawn, by document type and source; mixture_what_if what other thresholds
would leave (stages/what_if.py).

No text is read. Cost: the best of each cluster is an aggregate, reduced within every task before it is shuffled, and a
join of narrow rows by cluster; so a cluster of a million members is no task's list. The driver holds one row per
source and weight.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from math import floor
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from corpus_pipeline.kernels.language import LANGUAGES
from corpus_pipeline.kernels.rules import REASONS
from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.budget import Budget, known, plan, planned, supply, tier
from corpus_pipeline.stages.kept import kept
from corpus_pipeline.stages.params import Seed, once
from corpus_pipeline.stages.published import written
from corpus_pipeline.stages.quotas import GROUP, KEYS, Group, take
from corpus_pipeline.stages.removal import REMOVED, mark
from corpus_pipeline.stages.what_if import AS_SET, DUPLICATES, RANK, SCORE, Knob, other_similarities, what_if

ALL_RULES = "all"
TAGS = ("doc_id", "source", "doc_type", "language", "evaluation_sets", "token_estimate", "text_bytes")
Score = Annotated[float, Field(ge=0, le=1)]
Asked = Annotated[tuple[Score, ...], Field(max_length=25)]  # what_if has 63 bits for two of these

_Size = Annotated[int, Field(ge=1, lt=1 << 31)]
_Weight = Annotated[float, Field(ge=0, le=1e6)]
_DUST = 1e-6  # tokens: a float a hair under a whole number is that number; no quota is rounded up


class Params(Budget):
    """The budget (stages/budget.py), and what is left out before it.

    removed_ids: a file of doc_ids to leave out, one a line; removed_sources: sources to leave out.
    contaminated: drop or keep what holds an item of an evaluation set.
    drop_rules: rule names of classify that drop a document, or "all".
    survivor: what makes a member of a cluster better, the first that differs decides; at last the smallest doc_id.
    duplicates: drop, exact_only or keep. earlier: drop what repeats an earlier run (with duplicates: drop), or ignore
    that there was one. cluster_weights: smallest cluster size -> weight of its survivor; sizes under
    the first count once; none: all count once.
    min_quality_score, min_quality_rank: by document type; the score tells styles apart, the rank is within the type.
    what_if_ranks, what_if_scores, what_if_similarities: what mixture_what_if is about, at most 25 of each.
    """

    seed: Seed = 20211
    removed_ids: str | None = None
    removed_sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    contaminated: Literal["drop", "keep"] = "drop"
    drop_rules: tuple[str, ...] | str = ALL_RULES
    min_quality_score: dict[str, Score] = Field(default_factory=dict)
    min_quality_rank: dict[str, Score] = Field(default_factory=dict)
    survivor: tuple[Literal["tier", "quality", "length"], ...] = ("tier", "quality", "length")
    duplicates: Literal["drop", "exact_only", "keep"] = "drop"
    earlier: Literal["drop", "ignore"] = "drop"
    cluster_weights: dict[_Size, _Weight] = Field(default_factory=dict)
    what_if_ranks: Asked = (0.05, 0.1, 0.2, 0.5)
    what_if_scores: Asked = (0.1, 0.5, 0.9)
    what_if_similarities: Asked = (0.85, 0.9, 0.95)

    @field_validator("languages")
    @classmethod
    def _known_languages(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := sorted(set(languages) - set(LANGUAGES)):
            raise ValueError(f"unknown language {unknown[0]!r}; known: {', '.join(LANGUAGES)}")
        return languages

    _once = field_validator("survivor", "what_if_ranks", "what_if_scores", "what_if_similarities")(once)

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
    """tags, quality, duplicates, duplicate_pairs -> mixture (a row for a row), mixture_plan, mixture_what_if."""
    tags = mark(tables["tags"].select(*TAGS), params.removed_ids, params.removed_sources)
    quality = tables["quality"].select("doc_id", "quality_score", "quality_rank", "reasons")
    duplicates = tables["duplicates"].select("doc_id", "kind", "cluster_id", "cluster_size", "partner_id", "earlier")
    # doc_id is the checked key of all three tables
    joined = tags.join(quality, "doc_id", how="inner").join(duplicates, "doc_id", how="inner")
    weight = _weight(params)
    filtered = joined.withColumns({"filtered": _filter_reason(params), "group": _group(params), "weight": weight})
    decided = _without_repeats(filtered, params).withColumn("wanted", F.col("drop_reason").isNull())
    decided = kept(decided)  # read by several queries from here
    found = supply(decided).collect()  # one row per source and cluster weight
    by_type: dict[str, Iterable[str]] = {
        "weights": params.weights,
        "bounds": params.bounds,
        "min_quality_score": params.min_quality_score,
        "min_quality_rank": params.min_quality_rank,
    }
    known(found, by_type, {"source_caps": params.source_caps, "source_tiers": params.source_tiers})
    made = plan(found, params)
    drawn = _with_copies(decided, made.epochs, params).select(*contract("mixture").columns)
    mixture = written(tables, "mixture", drawn)
    return {
        "mixture": mixture,
        "mixture_plan": planned(mixture, found, made),
        "mixture_what_if": _what_if(decided, tables["duplicate_pairs"], [row["doc_type"] for row in found], params),
    }


def _filter_reason(params: Params) -> Column:
    listed = _listed(params)
    first_rule = F.get(F.array_sort(listed), 0)
    return F.coalesce(
        *_before_rules(params),
        F.when(first_rule.isNotNull(), F.concat(F.lit("quality:"), first_rule)),
        *_after_rules(params),
    )


def _listed(params: Params) -> Column:
    """The rules that a document breaks and that drop it."""
    known = F.col("reasons")
    return known if isinstance(params.drop_rules, str) else F.array_intersect(known, F.lit(list(params.drop_rules)))


def _before_rules(params: Params) -> list[Column]:
    reasons = [F.when(F.col("removed"), REMOVED)]
    if params.contaminated == "drop":
        reasons.append(F.when(F.size("evaluation_sets") > 0, "evaluation_set"))
    if params.languages:
        reasons.append(F.when(~F.col("language").isin(*params.languages), "language"))
    return reasons


def _after_rules(params: Params) -> list[Column]:
    reasons = [_nothing()]
    for column, limits in (("quality_score", params.min_quality_score), ("quality_rank", params.min_quality_rank)):
        for doc_type, limit in sorted(limits.items()):
            low = (F.col("doc_type") == doc_type) & (F.col(column) < limit)
            reasons.append(F.when(low, "low_score"))
    if params.duplicates == "drop" and params.earlier == "drop":
        reasons.append(F.when(F.col("earlier"), "earlier_duplicate"))
    return reasons


def _nothing() -> Column:
    return F.lit(None).cast("string")


def _group(params: Params) -> Column:
    """Of the documents of one group one stays."""
    # the partner of an exact copy is the smallest of its exact group, that one's is another of them
    exact = F.when(F.col("kind") == "exact", F.least("doc_id", "partner_id")).otherwise(F.col("doc_id"))
    return {"drop": F.col("cluster_id"), "exact_only": exact, "keep": F.col("doc_id")}[params.duplicates]


def _without_repeats(filtered: DataFrame, params: Params) -> DataFrame:
    """`filtered` with kept_id, and a drop_reason for what passed the filters and repeats a better one."""
    if params.duplicates == "keep":
        return filtered.withColumns({"drop_reason": F.col("filtered"), "kept_id": _nothing()})
    best = F.min(F.struct(F.col("filtered").isNotNull(), *_costs(params), "doc_id"))
    survivors = filtered.where("kind <> 'none'").groupBy("group").agg(best["doc_id"].alias("kept_id"))
    joined = filtered.join(survivors, "group", how="left")  # group is a key of survivors
    repeats = F.col("filtered").isNull() & (F.col("kept_id") != F.col("doc_id"))
    kind = F.col("kind") if params.duplicates == "drop" else F.lit("exact")
    return joined.withColumns(
        {
            "drop_reason": F.when(repeats, F.concat(kind, F.lit("_duplicate"))).otherwise(F.col("filtered")),
            "kept_id": F.when(repeats, F.col("kept_id")),
        }
    )


def _costs(params: Params) -> list[Column]:
    """What makes a member worse, in the order of `survivor`."""
    rank: Column = F.lit(tier("", params))
    for source, listed in sorted(params.source_tiers.items()):
        rank = F.when(F.col("source") == source, listed).otherwise(rank)
    costs = {"tier": rank, "quality": -F.col("quality_score"), "length": -F.col("text_bytes")}
    return [costs[name].alias(name) for name in params.survivor]


def _with_copies(decided: DataFrame, epochs: Mapping[Group, tuple[float, int]], params: Params) -> DataFrame:
    quotas = {group: floor((n - int(n)) * tokens + _DUST) for group, (n, tokens) in epochs.items()}
    if any(quotas.values()):
        drawn = take(decided, quotas, params.seed + 1, params.when_short == "best")
    else:
        drawn = decided.withColumn("taken", F.lit(False))
    counts = [(*group, int(n)) for group, (n, _) in sorted(epochs.items())]
    whole = decided.sparkSession.createDataFrame(counts, f"{GROUP}, whole int")
    joined = drawn.join(F.broadcast(whole), KEYS, how="left")  # a row a group on the right
    times = F.coalesce("whole", F.lit(0)) + F.col("taken").cast("int")
    with_copies = joined.withColumn("copies", F.when(F.col("wanted"), times).otherwise(0))
    not_sampled = F.when(F.col("copies") == 0, F.lit("not_sampled"))
    return with_copies.withColumn("drop_reason", F.coalesce("drop_reason", not_sampled)).withColumn(
        "order_key", F.xxhash64(F.lit(params.seed), "doc_id")
    )


def _weight(params: Params) -> Column:
    weight: Column = F.lit(1.0)
    for size, value in sorted(params.cluster_weights.items()):
        weight = F.when(F.col("cluster_size") >= size, F.lit(float(value))).otherwise(weight)
    return weight


def _what_if(decided: DataFrame, pairs: DataFrame, types: list[str], params: Params) -> DataFrame:
    others = F.coalesce(*_before_rules(params), *_after_rules(params)).isNull()
    rule = F.when(others & (F.size(_listed(params)) == 1), F.get(_listed(params), 0))
    columns = {
        "alone": F.col("kind") == "none",
        "cost": F.struct(*_costs(params), "doc_id"),
        "rule": rule,
    }
    passes: dict[Knob, Column] = {AS_SET: F.col("filtered").isNull()}
    for knob, values in ((RANK, params.what_if_ranks), (SCORE, params.what_if_scores)):
        for value in values:
            floor = params.model_copy(update={knob: dict.fromkeys(types, value)})
            passes[knob, f"{value:g}"] = _filter_reason(floor).isNull()
    documents = decided.withColumns(columns)
    groups: dict[Knob, Column | DataFrame] = {}
    if params.duplicates == "drop":  # else near pairs say nothing
        groups |= other_similarities(pairs, params.what_if_similarities)
    for mode in ("exact_only", "keep"):
        if mode != params.duplicates:
            other = params.model_copy(update={"duplicates": mode})
            groups[DUPLICATES, mode] = _group(other)
            passes[DUPLICATES, mode] = _filter_reason(other).isNull()  # what repeats an earlier run stays then
    return what_if(documents, passes, groups)
