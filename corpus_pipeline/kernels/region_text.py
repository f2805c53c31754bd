"""Blocks as text with Markdown structure: headings, lists, tables, code and paragraphs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import regex

from corpus_pipeline.kernels.page_blocks import Block, too_sparse

_NUMBERS = regex.compile(r"\d+(\n\d+)*")


def render(blocks: Sequence[Block]) -> str:
    """The text of blocks, in order. A table stays one when its rows have cells of one block each, two columns, and not
    far more places than cells.

    >>> from corpus_pipeline.kernels.page_blocks import parse
    >>> render(parse("<h2>차례</h2><ul><li>하나<li>둘</ul>").blocks)
    '## 차례\\n\\n- 하나\\n- 둘'
    """
    parts: list[tuple[str, bool]] = []  # text, and whether it is an item that stays close to the one before
    for table, group in groupby(blocks, key=lambda block: block.cell[0] if block.cell else 0):
        members = list(group)
        rows = _rows(members) if table else None
        if rows:
            parts.append((_table(rows), False))
        else:
            parts += [(_block(block), bool(block.marker)) for block in members if not _line_numbers(block)]
    text, close = "", False
    for part, item in parts:
        if part:
            text += ("" if not text else "\n" if item and close else "\n\n") + part
            close = item
    return text


def _rows(blocks: list[Block]) -> list[list[Block]] | None:
    """The rows of a data table; None for a table that only lays out or is almost empty."""
    rows = [list(row) for _, row in groupby(blocks, key=lambda block: block.cell and block.cell[1])]
    cells = [block.cell for block in blocks]
    if len(set(cells)) < len(cells) or max(map(len, rows)) < 2 or any(block.code or block.heading for block in blocks):
        return None
    return None if too_sparse(_width(rows) * len(rows), len(cells)) else rows


def _width(rows: list[list[Block]]) -> int:
    return max(row[-1].cell[3] for row in rows if row[-1].cell)


def _table(rows: list[list[Block]]) -> str:
    width = _width(rows)
    lines = []
    for row in rows:
        cells = {block.cell[3]: block.text.replace("\n", " ").replace("|", "\\|") for block in row if block.cell}
        lines.append("| " + " | ".join(cells.get(column + 1, "") for column in range(width)) + " |")
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def _block(block: Block) -> str:
    indent = "  " * max(block.depth - 1, 0)
    if block.code:
        fence = "````" if "```" in block.text else "```"
        return f"{fence}\n{block.text}\n{fence}"
    if block.heading:
        return "#" * block.heading + " " + block.text.replace("\n", " ")
    text = f"{indent}{block.marker}{block.text}" if block.marker else block.text
    return "> " + text.replace("\n", "\n> ") if block.quote else text


def _line_numbers(block: Block) -> bool:
    """The gutter of a code listing: one number a line, in a table beside the code."""
    return block.code and block.cell is not None and bool(_NUMBERS.fullmatch(block.text))
