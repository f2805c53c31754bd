"""Candidate pairs: documents that share a band of their signatures.

Keys travel packed, thousands to a row, so that the exchange moves arrays and not one row per document and band. A
document is named by the xxhash64 of its content here, which also orders it: two documents of one name (odds of 3 % that
there is one such pair among 1e9) are both compared with the partners of either, so nothing is lost.

A bucket links each member to its `representatives` first ones, never all to all. A task holds LIMIT entries: when there
are more, members of hot buckets beyond their first ones are passed on as they are, and joined with the bucket's
representatives afterwards, where adaptive execution splits what is skewed.

Cost: 16 bytes a document and band are shuffled, and sorted in memory; at most `representatives` pairs a document and
band come out, before the same pair of several bands is made one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import BinaryType, IntegerType, LongType, StructField, StructType

from corpus_pipeline.kernels.shingle import distinct
from corpus_pipeline.stages.arrow import stream_batches
from corpus_pipeline.stages.kept import kept

LIMIT = 1 << 22  # entries that a task sorts at a time: 64 MB, and 200 MB more while it does
_FLUSH = 1 << 19  # entries that are packed together
_PACKED = StructType([StructField("part", IntegerType()), StructField("entries", BinaryType())])
# kind 0: a pair (leader, member); 1: a member of the bucket `key` that awaits its leaders; 2: a leader of the bucket
_LINKS = StructType([StructField(name, LongType()) for name in ("kind", "key", "one", "other")])
_PAIR, _WAITING, _LEADER = 0, 1, 2

Names = npt.NDArray[np.int64]
Entries = npt.NDArray[np.int64]  # (rows, 2): key of a band, name of a document


def candidates(signed: DataFrame, representatives: int) -> DataFrame:
    """(name long, bands binary) -> (leader, member): distinct pairs of names, leader < member."""
    parts = int(signed.sparkSession.conf.get("spark.sql.shuffle.partitions") or 200)
    packed = stream_batches(signed, partial(pack, parts=parts), ["name", "bands"], _PACKED)
    kernel = partial(link, representatives=representatives, limit=LIMIT)
    linked = kept(stream_batches(packed.repartition("part"), kernel, ["entries"], _LINKS))
    leaders = linked.where(F.col("kind") == _LEADER).select("key", F.col("one").alias("leader"))
    waiting = linked.where(F.col("kind") == _WAITING).select("key", F.col("one").alias("member"))
    late = waiting.join(leaders, "key", how="inner").select("leader", "member")
    pairs = linked.where(F.col("kind") == _PAIR).select(F.col("one").alias("leader"), F.col("other").alias("member"))
    return pairs.union(late).distinct()


def pack(batches: Iterator[pa.RecordBatch], *, parts: int) -> Iterator[pa.RecordBatch]:
    """(name, bands) -> (part, entries): the entries of each part of the exchange as bytes."""
    held: list[Entries] = []
    for batch in batches:
        names = batch.column("name").to_numpy()
        keys = np.frombuffer(b"".join(batch.column("bands").to_pylist()), np.int64).reshape(len(names), -1)
        held.append(np.stack([keys.ravel(), np.repeat(names, keys.shape[1])], axis=1))
        if sum(map(len, held)) >= _FLUSH:
            yield _packed(np.concatenate(held), parts)
            held = []
    if held:
        yield _packed(np.concatenate(held), parts)


def _packed(entries: Entries, parts: int) -> pa.RecordBatch:
    part = (entries[:, 0] % parts).astype(np.min_scalar_type(parts))  # short: numpy sorts 16 bits by their digits
    order = np.argsort(part, kind="stable")
    ends = np.searchsorted(part[order], np.arange(1, parts))
    blobs = [block.tobytes() for block in np.split(entries[order], ends)]
    filled = [i for i, blob in enumerate(blobs) if blob]
    columns = {"part": pa.array(filled, pa.int32()), "entries": pa.array([blobs[i] for i in filled], pa.binary())}
    return pa.RecordBatch.from_pydict(columns)


def link(batches: Iterator[pa.RecordBatch], *, representatives: int, limit: int) -> Iterator[pa.RecordBatch]:
    """(entries) of one partition -> links, each bucket whole."""
    held: list[Entries] = [np.empty((0, 2), np.int64)]
    hot = np.empty(0, np.int64)
    room = limit
    for batch in batches:
        for blob in batch.column("entries").to_pylist():
            held.append(np.frombuffer(blob, np.int64).reshape(-1, 2))
            if sum(map(len, held)) < room:
                continue
            entries, rank = _ranked(np.concatenate(held))
            later = entries[rank >= representatives]
            hot = distinct(np.concatenate([hot, later[:, 0]]))
            yield _links(_WAITING, later[:, 0], later[:, 1])
            held = [entries[rank < representatives]]
            room = max(limit, 2 * len(held[0]))
    entries, rank = _ranked(np.concatenate(held))
    for leader, member in _pairs(entries, rank, representatives):
        yield _links(_PAIR, np.zeros(len(leader), np.int64), leader, member)
    chosen = entries[(rank < representatives) & np.isin(entries[:, 0], hot)]
    yield _links(_LEADER, chosen[:, 0], chosen[:, 1])


def bucket_pairs(entries: Entries, representatives: int) -> Iterator[tuple[Names, Names]]:
    """(leaders, members) of all buckets, in `representatives` parts: each member with its bucket's first ones."""
    return _pairs(*_ranked(entries), representatives)


def _pairs(entries: Entries, rank: Names, representatives: int) -> Iterator[tuple[Names, Names]]:
    members = np.flatnonzero(rank)
    for distance in range(representatives):
        members = members[rank[members] > distance]
        yield entries[members - rank[members] + distance, 1], entries[members, 1]


def _ranked(entries: Entries) -> tuple[Entries, npt.NDArray[np.int64]]:
    """Entries by key and name, and the place of each in its bucket."""
    entries = entries[np.argsort(entries[:, 0])]
    first = np.ones(len(entries) + 1, np.bool_)
    first[1:-1] = entries[1:, 0] != entries[:-1, 0]
    shared = ~(first[:-1] & first[1:])  # most keys are of one document: only the others are sorted by name
    several = entries[shared]
    entries[shared] = several[np.lexsort((several[:, 1], several[:, 0]))]
    first = first[:-1]
    places = np.arange(len(entries))
    return entries, places - np.maximum.accumulate(np.where(first, places, 0))


def _links(kind: int, key: Names, one: Names, other: Names | None = None) -> pa.RecordBatch:
    columns = [np.full(len(key), kind), key, one, np.zeros(len(key), np.int64) if other is None else other]
    return pa.RecordBatch.from_arrays([pa.array(column) for column in columns], names=_LINKS.names)
