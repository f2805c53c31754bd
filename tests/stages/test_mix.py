"""One decision per document, by the stated precedence, within the budget."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.kernels.rules import REASONS, RULES
from corpus_pipeline.stages import mix
from corpus_pipeline.stages.arrow import struct_of
from tests.refusal import assert_refused

pytestmark = pytest.mark.spark


def doc(doc_id: str, **fields: Any) -> dict[str, Any]:
    base = {
        "doc_id": doc_id, "source": "s", "doc_type": "web", "language": "ko", "token_estimate": 100, "text_bytes": 300,
        "quality_score": 0.5, "reasons": [], "kind": "none", "cluster_id": doc_id, "cluster_size": 1,
        "partner_id": None, "earlier": False,
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
        "duplicates": table("duplicates", "doc_id", "kind", "cluster_id", "cluster_size", "partner_id", "earlier"),
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
    assert {k: r["kept_id"] for k, r in rows.items() if r["kept_id"]} == {"a": "b", "c": "b"}
    assert {k: r["copies"] for k, r in rows.items()} == {"a": 0, "b": 1, "c": 0, "d": 0, "e": 0, "f": 0, "g": 1}


def test_what_repeats_an_earlier_run_goes_unless_told_otherwise(spark: SparkSession) -> None:
    documents = [
        doc("a", kind="near", cluster_id="a", cluster_size=3, earlier=True),
        doc("b", kind="near", cluster_id="a", cluster_size=3, earlier=True, reasons=["symbols"]),
        doc("c"),
    ]
    dropped = {k: r["drop_reason"] for k, r in mixed(spark, documents, mix.Params()).items()}
    assert dropped == {"a": "earlier_duplicate", "b": "quality:symbols", "c": None}
    kept = {k: r["drop_reason"] for k, r in mixed(spark, documents, mix.Params(earlier="ignore")).items()}
    assert kept == {"a": None, "b": "quality:symbols", "c": None}


def test_ties_go_to_the_better_source_then_the_longer_text_then_the_smaller_id(spark: SparkSession) -> None:
    twins = [doc(i, kind="near", cluster_id="a") for i in "abc"]
    assert mixed(spark, twins, mix.Params())["a"]["copies"] == 1
    twins[2]["text_bytes"] = 301
    assert mixed(spark, twins, mix.Params())["c"]["copies"] == 1
    twins[1]["source"] = "top"
    assert mixed(spark, twins, mix.Params(source_tiers={"top": 1}))["b"]["copies"] == 1
    assert mixed(spark, twins, mix.Params(source_tiers={"top": 1}, survivor=("length", "tier")))["c"]["copies"] == 1
    assert mixed(spark, twins, mix.Params(source_tiers={"top": 1}, survivor=()))["a"]["copies"] == 1


def test_duplicates_can_stay(spark: SparkSession) -> None:
    """c and d are copies of b, as dedup writes them; a and e resemble b."""
    documents = [doc(i, kind="near", cluster_id="a", cluster_size=5, partner_id="b") for i in "abe"]
    documents += [doc(i, kind="exact", cluster_id="a", cluster_size=5, partner_id="b", text_bytes=400) for i in "cd"]
    documents += [doc("f", kind="exact", cluster_id="f", cluster_size=2, partner_id="g", quality_score=0.6)]
    documents += [doc("g", kind="exact", cluster_id="f", cluster_size=2, partner_id="f")]
    exact = mixed(spark, documents, mix.Params(duplicates="exact_only"))
    # of the group b, c, d the longest stays, ties by doc_id
    assert {k: (r["drop_reason"], r["kept_id"]) for k, r in exact.items() if r["drop_reason"]} == {
        "b": ("exact_duplicate", "c"), "d": ("exact_duplicate", "c"), "g": ("exact_duplicate", "f"),
    }  # fmt: skip
    assert all(r["copies"] == 1 for r in mixed(spark, documents, mix.Params(duplicates="keep")).values())


FINEWEB_2 = {1: 1, 2: 2, 3: 3, 5: 5, 100: 8, 1000: 1}  # its README: a cluster of four 3 times, of 5 to 99 5 times


def test_cluster_weights_are_copies_up_to_the_cap(spark: SparkSession) -> None:
    sizes = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 99, "f": 100, "g": 1000}
    documents = [doc(i, kind="near" if n > 1 else "none", cluster_size=n) for i, n in sizes.items()]
    rows = mixed(spark, documents, mix.Params(cluster_weights=FINEWEB_2, epoch_cap=8))
    assert {i: r["copies"] for i, r in rows.items()} == {"a": 1, "b": 2, "c": 3, "d": 3, "e": 5, "f": 8, "g": 1}
    capped = mixed(spark, documents, mix.Params(cluster_weights=FINEWEB_2, epoch_cap=4))
    assert {i: r["copies"] for i, r in capped.items()} == {"a": 1, "b": 2, "c": 3, "d": 3, "e": 4, "f": 4, "g": 1}
    left_out = mixed(spark, documents, mix.Params(cluster_weights={100: 0}))
    assert {i for i, r in left_out.items() if r["drop_reason"] == "not_sampled"} == {"f", "g"}


def test_cluster_weights_meet_the_budget(spark: SparkSession) -> None:
    documents = [doc(f"a{i:04}", cluster_size=1) for i in range(2000)]
    documents += [doc(f"b{i:04}", kind="near", cluster_size=3) for i in range(1000)]
    params = mix.Params(cluster_weights={2: 3}, budget_tokens=200_000)

    def copies(params: mix.Params) -> dict[str, int]:
        rows = mixed(spark, documents, params).values()
        return {first: sum(r["copies"] for r in rows if r["doc_id"][0] == first) for first in "ab"}

    # 2,000 copies of 5,000 weighed documents: 0.4 of each of the 2,000 and 1.2 of the 1,000
    assert copies(params) == {"a": 800, "b": 1200}
    # the cap holds the 1,000 at 2 copies; the others make up for it
    capped = copies(params.model_copy(update={"budget_tokens": 500_000, "epoch_cap": 2.0}))
    assert capped == {"a": 3000, "b": 2000}


def test_listed_rules_alone_drop(spark: SparkSession) -> None:
    documents = [doc("a", reasons=["symbols"]), doc("b", reasons=["links"])]
    rows = mixed(spark, documents, mix.Params(drop_rules=("links",)))
    assert [rows[i]["drop_reason"] for i in "ab"] == [None, "quality:links"]


def test_the_rules_that_may_be_named_are_those_there_are() -> None:
    made = {inspect.getclosurevars(rule).nonlocals.get("reason") for rule in RULES} - {None}
    alone = {rule.__name__.lstrip("_") for rule in RULES if rule.__name__ != "rule"}
    assert made | alone == set(REASONS)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"drop_rules": ["symbol"]}, "Did you mean 'symbols'?"),
        ({"drop_rules": "symbols"}, "a list of rule names or 'all'"),
        ({"survivor": ["quality", "age"]}, "'tier', 'quality' or 'length'"),
        ({"survivor": ["length", "length"]}, "the same value twice"),
        ({"duplicates": "some"}, "'drop', 'exact_only' or 'keep'"),
        ({"cluster_weights": {0: 1}}, "greater than or equal to 1"),
        ({"cluster_weights": {2: -1}}, "greater than or equal to 0"),
        ({"strategy": "best"}, "'auto', 'proportional', 'temperature', 'unimax', 'fixed' or 'hyperclova'"),
        ({"budget_tokens": -5}, "greater than 0"),
        ({"weights": {"web": -1}}, "greater than or equal to 0"),
        ({"weights": {"web": float("nan")}}, "finite"),
        ({"bounds": {"web": [0.5, 0.2]}}, "the lowest share first"),
        ({"bounds": {"web": [0.6, 1], "news": [0.6, 1]}}, "more than the whole budget"),
        ({"source_caps": {"s": 0}}, "greater than 0"),
        ({"cluster_weights": {2: 2}, "duplicates": "exact_only"}, "duplicates must be drop"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], message: str) -> None:
    assert_refused(mix.Params, "mix", settings, message)


def test_budget_weights_and_epochs(spark: SparkSession) -> None:
    documents = [doc(f"n{i:04}", doc_type="news") for i in range(300)] + [
        doc(f"b{i:04}", doc_type="blog") for i in range(3000)
    ]
    params = mix.Params(budget_tokens=150_000, strategy="fixed", weights={"news": 0.5, "blog": 0.5}, epoch_cap=2.0)
    rows = mixed(spark, documents, params).values()
    news = sum(r["copies"] for r in rows if r["doc_type"] == "news")
    blog = sum(r["copies"] for r in rows if r["doc_type"] == "blog")
    assert news == 600  # 75,000 tokens wanted, 300 documents of 100 tokens, two epochs at most
    assert blog == 900
    assert all((r["copies"] == 0) == (r["drop_reason"] == "not_sampled") for r in rows)


def test_partitions_change_nothing(spark: SparkSession) -> None:
    documents = [
        doc(f"d{i}", cluster_id=f"d{i % 7}", kind="near", quality_score=(i * 37 % 11) / 11) for i in range(100)
    ]
    params = mix.Params(budget_tokens=400)
    assert mixed(spark, documents, params, 1) == mixed(spark, list(reversed(documents)), params, 9)


def test_weights_must_name_every_type(spark: SparkSession) -> None:
    fixed = mix.Params(strategy="fixed", weights={"news": 1.0})
    with pytest.raises(ConfigError) as caught:
        mixed(spark, [doc("a", doc_type="news", source="n"), doc("b")], fixed)
    assert "missing: ['web']" in caught.value.got
    with pytest.raises(ConfigError):
        mixed(spark, [doc("b")], mix.Params(weights={"web": 0.0}))


def tokens_by(rows: dict[str, Any], column: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows.values():
        found[row[column]] = found.get(row[column], 0) + row["token_estimate"] * row["copies"]
    return found


def varied(doc_type: str, source: str, n: int, quality: float) -> list[dict[str, Any]]:
    """Documents of 50 to 149 tokens, and of qualities around `quality`."""
    ids = [f"{source}{i:05}" for i in range(n)]
    return [
        doc(
            key, source=source, doc_type=doc_type, token_estimate=50 + i * 37 % 100,
            quality_score=quality + (i * 7919 % 101 - 50) / 1000,
        )
        for i, key in enumerate(ids)
    ]  # fmt: skip


@pytest.mark.parametrize("when_short", ["best", "sample"])
def test_a_budget_is_met_and_never_exceeded(spark: SparkSession, when_short: str) -> None:
    """auto: the weight is the mean quality, so news gets 0.8 / 0.4 of what web does."""
    documents = [*varied("web", "w1", 3000, 0.4), *varied("web", "w2", 1000, 0.4), *varied("news", "n", 2000, 0.8)]
    params = mix.Params(budget_tokens=150_000, when_short=when_short)
    rows = mixed(spark, documents, params)
    by_type = tokens_by(rows, "doc_type")
    assert sum(by_type.values()) <= 150_000
    assert by_type == pytest.approx({"web": 50_000, "news": 100_000}, rel=0.005)
    assert tokens_by(rows, "source") == pytest.approx({"w1": 37_500, "w2": 12_500, "n": 100_000}, rel=0.01)
    taken = {key: row["quality_score"] for key, row in rows.items() if row["copies"] and row["source"] == "w1"}
    left = [row["quality_score"] for row in rows.values() if not row["copies"] and row["source"] == "w1"]
    if when_short == "best":
        assert min(taken.values()) >= max(left) - 0.001  # the quality's steps
    else:
        assert sum(taken.values()) / len(taken) == pytest.approx(0.4, abs=0.005)


def test_the_best_tier_is_taken_first_and_caps_hold(spark: SparkSession) -> None:
    documents = [*varied("web", "w1", 1000, 0.4), *varied("web", "w2", 1000, 0.9), *varied("news", "n", 1000, 0.5)]
    tiers = mix.Params(strategy="proportional", budget_tokens=150_000, source_tiers={"w1": 1})
    first = tokens_by(mixed(spark, documents, tiers), "source")
    assert first == pytest.approx({"w1": 99_500, "w2": 500, "n": 50_000}, rel=0.01, abs=600)
    capped = tiers.model_copy(update={"source_caps": {"w1": 0.2}, "bounds": {"news": (0.5, 1.0)}})
    held = tokens_by(mixed(spark, documents, capped), "source")
    assert held == pytest.approx({"w1": 30_000, "w2": 45_000, "n": 75_000}, rel=0.01)


def test_odd_qualities_and_no_supply(spark: SparkSession) -> None:
    documents = [
        doc("a", quality_score=float("nan")), doc("b", quality_score=1.5), doc("c", quality_score=-1.0),
        doc("d", doc_type="news", source="n", reasons=["symbols"]), doc("e", token_estimate=0),
    ]  # fmt: skip
    rows = mixed(spark, documents, mix.Params(budget_tokens=200))
    assert {k for k, r in rows.items() if r["copies"] and r["token_estimate"]} <= {"a", "b", "c"}
    assert tokens_by(rows, "doc_type") == {"web": 200, "news": 0}
    assert rows["b"]["copies"] == 1
    assert mixed(spark, [], mix.Params(budget_tokens=200)) == {}
