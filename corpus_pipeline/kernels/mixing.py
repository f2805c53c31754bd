"""How many tokens each document type gets, and each source of it.

A type wants a share of the budget in proportion to its weight. Where that is more than it may have (its supply times
the epoch cap, or an upper bound), it gets that much, and what it leaves goes to the others, again by weight; where it
is less than a lower bound, the others give. So every type gets `level x weight` within its bounds, for one level.

The weights, by strategy (n: tokens of the type that passed the filters; N: of all types):

proportional  n: the natural shares
temperature   (n / N) ^ alpha; mT5 took 0.3 (Xue et al. 2021)
unimax        1: equal shares up to the epoch cap (UniMax, Chung et al. 2023: its water-filling is this one)
fixed         as given
auto          preference x mean quality of the type's tokens, at least FLOOR: UniMax, weighted by what is worth more.
              The score knows styles and not only quality (a chat has next to none), so no type starves for its own
hyperclova    the first HyperCLOVA corpus (resources/hyperclova_mix.tsv); types of one kind share it by their n
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np

from corpus_pipeline.resources import read_tsv

Strategy = Literal["auto", "proportional", "temperature", "unimax", "fixed", "hyperclova"]
FLOOR = 0.1  # ours: for quality alone no type gets under a tenth of the best one's weight
_HYPERCLOVA = {doc_type: (kind, float(billions)) for kind, billions, doc_type in read_tsv("hyperclova_mix.tsv")}


class Supply(NamedTuple):
    """What there is of a type: tokens, and their mean quality (0 to 1)."""

    tokens: float
    quality: float


def type_weights(
    strategy: Strategy, supply: Mapping[str, Supply], given: Mapping[str, float], alpha: float
) -> dict[str, float]:
    """Weight of each type in `supply`; `given` weights or preferences, 1 for a type that has none.

    >>> type_weights("auto", {"뉴스": Supply(10, 0.5), "블로그": Supply(990, 0.25)}, {"블로그": 4}, 0.3)
    {'뉴스': 0.5, '블로그': 1.0}
    """
    total = sum(one.tokens for one in supply.values()) or 1.0
    kinds = {name: _HYPERCLOVA.get(name, _HYPERCLOVA["*"]) for name in supply}
    found: dict[str, float] = {}
    for name, one in sorted(supply.items()):
        if strategy == "proportional":
            found[name] = one.tokens
        elif strategy == "temperature":
            found[name] = (one.tokens / total) ** alpha if one.tokens else 0.0
        elif strategy == "auto":
            found[name] = given.get(name, 1.0) * max(one.quality, FLOOR)
        elif strategy == "hyperclova":
            of_kind = sum(other.tokens for key, other in supply.items() if kinds[key] == kinds[name])
            found[name] = kinds[name][1] * one.tokens / of_kind if one.tokens else 0.0
        else:
            found[name] = given.get(name, 1.0) if strategy == "fixed" else 1.0
    return found


def allocate(
    weights: Mapping[str, float], budget: float, upper: Mapping[str, float], lower: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Tokens for each name in `upper`: in all never over `budget`, none over its `upper`, none under its `lower`.

    weights  name -> relative weight (>= 0); 0 or none gets its `lower` alone
    lower    name -> tokens, in all at most `budget`; above `upper` counts as `upper`
    Cost: names squared.

    >>> allocate({"news": 1, "blog": 1}, 800, {"news": 200, "blog": 2000})
    {'blog': 600.0, 'news': 200.0}
    >>> allocate({"news": 1, "blog": 3}, 800, {"news": 900, "blog": 900}, {"news": 300})
    {'blog': 500.0, 'news': 300.0}
    """
    names = sorted(upper)
    weight = np.array([weights.get(name, 0.0) for name in names], float)
    most = np.array([upper[name] for name in names], float)
    least = np.minimum([(lower or {}).get(name, 0.0) for name in names], most)
    some = weight > 0
    levels = np.unique(np.concatenate([least[some] / weight[some], most[some] / weight[some]]))
    shares = [np.clip(level * weight, least, most) for level in levels]  # between two levels each share is linear
    filled = np.array([share.sum() for share in shares])
    at = int(np.searchsorted(filled, budget))
    if not len(levels) or at == 0:
        found = least
    elif at == len(levels):
        found = shares[-1]
    else:
        part = (budget - filled[at - 1]) / (filled[at] - filled[at - 1])
        found = shares[at - 1] + part * (shares[at] - shares[at - 1])
    return dict(zip(names, found.tolist(), strict=True))


def by_tier(
    tokens: Mapping[str, float], tiers: Mapping[str, int], budget: float, upper: Mapping[str, float]
) -> dict[str, float]:
    """`budget` among the sources of a type: once each, the best tier first; what is left in proportion to `tokens`.

    tokens  source -> what there is;  upper  source -> what it may have at most, repeats and all

    >>> by_tier({"a": 100, "b": 100, "c": 100}, {"a": 1, "b": 2, "c": 2}, 150, {"a": 400, "b": 400, "c": 400})
    {'a': 100.0, 'b': 25.0, 'c': 25.0}
    """
    found = dict.fromkeys(sorted(tokens), 0.0)
    for tier in sorted({tiers[source] for source in tokens}):
        once = {source: min(n, upper[source]) for source, n in tokens.items() if tiers[source] == tier}
        found |= allocate(tokens, budget - sum(found.values()), once)
    room = {source: upper[source] - found[source] for source in tokens}
    again = allocate(tokens, budget - sum(found.values()), room)
    return {source: found[source] + again[source] for source in found}
