"""A newcomer's hour: docs/howto/first_hour.md, step by step as written, in a fresh clone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.documentation import ROOT, blocks, restore, run_page

pytestmark = pytest.mark.spark
PAGE = ROOT / "docs" / "howto" / "first_hour.md"
STEPS = ("make corpus", "conf/mine.yaml", "mix.min_quality_rank", "make report", "BASE=out/mine", "make provenance")


def test_the_page_has_every_step() -> None:
    text = "".join(f"{block.argument}\n{block.text}" for block in blocks(PAGE))
    assert [step for step in STEPS if step not in text] == []


def test_the_first_hour(clone: Path) -> None:
    printed = run_page(PAGE, clone)

    def asked(query: str) -> list[tuple[Any, ...]]:
        return duckdb.execute(query.replace("out/", f"{clone}/out/")).fetchall()

    notes = asked("SELECT record_id FROM 'out/mine/raw_documents/*.parquet' WHERE source = 'notes' ORDER BY 1")
    assert notes == [("1",), ("2",)]
    kept = "SELECT count(*) FILTER (copies > 0), count(*) FROM 'out/{}/mixture/*.parquet'"
    (before, whole), (after, same) = asked(kept.format("mine"))[0], asked(kept.format("tuned"))[0]
    assert whole == same == 302
    assert 0 < after < before
    # the other run is as it was, though the copy shares its files
    shards = asked("SELECT sum(documents) FROM 'out/mine/shard_index/*.parquet'")[0][0]
    assert shards == before
    assert asked("SELECT sum(documents) FROM 'out/tuned/shard_index/*.parquet'")[0][0] == after
    assert "places in the shards: 1" in printed
    page = (clone / "out" / "tuned" / "report" / "compare.html").read_text(encoding="utf-8")
    assert "out/mine" in page
    restore(clone)
