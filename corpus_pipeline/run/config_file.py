"""The YAML file of a run as it is written, the settings of Spark in it, and how a wrong key is told.

What a run needs before all else: Java starts by these settings while the rest of the program is loaded.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, Field, ValidationError

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.stages.params import Params

M = TypeVar("M", bound=BaseModel)
FIX = "Correct the config or the --set."
_ELSE = "something else"
_PLAIN = {  # pydantic's kind of error -> expected, got
    "missing": ("a value", "none"),
    **dict.fromkeys(("tuple_type", "list_type"), ("a list, such as [a, b]", _ELSE)),
    **dict.fromkeys(("dict_type", "model_type"), ("a section of keys and values", _ELSE)),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), ("a whole number", _ELSE)),
    **dict.fromkeys(("float_type", "float_parsing"), ("a number", _ELSE)),
    **dict.fromkeys(("bool_type", "bool_parsing"), ("true or false", _ELSE)),
    "string_type": ("a text", _ELSE),
}


class SparkSettings(Params):
    """master: for a run without spark-submit. partitions: of every shuffle; null lets Spark choose.
    quick: Java compiles without its slower, optimising compiler; false for a local run of hours.

    None of these changes a result, so none is part of a fingerprint.
    """

    master: str = "local[*]"
    driver_memory: str = "1g"
    quick: bool = True
    partitions: int | None = Field(default=None, gt=0)
    conf: dict[str, str | int | bool] = Field(default_factory=dict)


def read(path: str, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """What the file at `path` says, with `section.key=value` overrides (values are YAML). Raises ConfigError."""
    raw = _read(path)
    for override in overrides:
        _override(raw, override)
    return raw


def spark_settings(raw: Mapping[str, Any], where: str) -> SparkSettings:
    """The section `spark`. Raises ConfigError."""
    section = raw.get("spark") or {}
    if not isinstance(section, dict):
        raise ConfigError(f"{where}: spark", "a section of keys and values", type(section).__name__, FIX)
    return model(SparkSettings, section, f"{where}: spark")


def model(kind: type[M], section: Any, where: str) -> M:
    """`section` as a `kind`. Raises ConfigError that says which key of it is wrong."""
    try:
        return kind.model_validate(section)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)
        first = next((one for one in wrong if one["type"] == "extra_forbidden"), wrong[0])  # a typo leaves a key unset
        place = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise unknown(where, place, _keys_at(kind, first["loc"])) from None
        if first["type"] == "refused":
            facts = first["ctx"]
            place = ".".join(part for part in (place, facts["key"]) if part)
            raise ConfigError(f"{where}.{place}", facts["expected"], "a value", facts["todo"]) from None
        expected, got = _PLAIN.get(first["type"], ("a usable value", first["msg"]))
        raise ConfigError(f"{where}.{place}".rstrip("."), expected, got, FIX) from None


def _keys_at(model: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """Known keys beside the unknown one at `place`."""
    found = [model]
    for part in place[:-1]:
        field = [
            below
            for one in found
            if part in one.model_fields
            for below in _models(one.model_fields[str(part)].annotation)
        ]
        named = [one for one in found if part in get_args(getattr(one.model_fields.get("kind"), "annotation", None))]
        found = field or named or found  # a section; one of several models by its kind; a name the user chose
    return sorted({key for one in found for key in one.model_fields})


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models that a field's annotation speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def unknown(where: str, key: str, known: list[str]) -> ConfigError:
    """The error for a key that is none of `known`."""
    near = difflib.get_close_matches(key.rpartition(".")[2], known, n=1, cutoff=0.5)
    hint = f"Did you mean '{near[0]}'?" if near else f"Known keys: {', '.join(sorted(known))}."
    return ConfigError(f"{where}.{key}", "a known key", f"'{key.rpartition('.')[2]}'", hint)


class _Loader(yaml.SafeLoader):
    """YAML in which no key stands twice, for the first would be lost, and 560e9 is a number, as YAML 1.2 has it."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[tuple[str, object]] = set()
        for key, _ in node.value:
            name = (key.tag, key.value if isinstance(key, yaml.ScalarNode) else key.start_mark.index)
            if name in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key.value!r} a second time", problem_mark=key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)


_FLOAT = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)[eE][-+]?\d+$")
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+.0123456789"))


def _read(path: str) -> dict[str, Any]:
    try:
        raw = yaml.load(Path(path).read_text(encoding="utf-8"), _Loader)  # a safe one
    except OSError as error:
        raise ConfigError(path, "a readable YAML file", type(error).__name__, "Check --config.") from None
    except UnicodeDecodeError:
        raise ConfigError(path, "YAML in UTF-8", "another charset", "Save it as UTF-8.") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # an impossible date
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else path
        raise ConfigError(place, "YAML", getattr(error, "problem", None) or "something else", FIX) from None
    if not isinstance(raw, dict):
        raise ConfigError(path, "a YAML mapping", type(raw).__name__, "See conf/sample.yaml.")
    return raw


def _override(raw: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise ConfigError(
            f"--set {override}",
            "section.key=value",
            "no key" if equals else "no '='",
            "Write for example --set dedup.threshold=0.8",
        )
    *parents, last = key.split(".")
    place = raw
    for parent in parents:
        if place.get(parent) is None:
            place[parent] = {}
        place = place[parent]
        if not isinstance(place, dict):
            raise ConfigError(f"--set {override}", f"'{parent}' to be a section", type(place).__name__, FIX)
    try:
        place[last] = yaml.load(text, _Loader)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ConfigError(f"--set {override}", "a YAML value", repr(text), FIX) from None
