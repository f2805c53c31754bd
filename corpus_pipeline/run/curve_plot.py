"""The tokenizer's curve for the page: tokenizer_curve as rows of a table and as lines of two plots.

The table is small (a few hundred rows), so the driver reads it whole. Lines are given in the units of an SVG view box.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from corpus_pipeline.run import small_files
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.schemas import ALL

WIDTH, HEIGHT = 620, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 10, 10, 30  # margins that hold the labels
_OVERLAPS = (
    ("weighted by frequency", "weighted_overlap"),
    ("share of tokens", "overlap"),
    ("Jaccard", "jaccard"),
    ("seed to seed, weighted", "floor_weighted_overlap"),
)
_COLUMNS = ("fraction", "seed", "slice", "metric", "value")
_BYTES = ("bytes_asked", "bytes", "documents")
_VERDICTS = ("vocabulary", "overlap", "fertility", "source_fertility")

Figures = Mapping[tuple[float, str, str], float]  # (fraction, slice, metric) -> value, of the sample's seed
View = dict[str, Any]


class Line(NamedTuple):
    """name: for the legend; kind: class of the style; points: of an SVG polyline, from the smallest fraction on."""

    name: str
    kind: str
    points: list[tuple[float, float]]


def read(storage: Storage, folder: str) -> Figures:
    """The table at `folder`; empty where it cannot be read. A floor (floor_...) stands with the fraction it is of."""
    rows = small_files.rows(storage, folder, "tokenizer_curve", _COLUMNS) or []
    seeds = [row["seed"] for row in rows if row["metric"] == "chosen"]
    own = [row for row in rows if row["seed"] in seeds[:1] or row["metric"].startswith("floor_")]
    return {(row["fraction"], row["slice"], row["metric"]): row["value"] for row in own if seeds}


def view(figures: Figures) -> View:
    """What the page shows: the sample by document type, and with fraction: auto the figures by fraction."""
    if not figures:
        return {}
    chosen = next(fraction for fraction, _, metric in figures if metric == "chosen")
    start = "doc_type="
    types = sorted({part.removeprefix(start) for _, part, _ in figures if part.startswith(start)})
    fractions = sorted({fraction for fraction, _, metric in figures if metric == "weighted_overlap"}, reverse=True)
    shown: View = {
        "chosen": f"{100 * chosen:g} %",
        "rule_met": figures.get((chosen, ALL, "rule_met")),
        "sampled": [(t, [figures.get((chosen, start + t, m)) for m in _BYTES]) for t in types],
        "total": [figures.get((chosen, ALL, m)) for m in _BYTES],
        "rows": [_row(figures, fraction, fractions[0]) for fraction in fractions],
    }
    if fractions:
        largest = fractions[0]
        shown["needed"] = figures.get((largest, ALL, "overlap_needed"))
        shown["heaps"] = figures.get((largest, ALL, "heaps_exponent"))
        shown["plots"] = [
            _plot("Overlap with the vocabulary of the largest sample", figures, chosen, _OVERLAPS),
            _plot("Tokens per eojeol of the whole mixture", figures, chosen, (("fertility", "fertility"),)),
        ]
    return shown


def _row(figures: Figures, fraction: float, largest: float) -> View:
    def one(metric: str, part: str = ALL, of: float = fraction) -> float | None:
        return figures.get((of, part, metric))

    off = {
        part.removeprefix("source="): abs(value / figures[largest, part, metric] - 1)
        for (of, part, metric), value in figures.items()
        if of == fraction != largest and metric == "fertility" and part != ALL and (largest, part, metric) in figures
    }
    source, most = max(sorted(off.items()), key=lambda pair: pair[1], default=("", None))
    failed = [name.replace("_", " ") for name in _VERDICTS if one(f"meets_{name}") == 0]
    names = ("distinct_pieces", "vocab_size", "overlap", "jaccard", "weighted_overlap", "floor_weighted_overlap")
    return {
        "fraction": f"{100 * fraction:g} %",
        **{name: one(name) for name in (*names, "fertility", "zipf_slope")},
        "source_off": most,
        "source": source,
        "failed": failed,
        "chosen": one("chosen") is not None,
    }


def _plot(title: str, figures: Figures, chosen: float, metrics: Sequence[tuple[str, str]]) -> View:
    """Fractions on a log axis. ticks: (place, label); lines in the order of `metrics`."""
    values = {
        name: sorted((of, value) for (of, part, found), value in figures.items() if found == metric and part == ALL)
        for name, metric in metrics
    }
    points = [point for line in values.values() for point in line]
    fractions = sorted({fraction for fraction, _ in points})
    steps = _steps(min(y for _, y in points), max(y for _, y in points))
    wide = math.log(fractions[-1] / fractions[0]) or 1.0

    def x(fraction: float) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * math.log(fraction / fractions[0]) / wide, 1)

    def y(value: float) -> float:
        return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (steps[-1] - value) / (steps[-1] - steps[0]), 1)

    return {
        "title": title,
        "lines": [
            Line(name, f"line-{i}", [(x(of), y(value)) for of, value in line])
            for i, (name, line) in enumerate(values.items())
        ],
        "chosen": x(chosen),
        "x": [(x(fraction), f"{100 * fraction:g} %") for fraction in fractions],
        "y": [(y(step), f"{step:.4g}") for step in steps],
        "right": WIDTH - _RIGHT,
        "left": _LEFT,
        "top": _TOP,
        "bottom": HEIGHT - _BOTTOM,
        "width": WIDTH,
        "height": HEIGHT,
    }


def _steps(least: float, most: float) -> list[float]:
    """Round numbers that enclose both, from three to seven.

    >>> _steps(0.33, 1.0)
    [0.2, 0.4, 0.6, 0.8, 1.0]
    """
    rough = (most - least) / 4 or abs(most) or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
    first, last = math.floor(least / step + 1e-9), math.ceil(most / step - 1e-9)
    return [round(i * step, 12) for i in range(first, max(last, first + 1) + 1)]
