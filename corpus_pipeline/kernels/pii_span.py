"""What the personal-data kernels hand to each other: a span, its kinds, and how overlaps are settled."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from typing import NamedTuple

__all__ = ["KINDS", "PERSONAL", "PUBLIC", "Span", "settle"]

# Longest and checksum-bearing kinds first: the order settles a tie between spans of one length.
KINDS: tuple[str, ...] = (
    "card", "rrn", "foreigner", "licence", "passport", "business", "phone", "representative", "account",
    "plate", "ip", "address", "email", "login",
)  # fmt: skip
PUBLIC = frozenset(("business", "representative"))  # numbers of organisations, printed to be found
PERSONAL: tuple[str, ...] = tuple(kind for kind in KINDS if kind not in PUBLIC)
_RANK = {kind: rank for rank, kind in enumerate(KINDS)}


class Span(NamedTuple):
    """Characters `start` to `end` (exclusive) hold a value of `kind`; `confidence` is "high" or "low"."""

    start: int
    end: int
    kind: str
    confidence: str


def settle(candidates: Iterable[Span]) -> list[Span]:
    """Non-overlapping spans in text order: a longer span beats a shorter one, then `KINDS` decides, then position.

    So a whole account beats the phone number seen inside it, and an address beats the number in its local part.

    >>> settle([Span(4, 15, "phone", "low"), Span(0, 15, "account", "high")])
    [Span(start=0, end=15, kind='account', confidence='high')]
    """
    return [span for group in _touching(candidates) for span in (group if len(group) == 1 else _best(group))]


def _touching(candidates: Iterable[Span]) -> Iterator[list[Span]]:
    """The spans in text order, those that overlap in one list: most stand alone and need no settling."""
    group: list[Span] = []
    end = -1
    for span in sorted(candidates):
        if group and span.start >= end:
            yield group
            group = []
        group.append(span)
        end = max(end, span.end) if len(group) > 1 else span.end
    if group:
        yield group


def _best(group: list[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in sorted(group, key=lambda s: (s.start - s.end, _RANK[s.kind], s.start, s.confidence)):
        at = bisect_left(kept, span)
        if at and kept[at - 1].end > span.start:
            continue
        if at < len(kept) and kept[at].start < span.end:
            continue
        insort(kept, span)
    return kept
