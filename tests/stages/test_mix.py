"""One decision per document, by the stated precedence, within the budget."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
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
        "doc_id": doc_id, "source": "s", "doc_type": "web", "language": "ko", "evaluation_sets": [],
        "token_estimate": 100, "text_bytes": 300,
        "quality_score": 0.5, "reasons": [], "kind": "none", "cluster_id": doc_id, "cluster_size": 1,
        "partner_id": None, "earlier": False,
    }  # fmt: skip
    return {"quality_rank": fields.get("quality_score", 0.5)} | base | fields


def transformed(
    spark: SparkSession,
    documents: list[dict[str, Any]],
    params: mix.Params,
    partitions: int = 2,
    pairs: Sequence[tuple[str, str, float]] = (),
) -> dict[str, DataFrame]:
    def table(name: str, *columns: str) -> DataFrame:
        schema = struct_of(name, columns)
        return spark.createDataFrame([tuple(d[c] for c in columns) for d in documents], schema).repartition(partitions)

    tables = {
        "tags": table("tags", *mix.TAGS),
        "quality": table("quality", "doc_id", "quality_score", "quality_rank", "reasons"),
        "duplicates": table("duplicates", "doc_id", "kind", "cluster_id", "cluster_size", "partner_id", "earlier"),
        "duplicate_pairs": spark.createDataFrame(
            list(pairs), struct_of("duplicate_pairs", ("doc_a", "doc_b", "similarity"))
        ),
    }
    return mix.transform(tables, params)


def mixed(
    spark: SparkSession, documents: list[dict[str, Any]], params: mix.Params, partitions: int = 2
) -> dict[str, Any]:
    quick = params.model_copy(update={"what_if_ranks": (), "what_if_similarities": ()})
    rows = transformed(spark, documents, quick, partitions)["mixture"].collect()
    return {row["doc_id"]: row for row in rows}


def test_reasons_by_precedence_and_the_best_member_survives(spark: SparkSession) -> None:
    documents = [
        doc("a", kind="near", cluster_id="a", quality_score=0.4),
        doc("b", kind="near", cluster_id="a", quality_score=0.9),
        doc("c", kind="exact", cluster_id="a", quality_score=0.4),
        doc("d", kind="near", cluster_id="a", quality_score=1.0, reasons=["symbols", "few_letters"]),
        doc("e", language="en", reasons=["symbols"]),
        doc("f", quality_score=0.1),
        doc("g"),
        doc("h", evaluation_sets=["korquad_dev"], language="en"),
    ]
    rows = mixed(spark, documents, mix.Params(languages=("ko",), min_quality_score={"web": 0.2}))
    assert {k: r["drop_reason"] for k, r in rows.items()} == {
        "a": "near_duplicate", "b": None, "c": "exact_duplicate", "d": "quality:few_letters",
        "e": "language", "f": "low_score", "g": None, "h": "evaluation_set",
    }  # fmt: skip
    assert {k: r["kept_id"] for k, r in rows.items() if r["kept_id"]} == {"a": "b", "c": "b"}
    assert {k: r["copies"] for k, r in rows.items()} == {"a": 0, "b": 1, "c": 0, "d": 0, "e": 0, "f": 0, "g": 1, "h": 0}
    kept = mixed(spark, documents[-1:], mix.Params(contaminated="keep"))
    assert kept["h"]["copies"] == 1


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
        ({"what_if_scores": [0.5, 0.5]}, "the same value twice"),
        ({"what_if_similarities": [1.5]}, "less than or equal to 1"),
        ({"what_if_ranks": [i / 100 for i in range(64)]}, "at most 25"),
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


@pytest.mark.parametrize(
    ("settings", "todo"),
    [
        ({"weights": {"wed": 1.0}}, "Did you mean 'web'?"),
        ({"bounds": {"law": (0, 1)}}, "Take the name out, or add such a source."),
        ({"min_quality_score": {"wed": 0.5}}, "Did you mean 'web'?"),
        ({"source_caps": {"t": 0.5}}, "Take the name out, or add such a source."),
        ({"source_tiers": {"ss": 1}}, "Did you mean 's'?"),
    ],
)
def test_names_that_the_corpus_does_not_have_are_refused(
    spark: SparkSession, settings: dict[str, Any], todo: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        mixed(spark, [doc("a")], mix.Params(**settings))
    assert (caught.value.where, caught.value.todo) == (f"mix.{next(iter(settings))}", todo)


def plan_by_type(tables: dict[str, DataFrame]) -> dict[str, tuple[float, str | None, float, int]]:
    rows = tables["mixture_plan"].collect()
    return {
        t: (of[0]["type_wanted_tokens"], of[0]["type_held_by"], sum(r["planned_tokens"] for r in of),
            sum(r["tokens"] for r in of))
        for t in sorted({row["doc_type"] for row in rows})
        for of in [[row for row in rows if row["doc_type"] == t]]
    }  # fmt: skip


def test_the_plan_says_what_was_asked_and_what_came_of_it(spark: SparkSession) -> None:
    """news: 1,000 documents of 100 tokens, twice at most; law: at least a quarter of the budget, and no weight."""
    documents = [doc(f"n{i:04}", doc_type="news", source="n") for i in range(1000)]
    documents += [doc(f"w{i:05}") for i in range(5000)] + [
        doc(f"l{i:04}", doc_type="law", source="l") for i in range(2000)
    ]
    documents += [doc("x", reasons=["symbols"])]
    params = mix.Params(
        strategy="fixed", weights={"news": 3, "web": 1, "law": 0}, bounds={"law": (0.25, 1)}, epoch_cap=2.0,
        budget_tokens=400_000, what_if_ranks=(), what_if_scores=(), what_if_similarities=(),
    )  # fmt: skip
    tables = transformed(spark, documents, params)
    assert plan_by_type(tables) == {
        "law": (0.0, "lower_bound", 100_000, 100_000),
        "news": (300_000.0, "supply", 200_000, 200_000),
        "web": (100_000.0, None, 100_000, 100_000),
    }
    web = next(row for row in tables["mixture_plan"].collect() if row["doc_type"] == "web")
    assert (web["read_documents"], web["supply_documents"], web["supply_tokens"], web["longest_tokens"]) == (
        5001, 5000, 500_000, 100,
    )  # fmt: skip
    assert (web["documents"], web["copies"], web["text_bytes"], web["epochs"]) == (1000, 1000, 300_000, 0.2)


def clustered(n: int) -> tuple[list[dict[str, Any]], list[tuple[str, str, float]]]:
    """Documents in chains of four with similarities 1.0 (a copy), 0.92 and 0.83, as dedup writes them."""
    documents, pairs = [], []
    for i in range(n):
        ids = [f"{i:03}{letter}" for letter in "abcd"]
        for at, key in enumerate(ids):
            kind = "exact" if at < 2 else "near"
            documents.append(
                doc(
                    key, kind=kind, cluster_id=ids[0], cluster_size=4, partner_id=ids[(1, 0, 1, 2)[at]],
                    quality_score=(i * 7 + at * 29) % 100 / 100, token_estimate=100 + i + at,
                    doc_type=("web", "news")[i % 2], reasons=["symbols"] if (i + at) % 11 == 0 else [],
                )
            )  # fmt: skip
        pairs += [(ids[0], ids[1], 1.0), (ids[1], ids[2], 0.92), (ids[2], ids[3], 0.83)]
    documents += [doc(f"z{i:03}", quality_score=i / 40, reasons=["links"] * (i % 5 == 0)) for i in range(40)]
    return documents, pairs


def figures(rows: list[Any], knob: str, value: str) -> dict[str, tuple[int, int, int]]:
    of = [row for row in rows if (row["knob"], row["value"]) == (knob, value)]
    return {row["doc_type"]: (row["documents"], row["tokens"], row["text_bytes"]) for row in of}


def test_what_if_is_what_mix_finds_when_it_is_set_so(spark: SparkSession) -> None:
    documents, pairs = clustered(30)
    params = mix.Params(what_if_ranks=(0.7,), what_if_scores=(0.4,), what_if_similarities=(0.9, 0.95))
    rows = transformed(spark, documents, params, pairs=pairs)["mixture_what_if"].collect()

    def supply(settings: dict[str, Any]) -> dict[str, tuple[int, int, int]]:
        quick = mix.Params(what_if_ranks=(), what_if_scores=(), what_if_similarities=(), **settings)
        plan = transformed(spark, documents, quick)["mixture_plan"].collect()
        return {r["doc_type"]: (r["supply_documents"], r["supply_tokens"], r["supply_bytes"]) for r in plan}

    assert figures(rows, "as_set", "") == supply({})
    assert figures(rows, "min_quality_score", "0.4") == supply({"min_quality_score": {"web": 0.4, "news": 0.4}})
    assert figures(rows, "min_quality_rank", "0.7") == supply({"min_quality_rank": {"web": 0.7, "news": 0.7}})
    assert figures(rows, "duplicates", "keep") == supply({"duplicates": "keep"})
    assert figures(rows, "duplicates", "exact_only") == supply({"duplicates": "exact_only"})
    # at 0.95 the copies alone hang together, which is what exact_only asks for; at 0.9 the last of each four is alone
    assert figures(rows, "dedup_threshold", "0.95") == figures(rows, "duplicates", "exact_only")
    for one in documents:
        if one["doc_id"].endswith("d"):
            one |= {"kind": "none", "cluster_id": one["doc_id"], "cluster_size": 1}
    assert figures(rows, "dedup_threshold", "0.9") == supply({})


@pytest.mark.parametrize("mode", ["drop", "exact_only", "keep"])
def test_what_if_documents_of_earlier_runs_came_back(spark: SparkSession, mode: str) -> None:
    """With drop they stay out, with the other two they are as good as others; these do not read near pairs."""
    documents, pairs = clustered(12)
    for i, one in enumerate(documents):
        one["earlier"] = i % 8 < 4 and one["kind"] != "none"  # every other chain
    no_rows: dict[str, Any] = {"what_if_ranks": (), "what_if_scores": ()}
    params = mix.Params(duplicates=mode, what_if_similarities=(0.9,), **no_rows)
    rows = transformed(spark, documents, params, pairs=pairs)["mixture_what_if"].collect()
    for other in ("drop", "exact_only", "keep"):
        quick = mix.Params(duplicates=other, what_if_similarities=(), **no_rows)
        plan = transformed(spark, documents, quick)["mixture_plan"].collect()
        found = {r["doc_type"]: (r["supply_documents"], r["supply_tokens"], r["supply_bytes"]) for r in plan}
        if other == mode:
            assert figures(rows, "as_set", "") == found
        elif other != "drop":
            assert figures(rows, "duplicates", other) == found
    assert bool(figures(rows, "dedup_threshold", "0.9")) == (mode == "drop")


def test_what_if_a_rule_dropped_nothing(spark: SparkSession) -> None:
    documents = [
        doc("a"), doc("b", reasons=["links"]), doc("c", reasons=["links", "symbols"]), doc("d", reasons=["symbols"]),
        doc("e", reasons=["links"], language="en"),
    ]  # fmt: skip
    params = mix.Params(
        languages=("ko",), drop_rules=("links",), what_if_ranks=(), what_if_scores=(), what_if_similarities=()
    )
    rows = transformed(spark, documents, params)["mixture_what_if"].collect()
    assert figures(rows, "as_set", "") == {"web": (2, 200, 600)}
    assert figures(rows, "without_rule", "links") == {"web": (4, 400, 1200)}
    assert {row["value"] for row in rows if row["knob"] == "without_rule"} == {"links"}


def test_another_threshold_touches_its_documents_and_their_clusters_alone(spark: SparkSession) -> None:
    documents, _ = clustered(30)
    low, high = ({"web": value} for value in (0.3, 0.5))
    before = mixed(spark, documents, mix.Params(min_quality_score=low))
    after = mixed(spark, documents, mix.Params(min_quality_score=high))
    changed = {key for key in before if before[key] != after[key]}
    between = {d["cluster_id"] for d in documents if d["doc_type"] == "web" and 0.3 <= d["quality_score"] < 0.5}
    assert changed
    assert {before[key]["cluster_id"] for key in changed} <= between
    assert {before[key]["doc_type"] for key in changed} == {"web"}
