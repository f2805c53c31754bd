"""Quality and length by source for the page, from the breakdowns of mixture and tags: no row of a table is read."""

from __future__ import annotations

from typing import Any

from corpus_pipeline.run.figures import Figures, share

View = dict[str, Any]
Bar = tuple[int, float, float, str]
CLASSES = 10  # of quality, as the breakdown of schemas/mixture.json cuts it
LENGTHS = ("tiny", "short", "medium", "long", "huge")  # of tags.length_class
_HEIGHT = 24.0  # of the plot of one source, in its own units


def quality(run: Figures) -> View:
    """classes: the lower ends. rows: (source, documents by class, bars); all: of all sources; height: of the bars.

    bars: (x, y, height, kind) of a plot CLASSES wide and _HEIGHT high, which the source's fullest class fills.
    """
    counts = run.counted("mixture", "source", "decision", "quality_from")
    classes = [f"{i / CLASSES:.1f}" for i in range(CLASSES)]
    names = sorted({source for source, _, _ in counts})

    def row(of: list[str]) -> tuple[list[int], list[Bar]]:
        kept, dropped = ([sum(counts[s, how, one] for s in of) for one in classes] for how in ("kept", "dropped"))
        return [one + other for one, other in zip(kept, dropped, strict=True)], _bars(kept, dropped)

    return {"classes": classes, "rows": [(name, *row([name])) for name in names], "all": row(names), "height": _HEIGHT}


def lengths(run: Figures) -> View:
    """classes: those that some document has. rows: (source, documents by class, mean bytes of a document)."""
    counts = run.counted("tags", "source", "length_class")
    classes = [name for name in LENGTHS if any(name == found for _, found in counts)]
    names = sorted({source for source, _ in counts})

    def mean(source: str | None) -> float | None:
        return share(run.value("tags", "text_bytes", source), run.value("tags", "documents", source))

    return {
        "classes": classes,
        "rows": [(name, [counts[name, one] for one in classes], mean(name)) for name in names],
        "all": ([sum(counts[name, one] for name in names) for one in classes], mean(None)),
    }


def _bars(kept: list[int], dropped: list[int]) -> list[Bar]:
    most = max(one + other for one, other in zip(kept, dropped, strict=True)) or 1
    bars = []
    for x, parts in enumerate(zip(kept, dropped, strict=True)):
        y = _HEIGHT
        for kind, n in zip(("kept", "dropped"), parts, strict=True):
            height = round(_HEIGHT * n / most, 2)
            y = round(y - height, 2)
            bars += [(x, y, height, kind)] if n else []
    return bars
