"""documents -> quality, on Spark."""

from __future__ import annotations

import math
from pathlib import Path

import pyarrow as pa
import pytest
from pydantic import ValidationError
from pyspark.errors import PythonException
from pyspark.sql import DataFrame, Row, SparkSession

from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.classify import INPUT, Params, assess, transform

TEXTS = [
    ("encyclopedia", "경복궁은 서울특별시 종로구에 있는 조선 시대의 궁궐이다. 1395년에 창건되었고 다시 지어졌다.", 0),
    ("comment", "아 진짜 시간 아깝다 ㅋㅋㅋㅋㅋ", 1),
    ("web", "짧은 글", 0),
    ("web", "", 0),
    ("spoken", "거실 불 꺼 줘", 0),
    ("web", "카지노 바카라 " * 40, 0),
]


def documents(spark: SparkSession, partitions: int = 1, flip: bool = False) -> DataFrame:
    rows = [(f"{i:032x}", t, x, p) for i, (t, x, p) in enumerate(TEXTS)]
    schema = "doc_id string, doc_type string, text string, profanity int"
    return spark.createDataFrame(rows[::-1] if flip else rows, schema).repartition(partitions)


def quality(df: DataFrame, params: Params | None = None) -> dict[str, Row]:
    table = transform({"documents": df}, params or Params())["quality"]
    assert tuple(table.columns) == contract("quality").columns
    rows = table.collect()
    assert len(rows) == len({row.doc_id for row in rows}) == len(TEXTS)
    return {row.doc_id: row for row in rows}


@pytest.mark.spark
def test_one_row_per_document_whatever_the_partitions(spark: SparkSession) -> None:
    one = quality(documents(spark))
    assert one == quality(documents(spark, 4, flip=True))
    by_type = {row.doc_type: row for row in one.values()}
    assert by_type["encyclopedia"].reasons == []
    assert by_type["encyclopedia"].quality_score > 0.9 > 0.1 > by_type["comment"].quality_score
    assert by_type["comment"].profanity_ratio == 1 / 5
    assert by_type["spoken"].reasons == []
    assert [one[f"{i:032x}"].reasons for i in (2, 3)] == [["too_short"], ["too_short"]]
    assert one[f"{5:032x}"].reasons == ["repeated_bigram", "repeated_ngrams", "repeated_words"]
    assert all(value is not None for row in one.values() for value in row)


@pytest.mark.spark
def test_an_empty_table_gives_an_empty_table(spark: SparkSession) -> None:
    assert transform({"documents": documents(spark).where("false")}, Params())["quality"].count() == 0


@pytest.mark.spark
def test_missing_model_ends_the_job_and_names_the_file(spark: SparkSession, tmp_path: Path) -> None:
    path = str(tmp_path / "no_such_model.bin")
    with pytest.raises(PythonException, match=r"no_such_model\.bin"):
        quality(documents(spark), Params(model=path))


def batch(rows: list[tuple[str, str, str, int]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({name: [row[at] for row in rows] for at, name in enumerate(INPUT)})


def test_limits_of_the_config_win() -> None:
    rows = batch([("a", "web", "짧은 글", 0), ("b", "review", "굿", 0)])
    assert assess(rows, Params()).column("reasons").to_pylist() == [["too_short"], ["too_short"]]
    params = Params(limits={"min_chars": None}, limits_by_type={"review": {"min_chars": 1}})
    assert assess(rows, params).column("reasons").to_pylist() == [[], []]


def test_odd_text_is_assessed() -> None:
    emoji, decomposed = "\x00\u200b\U0001f468\u200d\U0001f469\ufeff", "\u1112\u1161\u11ab" * 9
    result = assess(batch([("a", "web", emoji, 0), ("b", "web", decomposed, 3)]), Params())
    assert result.column("profanity_ratio").to_pylist() == [0.0, 3.0]
    assert all(math.isfinite(score) for score in result.column("quality_score").to_pylist())


@pytest.mark.parametrize("section", [{"limits": {"min_char": 1}}, {"limits_by_type": {"web": {"min_char": 1}}}])
def test_unknown_limit_is_named(section: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=r"Did you mean 'min_chars'\?"):
        Params.model_validate(section)
