"""Columns of plain text side by side, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

_GAP = "  "


def lay_out(heading: Sequence[str], *blocks: Sequence[Sequence[str]]) -> str:
    """The first column to the left, the others to the right; a rule above every block.

    >>> print(lay_out(("source", "kept"), [("news", "40")], [("all", "1,040")]))
    source   kept
    -------------
    news       40
    -------------
    all     1,040
    """
    rows = [heading, *(row for block in blocks for row in block)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = "-" * (sum(widths) + len(_GAP) * (len(widths) - 1))

    def line(row: Sequence[str]) -> str:
        others = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        return _GAP.join([row[0].ljust(widths[0]), *others]).rstrip()

    return "\n".join([line(heading), *(text for block in blocks for text in (rule, *map(line, block)))])
