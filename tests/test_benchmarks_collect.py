"""The benchmark of extractors: its figures on answers that are known, and a run of ours and trafilatura on a page."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from benchmarks.collect import MODULE, OURS, REFERENCE, contenders, measure, result
from corpus_pipeline.kernels.page_blocks import parse
from corpus_pipeline.stages.regions import Figures, Page, measured

BODY = "<h2>소제목</h2>" + "<p>나무는 봄에 싹을 내고 여름에 자라며, 가을이 되면 잎을 떨어뜨린다.</p>" * 6
HTML = (
    f"<html><head><title>나무</title></head><body><nav><a href='/'>홈</a></nav><article>{BODY}</article></body></html>"
)
SITES = {"숲": [Page("숲", "1", HTML, BODY, False)] * 2}


def row(cpu: float, f1: float) -> dict[str, Any]:
    figures = [Figures("숲", "1", f1, {"headings": (2, 1), "items": (0, 0), "code": (1, 1)})] * 2
    return {"숲": {"cpu": [cpu, cpu, 9.0], "peak_mib": 7, "figures": figures}}


def test_ratios_are_of_medians_and_above_one_when_ours_is_faster() -> None:
    found = result({OURS: row(0.5, 0.99), REFERENCE: row(4.0, 0.9), "none": {"error": "absent"}}, SITES)
    assert found["ratios"] == {REFERENCE: {"all": 8.0, "숲": 8.0}}
    assert found["ours"]["pages_per_cpu_s"] == 4.0
    assert found["ours"]["kept_korean"] == {"headings": 0.5, "items": 0.0, "code": 1.0}
    assert found["checks"] == {"eight_times_trafilatura": True, "korean_f1": True}
    assert found["peers"]["none"] == {"error": "absent"}
    assert not result({OURS: row(0.5, 0.9), REFERENCE: row(3.9, 1.0)}, SITES)["checks"]["korean_f1"]


def test_ours_must_not_fail() -> None:
    with pytest.raises(RuntimeError, match="ours failed"):
        result({OURS: {"error": "no model"}}, SITES)


def test_a_text_is_measured_against_its_gold() -> None:
    gold = parse(BODY)
    assert measured(SITES["숲"][0], gold, "## 소제목").kept["headings"] == (1, 1)
    assert measured(SITES["숲"][0], gold, "").f1 == 0


def test_both_extractors_run_in_processes_of_their_own(tmp_path: Path) -> None:
    found = contenders(tmp_path, peers=False)
    assert [(one.name, one.module) for one in found] == [(OURS, MODULE), (REFERENCE, MODULE)]
    rows = measure(SITES, found, tmp_path, min(os.sched_getaffinity(0)))
    figures = result(rows, SITES)
    assert figures["ours"]["f1"]["숲"] > 0.95
    assert figures["peers"][REFERENCE]["f1"]["숲"] > 0.5
    assert figures["ratios"][REFERENCE]["all"] > 0
