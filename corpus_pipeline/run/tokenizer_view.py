"""The run's tokenizer and those of tokenizer_comparison, for the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corpus_pipeline.run import small_files
from corpus_pipeline.run.small_files import Row
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.schemas import ALL

View = dict[str, Any]
_START = "source="


def card(storage: Storage, output: str) -> dict[str, Any]:
    """The facts that train_tokenizer wrote beside the tokenizer; empty where they cannot be read."""
    return small_files.facts(storage, f"{output}/tokenizer/card.json")


def variants(rows: Sequence[Row]) -> View:
    """rows: (variant, size asked, metric -> value on all held-out text), in order of variant and size.

    sources: (source, tokens per eojeol of each variant in its largest size); names: of these variants.
    """
    figures: dict[tuple[str, int, str], dict[str, float]] = {}
    for row in rows:
        figures.setdefault((row["variant"], row["vocab_size"], row["slice"]), {})[row["metric"]] = row["value"]
    made = sorted({key[:2] for key in figures})
    largest: dict[str, int] = dict(made)  # sizes ascend
    sources = sorted({part for _, _, part in figures if part.startswith(_START)})
    return {
        "rows": [(variant, size, figures.get((variant, size, ALL), {})) for variant, size in made],
        "names": list(largest),
        "sources": [
            (
                part.removeprefix(_START),
                [figures.get((name, size, part), {}).get("tokens_per_eojeol") for name, size in largest.items()],
            )
            for part in sources
        ],
    }
