"""Candidate pairs are compared shingle by shingle: what is near is proved, and what is not is forgotten.

Each document that occurs in a pair is read and cut into shingles once. Its set (sorted, 8 bytes a shingle, at most
`max_shingles`) goes to the groups it is compared in: a group is a leader and up to GROUP of its members on average,
so a document that a million others resemble is compared in many tasks.

Similarity is the exact Jaccard similarity of the two sets, unless one has `max_shingles` or more: then it is estimated
on that many smallest hashes (kernels/shingle.py sketch_jaccard), with a standard error of 0.001 at 200,000.

Cost: one more pass over the text; a shuffle of 8 bytes a character of the documents in pairs, once for each leader.
The text itself moves only when the ids of these documents are too many to broadcast. Memory: a set and an Arrow batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    DoubleType,
    LongType,
    StringType,
    StructField,
    StructType,
)

from corpus_pipeline.kernels.shingle import Hashes, sketch_jaccard
from corpus_pipeline.kernels.sketch import Shingling, shingle_sets
from corpus_pipeline.stages.arrow import map_batches, stream_batches
from corpus_pipeline.stages.kept import few, kept
from corpus_pipeline.stages.signatures import Signing

GROUP = 256  # members of a leader that are compared in one group, on average
_DRAWN = 400  # pairs, before they are verified, whose texts go along, for people to look at
_HEAD, _EXCERPT, _BEFORE = 20_000, 1_000, 200  # characters of a text, of an excerpt, and of it before the difference
_PLACE = StructType(
    [StructField(name, LongType()) for name in ("leader", "salt")]
    + [StructField(name, BooleanType()) for name in ("leads", "drawn")]
)
PLACED = StructType([StructField("doc_id", StringType()), StructField("places", ArrayType(_PLACE))])
_ID = [StructField("doc_id", StringType()), StructField("source", StringType())]
_SET = StructType(
    [
        *_ID,
        StructField("places", ArrayType(_PLACE)),
        StructField("hashes", BinaryType()),
        StructField("head", StringType()),
    ]
)
EXCERPT = ("start", "excerpt_a", "excerpt_b")
PAIRS = StructType(
    [StructField(name, StringType()) for name in ("doc_a", "doc_b", "source_a", "source_b")]
    + [StructField("similarity", DoubleType()), StructField("start", LongType())]
    + [StructField(name, StringType()) for name in EXCERPT[1:]]
)
_GROUPED = ["leader", "salt", "leads", "drawn", "doc_id", "source", "hashes", "head"]


def placed(pairs: DataFrame, names: DataFrame) -> DataFrame:
    """Candidates (leader, member) and names (doc_id, name) -> PLACED: the groups each document is compared in."""
    count = pairs.count()
    drawn = F.expr(f"pmod(shiftright(leader ^ member, 1), {drawn_of(count)}) = 0")
    sizes = pairs.groupBy("leader").agg(F.ceil(F.count(F.lit(1)) / GROUP).alias("groups"))
    salted = pairs.join(sizes, "leader", how="inner").select(  # leader is a key of sizes
        "leader", "member", F.expr("pmod(shiftright(member, 1), groups)").alias("salt"), drawn.alias("drawn")
    )
    members = salted.select(F.col("member").alias("name"), "leader", "salt", F.lit(False).alias("leads"), "drawn")
    leaders = salted.groupBy("leader", "salt").agg(F.max("drawn").alias("drawn"))
    leaders = leaders.select(F.col("leader").alias("name"), "leader", "salt", F.lit(True).alias("leads"), "drawn")
    place = F.struct(*_PLACE.names)
    places = members.union(leaders).groupBy("name").agg(F.collect_list(place).alias("places"))
    named = names.join(few(places, 2 * count), "name", how="inner").drop("name")  # name is a key of places
    return few(kept(named), 2 * count)


def drawn_of(count: int) -> int:
    """Of how many pairs one is drawn, where there are `count`: its names, hashes as they are, say which."""
    return max(1, count // _DRAWN)


def verify(placed: DataFrame, texts: DataFrame, params: Signing) -> DataFrame:
    """Candidates at or above the threshold as PAIRS; one may come twice, where two documents have one name.

    placed  PLACED;  texts  (doc_id, source, text). Pairs that are drawn have excerpts of their texts; the others null.
    """
    wanted = texts.join(placed, "doc_id", how="inner")  # doc_id is a key of both
    kernel = partial(shingle_batch, shingling=params.shingling(), limit=params.max_shingles)
    sets = map_batches(wanted, kernel, ["doc_id", "source", "places", "text"], _SET)
    grouped = sets.select("doc_id", "source", "hashes", "head", F.inline("places")).repartition("leader", "salt")
    ordered = grouped.sortWithinPartitions("leader", "salt", F.desc("leads"), "doc_id")
    comparison = partial(compare, threshold=params.threshold, limit=params.max_shingles)
    return stream_batches(ordered, comparison, _GROUPED, PAIRS)


def shingle_batch(batch: pa.RecordBatch, *, shingling: Shingling, limit: int) -> pa.RecordBatch:
    """(doc_id, source, places, text) -> _SET; hashes: uint64 little-endian, ascending; head: the text's if drawn."""
    sets = shingle_sets(batch.column("text"), shingling, limit)
    hashes = pa.array([one.astype("<u8", copy=False).tobytes() for one in sets], pa.binary())
    drawn = [any(place["drawn"] for place in places) for places in batch.column("places").to_pylist()]
    heads = pc.utf8_slice_codeunits(batch.column("text"), 0, _HEAD)
    columns = {name: batch.column(name) for name in ("doc_id", "source", "places")}
    head = pc.if_else(pa.array(drawn), heads, pa.scalar(None, heads.type))
    return pa.RecordBatch.from_pydict(columns | {"hashes": hashes, "head": head})


