"""The whole chain by YARN in cluster mode, sources and output on HDFS: the bytes of a local run, faults or not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from corpus_pipeline.pipeline import PIPELINE
from tests.cluster.conftest import Digests, config, digests
from tests.cluster.hadoop import Hadoop
from tests.cluster.submit import Package, YarnJob, yarn

IN_THE_MIDDLE = 1.5  # s after a stage began; the shortest that is disturbed takes more


@pytest.fixture(scope="module")
def calm(hadoop: Hadoop, package: Package, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The config of an undisturbed run, and what it printed."""
    path = config(tmp_path_factory.mktemp("calm"), f"{hadoop.hdfs}/sample", f"{hadoop.hdfs}/calm")
    return path, yarn(hadoop, package, path, "pipeline").done()


def fetched(hadoop: Hadoop, output: str, target: Path) -> Path:
    """The output as Hadoop's own client brings it."""
    hadoop.shell("-get", f"/{output}", str(target))
    return target


def table_digests(output: Path) -> dict[str, str]:
    """Of the rows of every table, as its manifest says."""
    told = {t: (output / t / "_manifest.json").read_text(encoding="utf-8") for s in PIPELINE for t in s.writes}
    return {table: json.loads(text)["digest"] for table, text in told.items()}


def test_the_bytes_are_those_of_a_local_run(
    hadoop: Hadoop, calm: tuple[Path, str], local: Digests, tmp_path: Path
) -> None:
    _, printed = calm
    assert "Spark 4" in printed
    assert " at yarn, " in printed
    assert digests(fetched(hadoop, "calm", tmp_path / "out")) == local
    assert hadoop.shell("-ls", "/calm").count("_staging") == 0


def test_a_second_run_finds_every_stage_up_to_date(hadoop: Hadoop, package: Package, calm: tuple[Path, str]) -> None:
    said = yarn(hadoop, package, calm[0], "pipeline").done()
    assert [line for line in said.splitlines() if line.endswith(": up to date")] == [
        f"{stage.name}: up to date" for stage in PIPELINE
    ]


def test_dead_executors_and_a_dead_datanode_change_nothing(
    hadoop: Hadoop, package: Package, calm: tuple[Path, str], local: Digests, tmp_path: Path
) -> None:
    path = config(tmp_path / "conf", f"{hadoop.hdfs}/sample", f"{hadoop.hdfs}/disturbed")
    job = yarn(hadoop, package, path, "pipeline")
    faults: tuple[tuple[str, Callable[[], None]], ...] = (
        ("scrub", lambda: hadoop.kill("datanode-1")),
        ("dedup", job.kill_executor),
        ("mix", lambda: hadoop.start_one("datanode-1")),
        ("train_tokenizer", job.kill_executor),
        ("serialize", job.kill_executor),
        ("serialize", lambda: hadoop.kill("datanode-1")),
    )
    try:
        for stage, fault in faults:
            in_the_middle(job, stage, fault)
        job.done()
    finally:
        hadoop.start_one("datanode-1")
    assert hadoop.killed_containers(job.application) == 3
    output = fetched(hadoop, "disturbed", tmp_path / "out")
    assert digests(output) == local
    assert table_digests(output) == table_digests(fetched(hadoop, "calm", tmp_path / "calm"))


def in_the_middle(job: YarnJob, stage: str, fault: Callable[[], None]) -> None:
    """`fault` while the stage works. Raises AssertionError when it was over before."""
    job.until(f"{stage}: runs (")
    time.sleep(IN_THE_MIDDLE)
    fault()
    assert not [line for line in job.said().splitlines() if line.startswith(f"{stage}: ") and " rows in " in line]
