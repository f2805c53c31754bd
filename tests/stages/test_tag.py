"""documents -> tags, on Spark."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError
from pyspark.sql import DataFrame, Row, SparkSession
from tokenizers import Tokenizer

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels.scripts import scripts
from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.arrow import struct_of
from corpus_pipeline.stages.tag import INPUT, BytesPerToken, Params, describe, estimate, transform
from tests.small_tokenizer import card, trained

TEXTS: list[tuple[str, list[str] | None]] = [
    ("오늘은 비가 옵니다. 우산을 챙기십시오.", None),
    ("밥 먹었어요?\n네, 먹었어요.\n그럼 가요.", ["가", "나", "가"]),
    ("The weather is fine today, so we went for a walk in the park.", []),
    ("今日はとても良い天気です。", None),
    ("", None),
    ("다" * 100_000, None),
    ("오늘은 아침부터 비가 내려서 집에 있었다.\n\nIt has been raining since the morning so I stayed at home.", None),
]


def documents(spark: SparkSession, partitions: int = 1, flip: bool = False) -> DataFrame:
    rows = [
        (f"{i:032x}", "source", None, "web", None, "CC0-1.0", "2024-05", len(text.encode()), None, text, speakers)
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
    assert rows == tags(documents(spark, 2, flip=True))
    assert len(rows) == len(TEXTS)
    assert [row.language for row in rows] == ["ko", "ko", "en", "ja", "und", "ko", "ko"]
    assert [[one.language for one in row.languages] for row in rows[:5]] == [["ko"], ["ko"], ["en"], ["ja"], []]
    assert [(one.language, round(one.share * 63)) for one in rows[6].languages] == [("en", 46), ("ko", 17)]
    assert [row.register for row in rows][:5] == ["formal", "polite", "none", "none", "none"]
    assert [row.register_share for row in rows][:5] == [1, 1, 0, 0, 0]
    assert [row.speakers for row in rows] == [0, 2, 0, 0, 0, 0, 0]
    assert [row.length_class for row in rows] == ["tiny"] * 5 + ["huge", "tiny"]
    assert not any(row.tokens_exact for row in rows)
    assert rows[0].hangul_share == 1.0
    assert rows[2].latin_share == 1.0
    assert rows[4].token_estimate == 1
    assert rows[5].token_estimate == 85_716  # 300,000 / 3.5, rounded up, and the end of the document
    for name in contract("tags").required:
        assert all(row[name] is not None for row in rows)


def batch(*texts: str) -> pa.RecordBatch:
    """As the stage's kernel gets it."""
    rows = [
        (f"{i:032x}", "source", None, "web", None, "CC0-1.0", None, len(text.encode()), None, text, None)
        for i, text in enumerate(texts)
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    types = [*[pa.string()] * 7, pa.int64(), *[pa.string()] * 2, pa.list_(pa.string())]
    return pa.RecordBatch.from_arrays([pa.array(c, t) for c, t in zip(columns, types, strict=True)], names=INPUT)


def test_token_estimate_by_script() -> None:
    rates = BytesPerToken(hangul=3, latin=1.5, other=1)
    assert estimate(scripts(["한글 abc"]), np.array([10]), rates).tolist() == [2 + 2 + 1 + 1]  # 6 + 1 + 3 bytes
    with pytest.raises(ValidationError):
        BytesPerToken(hangul=0)


def test_tokens_by_a_tokenizer() -> None:
    texts = ["서울에서 부산까지 3시간이 걸렸다.", "", "The train"]
    tokenizer = Tokenizer.from_str(trained())
    plain = describe(batch(*texts), Params(), (trained(), None))
    expected = [len(tokenizer.encode(text).ids) + 1 for text in texts]
    assert plain.column("token_estimate").to_pylist() == expected
    assert plain.column("tokens_exact").to_pylist() == [True] * 3
    cut = describe(batch(*texts), Params(), (trained(), card(trained())))
    assert cut.column("token_estimate").to_pylist()[1:] == expected[1:]


def test_the_card_beside_a_tokenizer_is_found(tmp_path: Path) -> None:
    params = Params(tokenizer=str(tmp_path / "tokenizer.json"))
    assert params.tokenizer_card is None
    (tmp_path / "card.json").write_text("{}")
    assert params.tokenizer_card == str(tmp_path / "card.json")
    assert Params().tokenizer_card is None


@pytest.mark.spark
def test_a_tokenizer_that_cannot_be_read_ends_the_job(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=r"tag\.tokenizer"):
        transform({"documents": documents(spark)}, Params(tokenizer=str(tmp_path / "none.json")))


def test_domain_is_carried_from_the_category_or_predicted() -> None:
    law = "피고인의 상고를 기각한다. 원심판결 이유를 기록에 비추어 살펴본다. 상고이유를 판단한다."
    rows = batch(law, law, "안녕", "The judgment of the court below is reversed and remanded.")
    rows = rows.set_column(INPUT.index("category"), "category", pa.array(["주거", None, None, "주거"]))
    found = describe(rows, Params(domains={"주거": "housing"}))
    assert found.column("domain").to_pylist() == ["housing", "law", None, "housing"]
    scores = found.column("domain_score").to_pylist()
    assert scores[0] == scores[3] == 1.0
    assert 0.9 <= scores[1] <= 1
    assert scores[2] is None


def test_length_classes() -> None:
    sizes = [0, 99, 100, 999, 1_000, 9_999, 10_000, 99_999, 100_000]
    found = describe(batch(*("가" * size for size in sizes)), Params()).column("length_class").to_pylist()
    assert found == ["tiny", "tiny", "short", "short", "medium", "medium", "long", "long", "huge"]


def test_a_batch_is_the_sum_of_its_documents() -> None:
    texts = [text for text, _ in TEXTS] + ["ㅋㅋ 재밌음", "Es regnet seit dem Morgen und deshalb bleibe ich zu Hause."]
    together = describe(batch(*texts), Params())
    for at, text in enumerate(texts):
        alone = describe(batch(text), Params()).to_pylist()[0]
        assert alone | {"doc_id": ""} == together.to_pylist()[at] | {"doc_id": ""}


def test_no_author_in_what_is_written() -> None:
    for table in ("documents", "tags", "quality", "mixture"):
        assert not [name for name in contract(table).columns if "author" in name or "user" in name]
