"""Files that workers open themselves, to read them record by record: web archives of any size.

Spark's binaryFile would hold a file in memory. Here a task gets a range of a file, opens it through Arrow's file
systems (a folder, HDFS, S3) and gives its records. Memory: one record and one batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.run.arrow_files import file_system_of, settings_of
from corpus_pipeline.stages.arrow import ddl, stream_batches
from corpus_pipeline.stages.read_files import RAW, archive_records, has_several_values

SPLIT_BYTES = 128 << 20  # of a .gz file to a task; as Spark's own files
MAX_TASKS = 10_000


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


def of_several_values(files: DataFrame) -> DataFrame:
    """Of JSON files (path) those whose first value ends in their first megabyte, and is not their only one."""
    conf = files.sparkSession._jsc.hadoopConfiguration()
    settings = settings_of(conf, "hdfs:") | settings_of(conf, "s3a:")
    return stream_batches(files, partial(_several, settings=settings), ["path"], ddl("path string"))


def _several(batches: Iterator[pa.RecordBatch], *, settings: Mapping[str, str]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        found: list[str] = []
        for path in batch.column("path").to_pylist():
            with open_file(path, settings) as file:
                found += [path] if has_several_values(file, path) else []
        yield pa.RecordBatch.from_pydict({"path": pa.array(found, pa.string())})


def open_file(path: str, settings: Mapping[str, str] = {}) -> pa.NativeFile:
    """A file by its path as Hadoop writes it (`file:/a b`, `hdfs://host/a`, `s3a://bucket/a`). Raises ResourceError."""
    try:
        fs, inner = file_system_of(path, settings)
        return fs.open_input_file(inner)
    except (OSError, pa.ArrowException) as error:
        todo = "Check that workers can reach it."
        raise ResourceError(path, "a file that can be opened", type(error).__name__, todo) from None
