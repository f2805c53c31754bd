"""Write token shards, each by the one task that holds its documents in order. The files: shard_files.py."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
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

from corpus_pipeline.kernels.packing import Layout, sequences
from corpus_pipeline.run.arrow_files import open_file_system, settings_of
from corpus_pipeline.run.shard_files import File, formats
from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.arrow import stream_batches, struct_of

Place = tuple[arrow_fs.FileSystem, str]


def _schema() -> StructType:
    """Rows of both tables in one: the columns of shard_documents, then of shard_index (its tokens as shard_tokens)."""
    documents, index = struct_of("shard_documents"), struct_of("shard_index")
    fields = {f.name: f for f in documents} | {f.name: f for f in index if f.name not in documents.names}
    return StructType([StructField(name, f.dataType) for name, f in fields.items()]).add("shard_tokens", LongType())


def write(documents: DataFrame, folder: str, layout: Layout) -> dict[str, DataFrame]:
    """Write the shards to `folder` (a URI) when the result is used. -> shard_documents, shard_index.

    documents  rows of schemas/shards.json, each shard in one partition, in its final order
    """
    settings = settings_of(documents.sparkSession._jsc.hadoopConfiguration(), folder)
    kernel = partial(write_batches, folder=folder, layout=layout, settings=settings)
    rows = stream_batches(documents, kernel, list(contract("shards").columns), _schema()).persist(
        StorageLevel.DISK_ONLY
    )
    index = rows.where(F.col("doc_id").isNull()).withColumn("tokens", F.col("shard_tokens"))
    return {
        "shard_documents": rows.where(F.col("doc_id").isNotNull()).select(*contract("shard_documents").columns),
        "shard_index": index.select(*contract("shard_index").columns),
    }


def write_batches(
    batches: Iterator[pa.RecordBatch], *, folder: str, layout: Layout, settings: Mapping[str, str] = {}
) -> Iterator[pa.RecordBatch]:
    """RecordBatch(schemas/shards.json) -> rows of _schema(): one per document, then one per shard (doc_id null)."""
    open_shard: _Shard | None = None
    place: Place | None = None
    for batch in batches:
        numbers = batch.column("shard").to_numpy()
        borders = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
        for start, end in itertools.pairwise(borders):
            if start == end:
                continue
            if open_shard is None or open_shard.number != int(numbers[start]):
                if open_shard is not None:
                    yield open_shard.close()
                place = place or _place(folder, settings)
                open_shard = _Shard(place, int(numbers[start]), _dtype(batch, start), layout)
            yield open_shard.append(batch.slice(start, end - start))
    if open_shard is not None:
        yield open_shard.close()


def _place(folder: str, settings: Mapping[str, str]) -> Place:
    """The file system of `folder`, and the folder in it, which is there now."""
    fs, path = open_file_system(folder, settings)
    fs.create_dir(path, recursive=True)
    return fs, path


def _dtype(batch: pa.RecordBatch, row: int) -> str:
    """uint16 or int32, by the bytes per token that the encoder gave."""
    width = len(batch.column("ids")[row].as_buffer()) // batch.column("tokens")[row].as_py()
    return {2: "uint16", 4: "int32"}[width]


class _Shard:
    """One shard being written."""

    def __init__(self, place: Place, number: int, dtype: str, layout: Layout) -> None:
        self.number, self.name, self.dtype, self.layout = number, f"shard-{number:05d}", dtype, layout
        attempt = uuid.uuid4().hex
        self.files = formats(lambda name: File(*place, name, attempt), self.name, dtype, layout)
        self.lengths: list[np.ndarray[Any, Any]] = []
        self.sources: Counter[str] = Counter()
        self.documents = self.tokens = 0

    def append(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        lengths = rows.column("tokens").to_numpy()
        ids = _joined(rows.column("ids"))
        for file in self.files:
            file.append(rows.column("doc_id"), lengths, ids)
        by_source = pa.table([rows.column("source"), rows.column("tokens")], ["source", "tokens"])
        for row in by_source.group_by("source").aggregate([("tokens", "sum")]).to_pylist():
            self.sources[row["source"]] += row["tokens_sum"]
        offsets = self.tokens + np.concatenate(([0], np.cumsum(lengths[:-1], dtype=np.int64)))
        positions = np.arange(self.documents, self.documents + len(lengths), dtype=np.int32)
        self.lengths.append(lengths.copy())  # a view would keep the whole batch, ids and all
        self.documents += len(lengths)
        self.tokens += int(lengths.sum())
        own = {name: rows.column(name) for name in ("doc_id", "copy", "source", "doc_type", "tokens", "header_bytes")}
        return _row(
            len(lengths), {**own, "shard": [self.name] * len(lengths), "position": positions, "token_offset": offsets}
        )

    def close(self) -> pa.RecordBatch:
        lengths = np.concatenate(self.lengths)
        written = [one for file in self.files for one in file.finish(lengths)]
        return _row(
            1,
            {
                "shard": [self.name],
                "dtype": [self.dtype],
                "documents": [self.documents],
                "sequences": [len(sequences(lengths, self.layout)[0])],
                "shard_tokens": [self.tokens],
                "bytes": [sum(one.bytes for one in written)],
                "files": [[one._asdict() for one in written]],
                "source_tokens": [[{"source": s, "tokens": n} for s, n in sorted(self.sources.items())]],
            },
        )


def _joined(ids: pa.BinaryArray) -> pa.Buffer:
    """The bytes of all values of a slice, back to back, without a copy."""
    offsets = np.frombuffer(ids.buffers()[1], np.int32)[ids.offset : ids.offset + len(ids) + 1]
    return ids.buffers()[2].slice(int(offsets[0]), int(offsets[-1] - offsets[0]))


def _row(rows: int, columns: dict[str, Any]) -> pa.RecordBatch:
    """A batch with every column of _schema(); those not given are null."""
    arrays = {}
    for field in to_arrow_schema(_schema()):
        value = columns.get(field.name)
        given = value if isinstance(value, pa.Array) or value is None else pa.array(value, field.type)
        arrays[field.name] = pa.nulls(rows, field.type) if given is None else given
    return pa.RecordBatch.from_pydict(arrays)
