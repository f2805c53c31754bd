"""How a token budget is shared among document types and their sources. Used by mix.

The plan is made on the driver from one row for each document type, source and cluster weight (kernels/mixing.py):
a number of copies per document. What it asked, what it found and what came of it is the table mixture_plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, field_validator
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.kernels.mixing import Strategy, Supply, allocate, by_tier, type_weights
from corpus_pipeline.stages.arrow import struct_of
from corpus_pipeline.stages.params import Params
from corpus_pipeline.stages.quotas import KEYS, Group

Share = Annotated[float, Field(ge=0, le=1)]
_QUALITY_STEPS = 10_000  # whole numbers add up to the same in any order
_EVEN = 1e-6  # of a type's tokens: shares that differ by less were not held back
_PLACES = 12  # of copies: 0.9999999999999 are one, and of 1e12 tokens it moves less than one


class Budget(Params):
    """The settings of mix that share the budget out.

    budget_tokens: null = as many tokens as pass the filters; auto then leaves the types as they are.
    strategy: how the budget is shared among document types (kernels/mixing.py); temperature: its alpha.
    weights: document type -> weight (fixed, each type) or preference (auto; 1 where none is given).
    bounds: document type -> lowest and highest share of the budget. source_caps: source -> highest share of it.
    when_short: of a type with more tokens than its share take the `best` (the best tier of sources, then by quality),
    or a random `sample` in equal parts of all. source_tiers: source -> 1 (best) ...; unlisted last.
    epoch_cap: copies of a document, on average of its source, at most.
    """

    budget_tokens: int | None = Field(default=None, gt=0, le=10**15)
    strategy: Strategy = "auto"
    temperature: float = Field(default=0.3, gt=0, le=1)
    weights: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(default_factory=dict)
    bounds: dict[str, tuple[Share, Share]] = Field(default_factory=dict)
    source_caps: dict[str, Annotated[float, Field(gt=0, le=1)]] = Field(default_factory=dict)
    when_short: Literal["best", "sample"] = "best"
    epoch_cap: float = Field(default=4.0, gt=0, le=1e6)  # up to 4 epochs are about as good as fresh data (FACTS 6)
    source_tiers: dict[str, Annotated[int, Field(gt=-(1 << 31), lt=1 << 31)]] = Field(default_factory=dict)

    @field_validator("bounds")
    @classmethod
    def _possible(cls, bounds: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
        wrong = sorted(t for t, (low, high) in bounds.items() if low > high)
        if wrong:
            raise ValueError(f"the lowest share first, then the highest: {', '.join(wrong)}")
        if sum(low for low, _ in bounds.values()) > 1:
            raise ValueError("the lowest shares come to more than the whole budget")
        return bounds


class Wanted(NamedTuple):
    """Of a document type: tokens that the ratio alone would give it, and what kept it from them (null: nothing).

    held_by  supply (all there is, at epoch_cap, or what source_caps leave of it), upper_bound, lower_bound, or others
             (they could not take their share, so this type got more)
    """

    tokens: float
    held_by: str | None


@dataclass(frozen=True)
class Plan:
    """epochs: group -> copies per document, on average, and tokens of one copy; wanted: by document type."""

    epochs: Mapping[Group, tuple[float, int]]
    wanted: Mapping[str, Wanted]


def supply(documents: DataFrame) -> DataFrame:
    """What there is of each group: KEYS, read (documents), and of what passed the filters (`wanted`): documents,
    tokens, text_bytes, worth (tokens x quality, in whole numbers) and longest (tokens of a document)."""
    quality = F.rint(F.nanvl(F.coalesce("quality_score", F.lit(0.0)), F.lit(0.0)) * _QUALITY_STEPS).cast("long")
    tokens = F.when(F.col("wanted"), F.col("token_estimate")).otherwise(0)
    return documents.groupBy(*KEYS).agg(
        F.count("*").alias("read"),
        F.count_if("wanted").alias("documents"),
        F.sum(tokens).alias("tokens"),
        F.sum(F.when(F.col("wanted"), F.col("text_bytes")).otherwise(0)).alias("text_bytes"),
        F.sum(tokens * quality).alias("worth"),
        F.max(tokens).alias("longest"),
    )


def known(found: Iterable[Row], by_type: Mapping[str, Iterable[str]], by_source: Mapping[str, Iterable[str]]) -> None:
    """Raises ConfigError for a setting (name -> what it names) with a document type or source that is not there."""
    rows = list(found)
    for column, settings in (("doc_type", by_type), ("source", by_source)):
        there = sorted({row[column] for row in rows})
        for setting, names in settings.items():
            for name in sorted(set(names) - set(there)) if there else ():
                near = get_close_matches(name, there, 1)
                todo = f"Did you mean {near[0]!r}?" if near else "Take the name out, or add such a source."
                raise ConfigError(f"mix.{setting}", f"names among {', '.join(there)}", repr(name), todo)


def plan(found: Iterable[Row], budget: Budget) -> Plan:
    """The plan for what `supply` found. Raises ConfigError for weights that leave nothing to share out."""
    in_order = sorted(found, key=lambda row: (row["doc_type"], row["source"], row["weight"]))  # of floats that add up
    rows = [row for row in in_order if row["tokens"]]
    types: dict[str, dict[str, dict[float, int]]] = {}
    for row in rows:
        types.setdefault(row["doc_type"], {}).setdefault(row["source"], {})[row["weight"]] = int(row["tokens"])
    natural = {t: sum(map(partial(_natural, budget=budget), by.values())) for t, by in types.items()}
    if not any(natural.values()):
        return Plan({}, {})
    total = float(budget.budget_tokens or sum(natural.values()))
    given = _given({t: Supply(natural[t], _mean_quality(rows, t)) for t in types}, budget)
    most = {t: {source: _most(by, total, source, budget) for source, by in each.items()} for t, each in types.items()}
    upper = {t: min(sum(most[t].values()), budget.bounds.get(t, (0, 1))[1] * total) for t in types}
    lower = {t: budget.bounds.get(t, (0, 1))[0] * total for t in types}
    shares = allocate(given, total, upper, lower)
    epochs: dict[Group, tuple[float, int]] = {}
    for t, each in types.items():
        once = {source: _natural(by, budget) for source, by in each.items()}
        tiers = {source: tier(source, budget) if budget.when_short == "best" else 1 for source in each}
        for source, tokens in by_tier(once, tiers, shares[t], most[t]).items():
            copies = _within(each[source], tokens, budget.epoch_cap)
            epochs |= {(t, source, weight): (n, each[source][weight]) for weight, n in copies.items()}
    ratio = {t: total * given[t] / sum(given.values()) for t in types}
    limits = {t: {"supply": sum(most[t].values()), "upper_bound": upper[t]} for t in types}
    return Plan(epochs, {t: Wanted(ratio[t], _held_by(shares[t], ratio[t], limits[t], lower[t])) for t in types})


def tier(source: str, budget: Budget) -> int:
    """1 is best; what is not listed comes last."""
    return budget.source_tiers.get(source, max(budget.source_tiers.values(), default=0) + 1)


def planned(mixture: DataFrame, found: Iterable[Row], made: Plan) -> DataFrame:
    """mixture_plan: one row per document type and source, in the columns of schemas/mixture_plan.json."""
    asked: dict[tuple[str, str], float] = {}
    for (doc_type, source, _), (n, tokens) in sorted(made.epochs.items()):
        asked[doc_type, source] = asked.get((doc_type, source), 0.0) + n * tokens
    sums: dict[tuple[str, str], list[int]] = {}
    for row in found:
        into = sums.setdefault((row["doc_type"], row["source"]), [0] * 5)
        for at, name in enumerate(("read", "documents", "tokens", "text_bytes")):
            into[at] += int(row[name])
        into[4] = max(into[4], int(row["longest"]))
    rows = [
        (*pair, *sums[pair], *made.wanted.get(pair[0], Wanted(0.0, None)), asked.get(pair, 0.0))
        for pair in sorted(sums)
    ]
    schema = (
        "doc_type string, source string, read_documents long, supply_documents long, supply_tokens long, "
        "supply_bytes long, longest_tokens long, type_wanted_tokens double, type_held_by string, planned_tokens double"
    )
    real = mixture.groupBy("doc_type", "source").agg(
        F.count_if(F.col("copies") > 0).alias("documents"),
        F.sum("copies").alias("copies"),
        F.sum(F.col("copies") * F.col("token_estimate")).alias("tokens"),
        F.sum(F.col("copies") * F.col("text_bytes")).alias("text_bytes"),
    )
    asked_for = mixture.sparkSession.createDataFrame(rows, schema).coalesce(1)
    # a row a pair on both sides
    joined = asked_for.join(F.broadcast(real), ["doc_type", "source"], how="inner")
    epochs = F.when(F.col("supply_tokens") > 0, F.col("tokens") / F.col("supply_tokens"))
    return joined.withColumn("epochs", epochs).select(*struct_of("mixture_plan").fieldNames())


def _given(worth: dict[str, Supply], budget: Budget) -> dict[str, float]:
    """The weight of each type. Raises ConfigError when the settings leave nothing to share out."""
    strategy = budget.strategy
    if strategy == "auto" and not (budget.budget_tokens or budget.weights):
        strategy = "proportional"  # nothing is short, so everything stays as it is
    weights = type_weights(strategy, worth, budget.weights, budget.temperature)
    missing = sorted(set(worth) - set(budget.weights)) if strategy == "fixed" else []
    if missing or not any(weights.values()):
        raise ConfigError(
            "mix.weights",
            f"a weight for each of {', '.join(sorted(worth))}, not all 0",
            f"missing: {missing}" if missing else "all are 0",
            "Name every document type (0 leaves one out), or take another strategy.",
        )
    return weights


def _held_by(tokens: float, ratio: float, limits: Mapping[str, float], lower: float) -> str | None:
    even = _EVEN * max(tokens, ratio, 1.0)
    if tokens < ratio - even:
        return next((name for name, limit in limits.items() if tokens >= limit - even), "others")
    if tokens <= ratio + even:
        return None
    return "lower_bound" if tokens <= lower + even else "others"


def _natural(by_weight: dict[float, int], budget: Budget) -> float:
    """Tokens of a source without a budget."""
    return sum(min(weight, budget.epoch_cap) * n for weight, n in by_weight.items())


def _most(by_weight: dict[float, int], total: float, source: str, budget: Budget) -> float:
    """Tokens a source may have."""
    there = sum(n for weight, n in by_weight.items() if weight > 0) * budget.epoch_cap
    return min(there, budget.source_caps.get(source, 1.0) * total)


def _mean_quality(rows: list[Row], doc_type: str) -> float:
    of = [row for row in rows if row["doc_type"] == doc_type]
    return sum(int(row["worth"]) for row in of) / (_QUALITY_STEPS * sum(int(row["tokens"]) for row in of))


def _within(by_weight: dict[float, int], tokens: float, cap: float) -> dict[float, float]:
    """Cluster weight -> copies per document, in proportion to the weight where the cap allows, `tokens` in all."""
    names = {str(weight): weight for weight, n in by_weight.items() if n}
    by_name = {name: by_weight[weight] for name, weight in names.items()}
    upper = {name: by_name[name] * cap if weight > 0 else 0.0 for name, weight in names.items()}
    shares = allocate({name: weight * by_name[name] for name, weight in names.items()}, tokens, upper)
    return {weight: round(shares[name] / by_name[name], _PLACES) for name, weight in names.items()}
