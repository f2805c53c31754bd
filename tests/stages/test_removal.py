"""Documents left out by name: the list as people write it, and what mix makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from corpus_pipeline.errors import ConfigError, ResourceError
from corpus_pipeline.stages import mix
from corpus_pipeline.stages.removal import ids_in, mark
from tests.stages.test_mix import doc, mixed

A, B, C, D = ("a" * 32, "b" * 32, "c" * 32, "d" * 32)


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "removed.txt"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_list_is_read_as_people_write_it(tmp_path: Path) -> None:
    path = written(tmp_path, f"\ufeff# asked for on Monday\n\n{B}\n  {A}  # the copy\n{B}\n".removeprefix("\ufeff"))
    assert ids_in(path) == [A, B]
    assert ids_in(written(tmp_path, "")) == []


@pytest.mark.parametrize("line", ["홍길동", A.upper(), A[:-1], f"{A} {B}", "g" * 32])
def test_a_line_of_anything_else_is_an_error_that_does_not_quote_it(tmp_path: Path, line: str) -> None:
    path = written(tmp_path, f"{A}\n{line}\n")
    with pytest.raises(ConfigError) as error:
        ids_in(path)
    assert error.value.where == f"mix.removed_ids: {path}:2"
    assert line not in str(error.value)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ResourceError) as error:
        ids_in(str(tmp_path / "none.txt"))
    assert "FileNotFoundError" in str(error.value)


@pytest.mark.spark
def test_rows_stay_as_they_are_and_are_marked(spark: SparkSession, tmp_path: Path) -> None:
    rows = [(A, "news"), (B, "blog"), (C, "web"), (D, "web")]
    documents = spark.createDataFrame(rows, "doc_id string, source string")
    for text, sources, expected in (
        (f"{C}\n{'0' * 32}\n", ("news",), {A, C}),
        (None, (), set()),
        (None, ("web",), {C, D}),
        ("", (), set()),
    ):
        marked = mark(documents, None if text is None else written(tmp_path, text), sources)
        assert marked.columns == ["doc_id", "source", "removed"]
        found = {row["doc_id"]: row["removed"] for row in marked.collect()}
        assert found == {one: one in expected for one, _ in rows}


@pytest.mark.spark
def test_mix_removes_first_of_all_and_no_removed_document_stands_for_others(
    spark: SparkSession, tmp_path: Path
) -> None:
    documents = [
        doc(A, kind="near", cluster_id=A, cluster_size=2, quality_score=0.9, evaluation_sets=["korquad_dev"]),
        doc(B, kind="near", cluster_id=A, cluster_size=2, quality_score=0.4),
        doc(C, source="gone", reasons=["symbols"]),
        doc(D),
    ]
    params = mix.Params(removed_ids=written(tmp_path, A), removed_sources=("gone",))
    rows = mixed(spark, documents, params)
    assert {key: row["drop_reason"] for key, row in rows.items()} == {A: "removed", B: None, C: "removed", D: None}
    assert {key: row["copies"] for key, row in rows.items()} == {A: 0, B: 1, C: 0, D: 1}
