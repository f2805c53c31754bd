"""Java is started before what takes a second to load, and the session finds it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from corpus_pipeline.run import gateway
from corpus_pipeline.run.config_file import SparkSettings

ROOT = Path(__file__).resolve().parents[2]
_LOADED = """
import sys
from corpus_pipeline.errors import ResourceError
from corpus_pipeline.run import gateway, job

def launch(*_):
    loaded = sorted({"numpy", "pandas", "pyarrow", "pyspark", "scipy"} & sys.modules.keys())
    raise ResourceError("loaded", "nothing", " ".join(loaded) or "nothing", "")

gateway.launch = launch
sys.exit(job.main(sys.argv[1], ["--config", "conf/sample.yaml", "--log-dir", sys.argv[2]]))
"""

_GIVEN_UP = """
import sys, time
from corpus_pipeline.run import gateway
from corpus_pipeline.run.config_file import SparkSettings

gateway.launch(SparkSettings(), sys.argv[2])
time.sleep(float(sys.argv[1]))
"""


@pytest.mark.parametrize("job", ["dedup", "pipeline", "verify"])
def test_java_starts_before_the_rest_is_loaded(job: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _LOADED, job, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ran.stderr.startswith("error: ResourceError: loaded: expected nothing, got nothing.")


@pytest.mark.parametrize("wait", [0.0, 0.5, 1.0, 2.0])
def test_a_java_that_no_session_asked_for_ends_with_us(wait: float, tmp_path: Path) -> None:
    """A wrong config or an interrupt, at any moment of its start: else it would wait for ever."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", _GIVEN_UP, str(wait), str(tmp_path / "java.log")]
    assert not subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    deadline = time.monotonic() + 30
    while (left := _with(str(tmp_path))) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left
    assert not [*tmp_path.glob("corpus-java-*")]


def _with(word: str) -> list[str]:
    """Programs with the word in their command line."""
    lines = [" ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"])]
    return [line for line in lines if word in line]


def test_under_spark_submit_there_is_one_already(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYSPARK_GATEWAY_PORT", "1")
    gateway.launch(SparkSettings(), str(tmp_path / "log"))
    with gateway.named():
        assert os.environ["PYSPARK_GATEWAY_PORT"] == "1"
    assert os.environ["PYSPARK_GATEWAY_PORT"] == "1"
    assert not (tmp_path / "log").exists()
