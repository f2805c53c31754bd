"""The whole chain by Spark standalone with two workers, the driver here, sources and output on HDFS."""

from __future__ import annotations

from pathlib import Path

from tests.cluster.conftest import Digests, config, digests
from tests.cluster.hadoop import Hadoop
from tests.cluster.submit import Package, standalone
from tests.standalone import cluster


def test_the_bytes_are_those_of_a_local_run(hadoop: Hadoop, package: Package, local: Digests, tmp_path: Path) -> None:
    path = config(tmp_path / "conf", f"{hadoop.hdfs}/sample", f"{hadoop.hdfs}/standalone")
    logs = ("--log-dir", str(tmp_path / "logs"))
    with cluster(tmp_path, memory="1g") as master:
        said = standalone(hadoop, master, package, path, "pipeline", *logs).done()
        checked = standalone(hadoop, master, package, path, "verify", *logs).done()
    assert f" at {master}, " in said
    assert "/standalone is as it was published" in checked
    hadoop.shell("-get", "/standalone/shards", "/standalone/tokenizer", str(tmp_path))
    assert digests(tmp_path) == local
