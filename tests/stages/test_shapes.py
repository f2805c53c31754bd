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
from corpus_pipeline.kernels.limits import LIMITS_BY_TYPE
from corpus_pipeline.resources import read_tsv
from corpus_pipeline.run import sources
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.schemas import contract
from corpus_pipeline.stages import collect, shapes
from corpus_pipeline.stages.collect import Params
from corpus_pipeline.stages.source import Source

pytestmark = pytest.mark.spark
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "document_types.md").read_text(encoding="utf-8")
SNIPPETS: dict[str, Any] = {
    name: source
    for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    for name, source in yaml.safe_load(block).items()
}


def test_the_page_names_the_types_that_are_known() -> None:
    preset = {doc_type for _, _, doc_type in read_tsv("hyperclova_mix.tsv")} - {"*"}
    section = PAGE.partition("\n## Names\n")[2].partition("\n## ")[0]
    own, _, shared = section.partition("The preset `hyperclova` of `mix`")
    assert set(re.findall(r"`([a-z_]+)`", own)) - {"doc_type", "classify"} == LIMITS_BY_TYPE.keys()
    assert set(re.findall(r"`([a-z_]+)`", shared)) == preset


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
        ("threads", "order", "map(id, body)"),
        ("threads", "order", "count(1)"),
        ("threads", "order", "explode(array(1))"),
        ("threads", "speaker", "row_number()"),
        ("kin", "answers", "id"),
        ("kin", "answers", "transform(answers, a -> named_struct('body', 'x', 'adopted', true, 'm', map(1, 2)))"),
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


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"columns": {"record_id": "id", "text": "count(1)"}}, "sources.single: text"),
        ({"columns": {"record_id": "id", "text": "body", "permitted": "array(id)"}}, "sources.single: permitted"),
        ({"columns": {"record_id": "id", "text": "explode(array(body))"}}, "sources.single: text"),
        ({"explode": "id"}, "sources.single: explode"),
        ({"explode": "map(id, body)"}, "sources.single: explode"),
        ({"reject": {"odd": "array(id)"}}, "sources.single: reject.odd"),
    ],
)
def test_an_expression_of_a_wrong_type_names_its_key(spark: SparkSession, settings: dict[str, Any], where: str) -> None:
    source = Source(**SNIPPETS["single"] | settings)
    frame = spark.createDataFrame([], SNIPPETS["single"]["fields"] + ", _path string")
    with pytest.raises(ConfigError) as caught:
        collect.transform({"single": frame}, Params(sources={"single": source}))
    assert caught.value.where.startswith(where)


def run(spark: SparkSession, name: str, settings: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, list[Row]]:
    """The tables of one source of the page with some settings changed."""
    source = Source(**SNIPPETS[name] | settings)
    path = {"_path": "a.jsonl"}
    values = [json.dumps(row | path, ensure_ascii=False) for row in rows]
    spark.conf.set("spark.sql.shuffle.partitions", 2)
    frame = spark.read.schema(f"{source.fields}, _path string").json(spark.sparkContext.parallelize(values, 2))
    tables = collect.transform({name: frame}, Params(sources={name: source}))
    found = {table: sorted(df.collect()) for table, df in tables.items()}
    spark.catalog.clearCache()
    return found


def test_a_thread_that_is_there_twice_under_two_licences_loses_no_record(spark: SparkSession) -> None:
    settings = {
        "fields": "id string, thread string, at string, body string, licence string",
        "shape": {"kind": "thread", "key": "thread", "order": "at"},
        "columns": {"record_id": "id", "text": "body", "licence": "licence"},
    }
    rows = [
        {"id": f"c{i}", "thread": "1", "at": str(i), "body": f"{i}번째 댓글", "licence": licence}
        for licence in ("CC0-1.0", "KOGL-1")
        for i in range(3)
    ]
    found = run(spark, "threads", settings, rows)
    assert [(d["records"], d["licence"]) for d in found["raw_documents"]] == [(3, "CC0-1.0")]
    assert [(r["records"], r["reason"]) for r in found["rejected_records"]] == [(3, "repeated_record")]
    assert contract("rejected_records").metrics[0].value == "records"  # what run/conserve.py adds up


