"""How many tokens each document type gets: weights, a budget and an epoch cap, by water-filling.

Every type wants its share of the budget in proportion to its weight; a type whose supply times the epoch cap
is less takes that much, and what it leaves is shared by the others, again by weight, until nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping


def allocate(
    supply: Mapping[str, int], weights: Mapping[str, float], budget: float, epoch_cap: float
) -> dict[str, float]:
    """Tokens per type: never over `supply * epoch_cap`, in all never over `budget`.

    supply   type -> tokens there are (>= 0)
    weights  type -> relative weight (>= 0); types without one get 0
    Cost: types squared at worst.

    >>> allocate({"news": 100, "blog": 1000}, {"news": 1, "blog": 1}, budget=800, epoch_cap=2)
    {'blog': 600.0, 'news': 200.0}
    """
    caps = {t: float(supply[t] * epoch_cap) for t in sorted(supply) if supply[t] > 0 and weights.get(t, 0) > 0}
    shares = dict.fromkeys(sorted(supply), 0.0)
    left = float(budget)
    while caps and left > 0:
        total = sum(weights[t] for t in caps)
        full = [t for t in caps if caps[t] <= left * weights[t] / total]
        if not full:
            shares.update({t: left * weights[t] / total for t in caps})
            break
        for t in full:
            shares[t] = caps.pop(t)
            left -= shares[t]
    return shares
