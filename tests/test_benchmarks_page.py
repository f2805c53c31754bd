"""benchmarks/page.py: the page says what the results say, good and bad."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.page import BENCHES, LACKS, page

RESULT = {
    "ours": {
        "mb_per_s": 2.0,
        "seconds": 10.0,
        "stages": {"dedup": {"seconds": 4.0, "read": 40e6, "shuffled": 5e6, "written": 1e6, "spilled": 0.0}},
        "curve": [{"mb": 20, "seconds": 10.0, "s_per_mb": 0.5, "peak_mib": 2345, "mb_per_s": 2.0}],
    },
    "peers": {},
    "ratios": {"datatrove": 12.5, "rensa": 0.97},
    "checks": {"precision_is_1": True, "12x_datatrove": False, "compared": {"documents": 3}},
    "versions": {"datatrove": "0.10.1", "pyspark": "4.3.0"},
    "machine": {"cores": 2, "cpu": "a processor", "python": "3.11.7"},
}


def written(folder: Path, **changed: Any) -> str:
    (folder / "dedup.json").write_text(json.dumps(RESULT | changed), encoding="utf-8")
    return page(folder)


def test_ratios_versions_and_lacks_are_shown(tmp_path: Path) -> None:
    found = written(tmp_path)
    assert f"| `datatrove` | 12.50 x | datatrove 0.10.1 | {LACKS['dedup']['datatrove']} |" in found
    assert "| `rensa` | 0.97 x | rensa |" in found
    assert "2 cores, a processor, python 3.11.7, pyspark 4.3.0" in found


def test_what_does_not_hold_is_named(tmp_path: Path) -> None:
    assert "1 of 2 checks hold. Not: `12x_datatrove`." in written(tmp_path)
    assert "All 1 checks hold." in written(tmp_path, checks={"precision_is_1": True})


def test_bytes_are_per_byte_of_raw_text(tmp_path: Path) -> None:
    assert "| dedup | 4.0 | 2.000 | 0.250 | 0.050 | 0.000 |" in written(tmp_path)
    assert "| 20 | 10.0 | 0.500 | 2,345 |" in written(tmp_path)


def test_a_benchmark_without_a_result_is_named(tmp_path: Path) -> None:
    found = written(tmp_path)
    for name in BENCHES.keys() - {"dedup"}:
        assert f"No result: `make bench ONLY={name}`." in found


def test_a_benchmark_without_a_result_keeps_what_the_page_said(tmp_path: Path) -> None:
    """And one with a result does not: `make bench ONLY=dedup` changes that part alone."""
    before = written(tmp_path)
    (tmp_path / "dedup.json").rename(tmp_path / "classify.json")
    after = page(tmp_path, before)
    assert after.count("| `datatrove` | 12.50 x |") == 2
    assert [line for line in after.splitlines() if line.startswith("## ")] == [f"## {name}" for name in BENCHES]
    assert page(tmp_path, after) == after


@pytest.mark.parametrize("bench", sorted(LACKS))
def test_what_peers_lack_is_said_of_benchmarks_there_are(bench: str) -> None:
    assert bench in BENCHES
