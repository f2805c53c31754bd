"""Boilerplate lines: counted in a sample, removed from the ends where a source is named, the same on any partitions."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from corpus_pipeline.stages import boilerplate, scrub
from corpus_pipeline.stages.arrow import struct_of
from tests.refusal import assert_refused

pytestmark = pytest.mark.spark
HEAD = "Home 소통 > 군정뉴스 > 보도자료 | 프린트 페이지 공유"
NOTICE = "본 저작물은 공공누리 조건에 따라 이용할 수 있습니다."
CALL = "문의 010-1234-5678, 담당부서로 연락 바랍니다"  # synthetic
MASKED = "문의 010-****-****, 담당부서로 연락 바랍니다"
BODY = "【주 문】\n{0}번 원고의 청구를 기각한다."


def raw(spark: SparkSession, texts: dict[str, list[str]], partitions: int = 2) -> DataFrame:
    schema = struct_of("raw_documents")
    base = dict.fromkeys(schema.names) | {"doc_type": "web", "record_id": "1", "licence": "l", "text_bytes": 1}
    base |= {"removed_bytes": 0, "records": 1}
    rows = [
        tuple((base | {"doc_id": f"{source}{i:031x}", "source": source, "text": text})[name] for name in schema.names)
        for source, some in texts.items()
        for i, text in enumerate(some)
    ]
    return spark.createDataFrame(rows, schema).repartition(partitions)


def scrubbed(df: DataFrame, **settings: Any) -> tuple[list[Row], list[Row]]:
    params = scrub.Params(boilerplate=boilerplate.Boilerplate(**settings))
    tables = scrub.transform({"raw_documents": df}, params)
    assert tables["boilerplate_lines"].columns == struct_of("boilerplate_lines").names
    return sorted(tables["documents"].collect()), sorted(tables["boilerplate_lines"].collect())


@pytest.fixture(scope="module")
def pages() -> dict[str, list[str]]:
    """p: 40 press releases with a menu and a footer in 30 of them, one of a menu alone. q: 12 like them."""
    page = [f"{HEAD}\n\n{BODY}\n\n{CALL}\n{NOTICE}\n".format(i) for i in range(29)]
    plain = [BODY.format(i) for i in range(29, 39)]
    return {"p": [*page, f"{HEAD}\n{NOTICE}", *plain], "q": [f"{NOTICE}\n{BODY}".format(i) for i in range(12)]}


def test_runs_are_removed_where_the_source_is_named(spark: SparkSession, pages: dict[str, list[str]]) -> None:
    documents, lines = scrubbed(raw(spark, pages), remove={"p": 0.5})
    text = {row["doc_id"]: row for row in documents}
    first, alone, plain, other = (text[f"{s}{i:031x}"] for s, i in (("p", 0), ("p", 29), ("p", 30), ("q", 0)))
    assert first["text"] == BODY.format(0)
    assert (first["boilerplate_lines"], first["boilerplate_removed"], first["masked_phone"]) == (3, True, 1)
    whole = f"{HEAD}\n\n{BODY}\n\n{MASKED}\n{NOTICE}\n".format(0)
    assert first["text_bytes"] + first["boilerplate_bytes"] == len(whole.encode())
    assert (alone["text"], alone["boilerplate_removed"]) == (f"{HEAD}\n{NOTICE}", False)  # it would be empty
    assert (plain["text"], plain["boilerplate_lines"]) == (BODY.format(29), 0)
    assert (other["text"], other["boilerplate_removed"]) == (f"{NOTICE}\n{BODY}".format(0), False)  # flagged
    assert (other["boilerplate_lines"], other["boilerplate_bytes"]) == (1, len(f"{NOTICE}\n".encode()))
    found = {(r["source"], r["line"]): (r["documents"], r["documents_counted"], r["removed"]) for r in lines}
    assert found == {
        ("p", HEAD): (30, 40, True), ("p", MASKED): (29, 40, True), ("p", NOTICE): (30, 40, True),
        ("q", NOTICE): (12, 12, False),
    }  # fmt: skip
    assert all(r["share"] == r["documents"] / r["documents_counted"] for r in lines)


def test_no_line_shows_what_scrub_masks(spark: SparkSession, pages: dict[str, list[str]]) -> None:
    assert not [row for row in scrubbed(raw(spark, pages))[1] if "1234-5678" in str(row)]


def test_a_share_above_a_lines_own_keeps_it(spark: SparkSession, pages: dict[str, list[str]]) -> None:
    documents, lines = scrubbed(raw(spark, pages), remove={"p": 0.74})
    assert {r["line"]: r["removed"] for r in lines if r["source"] == "p"} == {HEAD: True, MASKED: False, NOTICE: True}
    assert documents[0]["text"].endswith(f"{MASKED}")  # the notice under it goes, and it ends the run


def test_partitions_change_nothing(spark: SparkSession, pages: dict[str, list[str]]) -> None:
    settings: dict[str, Any] = {"remove": {"p": 0.5}, "sample_documents": 25, "min_documents": 5}
    first = scrubbed(raw(spark, pages, 1), **settings)
    assert first[1]
    assert all(row["documents_counted"] < 40 for row in first[1] if row["source"] == "p")
    for partitions in (3, 16):
        assert scrubbed(raw(spark, pages, partitions), **settings) == first


def test_off_counts_nothing_and_runs_nothing(spark: SparkSession, pages: dict[str, list[str]]) -> None:
    documents, lines = scrubbed(raw(spark, pages), share=None)
    assert lines == []
    assert not [row for row in documents if row["boilerplate_lines"] or row["boilerplate_removed"]]
    only, listed = scrubbed(raw(spark, pages), share=None, remove={"p": 0.5})
    assert {row["source"] for row in listed} == {"p"}
    assert {row["doc_id"][0] for row in only if row["boilerplate_lines"]} == {"p"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"share": 0}, "greater than 0"),
        ({"remove": {"a": 1.5}}, "less than or equal to 1"),
        ({"action": "remove"}, "Extra inputs"),
        ({"sample_documents": 1}, "greater than or equal to 10"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], message: str) -> None:
    assert_refused(scrub.Params, "scrub", {"boilerplate": settings}, message)
