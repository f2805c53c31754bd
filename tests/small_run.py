"""A run of three of the sample's sources, by the jobs as users start them: every stage has something to do."""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from corpus_pipeline.pipeline import PIPELINE

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "sample"
SOURCES = ("blog_html", "personal", "qna")
LEASE = 0.1  # minutes


def write_config(
    path: Path, output: str, spark: Mapping[str, Any] | None = None, sample: str = str(SAMPLE), lease: float = LEASE
) -> Path:
    """A config at `path`. spark: settings of that section over those of the sample;  sample: where its sources are."""
    raw = yaml.safe_load((ROOT / "conf" / "sample.yaml").read_text(encoding="utf-8"))
    raw["sources"] = {name: raw["sources"][name] for name in SOURCES}
    for source in raw["sources"].values():
        source["path"] = source["path"].replace("data/sample", sample, 1)
    raw |= {
        "name": "small",
        "output": output,
        "lease_minutes": lease,
        "spark": {**raw["spark"], "partitions": 3, **(spark or {})},
        "classify": {},
        "mix": {"epoch_cap": 2},
        "train_tokenizer": {"vocab_size": 2000},
        "serialize": {"shard_tokens": 20_000, "formats": ["megatron", "parquet"]},
    }
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    return path


def start(
    job: str, config: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """The job in a process group of its own; what it says comes from its stderr."""
    command = [sys.executable, f"jobs/{job}.py", "--config", str(config), "--log-dir", str(config.parent / "logs")]
    return subprocess.Popen(
        [*command, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(job: str, config: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> tuple[int, list[str]]:
    """Exit code and lines of the job, run to its end."""
    with start(job, config, *arguments, environment=environment) as process:
        lines = process.communicate()[1].splitlines()
    return process.returncode, lines


def calm(folders: pytest.TempPathFactory) -> Path:
    """The output of a run that nothing disturbed; one for all tests, in whichever process of pytest-xdist they are."""
    base = folders.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "calm"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "out" / "shards" / "_manifest.json").exists():
            code, lines = run("pipeline", write_config(folder / "small.yaml", str(folder / "out")))
            assert code == 0, lines
            assert_conserved(folder / "out")
    return folder / "out"


def content(output: Path) -> dict[str, str]:
    """SHA-256 of every shard file, of the tokenizer and of every manifest: what two equal runs have in common."""
    paths = [p for pattern in ("shards/shard-*", "tokenizer/*.json", "*/_manifest.json") for p in output.glob(pattern)]
    found = {str(p.relative_to(output)): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}
    assert {f"{table}/_manifest.json" for stage in PIPELINE for table in stage.writes} <= found.keys()
    return found


def records() -> int:
    """Records in the files of the sources, counted without Spark."""
    lines = 0
    for path in (*(SAMPLE / "qna").glob("*.jsonl"), *(SAMPLE / "pii").glob("*.jsonl")):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        lines += len(data.decode().splitlines())
    return lines + len(list((SAMPLE / "blog_html").glob("*.html")))


def assert_conserved(output: Path) -> None:
    """Read = kept + rejected, and every document was decided on."""

    def metric(table: str, name: str) -> float:
        return float(
            json.loads((output / table / "_manifest.json").read_text(encoding="utf-8"))["metrics"][f"all/{name}"]
        )

    assert metric("raw_documents", "records") + metric("rejected_records", "rejected") == records()
    documents = metric("raw_documents", "documents")
    assert metric("mixture", "kept") + metric("mixture", "dropped") == documents > 100
