"""From verified pairs to a row for each document: exact groups, clusters, the best partner.

Only documents that repeat another are handled here; the others get their row when `annotated` joins all of them.
Cost: one aggregate of 16 bytes a document, then aggregates and joins of documents that repeat another, which Spark
broadcasts while they are few.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.components import components
from corpus_pipeline.stages.kept import few, kept


def exact_groups(signed: DataFrame) -> DataFrame:
    """(doc_id, source, content, earlier) -> members of groups of one content: (..., first, last, copies).

    first, last  smallest and largest doc_id of the group; copies  its size, 2 or more
    """
    key = F.xxhash64("content").alias("key")  # eight bytes: cheap to count, and checked on the content itself below
    shared = signed.where("content IS NOT NULL").groupBy(key).agg(F.count(F.lit(1)).alias("n")).where("n > 1")
    suspects = signed.withColumn("key", key).join(few(kept(shared.select("key"))), "key", how="left_semi")
    suspects = suspects.select("doc_id", "source", "content", "earlier")
    groups = suspects.groupBy("content").agg(
        F.min("doc_id").alias("first"), F.max("doc_id").alias("last"), F.count(F.lit(1)).alias("copies")
    )
    return suspects.join(groups.where("copies > 1"), "content", how="inner").drop("content")  # content is a key


def copies(grouped: DataFrame) -> DataFrame:
    """Exact pairs of this run in the columns of duplicate_pairs: each member with the first of its group."""
    first = grouped.where("doc_id = first").select(
        F.col("doc_id").alias("doc_a"), F.col("source").alias("source_a"), F.col("earlier").alias("earlier_a")
    )
    others = grouped.where("doc_id <> first").select(
        F.col("first").alias("doc_a"), F.col("doc_id").alias("doc_b"), F.col("source").alias("source_b"), "earlier"
    )
    pairs = others.join(first, "doc_a", how="inner").where("NOT (earlier AND earlier_a)")  # doc_a is a key of first
    marked = pairs.withColumns({"kind": F.lit("exact"), "similarity": F.lit(1.0)})
    return marked.select(*contract("duplicate_pairs").columns)


def labelled(grouped: DataFrame, near: DataFrame, known: DataFrame | None, driver_rows: int) -> DataFrame:
    """The columns of `duplicates` for the documents that repeat another; kept.

    grouped  as exact_groups returns it;  near  (doc_a, doc_b, similarity) of the groups' firsts and of documents alone
    known    (doc_id, ...) of documents of earlier runs
    """
    edges = near.select(F.col("doc_a").alias("a"), F.col("doc_b").alias("b"))
    nodes = components(edges, driver_rows).select(
        F.col("node").alias("first"), F.col("component").alias("cluster_id"), F.lit(True).alias("near")
    )
    members = grouped.select("doc_id", "first", "last", "copies").join(nodes, "first", how="full")
    touched = members.select(
        F.coalesce("doc_id", "first").alias("doc_id"),
        "first",
        "last",
        F.coalesce("cluster_id", "first").alias("cluster_id"),
    )
    touched = few(kept(touched))
    sizes = touched.groupBy("cluster_id").agg(F.count(F.lit(1)).alias("cluster_size"))
    both = near.select("doc_a", "doc_b", "similarity").union(near.select("doc_b", "doc_a", "similarity"))
    best = both.groupBy(F.col("doc_a").alias("first")).agg(F.min(_rank(-F.col("similarity"), "doc_b")).alias("best"))
    joined = touched.join(sizes, "cluster_id", how="inner").join(best, "first", how="left")  # keys of sizes and best
    if known is None:
        joined = joined.withColumn("earlier", F.lit(False))
    else:
        old = known.select("doc_id").join(touched.select("doc_id", "cluster_id"), "doc_id", how="inner")
        old = old.select("cluster_id", F.lit(True).alias("earlier")).distinct()
        joined = joined.join(old, "cluster_id", how="left").withColumn("earlier", F.coalesce("earlier", F.lit(False)))
    stands = F.col("doc_id") == F.col("first")
    copy = F.when(~stands, _rank(F.lit(-1.0), "first")).when(F.col("last").isNotNull(), _rank(F.lit(-1.0), "last"))
    partner = F.least(copy, F.when(stands, F.col("best")))  # nulls are passed over
    kind = F.when(stands & F.col("best").isNotNull(), "near").otherwise("exact")
    columns = {"kind": kind, "partner_id": partner["partner_id"], "similarity": -partner["cost"]}
    return few(kept(joined.withColumns(columns).select(*contract("duplicates").columns)))


def annotated(documents: DataFrame, labels: DataFrame, known: DataFrame | None) -> DataFrame:
    """`duplicates` for each of `documents`: its row of `labels`, or that of a document alone.

    known  documents of earlier runs; one that is among `documents` again is an exact duplicate of itself
    """
    joined = documents.select("doc_id").join(labels, "doc_id", how="left")  # doc_id is a key of labels
    rows = joined.withColumns(
        {
            "kind": F.coalesce("kind", F.lit("none")),
            "cluster_id": F.coalesce("cluster_id", "doc_id"),
            "cluster_size": F.coalesce("cluster_size", F.lit(1)),
            "earlier": F.coalesce("earlier", F.lit(False)),
        }
    )
    if known is None:
        return rows
    again = known.select("doc_id", F.lit(True).alias("again"))
    marked = rows.join(again, "doc_id", how="left")  # doc_id is a key of known
    itself = {"kind": F.lit("exact"), "partner_id": F.col("doc_id"), "similarity": F.lit(1.0), "earlier": F.lit(True)}
    return marked.withColumns({n: F.when(F.col("again"), v).otherwise(F.col(n)) for n, v in itself.items()}).drop(
        "again"
    )


def _rank(cost: Column, partner: str) -> Column:
    """Smallest is best: the highest similarity, then the smallest partner."""
    return F.struct(cost.alias("cost"), F.col(partner).alias("partner_id"))
