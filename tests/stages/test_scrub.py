"""scrub: a row for a row, values masked everywhere, counts by kind, months from dates."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from corpus_pipeline.stages import scrub
from corpus_pipeline.stages.arrow import struct_of

pytestmark = pytest.mark.spark
PHONE, MAIL, RRN = "010-1234-5678", "hong.gildong@example.org", "900101-1234567"  # synthetic


def scrubbed(spark: SparkSession, partitions: int = 1, params: scrub.Params | None = None, **fields: Any) -> list[Row]:
    base = {
        "doc_id": "0" * 32, "source": "s", "source_name": None, "doc_type": "web", "record_id": "1", "path": None,
        "url": None, "title": None, "text": "글", "category": None, "created_at": None, "licence": "l",
        "speakers": None, "text_bytes": 3,
    }  # fmt: skip
    schema = struct_of("raw_documents")
    rows = [tuple({**base, **fields, "doc_id": f"{i:032x}"}[name] for name in schema.names) for i in range(5)]
    raw = spark.createDataFrame(rows, schema).repartition(partitions)
    result = scrub.transform({"raw_documents": raw}, params or scrub.Params())["documents"]
    assert result.columns == struct_of("documents").names
    return sorted(result.collect())


def test_values_are_masked_in_every_written_column(spark: SparkSession) -> None:
    rows = scrubbed(
        spark,
        title=f"{PHONE}로 연락",
        text=f"주민등록번호 {RRN}이고 메일은 {MAIL}입니다",
        source_name=f"카페 {MAIL}",
        category=PHONE,
        speakers=[f"김철수 {PHONE}", "나"],
    )
    for row in rows:
        assert not [value for value in (PHONE, MAIL, RRN, "1234-5678", "hong.gildong", "234567") if value in str(row)]
        assert (row["masked_phone"], row["masked_email"], row["masked_rrn"]) == (3, 2, 1)
        assert "@example.org" in row["text"]  # the part that names nobody stays
        assert row["text_bytes"] == len(row["text"].encode())
    assert len(rows) == 5


def test_a_switched_off_kind_stays(spark: SparkSession) -> None:
    row = scrubbed(spark, text=f"{PHONE}, {MAIL}", params=scrub.Params(kinds=("email",)))[0]
    assert PHONE in row["text"]
    assert MAIL not in row["text"]


@pytest.mark.parametrize(
    ("written", "month"),
    [
        ("2021-03-04", "2021-03"),
        ("2021.03.04", "2021-03"),
        ("20210304", "2021-03"),
        ("03/04/2021", None),
        ("01012345678", None),
        ("9001011234567", None),
        (None, None),
    ],
)
def test_months(spark: SparkSession, written: str | None, month: str | None) -> None:
    assert scrubbed(spark, created_at=written)[0]["created_month"] == month


def test_profanity_is_counted_and_softened_on_request(spark: SparkSession) -> None:
    text = "진짜 씨발 같은 날이다"
    kept = scrubbed(spark, text=text)[0]
    assert (kept["profanity"], kept["text"]) == (1, text)
    softened = scrubbed(spark, text=text, params=scrub.Params(soften_profanity=True))[0]
    assert softened["profanity"] == 1
    assert "씨발" not in softened["text"]


def test_partitions_change_nothing(spark: SparkSession) -> None:
    assert scrubbed(spark, 1, text=f"{PHONE} ㅋㅋㅋㅋ") == scrubbed(spark, 4, text=f"{PHONE} ㅋㅋㅋㅋ")
