"""The sample is a keyed-hash subset: the same documents always, and nested."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from corpus_pipeline.stages import sample

pytestmark = pytest.mark.spark


def test_fractions_are_nested_proportional_and_independent_of_partitions(spark: SparkSession) -> None:
    mixture = spark.range(20_000).selectExpr(
        "sha2(cast(id as string), 256) doc_id", "'s' source", "if(id % 4 = 0, 'news', 'blog') doc_type",
        "100L text_bytes", "if(id % 10 = 0, 0, 1) copies",
    )  # fmt: skip

    def drawn(fraction: float, partitions: int) -> dict[str, str]:
        rows = sample.transform({"mixture": mixture.repartition(partitions)}, sample.Params(fraction=fraction))
        return {r["doc_id"]: r["doc_type"] for r in rows["tokenizer_sample"].collect()}

    small, large = drawn(0.05, 1), drawn(0.2, 7)
    assert small == drawn(0.05, 5)
    assert small.keys() < large.keys()
    assert len(large) == pytest.approx(0.2 * 18_000, rel=0.05)
    assert sum(t == "news" for t in large.values()) == pytest.approx(0.2 * 4_000, rel=0.1)
    dropped = {r["doc_id"] for r in mixture.where("copies = 0").collect()}
    assert not dropped & large.keys()
