"""Count pieces (morphemes or runs) of texts with Spark, in int64, by any narrow columns. Used by several stages.

Runs are counted first and cut into morphemes afterwards, so the analyser sees each distinct run once (once for each
value of `by` at most), not once per task. A worker holds _FLUSH distinct runs, and those of one batch, before it passes
them on. Cost: one pass over the text, and two shuffles of what is distinct (runs, then pieces: by Heaps' law they grow
with about the 0.7th power of the text).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import LongType, StringType, StructField, StructType

from corpus_pipeline.kernels.morphemes import cut as cut_runs
from corpus_pipeline.kernels.split import Runs, windows
from corpus_pipeline.stages.arrow import map_batches, stream_batches

_FLUSH = 500_000  # distinct (key, run) pairs; about 100 MB
_CUT = "sampled_bytes"  # optional column of the texts


def count_pieces(texts: DataFrame, by: Sequence[str], cut: bool) -> DataFrame:
    """`texts` (text string, copies int, and the columns of `by`) -> (`by`..., piece string, n long).

    n    occurrences of the piece in all copies of the texts
    cut  whether runs of Hangul are cut into morphemes

    Where the texts have a column `sampled_bytes` (long), only so many UTF-8 bytes from their start are counted.
    """
    schema = StructType([texts.schema[name] for name in by])
    schema = StructType([*schema, StructField("piece", StringType()), StructField("n", LongType())])
    kernel = partial(count_runs, by=tuple(by), schema=to_arrow_schema(schema))
    columns = ["text", "copies", *by, *([_CUT] if _CUT in texts.columns else [])]
    runs = stream_batches(texts, kernel, columns, schema).groupBy(*by, "piece").agg(F.sum("n").alias("n"))
    return cut_counts(runs) if cut else runs


def cut_counts(counts: DataFrame) -> DataFrame:
    """(..., piece string, n long) of runs -> the same of morphemes."""
    pieces = map_batches(counts, cut_batch, counts.columns, counts.schema)
    return pieces.groupBy(*(name for name in counts.columns if name != "n")).agg(F.sum("n").alias("n"))


def count_runs(
    batches: Iterator[pa.RecordBatch], *, by: tuple[str, ...], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """RecordBatch(text, copies, by...) -> RecordBatch(by..., piece, n), piece a run; rows may come more than once."""
    seen: dict[tuple[object, ...], Counter[bytes]] = defaultdict(Counter)
    for batch in batches:
        keys: list[tuple[object, ...]] = [()] * batch.num_rows
        if by:
            keys = [tuple(row.values()) for row in batch.select(by).to_pylist()]
        copies = batch.column("copies").to_numpy()
        for runs, first, _ in windows(cut_texts(batch).column("text")):
            texts = slice(first, first + len(runs.ends))
            for key, run, n in _weighted(runs, keys[texts], copies[texts]):
                seen[key][run] += n
        if sum(map(len, seen.values())) > _FLUSH:
            yield _as_batch(seen, schema)
            seen.clear()
    yield _as_batch(seen, schema)


def _weighted(
    runs: Runs, keys: list[tuple[object, ...]], copies: np.ndarray[Any, Any]
) -> Iterator[tuple[tuple[object, ...], bytes, int]]:
    """Each key of a text with each run in its texts, and how often, copies counted."""
    numbers = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    texts = np.repeat(np.arange(len(keys)), np.diff(runs.ends, prepend=0))  # the text of each run
    distinct = len(runs.distinct)
    pair = np.array([numbers[key] for key in keys], np.int64)[texts] * distinct + runs.indices
    found, place = np.unique(pair, return_inverse=True)
    # floats, exact here: one batch holds fewer than 2^53 runs and copies
    counts = np.bincount(place, copies[texts], len(found)).astype(np.int64)
    keys_found = list(numbers)
    run_of = runs.distinct.take(pa.array(found % distinct)).to_pylist() if distinct else []
    for i, run, n in zip((found // max(distinct, 1)).tolist(), run_of, counts.tolist(), strict=True):
        yield keys_found[i], run, n


def cut_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """RecordBatch(by..., piece, n) of runs -> the same of morphemes; the same row may come more than once."""
    runs = batch.column("piece").dictionary_encode()
    lists = cut_runs(runs.dictionary.to_pylist())
    sizes = np.array([len(pieces) for pieces in lists], np.int64)
    rows = np.repeat(np.arange(batch.num_rows), sizes[runs.indices.to_numpy()])
    found = [piece for i in runs.indices.to_pylist() for piece in lists[i]]
    repeated = batch.take(pa.array(rows))
    place = batch.schema.get_field_index("piece")
    return repeated.set_column(place, "piece", pa.array(found, pa.string()))


def cut_texts(batch: pa.RecordBatch) -> pa.RecordBatch:
    """`batch` with `text` cut to its first `sampled_bytes` UTF-8 bytes, if it has that column; no character in part.

    Few texts are cut (one per stratum of a sample), so those alone are touched one by one.
    """
    if _CUT not in batch.schema.names:
        return batch
    text, sizes = batch.column("text"), batch.column(_CUT)
    longer = pc.greater(pc.binary_length(text), sizes)
    if not longer.true_count:
        return batch
    rows = np.flatnonzero(longer.to_numpy(zero_copy_only=False)).tolist()
    starts = [text[i].as_py().encode()[: sizes[i].as_py()].decode("utf-8", "ignore") for i in rows]
    cut = pc.replace_with_mask(text, longer, pa.array(starts, text.type))
    return batch.set_column(batch.schema.get_field_index("text"), "text", cut)


def _as_batch(seen: dict[tuple[object, ...], Counter[bytes]], schema: pa.Schema) -> pa.RecordBatch:
    columns: list[list[object]] = [[] for _ in schema]
    for key, counts in seen.items():
        for column, value in zip(columns, key, strict=False):
            column += [value] * len(counts)
        columns[-2] += [run.decode() for run in counts]
        columns[-1] += counts.values()
    return pa.RecordBatch.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )
