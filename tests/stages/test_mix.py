"""One decision per document, by the stated precedence, within the budget."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.stages import mix
from corpus_pipeline.stages.arrow import struct_of

pytestmark = pytest.mark.spark


def doc(doc_id: str, **fields: Any) -> dict[str, Any]:
    base = {
        "doc_id": doc_id, "source": "s", "doc_type": "web", "language": "ko", "token_estimate": 100, "text_bytes": 300,
        "quality_score": 0.5, "reasons": [], "kind": "none", "cluster_id": doc_id,
    }  # fmt: skip
    return base | fields


def mixed(
    spark: SparkSession, documents: list[dict[str, Any]], params: mix.Params, partitions: int = 2
) -> dict[str, Any]:
    def table(name: str, *columns: str) -> DataFrame:
        schema = struct_of(name, columns)
        return spark.createDataFrame([tuple(d[c] for c in columns) for d in documents], schema).repartition(partitions)

    tables = {
        "tags": table("tags", "doc_id", "source", "doc_type", "language", "token_estimate", "text_bytes"),
        "quality": table("quality", "doc_id", "quality_score", "reasons"),
        "duplicates": table("duplicates", "doc_id", "kind", "cluster_id"),
    }
    return {row["doc_id"]: row for row in mix.transform(tables, params)["mixture"].collect()}


def test_reasons_by_precedence_and_the_best_member_survives(spark: SparkSession) -> None:
    documents = [
        doc("a", kind="near", cluster_id="a", quality_score=0.4),
        doc("b", kind="near", cluster_id="a", quality_score=0.9),
        doc("c", kind="exact", cluster_id="a", quality_score=0.4),
        doc("d", kind="near", cluster_id="a", quality_score=1.0, reasons=["symbols", "few_letters"]),
        doc("e", language="en", reasons=["symbols"]),
        doc("f", quality_score=0.1),
        doc("g"),
    ]
    rows = mixed(spark, documents, mix.Params(languages=("ko",), min_quality_score={"web": 0.2}))
    assert {k: r["drop_reason"] for k, r in rows.items()} == {
        "a": "near_duplicate", "b": None, "c": "exact_duplicate", "d": "quality:few_letters",
        "e": "language", "f": "low_score", "g": None,
    }  # fmt: skip
    assert {k: r["copies"] for k, r in rows.items()} == {"a": 0, "b": 1, "c": 0, "d": 0, "e": 0, "f": 0, "g": 1}


def test_ties_go_to_the_better_source_then_the_longer_text_then_the_smaller_id(spark: SparkSession) -> None:
    twins = [doc(i, kind="near", cluster_id="a") for i in "abc"]
    assert mixed(spark, twins, mix.Params())["a"]["copies"] == 1
    twins[2]["text_bytes"] = 301
    assert mixed(spark, twins, mix.Params())["c"]["copies"] == 1
    twins[1]["source"] = "top"
    assert mixed(spark, twins, mix.Params(source_tiers={"top": 1}))["b"]["copies"] == 1


def test_listed_rules_alone_drop(spark: SparkSession) -> None:
    rows = mixed(spark, [doc("a", reasons=["x"]), doc("b", reasons=["y"])], mix.Params(drop_rules=("y",)))
    assert [rows[i]["drop_reason"] for i in "ab"] == [None, "quality:y"]


def test_budget_weights_and_epochs(spark: SparkSession) -> None:
    documents = [doc(f"n{i:04}", doc_type="news") for i in range(300)] + [
        doc(f"b{i:04}", doc_type="blog") for i in range(3000)
    ]
    params = mix.Params(budget_tokens=150_000, weights={"news": 0.5, "blog": 0.5}, epoch_cap=2.0)
    rows = mixed(spark, documents, params).values()
    news = sum(r["copies"] for r in rows if r["doc_type"] == "news")
    blog = sum(r["copies"] for r in rows if r["doc_type"] == "blog")
    assert news == 600  # 75,000 tokens wanted, 300 documents of 100 tokens, two epochs at most
    assert blog == pytest.approx(900, rel=0.1)
    assert all((r["copies"] == 0) == (r["drop_reason"] == "not_sampled") for r in rows)


def test_partitions_change_nothing(spark: SparkSession) -> None:
    documents = [
        doc(f"d{i}", cluster_id=f"d{i % 7}", kind="near", quality_score=(i * 37 % 11) / 11) for i in range(100)
    ]
    params = mix.Params(budget_tokens=400)
    assert mixed(spark, documents, params, 1) == mixed(spark, list(reversed(documents)), params, 9)


def test_weights_must_name_every_type(spark: SparkSession) -> None:
    with pytest.raises(ConfigError) as caught:
        mixed(spark, [doc("a", doc_type="news"), doc("b")], mix.Params(weights={"news": 1.0}))
    assert "missing: ['web']" in caught.value.got
    with pytest.raises(ConfigError):
        mixed(spark, [doc("b")], mix.Params(weights={"web": 0.0}))
