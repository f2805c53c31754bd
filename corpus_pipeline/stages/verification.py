"""Candidate pairs are compared shingle by shingle: what is near is proved, and what is not is forgotten.

The texts of a pair meet in a group. Here a group is a leader and up to GROUP of its members on average, so a document
that a million others resemble is compared in many tasks; stages/on_driver.py makes groups of whole clusters of pairs,
so that a text travels once. A group comes in the order of names, leaders before their members; the set of a leader is
held until the group ends. A text of more bytes than the largest set travels as that set.

Similarity is the exact Jaccard similarity of the two sets, unless one has `max_shingles` or more: then it is estimated
on that many smallest hashes (kernels/shingle.py sketch_jaccard), with a standard error of 0.001 at 200,000.

Cost: one more pass over the text, a shuffle of the texts in pairs, each to its groups, and their shingles in each: on
the driver's way mostly one, here one for each leader, at most bands x bucket_representatives.
Memory: an Arrow batch with its sets, and a group's leaders: 1.6 MB each at most, usually one, 2 x BLOCK at most.
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
from corpus_pipeline.stages.signatures import Signing

GROUP = 256  # members of a leader that are compared in one group, on average
_DRAWN = 400  # pairs, before they are verified, whose texts are shown in part, for people to look at
_HEAD, _EXCERPT, _BEFORE = 20_000, 1_000, 200  # characters of a text, of an excerpt, and of it before the difference
_PLACE = StructType(
    [
        StructField("group", LongType()),
        StructField("leaders", ArrayType(LongType())),  # names it is compared with there
        StructField("leads", BooleanType()),  # others are compared with it there
    ]
)
PLACED = StructType(
    [StructField("doc_id", StringType()), StructField("name", LongType()), StructField("places", ArrayType(_PLACE))]
)
_DOCUMENT = ["doc_id", "name", "source", "places", "text"]
_BOUNDED = StructType(
    [
        *PLACED,
        StructField("source", StringType()),
        StructField("text", StringType()),
        StructField("hashes", BinaryType()),
    ]
)
EXCERPT = ("start", "excerpt_a", "excerpt_b")
PAIRS = StructType(
    [StructField(name, StringType()) for name in ("doc_a", "doc_b", "source_a", "source_b")]
    + [StructField("similarity", DoubleType()), StructField("start", LongType())]
    + [StructField(name, StringType()) for name in EXCERPT[1:]]
)
_GROUPED = ["group", "name", "leaders", "leads", "doc_id", "source", "text", "hashes"]


def placed(pairs: DataFrame, names: DataFrame) -> DataFrame:
    """Candidates (leader, member) and names (doc_id, name) -> PLACED: the groups each document is compared in."""
    sizes = pairs.groupBy("leader").agg(F.ceil(F.count(F.lit(1)) / GROUP).alias("groups"))
    salted = pairs.join(sizes, "leader", how="inner").select(  # leader is a key of sizes
        "leader", "member", F.expr("xxhash64(leader, pmod(shiftright(member, 1), groups))").alias("group")
    )
    members = salted.select(F.col("member").alias("name"), "group", "leader", F.lit(False).alias("leads"))
    leaders = salted.select(F.col("leader").alias("name"), "group", F.lit(None).cast("long"), F.lit(True)).distinct()
    each = members.union(leaders).groupBy("name", "group")
    places = each.agg(F.collect_list("leader").alias("leaders"), F.max("leads").alias("leads"))
    lists = places.groupBy("name").agg(F.collect_list(F.struct(*_PLACE.names)).alias("places"))
    return names.join(lists, "name", how="inner").select(*PLACED.names)  # name is a key of lists


def verify(placed: DataFrame, texts: DataFrame, params: Signing, count: int) -> DataFrame:
    """Candidates at or above the threshold, each once, as PAIRS.

    placed  PLACED;  texts  (doc_id, source, text, text_bytes), published, so that Parquet knows its sizes;  count  of
    candidates. Some, drawn by the names, have excerpts of their texts; the others null.
    """
    wanted = texts.join(placed, "doc_id", how="inner")  # doc_id is a key of both
    shingling, limit = params.shingling(), params.max_shingles
    long = F.col("text_bytes") > 8 * limit  # not of the text: Parquet then skips the parts without a long one
    whole = wanted.where(~long).select(*_DOCUMENT, F.lit(None).cast("binary").alias("hashes"))
    sets = map_batches(wanted.where(long), partial(bound, shingling=shingling, limit=limit), _DOCUMENT, _BOUNDED)
    bounded = whole.unionByName(sets)
    grouped = bounded.select("*", F.inline("places")).repartition("group")
    ordered = grouped.sortWithinPartitions("group", "name", "doc_id")
    drawn, threshold = max(1, count // _DRAWN), params.threshold
    comparison = partial(compare, shingling=shingling, threshold=threshold, limit=limit, drawn=drawn)
    return stream_batches(ordered, comparison, _GROUPED, PAIRS)


def bound(batch: pa.RecordBatch, *, shingling: Shingling, limit: int) -> pa.RecordBatch:
    """_DOCUMENT -> _BOUNDED: a text of more bytes than `limit` hashes becomes its head and its set.

    hashes  uint64 little-endian, ascending; null where the text is whole
    """
    text = batch.column("text")
    long = pc.greater(pc.binary_length(text), 8 * limit)
    hashes: list[bytes | None] = [None] * len(text)
    for i in np.flatnonzero(long.to_numpy(zero_copy_only=False)).tolist():
        hashes[i] = shingle_sets(text.slice(i, 1), shingling, limit)[0].astype("<u8", copy=False).tobytes()
    if pc.any(long).as_py():
        text = pc.if_else(long, pc.utf8_slice_codeunits(text, 0, _HEAD), text)
    columns = {name: batch.column(name) for name in _DOCUMENT[:-1]}
    return pa.RecordBatch.from_pydict(columns | {"text": text, "hashes": pa.array(hashes, pa.binary())})


class _Document(NamedTuple):
    doc_id: str
    source: str
    hashes: Hashes
    head: str


def compare(
    batches: Iterator[pa.RecordBatch], *, shingling: Shingling, threshold: float, limit: int, drawn: int
) -> Iterator[pa.RecordBatch]:
    """Groups in the order of names -> PAIRS, the smaller doc_id first; one in `drawn` with excerpts."""
    last: int | None = None
    leaders: dict[int, list[_Document]] = {}  # by name; one, but for documents of one name
    for batch in batches:
        found: list[dict[str, object]] = []
        sets, text = _sets(batch, shingling, limit), batch.column("text")
        columns = (batch.column(name).to_pylist() for name in _GROUPED[:6])
        for i, (group, name, others, leads, doc_id, source) in enumerate(zip(*columns, strict=True)):
            if group != last:
                last, leaders = group, {}
            for leader in others:
                for other in leaders.get(leader, ()):
                    similarity = _similarity(other.hashes, sets[i], threshold, limit)
                    if similarity >= threshold and other.doc_id != doc_id:
                        shown = ((leader ^ name) >> 1) % drawn == 0
                        one = _Document(doc_id, source, sets[i], text[i].as_py()[:_HEAD] if shown else "")
                        found.append(_pair(other, one, similarity, shown))
            if leads:
                leaders.setdefault(name, []).append(_Document(doc_id, source, sets[i], text[i].as_py()[:_HEAD]))
        yield pa.RecordBatch.from_pylist(found, schema=to_arrow_schema(PAIRS))


def _sets(batch: pa.RecordBatch, shingling: Shingling, limit: int) -> list[Hashes]:
    text, hashes = batch.column("text"), batch.column("hashes")
    cut = iter(shingle_sets(text.filter(hashes.is_null()), shingling, limit))
    return [next(cut) if blob is None else np.frombuffer(blob, np.uint64) for blob in hashes.to_pylist()]


def _pair(one: _Document, other: _Document, similarity: float, shown: bool) -> dict[str, object]:
    a, b = sorted((one, other), key=lambda document: document.doc_id)
    ids = {"doc_a": a.doc_id, "doc_b": b.doc_id, "source_a": a.source, "source_b": b.source}
    return {**ids, "similarity": similarity, **(_excerpts(a.head, b.head) if shown else {})}


def _excerpts(a: str, b: str) -> dict[str, object]:
    """A part of each, from shortly before their first difference."""
    same = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), None)
    if same is None:  # one goes on where the other ends; or they differ later
        same = min(len(a), len(b)) if len(a) != len(b) else 0
    start = max(0, same - _BEFORE)
    return dict(zip(EXCERPT, (start, a[start : start + _EXCERPT], b[start : start + _EXCERPT]), strict=True))


def _similarity(a: Hashes, b: Hashes, threshold: float, limit: int) -> float:
    """Jaccard similarity, or 0 where the sizes alone keep it under the threshold: the same division as in jaccard."""
    small, large = sorted((len(a), len(b)))
    return sketch_jaccard(a, b, limit) if large and small / large >= threshold else 0.0
