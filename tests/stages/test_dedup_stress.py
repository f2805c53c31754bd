"""dedup on what breaks others: masses of one document, one very long document, a template that all share."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from corpus_pipeline.stages import dedup
from tests.dedup_texts import sentence

COPIES = 60_000  # by hand: 1,000,000
LONG = 3_000_000  # characters; by hand: 70,000,000 (200 MB)
TEMPLATE = 4_000  # by hand: 100,000


def documents(table: DataFrame) -> DataFrame:
    return table.selectExpr("doc_id", "'source' AS source", "text", "bigint(octet_length(text)) AS text_bytes")


def text(length: int, seed: int) -> str:
    draw = random.Random(seed)
    return " ".join(sentence(draw) for _ in range(length))


@pytest.mark.spark
def test_copies_of_one_document_and_of_nothing(spark: SparkSession) -> None:
    """A third each: copies of one text, empty texts, white space of as many lengths."""
    copies = spark.range(COPIES).select(F.format_string("a%07d", "id").alias("doc_id"), F.lit(text(3, 1)).alias("text"))
    empty = spark.range(COPIES // 3).select(F.format_string("b%07d", "id").alias("doc_id"), F.lit("").alias("text"))
    blank = spark.range(COPIES // 3).select(
        F.format_string("c%07d", "id").alias("doc_id"),
        F.repeat(F.lit(" \n\u3000\t"), (F.col("id") % 99).cast("int")).alias("text"),
    )
    tables = dedup.transform({"documents": documents(copies.union(empty).union(blank))}, dedup.Params())
    found = tables["duplicates"].groupBy("kind", "cluster_size", F.substring("cluster_id", 1, 1).alias("cluster"))
    rows = found.agg(F.count("*").alias("n"), F.countDistinct("cluster_id"), F.min("partner_id"), F.max("partner_id"))
    last = f"a{COPIES - 1:07d}"
    assert {tuple(row) for row in rows.collect()} == {
        ("exact", COPIES, "a", COPIES, 1, "a0000000", last),
        ("none", 1, "b", COPIES // 3, COPIES // 3, None, None),
        ("none", 1, "c", COPIES // 3, COPIES // 3, None, None),
    }
    pairs = tables["duplicate_pairs"].groupBy("kind", "doc_a").count().collect()
    assert [tuple(row) for row in pairs] == [("exact", "a0000000", COPIES - 1)]


@pytest.mark.spark
def test_one_very_long_document(spark: SparkSession) -> None:
    """Spark repeats the text, so Python never holds it: an exact copy, a near one and one that is different."""
    unit, other = text(2_000, 2), text(2_000, 3)
    times = LONG // len(unit)
    rows = [("a", "", unit), ("b", "!", unit), ("c", sentence(random.Random(4)) * 20, unit), ("d", "", other)]
    parts = spark.createDataFrame(rows, "doc_id string, before string, unit string").repartition(1)
    long = parts.selectExpr(
        "doc_id", f"concat(before, repeat(unit, {times})) AS text"
    )  # no literal: it would be folded
    tables = dedup.transform({"documents": documents(long)}, dedup.Params())
    found = {row.doc_id: (row.kind, row.cluster_id, row.partner_id) for row in tables["duplicates"].collect()}
    assert found == {
        "a": ("near", "a", "b"),
        "b": ("exact", "a", "a"),
        "c": ("near", "a", "a"),
        "d": ("none", "d", None),
    }
    shown = tables["duplicate_samples"].collect()
    assert [(row.doc_a, row.doc_b, len(row.excerpt_a)) for row in shown] == [("a", "c", 1_000)]


@pytest.mark.spark
@pytest.mark.parametrize("driver_rows", [0, 1_000_000])
def test_a_template_that_all_share(spark: SparkSession, driver_rows: int) -> None:
    """Every form is filled in differently: two in three to the same degree as any other, the third with much text."""
    template, much = text(30, 5), text(30, 6)
    own = F.sha2(F.col("id").cast("string"), 256)
    short = F.concat(F.lit(template), own.substr(1, 20))
    filled = F.concat(
        F.lit(template), F.concat_ws(" ", *(F.sha2(F.concat("id", F.lit(f" {i}")), 256) for i in range(7)))
    )
    forms = spark.range(TEMPLATE).select(
        F.format_string("%07d", "id").alias("doc_id"),
        F.when(F.col("id") % 3 < 2, short).otherwise(filled).alias("text"),
    )
    few = spark.createDataFrame([("x", much)], "doc_id string, text string")
    tables = dedup.transform({"documents": documents(forms.union(few))}, dedup.Params(driver_rows=driver_rows))
    rows = tables["duplicates"].select("doc_id", "kind", "cluster_id", "cluster_size").collect()
    alike = sum(1 for i in range(TEMPLATE) if i % 3 < 2)
    kinds = Counter((row.kind, row.cluster_id if row.kind == "near" else "", row.cluster_size) for row in rows)
    assert kinds == {("near", "0000000", alike): alike, ("none", "", 1): TEMPLATE - alike + 1}
    pairs = tables["duplicate_pairs"].agg(F.count("*"), F.min("similarity")).first()
    assert pairs is not None
    assert alike - 1 <= pairs[0] <= 17 * 8 * alike
    assert pairs[1] >= 0.8
