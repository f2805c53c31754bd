"""One Hadoop for all tests here, with the sample and the environment of `make dist-env` on it, and a local run."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from corpus_pipeline.run.bundle import bundle
from corpus_pipeline.run.environment import pack
from tests.cluster.hadoop import Hadoop
from tests.cluster.submit import ROOT, Package

Digests = dict[str, str]


def config(folder: Path, sources: str, output: str) -> Path:
    """conf/sample.yaml with its sources below `sources`; what says how much of this machine to take is left out."""
    run = yaml.safe_load((ROOT / "conf" / "sample.yaml").read_text(encoding="utf-8"))
    for source in run["sources"].values():
        paths = [source["path"]] if isinstance(source["path"], str) else source["path"]
        source["path"] = [path.replace("data/sample", sources, 1) for path in paths]
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "run.yaml"
    target.write_text(yaml.safe_dump({**run, "output": output}, allow_unicode=True), encoding="utf-8")
    return target


def digests(output: Path) -> Digests:
    """SHA-256 of every shard file and of the tokenizer."""
    files = [*output.glob("shards/shard-*"), *output.glob("tokenizer/*.json")]
    named = {f"{path.parent.name}/{path.name}": path.read_bytes() for path in sorted(files)}
    return {name: hashlib.sha256(content).hexdigest() for name, content in named.items() if "_manifest" not in name}


@pytest.fixture(scope="session")
def hadoop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hadoop]:
    cluster = Hadoop(tmp_path_factory.mktemp("hadoop"))
    try:
        cluster.up()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def package(hadoop: Hadoop, tmp_path_factory: pytest.TempPathFactory) -> Package:
    folder = tmp_path_factory.mktemp("dist")
    code, archive = folder / "corpus_pipeline.zip", folder / "environment.tar.gz"
    bundle(str(code))
    pack(str(archive))
    hadoop.shell("-put", str(archive), str(ROOT / "data" / "sample"), "/")
    return Package(code, archive, f"{hadoop.hdfs}/{archive.name}")


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Digests:
    """Of a run on local files, without a cluster."""
    folder = tmp_path_factory.mktemp("local")
    path = config(folder, str(ROOT / "data" / "sample"), str(folder / "out"))
    command = [sys.executable, "jobs/pipeline.py", "--config", str(path), "--log-dir", str(folder / "logs")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = digests(folder / "out")
    assert len(found) >= 6
    return found
