"""Properties of the plan, whatever there is and whatever is asked. No Spark: it is made on the driver."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import Row

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.stages.budget import Budget, Plan, plan

TYPES = ["blog", "news", "qna", "web"]
rows = st.lists(
    st.builds(
        lambda t, s, weight, tokens, quality: Row(
            doc_type=t, source=f"{t}{s}", weight=weight, tokens=tokens, worth=round(tokens * quality * 10_000)
        ),
        st.sampled_from(TYPES),
        st.integers(0, 2),
        st.sampled_from([0.0, 1.0, 2.0, 5.0]),
        st.integers(0, 10**9),
        st.floats(0.05, 1),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda row: (row["source"], row["weight"]),
)
budgets = st.fixed_dictionaries(
    {
        "strategy": st.sampled_from(["auto", "proportional", "temperature", "unimax", "fixed", "hyperclova"]),
        "weights": st.fixed_dictionaries({t: st.floats(0.01, 10) for t in TYPES}),
        "bounds": st.dictionaries(st.sampled_from(TYPES), st.tuples(st.floats(0, 0.25), st.floats(0.25, 1))),
        "source_caps": st.dictionaries(st.sampled_from(["web0", "news1"]), st.floats(0.01, 1)),
        "source_tiers": st.dictionaries(st.sampled_from(["web0", "web1", "news1"]), st.integers(1, 3)),
        "epoch_cap": st.floats(0.5, 8),
        "budget_tokens": st.integers(1, 10**10),
        "when_short": st.sampled_from(["best", "sample"]),
    }
)


def tokens_of(made: Plan, at: int) -> dict[str, float]:
    """Planned tokens by document type (0) or source (1)."""
    found: dict[str, float] = {}
    for group, (n, tokens) in made.epochs.items():
        found[str(group[at])] = found.get(str(group[at]), 0.0) + n * tokens
    return found


@settings(max_examples=200)
@given(rows, budgets)
def test_budget_bounds_and_caps_are_respected(found: list[Row], asked: dict[str, Any]) -> None:
    budget = Budget(**asked)
    made = plan(found, budget)
    total = asked["budget_tokens"]
    slack = 1 + 10 * sum(row["tokens"] for row in found) * 1e-9  # of copies, which are rounded
    assert sum(tokens_of(made, 0).values()) <= total + slack
    for doc_type, tokens in tokens_of(made, 0).items():
        assert tokens <= budget.bounds.get(doc_type, (0, 1))[1] * total + slack
    for source, tokens in tokens_of(made, 1).items():
        assert tokens <= budget.source_caps.get(source, 1) * total + slack
    assert all(0 <= n <= budget.epoch_cap + 1e-9 for n, _ in made.epochs.values())


@settings(max_examples=100)
@given(rows, budgets, st.randoms())
def test_the_order_of_rows_changes_nothing(found: list[Row], asked: dict[str, Any], order: random.Random) -> None:
    shuffled = list(found)
    order.shuffle(shuffled)
    assert plan(found, Budget(**asked)) == plan(shuffled, Budget(**asked))


@settings(max_examples=200)
@given(rows, budgets, st.floats(1, 5))
def test_more_budget_takes_from_no_type(found: list[Row], asked: dict[str, Any], more: float) -> None:
    larger = {**asked, "budget_tokens": int(asked["budget_tokens"] * more)}
    few, many = (tokens_of(plan(found, Budget(**one)), 0) for one in (asked, larger))
    slack = 1 + 10 * sum(row["tokens"] for row in found) * 1e-9
    assert all(few[t] <= many[t] * (1 + 1e-6) + slack for t in few)


@settings(max_examples=100)
@given(rows, budgets)
def test_a_type_without_hindrance_gets_what_its_ratio_says(found: list[Row], asked: dict[str, Any]) -> None:
    made = plan(found, Budget(**asked))
    planned = tokens_of(made, 0)
    for doc_type, (wanted, held_by) in made.wanted.items():
        slack = 1 + 1e-5 * wanted + 10 * sum(row["tokens"] for row in found) * 1e-9
        if held_by is None:
            assert planned[doc_type] == pytest.approx(wanted, abs=slack)
        elif held_by in ("supply", "upper_bound"):
            assert planned[doc_type] < wanted + slack
        elif held_by == "lower_bound":
            assert planned[doc_type] > wanted - slack


def test_no_supply_is_an_empty_plan() -> None:
    nothing = [Row(doc_type="web", source="web0", weight=1.0, tokens=0, worth=0)]
    assert plan([], Budget()) == plan(nothing, Budget(budget_tokens=5)) == Plan({}, {})


def test_documents_without_quality_are_taken_and_types_without_weight_are_not() -> None:
    worthless = [Row(doc_type="web", source="web0", weight=1.0, tokens=10, worth=0)]
    assert plan(worthless, Budget(budget_tokens=5)).epochs == {("web", "web0", 1.0): (0.5, 10)}
    with pytest.raises(ConfigError, match="another strategy"):
        plan(worthless, Budget(budget_tokens=5, weights={"web": 0}))


def test_a_large_type_gets_no_token_too_many() -> None:
    """A share rounded to nine places would be 160 tokens over."""
    large = [Row(doc_type="web", source="web0", weight=1.0, tokens=560 * 10**9, worth=0)]
    ((copies, tokens),) = plan(large, Budget(budget_tokens=300 * 10**9, strategy="unimax")).epochs.values()
    assert copies * tokens <= 300 * 10**9 + 1
