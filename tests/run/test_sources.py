"""Which files a path of the config names, what is read of them, and what is refused before."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from corpus_pipeline.errors import ConfigError, ResourceError
from corpus_pipeline.pipeline import STAGES
from corpus_pipeline.run import sources
from corpus_pipeline.run.config import check
from corpus_pipeline.run.execute import Run, execute
from corpus_pipeline.run.failures import translate
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.stages.collect import Params, transform
from corpus_pipeline.stages.source import Source


def source(path: str, **changes: Any) -> Source:
    base: dict[str, Any] = {
        "format": "json", "path": path, "fields": "id string, body string", "doc_type": "web", "licence": "CC0-1.0",
        "columns": {"record_id": "id", "text": "body"},
    }  # fmt: skip
    return Source(**(base | changes))


def line(name: str) -> str:
    return json.dumps({"id": name, "body": f"{name}에 있는 글이다"}, ensure_ascii=False) + "\n"


def written(folder: Path, *names: str) -> None:
    """A file of each name, with one record whose id is the name."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(line(name), encoding="utf-8")


@pytest.mark.spark
@pytest.mark.parametrize(
    ("pattern", "globs"),
    [
        ("*.jsonl", ["*.jsonl"]),
        ("*/*.jsonl", ["*/*.jsonl"]),
        ("{year=2020/o*,other/*}.jsonl", ["year=2020/o*.jsonl", "other/*.jsonl"]),
        ("{two,other}/*.{jsonl,txt}", ["two/*", "other/*"]),
        ("[ot]*/*.jsonl", ["[ot]*/*.jsonl"]),
        ("year=*/*.jsonl", ["year=*/*.jsonl"]),
        ("other/a?c.jsonl", ["other/a?c.jsonl"]),
        ("other/a*", ["other/a*"]),
        (r"b\[1\]/*.jsonl", ["b[[]1]/*.jsonl"]),
    ],
)
def test_a_glob_names_the_files_that_a_shell_would_take(
    spark: SparkSession, tmp_path: Path, pattern: str, globs: list[str]
) -> None:
    written(tmp_path, "top.jsonl", "year=2020/old.jsonl", "year=2020/deep/er.jsonl", "other/abc.jsonl", "other/b.txt")
    written(tmp_path, "b[1]/x.jsonl", "two/y.jsonl")
    expected = {str(path.relative_to(tmp_path)) for one in globs for path in tmp_path.glob(one) if path.is_file()}
    storage, params = Storage(spark), Params(sources={"a": source(f"{tmp_path}/{pattern}")})
    rows = sources.read(spark, storage, params)["a"].collect()
    assert expected
    assert sorted(row["id"] for row in rows) == sorted(expected)
    assert sources.listings(spark, storage, params.sources)["a"].split("-")[0] == str(len(expected))


@pytest.mark.spark
def test_many_files_of_a_folder_are_one_root(spark: SparkSession, tmp_path: Path) -> None:
    """Of each file a root, Spark's listing takes minutes."""
    written(tmp_path, *(f"{folder}/{n}.jsonl" for folder in "ab" for n in range(3)))
    for pattern, roots in (("a/*.jsonl", 1), ("?/*.jsonl", 2)):
        paths, _ = sources._place(Storage(spark), source(f"{tmp_path}/{pattern}"))
        assert len(paths) == roots


@pytest.mark.spark
def test_a_partitioned_folder_stands_beside_another_source(spark: SparkSession, tmp_path: Path) -> None:
    table = pa.table({"id": ["1"], "body": ["맑은 날이다"]})
    for name in ("hive/year=2020", "hive/year=2021", "flat"):
        (tmp_path / name).mkdir(parents=True)
        pq.write_table(table, tmp_path / name / "a.parquet")
    chosen = {
        name: source(f"{tmp_path}/{path}", format="parquet", fields=None)
        for name, path in (("hive", "hive"), ("flat", "flat/*.parquet"))
    }
    assert {name: one[0] for name, one in sources.listings(spark, Storage(spark), chosen).items()} == {
        "hive": "2",
        "flat": "1",
    }
    read = sources.read(spark, Storage(spark), Params(sources=chosen))
    assert sorted(row["year"] for row in read["hive"].collect()) == [2020, 2021]


@pytest.mark.spark
@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_several_values_under_multi_line_are_refused(spark: SparkSession, tmp_path: Path, name: str) -> None:
    several, one = (line("1") + line("2")).encode(), json.dumps([{"id": "3", "body": "글"}], indent=1).encode()
    for content, lost in ((several, True), (one, False)):
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
        params = Params(sources={"a": source(str(tmp_path / name), options={"multiLine": True})})
        if lost:
            with pytest.raises(ConfigError, match="one JSON value a file") as caught:
                sources.read(spark, Storage(spark), params)
            assert name in caught.value.got
        else:
            assert sources.read(spark, Storage(spark), params)["a"].count() == 1


