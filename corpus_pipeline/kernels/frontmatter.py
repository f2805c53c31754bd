"""Markdown with YAML front matter: the header as flat text fields, and the body."""

from __future__ import annotations

import re
from typing import Any

import yaml

_FENCE = "---"
MAX_HEADER = 64_000  # characters
_BRACKET, _STACKED = re.compile(r"[\[{]"), re.compile(r"(?:[-?] +){20}")
MAX_NESTING = 500  # brackets: the C parser of YAML recurses, and ends the process when it runs out of stack
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def split(text: str) -> tuple[dict[str, str], str]:
    """Front matter as a flat mapping and the body; ({}, text) when there is no readable front matter.

    Values that are lists are joined by ", "; nested mappings are left out.

    >>> split("---\\n제목: 민법\\n소관부처:\\n- 법무부\\n---\\n제1조")
    ({'제목': '민법', '소관부처': '법무부'}, '제1조')
    """
    lines = text.split("\n")
    if lines[0].strip("\ufeff \r") != _FENCE:
        return {}, text
    end = next((i for i, line in enumerate(lines[1:], 1) if line.rstrip() == _FENCE), None)
    if end is None:
        return {}, text
    header = "\n".join(lines[1:end])
    if len(header) > MAX_HEADER or len(_BRACKET.findall(header)) > MAX_NESTING or _STACKED.search(header):
        return {}, text
    try:
        loaded = yaml.load(header, Loader=_TextLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}, text
    if not isinstance(loaded, dict):
        return {}, text
    flat = {str(key): value for key, raw in loaded.items() if (value := _flat(raw)) is not None}
    return flat, "\n".join(lines[end + 1 :]).lstrip("\n")


class _TextLoader(_LOADER):  # type: ignore[misc]
    """The safe loader without types: a date or a number is what the author wrote, not what YAML makes of it."""


def _text(loader: Any, node: Any) -> str:
    return str(loader.construct_scalar(node))


_TextLoader.yaml_implicit_resolvers = {}
for _tag in ("bool", "int", "float", "timestamp", "binary", "null"):
    _TextLoader.add_constructor(f"tag:yaml.org,2002:{_tag}", _text)


def _flat(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return None
