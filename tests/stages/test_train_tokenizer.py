"""Counts by Spark equal counts by hand, and the trained files load elsewhere."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from pyspark.sql import SparkSession
from tokenizers import Tokenizer

from corpus_pipeline.errors import ConfigError, ResourceError
from corpus_pipeline.kernels import bpe
from corpus_pipeline.kernels.morphemes import pieces
from corpus_pipeline.stages import train_tokenizer
from corpus_pipeline.stages.train_tokenizer import Params

pytestmark = pytest.mark.spark
TEXTS = [f"{i}번째 학교에서 배운 것을 집에서 다시 읽었습니다. The {i} books, 학교에서!" for i in range(40)]


def trained(spark: SparkSession, partitions: int = 2, drawn: int = 40, **params: Any) -> dict[str, str]:
    documents = spark.createDataFrame([(f"d{i:02}", t) for i, t in enumerate(TEXTS)], "doc_id string, text string")
    ids = documents.select("doc_id")
    tables = {
        "documents": documents.repartition(partitions),
        "tokenizer_sample": ids.where(f"doc_id < 'd{drawn:02}'"),
        "mixture": ids.selectExpr("doc_id", "if(doc_id < 'd20', 1, 0) copies"),
    }
    rows = train_tokenizer.transform(tables, Params(**{"vocab_size": 330, **params}))["tokenizer"].collect()
    return {row["name"]: row["content"] for row in rows}


def test_spark_counts_and_trains_what_the_kernel_does_alone(spark: SparkSession) -> None:
    files = trained(spark)
    expected = bpe.train(Counter(pieces(TEXTS)), 330, ["<|endoftext|>", "<|pad|>"])
    layout = json.loads(files["tokenizer.json"])
    assert [tuple(pair) for pair in layout["model"]["merges"]] == expected.merges
    card = json.loads(files["card.json"])
    assert card["pieces"] == len(pieces(TEXTS))
    assert card["vocab_size"] == len(expected.vocab)
    tokenizer = Tokenizer.from_str(files["tokenizer.json"])
    assert tokenizer.decode(tokenizer.encode("학교에서 배운 것").ids) == "학교에서 배운 것"
    assert tokenizer.encode("<|endoftext|>").ids == [0]


def test_partitions_change_no_byte(spark: SparkSession) -> None:
    assert trained(spark, 1) == trained(spark, 7)


def test_sample_or_all_and_pruning(spark: SparkSession) -> None:
    few = json.loads(trained(spark, drawn=5)["card.json"])
    everything = json.loads(trained(spark, drawn=5, source="all")["card.json"])
    pruned = json.loads(trained(spark, min_count=10)["card.json"])
    assert few["pieces"] < everything["pieces"] == len(pieces(TEXTS[:20]))
    assert pruned["distinct_pieces_used"] < pruned["distinct_pieces"]
    assert 0 < pruned["pieces_used_share"] < 1


def test_the_limit_on_pieces_keeps_the_most_frequent(spark: SparkSession) -> None:
    card = json.loads(trained(spark, max_pieces=10)["card.json"])
    ten = Counter(pieces(TEXTS)).most_common(10)
    assert (card["distinct_pieces_used"], card["pieces_used"]) == (10, sum(n for _, n in ten))


def test_nothing_to_train_on_and_twice_the_same_token(spark: SparkSession) -> None:
    with pytest.raises(ResourceError) as caught:
        trained(spark, drawn=0)
    assert caught.value.where == "tokenizer_sample"
    with pytest.raises(ConfigError):
        trained(spark, special_tokens=("<|a|>", "<|a|>"))
