"""dedup beside earlier runs: the same as one run on all documents, and without signing the earlier ones again."""

from __future__ import annotations

import random
from functools import reduce
from typing import Any

import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.stages import dedup
from corpus_pipeline.stages.arrow import struct_of
from tests.dedup_texts import Tables, Texts, collected, doc_id, duplicates_of, frame, pairs_of, planted, run, sentence

Pair = tuple[str, str]
READ = ("signatures", "duplicate_pairs")


def hot_bucket(count: int, seed: int) -> Texts:
    """One long template with an ending each, some of them twice or three times."""
    draw = random.Random(seed)
    template = " ".join(sentence(draw) for _ in range(12))
    endings = [f"{template} {sentence(draw)}" for _ in range(count)]
    return {doc_id(text, copy): text for text in endings for copy in range(draw.choice((1, 1, 2, 3)))}


def batches_of(texts: Texts, count: int) -> list[Texts]:
    batches: list[Texts] = [{} for _ in range(count)]
    for key, text in texts.items():
        batches[int(key[-4:], 16) % count][key] = text
    return batches


def tables_of(spark: SparkSession, new: Texts, earlier: list[tuple[Texts, Tables]]) -> dict[str, DataFrame]:
    """What dedup reads; of the earlier runs no more than their files hold."""
    found = {"documents": frame(spark, new)}
    if earlier:
        old = [frame(spark, texts).withColumn("run", F.lit(n)) for n, (texts, _) in enumerate(earlier)]
        found["earlier_documents"] = reduce(DataFrame.unionByName, old)  # one of two runs comes twice
        for name in READ:
            runs = [spark.createDataFrame(tables[name], struct_of(name)) for _, tables in earlier]
            numbered = [rows.withColumn("run", F.lit(n)) for n, rows in enumerate(runs)]
            found[f"earlier_{name}"] = reduce(DataFrame.unionByName, numbered)
    return found


def chain(spark: SparkSession, batches: list[Texts], whole: Tables, params: dedup.Params) -> list[Tables]:
    """A run for each batch, all before it as earlier ones. Texts of earlier documents without a near pair are lost."""
    wanted = {key for pair, row in pairs_of(whole).items() if row.kind == "near" for key in pair}
    runs: list[tuple[Texts, Tables]] = []
    for new in batches:
        tables = collected(dedup.transform(tables_of(spark, new, runs), params))
        runs.append(({key: text if key in wanted else "잃어버린 글" for key, text in new.items()}, tables))
    return [tables for _, tables in runs]


def plain(rows: list[Row]) -> set[tuple[Any, ...]]:
    """Without `earlier`."""
    return {tuple(value for name, value in row.asDict().items() if name != "earlier") for row in rows}


@pytest.mark.spark
@pytest.mark.parametrize(("representatives", "count", "driver_rows"), [(1, 3, 0), (2, 2, 1_000_000), (1, 2, 1_000_000)])
def test_runs_one_after_the_other_equal_one_run(
    spark: SparkSession, representatives: int, count: int, driver_rows: int
) -> None:
    texts = planted(120, seed=representatives) | hot_bucket(30, representatives) | {"0": "", "1": "!", "2f": "."}
    batches = batches_of(texts, count)
    params = dedup.Params(bucket_representatives=representatives, driver_rows=driver_rows)
    whole = run(spark, texts, bucket_representatives=representatives)
    runs = chain(spark, batches, whole, params)
    pairs = pairs_of(whole)
    before = {key for batch in batches[:-1] for key in batch}
    risen = [a for (a, b), row in pairs.items() if row.kind == "exact" and a not in before and b in before]
    assert len(risen) > 3  # groups whose first is new: another represents them than before

    last = runs[-1]
    assert plain(last["duplicates"] + last["earlier_duplicates"]) == plain(whole["duplicates"])
    assert {row.doc_id for row in last["duplicates"]} == set(batches[-1])
    clusters = {row.cluster_id for row in whole["duplicates"] if row.doc_id in before}
    assert all(row.earlier == (row.cluster_id in clusters) for row in last["duplicates"])
    parts = {key: row for tables in runs for key, row in pairs_of(tables).items()}
    assert {key: parts.get(key) for key in pairs} == pairs
    signed = sorted((row for tables in runs for row in tables["signatures"]), key=lambda row: row.doc_id)
    assert signed == whole["signatures"]
    assert all(not (a in before and b in before) for a, b in pairs_of(last))


