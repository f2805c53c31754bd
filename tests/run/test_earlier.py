"""Runs that build on earlier ones, through the config: what is compared, what is refused, what runs again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from corpus_pipeline.errors import ConfigError, ResourceError
from corpus_pipeline.pipeline import STAGES
from corpus_pipeline.run import manifest
from corpus_pipeline.run.config import check
from corpus_pipeline.run.execute import Run, execute, plan
from corpus_pipeline.run.storage import Storage

pytestmark = pytest.mark.spark
LETTERS = Path(__file__).resolve().parents[2] / "data" / "sample" / "petitions"


def letters() -> list[str]:
    """Thirty petitions of the sample."""
    lines = next(iter(sorted(LETTERS.glob("*.jsonl")))).read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["content"] for line in lines[:30]]


class Batch:
    """A month's documents in a folder of their own."""

    def __init__(self, spark: SparkSession, folder: Path, texts: dict[str, str], earlier: list[str]) -> None:
        folder.mkdir()
        records = [json.dumps({"id": key, "body": text}, ensure_ascii=False) for key, text in texts.items()]
        (folder / "a.jsonl").write_text("\n".join(records), encoding="utf-8")
        self.spark, self.output, self.lines = spark, str(folder / "out"), list[str]()
        columns = {"record_id": "id", "text": "body", "title": "id"}
        source = {
            "format": "json", "path": str(folder / "a.jsonl"), "fields": "id string, body string",
            "doc_type": "web", "licence": "CC0-1.0", "columns": columns,
        }  # fmt: skip
        self.raw: dict[str, Any] = {"name": "t", "output": self.output, "earlier": earlier, "sources": {"a": source}}

    @property
    def run(self) -> Run:
        return Run(self.spark, Storage(self.spark), check(self.raw, "t.yaml"), self.lines.append)

    def make(self, *stages: str) -> None:
        self.spark.conf.set("spark.sql.shuffle.partitions", 2)
        for stage in stages:
            execute(self.run, STAGES[stage], force=False)

    def rows(self, table: str) -> dict[str, dict[str, Any]]:
        """Rows of a table by the title of their document."""
        titles = {row["doc_id"]: row["title"] for row in self.spark.read.parquet(f"{self.output}/documents").collect()}
        found = self.spark.read.parquet(f"{self.output}/{table}").collect()
        return {titles.get(row["doc_id"], row["doc_id"]): row.asDict() for row in found}


def test_a_new_batch_knows_what_an_earlier_one_had(spark: SparkSession, tmp_path: Path) -> None:
    texts = letters()
    old = Batch(spark, tmp_path / "one", {f"old {i}": text for i, text in enumerate(texts[:20])}, [])
    old.make("collect", "scrub", "dedup")
    near = texts[3].replace("니다", "니다요", 1)
    fresh = {"again": texts[3] + "!!", "near": near, **{f"new {i}": text for i, text in enumerate(texts[20:])}}
    new = Batch(spark, tmp_path / "two", {**fresh, "old 5": texts[5]}, [old.output])
    new.make("collect", "scrub", "dedup", "classify", "tag", "mix")

    found = new.rows("duplicates")
    assert {name for name, row in found.items() if row["earlier"]} == {"again", "near", "old 5"}
    assert found["near"]["kind"] == "near"
    assert found["again"]["kind"] == "exact" or found["again"]["cluster_size"] == 3
    assert found["old 5"]["partner_id"] == found["old 5"]["doc_id"]  # the same record: of both runs
    assert len(new.rows("earlier_duplicates")) == 20
    reasons = {name: row["drop_reason"] for name, row in new.rows("mixture").items()}
    assert {reasons[name] for name in ("again", "near", "old 5")} == {"earlier_duplicate"}
    assert [r for r in reasons.values() if r == "earlier_duplicate"] == ["earlier_duplicate"] * 3

    assert plan(new.run, (STAGES["dedup"],), force=False) == [(STAGES["dedup"], None)]
    new.raw["earlier"] = []
    assert plan(new.run, (STAGES["dedup"],), force=False)[0][1] is not None


def test_earlier_runs_must_be_there_and_know_one_another(spark: SparkSession, tmp_path: Path) -> None:
    texts = letters()
    one, two = (
        Batch(spark, tmp_path / name, {f"{name} {i}": text for i, text in enumerate(part)}, [])
        for name, part in (("one", texts[:10]), ("two", texts[10:20]))
    )
    three = Batch(spark, tmp_path / "three", {"three": texts[29]}, [one.output, two.output])
    one.make("collect", "scrub")
    two.make("collect", "scrub", "dedup")
    three.make("collect", "scrub")
    with pytest.raises(ResourceError) as missing:
        three.make("dedup")
    assert missing.value.where == f"{one.output}/signatures"
    one.make("dedup")
    with pytest.raises(ConfigError) as strangers:
        three.make("dedup")
    assert strangers.value.expected == f"a run that was compared with {one.output}"
    two.raw["earlier"] = [one.output]
    two.make("dedup")
    three.make("dedup")
    assert manifest.read(three.run.storage, three.output, "duplicates") is not None

    three.raw["dedup"] = {"ngram": 7}
    with pytest.raises(ConfigError) as scheme:
        three.make("dedup")
    assert scheme.value.where == "earlier: signatures"
