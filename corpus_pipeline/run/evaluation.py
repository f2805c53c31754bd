"""Files of evaluation sets to (set, item) rows. They are small: read on the driver, as a whole, and once a run."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from itertools import repeat
from typing import Any
from weakref import WeakKeyDictionary

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession

from corpus_pipeline.errors import ConfigError, ResourceError
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.stages.decontamination import (
    COLUMNS,
    ITEMS,
    Decontamination,
    EvaluationSet,
    Format,
    counts_of,
    index_of,
)
from corpus_pipeline.stages.params import Params

MOST_BYTES = 256 << 20  # of a file; own choice: 60 times KorQuAD's
_ENDINGS: dict[str, Format] = {
    "json": "json", "jsonl": "jsonl", "ndjson": "jsonl", "csv": "csv", "tsv": "tsv", "parquet": "parquet",
    "txt": "text",
}  # fmt: skip
_READABLE = "Choose a file that is whole, and check format, encoding and fields."


def digests(storage: Storage, params: Params) -> dict[str, str]:
    """evaluation/<set> -> hex SHA-256 of its files. Raises ResourceError when one cannot be read."""
    found = {}
    for name, one in sorted(_settings(params).sets.items()):
        marks = [hashlib.sha256(_content(storage, name, path)).digest() for path in one.path]
        found[f"evaluation/{name}"] = hashlib.sha256(b"".join(marks)).hexdigest()
    return found


def tables(spark: SparkSession, storage: Storage, params: Params) -> dict[str, DataFrame]:
    """The table of items; nothing when the settings name no evaluation set."""
    settings = _settings(params)
    return {ITEMS: spark.createDataFrame(list(_items(storage, settings)), COLUMNS)} if settings.sets else {}


def check(storage: Storage, params: Params, say: Callable[[str], None]) -> None:
    """Read all evaluation sets, and say what they hold, before hours of other stages. Raises CorpusError."""
    settings = _settings(params)
    if settings.sets:
        for name, n in counts_of(index_of(_items(storage, settings), settings)).items():
            left_out = f"{n.unusable:,} of them too short to look for, {n.common:,} set phrases left out"
            say(f"evaluation set {name}: {n.items:,} items, {left_out}")


def _settings(params: Params) -> Decontamination:
    """Those of a stage that has them."""
    found: Decontamination = getattr(params, "decontamination", None) or Decontamination()
    return found


def _items(storage: Storage, settings: Decontamination) -> Iterator[tuple[str, str]]:
    """(set, item) of all sets. A short item as often as `max_items` needs to know of it, a long one once."""
    for name, one in sorted(settings.sets.items()):
        texts = Counter[str]()
        for path in one.path:
            texts.update(items(_content(storage, name, path), path, one, _key(name)))
        for text, times in texts.items():
            most = settings.max_items + 1 if times > 1 and _words(text) < settings.ngram else 1
            yield from repeat((name, text), min(times, most))


def _words(text: str) -> int:
    """Words with a letter or a digit: `text` has at least as many morphemes."""
    return sum(any(map(str.isalnum, word)) for word in text.split())


def _key(name: str) -> str:
    return f"tag.decontamination.sets.{name}"


def _content(storage: Storage, name: str, path: str) -> bytes:
    """The bytes of a file, read once a run: its check, its digest and its items are of the same content."""
    held = _held.setdefault(storage, {})
    if path not in held:
        held[path] = _read(storage, name, path)
    return held[path]


_held: WeakKeyDictionary[Storage, dict[str, bytes]] = WeakKeyDictionary()  # a run has a storage of its own


def _read(storage: Storage, name: str, path: str) -> bytes:
    where = f"{_key(name)}: {path}"
    try:
        size = storage.size(path)
        if size > MOST_BYTES:
            todo = "Leave out what is no item, or cut it into files."
            raise ConfigError(where, f"at most {MOST_BYTES:,} bytes", f"{size:,}", todo)
        return storage.read_bytes(path)
    except ResourceError as error:
        raise ResourceError(where, error.expected, error.got, "Check `path`, from the folder you run in.") from None


def items(content: bytes, path: str, one: EvaluationSet, key: str) -> list[str]:
    """The items of a file, in order. Raises ResourceError when it cannot be read, ConfigError when it has none.

    >>> one = EvaluationSet(path="a.json", fields=("question",))
    >>> items('{"data": [{"qas": [{"question": "누가 지었나?", "id": "1"}]}]}'.encode(), "a.json", one, "tag")
    ['누가 지었나?']
    """
    where, name = f"{key}: {path}", path
    try:
        if name.lower().endswith(".gz"):
            content, name = gzip.decompress(content), name[:-3]
        records = _records(content, _format(name, one, where), one.encoding)
        found, keys = _strings(records, one.fields)
    except UnicodeDecodeError:
        raise ResourceError(where, one.encoding, "other bytes", "Set `encoding`, for example to cp949.") from None
    except (ValueError, OSError, EOFError, RecursionError, zlib.error, csv.Error, pa.ArrowException) as error:
        got = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else type(error).__name__
        raise ResourceError(where, "a file of the format it is read as", f"an error: {got}", _READABLE) from None
    for field in one.fields:
        if keys and field not in keys:
            near = get_close_matches(field, keys, 1)
            hint = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(sorted(keys)[:20])}."
            raise ConfigError(f"{where}: fields", "keys of the file", f"'{field}'", hint)
    if not found:
        raise ConfigError(where, "items", "no string that is not empty", _READABLE)
    return found


def _format(name: str, one: EvaluationSet, where: str) -> Format:
    if one.format != "auto":
        return one.format
    ending = name.rpartition(".")[2].lower()
    if ending not in _ENDINGS:
        known = ", ".join(f".{known}" for known in _ENDINGS)
        raise ConfigError(where, f"a name that ends in one of {known}", f"'.{ending}'", "Set `format`.")
    return _ENDINGS[ending]


def _records(content: bytes, kind: Format, encoding: str) -> Iterable[Any]:
    if kind == "parquet":
        rows: list[Any] = pq.read_table(pa.BufferReader(content)).to_pylist(maps_as_pydicts="lossy")
        return rows
    text = content.decode(encoding)
    if kind == "json":
        return [json.loads(text)]
    if kind == "jsonl":
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    if kind == "text":
        return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    csv.field_size_limit(MOST_BYTES)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter="\t" if kind == "tsv" else ",", strict=True)
    names = reader.fieldnames or ()
    if len(set(names)) < len(names):
        raise csv.Error("two columns of one name")
    return list(reader)


def _strings(records: Iterable[Any], fields: tuple[str, ...]) -> tuple[list[str], set[str]]:
    """(strings at and below `fields`, in order, or all of them when no field is named; all keys that were seen)."""
    found, keys = list[str](), set[str]()
    waiting = [(record, not fields) for record in records][::-1]  # a stack: no nesting is too deep
    while waiting:
        value, counts = waiting.pop()
        if isinstance(value, dict):
            keys |= {key for key in value if isinstance(key, str)}
            waiting += [(inner, counts or key in fields) for key, inner in value.items()][::-1]
        elif isinstance(value, list):
            waiting += [(inner, counts) for inner in value[::-1]]
        elif counts and isinstance(value, str) and value.strip():
            found.append(value)
    return found, keys
