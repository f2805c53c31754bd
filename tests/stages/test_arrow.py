"""The seam: columns by name, errors with a name, no document text in them."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from corpus_pipeline.errors import ContractError
from corpus_pipeline.run.failures import translate
from corpus_pipeline.stages.arrow import conform, map_batches

pytestmark = pytest.mark.spark
RESULT = StructType().add("a", "string").add("n", "integer")


def swapped(batch: pa.RecordBatch) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"n": pa.array([1] * batch.num_rows, pa.int64()), "a": batch.column("text")})


def misnamed(batch: pa.RecordBatch) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"A": batch.column("text"), "n": pa.array([1] * batch.num_rows)})


def too_large(batch: pa.RecordBatch) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"a": batch.column("text"), "n": pa.array([2**40] * batch.num_rows)})


def raising(batch: pa.RecordBatch) -> pa.RecordBatch:
    raise ValueError(f"bad text {batch.column('text')[0]}")


def test_columns_are_bound_by_name_and_cast(spark: SparkSession) -> None:
    df = spark.createDataFrame([("x", "가"), ("y", "나")], "other string, text string")
    rows = map_batches(df, swapped, ["text"], RESULT).collect()
    assert sorted(map(tuple, rows)) == [("가", 1), ("나", 1)]


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [(misnamed, "result columns"), (too_large, "values of int32"), (raising, "a kernel that accepts any text")],
)
def test_a_wrong_kernel_ends_with_a_named_error(
    spark: SparkSession, kernel: Callable[[pa.RecordBatch], pa.RecordBatch], expected: str
) -> None:
    df = spark.createDataFrame([("비밀 문서",)], "text string")
    with pytest.raises(Exception, match="ContractError") as caught:
        map_batches(df, kernel, ["text"], RESULT).collect()
    error = translate(caught.value, "log")
    assert isinstance(error, ContractError)
    assert expected in error.expected
    assert "비밀" not in str(error)


def test_a_missing_input_column_is_named(spark: SparkSession) -> None:
    with pytest.raises(ContractError) as caught:
        map_batches(spark.range(1), swapped, ["text"], RESULT)
    assert "['text']" in caught.value.got


def test_conform_refuses_extra_columns() -> None:
    batch = pa.RecordBatch.from_pydict({"a": ["x"], "b": ["y"]})
    with pytest.raises(ContractError):
        conform(batch, pa.schema([("a", pa.string())]), "here")


def nulls_and_sizes(batch: pa.RecordBatch) -> pa.RecordBatch:
    """`a`: what each list and map is; `n`: columns that came."""
    shown = [repr(row) for row in batch.to_pylist()]
    return pa.RecordBatch.from_pydict({"a": pa.array(shown), "n": pa.array([batch.num_columns] * len(shown))})


def test_a_list_or_map_that_is_null_is_not_an_empty_one(spark: SparkSession) -> None:
    rows = [(1, None, None), (2, [], {}), (3, ["가", None], {"k": "v"}), (4, None, {"k": None})]
    df = spark.createDataFrame(rows, "id long, names array<string>, facts map<string, string>").coalesce(1)
    found = map_batches(df, nulls_and_sizes, ["names", "id", "facts"], RESULT).collect()
    expected = [
        {"names": names, "id": i, "facts": None if facts is None else [*facts.items()]} for i, names, facts in rows
    ]
    assert sorted(map(tuple, found)) == sorted((repr(row), 3) for row in expected)
