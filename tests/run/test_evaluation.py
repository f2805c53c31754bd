"""Evaluation sets from their files: formats, what is refused, and what a changed file runs again."""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from corpus_pipeline.errors import ConfigError, CorpusError, ResourceError
from corpus_pipeline.kernels.contamination import evaluation_sets
from corpus_pipeline.pipeline import STAGES
from corpus_pipeline.run import evaluation, job
from corpus_pipeline.run.config import Config, check
from corpus_pipeline.run.execute import Run, execute, plan
from corpus_pipeline.run.manifest import Manifest
from corpus_pipeline.run.publish import Aside, make_visible
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.arrow import struct_of
from corpus_pipeline.stages.decontamination import Decontamination, EvaluationSet, index_of
from corpus_pipeline.stages.params import Params

CONTEXT = (
    "하늘다리는 바닷가 마을과 건너편 섬을 잇는 길이 이백 미터의 흔들다리로, 마을 사람들이 돌을 날라 세웠다고 전해진다."
)
QUESTION = "바닷가 마을과 건너편 섬을 잇는 흔들다리의 이름은 무엇이라고 하는가?"
# in the form of KorQuAD 1.0, made up
KORQUAD = {
    "version": "made up",
    "data": [
        {
            "title": "하늘다리",
            "paragraphs": [
                {
                    "context": CONTEXT,
                    "qas": [{"id": "1", "question": QUESTION, "answers": [{"text": "하늘다리", "answer_start": 0}]}],
                }
            ],
        }
    ],
}
ROWS = [{"question": QUESTION, "choices": ["하늘다리", "돌다리"], "n": 1}, {"question": CONTEXT, "choices": [], "n": 2}]


def as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def as_csv(delimiter: str) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerows([["question", "n"], *([row["question"], row["n"]] for row in ROWS)])
    return out.getvalue().encode()


def as_parquet(rows: list[dict[str, Any]] = ROWS, schema: pa.Schema | None = None) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema), sink)
    return sink.getvalue()


MAPS = pa.schema({"m": pa.map_(pa.string(), pa.string())})


LINES = b"\n".join(as_json(row) for row in ROWS) + b"\n\n"


@pytest.mark.parametrize(
    ("name", "content", "fields", "expected"),
    [
        ("a.json", as_json(KORQUAD), ("context", "question"), [CONTEXT, QUESTION]),
        ("a.json", as_json(KORQUAD), ("qas",), ["1", QUESTION, "하늘다리"]),
        ("a.json", as_json(KORQUAD), (), ["made up", "하늘다리", CONTEXT, "1", QUESTION, "하늘다리"]),
        ("a.json", b"\xef\xbb\xbf" + as_json(ROWS), ("question",), [QUESTION, CONTEXT]),
        ("A.JSONL", LINES, ("choices",), ["하늘다리", "돌다리"]),
        ("a.jsonl.gz", gzip.compress(LINES), ("question",), [QUESTION, CONTEXT]),
        ("a.csv", as_csv(","), ("question",), [QUESTION, CONTEXT]),
        ("a.tsv", as_csv("\t"), (), [QUESTION, "1", CONTEXT, "2"]),
        ("a.parquet", as_parquet(), ("question",), [QUESTION, CONTEXT]),
        ("a.parquet", as_parquet(), ("choices",), ["하늘다리", "돌다리"]),
        ("a.txt", f"{QUESTION}\r\n \n{CONTEXT}".encode(), (), [QUESTION, CONTEXT]),
        ("a.txt", "한\u2028줄\x0b이다\r둘째".encode(), (), ["한\u2028줄\x0b이다", "둘째"]),
        ("a.parquet", as_parquet([{"m": [("q", QUESTION)]}], MAPS), ("m",), [QUESTION]),
    ],
)
def test_formats(name: str, content: bytes, fields: tuple[str, ...], expected: list[str]) -> None:
    assert evaluation.items(content, name, EvaluationSet(path=(name,), fields=fields), "key") == expected


def test_settings_of_a_file() -> None:
    one = EvaluationSet.model_validate({"path": "a.data", "format": "jsonl", "fields": "질문", "encoding": "cp949"})
    assert evaluation.items('{"질문": "무엇인가"}'.encode("cp949"), "a.data", one, "key") == ["무엇인가"]
    excel = EvaluationSet.model_validate({"path": "a.csv", "encoding": "utf-16"})
    assert evaluation.items("질문\n무엇인가\n".encode("utf-16"), "a.csv", excel, "key") == ["무엇인가"]
    several: list[dict[str, Any]] = [{"path": []}, {"path": "a", "encoding": "utf-9"}, {"path": "a", "format": "xml"}]
    for wrong in several:
        with pytest.raises(ValueError, match=r"path|encoding|format"):
            EvaluationSet.model_validate(wrong)


