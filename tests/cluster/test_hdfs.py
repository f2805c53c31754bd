"""What executors do on HDFS, file by file, against what Hadoop's own client then sees."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

from corpus_pipeline.run.arrow_files import open_file_system
from corpus_pipeline.run.shard_files import File, Written
from tests.cluster.hadoop import Hadoop

PIECE = random.Random(7).randbytes(1 << 20)
PIECES = 200  # more than one block of 128 MB
NAME = "shard-00000.bin"


def attempt(hadoop: Hadoop, name: str) -> Written:
    """Write one shard file as an executor does."""
    fs, path = open_file_system(f"{hadoop.hdfs}/two%20attempts")
    fs.create_dir(path, recursive=True)
    file = File(fs, path, NAME, name)
    for _ in range(PIECES):
        file.write(PIECE)
    return file.finish()


def test_of_two_attempts_one_gets_the_name(hadoop: Hadoop, tmp_path: Path) -> None:
    assert attempt(hadoop, "one") == attempt(hadoop, "two")
    hadoop.shell("-get", "/two attempts", str(tmp_path / "out"))
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (tmp_path / "out").iterdir()}
    assert found == {NAME: hashlib.sha256(PIECE * PIECES).hexdigest()}