@pytest.mark.spark
def test_a_member_that_rises_to_lead_meets_the_others(spark: SparkSession) -> None:
    """A copy with a smaller doc_id represents the bucket's leader now; it may stand elsewhere in the bucket's order."""
    draw = random.Random(5)
    template = " ".join(sentence(draw) for _ in range(15))
    texts = {f"d{i}": f"{template} 끝{i}" for i in range(4)}
    params = dedup.Params(bucket_representatives=1)
    first = collected(dedup.transform(tables_of(spark, texts, []), params))
    leader = next(key for key in texts if sum(key in pair for pair in pairs_of(first)) == 3)
    names = spark.range(100).selectExpr("concat('c', id) AS doc_id").orderBy(F.xxhash64("doc_id").desc())
    last = names.first()
    assert last is not None
    new = {last.doc_id: texts[leader]}
    after = collected(dedup.transform(tables_of(spark, new, [(texts, first)]), params))
    assert {row.cluster_size for row in after["duplicates"] + after["earlier_duplicates"]} == {5}


@pytest.mark.spark
@pytest.mark.parametrize("driver_rows", [0, 1_000_000])
def test_a_document_of_both_runs_is_a_duplicate_of_itself(spark: SparkSession, driver_rows: int) -> None:
    draw = random.Random(6)
    alone, base = (" ".join(sentence(draw) for _ in range(8)) for _ in range(2))
    texts = {"alone": alone, "b": base, "c": base + " 그리고"}
    new = {"alone": alone, "c": texts["c"], "d": base + " 그러나"}
    params = dedup.Params(driver_rows=driver_rows)
    first = collected(dedup.transform(tables_of(spark, texts, []), params))
    second = collected(dedup.transform(tables_of(spark, new, [(texts, first)]), params))
    found = duplicates_of(second)
    assert [(found[key].kind, found[key].partner_id) for key in ("alone", "c")] == [("exact", "alone"), ("exact", "c")]
    assert (found["d"].kind, found["d"].cluster_id, found["d"].cluster_size) == ("near", "b", 3)
    assert all(row.earlier for row in second["duplicates"])
    sizes = {row.doc_id: (row.kind, row.cluster_size) for row in second["earlier_duplicates"]}
    assert sizes == {"alone": ("none", 1), "b": ("near", 3), "c": ("near", 3)}
    assert set(pairs_of(second)) == {("b", "d"), ("c", "d")}


@pytest.mark.spark
@pytest.mark.parametrize("driver_rows", [0, 1_000_000])
def test_a_document_of_two_earlier_runs_counts_once(spark: SparkSession, driver_rows: int) -> None:
    draw = random.Random(7)
    base = " ".join(sentence(draw) for _ in range(8))
    params = dedup.Params(driver_rows=driver_rows)
    runs: list[tuple[Texts, Tables]] = []
    for new in ({"b": base, "c": base + " 그리고"}, {"c": base + " 그리고"}, {"e": base + " 그러나"}):
        runs.append((new, collected(dedup.transform(tables_of(spark, new, runs), params))))
    last = runs[-1][1]
    assert [(row.doc_id, row.cluster_size) for row in last["earlier_duplicates"]] == [("b", 3), ("c", 3)]
    assert [(row.doc_id, row.cluster_size, row.partner_id) for row in last["duplicates"]] == [("e", 3, "b")]
    assert set(pairs_of(last)) == {("b", "e"), ("c", "e")}


@pytest.mark.spark
@pytest.mark.parametrize("driver_rows", [0, 1_000_000])
def test_of_two_contents_of_a_document_the_last_run_has_the_right_one(spark: SparkSession, driver_rows: int) -> None:
    """As after a change of what scrub masks: a doc_id is that of the record before."""
    draw = random.Random(8)
    one, two = (" ".join(sentence(draw) for _ in range(8)) for _ in range(2))
    params = dedup.Params(driver_rows=driver_rows)
    first, second = ({"c": f"{one} {ending}"} for ending in ("처음", "나중에"))
    runs = [(texts, collected(dedup.transform(tables_of(spark, texts, []), params))) for texts in (first, second)]
    for new in ({"e": first["c"]}, {"e": second["c"]}, {"e": two}):
        both = collected(dedup.transform(tables_of(spark, new, runs), params))
        assert both == collected(dedup.transform(tables_of(spark, new, runs[1:]), params))


@pytest.mark.spark
@pytest.mark.parametrize("settings", [{"ngram": 8}, {"fold_digits": True}, {"threshold": 0.6}])
def test_signatures_of_another_scheme_are_refused(spark: SparkSession, settings: dict[str, Any]) -> None:
    scheme = dedup.Params().scheme()
    known = spark.createDataFrame([("a", "s", b"", b"", scheme)], struct_of("signatures")).withColumn("run", F.lit(0))
    tables = {"documents": frame(spark, {"b": "글"}), "earlier_signatures": known}
    with pytest.raises(ConfigError, match="Give dedup the settings of the earlier runs") as caught:
        dedup.transform(tables, dedup.Params(**settings))
    assert scheme in str(caught.value)
    assert dedup.Params(**settings).scheme() in str(caught.value)
