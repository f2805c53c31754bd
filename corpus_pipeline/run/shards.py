"""Write token shards: one `.bin` and `.idx` per shard, by the one task that holds the shard's sequences in order.

A file is written under a name of its own attempt and renamed when it is whole, so a retried or a speculative
task leaves the same bytes under the same name. Memory per task: the lengths of one shard's sequences.
"""

from __future__ import annotations

import hashlib
import itertools
import uuid
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import fs as arrow_fs
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import LongType, StructField, StructType
from pyspark.storagelevel import StorageLevel

from corpus_pipeline.kernels.megatron import index_bytes
from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.arrow import stream_batches, struct_of


def _schema() -> StructType:
    """Rows of both tables in one: the columns of shard_documents, then of shard_index (its tokens as shard_tokens)."""
    documents, index = struct_of("shard_documents"), struct_of("shard_index")
    fields = {f.name: f for f in documents} | {f.name: f for f in index if f.name not in documents.names}
    return StructType([StructField(name, f.dataType) for name, f in fields.items()]).add("shard_tokens", LongType())


def write(sequences: DataFrame, folder: str) -> dict[str, DataFrame]:
    """Write the shards to `folder` (a URI) when the result is used. -> shard_documents, shard_index.

    sequences  rows of schemas/shards.json, each shard in one partition, in its final order
    """
    kernel = partial(write_batches, folder=folder)
    rows = stream_batches(sequences, kernel, list(contract("shards").columns), _schema()).persist(
        StorageLevel.DISK_ONLY
    )
    index = rows.where(F.col("doc_id").isNull()).withColumn("tokens", F.col("shard_tokens"))
    return {
        "shard_documents": rows.where(F.col("doc_id").isNotNull()).select(*contract("shard_documents").columns),
        "shard_index": index.select(*contract("shard_index").columns),
    }


def write_batches(batches: Iterator[pa.RecordBatch], *, folder: str) -> Iterator[pa.RecordBatch]:
    """RecordBatch(schemas/shards.json) -> rows of _schema(): one per sequence, then one per shard (doc_id null)."""
    open_shard: _Shard | None = None
    for batch in batches:
        numbers = batch.column("shard").to_numpy()
        borders = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
        for start, end in itertools.pairwise(borders):
            if start == end:
                continue
            if open_shard is None or open_shard.number != int(numbers[start]):
                if open_shard is not None:
                    yield open_shard.close()
                open_shard = _Shard(folder, int(numbers[start]), _dtype(batch, start))
            yield open_shard.append(batch.slice(start, end - start))
    if open_shard is not None:
        yield open_shard.close()


def _dtype(batch: pa.RecordBatch, row: int) -> str:
    """uint16 or int32, by the bytes per token that the encoder gave."""
    width = len(batch.column("ids")[row].as_buffer()) // batch.column("tokens")[row].as_py()
    return {2: "uint16", 4: "int32"}[width]


class _Shard:
    """One shard being written."""

    def __init__(self, folder: str, number: int, dtype: str) -> None:
        self.number, self.name, self.dtype = number, f"shard-{number:05d}", dtype
        self.fs, self.folder = arrow_fs.FileSystem.from_uri(folder)
        self.fs.create_dir(self.folder, recursive=True)
        self.attempt = f"{self.folder}/.{self.name}-{uuid.uuid4().hex}"
        self.file = self.fs.open_output_stream(f"{self.attempt}.bin")
        self.sha = hashlib.sha256()
        self.lengths: list[np.ndarray[Any, Any]] = []
        self.documents = self.tokens = 0

    def append(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        lengths = rows.column("tokens").to_numpy()
        for ids in rows.column("ids"):
            data = ids.as_buffer()
            self.file.write(data)
            self.sha.update(data)
        offsets = self.tokens + np.concatenate(([0], np.cumsum(lengths[:-1], dtype=np.int64)))
        positions = np.arange(self.documents, self.documents + len(lengths), dtype=np.int32)
        self.lengths.append(lengths)
        self.documents += len(lengths)
        self.tokens += int(lengths.sum())
        own = {name: rows.column(name) for name in ("doc_id", "copy", "source", "doc_type", "tokens", "header_bytes")}
        return _row(
            len(lengths), {**own, "shard": [self.name] * len(lengths), "position": positions, "token_offset": offsets}
        )

    def close(self) -> pa.RecordBatch:
        self.file.close()
        index = index_bytes(np.concatenate(self.lengths), self.dtype)
        with self.fs.open_output_stream(f"{self.attempt}.idx") as stream:
            stream.write(index)
        for ending in (".bin", ".idx"):
            self.fs.move(self.attempt + ending, f"{self.folder}/{self.name}{ending}")
        return _row(
            1,
            {
                "shard": [self.name],
                "dtype": [self.dtype],
                "documents": [self.documents],
                "shard_tokens": [self.tokens],
                "bin_bytes": [self.tokens * np.dtype(self.dtype).itemsize],
                "bin_sha256": [self.sha.hexdigest()],
                "idx_sha256": [hashlib.sha256(index).hexdigest()],
            },
        )


def _row(rows: int, columns: dict[str, Any]) -> pa.RecordBatch:
    """A batch with every column of _schema(); those not given are null."""
    arrays = {}
    for field in to_arrow_schema(_schema()):
        value = columns.get(field.name)
        given = value if isinstance(value, pa.Array) or value is None else pa.array(value, field.type)
        arrays[field.name] = pa.nulls(rows, field.type) if given is None else given
    return pa.RecordBatch.from_pydict(arrays)