@pytest.mark.parametrize(
    ("name", "content", "fields", "kind", "said"),
    [
        ("a.json", b"", (), ResourceError, "a file of the format it is read as, got an error: line 1"),
        ("a.json", b'{"data": [}', (), ResourceError, "line 1"),
        ("a.json", LINES, (), ResourceError, "line 2"),
        ("a.json", b"[" * 100_000, (), ResourceError, "an error"),
        ("a.jsonl", b'{"a": "b"}\nb', (), ResourceError, "an error"),
        ("a.json", as_json(ROWS).decode().encode("utf-16"), (), ResourceError, "Set `encoding`"),
        ("a.csv", "질문\n무엇".encode("cp949"), (), ResourceError, "Set `encoding`"),
        ("a.csv", b'q,n\n"open', (), ResourceError, "Error"),
        ("a.csv", b"q,q\nx,y\n", ("q",), ResourceError, "Error"),
        ("a.parquet", b"PAR1", (), ResourceError, "an error"),
        ("a.json.gz", b"no gzip", (), ResourceError, "BadGzipFile"),
        ("a.json.gz", gzip.compress(LINES)[:-9], (), ResourceError, "EOFError"),
        ("a.xml", b"<a/>", (), ConfigError, "Set `format`"),
        ("a", b"x", (), ConfigError, "Set `format`"),
        ("a.json", as_json(KORQUAD), ("contxt",), ConfigError, "Did you mean 'context'?"),
        ("a.jsonl", LINES, ("본문",), ConfigError, "Known: choices, n, question."),
        ("a.json", b"{}", (), ConfigError, "no string that is not empty"),
        ("a.jsonl", LINES, ("n",), ConfigError, "no string that is not empty"),
        ("a.csv", b"question,n\n", ("question",), ConfigError, "no string that is not empty"),
        ("a.txt", b" \n", (), ConfigError, "no string that is not empty"),
    ],
)
def test_what_cannot_be_read(
    name: str, content: bytes, fields: tuple[str, ...], kind: type[CorpusError], said: str
) -> None:
    with pytest.raises(kind) as caught:
        evaluation.items(content, name, EvaluationSet(path=(name,), fields=fields), "tag.decontamination.sets.quiz")
    assert said in str(caught.value)
    assert caught.value.where.startswith(f"tag.decontamination.sets.quiz: {name}")
    assert QUESTION[:9] not in str(caught.value)


class Files:
    """A storage of files that are given."""

    def __init__(self, **files: str) -> None:
        self.files = files

    def size(self, path: str) -> int:
        return len(self.read_bytes(path))

    def read_bytes(self, path: str) -> bytes:
        return self.files[path].encode()


def test_short_items_that_repeat_are_counted_and_long_ones_are_not() -> None:
    stem = "다음 글의 내용과 일치하지 않는 것은?"
    long = f"「하늘다리」 — {CONTEXT}"
    storage = cast(Storage, Files(a="\n".join([stem, long] * 8), b="\n".join([stem, long, QUESTION] * 8)))
    quiz = EvaluationSet(path=("a", "b"), format="text")
    for most, times in ((10, 11), (40, 16)):
        settings = Decontamination(sets={"quiz": quiz}, max_items=most)
        found = Counter(text for _, text in evaluation._items(storage, settings))
        assert found == {stem: times, long: 1, QUESTION: 8}
        index = index_of(evaluation._items(storage, settings), settings)
        blog = [f"시험에 '{stem}' 하는 문제가 나왔다.", QUESTION]
        assert evaluation_sets(pa.array(blog), index) == [["quiz"] if most == 40 else [], ["quiz"]]


class Tagging(Params):
    decontamination: Decontamination


@pytest.mark.spark
def test_files_are_checked_before_the_run(spark: SparkSession, tmp_path: Path) -> None:
    storage, said = Storage(spark), list[str]()
    (tmp_path / "short.txt").write_text("누구인가?\n무엇인가?", encoding="utf-8")
    (tmp_path / "한글 이름.json").write_bytes(as_json(KORQUAD))
    (tmp_path / "huge.json").touch()
    (tmp_path / "folder").mkdir()
    with (tmp_path / "huge.json").open("r+b") as file:
        file.truncate(evaluation.MOST_BYTES + 1)
    for name, expected in (
        ("missing.json", "a readable"),
        ("folder", "a readable file"),
        ("huge.json", "at most 268,435,456 bytes"),
        ("short.txt", "an item of 8 morphemes and 13 characters, 5 of them letters, got 2 items"),
    ):
        params = Tagging(decontamination=Decontamination(sets={"quiz": EvaluationSet(path=(str(tmp_path / name),))}))
        with pytest.raises(CorpusError) as caught:
            evaluation.check(storage, params, said.append)
        assert expected in str(caught.value)
        assert caught.value.where.startswith("tag.decontamination.sets.quiz")
    whole = EvaluationSet(path=(str(tmp_path / "한글 이름.json"), str(tmp_path / "short.txt")))
    evaluation.check(storage, Tagging(decontamination=Decontamination(sets={"quiz": whole})), said.append)
    assert said == ["evaluation set quiz: 7 items, 5 of them too short to look for, 0 set phrases left out"]
    assert evaluation.digests(storage, STAGES["mix"].params()) == {}


