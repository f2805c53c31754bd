"""shard_index for the page: the first shards one by one, and how even all of them are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corpus_pipeline.run.small_files import Row

SHOWN = 20
_FIGURES = ("documents", "sequences", "tokens", "bytes")

View = dict[str, Any]


def shards(rows: Sequence[Row]) -> View:
    """rows: the first SHOWN by name, (shard, *_FIGURES); all: how many; spread: (figure, least, mean, most)."""
    ordered = sorted(rows, key=lambda row: row["shard"])
    columns = {name: [row[name] for row in ordered] for name in _FIGURES}
    return {
        "rows": [(row["shard"], *(row[name] for name in _FIGURES)) for row in ordered[:SHOWN]],
        "all": len(ordered),
        "spread": [(name, min(of), sum(of) / len(of), max(of)) for name, of in columns.items() if of],
    }
