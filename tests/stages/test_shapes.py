"""shapes: docs/document_types.md is true. Its configurations run, all together, on a few records of each type.

All names and numbers here are invented.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from pyspark.sql import Row, SparkSession

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.run import sources
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.stages import collect
from corpus_pipeline.stages.collect import Params, Source

pytestmark = pytest.mark.spark
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "document_types.md").read_text(encoding="utf-8")
SNIPPETS: dict[str, Any] = {
    name: source
    for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    for name, source in yaml.safe_load(block).items()
}


def answer(body: str, adopted: bool, expert: bool, reputation: int | None, at: str = "2021-01-01") -> dict[str, Any]:
    return {"body": body, "adopted": adopted, "expert": expert, "reputation": reputation, "at": at}


def question(key: str, *answers: dict[str, Any], ok: bool | None = True) -> dict[str, Any]:
    return {"id": key, "title": "제목", "body": f"질문 {key}", "searchable": ok, "answers": list(answers)}


KIN: list[dict[str, Any]] = [
    question(
        "both",
        answer("전문가 답", False, True, 99),
        answer("채택 답", True, False, 30),
        answer("남 답", False, False, 90),
    ),
    question("expert", answer("그냥 답", False, False, 99), answer("전문가", False, True, 20)),
    question("renowned", answer("낮은 답", True, False, 30), answer("높은 답", True, False, 40)),
    question("early", answer("늦은 답", True, False, 30, "2021-02"), answer("이른 답", True, False, 30, "2021-01")),
    question("tie", answer("나 답", True, False, 30), answer("가 답", True, False, 30)),
    question("none"),
    question("blank", answer("  ", True, True, 99)),
    question("unaccepted", answer("그냥 답", False, False, 99)),
    question("low", answer("채택 답", True, True, 19), answer("모르는 이", True, True, None)),
    question("closed", answer("채택 답", True, True, 99), ok=False),
    question("unknown", answer("채택 답", True, True, 99), ok=None),
]
COMMENTS: list[dict[str, Any]] = [
    {"id": "c2", "article": "1", "written_at": "2021-01-02", "author": "을", "body": "둘째 댓글"},
    {"id": "c1", "article": "1", "written_at": "2021-01-01", "author": "갑", "body": "첫째 댓글"},
    {"id": "c3", "article": "1", "written_at": "2021-01-02", "author": "갑", "body": "셋째 댓글"},
    {"id": "c3", "article": "1", "written_at": "2021-01-02", "author": "갑", "body": "셋째 댓글"},
    {"id": "c4", "article": "2", "written_at": "2021-01-01", "author": "갑", "body": "다른 기사"},
    {"id": "c5", "article": None, "written_at": "2021-01-01", "author": "갑", "body": "어디에도 없는"},
    {"id": "c6", "article": "2", "written_at": "2021-01-01", "author": "갑", "body": "깨진 \ufffd 글"},
]
NEWS: dict[str, Any] = {
    "id": "n1",
    "title": "물가 3% 올라 서민 부담 커져",
    "body": "물가 3% 올라 서민 부담 커져\n(서울=한국뉴스) 홍길동 기자 = 지난달 물가가 올랐다.\n"
    "정부는 지켜본다. 홍길동 기자 gildong@example.com\n<저작권자 ⓒ 한국뉴스, 무단전재 및 재배포 금지>\n"
    "[관련기사]\n금리 동결",
}
BLOG: dict[str, Any] = {
    "id": "b1",
    "title": "클로저란 무엇인가 정리",
    "body": "# 클로저란 무엇인가 정리\n\n함수와 환경이다. ⓒ 나",
}
PETITIONS: list[dict[str, Any]] = [
    {"id": "p1", "title": "청원", "content": "청원합니다", "licence": "KOGL-1"},
    {"id": "p2", "title": "청원", "content": "허락 없는 글", "licence": " "},
    {"id": "p3", "title": "청원", "content": "허락 모르는 글", "licence": None},
]
CHAT: list[dict[str, Any]] = [
    {"id": "t1", "turns": [
        {"speaker": "홍길동", "text": "안녕하세요"},
        {"speaker": "별", "text": "길동 말고 \u1112\u1169\u11bc길동님이죠?"},
        {"speaker": " ", "text": "누구지"}, {"speaker": "홍길동", "text": " "},
        {"speaker": "홍길동", "text": "\u1112\u1161\u11ab글"},
    ]},
    {"id": "t2", "turns": []},
]  # fmt: skip


@pytest.fixture(scope="module")
def tables(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, list[Row]], list[Row], Any]:
    root = tmp_path_factory.mktemp("types")

    def lines(folder: str, records: list[dict[str, Any]]) -> None:
        (root / "data" / folder).mkdir(parents=True)
        text = "\n".join(json.dumps(record, ensure_ascii=False) for record in records)
        (root / "data" / folder / "a.jsonl").write_text(text, encoding="utf-8")

    for folder, records in (("kin", KIN), ("chat", CHAT), ("comments", COMMENTS), ("news", [NEWS]), ("blog", [BLOG])):
        lines(folder, records)
    lines("petitions", PETITIONS)
    for folder, text in (
        ("pairs", "Q,A\n12시 땡!,하루가 또 가네요.\n"),
        ("utterances", "talk,number,who,said\n1,10,임꺽정,열째\n1,9,홍길동,아홉째\n2,1,임꺽정,혼잣말이다\n"),
    ):
        (root / "data" / folder).mkdir()
        (root / "data" / folder / "a.csv").write_text(text, encoding="utf-8")
    (root / "data" / "law").mkdir()
    (root / "data" / "law" / "a.md").write_text("---\n제목: 민법\n---\n제1조 이 법은 이러하다", encoding="utf-8")
    found = {name: Source(**source | {"path": str(root / source["path"])}) for name, source in SNIPPETS.items()}
    spark.conf.set("spark.sql.shuffle.partitions", 2)
    settings = Params(sources=found)
    shaped = collect.transform(sources.read(spark, Storage(spark), settings), settings)
    documents = shaped["raw_documents"].collect()
    rejected = shaped["rejected_records"].collect()
    read = {row["source"]: row["records"] for row in shaped["records_read"].collect()}
    spark.catalog.clearCache()
    return {name: sorted(d for d in documents if d["source"] == name) for name in found}, rejected, read


Tables = tuple[dict[str, list[Row]], list[Row], dict[str, int]]


def reasons(rejected: list[Row], source: str) -> Counter[str]:
    return Counter(row["reason"] for row in rejected if row["source"] == source)


def test_one_question_gives_one_document_or_one_reason(tables: Tables) -> None:
    documents, rejected, read = tables
    chosen = {d["record_id"]: d["text"].split("Answer: ")[1] for d in documents["kin"]}
    assert chosen == {
        "both": "채택 답", "expert": "전문가", "renowned": "높은 답", "early": "이른 답", "tie": "가 답"
    }  # fmt: skip
    assert {r["record_id"]: r["reason"] for r in rejected if r["source"] == "kin"} == {
        "none": "no_answer", "blank": "no_answer", "unaccepted": "not_adopted", "low": "low_reputation",
        "closed": "not_permitted", "unknown": "not_permitted",
    }  # fmt: skip
    assert read["kin"] == len(KIN)
    removed = {d["record_id"]: d["removed_bytes"] for d in documents["kin"]}
    assert removed["both"] == len("전문가 답남 답".encode())


def test_speakers_are_ids_and_their_names_stay_out(tables: Tables) -> None:
    documents, rejected, _ = tables
    talk = documents["chat"][0]
    assert talk["text"] == "A> 안녕하세요\nB> 길동 말고 A님이죠?\nC> 누구지\nA> 한글"
    assert talk["speakers"] == ["A", "B", "C"]
    assert "홍길동" not in str(talk)
    assert reasons(rejected, "chat") == {"missing_text": 1}
    assert [(d["text"], d["speakers"]) for d in documents["pairs"]] == [
        ("A> 12시 땡!\nB> 하루가 또 가네요.", ["A", "B"])
    ]


def test_rows_of_one_talk_become_one_dialogue_in_the_order_of_numbers(tables: Tables) -> None:
    found = {d["record_id"]: (d["text"], d["records"]) for d in tables[0]["utterances"]}
    assert found == {"1": ("A> 아홉째\nB> 열째", 2), "2": ("A> 혼잣말이다", 1)}


def test_comments_alone_or_a_thread_and_none_is_lost(tables: Tables) -> None:
    documents, rejected, read = tables
    assert {d["text"] for d in documents["single"]} == {c["body"] for c in COMMENTS if "\ufffd" not in c["body"]}
    threads = {d["record_id"]: d for d in documents["threads"]}
    assert threads["1"]["text"] == "첫째 댓글\n둘째 댓글\n셋째 댓글"
    assert threads["2"]["text"] == "다른 기사"
    assert threads["1"]["created_at"] == "2021-01-01"
    assert threads["1"]["speakers"] is None
    assert reasons(rejected, "threads") == {"missing_thread": 1, "repeated_record": 1, "undecodable": 1}
    for source in read:
        assert read[source] == sum(d["records"] for d in documents[source]) + reasons(rejected, source).total(), source


def test_an_article_is_its_body(tables: Tables) -> None:
    documents, _, _ = tables
    article = documents["news"][0]
    assert article["text"] == "지난달 물가가 올랐다.\n정부는 지켜본다."
    assert article["removed_bytes"] == len(NEWS["body"].encode()) - len(article["text"].encode())
    assert article["text_bytes"] == len(article["text"].encode())
    assert documents["blog"][0]["text"] == "함수와 환경이다. ⓒ 나"


def test_a_record_needs_a_licence(tables: Tables) -> None:
    documents, rejected, _ = tables
    assert [d["licence"] for d in documents["petitions"]] == ["KOGL-1"]
    assert reasons(rejected, "petitions") == {"missing_licence": 2}
    assert [(d["title"], d["removed_bytes"]) for d in documents["law"]] == [("민법", 0)]


def test_a_source_needs_a_licence_and_a_known_shape() -> None:
    law = SNIPPETS["law"]
    with pytest.raises(ValidationError, match="licence"):
        Source(**law | {"licence": " "})
    with pytest.raises(ValidationError, match="shape"):
        Source(**law | {"shape": {"kind": "poem"}})
    with pytest.raises(ValidationError, match="unknown rules"):
        Source(**law | {"shape": {"kind": "article", "rules": ["titel"]}})


def test_a_page_that_says_noindex_stays_out_whatever_the_mapping_says(spark: SparkSession, tmp_path: Path) -> None:
    for name, said in (("a", "noindex"), ("b", "noarchive"), ("c", "index")):
        body = f"<body><p>{'본문이 여기에 있다. ' * 20}</p></body>"
        page = f"<html><head><meta name=robots content={said}></head>{body}</html>"
        (tmp_path / f"{name}.html").write_text(page, encoding="utf-8")
    source = Source(
        format="html", path=str(tmp_path / "*.html"), doc_type="web", licence="MIT", columns={"permitted": "true"}
    )
    settings = Params(sources={"web": source})
    found = collect.transform(sources.read(spark, Storage(spark), settings), settings)["rejected_records"].collect()
    spark.catalog.clearCache()
    assert sorted((r["record_id"], r["reason"]) for r in found) == [
        ("a.html", "not_permitted"),
        ("b.html", "not_permitted"),
    ]


@pytest.mark.parametrize(
    ("name", "key", "sql"),
    [
        ("kin", "answers", "nope"),
        ("kin", "reputation", "item.nope"),
        ("chat", "turns", "id"),
        ("threads", "key", "nope"),
    ],
)
def test_a_wrong_expression_names_its_place(spark: SparkSession, name: str, key: str, sql: str) -> None:
    source = SNIPPETS[name]
    wrong = Source(**source | {"shape": source["shape"] | {key: sql}})
    frame = spark.createDataFrame([], source["fields"] + ", _path string")
    with pytest.raises(ConfigError) as caught:
        collect.transform({name: frame}, Params(sources={name: wrong}))
    assert caught.value.where.startswith(f"sources.{name}.shape")


def test_a_long_thread_is_cut_and_whole_whatever_the_partitions(spark: SparkSession) -> None:
    source = Source(**SNIPPETS["threads"] | {"columns": {"record_id": "id", "text": "body"}})
    rows = [(f"c{i:02d}", "1", str(i % 7), "갑", f"댓글 {i:02d}번", "a.jsonl") for i in range(20)]
    texts = []
    for partitions in (1, 5):
        spark.conf.set("spark.sql.shuffle.partitions", partitions)
        frame = spark.createDataFrame(rows, SNIPPETS["threads"]["fields"] + ", _path string").repartition(partitions)
        settings = Params(sources={"threads": source}, max_record_chars=50)
        found = collect.transform({"threads": frame}, settings)["raw_documents"].collect()
        spark.catalog.clearCache()
        texts.append(sorted((d["doc_id"], d["record_id"], d["text"], d["records"]) for d in found))
    assert texts[0] == texts[1]
    parts = sorted(texts[0], key=lambda part: (len(part[1]), part[1]))
    assert [part[1] for part in parts[:3]] == ["1", "1#2", "1#3"]
    assert sum(part[3] for part in parts) == 20
    said = [line for part in parts for line in part[2].split("\n")]
    assert said == [row[4] for row in sorted(rows, key=lambda row: (row[2], row[0]))]


def test_speakers_cannot_be_mapped_past_the_shape(spark: SparkSession) -> None:
    source = Source(
        **SNIPPETS["single"] | {"columns": {"record_id": "id", "text": "body", "speakers": "array(author)"}}
    )
    frame = spark.createDataFrame([], SNIPPETS["single"]["fields"] + ", _path string")
    with pytest.raises(ConfigError, match="speakers"):
        collect.transform({"single": frame}, Params(sources={"single": source}))


def test_text_saved_in_the_wrong_charset_is_rejected(spark: SparkSession) -> None:
    source = Source(**SNIPPETS["single"] | {"columns": {"record_id": "id", "text": "body"}})
    good, bad = "안녕하세요, 반갑습니다", "안녕하세요, 반갑습니다".encode().decode("cp1252", "ignore")
    columns = [name.split()[0] for name in (SNIPPETS["single"]["fields"] + ", _path string").split(", ")]
    rows = [{"id": str(i), "body": text, "_path": "a"} for i, text in enumerate((good, bad))]
    values = [tuple(row.get(name) for name in columns) for row in rows]
    frame = spark.createDataFrame(values, SNIPPETS["single"]["fields"] + ", _path string")
    found = collect.transform({"single": frame}, Params(sources={"single": source}))
    assert [row["text"] for row in found["raw_documents"].collect()] == [good]
    assert [row["reason"] for row in found["rejected_records"].collect()] == ["mojibake"]
    spark.catalog.clearCache()
