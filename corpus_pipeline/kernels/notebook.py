"""Jupyter notebooks: the text of Markdown cells and the code of code cells. Outputs and raw cells are left out.

Formats 3 (worksheets, `input`) and 4 (`source`) are read. Source: the nbformat documentation.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import regex

# pictures inside the notebook; a name ends where the next picture begins, so that no text is read twice
_EMBEDDED = regex.compile(r"!\[(?:[^\]\n!]++|!(?!\[))*+\]\((?:data|attachment):[^()\n]*+\)")
_HEADING = regex.compile(r"^#{1,6}\s+(.+)$", regex.MULTILINE)


class Notebook(NamedTuple):
    """`body`: Markdown, code in fences; `problem` a reject reason."""

    title: str | None
    body: str | None
    problem: str | None


def extract(text: str) -> Notebook:
    """The cells of a notebook in their order. Never raises.

    >>> cells = [{"cell_type": "markdown", "source": ["# 텐서\\n", "소개"]}, {"cell_type": "code", "source": "x = 1"}]
    >>> extract(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}))
    Notebook(title='텐서', body='# 텐서\\n소개\\n\\n```python\\nx = 1\\n```', problem=None)
    >>> extract("{").problem
    'unparsable_notebook'
    """
    try:
        notebook = json.loads(text)
        cells = notebook["cells"] if "cells" in notebook else [c for w in notebook["worksheets"] for c in w["cells"]]
        facts = (notebook.get("metadata") or {}).get("language_info") or {}
        language = str(facts.get("name") or "python")
        parts = [part for cell in cells if (part := _cell(cell, language))]
        body = "\n\n".join(parts)
        body.encode()  # JSON can hold half a surrogate pair, which is no text
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return Notebook(None, None, "unparsable_notebook")
    if not parts:
        return Notebook(None, None, "no_main_text")
    heading = next((_HEADING.search(part) for part in parts if not part.startswith("```")), None)
    return Notebook(_title(heading[1]) if heading else None, body, None)


def _title(line: str) -> str:
    """A heading without the signs that may close it."""
    return line.rstrip("#").rstrip() or line[0]


def _cell(cell: dict[str, Any], language: str) -> str:
    source = cell.get("source", cell.get("input")) or ""
    text = (source if isinstance(source, str) else "".join(source)).strip()
    kind = cell["cell_type"]
    if not text or kind not in ("markdown", "code", "heading"):
        return ""
    if kind == "code":
        return f"```{language}\n{text}\n```"
    if kind == "heading":  # format 3
        return "#" * min(6, max(1, int(cell.get("level", 1)))) + " " + text
    return str(_EMBEDDED.sub("", text))
