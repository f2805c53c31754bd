"""Water-filling against an independent solver, and its properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from corpus_pipeline.kernels.mixing import allocate

types = st.sampled_from(["blog", "cafe", "news", "qna", "web"])
supplies = st.dictionaries(types, st.integers(0, 10**12), min_size=1)


@given(supplies, st.data(), st.floats(1, 1e13), st.floats(0.1, 10))
def test_never_over_budget_or_cap_and_equal_to_a_solver(
    supply: dict[str, int], data: st.DataObject, budget: float, cap: float
) -> None:
    weights = {t: data.draw(st.floats(0.01, 100)) for t in supply}
    shares = allocate(supply, weights, budget, cap)
    assert sum(shares.values()) <= budget * (1 + 1e-9)
    assert all(shares[t] <= supply[t] * cap * (1 + 1e-9) for t in supply)
    most = sum(n * cap for n in supply.values())

    def filled(level: float) -> float:
        return sum(min(weights[t] * level, supply[t] * cap) for t in supply) - min(budget, most)

    if 0 < budget < most * 0.999:
        level = brentq(filled, 0, max(supply[t] * cap / weights[t] for t in supply) + 1, rtol=1e-12)
        for t in supply:
            assert shares[t] == pytest.approx(
                min(weights[t] * level, supply[t] * cap), rel=1e-4, abs=1e-2 + budget * 1e-6
            )


def test_a_weight_of_zero_gets_nothing() -> None:
    assert allocate({"a": 10, "b": 10}, {"a": 1.0, "b": 0.0}, 15, 4) == {"a": 15.0, "b": 0.0}
