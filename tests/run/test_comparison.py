"""Two runs side by side: what changed is listed with right figures, and what did not is left out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.run import comparison, figures, html_report
from corpus_pipeline.run.comparison import Change, Comparison, Part
from corpus_pipeline.run.manifest import Manifest
from corpus_pipeline.run.storage import Storage
from tests.made_run import CONFIG, HOSTILE, KOREAN, Local, chain, config_of, publish, write_tables


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_tables(tmp_path / "out")
    return tmp_path / "out"


def compared(folder: Path, base: dict[str, Manifest], now: dict[str, Manifest]) -> Comparison:
    publish(folder.parent / "base", base)
    publish(folder, now)
    return compare(folder, "base")


def compare(folder: Path, base: str) -> Comparison:
    storage = cast(Storage, Local(folder))
    return comparison.compare(storage, CONFIG, figures.of_run(storage, CONFIG), base)


def changes(of: Comparison) -> dict[str, list[Change]]:
    return {part.title: part.changes for part in of.parts if part.changes}


def test_equal_runs_have_no_change(folder: Path) -> None:
    found = compared(folder, chain(), chain())
    assert changes(found) == {}
    assert comparison.as_text(found).splitlines()[2].startswith("No change: Totals; Text; Settings; Sources;")


def test_a_threshold_and_what_it_did(folder: Path) -> None:
    """Only what changed is told: the setting, its content, the documents by source and reason."""
    now = chain(config_of(HOSTILE, KOREAN, mix={"min_quality_score": {"web": 0.5}}))
    metrics = now["mixture"].metrics | {
        "all/kept": 780, "all/dropped": 210, f"source={HOSTILE}/kept": 700, f"source={HOSTILE}/dropped": 200,
        f"source={HOSTILE},drop_reason=quality:x/rows": 60, f"source={HOSTILE},drop_reason=quality_score/rows": 140,
    }  # fmt: skip
    now["mixture"] = replace(now["mixture"], metrics=metrics, digest="another", rows=990)
    found = compared(folder, chain(), now)
    assert changes(found) == {
        "Totals": [Change("documents kept", 880, 780), Change("documents dropped", 110, 210)],
        "Settings": [Change("mix.min_quality_score.web", None, "0.5"), Change("mix.min_quality_score", "{}", None)],
        "Documents kept, by source": [Change(HOSTILE, 800, 700)],
        "Documents dropped, by source": [Change(HOSTILE, 100, 200)],
        "Not kept, by reason": [Change("quality_score", None, 140), Change("quality:x", 100, 60)],
        "Not kept, by source and reason": [
            Change(f"{HOSTILE}: quality_score", None, 140), Change(f"{HOSTILE}: quality:x", 100, 60),
        ],
        "Content of the tables": [Change("mixture", "990 rows, digest of mi", "990 rows, another")],
    }  # fmt: skip
    text = comparison.as_text(found)
    assert [line.split() for line in text.splitlines() if line.startswith("documents kept")] == [
        ["documents", "kept", "880", "780", "-100", "(-11.4", "%)"]
    ]


def test_versions_sources_card_quality_and_time(folder: Path) -> None:
    base, now = chain(), chain(config_of(KOREAN))
    for side, score in ((base, 495e6), (now, 792e6)):  # of 990 documents
        metrics = {"all/documents": 990, "all/quality_score": score, "all/with_reason": 99, "doc_type=web/documents": 0}
        side["quality"] = replace(side["quality"], metrics=metrics)
    base["tags"] = replace(base["tags"], versions={"python": "3.11", "pyspark": "4.2.1"})
    (folder / "quality_report").mkdir()
    (folder / "quality_report/_timings.json").write_text(json.dumps({"dedup": 12.5}))
    publish(folder.parent / "base", base, '{"mode": "byte"}')
    publish(folder, now, '{"mode": "morpheme"}')
    found = changes(compare(folder, "base"))
    assert found["Versions"] == [Change("pyspark", "4.2.1, 4.3.0", "4.3.0")]
    assert found["Quality"] == [Change("mean score, all", 0.5, 0.8)]
    assert found["Tokenizer"] == [Change("mode", "byte", "morpheme")]
    assert found["Time"] == [Change("dedup", None, 12.5)]
    assert {one.name.rpartition(".")[0] for one in found["Sources"]} == {HOSTILE}


def test_figures_of_a_root_of_its_own_come_from_the_quality_report(folder: Path) -> None:
    base = chain()
    restricted = [base.pop(table) for table in ("raw_documents", "rejected_records")]
    rows = [
        dict(
            zip(
                ("stage", "table", "slice", "metric", "value"),
                ("collect", one.table, *key.rsplit("/", 1), n),
                strict=True,
            )
        )
        for one in restricted
        for key, n in one.metrics.items()
    ]
    report = folder.parent / "base/quality_report"
    report.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), report / "collect.parquet")
    found = changes(compared(folder, base, chain()))
    assert found.keys() == {"Content of the tables"}
    assert [one.name for one in found["Content of the tables"]] == ["raw_documents", "rejected_records"]


def test_no_run_at_the_base_is_said(folder: Path) -> None:
    publish(folder, chain())
    with pytest.raises(ResourceError) as caught:
        compare(folder, "gone")
    assert caught.value.where == "gone"


def test_the_page_of_a_comparison_goes_when_a_report_is_made_without(folder: Path) -> None:
    storage = cast(Storage, Local(folder))
    found = compared(folder, chain(), chain())
    run = figures.of_run(storage, CONFIG)
    html_report.write(storage, CONFIG, run, found)
    assert "compare.ko.html" in (folder / "report/index.ko.html").read_text(encoding="utf-8")
    assert (folder / "report/compare.html").exists()
    html_report.write(storage, CONFIG, run)
    assert sorted(one.name for one in (folder / "report").iterdir()) == ["index.html", "index.ko.html"]
    assert "compare.html" not in (folder / "report/index.html").read_text(encoding="utf-8")


def test_text_for_a_terminal_has_no_control_characters() -> None:
    part = Part("Settings", "text", [Change("a\x1b[2J", "x" * 99, "둘\n\u202e")], 3)
    text = comparison.as_text(Comparison("base", "now", [part]))
    assert "".join(text.split("\n")).isprintable()
    assert f"{'x' * 43}…" in text
