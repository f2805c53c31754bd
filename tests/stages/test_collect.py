"""collect: every record becomes a document or a reject with a reason; ids come from content."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from corpus_pipeline.errors import ConfigError, ResourceError
from corpus_pipeline.run import sources
from corpus_pipeline.run.failures import translate
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.stages import collect
from corpus_pipeline.stages.collect import Params
from corpus_pipeline.stages.source import Source

pytestmark = pytest.mark.spark


def collected(spark: SparkSession, partitions: int = 4, **params: Any) -> tuple[list[Row], list[Row], dict[str, int]]:
    settings = Params(**params)
    spark.conf.set("spark.sql.shuffle.partitions", partitions)
    storage = Storage(spark)
    sources.listings(spark, storage, settings.sources)
    tables = collect.transform(sources.read(spark, storage, settings), settings)
    documents, rejected = tables["raw_documents"].collect(), tables["rejected_records"].collect()
    read = {row["source"]: row["records"] for row in tables["records_read"].collect()}
    spark.catalog.clearCache()
    return documents, rejected, read


def lines(path: Path, **fields: Any) -> Source:
    base = {
        "format": "json", "path": str(path), "doc_type": "web", "licence": "CC0-1.0",
        "fields": "id string, title string, body string, ok boolean",
        "columns": {"record_id": "id", "title": "title", "text": "body"},
    }  # fmt: skip
    return Source(**(base | fields))


def reasons(rejected: list[Row]) -> Counter[str]:
    return Counter(row["reason"] for row in rejected)


def test_garbage_between_good_lines_and_every_reason(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    good = json.dumps({"id": "1", "title": "\u1112\u1161\u11ab", "body": "좋은 글이다"})
    bad = [
        b"{garbage",
        json.dumps({"id": "2", "body": None}).encode(),
        json.dumps({"body": "번호가 없다"}).encode(),
        json.dumps({"id": "4", "body": "널 \x00 문자"}).encode(),
        b'{"id": "5", "body": "\xff\xfe"}',
        json.dumps({"id": "6", "body": "a"}).encode(),
        json.dumps({"id": "7", "body": "깨진 \ufffd 글자"}).encode(),
        json.dumps({"id": "8", "body": "가" * 200}).encode(),
        json.dumps({"id": "9", "body": "   "}).encode(),
        good.encode(),
    ]
    path.write_bytes(b"\n".join([good.encode(), *bad]) + b"\n")
    documents, rejected, read = collected(spark, sources={"a": lines(path)}, max_record_chars=100)
    assert [(d["record_id"], d["title"], d["text"]) for d in documents] == [("1", "한", "좋은 글이다")]
    assert reasons(rejected) == {
        "malformed_record": 2, "missing_text": 1, "missing_record_id": 1, "nul_bytes": 1, "too_short": 2,
        "undecodable": 1, "record_too_large": 1, "repeated_record": 1,
    }  # fmt: skip
    assert read == {"a": 11}
    assert len(documents) + len(rejected) == 11
    assert len({r["reject_id"] for r in rejected}) == len(rejected)


def test_ids_come_from_content_and_not_from_place_or_partition(spark: SparkSession, tmp_path: Path) -> None:
    records = [json.dumps({"id": str(i), "body": f"글 {i % 5} 번"}) for i in range(50)]
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    (tmp_path / "one" / "a.jsonl").write_text("\n".join(records), encoding="utf-8")
    for part in range(5):
        (tmp_path / "two" / f"{part}.jsonl").write_text("\n".join(reversed(records[part::5])), encoding="utf-8")
    first, _, _ = collected(spark, 1, sources={"a": lines(tmp_path / "one" / "*.jsonl")})
    second, _, _ = collected(spark, 7, sources={"a": lines(tmp_path / "two" / "*.jsonl")})
    assert len({d["doc_id"] for d in first}) == 50
    assert {(d["doc_id"], d["text"]) for d in first} == {(d["doc_id"], d["text"]) for d in second}


def test_explode_reject_rules_and_permission(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    questions = [
        {
            "id": "q1",
            "body": "어떻게 하나요",
            "ok": True,
            "answers": [{"t": "이렇게 하세요", "good": True}, {"t": "몰라요 저도", "good": False}],
        },
        {"id": "q2", "body": "안 되는 질문", "ok": False, "answers": [{"t": "답변입니다", "good": True}]},
        {"id": "q3", "body": "답이 없는 질문", "ok": True, "answers": []},
    ]
    path.write_text("\n".join(json.dumps(q, ensure_ascii=False) for q in questions), encoding="utf-8")
    source = lines(
        path,
        fields="id string, body string, ok boolean, answers array<struct<t string, good boolean>>",
        explode="answers",
        columns={"record_id": "id", "text": "concat(body, '\\n', item.t)", "permitted": "ok"},
        reject={"not_adopted": "NOT item.good"},
    )
    documents, rejected, read = collected(spark, sources={"q": source})
    assert [d["text"] for d in documents] == ["어떻게 하나요\n이렇게 하세요"]
    assert reasons(rejected) == {"not_permitted": 1, "not_adopted": 1, "missing_text": 1}
    assert read == {"q": 4}


def test_files_in_any_charset_front_matter_and_pages(spark: SparkSession, tmp_path: Path) -> None:
    text = "점순네 수탉이 우리 수탉을 함부로 해내는 것이다."
    for name, charset in (("a.txt", "cp949"), ("b.txt", "utf-8"), ("c.txt", "utf-16")):
        (tmp_path / name).write_bytes(text.encode(charset))
    (tmp_path / "broken.txt").write_bytes(text.encode() + b"\xff")
    (tmp_path / "large.txt").write_bytes(text.encode() * 100)
    (tmp_path / "가 나+다.md").write_text("---\n제목: 민법\n---\n제1조 법원은 이렇게 한다", encoding="utf-8")
    (tmp_path / "no.html").write_text(
        "<html><head><meta name=robots content=noindex></head><body>글</body></html>", encoding="utf-8"
    )
    common: dict[str, Any] = {"doc_type": "novel", "licence": "PD"}
    documents, rejected, read = collected(
        spark,
        sources={
            "novel": Source(format="text_file", path=str(tmp_path / "*.txt"), **common),
            "law": Source(
                format="frontmatter", path=str(tmp_path / "*.md"), **common, columns={"title": "front['제목']"}
            ),
            "page": Source(format="html", path=str(tmp_path / "*.html"), **common),
        },
        max_file_bytes=1000,
    )
    assert {d["text"] for d in documents if d["source"] == "novel"} == {text}
    assert {d["record_id"] for d in documents} == {"a.txt", "b.txt", "c.txt", "가 나+다.md"}
    assert next(d["title"] for d in documents if d["source"] == "law") == "민법"
    assert reasons(rejected) == {"undecodable": 1, "file_too_large": 1, "not_permitted": 1}
    assert read == {"novel": 5, "law": 1, "page": 1}


@pytest.mark.parametrize(
    ("columns", "where"), [({"text": "nope(body)"}, "sources.a: text"), ({"text": "boddy"}, "sources.a: text")]
)
def test_a_wrong_expression_names_the_source_and_the_column(
    spark: SparkSession, tmp_path: Path, columns: dict[str, str], where: str
) -> None:
    (tmp_path / "a.jsonl").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        collected(spark, sources={"a": lines(tmp_path / "a.jsonl", columns={"record_id": "id", **columns})})
    assert caught.value.where.startswith(where)


def test_missing_path_and_missing_fields(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(ResourceError) as caught:
        collected(spark, sources={"a": lines(tmp_path / "none" / "*.jsonl")})
    assert caught.value.expected.startswith("files that are not empty")
    assert caught.value.got == "none"
    (tmp_path / "a.jsonl").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError) as config_error:
        collected(spark, sources={"a": lines(tmp_path / "a.jsonl", fields=None)})
    assert config_error.value.where == "sources.a.fields"


def test_a_line_of_50_mb_is_rejected_and_its_neighbours_are_kept(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "big.jsonl"
    with path.open("wb") as file:
        file.write(b'{"id": "1", "body": "before it"}\n{"id": "2", "body": "' + b"x" * 50_000_000 + b'"}\n')
        file.write(b'{"id": "3", "body": "after it"}\n')
    documents, rejected, _ = collected(spark, sources={"a": lines(path)})
    assert sorted(d["record_id"] for d in documents) == ["1", "3"]
    assert [(r["reason"], len(r["excerpt"])) for r in rejected] == [("malformed_record", 200)]
    assert rejected[0]["text_bytes"] > 50_000_000


def test_ids_do_not_depend_on_where_the_data_stands(spark: SparkSession, tmp_path: Path) -> None:
    found = []
    for place in ("one", "two/deeper"):
        root = tmp_path / place
        for name in ("law/a.md", "law_revisions/50%할인 a%20b+c.md", "law_revisions/a b.md"):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(f"---\n제목: 글\n---\n{name} 본문이다", encoding="utf-8")
        globs = (str(root / "law" / "*.md"), str(root / "law_revisions" / "*.md"))
        source = Source(format="frontmatter", path=globs, doc_type="law", licence="PD")
        documents, rejected, _ = collected(spark, sources={"law": source})
        assert not rejected
        found.append({(d["doc_id"], d["path"]) for d in documents})
    assert found[0] == found[1]
    assert {path for _, path in found[0]} == {"law/a.md", "law_revisions/50%할인 a%20b+c.md", "law_revisions/a b.md"}


def test_a_key_changes_every_id_and_nothing_else(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps({"id": str(i), "body": f"글 {i} 번"}) for i in range(5)), encoding="utf-8")
    (tmp_path / "key").write_text("secret of the tests", encoding="utf-8")
    plain, _, _ = collected(spark, sources={"a": lines(path)})
    keyed, _, _ = collected(spark, sources={"a": lines(path)}, id_key_file=str(tmp_path / "key"))
    assert not {d["doc_id"] for d in plain} & {d["doc_id"] for d in keyed}
    assert {d["text"] for d in plain} == {d["text"] for d in keyed}


@pytest.mark.parametrize("text", ["\n\n\t", "\u3000\u3000\u3000", "\u200b\u200b\u200b", "가\n", "\x01\x02 \x03"])
def test_text_that_nobody_can_see_is_too_short(spark: SparkSession, tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"id": "1", "body": text}), encoding="utf-8")
    documents, rejected, _ = collected(spark, sources={"a": lines(path)})
    assert not documents
    assert reasons(rejected) == {"too_short": 1}


def test_a_csv_whose_header_is_missing_is_an_error_that_quotes_nothing(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("홍길동,010-0000-0000\n둘째,글이다\n", encoding="utf-8")
    columns = {"record_id": "id", "text": "body"}
    source = lines(path, format="csv", options={"header": True}, fields="id string, body string", columns=columns)
    with pytest.raises(Exception, match="CSV header") as caught:
        collected(spark, sources={"a": source})
    error = translate(caught.value, "log")
    assert isinstance(error, ConfigError)
    assert "홍길동" not in str(error)
    assert "a.csv" in error.where


@pytest.mark.parametrize(("field", "value"), [("encoding", "cp9499"), ("path", [])])
def test_a_source_that_cannot_work_is_refused(tmp_path: Path, field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=field):
        Source(**{**lines(tmp_path / "a").model_dump(), field: value})


def test_half_a_surrogate_pair_in_json_is_a_question_mark(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "1", "body": "깨진 \\ud800 글자"}', encoding="utf-8")
    documents, _, _ = collected(spark, sources={"a": lines(path)})
    assert [d["text"] for d in documents] == ["깨진 ? 글자"]  # Spark's reader; docs/sources.md says so
