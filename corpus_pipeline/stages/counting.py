"""Count pieces (morphemes or runs) of texts with Spark, in int64, by any narrow columns. Used by several stages.

A worker holds at most _FLUSH distinct runs before it passes its counts on; the analyser runs once per distinct run.
Cost: one pass over the text, and a shuffle of distinct pieces (Zipf: they grow with about the 0.6th power of it).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import partial

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import LongType, StringType, StructField, StructType

from corpus_pipeline.kernels.morphemes import morphemes, runs
from corpus_pipeline.stages.arrow import stream_batches

_FLUSH = 500_000  # distinct (key, run) pairs; about 100 MB


def count_pieces(texts: DataFrame, by: Sequence[str], cut: bool) -> DataFrame:
    """`texts` (text string, copies int, and the columns of `by`) -> (`by`..., piece string, n long).

    n    occurrences of the piece in all copies of the texts
    cut  whether runs of Hangul are cut into morphemes
    """
    schema = StructType([texts.schema[name] for name in by])
    schema = StructType([*schema, StructField("piece", StringType()), StructField("n", LongType())])
    kernel = partial(count_batches, by=tuple(by), cut=cut, schema=to_arrow_schema(schema))
    partial_counts = stream_batches(texts, kernel, ["text", "copies", *by], schema)
    return partial_counts.groupBy(*by, "piece").agg(F.sum("n").alias("n"))


def count_batches(
    batches: Iterator[pa.RecordBatch], *, by: tuple[str, ...], cut: bool, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """RecordBatch(text, copies, by...) -> RecordBatch(by..., piece, n); the same row may come more than once."""
    seen: dict[tuple[object, ...], Counter[str]] = defaultdict(Counter)
    for batch in batches:
        for row in batch.to_pylist():
            counts = seen[tuple(row[name] for name in by)]
            for run in runs(row["text"]):
                counts[run] += row["copies"]
        if sum(map(len, seen.values())) > _FLUSH:
            yield _as_batch(seen, cut, schema)
            seen.clear()
    yield _as_batch(seen, cut, schema)


def _as_batch(seen: dict[tuple[object, ...], Counter[str]], cut: bool, schema: pa.Schema) -> pa.RecordBatch:
    columns: list[list[object]] = [[] for _ in schema]
    for key, runs_of_key in seen.items():
        counts: Counter[str] = Counter()
        for run, n in runs_of_key.items():
            for piece in morphemes(run) if cut else (run,):
                counts[piece] += n
        for column, value in zip(columns, key, strict=False):
            column += [value] * len(counts)
        columns[-2] += counts.keys()
        columns[-1] += counts.values()
    return pa.RecordBatch.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )
