"""docs/settings.md from the models of the config: `make docs`, or python -m corpus_pipeline.run.settings_page FILE."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from inspect import cleandoc
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from corpus_pipeline.pipeline import STAGES
from corpus_pipeline.run.config import Config
from corpus_pipeline.run.config_file import SparkSettings
from corpus_pipeline.stages.params import Params
from corpus_pipeline.stages.source import Source

_HEAD = """# Settings

Every key of a config with its type and default, by section; what is not listed is an error. This page is made by
`make docs` from the models that check a config. All keys but `name`, `output` and `sources` may be left out;
`--set section.key=value` changes one. A changed setting of a stage runs that stage again, and what follows from it.
"""
_LONGEST = 300  # characters of a default
_BOUNDS = {"exclusiveMinimum": ">", "minimum": ">=", "exclusiveMaximum": "<", "maximum": "<="}
_NAMES = {"boolean": "true or false", "string": "text", "integer": "whole number", "null": "null", "object": "section"}


def page() -> str:
    """The Markdown of the whole page."""
    top = _rows(Config.model_json_schema(), leave=("spark", "stages"))
    sections: dict[str, type[BaseModel]] = {"spark": SparkSettings, "sources.NAME": Source}
    sections |= {name: stage.params for name, stage in STAGES.items()}
    parts = [_HEAD, _section(Config, top)]
    for name, model in sections.items():
        leave = ("sources",) if name == "collect" else ()
        parts.append(f"## {name}\n\n" + _section(model, _rows(model.model_json_schema(), leave=leave)))
    return "\n".join(parts)


def _section(model: type[BaseModel], rows: Iterator[tuple[str, str, str]]) -> str:
    table = [f"| `{key}` | {kind} | {default} |" for key, kind, default in rows]
    if not table:
        return "No settings.\n"
    models = [one for one in reversed(model.__mro__) if issubclass(one, Params) and one is not Params]
    text = "\n".join(cleandoc(one.__doc__ or "") for one in models)
    return "\n".join(["```text", text, "```", "", "| key | type | default |", "|---|---|---|", *table, ""])


def _rows(
    schema: Mapping[str, Any], prefix: str = "", leave: tuple[str, ...] = (), known: Mapping[str, Any] | None = None
) -> Iterator[tuple[str, str, str]]:
    """Key, type and default of each setting; the keys of a section follow it."""
    known = known if known is not None else schema.get("$defs", {})
    for key, told in schema.get("properties", {}).items():
        if key in leave:
            continue
        default = _default(told, key in schema.get("required", ()))
        below = [known[name] for name in _sections(told)]
        yield prefix + key, _kind(told, known), default
        many = told.get("type") == "object"  # names that the user chooses, each with a section
        for one in below:
            kind = one.get("properties", {}).get("kind", {}).get("const")
            place = f"{prefix}{key}.{'NAME.' if many else ''}" + (f"[{kind}]." if kind else "")
            yield from _rows(one, place, ("kind",), known)


def _sections(told: Mapping[str, Any]) -> list[str]:
    """The models that a setting speaks of."""
    own = [told["$ref"].rpartition("/")[2]] if "$ref" in told else []
    inner = [*told.get("anyOf", ()), *told.get("oneOf", ())]
    if isinstance(told.get("additionalProperties"), dict):
        inner.append(told["additionalProperties"])
    return own + [name for one in inner for name in _sections(one)]


def _kind(told: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    if "$ref" in told:
        return "section"
    if "enum" in told or "const" in told:
        return ", ".join(f"`{json.dumps(one).strip(chr(34))}`" for one in told.get("enum", [told.get("const")]))
    if "anyOf" in told or "oneOf" in told:
        return " or ".join(dict.fromkeys(_kind(one, known) for one in (*told.get("anyOf", ()), *told.get("oneOf", ()))))
    if told.get("type") == "array":
        places = told.get("prefixItems") or [told.get("items") or {}]
        return f"list of {' and '.join(_kind(one, known) for one in places)}"
    if isinstance(told.get("additionalProperties"), dict):
        return f"name: {_kind(told['additionalProperties'], known)}"
    name = _NAMES.get(str(told.get("type")), str(told.get("type", "any")))
    bounds = [f"{sign} {told[bound]:,}" for bound, sign in _BOUNDS.items() if bound in told]
    return " ".join([name, ", ".join(bounds)]).strip()


def _default(told: Mapping[str, Any], required: bool) -> str:
    if required:
        return "*required*"
    if "default" not in told:
        return "" if "$ref" in told else "`{}`"
    written = json.dumps(told["default"], ensure_ascii=False).replace("|", "\\|")
    return f"`{written}`" if len(written) <= _LONGEST else "see the model"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
