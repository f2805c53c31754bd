"""duplicate_report: the figures counted again in Python, and which pairs are shown."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from pyspark.sql import DataFrame, SparkSession

from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.arrow import struct_of
from corpus_pipeline.stages.duplicate_report import SAMPLES, samples, summary
from corpus_pipeline.stages.verification import PAIRS

SIZES = (2, 2, 3, 4, 5, 6, 7, 8, 15, 16, 17, 31, 32, 63, 64, 127, 128, 255, 256, 1023, 1024, 1025)
CLASSES = ("1", "2", "3", "4", "5", "8", "16", "32", "64", "128", "256", "512", "1024")
SIMILARITIES = {  # similarity -> its class; j / k as sets have it, not the literals
    4 / 5: "0.80",
    41 / 50: "0.82",
    0.8199999: "0.80",
    42 / 50: "0.84",
    43 / 50: "0.86",
    29 / 50: "0.58",
    9 / 10: "0.90",
    0.999999: "0.98",
    1.0: "1.00",
}
ALONE = 7
Near = tuple[str, str, str, str, float, int | None, str | None, str | None]


def labels(spark: SparkSession) -> DataFrame:
    """Clusters of SIZES; the last member of each is of an earlier run."""
    rows = [
        (f"{i:02d}-{j:04d}", "near", f"{i:02d}-0000", size, "x", 0.9, True)
        for i, size in enumerate(SIZES)
        for j in range(size)
    ]
    return spark.createDataFrame(rows, struct_of("duplicates"))


def near(spark: SparkSession, rows: list[Near]) -> DataFrame:
    return spark.createDataFrame(rows, PAIRS)


@pytest.mark.spark
def test_the_figures_are_those_counted_by_hand(spark: SparkSession) -> None:
    draw = random.Random(1)
    own = [f"{i:02d}-{j:04d}" for i, size in enumerate(SIZES) for j in range(size - 1)]
    documents = spark.createDataFrame([(key,) for key in [*own, *map(str, range(ALONE))]], "doc_id string")
    similar = [(s, draw.choice("가bA"), draw.choice("가bA")) for s in SIMILARITIES for _ in range(draw.randrange(1, 9))]
    pairs: list[Near] = [(f"{i:03d}", "9", a, b, s, None, None, None) for i, (s, a, b) in enumerate(similar)]
    exact = [(f"{i:03d}", "9", "exact", 1.0, draw.choice("가bA"), draw.choice("가bA")) for i in range(20)]
    copies = spark.createDataFrame(exact, struct_of("duplicate_pairs"))
    table = summary(documents, labels(spark), near(spark, pairs), copies)
    assert tuple(table.schema.names) == contract("duplicate_summary").columns
    rows = table.collect()
    found = {(row.figure, row.part, row.other): tuple(row)[3:] for row in rows}
    assert len(found) == len(rows)

    expected: dict[tuple[str, str, str], tuple[int | None, ...]] = {
        ("cluster_size", "1", ""): (ALONE, ALONE, None, None)
    }
    lower = {size: max(int(c) for c in CLASSES if int(c) <= size) for size in SIZES}
    for part in set(lower.values()):
        sizes = [size for size in SIZES if lower[size] == part]
        expected["cluster_size", str(part), ""] = (len(sizes), sum(sizes) - len(sizes), None, None)
    near_classes = Counter(SIMILARITIES[s] for s, _, _ in similar)
    near_sources = Counter((min(a, b), max(a, b)) for _, a, b in similar)
    exact_sources = Counter((min(a, b), max(a, b)) for *_, a, b in exact)
    for part_ in near_classes | Counter({"1.00": 1}):
        expected["similarity", part_, ""] = (None, None, 20 if part_ == "1.00" else 0, near_classes[part_])
    for key in near_sources | exact_sources:
        expected["sources", key[0], key[1]] = (None, None, exact_sources[key], near_sources[key])
    assert found == expected


@pytest.mark.spark
def test_nothing_is_counted_as_nothing(spark: SparkSession) -> None:
    documents = spark.createDataFrame([], "doc_id string")
    empty = (spark.createDataFrame([], struct_of(name)) for name in ("duplicates", "duplicate_pairs"))
    none, copies = empty
    (row,) = summary(documents, none, near(spark, []), copies).collect()
    assert tuple(row) == ("cluster_size", "1", "", 0, 0, None, None)


@pytest.mark.spark
def test_fifty_of_the_pairs_with_excerpts_are_shown(spark: SparkSession) -> None:
    rows: list[Near] = [(f"{i:03d}", "9", "s", "t", 0.9, i, "가", "나") for i in range(SAMPLES + 10)]
    rows += [(f"x{i}", "y", "s", "t", 0.9, None, None, None) for i in range(20)]
    shown = []
    for seed in range(2):
        random.Random(seed).shuffle(rows)
        table = samples(near(spark, rows).repartition(3 * seed + 1))
        assert tuple(table.schema.names) == contract("duplicate_samples").columns
        shown.append(table.collect())
    assert len(shown[0]) == SAMPLES
    assert sorted(shown[0]) == sorted(shown[1])
    assert all(row.doc_a < "9" and row.start == int(row.doc_a) for row in shown[0])
    assert [row.doc_a for row in shown[0]] != sorted(row.doc_a for row in shown[0])[:SAMPLES]
