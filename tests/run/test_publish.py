"""Writing aside: what breaks a contract is never published; digests do not depend on order."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from corpus_pipeline.errors import ContractError
from corpus_pipeline.run import manifest, publish
from corpus_pipeline.run.publish import Aside, Written
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.stages.arrow import struct_of

pytestmark = pytest.mark.spark
SLICES = {"source": ["a", "b"]}
Sampled = tuple[str | None, str, str, int]


def aside(spark: SparkSession, folder: Path, rows: list[Sampled], partitions: int = 1) -> Written:
    df = spark.createDataFrame(rows, "doc_id string, source string, doc_type string, text_bytes long")
    df = df.selectExpr("*", "text_bytes sampled_bytes", "1 copies").repartition(partitions)
    return write(df, "tokenizer_sample", folder, {"doc_type": ["web"]})


def write(df: DataFrame, table: str, folder: Path, slices: dict[str, list[str]]) -> Written:
    with Aside(df.sparkSession, lambda _: str(folder), slices) as aside:
        return aside.all({table: df})[table]


def test_digests_follow_content_alone(spark: SparkSession, tmp_path: Path) -> None:
    rows: list[Sampled] = [(f"{i}", "a", "web", i) for i in range(1, 51)]
    one = aside(spark, tmp_path, rows)
    assert one == aside(spark, tmp_path, rows[::-1], 7)
    assert one.metrics["all/text_bytes"] == one.metrics["doc_type=web/text_bytes"] == sum(range(1, 51))
    other = aside(spark, tmp_path, [*rows[:-1], ("50", "a", "web", 51)])
    assert (other.rows, other.keys_digest) == (one.rows, one.keys_digest)
    assert other.digest != one.digest


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        ([(None, "a", "web", 1)], "tokenizer_sample.doc_id"),
        ([("1", "a", "web", 1), ("1", "b", "web", 2)], "tokenizer_sample: doc_id"),
    ],
)
def test_nulls_and_repeated_keys_are_refused(
    spark: SparkSession, tmp_path: Path, rows: list[Sampled], where: str
) -> None:
    with pytest.raises(ContractError) as caught:
        aside(spark, tmp_path, rows)
    assert caught.value.where == where


def test_other_columns_and_failing_checks_are_refused(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(ContractError) as caught:
        write(spark.range(3).toDF("id"), "tokenizer_sample", tmp_path, SLICES)
    assert "differing" in caught.value.got
    wrong = spark.createDataFrame(
        [("b", "a", "near", 0.9, "s", "s")],
        "doc_a string, doc_b string, kind string, similarity double, source_a string, source_b string",
    )
    with pytest.raises(ContractError) as caught:
        write(wrong, "duplicate_pairs", tmp_path, SLICES)
    assert caught.value.where == "duplicate_pairs: ordered"


def test_an_error_in_one_table_ends_the_others(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was running is cancelled, what was waiting does not begin."""
    monkeypatch.setattr(publish, "_AT_ONCE", 2)  # the session has two cores
    marks = str(tmp_path)

    def slow(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            name = batch.column("doc_id")[0].as_py()
            Path(marks, f"{name} began").touch()
            time.sleep(20)
            Path(marks, f"{name} ended").touch()
            yield batch

    tables = {
        "duplicate_pairs": spark.createDataFrame([("b", "a", "near", 0.9, "s", "s")], struct_of("duplicate_pairs"))
    }
    for name in ("tokenizer_sample", "duplicates", "signatures", "earlier_duplicates"):
        columns = [
            F.lit(name).alias("doc_id"),
            *(F.lit("0").cast(f.dataType).alias(f.name) for f in struct_of(name).fields[1:]),
        ]
        tables[name] = spark.range(1).select(*columns).mapInArrow(slow, struct_of(name))
    with Aside(spark, lambda _: str(tmp_path / "out"), {}) as several, pytest.raises(ContractError) as caught:
        several.all(tables)
    assert caught.value.where == "duplicate_pairs: ordered"
    assert not list(tmp_path.glob("* ended"))
    assert not (tmp_path / "earlier_duplicates began").exists()


def test_a_table_written_early_is_not_written_again(spark: SparkSession, tmp_path: Path) -> None:
    worked = spark.sparkContext.accumulator(0)

    def counted(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            worked.add(batch.num_rows)
            yield batch

    columns = [F.lit("1").cast(f.dataType).alias(f.name) for f in struct_of("tokenizer_sample")]
    df = spark.range(1).select(*columns).mapInArrow(counted, struct_of("tokenizer_sample"))
    with Aside(spark, lambda _: str(tmp_path), {}) as aside:
        again = aside.now("tokenizer_sample", df)
        assert again.count() == worked.value == 1
        written = aside.all(
            {"tokenizer_sample": again, "duplicate_pairs": spark.createDataFrame([], struct_of("duplicate_pairs"))}
        )
    assert (written["tokenizer_sample"].rows, written["duplicate_pairs"].rows, worked.value) == (1, 0, 1)


def test_an_early_table_that_breaks_its_contract_ends_the_stage(spark: SparkSession, tmp_path: Path) -> None:
    wrong = spark.createDataFrame([("b", "a", "near", 0.9, "s", "s")], struct_of("duplicate_pairs"))
    with Aside(spark, lambda _: str(tmp_path), {}) as early:
        early.now("duplicate_pairs", wrong)
        with pytest.raises(ContractError) as caught:
            early.all({"duplicate_pairs": wrong})
    assert caught.value.where == "duplicate_pairs: ordered"


def test_figures_do_not_depend_on_a_tables_size(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small table is checked by one task, a large one by many."""
    rows: list[Sampled] = [(f"{i}", "a", "web", i) for i in range(1, 51)]
    small = aside(spark, tmp_path, rows, 5)
    monkeypatch.setattr(publish, "_SMALL", 0)
    assert aside(spark, tmp_path, rows, 5) == small


def test_a_manifest_of_other_digests_is_none(spark: SparkSession, tmp_path: Path) -> None:
    storage, folder = Storage(spark), str(tmp_path)
    manifest.write(storage, folder, manifest.Manifest("tags", "tag", 1, "f", 1, "d", "k", {}))
    assert manifest.read(storage, folder, "tags") is not None
    path = tmp_path / "tags" / manifest.FILE
    whole = json.loads(path.read_text())
    unmarked = {name: value for name, value in whole.items() if name != "format"}
    for old in (whole | {"format": 1}, unmarked, [1]):
        storage.write_bytes(f"{folder}/tags/{manifest.FILE}", json.dumps(old).encode())
        assert manifest.read(storage, folder, "tags") is None


def test_a_broken_warn_check_is_reported(spark: SparkSession, tmp_path: Path) -> None:
    from corpus_pipeline.schemas import contract

    struct = {f["name"]: f["type"] for f in contract("documents").schema["fields"]}
    values = {"text": "''", "doc_id": "'x'", "source": "'a'", "doc_type": "'web'", "licence": "'l'", "text_bytes": "0L"}
    columns = []
    for name, kind in struct.items():
        value = values.get(name, {"integer": "0", "long": "0", "boolean": "false"}.get(str(kind), "null"))
        columns.append(f"cast({value} as {kind if isinstance(kind, str) else 'array<string>'}) {name}")
    written = write(spark.range(1).selectExpr(*columns), "documents", tmp_path, SLICES)
    assert written.failed == ["text_not_empty"]


def test_rows_are_counted_by_each_list_of_the_breakdown(spark: SparkSession, tmp_path: Path) -> None:
    """Quality in ten classes, the lower end included and 1 in the last; a null counts in no class of its list."""
    struct = {f.name: f.dataType.simpleString() for f in struct_of("mixture")}
    rows = [(None, 1, 0.0), (None, 2, 0.3), ("quality:x", 0, 0.3), (None, 1, 0.95), (None, 1, 1.0)]
    df = spark.createDataFrame(rows, "drop_reason string, copies int, quality_score double")
    given = {"drop_reason", "copies", "quality_score"}
    others = [
        f"cast({'NULL' if name == 'kept_id' else 0} AS {kind}) {name}"
        for name, kind in struct.items()
        if name not in given
    ]
    df = df.selectExpr(*given, *others).select(*struct).withColumn("source", F.lit("a,b=c"))
    keys = {key: n for key, n in write(df, "mixture", tmp_path, SLICES).metrics.items() if key.endswith("/rows")}
    assert keys == {
        "source=a,b=c,drop_reason=quality:x/rows": 1,
        "source=a,b=c,decision=kept,quality_from=0.0/rows": 1,
        "source=a,b=c,decision=kept,quality_from=0.3/rows": 1,
        "source=a,b=c,decision=dropped,quality_from=0.3/rows": 1,
        "source=a,b=c,decision=kept,quality_from=0.9/rows": 2,
    }