def test_an_article_of_which_too_little_stays_is_rejected(spark: SparkSession) -> None:
    body = "물가 3% 올라 부담 커져\n네\n홍길동 기자 gildong@example.com"
    found = run(spark, "news", {}, [{"id": "n", "title": "물가 3% 올라 부담 커져", "body": body}])
    assert found["raw_documents"] == []
    assert [(r["reason"], r["records"]) for r in found["rejected_records"]] == [("too_short", 1)]


VERDICTS: list[tuple[str | None, str | None]] = [
    ("홍보", "promotion"), (" AD ", "promotion"), ("Spam", "spam"), ("스팸", "spam"),
    ("\u1109\u1173\u1111\u1162\u11b7", "spam"),
    ("true", "spam"), ("FALSE", "clean"), ("정상", "clean"), ("ok", "clean"), ("not spam", "clean"),
    ("NaN", None), ("", None), ("  ", None), ("null", None), (None, None), ("미정", "unknown"), ("0.7", "unknown"),
]  # fmt: skip


def test_the_verdict_of_the_service_in_any_of_its_words(spark: SparkSession) -> None:
    settings = {"columns": {"record_id": "id", "text": "body", "service_verdict": "author"}}
    rows = [{"id": f"{i:02d}", "body": f"{i}번째 댓글", "author": word} for i, (word, _) in enumerate(VERDICTS)]
    found = {d["record_id"]: d["service_verdict"] for d in run(spark, "single", settings, rows)["raw_documents"]}
    assert found == {f"{i:02d}": verdict for i, (_, verdict) in enumerate(VERDICTS)}
    settings["columns"]["service_verdict"] = "CASE id WHEN 'a' THEN double('NaN') END"
    assert (
        run(spark, "single", settings, [{"id": "a", "body": "댓글이다"}])["raw_documents"][0]["service_verdict"] is None
    )
    settings["columns"]["service_verdict"] = "id = 'a'"
    assert (
        run(spark, "single", settings, [{"id": "a", "body": "댓글이다"}])["raw_documents"][0]["service_verdict"]
        == "spam"
    )


def test_of_equal_records_the_worst_verdict_is_kept_and_ids_stay(spark: SparkSession) -> None:
    columns = {"record_id": "id", "text": "body"}
    for words in (("정상", "스팸", "광고", None), (None, "광고", "스팸", "정상")):
        rows = [{"id": "a", "body": "같은 댓글", "author": word} for word in words]
        plain = run(spark, "single", {"columns": columns}, rows)["raw_documents"]
        told = run(spark, "single", {"columns": columns | {"service_verdict": "author"}}, rows)["raw_documents"]
        assert [d["service_verdict"] for d in told] == ["spam"]
        assert [d["doc_id"] for d in told] == [d["doc_id"] for d in plain]
        thread = {
            "columns": {**columns, "service_verdict": "author"},
            "shape": {"kind": "thread", "key": "1", "order": "1"},
        }
        for repeated in (rows, [row | {"id": str(i)} for i, row in enumerate(rows)]):
            assert [d["service_verdict"] for d in run(spark, "single", thread, repeated)["raw_documents"]] == ["spam"]


def test_speakers_cannot_be_mapped_past_the_shape() -> None:
    columns = {"record_id": "id", "text": "body", "speakers": "array(author)"}
    with pytest.raises(ValueError, match=r"columns\.speakers"):
        Source(**SNIPPETS["single"] | {"columns": columns})


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


@pytest.mark.parametrize(
    "sql",
    [
        "uuid()",
        "cast(rand() > 0.5 AS string)",
        "cast(monotonically_increasing_id() AS string)",
        "cast(now() AS string)",
        "concat(id, Current_Date)",
        "cast(unix_timestamp( ) AS string)",
        "input_file_name()",
    ],
)
def test_an_expression_of_chance_or_of_the_clock_is_refused(spark: SparkSession, sql: str) -> None:
    df = spark.createDataFrame([("1", "now() uuid()")], "id string, body string")
    for tried in ([shapes.Tried("text", sql)], [shapes.Tried("title", "body"), shapes.Tried("text", sql)]):
        with pytest.raises(ConfigError, match="the same value in every run") as caught:
            shapes.checked_all("sources.a: ", df, tried)
        assert caught.value.where == f"sources.a: text: {sql}"
    assert len(shapes.checked_all("", df, [shapes.Tried("text", "concat(id, 'now() rand()', body)")])) == 1