@pytest.mark.spark
def test_a_damaged_parquet_file_is_named_and_a_path_of_the_input_is_no_matter(
    spark: SparkSession, tmp_path: Path
) -> None:
    table = pa.table({"id": ["1"], "body": ["맑은 날이다"], "_path": ["theirs"]})
    pq.write_table(table, tmp_path / "a.parquet")
    params = Params(sources={"a": source(f"{tmp_path}/a.parquet", format="parquet", fields=None)})
    row = sources.read(spark, Storage(spark), params)["a"].first()
    assert row is not None
    assert row["_path"] == "a.parquet"
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and no footer PAR1")
    with pytest.raises(Exception, match="FAILED_READ_FILE") as caught:
        sources.read(spark, Storage(spark), params)
    error = translate(caught.value, "log")
    assert isinstance(error, ResourceError)
    assert error.where.endswith("a.parquet")


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"options": {"ignoreCorruptFiles": True}}, "ignoreCorruptFiles"),
        ({"options": {"MODE": "DROPMALFORMED"}}, "MODE"),
        ({"options": {"encoding": "cp949"}, "format": "text_file", "fields": None}, "encoding"),
    ],
)
def test_an_option_that_loses_records_or_does_nothing_is_refused(change: dict[str, Any], key: str) -> None:
    with pytest.raises(ValueError, match=f"options.{key}: expected nothing"):
        source("in/*", **change)


@pytest.mark.spark
@pytest.mark.parametrize("name", ["a[1]", "b{c}", "말뭉치 하나", "d*e"])
def test_an_output_of_any_name_holds_all_that_a_run_writes(spark: SparkSession, tmp_path: Path, name: str) -> None:
    written(tmp_path / "in", "a.jsonl", "b.jsonl")
    (tmp_path / "out").mkdir()
    raw = {
        "name": "t", "output": str(tmp_path / "out" / name), "dedup": {"driver_rows": 0},
        "sources": {"a": source(f"{tmp_path}/in/*.jsonl").model_dump(exclude_defaults=True)},
    }  # fmt: skip
    spark.conf.set("spark.sql.shuffle.partitions", 2)
    run = Run(spark, Storage(spark), check(raw, "t.yaml"), lambda _: None)
    for stage in ("collect", "scrub", "dedup"):
        execute(run, STAGES[stage], force=False)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [name]
    assert {path.name for path in (tmp_path / "out" / name).iterdir()} >= {"raw_documents", "duplicates"}


@pytest.mark.spark
@pytest.mark.parametrize(
    ("changes", "place", "hint"),
    [
        ({"options": {"multiLne": True}}, "sources.a.options.multiLne", "'multiLine'"),
        ({"format": "csv", "options": {"delimeter": ";"}}, "sources.a.options.delimeter", "delimiter"),
        ({"format": "text", "fields": None, "options": {"header": True}}, "sources.a.options.header", "wholetext"),
        ({"format": "jsonl"}, "sources.a.format", "JSON Lines are json"),
        ({"fields": "번호 string"}, "sources.a.fields", "backticks"),
        ({"fields": "id string, n integr"}, "sources.a.fields", "bigint"),
        ({"fields": "id string, body"}, "sources.a.fields", "bigint"),
    ],
)
def test_what_a_reader_of_sparks_does_not_take_names_its_key(
    spark: SparkSession, tmp_path: Path, changes: dict[str, Any], place: str, hint: str
) -> None:
    written(tmp_path, "a.jsonl")
    with pytest.raises(ConfigError) as caught:
        sources.read(spark, Storage(spark), Params(sources={"a": source(f"{tmp_path}/*.jsonl", **changes)}))
    assert caught.value.where == place
    assert hint in caught.value.todo


@pytest.mark.spark
def test_names_in_hangul_stand_in_backticks(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("번호,본문\n1,글이다\n".encode("cp949"))
    options = {"header": True, "encoding": "cp949", "PATHGLOBFILTER": "*.csv"}
    columns = {"record_id": "`번호`", "text": "본문"}
    hangul = {"format": "csv", "options": options, "fields": "`번호` string, `본문` string", "columns": columns}
    params = Params(sources={"a": source(str(tmp_path), **hangul)})
    frames = sources.read(spark, Storage(spark), params)
    assert [row["본문"] for row in frames["a"].collect()] == ["글이다"]
    with pytest.raises(ConfigError, match="backticks"):
        transform(frames, params)
