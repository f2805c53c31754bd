"""Water-filling against independent solvers, and its properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, brentq, minimize

from corpus_pipeline.kernels.mixing import Supply, allocate, by_tier, type_weights

types = st.sampled_from(["blog", "cafe", "news", "qna", "web"])
uppers = st.dictionaries(types, st.floats(0, 1e13), min_size=1)


@given(uppers, st.data(), st.floats(1, 1e13))
def test_never_over_budget_or_cap_and_equal_to_a_solver(
    upper: dict[str, float], data: st.DataObject, budget: float
) -> None:
    weights = {t: data.draw(st.floats(0.01, 100)) for t in upper}
    shares = allocate(weights, budget, upper)
    assert sum(shares.values()) <= budget * (1 + 1e-9)
    assert all(shares[t] <= upper[t] * (1 + 1e-9) for t in upper)
    most = sum(upper.values())

    def filled(level: float) -> float:
        return sum(min(weights[t] * level, upper[t]) for t in upper) - min(budget, most)

    if 0 < budget < most * 0.999:
        level = brentq(filled, 0, max(upper[t] / weights[t] for t in upper) + 1, rtol=1e-12)
        for t in upper:
            assert shares[t] == pytest.approx(min(weights[t] * level, upper[t]), rel=1e-4, abs=1e-2 + budget * 1e-6)


@settings(max_examples=50)
@given(st.data(), st.integers(2, 5))
def test_bounds_on_both_sides_equal_the_quadratic_program(data: st.DataObject, n: int) -> None:
    """level x weight within bounds minimises the sum of share^2 / weight: so says its dual, so does SLSQP."""
    names = [str(i) for i in range(n)]
    weight = np.array([data.draw(st.floats(0.1, 10)) for _ in names])
    most = np.array([data.draw(st.floats(1, 100)) for _ in names])
    least = most * np.array([data.draw(st.floats(0, 0.9)) for _ in names])
    budget = least.sum() + data.draw(st.floats(0.05, 0.95)) * (most.sum() - least.sum())
    found = allocate(
        dict(zip(names, weight, strict=True)),
        budget,
        dict(zip(names, most, strict=True)),
        dict(zip(names, least, strict=True)),
    )
    start = least + (most - least) * (budget - least.sum()) / (most.sum() - least.sum())
    solved = minimize(
        lambda x: float((x**2 / weight).sum()),
        start,
        jac=lambda x: 2 * x / weight,
        bounds=Bounds(least, most),
        constraints=[LinearConstraint(np.ones((1, n)), budget, budget)],
        method="SLSQP",
        options={"ftol": 1e-13, "maxiter": 500},
    )
    shares = np.array([found[name] for name in names])
    assert shares.sum() == pytest.approx(budget, rel=1e-9)
    assert (shares >= least - 1e-9).all()
    assert (shares <= most + 1e-9).all()
    assert float((shares**2 / weight).sum()) <= solved.fun * (1 + 1e-6) + 1e-9
    assert shares == pytest.approx(solved.x, rel=1e-2, abs=0.05)


@given(uppers, st.data(), st.floats(1, 1e13), st.floats(1, 3))
def test_a_larger_budget_takes_from_no_one(
    upper: dict[str, float], data: st.DataObject, budget: float, more: float
) -> None:
    weights = {t: data.draw(st.floats(0.01, 100)) for t in upper}
    few, many = allocate(weights, budget, upper), allocate(weights, budget * more, upper)
    assert all(few[t] <= many[t] * (1 + 1e-9) + 1e-6 for t in upper)


def test_a_weight_of_zero_gets_its_lower_bound() -> None:
    assert allocate({"a": 1.0, "b": 0.0}, 15, {"a": 40, "b": 40}) == {"a": 15.0, "b": 0.0}
    assert allocate({"a": 1.0, "b": 0.0}, 15, {"a": 40, "b": 40}, {"b": 5}) == {"a": 10.0, "b": 5.0}
    assert allocate({}, 15, {"a": 40}) == {"a": 0.0}
    assert allocate({}, 15, {}) == {}


def test_weights_by_strategy() -> None:
    supply = {"news": Supply(100, 0.5), "web": Supply(900, 0.25)}
    assert type_weights("proportional", supply, {}, 0.3) == {"news": 100, "web": 900}
    assert type_weights("temperature", supply, {}, 0.5) == pytest.approx({"news": 0.1**0.5, "web": 0.9**0.5})
    assert type_weights("unimax", supply, {"news": 7}, 0.3) == {"news": 1, "web": 1}
    assert type_weights("fixed", supply, {"news": 7, "web": 2}, 0.3) == {"news": 7, "web": 2}
    assert type_weights("auto", supply, {"web": 4}, 0.3) == {"news": 0.5, "web": 1.0}


def test_no_type_starves_for_its_style() -> None:
    """A score of a chat is next to 0; unless it is told to leave chats out, auto keeps a tenth for them."""
    supply = {"dialogue": Supply(500, 5e-7), "encyclopedia": Supply(1000, 0.9)}
    assert type_weights("auto", supply, {}, 0.3) == {"dialogue": 0.1, "encyclopedia": 0.9}
    assert type_weights("auto", supply, {"dialogue": 0}, 0.3) == {"dialogue": 0, "encyclopedia": 0.9}


def test_the_preset_is_the_composition_it_says() -> None:
    """Types of one kind share its tokens; what it does not know shares the others'."""
    tokens = {"blog": 10, "news": 10, "review": 30, "comment": 10, "law": 10, "web": 30, "qna": 0}
    weights = type_weights("hyperclova", {t: Supply(n, 1.0) for t, n in tokens.items()}, {}, 0.3)
    expected = {"blog": 273.6, "news": 73.8, "review": 41.1 * 0.75, "comment": 41.1 / 4, "qna": 0}
    assert weights == pytest.approx(expected | {"law": 51.5 / 4, "web": 51.5 * 0.75})
    all_kinds = {t: Supply(1, 1.0) for t in ("blog", "cafe", "comment", "encyclopedia", "dialogue", "news", "x", "qna")}
    assert sum(type_weights("hyperclova", all_kinds, {}, 0.3).values()) == pytest.approx(561.8)


@given(
    st.dictionaries(types, st.tuples(st.integers(1, 10**9), st.integers(1, 3), st.floats(0.5, 4)), min_size=1),
    st.floats(1, 1e10),
)
def test_the_best_tier_comes_first_and_caps_hold(given: dict[str, tuple[int, int, float]], budget: float) -> None:
    tokens = {t: float(one[0]) for t, one in given.items()}
    tiers = {t: one[1] for t, one in given.items()}
    upper = {t: one[0] * one[2] for t, one in given.items()}
    found = by_tier(tokens, tiers, budget, upper)
    assert sum(found.values()) == pytest.approx(min(budget, sum(upper.values())), rel=1e-9)
    assert all(found[t] <= upper[t] * (1 + 1e-9) for t in found)
    for t, n in found.items():
        if n > 1e-6 * budget:  # then no better source is short of its one time
            assert all(found[u] >= min(tokens[u], upper[u]) * (1 - 1e-6) for u in found if tiers[u] < tiers[t])
