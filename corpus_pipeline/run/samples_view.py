"""The sampled dropped documents for the page: a few of each reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corpus_pipeline.run.small_files import Row

EACH = 5  # of a reason on the page; the table has more
_EXCERPT = 500  # characters: `drop_samples.characters` may ask for more than a page can show

View = dict[str, Any]


def dropped(rows: Sequence[Row]) -> list[View]:
    """reason, documents in the table, and the first EACH of them: source, doc_id, title, excerpt, cut, figures."""
    by_reason: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: (row["drop_reason"], row["position"])):
        by_reason.setdefault(row["drop_reason"], []).append(row)
    return [
        {"reason": reason, "documents": len(of), "shown": [_one(row) for row in of[:EACH]]}
        for reason, of in by_reason.items()
    ]


def _one(row: Row) -> View:
    excerpt = row["excerpt"] or ""
    return {
        "source": row["source"],
        "doc_id": row["doc_id"],
        "title": row["title"] or "",
        "excerpt": excerpt[:_EXCERPT],
        "cut": len(excerpt.encode("utf-8", "replace")) < row["text_bytes"] or len(excerpt) > _EXCERPT,
        "figures": [(one["name"], one["value"]) for one in row["features"] or ()],
        "kept_id": row["kept_id"] or "",
    }
