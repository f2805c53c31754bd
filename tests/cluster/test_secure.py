"""The chain by YARN on a cluster with Kerberos, all ways encrypted, while the active NameNode dies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus_pipeline.run.arrow_files import open_file_system
from tests.cluster.conftest import Digests, config, digests
from tests.cluster.secure import Secure
from tests.cluster.submit import ROOT, Package, yarn
from tests.cluster.test_yarn import in_the_middle

_FETCH = "org.apache.hadoop.hdfs.tools.DelegationTokenFetcher"


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    cluster = Secure(tmp_path_factory.mktemp("secure"))
    try:
        cluster.up()
        yield cluster
    finally:
        cluster.stop()


@pytest.mark.parametrize("address", ["hdfs://corpus", "hdfs://localhost:{port}", "hdfs://127.0.0.1:{port}"])
def test_executors_write_by_the_token_of_their_container(
    secure: Secure, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri, token = address.format(port=secure.ports()["namenode0"]), tmp_path / "token"
    secure.run(_FETCH, "-fs", uri, "--renewer", "nobody", str(token))
    monkeypatch.setenv("HADOOP_TOKEN_FILE_LOCATION", str(token))
    settings = secure.settings()
    fs, path = open_file_system(f"{uri}/by%20token", {**settings["core"], **settings["hdfs"]})
    with fs.open_output_stream(path) as file:
        file.write(b"a token is enough")
    assert secure.shell("-cat", "/by token") == "a token is enough"


def test_the_bytes_are_those_of_a_local_run(secure: Secure, code: Path, local: Digests, tmp_path: Path) -> None:
    secure.shell("-put", str(ROOT / "data" / "sample"), "/")
    path = config(tmp_path / "conf", f"{secure.hdfs}/sample", f"{secure.hdfs}/out")
    job = yarn(secure, Package(code), path, "pipeline")
    in_the_middle(job, "serialize", lambda: secure.kill("namenode"))
    secure.activate(1)
    job.done()
    assert "/out is as it was published" in yarn(secure, Package(code), path, "verify").done()
    secure.shell("-get", "/out/shards", "/out/tokenizer", str(tmp_path))
    assert digests(tmp_path) == local
