"""documents and items of evaluation sets -> tags.evaluation_sets, on Spark; and the settings."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError
from pyspark.sql import SparkSession

from corpus_pipeline.errors import ConfigError, ContractError
from corpus_pipeline.run.config import check
from corpus_pipeline.stages.arrow import struct_of
from corpus_pipeline.stages.decontamination import COLUMNS, ITEMS, Decontamination, index_from, index_of, sets_column
from corpus_pipeline.stages.tag import INPUT, Params, transform

FIRST = (
    "하늘다리는 바닷가 마을과 건너편 섬을 잇는 길이 이백 미터의 흔들다리로, 마을 사람들이 돌을 날라 세웠다고 전해진다."
)
SECOND = "등대지기는 해가 지면 불을 켜고 새벽까지 배들이 지나가는 것을 세어 장부에 적어 두었다가 봄마다 관청에 보냈다."
PARAMS = Params.model_validate(
    {"decontamination": {"sets": {"second": {"path": "b.txt"}, "first": {"path": "a.json", "fields": "context"}}}}
)


@pytest.mark.spark
def test_documents_get_the_sets_they_hold(spark: SparkSession) -> None:
    texts = [
        "",
        f"{SECOND}\n{FIRST}",
        FIRST.replace(" ", "\n"),
        FIRST[:20] + SECOND,
        "섬으로 가는 배는 하루에 두 번 뜬다.",
        "섬으로 가는 배는 하루에 세 번 뜬다.",
    ]
    titles = [None, None, "제목", None, None, FIRST]
    rows = [
        (f"{i:032x}", "source", None, "web", None, "CC0-1.0", None, len(text.encode()), title, text, None)
        for i, (title, text) in enumerate(zip(titles, texts, strict=True))
    ]
    tables = {
        "documents": spark.createDataFrame(rows, struct_of("documents", INPUT)).repartition(2),
        ITEMS: spark.createDataFrame([("first", FIRST), ("second", SECOND), ("second", "등대?")], COLUMNS),
    }
    found = transform(tables, PARAMS)["tags"].select("doc_id", "evaluation_sets").collect()
    expected = [[], ["first", "second"], ["first"], ["second"], [], ["first"]]
    assert [sets for _, sets in sorted((row[0], row[1]) for row in found)] == expected


def test_without_sets_nothing_is_read_or_found() -> None:
    none = pa.array([], pa.string())
    assert index_from({}, Decontamination()) is None
    assert sets_column(pa.array([FIRST, ""]), pa.array([FIRST, ""]), None).to_pylist() == [[], []]
    assert sets_column(none, none, None).type == pa.list_(pa.string())
    with pytest.raises(ContractError, match="evaluation_items"):
        index_from({}, PARAMS.decontamination)


def test_a_set_without_a_usable_item_is_refused() -> None:
    for items in ([("first", FIRST)], [("first", FIRST), ("second", "등대?"), ("second", "배?")]):
        with pytest.raises(ConfigError, match=r"sets\.second: expected an item of 8 morphemes and 13 characters, 5 "):
            index_of(items, PARAMS.decontamination)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"sets": {"a": {"path": "x.json", "field": "q"}}}, "Did you mean 'fields'?"),
        ({"sets": {"a": {}}}, "tag.decontamination.sets.a.path"),
        ({"sets": {"a": {"path": "x.json", "format": "xml"}}}, "tag.decontamination.sets.a.format"),
        ({"sets": {"a": {"path": "x.json", "encoding": "utf-9"}}}, "no encoding is named 'utf-9'"),
        ({"sets": ["x.json"]}, "tag.decontamination.sets"),
        ({"ngram": 4}, "tag.decontamination.ngram"),
        ({"min_matches": 0}, "tag.decontamination.min_matches"),
    ],
)
def test_wrong_settings(section: dict[str, Any], said: str) -> None:
    source = {"format": "text_file", "path": "a", "doc_type": "web", "licence": "CC0-1.0"}
    raw = {"name": "t", "output": "o", "sources": {"a": source}, "tag": {"decontamination": section}}
    with pytest.raises(ConfigError) as caught:
        check(raw, "t.yaml")
    assert said in str(caught.value)


def test_defaults_are_those_of_the_kernel() -> None:
    assert Decontamination().rule == Decontamination().rule._replace(n=13, shortest=8, max_items=10, min_matches=1)
    with pytest.raises(ValidationError):
        Decontamination.model_validate({"n": 13})
