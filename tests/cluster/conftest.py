"""One Hadoop for all tests here, with the sample and the environment of `make dist-env` on it, and a local run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus_pipeline.run.bundle import bundle
from corpus_pipeline.run.environment import pack
from tests.cluster.hadoop import Hadoop
from tests.cluster.submit import ROOT, Package
from tests.small_run import calm, write_config

Digests = dict[str, str]


def config(folder: Path, sample: str, output: str) -> Path:
    """The config of a run of the sample at `sample`: three of its sources (tests/small_run.py)."""
    folder.mkdir(parents=True, exist_ok=True)
    return write_config(folder / "run.yaml", output, sample=sample, lease=2)


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
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dist") / "corpus_pipeline.zip"
    bundle(str(path))
    return path


@pytest.fixture(scope="session")
def package(hadoop: Hadoop, code: Path) -> Package:
    archive = code.with_name("environment.tar.gz")
    pack(str(archive))
    hadoop.shell("-put", str(archive), str(ROOT / "data" / "sample"), "/")
    return Package(code, archive, f"{hadoop.hdfs}/{archive.name}")


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Digests:
    """Of a run on local files, without a cluster."""
    found = digests(calm(tmp_path_factory))
    assert len(found) >= 6
    return found
