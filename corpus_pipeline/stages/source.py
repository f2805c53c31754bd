"""One source of the config: where it is, how it is read, what its fields mean."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Literal

from pydantic import Field, field_validator, model_validator

from corpus_pipeline.schemas import contract
from corpus_pipeline.stages import shapes
from corpus_pipeline.stages.params import Params as StageParams
from corpus_pipeline.stages.params import refused
from corpus_pipeline.stages.read_files import FORMATS

__all__ = ["LISTING_OPTIONS", "Source", "column_names", "listing_option"]

LISTING_OPTIONS = ("recursiveFileLookup", "pathGlobFilter", "modifiedBefore", "modifiedAfter")
_TRUTHS = ("header", "multiline", "wholetext", "enforceschema", "mergeschema", "recursivefilelookup")
_OURS = ("mode", "columnnameofcorruptrecord", "ignorecorruptfiles", "ignoremissingfiles")


def listing_option(key: str) -> bool:
    """Whether an option says which files are read; Spark takes names in any case."""
    return key.lower() in map(str.lower, LISTING_OPTIONS)


def column_names() -> list[str]:
    """The columns of schemas/records.json that a source may fill."""
    return sorted(set(contract("records").columns) - {"source", "problem", "path", "doc_type", "speakers"})


class Source(StageParams):
    """One source: where it is, how to read it, and what its fields mean.

    format    a Spark reader (json, csv, text, parquet, ...), or one of read_files.FORMATS (docs/sources.md)
    path      one glob or several
    options   options of the Spark reader
    fields    DDL of the input's columns; needed for json and csv, where guessing depends on the data
    encoding  charset for the formats of read_files; `auto` finds it
    extractor of the main text of pages: `model` (kernels/html.py) or `trafilatura`
    doc_type, licence, name   constants of the source (name: what is shown, e.g. the cafe)
    explode   SQL expression giving an array; each element is one record, called `item`
    columns   contract column -> SQL expression over the input's columns, `_path` and `item`; a Spark reader's need
              record_id and text, those of read_files have them
    reject    reason -> SQL condition over the same; a record for which it is true is rejected
    shape     what one document is made of (stages/shapes.py); without it, one record
    """

    format: str
    path: tuple[str, ...] = Field(min_length=1)
    doc_type: str
    licence: str = Field(pattern=r"\S")
    name: str | None = None
    options: dict[str, str | int | bool] = Field(default_factory=dict)
    fields: str | None = None
    encoding: str = "auto"
    extractor: Literal["model", "trafilatura"] = "model"
    explode: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    reject: dict[str, str] = Field(default_factory=dict)
    shape: shapes.Shape | None = None

    @field_validator("encoding")
    @classmethod
    def _known_charset(cls, value: str) -> str:
        if value != "auto":
            try:
                codecs.lookup(value)
            except LookupError:
                raise ValueError(f"unknown charset {value!r}") from None
        return value

    @field_validator("path", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _used(self) -> Source:
        """A setting that would do nothing is an error, and a source that could give no document."""
        for broken, key, expected, todo in (*self._useless(), *self._needed()):
            if broken:
                raise refused(key, expected, todo)
        return self

    def _useless(self) -> Iterator[tuple[bool, str, str, str]]:
        """Per rule: whether it is broken, the key, what is expected there, what to do."""
        spark, kind = self.format not in FORMATS, self.shape.kind if self.shape else None
        charset, nothing = self.encoding != "auto", f"nothing for format {self.format}"
        for key in self.options:
            todo = "Leave it out: a record that cannot be read is a row of rejected_records, a broken file an error."
            yield key.lower() in _OURS, f"options.{key}", "nothing", todo
            odd = key.lower() in _TRUTHS and str(self.options[key]).lower() not in ("true", "false")
            yield odd, f"options.{key}", "true or false", "Correct it."
            todo = f"Leave it out; format {self.format} takes {', '.join(LISTING_OPTIONS)}."
            yield not spark and not listing_option(key), f"options.{key}", nothing, todo
        todo = "Leave it out; the charset of a csv is options: {encoding: ...}; Spark's other readers take UTF-8."
        yield charset and spark, "encoding", nothing, todo
        yield charset and self.format in ("mediawiki", "xlsx"), "encoding", nothing, "Leave it out."
        yield self.extractor != "model" and self.format not in ("html", "warc"), "extractor", nothing, "Leave it out."
        yield self.fields is not None and not spark, "fields", nothing, "Leave it out: docs/sources.md has its columns."
        todo = "Leave it out: a record of this format holds no array."
        yield self.explode is not None and not spark, "explode", nothing, todo
        todo = "Leave it out: `shape.answers` is the array, and `item` the answer that was chosen."
        yield self.explode is not None and kind == "qna", "explode", "nothing beside shape qna", todo
        todo = "Use json or parquet, or join questions and answers first."
        yield kind == "qna" and not spark, "shape", f"another shape for format {self.format}", todo
        todo = "Leave it out: the text is made of the turns (`shape.text`)."
        yield kind == "dialogue" and "text" in self.columns, "columns.text", "nothing beside shape dialogue", todo

    def _needed(self) -> Iterator[tuple[bool, str, str, str]]:
        """As _useless, of columns that are none, and of those without which every record would be rejected."""
        known = column_names()
        for name in self.columns:
            yield name not in known, f"columns.{name}", f"one of {', '.join(known)}", "Rename it."
        spark, dialogue = self.format not in FORMATS, self.shape is not None and self.shape.kind == "dialogue"
        said = "a SQL expression, for every record has one"
        todo = (
            "Name the column, e.g. record_id: id; records without one: record_id: sha2(text, 256), if text is theirs."
        )
        yield spark and "record_id" not in self.columns, "columns.record_id", said, todo
        todo = "Name the column, e.g. text: body."
        yield spark and not dialogue and "text" not in self.columns, "columns.text", said, todo
