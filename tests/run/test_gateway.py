"""Java is started before what takes a second to load, and the session finds it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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


@pytest.mark.parametrize("job", ["dedup", "pipeline", "verify"])
def test_java_starts_before_the_rest_is_loaded(job: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _LOADED, job, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ran.stderr.startswith("error: ResourceError: loaded: expected nothing, got nothing.")


def test_under_spark_submit_there_is_one_already(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYSPARK_GATEWAY_PORT", "1")
    gateway.launch(SparkSettings(), str(tmp_path / "log"))
    with gateway.named():
        assert os.environ["PYSPARK_GATEWAY_PORT"] == "1"
    assert os.environ["PYSPARK_GATEWAY_PORT"] == "1"
    assert not (tmp_path / "log").exists()
