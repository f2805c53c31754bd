"""The files of one shard, format by format, written as the documents come in.

Each file is written under a name of its own attempt and renamed when the shard is whole, so a retried or a
speculative task leaves the same bytes under the same name. Memory: the lengths of the shard's documents, and for
`parquet` one row group.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs as arrow_fs

from corpus_pipeline.kernels.megatron import index_bytes
from corpus_pipeline.kernels.packing import Array, Layout, sequences

_ROW_GROUP = 1 << 20  # tokens


class Written(NamedTuple):
    """A finished file: its name, size in bytes and SHA-256 (hex)."""

    name: str
    bytes: int
    sha256: str


class File:
    """A stream that counts and hashes what passes; `finish` gives the file its name."""

    def __init__(self, fs: arrow_fs.FileSystem, folder: str, name: str, attempt: str) -> None:
        self.name, self.closed = name, False
        self._fs, self._target, self._attempt = fs, f"{folder}/{name}", f"{folder}/.{attempt}-{name}"
        self._stream = fs.open_output_stream(self._attempt)
        self._sha, self._bytes = hashlib.sha256(), 0

    def write(self, data: Any) -> int:
        self._stream.write(data)
        self._sha.update(data)
        self._bytes += len(data)
        return len(data)

    def tell(self) -> int:
        return self._bytes

    def flush(self) -> None:
        """Nothing: `finish` does it."""

    def finish(self) -> Written:
        self._stream.close()
        self.closed = True
        if self._is_there() or not self._renamed():
            self._fs.delete_file(self._attempt)
        return Written(self.name, self._bytes, self._sha.hexdigest())

    def _is_there(self) -> bool:
        """Whether another attempt was first."""
        there = self._fs.get_file_info(self._target)
        return bool(there.type == arrow_fs.FileType.File and there.size == self._bytes)

    def _renamed(self) -> bool:
        """False when another attempt came between: HDFS does not rename over a file."""
        try:
            self._fs.move(self._attempt, self._target)
        except OSError:
            if self._is_there():
                return False
            raise
        return True


class Format(Protocol):
    """What a shard's documents are written to, in order."""

    def append(self, doc_ids: pa.Array, lengths: Array, ids: pa.Buffer) -> None:
        """doc_ids string [D]; lengths int [D], tokens; ids: all their tokens, back to back."""

    def finish(self, lengths: Array) -> Iterator[Written]:
        """lengths int [all D of the shard]."""


class Ids:
    """`megatron` (.bin, .idx) and `datatrove` (.ds, .ds.index): the ids back to back, and an index at the end."""

    def __init__(self, create: Callable[[str], File], name: str, dtype: str, layout: Layout, datatrove: bool) -> None:
        self._create, self._dtype, self._layout, self._datatrove = create, dtype, layout, datatrove
        self._index = f"{name}.ds.index" if datatrove else f"{name}.idx"
        self._data = create(f"{name}.ds" if datatrove else f"{name}.bin")

    def append(self, doc_ids: pa.Array, lengths: Array, ids: pa.Buffer) -> None:
        self._data.write(ids)

    def finish(self, lengths: Array) -> Iterator[Written]:
        yield self._data.finish()
        tokens, document = sequences(lengths, self._layout)
        by_document = self._layout.packing == "document"  # the only packing with several sequences to a document
        index = self._create(self._index)
        if self._datatrove:
            index.write(np.cumsum(tokens).astype("<u8").tobytes())
        else:
            index.write(index_bytes(tokens, self._dtype, np.cumsum(np.bincount(document)) if by_document else None))
        yield index.finish()


class Rows:
    """`parquet`: one row per sequence, `doc_id` (of the document it starts in) and `input_ids` (list<int32>).

    Row groups end with the first document that fills them, so the bytes do not depend on how documents come in.
    """

    SCHEMA = pa.schema([("doc_id", pa.string()), ("input_ids", pa.list_(pa.int32()))])

    def __init__(self, create: Callable[[str], File], name: str, dtype: str, layout: Layout) -> None:
        self._dtype, self._layout = dtype, layout
        self._full = max(_ROW_GROUP, layout.length)  # tokens: less may not hold a sequence of a stream
        self._file = create(f"{name}.parquet")
        self._writer = pq.ParquetWriter(pa.PythonFile(self._file, mode="w"), self.SCHEMA, compression="zstd")
        self._doc_ids = pa.array([], pa.string())
        self._lengths: Array = np.zeros(0, np.int64)
        self._ids: Array = np.zeros(0, dtype)

    def append(self, doc_ids: pa.Array, lengths: Array, ids: pa.Buffer) -> None:
        self._doc_ids = pa.concat_arrays([self._doc_ids, doc_ids])
        self._lengths = np.concatenate([self._lengths, lengths])
        self._ids = np.concatenate([self._ids, np.frombuffer(ids, self._dtype)])
        while len(self._ids) >= self._full:
            self._write(int(np.searchsorted(np.cumsum(self._lengths), self._full)) + 1, last=False)

    def finish(self, lengths: Array) -> Iterator[Written]:
        self._write(len(self._lengths), last=True)
        self._writer.close()
        yield self._file.finish()

    def _write(self, documents: int, last: bool) -> None:
        """One row group of the first `documents`; what does not fill a sequence of a stream waits for the next."""
        tokens, starts_in = sequences(self._lengths[:documents], self._layout)
        if self._layout.packing == "stream" and not last and len(tokens) and tokens[-1] < self._layout.length:
            tokens, starts_in = tokens[:-1], starts_in[:-1]
        used = int(tokens.sum())
        if not used:  # the documents before ended with a row group
            return
        ids = pa.array(self._ids[:used].astype(np.int32))
        offsets = pa.array(np.concatenate(([0], np.cumsum(tokens))).astype(np.int32))
        rows = [self._doc_ids.take(pa.array(starts_in)), pa.ListArray.from_arrays(offsets, ids)]
        self._writer.write_table(pa.Table.from_arrays(rows, schema=self.SCHEMA), row_group_size=max(1, len(tokens)))
        ends = np.cumsum(self._lengths)
        first = int(np.searchsorted(ends, used, side="right"))
        left = self._lengths[first:].copy()
        if len(left):
            left[0] = ends[first] - used
        self._doc_ids, self._lengths, self._ids = self._doc_ids[first:], left, self._ids[used:]


def formats(create: Callable[[str], File], name: str, dtype: str, layout: Layout) -> list[Format]:
    """A writer for each of the layout's formats."""
    made: dict[str, Callable[[], Format]] = {
        "megatron": lambda: Ids(create, name, dtype, layout, datatrove=False),
        "datatrove": lambda: Ids(create, name, dtype, layout, datatrove=True),
        "parquet": lambda: Rows(create, name, dtype, layout),
    }
    return [made[one]() for one in layout.formats]
