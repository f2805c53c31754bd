"""The whole chain on an object store that renames nothing: s3a:// on moto's server, a run killed while it publishes.

Spark fetches the S3A connector and the parts of AWS's SDK that it uses (25 MB instead of the bundle's 600) from Maven
Central, once.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pyspark
import pytest
from pyarrow import fs as arrow_fs

from corpus_pipeline.pipeline import PIPELINE
from corpus_pipeline.run.arrow_files import open_file_system
from tests.small_run import assert_conserved, calm, content, run, start, write_config

SECRET = "a synthetic secret that stands in no file"
KEYS = {"AWS_ACCESS_KEY_ID": "synthetic", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1"}
BUCKET = "corpus"
SDK = "2.35.4"  # of hadoop-project 3.5.0
HADOOP = next((Path(pyspark.__file__).parent / "jars").glob("hadoop-client-api-*.jar")).stem.rpartition("-")[2]
PACKAGES = [
    f"org.apache.hadoop:hadoop-aws:{HADOOP}",
    *(f"software.amazon.awssdk:{part}:{SDK}" for part in ("s3", "s3-transfer-manager", "sts", "apache-client")),
]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line a request
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def store(endpoint: str) -> arrow_fs.FileSystem:
    settings = {"fs.s3a.endpoint": endpoint, "fs.s3a.access.key": "synthetic", "fs.s3a.secret.key": SECRET}
    settings |= {"fs.s3a.path.style.access": "true", "fs.s3a.endpoint.region": "us-east-1"}
    fs, path = open_file_system(f"s3a://{BUCKET}/%ED%95%9C", settings)
    assert path == f"{BUCKET}/한"
    assert isinstance(fs, arrow_fs.S3FileSystem)
    server = {"endpoint_override": endpoint.partition("://")[2], "scheme": "http", "region": "us-east-1"}
    arrow_fs.S3FileSystem(access_key="synthetic", secret_key=SECRET, allow_bucket_creation=True, **server).create_dir(
        BUCKET
    )
    return fs


def files(store: arrow_fs.FileSystem) -> dict[str, int]:
    """Size of every object below the output."""
    found = store.get_file_info(arrow_fs.FileSelector(f"{BUCKET}/out", recursive=True, allow_not_found=True))
    return {one.path.removeprefix(f"{BUCKET}/out/"): one.size for one in found if one.type == arrow_fs.FileType.File}


def fetched(store: arrow_fs.FileSystem, folder: Path) -> Path:
    for name in files(store):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(store.open_input_stream(f"{BUCKET}/out/{name}").read())
    return folder


def test_python_workers_get_what_hadoop_was_told() -> None:
    """A bucket's own settings go first; without keys Arrow looks for them itself; AWS's own store needs nothing."""
    told = {
        "fs.s3a.access.key": "a",
        "fs.s3a.secret.key": "b",
        "fs.s3a.bucket.one.access.key": "c",
        "fs.s3a.bucket.one.secret.key": "d",
        "fs.s3a.endpoint": "store:9000",
        "fs.s3a.endpoint.region": "kr",
        "fs.s3a.connection.ssl.enabled": "false",
        "fs.s3a.path.style.access": "true",
    }
    same = {"region": "kr", "endpoint_override": "store:9000", "scheme": "http"}
    for bucket, access, secret in (("one", "c", "d"), ("two", "a", "b")):
        expected = arrow_fs.S3FileSystem(access_key=access, secret_key=secret, **same)
        assert open_file_system(f"s3a://{bucket}/x", told)[0] == expected
    virtual = {"endpoint_override": "store", "force_virtual_addressing": True, "region": "kr"}
    plain = {"fs.s3a.endpoint": "https://store", "fs.s3a.endpoint.region": "kr"}
    assert open_file_system("s3a://one/x", plain)[0] == arrow_fs.S3FileSystem(**virtual)
    assert open_file_system("s3a://one/x", {"fs.s3a.endpoint.region": "kr"})[0] == arrow_fs.S3FileSystem(region="kr")


@pytest.mark.spark
def test_a_run_killed_while_it_publishes_is_made_whole(
    endpoint: str, store: arrow_fs.FileSystem, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    connector = {
        "spark.jars.packages": ",".join(PACKAGES),
        "spark.jars.excludes": "software.amazon.awssdk:bundle,io.netty:*",
        "spark.hadoop.fs.s3a.endpoint": endpoint,
        "spark.hadoop.fs.s3a.endpoint.region": "us-east-1",
        "spark.hadoop.fs.s3a.path.style.access": "true",
    }
    config = write_config(tmp_path / "small.yaml", f"s3a://{BUCKET}/out", {"conf": connector})

    with start("pipeline", config, environment=KEYS) as killed:
        while not [name for name in files(store) if name.startswith("documents/part-")]:
            assert killed.poll() is None, killed.communicate()[1][-3000:]
            time.sleep(0.02)
        os.killpg(killed.pid, signal.SIGKILL)
    there = files(store)
    assert "raw_documents/_manifest.json" in there
    assert "documents/_manifest.json" not in there  # a reader sees no table

    code, lines = run("pipeline", config, environment=KEYS)
    assert code == 0, lines
    assert "collect: up to date" in lines
    assert "scrub: runs (documents is not there)" in lines
    output = fetched(store, tmp_path / "fetched")
    assert content(output) == content(calm(tmp_path_factory))
    assert_conserved(output)
    assert not [name for name in files(store) if name.startswith(("_lease", "_staging", "_temporary"))]

    code, lines = run("pipeline", config, environment=KEYS)
    assert code == 0
    assert [line for line in lines if line.endswith(": up to date")] == [f"{s.name}: up to date" for s in PIPELINE]
    code, lines = run("verify", config, environment=KEYS)
    assert code == 0, lines
    for path in (p for p in tmp_path.rglob("*") if p.is_file()):  # tables, reports, logs
        assert SECRET.encode() not in path.read_bytes(), path
