"""Shards are the same bytes when a writing task is killed, and when a slow one gets a speculative twin.

Spark speculates only between hosts, so the faults happen on a standalone cluster: a master and two workers on two
loopback addresses. Run as a program, this file writes shards under faults on the cluster that is named.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark import TaskContext
from pyspark.sql import DataFrame, SparkSession

from corpus_pipeline.run import shards
from corpus_pipeline.run.java import find_java
from corpus_pipeline.schemas import contract
from corpus_pipeline.stages import serialize
from corpus_pipeline.stages.arrow import stream_batches, struct_of
from tests import quick_java
from tests.small_tokenizer import card, trained
from tests.standalone import HOSTS, cluster

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = serialize.Params(shard_tokens=1500, formats=("megatron", "parquet", "datatrove"))


def tables(spark: SparkSession) -> dict[str, DataFrame]:
    texts = [f"{i}번째 글에서 학교와 서울을 이야기한다. " * (i % 7 + 1) for i in range(400)]
    columns = "doc_id string, source string, doc_type string, title string, source_name string, category string"
    rows = [(f"d{i}", f"s{i % 3}", "web", None, None, None, text) for i, text in enumerate(texts)]
    json = trained()
    return {
        "documents": spark.createDataFrame(rows, f"{columns}, text string"),
        "mixture": spark.createDataFrame(
            [(f"d{i}", 1 + i % 2, 60) for i in range(400)], "doc_id string, copies int, token_estimate long"
        ),
        "tokenizer": spark.createDataFrame(
            [("tokenizer.json", json), ("card.json", card(json))], "name string, content string"
        ),
    }


def faulty(batches: Iterator[pa.RecordBatch], *, marks: Path) -> Iterator[pa.RecordBatch]:
    """Lets half of the rows through, then dies (first partition) or stands still (last), in the first attempt."""
    context = TaskContext.get()
    assert context is not None
    attempt, partition = context.attemptNumber(), context.partitionId()
    for batch in batches:
        half = batch.num_rows // 2
        yield batch.slice(0, half)
        if half and partition != 1:
            (marks / f"partition {partition} attempt {attempt}").touch()
            if attempt == 0 and partition == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            elif attempt == 0:
                time.sleep(600)
        yield batch.slice(half)


def write(spark: SparkSession, folder: Path, faults: bool) -> None:
    spark.conf.set("spark.sql.shuffle.partitions", 3)
    spark.conf.set("spark.sql.adaptive.enabled", "false")
    sequences = serialize.transform(tables(spark), SETTINGS)["shards"]
    if faults:
        kernel = partial(faulty, marks=folder.parent)
        sequences = stream_batches(sequences, kernel, list(contract("shards").columns), struct_of("shards"))
    shards.write(sequences, folder.as_uri(), SETTINGS.layout)["shard_index"].count()


def digests(folder: Path) -> dict[str, str]:
    """Of the files with a final name: a killed attempt may leave its own, which publishing removes."""
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.glob("[!.]*"))}


@pytest.mark.spark
def test_a_killed_and_a_slow_task_change_nothing(spark: SparkSession, tmp_path: Path) -> None:
    keys = ("spark.sql.adaptive.enabled", "spark.sql.shuffle.partitions")
    before = {key: str(spark.conf.get(key)) for key in keys}
    try:
        write(spark, tmp_path / "calm", faults=False)
    finally:
        for key, value in before.items():
            spark.conf.set(key, value)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "JAVA_HOME": find_java(), "PYSPARK_PYTHON": sys.executable}
    with cluster(tmp_path) as master:
        command = [sys.executable, __file__, master, str(tmp_path / "faults")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, done.stderr[-3000:]
    marks = sorted(p.name for p in tmp_path.glob("partition *"))
    assert marks == [f"partition {p} attempt {a}" for p in (0, 2) for a in (0, 1)]  # a second try, and a twin
    assert len(digests(tmp_path / "calm")) > 10
    assert digests(tmp_path / "faults") == digests(tmp_path / "calm")


if __name__ == "__main__":
    session = (
        SparkSession.builder.master(sys.argv[1])
        .config("spark.driver.host", HOSTS[0])
        .config(quick_java.OPTION, quick_java.options())
        .config("spark.executor.extraJavaOptions", quick_java.options())
        .config("spark.executor.memory", "700m")
        .config("spark.executorEnv.PYTHONPATH", str(ROOT))
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.speculation", "true")
        .config("spark.speculation.multiplier", "1.2")
        .config("spark.speculation.quantile", "0.3")
        .config("spark.speculation.efficiency.enabled", "false")
        .config("spark.speculation.interval", "200ms")
        .getOrCreate()
    )
    write(session, Path(sys.argv[2]), faults=True)
    session.stop()
