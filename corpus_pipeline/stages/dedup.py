"""dedup: which documents repeat others. Nothing is removed here; mix decides who stays.

1. exact       documents with one comparison form (kernels/normalise.py) form a group; its smallest doc_id stands
               for it. A document of empty form (no letter, mark or number) repeats nothing.
2. candidates  MinHash bands of the representatives; in a bucket each document is linked to the first
               `bucket_representatives` by doc_id, never all to all.
3. verified    Jaccard similarity of the candidates' shingle sets; a pair under `threshold` is forgotten.
4. clusters    connected components of the verified pairs.

kind: `exact` for a member of an exact group that is not its smallest; the smallest is `near` when it has a verified
pair with a document outside its group, else `exact`, too. partner_id is the best pair in duplicate_pairs, ties by
doc_id: of a member of an exact group its smallest doc_id, of that one usually the second.

Bias: keep when unsure. No pair is reported that was not compared. Missed are pairs that share no band (`detection`)
and, in buckets with more members than `bucket_representatives`, documents that resemble none of the first ones.
Only `text` is compared, not the title.

Cost: one pass of the Python kernel over all text (about 8 MB/s and core), one shuffle of 0.3 kB a document, one of
40 bytes a document and band, and for candidates alone a second pass and two shuffles of their shingles (8 bytes a
character, at most 8 x max_shingles). Intermediate tables persist on the executors' disks until the session ends or
`spark.catalog.clearCache()`. Steps 1 to 4 run when `transform` is called; the result is lazy from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import pairwise

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, BinaryType, DoubleType, LongType, StringType, StructField, StructType

from corpus_pipeline.kernels.minhash import band_keys, optimal_bands, signatures
from corpus_pipeline.kernels.normalise import comparison_form, content_hash
from corpus_pipeline.kernels.shingle import Hashes, form_shingles, shingle_hashes, sketch_jaccard
from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.arrow import map_batches
from corpus_pipeline.stages.components import components
from corpus_pipeline.stages.params import Params as StageParams


class Params(StageParams):
    """threshold: verified Jaccard similarity from which two documents are near-duplicates.
    permutations: length of the signature. bands, rows: both or none; none = the best for `miss_weight`.
    ngram: characters of a shingle. max_shingles: above it, similarity is estimated on that many smallest hashes.
    driver_edges: verified pairs up to which the components are solved on the driver.
    """

    threshold: float = Field(default=0.8, gt=0, le=1)
    permutations: int = Field(default=256, ge=1, le=4096)
    bands: int | None = Field(default=None, ge=1)
    rows: int | None = Field(default=None, ge=1)
    # 28 bands of 9: finds 0.982 at J = 0.8 and 0.999 at 0.85. Even weights (17 of 15) find 0.456 and 0.789.
    miss_weight: float = Field(default=0.98, ge=0, le=1)
    ngram: int = Field(default=5, ge=1)
    bucket_representatives: int = Field(default=8, ge=1)
    max_shingles: int = Field(default=200_000, ge=1)  # 1.6 MB a document; the estimate's error is 0.001 there
    driver_edges: int = Field(default=1_000_000, ge=0)

    @model_validator(mode="after")
    def _bands_fit(self) -> Params:
        if (self.bands is None) != (self.rows is None):
            raise ValueError("bands and rows are set together, or neither")
        bands, rows = self.banding()
        if bands * rows > self.permutations:
            raise ValueError(f"{bands} bands of {rows} rows need {bands * rows} permutations, not {self.permutations}")
        return self

    def banding(self) -> tuple[int, int]:
        """(bands, rows) in use."""
        if self.bands and self.rows:
            return self.bands, self.rows
        return optimal_bands(self.threshold, self.permutations, self.miss_weight)


_ID = StructField("doc_id", StringType())
_HASHES = ArrayType(LongType(), containsNull=False)
_DESCRIPTION = StructType(
    [_ID, StructField("content", BinaryType()), StructField("shingles", LongType()), StructField("bands", _HASHES)]
)
_SHINGLES = StructType([_ID, StructField("hashes", _HASHES)])
_PAIR = [StructField("doc_a", StringType()), StructField("doc_b", StringType())]
_COMPARED = StructType([*_PAIR, StructField("similarity", DoubleType())])


def transform(tables: Mapping[str, DataFrame], params: Params) -> dict[str, DataFrame]:
    """documents -> duplicates (a row for a row) and duplicate_pairs."""
    documents = tables["documents"].select("doc_id", "text")
    members = _members(documents, params).persist(StorageLevel.DISK_ONLY)
    candidates = _candidates(members, params).persist(StorageLevel.DISK_ONLY)
    shingled = _shingled(documents, candidates, params).persist(StorageLevel.DISK_ONLY)
    near = _verified(candidates, shingled, params).persist(StorageLevel.DISK_ONLY)
    clusters = _clusters(members, near, params)  # runs steps 1 to 4
    shingled.unpersist()
    candidates.unpersist()
    copies = members.where("doc_id <> first").select(
        F.col("first").alias("doc_a"), F.col("doc_id").alias("doc_b"), F.lit("exact").alias("kind"), F.lit(1.0)
    )
    pairs = near.select("doc_a", "doc_b", F.lit("near").alias("kind"), "similarity").union(copies)
    return {
        "duplicates": _annotated(members, clusters),
        "duplicate_pairs": pairs.select(*contract("duplicate_pairs").columns),
    }


def _members(documents: DataFrame, params: Params) -> DataFrame:
    """(doc_id, shingles, bands, first, second, copies): smallest two doc_ids and size of the exact group."""
    described = map_batches(documents, partial(describe_batch, params=params), ["doc_id", "text"], _DESCRIPTION)
    same = F.coalesce("content", F.col("doc_id").cast("binary"))  # an empty form: a group of one (32 bytes, not 16)
    by_content = described.withColumn("same", same)
    group = Window.partitionBy("same")
    ordered = group.orderBy("doc_id")
    whole = ordered.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    return by_content.select(
        "doc_id",
        "shingles",
        "bands",
        F.first("doc_id").over(ordered).alias("first"),
        F.nth_value("doc_id", 2).over(whole).alias("second"),
        F.count(F.lit(1)).over(group).alias("copies"),
    )


def _candidates(members: DataFrame, params: Params) -> DataFrame:
    """(doc_a, doc_b): distinct pairs of representatives that share a band and whose sizes allow the threshold."""
    banded = members.where("doc_id = first").select("doc_id", "shingles", F.explode("bands").alias("band"))
    before = Window.partitionBy("band").orderBy("doc_id").rowsBetween(Window.unboundedPreceding, -1)
    itself = F.struct("doc_id", "shingles")
    leaders = F.array(*(F.nth_value(itself, i + 1).over(before) for i in range(params.bucket_representatives)))
    linked = banded.select("doc_id", "shingles", leaders.alias("leaders")).where("leaders[0] IS NOT NULL")
    pairs = linked.select("doc_id", "shingles", F.explode(F.filter("leaders", lambda x: x.isNotNull())).alias("leader"))
    # J is at most the smaller set's share of the larger; the same division as in jaccard, so no rounding gap
    share = F.least("shingles", "leader.shingles") / F.greatest("shingles", "leader.shingles")
    possible = pairs.where((F.col("leader.doc_id") < F.col("doc_id")) & (share >= params.threshold))
    return possible.select(F.col("leader.doc_id").alias("doc_a"), F.col("doc_id").alias("doc_b")).distinct()


def _shingled(documents: DataFrame, candidates: DataFrame, params: Params) -> DataFrame:
    """(doc_id, hashes) of the documents that occur in candidates, each once."""
    named = candidates.select(F.explode(F.array("doc_a", "doc_b")).alias("doc_id")).distinct()
    wanted = documents.join(named, "doc_id", how="left_semi")
    return map_batches(wanted, partial(shingle_batch, params=params), ["doc_id", "text"], _SHINGLES)


def _verified(candidates: DataFrame, shingled: DataFrame, params: Params) -> DataFrame:
    """(doc_a, doc_b, similarity) of the candidates at or above the threshold."""
    joined = candidates
    for side in ("a", "b"):  # doc_id is a key of shingled: each join keeps the number of pairs
        hashes = shingled.select(F.col("doc_id").alias(f"doc_{side}"), F.col("hashes").alias(f"hashes_{side}"))
        joined = joined.join(hashes, f"doc_{side}", how="inner")
    columns = ["doc_a", "doc_b", "hashes_a", "hashes_b"]
    compared = map_batches(joined, partial(compare_batch, params=params), columns, _COMPARED)
    return compared.where(F.col("similarity") >= params.threshold)


def _clusters(members: DataFrame, near: DataFrame, params: Params) -> DataFrame:
    """(first, cluster_id, cluster_size, best) of the representatives that have a near pair."""
    edges = near.select(F.col("doc_a").alias("a"), F.col("doc_b").alias("b"))
    labels = components(edges, params.driver_edges).select(
        F.col("node").alias("first"), F.col("component").alias("cluster_id")
    )
    groups = members.where("doc_id = first").select("first", "copies").join(labels, "first", how="inner")
    sizes = groups.groupBy("cluster_id").agg(F.sum("copies").alias("cluster_size"))
    both = near.union(near.select("doc_b", "doc_a", "similarity"))
    best = both.groupBy(F.col("doc_a").alias("first")).agg(F.min(_rank(-F.col("similarity"), "doc_b")).alias("best"))
    return groups.drop("copies").join(sizes, "cluster_id", how="inner").join(best, "first", how="inner")


def _annotated(members: DataFrame, clusters: DataFrame) -> DataFrame:
    joined = members.join(clusters, "first", how="left")  # first is a key of clusters
    stands = F.col("doc_id") == F.col("first")
    copy = F.when(~stands, _rank(F.lit(-1.0), "first")).when(F.col("copies") > 1, _rank(F.lit(-1.0), "second"))
    partner = F.least(copy, F.when(stands, F.col("best")))  # nulls are passed over
    near = F.when(F.col("best").isNotNull(), "near")
    kind = F.when(~stands, "exact").otherwise(F.coalesce(near, F.when(F.col("copies") > 1, "exact"), F.lit("none")))
    return joined.withColumns(
        {
            "kind": kind,
            "cluster_id": F.coalesce("cluster_id", "first"),
            "cluster_size": F.coalesce("cluster_size", "copies"),
            "partner_id": partner["partner_id"],
            "similarity": -partner["cost"],
        }
    ).select(*contract("duplicates").columns)


def _rank(cost: Column, partner: str) -> Column:
    """Smallest is best: the highest similarity, then the smallest partner."""
    return F.struct(cost.alias("cost"), F.col(partner).alias("partner_id"))


def describe_batch(batch: pa.RecordBatch, *, params: Params) -> pa.RecordBatch:
    """(doc_id, text) -> (doc_id, content, shingles, bands); content and bands are null for the empty form."""
    bands, rows = params.banding()
    forms = [comparison_form(text) for text in batch.column("text").to_pylist()]
    hashes = [form_shingles(form, params.ngram) for form in forms]
    keys = band_keys(signatures(hashes, params.permutations), bands, rows)
    columns = {
        "doc_id": batch.column("doc_id"),
        "content": pa.array([content_hash(form) for form in forms], pa.binary()),
        "shingles": pa.array([len(h) for h in hashes], pa.int64()),
        "bands": pa.array([row if form else None for row, form in zip(keys, forms, strict=True)], pa.list_(pa.int64())),
    }
    return pa.RecordBatch.from_pydict(columns)


def shingle_batch(batch: pa.RecordBatch, *, params: Params) -> pa.RecordBatch:
    """(doc_id, text) -> (doc_id, hashes): the `max_shingles` smallest as uint64, stored as their int64 bit pattern."""
    texts = batch.column("text").to_pylist()
    hashes = [shingle_hashes(text, params.ngram)[: params.max_shingles].view(np.int64) for text in texts]
    columns = {"doc_id": batch.column("doc_id"), "hashes": pa.array(hashes, pa.list_(pa.int64()))}
    return pa.RecordBatch.from_pydict(columns)


def compare_batch(batch: pa.RecordBatch, *, params: Params) -> pa.RecordBatch:
    """(doc_a, doc_b, hashes_a, hashes_b) -> (doc_a, doc_b, similarity)."""
    sides = zip(_sets(batch.column("hashes_a")), _sets(batch.column("hashes_b")), strict=True)
    similarity = pa.array([sketch_jaccard(a, b, params.max_shingles) for a, b in sides], pa.float64())
    names = ("doc_a", "doc_b")
    return pa.RecordBatch.from_pydict({name: batch.column(name) for name in names} | {"similarity": similarity})


def _sets(column: pa.ListArray) -> list[Hashes]:
    """The rows of a list<int64> column as uint64 arrays, without a copy."""
    values = column.values.to_numpy(zero_copy_only=True).view(np.uint64)
    offsets = column.offsets.to_numpy()
    return [values[begin:end] for begin, end in pairwise(offsets)]
