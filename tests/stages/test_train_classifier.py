"""documents -> classifier, on Spark, with texts made here."""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

from corpus_pipeline.errors import ContractError
from corpus_pipeline.kernels.fasttext_model import scores
from corpus_pipeline.stages.train_classifier import Params, auc, fill, transform

HIGH = ["이다", "있다", "조선", "시대", "궁궐", "왕조", "창건되었다", "소재한다", "분류된다", "학자", "제도", "지역의"]
LOW = ["ㅋㅋㅋ", "진짜", "대박", "너무", "좋아요", "별로네", "아깝다", "강추", "최고", "완전", "노잼", "어휴"]
SMALL = Params(bucket=2_000, dim=4, min_count=1, min_chars=5)


def documents(spark: SparkSession, count: int = 120, partitions: int = 1) -> DataFrame:
    chooser = random.Random(7)
    rows = []
    for i in range(count):
        words, doc_type = (HIGH, "encyclopedia") if i % 2 else (LOW, "review" if i % 4 else "comment")
        rows.append((f"{i * 7919:032x}", doc_type, " ".join(chooser.choices(words, k=12))))
    rows += [(f"{i:031x}f", "news", "다른 갈래의 글은 쓰이지 않는다") for i in range(5)]
    chooser.shuffle(rows)
    return spark.createDataFrame(rows, "doc_id string, doc_type string, text string").repartition(partitions)


def train(df: DataFrame, params: Params = SMALL) -> dict[str, bytes]:
    return {row.name: bytes(row.content) for row in transform({"documents": df}, params)["classifier"].collect()}


@pytest.mark.spark
def test_trains_the_same_bytes_whatever_the_partitions(spark: SparkSession, tmp_path: Path) -> None:
    plain = SMALL.model_copy(update={"quantise": False})
    files = train(documents(spark), plain)
    assert files == train(documents(spark, partitions=4), plain)
    assert sorted(files) == ["card.json", "quality.bin"]
    (tmp_path / "quality.bin").write_bytes(files["quality.bin"])
    high, low = scores([" ".join(HIGH), " ".join(LOW)], str(tmp_path / "quality.bin"))
    assert high > 0.5 > low


@pytest.mark.spark
def test_card_says_what_went_in(spark: SparkSession) -> None:
    files = train(documents(spark))
    card = json.loads(files["card.json"])
    assert card["model"] in files
    assert card["bytes"] == len(files[card["model"]])
    counts = {kind: card["train"][kind] + card["test"].get(kind, 0) for kind in card["train"]}
    assert counts == {"encyclopedia": 60, "comment": 30, "review": 30}
    assert card["held_out"]["auc"] > 0.9
    assert card["params"]["seed"] == SMALL.seed


@pytest.mark.spark
def test_classes_are_equal_and_bounded(spark: SparkSession) -> None:
    card = json.loads(train(documents(spark), SMALL.model_copy(update={"max_documents_per_class": 40}))["card.json"])
    counts = {kind: card["train"][kind] + card["test"].get(kind, 0) for kind in card["train"]}
    assert counts == {"encyclopedia": 40, "comment": 20, "review": 20}


@pytest.mark.spark
def test_training_file_is_deleted(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    train(documents(spark))
    assert [path for path in tmp_path.iterdir() if path.name.startswith("classifier-")] == []


@pytest.mark.spark
def test_too_few_documents(spark: SparkSession) -> None:
    with pytest.raises(ContractError, match=r"train_classifier\.positive"):
        train(documents(spark), SMALL.model_copy(update={"positive": ("book",)}))


def test_fill_gives_what_small_types_leave() -> None:
    assert fill({"a": 5, "b": 100, "c": 100}, 45) == {"a": 5, "b": 20, "c": 20}
    assert fill({}, 10) == {}


def test_auc_by_hand() -> None:
    high = np.array([True, True, False, False])
    assert auc(np.array([0.9, 0.8, 0.2, 0.1]), high) == 1.0
    assert auc(np.array([0.1, 0.8, 0.2, 0.9]), high) == 0.25
    assert auc(np.ones(4), high) == 0.5
    assert auc(np.ones(2), np.array([True, True])) == 0.5
