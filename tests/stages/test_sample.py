"""The sample is what a plain sort by the hash takes: exact in bytes, by type, nested, independent of partitions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from corpus_pipeline.run.publish import Aside
from corpus_pipeline.schemas import ALL
from corpus_pipeline.stages import drawing, sample
from corpus_pipeline.stages.curve import Figures
from corpus_pipeline.stages.sample import Params, Rule, choose

SEED = 5
Taken = dict[str, int]  # doc_id -> sampled_bytes


@pytest.fixture(scope="module")
def mixture(spark: SparkSession) -> DataFrame:
    """3,000 documents of three types and one of a fourth; sizes over four orders of magnitude, 0 to 4 copies."""
    random = np.random.default_rng(3)
    sizes = (random.lognormal(6, 2, 3000) + 1).astype(int).tolist()
    rows = [(f"{i:032x}", "s", ["web", "news", "qna"][i % 3], size, i % 5) for i, size in enumerate(sizes)]
    rows.append(("f" * 32, "s", "single", 1000, 3))
    rows.append(("e" * 32, "s", "web", 0, 2))  # an empty text
    columns = "doc_id string, source string, doc_type string, text_bytes long, copies int"
    return spark.createDataFrame(rows, columns).cache()


def tables(mixture: DataFrame) -> dict[str, DataFrame]:
    """With documents that may not be read."""
    return {"mixture": mixture, "documents": mixture.select(F.raise_error(F.lit("documents were read")).alias("text"))}


def drawn(mixture: DataFrame, fraction: float, seed: int = SEED) -> Taken:
    rows = sample.transform(tables(mixture), Params(fraction=fraction, seed=seed))["tokenizer_sample"].collect()
    assert len({row["doc_id"] for row in rows}) == len(rows)
    return {row["doc_id"]: row["sampled_bytes"] for row in rows}


def sorted_by_hash(mixture: DataFrame, fraction: float) -> tuple[Taken, dict[str, int]]:
    """The same by a sort in Python; and the bytes asked by type."""
    hashed = mixture.withColumn("hash", F.xxhash64(F.lit(SEED).cast("long"), "doc_id"))
    rows = sorted(hashed.where("copies > 0").collect(), key=lambda row: (row["hash"] % 2**64, row["doc_id"]))
    taken: Taken = {}
    asked: dict[str, int] = {}
    for doc_type in {row["doc_type"] for row in rows}:
        of = [row for row in rows if row["doc_type"] == doc_type]
        left = asked[doc_type] = round(fraction * sum(row["text_bytes"] * row["copies"] for row in of))
        for row in of:
            part = min(row["text_bytes"], -(-left // row["copies"]))
            taken |= {row["doc_id"]: part} if part > 0 else {}
            left = max(0, left - part * row["copies"])
    return taken, asked


@pytest.mark.spark
@pytest.mark.parametrize("fraction", [0.001, 0.37, 1.0])
def test_equals_a_plain_sort(mixture: DataFrame, fraction: float) -> None:
    expected, asked = sorted_by_hash(mixture, fraction)
    taken = drawn(mixture, fraction)
    assert taken == expected
    rows = {row["doc_id"]: row for row in mixture.collect()}
    for doc_type, bytes_asked in asked.items():
        got = sum(n * rows[d]["copies"] for d, n in taken.items() if rows[d]["doc_type"] == doc_type)
        assert 0 <= got - bytes_asked < 4  # at most one byte of each of four copies
    assert sum(n * rows[d]["copies"] for d, n in taken.items()) == pytest.approx(sum(asked.values()), rel=0.005)


@pytest.mark.spark
@pytest.mark.parametrize("partitions", [1, 3, 16])
def test_partitions_change_no_row(mixture: DataFrame, partitions: int) -> None:
    assert drawn(mixture.repartition(partitions), 0.05) == sorted_by_hash(mixture, 0.05)[0]


@pytest.mark.spark
def test_buckets_change_no_row(mixture: DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = drawn(mixture, 0.3)
    monkeypatch.setattr(drawing, "BUCKET_BITS", 1)  # half of all documents are put in order
    assert drawn(mixture, 0.3) == expected


@pytest.mark.spark
def test_nested_and_another_seed(mixture: DataFrame) -> None:
    small, large = drawn(mixture, 0.02), drawn(mixture, 0.03)
    assert small.keys() <= large.keys()
    assert all(large[doc_id] >= n for doc_id, n in small.items())
    assert sum(large[d] > n for d, n in small.items()) <= 4  # one document a type
    other = drawn(mixture, 0.02, SEED + 1)
    assert len(other.keys() & small.keys()) < 0.2 * len(small)


@pytest.mark.spark
def test_both_tables_keep_their_contracts(mixture: DataFrame, tmp_path: Path) -> None:
    result = sample.transform(tables(mixture), Params(fraction=0.1))
    with Aside(mixture.sparkSession, lambda _: str(tmp_path), {"doc_type": ["web"]}) as aside:
        written = aside.all(result)
    curve = written["tokenizer_curve"]
    assert curve.failed == written["tokenizer_sample"].failed == []
    assert curve.metrics["all/chosen_fraction"] == 0.1
    assert curve.metrics["all/bytes"] == written["tokenizer_sample"].metrics["all/sampled_bytes"]
    figures = {(row["slice"], row["metric"]): row["value"] for row in result["tokenizer_curve"].collect()}
    assert figures["doc_type=single", "bytes_asked"] == figures["doc_type=single", "bytes"] == 300
    assert sum(v for (s, m), v in figures.items() if m == "documents" and s != ALL) == figures[ALL, "documents"]


@pytest.mark.spark
def test_nothing_kept_gives_an_empty_sample(mixture: DataFrame) -> None:
    result = sample.transform(tables(mixture.where("copies = 0")), Params())
    assert result["tokenizer_sample"].count() == 0
    assert {row["metric"]: row["value"] for row in result["tokenizer_curve"].collect()}["bytes"] == 0


@pytest.mark.parametrize(
    "wrong",
    [{"fraction": 0}, {"fraction": 1.01}, {"fraction": "all"}, {"fractions": (1.0, 0.0)}, {"fractions": (0.5, 0.5)},
     {"fractions": (1.0,)}, {"rule": {"overlap": 0.9}}],
)  # fmt: skip
def test_settings_that_make_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Params(**wrong)


def figures(
    weighted: dict[float, float], fertility: dict[float, float], floors: dict[float, float], vocabulary: int = 300
) -> Figures:
    params = Params()
    found: Figures = {(f, params.seed, ALL, "weighted_overlap"): value for f, value in weighted.items()}
    found |= {(f, params.second_seed, ALL, "floor_weighted_overlap"): value for f, value in floors.items()}
    for fraction, value in fertility.items():
        found[fraction, params.seed, ALL, "fertility"] = value
        found[fraction, params.seed, "source=a", "fertility"] = value
        found[fraction, params.seed, "source=b", "fertility"] = 3 * value - 4  # 2 where the other is 2, and steeper
        found[fraction, params.seed, ALL, "vocab_size"] = vocabulary
    return found


def chosen(found: Figures, **rule: Any) -> tuple[float, Figures]:
    return choose(found, Params(fractions=(1.0, 0.5, 0.1), vocab_size=300, rule=Rule(**rule)))


def test_the_smallest_that_meets_the_rule() -> None:
    seed = Params().seed
    weighted, same = {1.0: 1.0, 0.5: 0.995, 0.1: 0.97}, {1.0: 2.0, 0.5: 2.0, 0.1: 2.0}
    found = figures(weighted, same, {0.5: 0.999, 0.1: 0.9})
    assert chosen(found)[0] == 0.5
    assert chosen(found, weighted_overlap=0.97)[0] == 0.1
    # two samples of a half agree to 0.96: 0.97 with the whole is no lack of text. Those of a tenth do not count.
    noisy = figures(weighted, same, {0.5: 0.96, 0.1: 0.999})
    fraction, verdicts = chosen(noisy)
    assert (fraction, verdicts[1.0, seed, ALL, "overlap_needed"]) == (0.1, 0.96)
    assert chosen(noisy, against_floor=False)[0] == 0.5
    # 0.5 % off in all is 1.5 % off in one source
    off = figures(weighted, {**same, 0.5: 2.01}, {})
    assert chosen(off)[0] == 0.5
    assert chosen(off, source_fertility_within=0.014)[0] == 1.0
    assert chosen(off, fertility_within=0.004)[0] == 1.0


def test_no_fraction_meets_the_rule() -> None:
    seed, same = Params().seed, {1.0: 2.0, 0.5: 2.0, 0.1: 2.0}
    fraction, verdicts = chosen(figures({1.0: 1.0, 0.5: 1.0, 0.1: 1.0}, same, {}, vocabulary=299))
    assert (fraction, verdicts[1.0, seed, ALL, "rule_met"]) == (1.0, 0)
    assert verdicts[0.1, seed, ALL, "meets_vocabulary"] == 0
    assert verdicts[0.1, seed, ALL, "meets_overlap"] == 1
