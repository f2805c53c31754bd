"""documents -> tags, on Spark."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from pyspark.sql import DataFrame, Row, SparkSession

from corpus_pipeline.kernels.language import scripts
from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.arrow import struct_of
from corpus_pipeline.stages.tag import INPUT, BytesPerToken, Params, length_class, tokens, transform

TEXTS: list[tuple[str, list[str] | None]] = [
    ("오늘은 비가 옵니다. 우산을 챙기십시오.", None),
    ("밥 먹었어요?\n네, 먹었어요.\n그럼 가요.", ["가", "나", "가"]),
    ("The weather is fine today, so we went for a walk in the park.", []),
    ("今日はとても良い天気です。", None),
    ("", None),
    ("다" * 100_000, None),
]


def documents(spark: SparkSession, partitions: int = 1, flip: bool = False) -> DataFrame:
    rows = [
        (f"{i:032x}", "source", None, "web", None, "CC0-1.0", "2024-05", len(text.encode()), text, speakers)
        for i, (text, speakers) in enumerate(TEXTS)
    ]
    return spark.createDataFrame(rows[::-1] if flip else rows, struct_of("documents", INPUT)).repartition(partitions)


def tags(df: DataFrame) -> list[Row]:
    table = transform({"documents": df}, Params())["tags"]
    assert tuple(table.columns) == contract("tags").columns
    return sorted(table.collect(), key=lambda row: str(row.doc_id))


@pytest.mark.spark
def test_one_row_per_document_whatever_the_partitions(spark: SparkSession) -> None:
    rows = tags(documents(spark))
    assert rows == tags(documents(spark, 4, flip=True))
    assert len(rows) == len(TEXTS)
    assert [row.language for row in rows] == ["ko", "ko", "en", "ja", "und", "ko"]
    assert [row.register for row in rows][:5] == ["formal", "polite", "none", "none", "none"]
    assert [row.speakers for row in rows] == [0, 2, 0, 0, 0, 0]
    assert [row.length_class for row in rows] == ["tiny"] * 5 + ["huge"]
    assert rows[0].hangul_share == 1.0
    assert rows[2].latin_share == 1.0
    assert rows[4].token_estimate == 1
    assert rows[5].token_estimate == 85_716  # 300,000 / 3.5, rounded up, and the end of the document
    for name in contract("tags").required:
        assert all(row[name] is not None for row in rows)


def test_token_estimate_by_script() -> None:
    text = "한글 abc"  # 6 + 1 + 3 bytes
    rates = BytesPerToken(hangul=3, latin=1.5, other=1)
    assert tokens(scripts(text), 10, rates) == 2 + 2 + 1 + 1
    with pytest.raises(ValidationError):
        BytesPerToken(hangul=0)


@pytest.mark.parametrize(("chars", "name"), [(0, "tiny"), (100, "short"), (9_999, "medium"), (10_000, "long")])
def test_length_class(chars: int, name: str) -> None:
    assert length_class(chars) == name
