"""The mix for the page: mixture_plan by document type and source beside what stands in the shards, and mixture_what_if
beside the settings as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from corpus_pipeline.run.small_files import Row

View = dict[str, Any]
KNOBS = {
    "min_quality_rank": "Least rank within its document type, for every type",
    "min_quality_score": "Least quality score, for every document type",
    "dedup_threshold": "Similarity from which documents are duplicates",
    "duplicates": "Duplicates that go",
    "without_rule": "Without one rule (upper bound)",
}
_ADDED = (
    "supply_documents", "supply_tokens", "supply_bytes", "planned_tokens", "documents", "copies", "tokens", "text_bytes"
)  # fmt: skip
_HELD_BY = {
    "supply": "all there is",
    "upper_bound": "its highest share",
    "lower_bound": "its lowest share",
    "others": "what others leave or take",
    None: "",
}


def plan(rows: Sequence[Row]) -> list[View]:
    """A row per document type, the largest first, with its sources: sums of _ADDED, wanted, epochs, held_by."""
    types: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: (-row["tokens"], row["source"])):
        types.setdefault(row["doc_type"], []).append(row)
    views = [
        {"name": name, "wanted": of[0]["type_wanted_tokens"], "held_by": _HELD_BY.get(of[0]["type_held_by"], "")}
        | _sums(of)
        | {"sources": [{"name": row["source"]} | _sums([row]) for row in of]}
        for name, of in types.items()
    ]
    return sorted(views, key=lambda view: (-view["tokens"], view["name"]))


def what_if(rows: Sequence[Row]) -> View:
    """as_set: documents, tokens and bytes with the settings as they are; knobs: (title, rows) with these by value."""
    sums: dict[tuple[str, str], Counter[str]] = {}
    for row in rows:
        into = sums.setdefault((row["knob"], row["value"]), Counter())
        for name in ("documents", "tokens", "text_bytes"):
            into[name] += row[name]
    knobs = [
        (title, [{"value": value} | dict(sums[knob, value]) for of, value in sorted(sums) if of == knob])
        for knob, title in KNOBS.items()
    ]
    nothing = Counter({"documents": 0, "tokens": 0, "text_bytes": 0})
    return {"as_set": dict(sums.get(("as_set", ""), nothing)), "knobs": [pair for pair in knobs if pair[1]]}


def in_shards(plan: Sequence[View], tokens: Mapping[str, float]) -> list[View]:
    """name, planned and real share of all tokens, and real tokens by document type, in the order of `plan`.

    tokens: in the shards, by source; a type whose sources have no figure is left out. A source may give several types
    documents; then its tokens are shared out as they were drawn, and the figure is an estimate (`exact`: False).
    """
    drawn: Counter[str] = Counter()
    for one in plan:
        drawn.update({source["name"]: source["tokens"] for source in one["sources"]})
    rows = []
    for one in plan:
        parts = [(source["name"], source["tokens"]) for source in one["sources"] if source["name"] in tokens]
        real = sum(tokens[name] * own / drawn[name] for name, own in parts if drawn[name])
        exact = all(own == drawn[name] for name, own in parts)
        rows.append({"name": one["name"], "planned": one["planned_tokens"], "real": real, "exact": exact})
    planned, written = sum(row["planned"] for row in rows), sum(row["real"] for row in rows)
    return [
        row | {"planned_share": row["planned"] / planned, "real_share": row["real"] / written}
        for row in rows
        if planned and written
    ]


def _sums(rows: Sequence[Row]) -> View:
    sums: View = {name: sum(row[name] for row in rows) for name in _ADDED}
    return sums | {"epochs": sums["tokens"] / sums["supply_tokens"] if sums["supply_tokens"] else None}
