"""The table at the end of compare_tokenizers, from tokenizer_comparison alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby

from pyspark.sql import DataFrame

from corpus_pipeline.run.text_table import lay_out
from corpus_pipeline.schemas import ALL

# heading, metric, format
_COLUMNS = (
    ("vocabulary", "vocab_size_actual", ",.0f"),
    ("tokens/eojeol", "tokens_per_eojeol", ".3f"),
    ("bytes/token", "bytes_per_token", ".3f"),
    ("unknown", "unknown_share", ".4%"),
    ("crossing", "crossing_share", ".2%"),
    ("exact", "exact_share", ".2%"),
    ("Renyi", "renyi_efficiency", ".4f"),
    ("used", "vocabulary_used_share", ".1%"),
)

Figures = Mapping[tuple[str, int, str, str], float]  # (variant, vocab_size, slice, metric) -> value


def comparison_table(published: DataFrame) -> str:
    """Plain text: every tokenizer on all held-out text; then tokens per eojeol by source, in the largest size."""
    rows = published.collect()  # tokenizers x sources x metrics
    figures = {(row["variant"], row["vocab_size"], row["slice"], row["metric"]): row["value"] for row in rows}
    made = sorted({key[:2] for key in figures})
    parts = sorted({key[2] for key in figures})
    sums = [f"{figures[*made[0], ALL, name]:,.0f} {name}" for name in ("bytes", "eojeol", "documents")]
    head = f"Held-out text: {', '.join(sums)}, copies counted"
    return "\n\n".join([head, _whole(figures, made), _by_source(figures, made, parts)])


def _whole(figures: Figures, made: Iterable[tuple[str, int]]) -> str:
    blocks = []
    for variant, sizes in groupby(made, key=lambda one: one[0]):
        cells = [[_cell(figures, (*one, ALL, metric), how) for _, metric, how in _COLUMNS] for one in sizes]
        blocks.append([[variant, *row] for row in cells])
    asked = iter(f"{size:,}" for _, size in made)
    lines = [[[name, next(asked), *cells] for name, *cells in block] for block in blocks]
    return lay_out(["variant", "asked", *[heading for heading, _, _ in _COLUMNS]], *lines)


def _by_source(figures: Figures, made: Iterable[tuple[str, int]], parts: Iterable[str]) -> str:
    largest = max(size for _, size in made)
    variants = [variant for variant, size in made if size == largest]
    block = [
        [part, *[_cell(figures, (variant, largest, part, "tokens_per_eojeol"), ".3f") for variant in variants]]
        for part in parts
    ]
    return lay_out([f"tokens/eojeol, size {largest:,}", *variants], block)


def _cell(figures: Figures, key: tuple[str, int, str, str], how: str) -> str:
    return format(figures[key], how) if key in figures else "-"
