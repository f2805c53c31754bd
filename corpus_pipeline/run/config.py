"""The config of a run, checked strictly: an unknown key is an error that names the nearest known one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.pipeline import STAGES
from corpus_pipeline.run.config_file import FIX, SparkSettings, model, read, spark_settings, unknown
from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.mix import Params as Mix
from corpus_pipeline.stages.params import Params
from corpus_pipeline.stages.serialize import DEFAULT
from corpus_pipeline.stages.source import Source
from corpus_pipeline.stages.vocabulary import Limits

Written = Annotated[str, Field(pattern=r"\S")]
_OF_THE_TOKENIZER = {"vocab_size", "mode", *Limits.model_fields}  # settings that sample and train_tokenizer share


class Config(Params):
    """name: of the run. output: folder or URI of its tables. stages: the checked settings of every stage.

    raw_output: another folder or URI for the tables that hold personal data, with permissions of its own.
    earlier: outputs of earlier runs, oldest first, with whose documents dedup compares those of this run.
    lease_minutes: after which a run that was killed no longer keeps others from its output (run/lease.py).
    """

    name: Written
    output: Written
    raw_output: Written | None = None
    earlier: tuple[Written, ...] = ()
    lease_minutes: float = Field(default=2, gt=0, le=10_000)
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
    return check(read(path, overrides), path)


def check(raw: Mapping[str, Any], where: str) -> Config:
    """`raw` as a Config. Raises ConfigError that says which key is wrong."""
    known = ["name", "output", "raw_output", "earlier", "lease_minutes", "spark", "sources", *STAGES]
    for key in raw:
        if key not in known:
            raise unknown(where, str(key), known)
    for key in known[5:]:
        if not isinstance(raw.get(key), dict | None):
            raise ConfigError(f"{where}: {key}", "a section of keys and values", type(raw[key]).__name__, FIX)
    sections = {name: dict(raw.get(name) or {}) for name in STAGES}
    if not raw.get("sources"):
        raise ConfigError(f"{where}: sources", "at least one source", "none", "Describe one; see conf/sample.yaml.")
    if "sources" in sections["collect"]:
        raise ConfigError(f"{where}: collect.sources", "no such key", "one", "Sources stand at the top: sources.NAME.")
    sections["collect"]["sources"] = raw["sources"]
    if sections["sample"].get("fraction") == "auto":  # it tries out the tokenizer that train_tokenizer makes
        trained = {key: value for key, value in sections["train_tokenizer"].items() if key in _OF_THE_TOKENIZER}
        _same_tokenizer(sections["sample"], trained, where)
        sections["sample"] |= trained
    stages: dict[str, Any] = {name: _stage(name, section, where) for name, section in sections.items()}
    _named(stages, where)
    stages["mix"] = _answerable(stages["mix"], stages["dedup"].threshold, where)
    top = {key: raw[key] for key in known[:5] if key in raw}
    config = model(Config, {**top, "spark": spark_settings(raw, where), "stages": stages}, where)
    _others(config, where)
    return config


def _named(stages: Mapping[str, Any], where: str) -> None:
    """Raises ConfigError for a source or a document type that the run has not, and for a fixed ratio that lacks one."""
    doc_types = {source.doc_type for source in stages["collect"].sources.values()}
    for doc_type in sorted(stages["serialize"].headers.keys() - doc_types - {DEFAULT}):
        raise unknown(f"{where}: serialize.headers", doc_type, sorted(doc_types | {DEFAULT}))
    sources = sorted(stages["collect"].sources)
    for place, names, those in (
        ("mix.source_tiers", stages["mix"].source_tiers, sources),
        ("mix.source_caps", stages["mix"].source_caps, sources),
        ("mix.removed_sources", stages["mix"].removed_sources, sources),
        ("mix.min_quality_score", stages["mix"].min_quality_score, sorted(doc_types)),
        ("mix.min_quality_rank", stages["mix"].min_quality_rank, sorted(doc_types)),
        ("classify.limits_by_type", stages["classify"].limits_by_type, sorted(doc_types)),
        ("mix.weights", stages["mix"].weights, sorted(doc_types)),
        ("mix.bounds", stages["mix"].bounds, sorted(doc_types)),
        ("scrub.boilerplate.remove", stages["scrub"].boilerplate.remove, sources),
    ):
        for name in sorted(set(names) - set(those)):
            raise unknown(f"{where}: {place}", name, those)
    if stages["mix"].strategy == "fixed" and (missing := sorted(doc_types - stages["mix"].weights.keys())):
        todo = "Name every document type (0 leaves one out), or take another strategy."
        raise ConfigError(
            f"{where}: mix.weights",
            f"a weight for each of {', '.join(sorted(doc_types))}",
            f"none for {', '.join(missing)}",
            todo,
        )


def _stage(name: str, section: Mapping[str, Any], where: str) -> Params:
    """The settings of a stage. Raises ConfigError; those of `collect` hold the sources, which stand at the top."""
    try:
        return model(STAGES[name].params, section, f"{where}: {name}")
    except ConfigError as error:
        place = error.where.replace(f"{where}: collect.sources", f"{where}: sources", 1)
        raise ConfigError(place, error.expected, error.got, error.todo) from None


def _answerable(mix: Mix, threshold: float, where: str) -> Mix:
    """`mix` asking about similarities above dedup's threshold alone: it verified no others. Raises ConfigError."""
    asked = tuple(value for value in mix.what_if_similarities if value > threshold)
    if "what_if_similarities" in mix.model_fields_set and asked != mix.what_if_similarities:
        place, expected = f"{where}: mix.what_if_similarities", f"values above dedup.threshold, {threshold}"
        raise ConfigError(place, expected, str(list(mix.what_if_similarities)), "Leave out the others.")
    return mix if asked == mix.what_if_similarities else mix.model_copy(update={"what_if_similarities": asked})


def _others(config: Config, where: str) -> None:
    """Raises ConfigError unless `earlier` names outputs of other runs, each once."""
    folders = [folder.rstrip("/") for folder in (config.output, *config.earlier)]
    for place, folder in enumerate(folders):
        if folder in folders[:place]:
            raise ConfigError(f"{where}: earlier", "outputs of other runs, each once", folder, "Leave it out.")


def _same_tokenizer(sample: Mapping[str, Any], trained: Mapping[str, Any], where: str) -> None:
    for key in sorted(sample.keys() & _OF_THE_TOKENIZER):
        if sample[key] != trained.get(key, STAGES["train_tokenizer"].params.model_fields[key].default):
            todo = "Leave it out of `sample`: with fraction: auto it is taken from train_tokenizer."
            raise ConfigError(f"{where}: sample.{key}", "the value of train_tokenizer", f"{sample[key]}", todo)
