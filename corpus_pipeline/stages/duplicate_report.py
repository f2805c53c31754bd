"""The duplicates in figures, and pairs to look at: small tables for people."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.arrow import struct_of

SAMPLES = 50
CLASSES = 50  # of similarity, from 0 to 1


def summary(documents: DataFrame, labels: DataFrame, near: DataFrame, copies: DataFrame) -> DataFrame:
    """The table duplicate_summary: aggregates of the documents and pairs that repeat another.

    documents  all of the run;  labels, near, copies  as stages/clusters.py and stages/verification.py have them
    """
    own = labels.join(documents.select("doc_id"), "doc_id", how="left_semi")
    clusters = own.groupBy("cluster_id", "cluster_size").agg(F.count(F.lit(1)).alias("documents"))
    sizes = clusters.groupBy(_size_class().alias("part")).agg(
        F.count(F.lit(1)).alias("clusters"), F.sum("documents").alias("documents")
    )
    alone = documents.agg(F.count(F.lit(1)).alias("n")).crossJoin(own.agg(F.count(F.lit(1)).alias("m")))
    one = alone.selectExpr("'1' AS part", "n - m AS clusters", "n - m AS documents")
    sized = sizes.union(one).withColumn("figure", F.lit("cluster_size"))

    columns = ["source_a", "source_b", "similarity"]
    pairs = near.select(*columns, F.lit(0).alias("exact"), F.lit(1).alias("near"))
    pairs = pairs.union(copies.select(*columns, F.lit(1), F.lit(0)))
    counted = pairs.select(F.explode(F.array(*_places())).alias("at"), "exact", "near").groupBy(
        "at.figure", "at.part", "at.other"
    )
    paired = counted.agg(F.sum("exact").alias("exact_pairs"), F.sum("near").alias("near_pairs"))
    table = paired.unionByName(sized, allowMissingColumns=True).withColumn("other", F.coalesce("other", F.lit("")))
    return table.select(*(F.col(f.name).cast(f.dataType) for f in struct_of("duplicate_summary")))


def samples(near: DataFrame) -> DataFrame:
    """The table duplicate_samples: of the pairs that came with excerpts, the first by the hash of their ids."""
    shown = near.where("excerpt_a IS NOT NULL").orderBy(F.xxhash64("doc_a", "doc_b"), "doc_a", "doc_b").limit(SAMPLES)
    return shown.select(*contract("duplicate_samples").columns)


def _places() -> list[Column]:
    """Where a pair is counted: its class of similarity, and its sources."""
    lower = F.floor(F.col("similarity") * CLASSES + 1e-9) / CLASSES
    sources = F.least("source_a", "source_b"), F.greatest("source_a", "source_b")
    return [
        _place("similarity", F.format_string("%.2f", lower), F.lit("")),
        _place("sources", *sources),
    ]


def _place(figure: str, part: Column, other: Column) -> Column:
    return F.struct(F.lit(figure).alias("figure"), part.alias("part"), other.alias("other"))


def _size_class() -> Column:
    size = F.col("cluster_size")
    power = F.pow(F.lit(2), F.floor(F.log2(size + 0.5))).cast("long")  # + 0.5: no rounding below a power of two
    return F.when(size < 5, size).when(size < 8, 5).otherwise(power).cast("string")
