"""One YAML file, checked strictly: an unknown key is an error that names the nearest known one."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, Field, ValidationError

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.pipeline import STAGES
from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.params import Params
from corpus_pipeline.stages.serialize import DEFAULT
from corpus_pipeline.stages.source import Source
from corpus_pipeline.stages.vocabulary import Limits

M = TypeVar("M", bound=BaseModel)
FIX = "Correct the config or the --set."
_OF_THE_TOKENIZER = {"vocab_size", "mode", *Limits.model_fields}  # settings that sample and train_tokenizer share


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


class Config(Params):
    """name: of the run. output: folder or URI of its tables. stages: the checked settings of every stage.

    raw_output: another folder or URI for the tables that hold personal data, with permissions of its own.
    earlier: outputs of earlier runs, oldest first, with whose documents dedup compares those of this run.
    lease_minutes: after which a run that was killed no longer keeps others from its output (run/lease.py).
    """

    name: str
    output: str
    raw_output: str | None = None
    earlier: tuple[str, ...] = ()
    lease_minutes: float = Field(default=2, gt=0)
    spark: SparkSettings = SparkSettings()
    stages: dict[str, Any]

    def root(self, table: str) -> str:
        """The folder that holds a table's folder."""
        return (contract(table).restricted and self.raw_output) or self.output

    @property
    def sources(self) -> dict[str, Source]:
        """The sources by name."""
        found: dict[str, Source] = self.stages["collect"].sources
        return found


def load(path: str, overrides: Sequence[str] = ()) -> Config:
    """The config at `path` with `section.key=value` overrides (values are YAML). Raises ConfigError."""
    raw = _read(path)
    for override in overrides:
        _override(raw, override)
    return check(raw, path)


def check(raw: Mapping[str, Any], where: str) -> Config:
    """`raw` as a Config. Raises ConfigError that says which key is wrong."""
    known = ["name", "output", "raw_output", "earlier", "lease_minutes", "spark", "sources", *STAGES]
    for key in raw:
        if key not in known:
            raise _unknown(where, str(key), known)
    for key in known[5:]:
        if not isinstance(raw.get(key) or {}, dict):
            raise ConfigError(f"{where}: {key}", "a section of keys and values", type(raw[key]).__name__, FIX)
    sections = {name: dict(raw.get(name) or {}) for name in STAGES}
    if not raw.get("sources"):
        raise ConfigError(f"{where}: sources", "at least one source", "none", "Describe one; see conf/sample.yaml.")
    sections["collect"]["sources"] = raw["sources"]
    if sections["sample"].get("fraction") == "auto":  # it tries out the tokenizer that train_tokenizer makes
        trained = {key: value for key, value in sections["train_tokenizer"].items() if key in _OF_THE_TOKENIZER}
        _same_tokenizer(sections["sample"], trained, where)
        sections["sample"] |= trained
    stages: dict[str, Any] = {
        name: _model(STAGES[name].params, section, f"{where}: {name}") for name, section in sections.items()
    }
    doc_types = {source.doc_type for source in stages["collect"].sources.values()}
    for doc_type in sorted(stages["serialize"].headers.keys() - doc_types - {DEFAULT}):
        raise _unknown(f"{where}: serialize.headers", doc_type, sorted(doc_types | {DEFAULT}))
    sources = sorted(stages["collect"].sources)
    for place, names, those in (
        ("mix.source_tiers", stages["mix"].source_tiers, sources),
        ("mix.source_caps", stages["mix"].source_caps, sources),
        ("mix.removed_sources", stages["mix"].removed_sources, sources),
        ("mix.min_quality_score", stages["mix"].min_quality_score, sorted(doc_types)),
        ("mix.weights", stages["mix"].weights, sorted(doc_types)),
        ("mix.bounds", stages["mix"].bounds, sorted(doc_types)),
        ("scrub.boilerplate.remove", stages["scrub"].boilerplate.remove, sources),
    ):
        for name in sorted(set(names) - set(those)):
            raise _unknown(f"{where}: {place}", name, those)
    top = {key: raw[key] for key in known[:5] if key in raw}
    spark = _model(SparkSettings, raw.get("spark") or {}, f"{where}: spark")
    return _model(Config, {**top, "spark": spark, "stages": stages}, where)


def _same_tokenizer(sample: Mapping[str, Any], trained: Mapping[str, Any], where: str) -> None:
    for key in sorted(sample.keys() & _OF_THE_TOKENIZER):
        if sample[key] != trained.get(key, STAGES["train_tokenizer"].params.model_fields[key].default):
            todo = "Leave it out of `sample`: with fraction: auto it is taken from train_tokenizer."
            raise ConfigError(f"{where}: sample.{key}", "the value of train_tokenizer", f"{sample[key]}", todo)


def _model(model: type[M], section: Any, where: str) -> M:
    try:
        return model.model_validate(section)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)
        first = next((one for one in wrong if one["type"] == "extra_forbidden"), wrong[0])  # a typo leaves a key unset
        place = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise _unknown(where, place, _keys_at(model, first["loc"])) from None
        if first["type"] == "setting_without_effect":
            facts = first["ctx"]
            raise ConfigError(f"{where}.{place}.{facts['key']}", facts["expected"], "a value", facts["todo"]) from None
        raise ConfigError(f"{where}.{place}".rstrip("."), "a usable value", first["msg"], FIX) from None


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


def _unknown(where: str, key: str, known: list[str]) -> ConfigError:
    near = difflib.get_close_matches(key.rpartition(".")[2], known, n=1, cutoff=0.5)
    hint = f"Did you mean '{near[0]}'?" if near else f"Known keys: {', '.join(sorted(known))}."
    return ConfigError(f"{where}.{key}", "a known key", f"'{key.rpartition('.')[2]}'", hint)


def _read(path: str) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(path, "a readable YAML file", type(error).__name__, "Check --config.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
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
            f"--set {override}", "section.key=value", "no '='", "Write for example --set dedup.threshold=0.8"
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
        place[last] = yaml.safe_load(text)
    except yaml.YAMLError:
        raise ConfigError(f"--set {override}", "a YAML value", repr(text), FIX) from None
