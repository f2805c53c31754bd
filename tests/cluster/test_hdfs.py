"""What executors do on HDFS, file by file, against what Hadoop's own client then sees."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from pathlib import Path

from corpus_pipeline.run.arrow_files import open_file_system
from corpus_pipeline.run.shard_files import File, Written
from tests.cluster.hadoop import Hadoop

PIECE = random.Random(7).randbytes(1 << 20)
PIECES = 200  # more than one block of 128 MB
NAME = "shard-00000.bin"


def attempt(hadoop: Hadoop, folder: str, name: str, half_way: Callable[[], None] = lambda: None) -> Written:
    """Write one shard file as an executor does."""
    fs, path = open_file_system(f"{hadoop.hdfs}/{folder}")
    fs.create_dir(path, recursive=True)
    file = File(fs, path, NAME, name)
    for i in range(PIECES):
        if i == PIECES // 2:
            half_way()
        file.write(PIECE)
    return file.finish()


def fetched(hadoop: Hadoop, folder: str, target: Path) -> dict[str, str]:
    """SHA-256 of the folder's files, hidden ones too."""
    hadoop.shell("-get", f"/{folder}", str(target))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in target.iterdir()}


def test_of_two_attempts_one_gets_the_name(hadoop: Hadoop, tmp_path: Path) -> None:
    one, two = attempt(hadoop, "two%20attempts", "one"), attempt(hadoop, "two%20attempts", "two")
    assert one == two
    assert fetched(hadoop, "two attempts", tmp_path / "out") == {NAME: hashlib.sha256(PIECE * PIECES).hexdigest()}


def test_a_datanode_dies_while_a_shard_is_written(hadoop: Hadoop, tmp_path: Path) -> None:
    try:
        written = attempt(hadoop, "died", "one", half_way=lambda: hadoop.kill("datanode-1"))
        assert fetched(hadoop, "died", tmp_path / "out") == {NAME: written.sha256}
    finally:
        hadoop.start_one("datanode-1")
        hadoop.wait("HDFS", lambda: hadoop.live_datanodes() == 2)
    assert written.sha256 == hashlib.sha256(PIECE * PIECES).hexdigest()
