"""benchmarks/end_to_end.py: its set, what it reads of Spark's event log, and what it calls a success."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import end_to_end, end_to_end_texts, spark_events


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A set as benchmarks/dedup_texts.py writes it."""
    folder = tmp_path / "set"
    (folder / "parquet").mkdir(parents=True)
    rows = [
        ("a", "law_statutes", "제1조 목적"),
        ("b", "planted_short", "고친 글"),
        ("c", "dedup_law_revisions", "제2조"),
    ]
    for number, some in enumerate((rows[:2], rows[2:])):
        columns = {name: [row[i] for row in some] for i, name in enumerate(("id", "source", "text"))}
        pq.write_table(pa.table(columns), folder / "parquet" / f"{number:02d}.parquet")
    (folder / "made.json").write_text("{}", encoding="utf-8")
    return folder


def read(folder: Path) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for file in sorted((folder / "texts").rglob("*.jsonl")):
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        found.setdefault(file.parent.name, []).extend((row["id"], row["text"]) for row in rows)
    return found


def test_every_document_is_in_the_folder_of_its_type(texts: Path, tmp_path: Path) -> None:
    made = end_to_end_texts.make(texts, tmp_path / "out")
    assert read(tmp_path / "out") == {"law": [("a", "제1조 목적"), ("c", "제2조")], "web": [("b", "고친 글")]}
    assert made["documents"] == 3
    assert made["bytes"] == len("제1조 목적고친 글제2조".encode())
    assert made["types"] == {"law": 2, "web": 1}


def test_a_part_takes_one_document_in_so_many(texts: Path, tmp_path: Path) -> None:
    assert end_to_end_texts.make(texts, tmp_path / "out", every=2)["documents"] == 1
    assert read(tmp_path / "out") == {"web": [("b", "고친 글")]}


def test_a_set_that_is_there_is_not_made_again(texts: Path, tmp_path: Path) -> None:
    first = end_to_end_texts.make(texts, tmp_path / "out")
    (tmp_path / "out" / "texts" / "web" / "00.jsonl").unlink()
    assert end_to_end_texts.make(texts, tmp_path / "out") == first
    assert "web" not in read(tmp_path / "out")
    end_to_end_texts.make(texts, tmp_path / "out", every=2)
    assert list(read(tmp_path / "out")) == ["web"]


def event(name: str, stage: int, group: str | None = None, meters: dict[str, int] | None = None) -> str:
    info = {"Stage ID": stage, "Accumulables": [{"Name": key, "Value": value} for key, value in (meters or {}).items()]}
    properties = {"spark.jobGroup.id": group} if group else {}
    return json.dumps({"Event": f"SparkListenerStage{name}", "Stage Info": info, "Properties": properties})


def test_meters_are_summed_by_the_group_that_submitted_the_stage(tmp_path: Path) -> None:
    read_bytes = "internal.metrics.input.bytesRead"
    spilled = "internal.metrics.diskBytesSpilled"
    lines = [
        '{"Event":"SparkListenerApplicationStart"}',
        event("Submitted", 0, "dedup"),
        event("Submitted", 1),
        event("Completed", 0, meters={read_bytes: 10, spilled: 3, "number of output rows": 99}),
        event("Completed", 1, meters={read_bytes: 5, "internal.metrics.executorCpuTime": 2_000_000_000}),
        event("Submitted", 2, "dedup"),
        event("Completed", 2, meters={read_bytes: 7}),
    ]
    (tmp_path / "app").write_text("\n".join(lines), encoding="utf-8")
    found = spark_events.by_stage(tmp_path)
    assert found["dedup"] == dict.fromkeys(spark_events.NAMES, 0.0) | {"read": 17.0, "spilled": 3.0}
    assert found[spark_events.OTHER]["read"] == 5.0
    assert found[spark_events.OTHER]["cpu_seconds"] == 2.0


def run(seconds: float = 100.0, **changed: Any) -> dict[str, Any]:
    return {"mb_per_s": 200 / seconds, "peak_mib": 4000, "verified": True, "curve": []} | changed


@pytest.mark.parametrize(
    ("changed", "broken"),
    [
        ({}, set()),
        ({"verified": False}, {"verified"}),
        ({"peak_mib": 7000}, {"memory_below_6_gib"}),
        ({"mb_per_s": 0.9}, {"10x_datatrove"}),
        (
            {"curve": [{"mb": 100, "s_per_mb": 1.0, **run()}, {"mb": 500, "s_per_mb": 1.2, **run()}]},
            {"cost_per_mb_500_at_most_1.1x_100"},
        ),
    ],
)
def test_what_is_not_shown_is_named(changed: dict[str, Any], broken: set[str]) -> None:
    found = end_to_end.checks(run(**changed), {"datatrove": {"mb_per_s": 0.1}}, quick=False)
    assert {name for name, holds in found.items() if not holds} == broken


def test_a_peer_that_failed_is_no_success() -> None:
    assert not end_to_end.checks(run(), {"datatrove": {"error": "no wheel"}}, quick=False)["all_peers_ran"]
