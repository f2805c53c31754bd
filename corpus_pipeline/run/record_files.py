"""Files that workers open themselves, to read them record by record: web archives of any size.

Spark's binaryFile would hold a file in memory. Here a task gets a range of a file, opens it through Arrow's file
systems (a folder, HDFS, S3) and gives its records. Memory: one record and one batch.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import partial
from urllib.parse import quote

import pyarrow as pa
from pyarrow import fs as arrow_fs
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.run.arrow_files import open_file_system, settings_of
from corpus_pipeline.stages.arrow import ddl, stream_batches
from corpus_pipeline.stages.read_files import RAW, archive_records

SPLIT_BYTES = 128 << 20  # of a .gz file to a task; as Spark's own files
MAX_TASKS = 10_000
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)


def read(files: DataFrame, limit: int, split: int = SPLIT_BYTES) -> DataFrame:
    """The records of WARC files as RAW.

    files  (path as Hadoop writes it, _path to be shown, length); limit: bytes of one record, larger ones are rejected
    """
    step = F.when(F.lower("path").endswith(".gz"), F.lit(split)).otherwise(F.greatest("length", F.lit(1)))
    ranges = files.select(
        "path", "_path", F.explode(F.sequence(F.lit(0), F.col("length"), step)).alias("start"), step.alias("step")
    )
    tasks = ranges.repartition(max(1, min(ranges.count(), MAX_TASKS)))  # by number: else Spark joins what is small
    conf = files.sparkSession._jsc.hadoopConfiguration()
    settings = settings_of(conf, "hdfs:") | settings_of(conf, "s3a:")
    kernel = partial(read_ranges, limit=limit, settings=settings)
    return stream_batches(tasks, kernel, ["path", "_path", "start", "step"], ddl(RAW))


def read_ranges(
    batches: Iterator[pa.RecordBatch], *, limit: int, settings: Mapping[str, str]
) -> Iterator[pa.RecordBatch]:
    """RecordBatch(path, _path, start, step) -> RecordBatch(RAW)."""
    for batch in batches:
        for row in batch.to_pylist():
            with open_file(row["path"], settings) as file:
                yield from archive_records(file, row["_path"], row["start"], row["start"] + row["step"], limit)


def open_file(path: str, settings: Mapping[str, str] = {}) -> pa.NativeFile:
    """A file by its path as Hadoop writes it (`file:/a b`, `hdfs://host/a`, `s3a://bucket/a`). Raises ResourceError."""
    try:
        fs, inner = file_system(path, settings)
        return fs.open_input_file(inner)
    except (OSError, pa.ArrowException) as error:
        todo = "Check that workers can reach it."
        raise ResourceError(path, "a file that can be opened", type(error).__name__, todo) from None


def file_system(path: str, settings: Mapping[str, str] = {}) -> tuple[arrow_fs.FileSystem, str]:
    """Arrow's file system for a path as Hadoop writes it, and the path in it.

    >>> file_system("file:/data/한글 이름.warc.gz")[1]
    '/data/한글 이름.warc.gz'
    """
    scheme, colon, rest = path.partition(":") if _SCHEME.match(path) else ("", "", path)
    if not colon:
        return arrow_fs.LocalFileSystem(), os.path.abspath(rest)
    if scheme == "file":
        return arrow_fs.LocalFileSystem(), "/" + rest.lstrip("/")
    return open_file_system(f"{scheme}:{quote(rest, safe='/:@')}", settings)
