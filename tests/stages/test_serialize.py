"""serialize and the shard writer: every copy once, in an order that only the seed decides, exact bytes."""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession
from tokenizers import Tokenizer

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.run import shards
from corpus_pipeline.stages import serialize
from corpus_pipeline.stages.serialize import Params, header
from tests.read_shards import Shard
from tests.small_tokenizer import card, trained

pytestmark = pytest.mark.spark
JSON = trained()
CARD = card(JSON)
TEXTS = [
    "가나다 글",
    "<|endoftext|> 안에 든 토큰",
    "빈 줄\n\n그리고 \t 탭",
    "emoji 👨‍👩‍👧 \ue000",
    "가" * 3000,
    "",
    "짧다",
]


def written(
    spark: SparkSession, folder: Path, partitions: int, **params: Any
) -> tuple[dict[str, str], list[Any], list[Any]]:
    """Digests of the shard files, rows of shard_documents, rows of shard_index."""
    spark.conf.set("spark.sql.shuffle.partitions", partitions)
    documents = spark.createDataFrame(
        [
            (f"d{i}", "s", "qna" if i % 2 else "web", f"제목 {i}" if i % 3 else None, None, None, t)
            for i, t in enumerate(TEXTS)
        ],
        "doc_id string, source string, doc_type string, title string, source_name string, category string, text string",
    )
    mixture = spark.createDataFrame(
        [(f"d{i}", i % 4, 1000) for i in range(len(TEXTS))], "doc_id string, copies int, token_estimate long"
    )
    files = spark.createDataFrame([("tokenizer.json", JSON), ("card.json", CARD)], "name string, content string")
    tables = {"documents": documents.repartition(partitions), "mixture": mixture, "tokenizer": files}
    settings = Params(**{"shard_tokens": 3000, **params})
    result = shards.write(serialize.transform(tables, settings)["shards"], folder.as_uri(), settings.layout)
    rows = sorted(result["shard_documents"].collect(), key=lambda r: (r["shard"], r["position"]))
    index = sorted(result["shard_index"].collect())
    spark.catalog.clearCache()
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}, rows, index


def test_bytes_do_not_depend_on_partitions_and_hold_every_copy(spark: SparkSession, tmp_path: Path) -> None:
    first = written(spark, tmp_path / "a", 1)
    second = written(spark, tmp_path / "b", 5)
    assert first == second
    digests, rows, index = first
    assert len(index) > 1
    assert not [name for name in digests if name.startswith(".")]  # no attempt's file is left
    assert sorted((r["doc_id"], r["copy"]) for r in rows) == sorted(
        (f"d{i}", copy) for i in range(len(TEXTS)) for copy in range(i % 4)
    )
    library = Tokenizer.from_str(JSON)
    for row in rows:
        shard = Shard(tmp_path / "a" / f"{row['shard']}.bin")
        ids = shard.sequence(row["position"])
        number = int(row["doc_id"][1:])
        head = (f"Title: 제목 {number}, Body: " if number % 3 else "Body: ") if number % 2 == 0 else ""
        expected = header({"title": f"제목 {number}" if number % 3 else None, "doc_type": "web"}, Params().headers)
        text = (head or expected) + TEXTS[number]
        assert ids[-1] == 0
        assert library.decode(ids[:-1].tolist(), skip_special_tokens=False) == text
        assert row["header_bytes"] == len(text.encode()) - len(TEXTS[number].encode())
    for row in index:
        assert [one["name"] for one in row["files"]] == [f"{row['shard']}.bin", f"{row['shard']}.idx"]
        assert all(digests[one["name"]] == one["sha256"] for one in row["files"])


@pytest.mark.parametrize("packing", ["document", "stream"])
def test_token_offsets_hold_in_packed_shards(spark: SparkSession, tmp_path: Path, packing: str) -> None:
    _, plain, _ = written(spark, tmp_path / "a", 2)
    _, packed, index = written(spark, tmp_path / "b", 3, packing=packing, sequence_length=100, formats=["datatrove"])
    assert packed == plain
    library = Tokenizer.from_str(JSON)
    for row in packed:
        ids = np.fromfile(tmp_path / "b" / f"{row['shard']}.ds", "<u2")[row["token_offset"] :][: row["tokens"]]
        assert library.decode(ids[:-1].tolist(), skip_special_tokens=False).endswith(TEXTS[int(row["doc_id"][1:])])
    assert all(row["sequences"] >= row["tokens"] / 100 for row in index)


def test_another_seed_is_another_order_of_the_same_documents(spark: SparkSession, tmp_path: Path) -> None:
    _, one, _ = written(spark, tmp_path / "a", 2, shard_tokens=10**6)
    _, other, _ = written(spark, tmp_path / "b", 2, shard_tokens=10**6, seed=1)
    assert [r["doc_id"] for r in one] != [r["doc_id"] for r in other]
    assert sorted((r["doc_id"], r["copy"]) for r in one) == sorted((r["doc_id"], r["copy"]) for r in other)


def test_headers_fall_back_to_the_template_whose_fields_are_there() -> None:
    headers = {"news": ("{source_name}: {title}. ", "{title}. "), "default": ("Body: ",)}
    assert header({"doc_type": "news", "title": "제목", "source_name": "신문"}, headers) == "신문: 제목. "
    assert header({"doc_type": "news", "title": "제목", "source_name": ""}, headers) == "제목. "
    assert header({"doc_type": "news", "title": None}, headers) == ""
    assert header({"doc_type": "web", "title": "{title}"}, headers) == "Body: "
    assert header({"doc_type": "news", "title": "{source_name}"}, headers) == "{source_name}. "


def test_templates_are_nfc_as_text_is() -> None:
    pasted = unicodedata.normalize("NFD", "제목: {title}\n")
    params = Params.model_validate({"headers": {"web": [pasted]}})
    assert header({"doc_type": "web", "title": "세종"}, params.headers) == "제목: 세종\n"


def test_no_copies_and_a_wrong_tokenizer_are_errors(spark: SparkSession) -> None:
    documents = spark.createDataFrame([("d", "x")], "doc_id string, text string")
    mixture = spark.createDataFrame([("d", 0, 5)], "doc_id string, copies int, token_estimate long")
    good = spark.createDataFrame([("tokenizer.json", JSON), ("card.json", CARD)], "name string, content string")
    bad = spark.createDataFrame([("tokenizer.json", "{}")], "name string, content string")
    with pytest.raises(ResourceError) as caught:
        serialize.transform({"documents": documents, "mixture": mixture, "tokenizer": good}, Params())
    assert caught.value.where == "mixture"
    with pytest.raises(ResourceError) as caught:
        serialize.transform({"documents": documents, "mixture": mixture, "tokenizer": bad}, Params())
    assert caught.value.where == "tokenizer.json"