class _Document(NamedTuple):
    doc_id: str
    source: str
    hashes: Hashes
    head: str | None


def compare(batches: Iterator[pa.RecordBatch], *, threshold: float, limit: int) -> Iterator[pa.RecordBatch]:
    """Groups, each with its leader first -> PAIRS, the smaller doc_id first."""
    group: tuple[int, int] | None = None
    leaders: list[_Document] = []  # one, but for two documents of one name
    for batch in batches:
        found: list[dict[str, object]] = []
        columns = (batch.column(name).to_pylist() for name in _GROUPED)
        for leader, salt, leads, drawn, doc_id, source, blob, head in zip(*columns, strict=True):
            if group != (leader, salt):
                group, leaders = (leader, salt), []
            one = _Document(doc_id, source, np.frombuffer(blob, np.uint64), head if drawn else None)
            for other in leaders:
                similarity = _similarity(other.hashes, one.hashes, threshold, limit)
                if similarity >= threshold and other.doc_id != doc_id:
                    a, b = sorted((other, one), key=lambda document: document.doc_id)
                    ids = {"doc_a": a.doc_id, "doc_b": b.doc_id, "source_a": a.source, "source_b": b.source}
                    found.append({**ids, "similarity": similarity, **_excerpts(a.head, b.head)})
            if leads:
                leaders.append(one)
        yield pa.RecordBatch.from_pylist(found, schema=to_arrow_schema(PAIRS))


def _excerpts(a: str | None, b: str | None) -> dict[str, object]:
    """Where both texts are there: a part of each, from shortly before their first difference."""
    if a is None or b is None:
        return {}
    same = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), None)
    if same is None:  # one goes on where the other ends; or they differ later
        same = min(len(a), len(b)) if len(a) != len(b) else 0
    start = max(0, same - _BEFORE)
    return dict(zip(EXCERPT, (start, a[start : start + _EXCERPT], b[start : start + _EXCERPT]), strict=True))


def _similarity(a: Hashes, b: Hashes, threshold: float, limit: int) -> float:
    """Jaccard similarity, or 0 where the sizes alone keep it under the threshold: the same division as in jaccard."""
    small, large = sorted((len(a), len(b)))
    return sketch_jaccard(a, b, limit) if large and small / large >= threshold else 0.0
