"""drop_samples: which documents are shown, against a draw in plain Python, and the figures beside them."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from corpus_pipeline.kernels.limits import LIMITS
from corpus_pipeline.kernels.rules import REASONS, reasons
from corpus_pipeline.schemas import contract
from corpus_pipeline.stages import drop_samples
from corpus_pipeline.stages.arrow import struct_of
from corpus_pipeline.stages.drop_samples import Params, draw, features

MIXED = ("doc_id", "source", "doc_type", "drop_reason", "kept_id")
SCORES = ("quality_score", "quality_rank", "reasons")


def table(spark: SparkSession, name: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> DataFrame:
    return spark.createDataFrame([tuple(row[c] for c in columns) for row in rows], struct_of(name, columns))


def documents(reasons_of: dict[str, str | None]) -> list[dict[str, Any]]:
    """A document per doc_id with all columns that the stage reads; feature columns count up."""
    numbers = {name: at for at, name in enumerate(contract("quality").columns)}
    base: dict[str, Any] = {
        "source": "s",
        "doc_type": "web",
        "kept_id": None,
        "language": "ko",
        "evaluation_sets": [],
        "title": None,
    }
    return [
        numbers | base | {"doc_id": key, "drop_reason": reason, "text": f"{key} " + "가" * 400, "text_bytes": 1200,
                          "reasons": ["junk"], "quality_score": 0.25, "quality_rank": 0.5}
        for key, reason in reasons_of.items()
    ]  # fmt: skip


def shown(spark: SparkSession, rows: list[dict[str, Any]], params: Params, partitions: int = 2) -> list[Row]:
    whole = {f.name: f.dataType for f in struct_of("quality")}
    figures = [name for names in features().values() for name in names]
    quality = ("doc_id", *SCORES, *sorted(set(figures) - set(SCORES)))
    typed = [{n: float(v) if n in whole and whole[n].typeName() == "double" else v for n, v in r.items()} for r in rows]
    tables = {
        "mixture": table(spark, "mixture", typed, MIXED),
        "documents": table(spark, "documents", typed, ("doc_id", "title", "text", "text_bytes")),
        "tags": table(spark, "tags", typed, ("doc_id", "language", "evaluation_sets")),
        "quality": table(spark, "quality", typed, quality),
    }
    tables = {name: df.repartition(partitions) for name, df in tables.items()}
    result = drop_samples.transform(tables, params)["drop_samples"]
    assert tuple(result.columns) == contract("drop_samples").columns
    return result.collect()


@pytest.mark.spark
def test_the_first_of_each_reason_by_the_hash_are_shown_whatever_the_partitions(spark: SparkSession) -> None:
    draws = random.Random(3)
    some = ("quality:junk", "quality:links", "near_duplicate", "low_score", "removed", None)
    reasons_of = {f"{i:032x}": draws.choice(some) for i in range(300)} | {"f" * 32: "language"}
    rows = documents(reasons_of)
    hashed = spark.createDataFrame([(key,) for key in reasons_of], "doc_id string")
    places = {r[0]: r[1] for r in hashed.select("doc_id", F.xxhash64(F.lit(7).cast("long"), "doc_id")).collect()}
    expected: dict[str, list[str]] = defaultdict(list)
    for key in sorted(reasons_of, key=lambda key: (places[key], key)):
        reason = reasons_of[key]
        if reason not in (None, "removed") and len(expected[reason]) < 20:
            expected[reason].append(key)
    params = Params(seed=7)
    found: dict[str, list[str]] = defaultdict(list)
    for row in shown(spark, rows, params):
        found[row.drop_reason].append(row.doc_id)
        assert row.position == len(found[row.drop_reason])
    assert found == expected
    assert {reason: len(keys) for reason, keys in found.items()} == {
        "quality:junk": 20, "quality:links": 20, "near_duplicate": 20, "low_score": 20, "language": 1,
    }  # fmt: skip
    assert shown(spark, rows, params, partitions=5) == shown(spark, rows, params, partitions=1)


@pytest.mark.spark
def test_what_is_shown_of_a_document(spark: SparkSession) -> None:
    a, b, c = "a" * 32, "b" * 32, "c" * 32
    rows = documents({a: "quality:links", b: "low_score", c: "exact_duplicate"})
    rows[0] |= {"urls": 7, "eojeol": 9, "title": "제목"}
    rows[2] |= {"kept_id": a, "text": "짧다", "evaluation_sets": ["korquad_dev"]}
    links, low, exact = sorted(shown(spark, rows, Params(characters=40)), key=lambda row: str(row.doc_id))
    assert links.excerpt == f"{a} " + "가" * 7
    assert links.title == "제목"
    assert [tuple(one) for one in links.features] == [("urls", 7.0), ("eojeol", 9.0)]
    assert [tuple(one) for one in low.features] == [("quality_score", 0.25), ("quality_rank", 0.5)]
    assert (exact.excerpt, exact.features, exact.kept_id, exact.evaluation_sets) == ("짧다", [], a, ["korquad_dev"])


@pytest.mark.spark
def test_a_reason_of_many_documents_is_limited_before_the_shuffle(spark: SparkSession) -> None:
    reason = "if(id % 2 = 0, 'language', 'low_score') AS drop_reason"
    mixture = spark.range(1000).selectExpr(
        "hex(id) AS doc_id", "'s' AS source", "'web' AS doc_type", reason, "cast(null AS string) AS kept_id"
    )
    plan = draw(mixture, Params())._jdf.queryExecution().executedPlan().toString()
    before, shuffle, after = plan.partition("Exchange hashpartitioning(drop_reason")
    assert shuffle
    assert "WindowGroupLimit" in before
    assert "WindowGroupLimit" in after
    assert "Partial" in after  # the plan is printed from its end


def test_every_rule_shows_a_figure_that_decides() -> None:
    """One of the columns of each reason, set high or low in a text with nothing wrong, breaks the rule."""
    looked_at = features()
    assert set(looked_at) == set(REASONS)
    columns = sorted({name for names in looked_at.values() for name in names})
    for reason in set(REASONS) - {"service_spam", "service_promotion"}:  # the service's word is no figure
        tries = [(name, value) for name in looked_at[reason] for value in (1e9, -1e9, 1.0)]
        assert any(reason in judged(columns, name, value) for name, value in tries), reason


def judged(columns: list[str], changed: str, value: float) -> list[str]:
    """The reasons of a long Korean text with nothing wrong but `changed`."""
    values = dict.fromkeys([*columns, "service_spam", "service_promotion"], 0.0)
    values |= {"eojeol": 30, "lines": 9, "paragraphs": 9, "chars": 200, "hangul_share": 0.9, "hangul_eojeol_share": 1}
    values |= {"stop_words": 9, "entropy": 6, "compression_ratio": 0.6, "mean_eojeol_length": 3.5, "word_order": 1}
    values |= {"letter_eojeol_share": 0.9, "type_token_ratio": 0.8}
    good, bad = ({name: np.array([one]) for name, one in of.items()} for of in (values, values | {changed: value}))
    assert reasons(good, ["web"], {"web": LIMITS}) == [[]]
    return reasons(bad, ["web"], {"web": LIMITS})[0]
