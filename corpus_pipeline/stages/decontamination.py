"""Evaluation sets, for tag: their settings, and the index of their items that every worker gets.

Items come as a table (set, item), which run/evaluation.py reads from the files. They are collected: evaluation sets do
not grow with the corpus. The index, about 30 bytes for each morpheme of the items, goes to the workers with the kernel;
Spark broadcasts what is over 1 MB.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, field_validator
from pyspark.sql import DataFrame

from corpus_pipeline.errors import ConfigError, ContractError
from corpus_pipeline.kernels.contamination import HEAD, LETTERS, Counts, Index, Rule, build, evaluation_sets
from corpus_pipeline.stages.params import Params

ITEMS = "evaluation_items"  # the table
COLUMNS = "evaluation_set string, item string"
Format = Literal["auto", "json", "jsonl", "csv", "tsv", "parquet", "text"]


class EvaluationSet(Params):
    """Files of one evaluation set.

    path      of a file, or several; any file system that Spark knows
    format    auto: by the ending (.json .jsonl .ndjson .csv .tsv .parquet .txt, also with .gz); text: a line is an item
    fields    keys or columns that hold items, at any depth; all strings at and below them count. None: all strings
    encoding  of all but parquet
    """

    path: tuple[str, ...] = Field(min_length=1)
    format: Format = "auto"
    fields: tuple[str, ...] = ()
    encoding: str = "utf-8-sig"

    @field_validator("path", "fields", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("encoding")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            "a".encode(value)
        except (LookupError, TypeError):
            raise ValueError(f"no encoding is named {value!r}; try utf-8 or cp949") from None
        return value


class Decontamination(Params):
    """sets: name -> its files. The others: kernels/contamination.py Rule."""

    sets: dict[str, EvaluationSet] = Field(default_factory=dict)
    ngram: int = Field(default=13, ge=5)  # morphemes; kernels/contamination.py says where the numbers come from
    shortest_item: int = Field(default=8, ge=5)  # morphemes
    max_items: int = Field(default=10, ge=1)
    min_matches: int = Field(default=1, ge=1)

    @property
    def rule(self) -> Rule:
        """What the kernel needs to know."""
        return Rule(self.ngram, self.shortest_item, self.max_items, self.min_matches)


def index_of(items: Iterable[tuple[str, str]], settings: Decontamination) -> Index:
    """The index of (set, item). Raises ConfigError when a set has no item that could be looked for.

    >>> item = "세종대왕은 조선의 제4대 국왕이며 훈민정음을 창제하여 백성이 쉽게 글을 쓰게 하였다."
    >>> settings = Decontamination(sets={"quiz": EvaluationSet(path="quiz.json")})
    >>> index_of([("quiz", item)], settings).names
    ('quiz',)
    """
    by_set: dict[str, list[str]] = {name: [] for name in settings.sets}
    for name, item in items:
        by_set[name].append(item)
    index = build(by_set, settings.rule)
    for name, counts in counts_of(index).items():
        if not counts.grams:
            raise ConfigError(
                f"tag.decontamination.sets.{name}",
                f"an item of {settings.shortest_item} morphemes and {HEAD} characters, {LETTERS} of them letters",
                f"{counts.items} items, {counts.common} n-grams in over {settings.max_items} of them",
                "Look at path and fields: they name the texts of the set, not its short answers.",
            )
    return index


def index_from(tables: Mapping[str, DataFrame], settings: Decontamination) -> Index | None:
    """The index of the table of items; None when the settings name no set. Raises CorpusError."""
    if not settings.sets:
        return None
    if ITEMS not in tables:
        todo = "Run through corpus_pipeline.run, or make it with run/evaluation.py."
        raise ContractError("tag", f"the table {ITEMS}", "none", todo)
    rows = tables[ITEMS].collect()  # of evaluation sets, which do not grow with the corpus
    return index_of(((row[0], row[1]) for row in rows), settings)


def sets_column(titles: pa.Array, texts: pa.Array, index: Index | None) -> pa.Array:
    """array<string>: the sets of which each document holds an item, ascending; empty where there is none.

    A title counts as the first line of its text, for it can stand before it in the shards.
    """
    if index is None:
        return pa.array([[]] * len(texts), pa.list_(pa.string()))
    whole = pc.binary_join_element_wise(pc.fill_null(titles, ""), texts, "\n")
    return pa.array(evaluation_sets(whole, index), pa.list_(pa.string()))


def counts_of(index: Index) -> Mapping[str, Counts]:
    """Set -> how many items and n-grams it has."""
    return dict(zip(index.names, index.counts, strict=True))
