"""What is small by contract, read whole on the driver for the page: tables, and facts in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from corpus_pipeline.errors import CorpusError
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.schemas import contract

Row = Mapping[str, Any]


def rows(storage: Storage, folder: str, table: str, columns: Sequence[str] = ()) -> list[Row] | None:
    """The rows of `table` at `folder`, in no order; None where it cannot be read. columns: those of them; (): all."""
    try:
        files, path = storage.arrow(folder)
        found = pq.read_table(path, filesystem=files).select(list(columns or contract(table).columns))
    except (OSError, pa.ArrowException, KeyError):
        return None
    values = {name: _decoded(found[name]) for name in found.column_names}
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]


def facts(storage: Storage, path: str) -> dict[str, Any]:
    """The JSON object in the file at `path`; empty where it is not there or is no such object."""
    try:
        found = json.loads(storage.read_text(path)) if storage.exists(path) else {}
    except (ValueError, CorpusError):
        return {}
    return found if isinstance(found, dict) else {}


def _decoded(column: pa.ChunkedArray) -> list[Any]:
    """Values of a column; bytes that are no UTF-8 become U+FFFD, for one document must not hide the others."""
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        return list(column.to_pylist())
    values = column.cast(pa.large_binary()).to_pylist()
    return [None if value is None else value.decode("utf-8", "replace") for value in values]
