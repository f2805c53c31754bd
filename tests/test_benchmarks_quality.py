"""A small run of the evaluation of bad texts, and its bounds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks import quality_evaluation as evaluation
from corpus_pipeline.run.bad_texts import KINDS

ROOT = Path(__file__).resolve().parents[1]


def test_a_small_run_prints_a_table_and_holds_its_bounds_to_account(tmp_path: Path) -> None:
    out = tmp_path / "quality.json"
    command = [sys.executable, "benchmarks/quality_evaluation.py", "--texts", "12", "--bad", "2", "--runs", "0"]
    run = subprocess.run([*command, "--out", str(out)], cwd=ROOT, capture_output=True, text=True, check=True)
    result = json.loads(out.read_text(encoding="utf-8"))
    assert set(result["caught"]["by_kind"]) == set(KINDS)
    assert all(0 <= share <= 1 for share in result["lost"]["by_type"].values())
    assert "mean of the kinds" in run.stdout
    assert result["bounds"]["caught"]["value"] == result["caught"]["mean"]


def test_bounds_fail_when_too_little_is_caught_or_too_much_lost() -> None:
    result = {
        "caught": {"mean": 0.89},
        "lost": {"by_type": {"news": 0.021, "law": 0.5}, "texts": {"news": 100, "law": 99}},
        "mb_per_cpu_s": 4.0,
    }
    found = {name: bound["holds"] for name, bound in evaluation.bounds(result).items()}
    assert found == {"caught": False, "mb_per_cpu_s": True, "lost news": False}  # too little law to tell