TEXTS = {
    "whole": f"섬 여행기 1\n{CONTEXT}",
    "spaced": f"옮겨 적는다. {CONTEXT.replace(' ', '')}",
    "question": f"문제 1. {QUESTION}",
    "other": "오늘은 비가 오고 바람이 불어서 다리를 건너지 않고 집에서 책을 읽었다.",
}


def publish_documents(spark: SparkSession, config: Config) -> None:
    """TEXTS as a published table, without collect and scrub."""
    promise = contract("documents")
    given = {"doc_id": "id", "source": "'a'", "doc_type": "'web'", "licence": "'CC0-1.0'", "text": "text"}
    given["text_bytes"] = "octet_length(text)"
    empty = {"string": "''", "boolean": "false"}
    columns = [
        f"{given.get(field.name) or (empty.get(field.dataType.simpleString(), '0') if not field.nullable else 'null')}"
        f" as {field.name}"
        for field in struct_of("documents")
    ]
    rows = spark.createDataFrame(list(TEXTS.items()), "id string, text string").selectExpr(*columns)
    rows = spark.createDataFrame([], struct_of("documents")).unionByName(rows)
    with Aside(spark, lambda _: f"{config.output}/_staging", {}) as aside:
        one = aside.all({"documents": rows})["documents"]
    made = Manifest("documents", "scrub", promise.version, "f", one.rows, one.digest, one.keys_digest, {})
    make_visible(Storage(spark), config, {"documents": made})


@pytest.mark.spark
def test_a_changed_file_runs_tag_again(spark: SparkSession, tmp_path: Path) -> None:
    quiz, output = tmp_path / "quiz.json", str(tmp_path / "out")
    quiz.write_bytes(as_json(KORQUAD))
    sets = {"quiz": {"path": str(quiz), "fields": ["context", "question"]}}
    source = {"format": "text_file", "path": "a", "doc_type": "web", "licence": "CC0-1.0"}
    raw: dict[str, Any] = {"name": "t", "output": output, "sources": {"a": source}}
    tag, said = STAGES["tag"], list[str]()

    def run() -> Run:
        return Run(spark, Storage(spark), check(raw | {"tag": {"decontamination": {"sets": sets}}}, "t"), said.append)

    publish_documents(spark, run().config)
    execute(run(), tag, force=False)
    rows = spark.read.parquet(f"{output}/tags").collect()
    found = {row["doc_id"]: row["evaluation_sets"] for row in rows}
    assert found == {"whole": ["quiz"], "spaced": ["quiz"], "question": ["quiz"], "other": []}

    assert plan(run(), (tag,), force=False) == [(tag, None)]
    quiz.write_bytes(as_json(ROWS))
    assert plan(run(), (tag,), force=False) == [(tag, "changed input: evaluation/quiz")]
    quiz.unlink()
    with pytest.raises(ResourceError, match=r"quiz\.json: expected a readable"):
        plan(run(), (tag,), force=False)
    sets.clear()
    assert plan(run(), (tag,), force=False) == [(tag, "changed settings: decontamination")]


@pytest.mark.spark
@pytest.mark.parametrize("dry_run", [True, False])
def test_no_stage_runs_without_the_files(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dry_run: bool
) -> None:
    source = {"format": "text_file", "path": "a", "doc_type": "web", "licence": "CC0-1.0"}
    sets = {"quiz": {"path": str(tmp_path / "quiz.json")}}
    raw: dict[str, Any] = {"name": "t", "output": str(tmp_path / "out"), "sources": {"a": source}}
    run = Run(spark, Storage(spark), check(raw | {"tag": {"decontamination": {"sets": sets}}}, "t"), print)
    monkeypatch.setattr(job, "opened", lambda *_: nullcontext(run))
    options = argparse.Namespace(dry_run=dry_run, force=False)
    with pytest.raises(ResourceError) as caught:
        job._run("pipeline", options, "log")
    assert caught.value.where == f"tag.decontamination.sets.quiz: {tmp_path}/quiz.json"
    assert not (tmp_path / "out").exists()
