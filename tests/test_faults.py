"""Faults: after each the run ends in the bytes of an undisturbed run, or is refused with what to do."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from pyspark.sql import SparkSession

from corpus_pipeline.errors import ConservationError, CorpusError, ResourceError
from corpus_pipeline.pipeline import PIPELINE, STAGES
from corpus_pipeline.run import execute as execution
from corpus_pipeline.run import figures, html_report, manifest
from corpus_pipeline.run.config import load
from corpus_pipeline.run.execute import Run, execute
from corpus_pipeline.run.failures import translate
from corpus_pipeline.run.publish import STAGING, make_visible
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.run.verify import verify
from tests import quick_java
from tests.small_run import ROOT, assert_conserved, calm, content, run, start, write_config
from tests.standalone import HOSTS, cluster

pytestmark = pytest.mark.spark
NAMES = [stage.name for stage in PIPELINE]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of an undisturbed run."""
    return calm(tmp_path_factory)


# --- the driver ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def survivor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The config of a run that dies once in every stage, and its output beside it."""
    folder = tmp_path_factory.mktemp("survivor")
    return write_config(folder / "small.yaml", str(folder / "out"))


@pytest.mark.parametrize("name", NAMES)
def test_a_driver_killed_in_a_stage_publishes_nothing_of_it(survivor: Path, name: str) -> None:
    """One output for all stages, in order: each run goes on where the one before was killed."""
    lines: list[str] = []
    with start("pipeline", survivor) as driver:
        assert driver.stderr is not None
        for line in driver.stderr:
            lines.append(line)
            if line.startswith(f"{name}: runs"):
                break
        time.sleep(0.4)
        os.killpg(driver.pid, signal.SIGKILL)
        lines += driver.stderr
    assert driver.returncode == -signal.SIGKILL, lines
    assert not [line for line in lines if line.startswith(f"{name}: ") and "rows in" in line]
    output = survivor.parent / "out"
    assert not [table for table in STAGES[name].writes if (output / table / manifest.FILE).exists()]
    before = NAMES[: NAMES.index(name)]
    assert [line for line in lines if line.endswith(": up to date\n")] == [
        f"{one}: up to date\n" for one in before[:-1]
    ]
    if before:
        assert [line for line in lines if "taken over from pipeline on" in line]
        assert [line for line in lines if line.startswith(f"{before[-1]}: runs ({STAGES[before[-1]].writes[0]} is not")]


def test_after_a_death_in_every_stage_the_bytes_are_the_same(survivor: Path, whole: Path) -> None:
    code, lines = run("pipeline", survivor)
    assert code == 0, lines
    assert content(survivor.parent / "out") == content(whole)
    assert_conserved(survivor.parent / "out")
    assert not list((survivor.parent / "out").glob("_staging*"))


def test_sigterm_is_an_interrupt_that_leaves_nothing_half_done(tmp_path: Path) -> None:
    """So services and containers end a job. Java gets it only from us."""
    config = write_config(tmp_path / "small.yaml", str(tmp_path / "out"))
    lines: list[str] = []
    with start("pipeline", config) as driver:
        assert driver.stderr is not None
        for line in driver.stderr:
            lines.append(line)
            if line.startswith("collect: runs"):
                break
        time.sleep(2)
        for _ in range(3):  # Python forgets an interrupt that comes while it collects garbage
            os.kill(driver.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                driver.wait(15)
                break
        lines += driver.stderr
    assert driver.returncode == 130, lines
    assert lines[-1].startswith("interrupted: nothing half-done was published")
    assert not [path.name for path in (tmp_path / "out").glob("_*")]


def test_of_two_runs_on_one_output_one_is_refused(whole: Path, tmp_path: Path) -> None:
    config = write_config(tmp_path / "small.yaml", str(tmp_path / "out"))
    both = [start("pipeline", config) for _ in range(2)]
    told = [one.communicate()[1] for one in both]
    codes = [one.returncode for one in both]
    assert sorted(codes) == [0, 1], told
    refusal = [line for line in told[codes.index(1)].splitlines() if line.startswith("error: ")]
    assert len(refusal) == 1
    wanted = (
        r"error: ResourceError: \S+/out: expected an output that no other run writes, got job pipeline on \S+, whose"
    )
    assert re.match(wanted, refusal[0])
    assert content(tmp_path / "out") == content(whole)
    assert_conserved(tmp_path / "out")


# --- executors -------------------------------------------------------------------------------------------------------

MORTAL = ("dedup", "train_tokenizer", "serialize")  # stages in which an executor dies
# in the executors' Python: the first task of each kernel that has a second partition stands still
STRAGGLERS = """
import os, time
from pyspark import TaskContext
from corpus_pipeline.stages import arrow

whole = arrow._Seam.__call__

def slow(seam, batches):
    mark = os.path.join(os.environ["STRAGGLERS"], arrow._name(seam.kernel))
    if TaskContext.get().partitionId() == 1 and "collect" in mark or "read_files" in mark:
        try:
            os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
            time.sleep(60)
        except FileExistsError:
            pass
    yield from whole(seam, batches)

arrow._Seam.__call__ = slow
"""


def executors() -> list[psutil.Process]:
    """The executors of the clusters that this process started."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it has just ended
            if any("CoarseGrainedExecutorBackend" in word for word in child.cmdline()):
                found.append(child)
    return found


def events(folder: Path) -> Iterator[dict[str, Any]]:
    for path in (p for p in folder.rglob("*") if p.is_file() and "appstatus" not in p.name):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def test_executors_that_die_or_stand_still_change_nothing(whole: Path, tmp_path: Path) -> None:
    for folder in ("python", "marks", "events"):
        (tmp_path / folder).mkdir()
    (tmp_path / "python" / "sitecustomize.py").write_text(STRAGGLERS, encoding="utf-8")
    conf = {
        "spark.driver.host": HOSTS[0],
        "spark.executor.memory": "700m",
        "spark.executor.extraJavaOptions": quick_java.options(),
        "spark.executorEnv.PYTHONPATH": f"{tmp_path / 'python'}:{ROOT}",
        "spark.executorEnv.STRAGGLERS": str(tmp_path / "marks"),
        "spark.speculation": True,
        "spark.speculation.multiplier": "1.2",
        "spark.speculation.quantile": "0.3",
        "spark.speculation.efficiency.enabled": False,
        "spark.speculation.interval": "200ms",
        "spark.eventLog.enabled": True,
        "spark.eventLog.compress": False,
        "spark.eventLog.dir": (tmp_path / "events").as_uri(),
    }
    killed: dict[str, float] = {}
    ended: dict[str, float] = {}
    with cluster(tmp_path) as master:
        config = write_config(tmp_path / "small.yaml", str(tmp_path / "out"), {"master": master, "conf": conf})
        with start("pipeline", config) as driver:
            assert driver.stderr is not None
            lines = []
            for line in driver.stderr:
                lines.append(line)
                name = line.partition(":")[0]
                if name in MORTAL and ": runs (" in line:
                    threading.Timer(1.0, kill_one, (name, killed)).start()
                if " rows in " in line:
                    ended[name] = time.monotonic()
    assert driver.returncode == 0, lines
    assert killed.keys() == set(MORTAL)
    assert all(killed[name] < ended[name] for name in MORTAL)
    seen = list(events(tmp_path / "events"))
    assert sum(one["Event"] == "SparkListenerExecutorRemoved" for one in seen) >= len(MORTAL)
    twins = [one for one in seen if one["Event"] == "SparkListenerTaskEnd" and one["Task Info"]["Speculative"]]
    assert list((tmp_path / "marks").iterdir())
    assert [one for one in twins if one["Task End Reason"]["Reason"] == "Success"]
    assert content(tmp_path / "out") == content(whole)
    assert_conserved(tmp_path / "out")


def kill_one(name: str, killed: dict[str, float]) -> None:
    victim = executors()[0]
    killed[name] = time.monotonic()
    victim.kill()


# --- files -----------------------------------------------------------------------------------------------------------


class Copy:
    """A finished run in a scratch folder, gone on with in the tests' session."""

    def __init__(self, spark: SparkSession, whole: Path, folder: Path) -> None:
        self.output, self.lines = folder / "out", list[str]()
        shutil.copytree(whole, self.output)
        config = load(str(write_config(folder / "small.yaml", str(self.output))))
        self.run = Run(spark, Storage(spark), config, self.lines.append)

    def make(self, *names: str, force: bool = False) -> list[str]:
        """Stages that ran. An error comes out as the user would see it."""
        self.lines.clear()
        try:
            for name in names:
                execute(self.run, STAGES[name], force)
        except Exception as error:
            raise translate(error, "log") from error
        return [line.partition(":")[0] for line in self.lines if ": runs (" in line]

    def part(self, table: str) -> Path:
        """The table's largest file, without the checksum that Hadoop's local file system alone keeps beside it."""
        for aside in (self.output / table).glob(".*.crc"):
            aside.unlink()
        return max((self.output / table).glob("part-*"), key=lambda path: path.stat().st_size)


@pytest.fixture
def copy(spark: SparkSession, whole: Path, tmp_path: Path) -> Copy:
    return Copy(spark, whole, tmp_path)


def flip(path: Path) -> None:
    """One bit in the middle of the data: the footer is whole, and so is the size."""
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("harm", [flip, cut, Path.unlink])
def test_a_damaged_part_is_found_by_the_next_stage_and_made_again_by_its_own(
    copy: Copy, whole: Path, harm: Callable[[Path], None]
) -> None:
    part = copy.part("documents")
    harm(part)
    with pytest.raises(CorpusError) as caught:
        copy.make("classify", force=True)
    if harm is Path.unlink:  # nothing left to name: the count of rows tells
        assert isinstance(caught.value, ConservationError)
    else:
        assert isinstance(caught.value, ResourceError)
        assert caught.value.where.endswith(f"documents/{part.name}")
        assert "make scrub" in caught.value.todo
    copy.make("scrub", force=True)
    assert copy.make(*NAMES) == []
    assert content(copy.output) == content(whole)
    assert_conserved(copy.output)


def test_lost_and_half_written_manifests_cost_their_stages_alone(copy: Copy, whole: Path) -> None:
    (copy.output / "quality" / manifest.FILE).unlink()
    half = copy.output / "mixture" / manifest.FILE
    half.write_bytes(half.read_bytes()[: half.stat().st_size // 2])
    (half.parent / f".{half.name}.crc").unlink()
    assert copy.make(*NAMES) == ["classify", "mix"]
    assert content(copy.output) == content(whole)
    assert_conserved(copy.output)


def test_figures_follow_the_tables_after_a_death_between_the_two(
    copy: Copy, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dead(*_: object) -> None:
        raise Died

    config, path = copy.run.config, copy.output / "quality_report" / "mix.parquet"
    before = path.read_bytes()
    other = config.stages["mix"].model_copy(update={"epoch_cap": 1.0, "languages": ("ja",)})
    with monkeypatch.context() as patched:
        patched.setitem(config.stages, "mix", other)
        patched.setattr(execution, "make_visible", dead)
        with pytest.raises(Died):
            execute(copy.run, STAGES["mix"], force=False)
    assert path.read_bytes() != before
    assert [one.where for one in verify(copy.run, "log")] == [f"{copy.output}/quality_report/mix.parquet"]
    assert copy.make("mix") == []
    assert path.read_bytes() == before
    assert verify(copy.run, "log") == []


def test_verify_sees_one_file_too_many_and_figures_that_are_not_the_tables(copy: Copy) -> None:
    shards, reports = copy.output / "shards", copy.output / "quality_report"
    shutil.copy(next(shards.glob("*.bin")), shards / "shard-00007.bin")
    flip(reports / "tag.parquet")
    for table, changed in (
        ("quality", {"rows": 5}),
        ("tags", {"failed": ["nonsense"]}),
        ("documents", {"metrics": 9.0}),
    ):
        path = copy.output / table / manifest.FILE
        raw = json.loads(path.read_text(encoding="utf-8"))
        raw |= changed if table != "documents" else {"metrics": dict.fromkeys(raw["metrics"], 9.0)}
        path.write_text(json.dumps(raw), encoding="utf-8")
    for aside in copy.output.glob("*/.*.crc"):
        aside.unlink()
    wrong = [one.where.removeprefix(f"{copy.output}/") for one in verify(copy.run, "log")]
    assert [one for one in wrong if "/" not in one] == ["documents", "quality", "tags"]
    assert "shards/shard-00007.bin" in wrong
    assert {"quality_report/scrub.parquet", "quality_report/tag.parquet"} <= set(wrong)


def test_the_report_of_a_fresh_run_asks_for_no_stage(copy: Copy) -> None:
    found = figures.of_run(copy.run.storage, copy.run.config)
    for stage in PIPELINE:
        views = [html_report._table(found, stage, table, copy.run.config) for table in stage.writes]
        assert [(view["made_with"], view["not_of"]) for view in views] == [([], [])] * len(views)


def test_verify_names_every_damage_and_the_stages_repair_it(copy: Copy, whole: Path) -> None:
    assert verify(copy.run, "log") == []
    assert sum(line.endswith(": as published") for line in copy.lines) == sum(len(stage.writes) for stage in PIPELINE)

    shard = next((copy.output / "shards").glob("*.bin"))
    shard.write_bytes(shard.read_bytes()[:-2])
    part = copy.part("signatures")
    part.write_bytes(part.read_bytes().replace(b"PAR1", b"PAR2"))
    (copy.output / "tags" / manifest.FILE).unlink()
    half = (copy.output / "quality" / manifest.FILE).read_bytes()[:100]
    (copy.output / "quality" / manifest.FILE).write_bytes(half)
    card = copy.output / "tokenizer" / "card.json"
    card.write_text(card.read_text(encoding="utf-8") + " ", encoding="utf-8")
    for aside in copy.output.glob("*/.*.crc"):  # of Hadoop's local file system alone; other systems have their own
        aside.unlink()

    code, said = run("verify", copy.output.parent / "small.yaml")
    assert code == 1
    errors = [line for line in said if line.startswith("error: ")]
    assert not [line for line in said if "at java" in line]
    named = ("/signatures", "/tags", "/quality", "/tokenizer", f"/shards/{shard.name}")
    assert [sum(name in line for line in errors) for name in named] == [1] * 5, errors
    assert len(errors) == 6  # and how many there are
    assert [line for line in errors if f"got {shard.stat().st_size} bytes" in line]

    for stage in ("dedup", "train_tokenizer", "serialize"):
        copy.make(stage, force=True)
    assert copy.make(*NAMES) == ["classify", "tag"]  # what reads them finds them as they were
    assert verify(copy.run, "log") == []
    assert content(copy.output) == content(whole)


@pytest.mark.parametrize(("name", "writer"), [("scrub", "Java"), ("serialize", "Python")])
def test_a_full_disk_is_named_and_the_published_table_stays(copy: Copy, whole: Path, name: str, writer: str) -> None:
    """No file may grow beyond 8 KiB: what a write gets from a full disk, for one process and without a disk."""
    java = psutil.Process(copy.run.spark.sparkContext._gateway.proc.pid)  # type: ignore[union-attr]
    copy.make("serialize", force=True)  # so that the parent of Python's workers runs
    limited = [java] if writer == "Java" else java.children(recursive=True)
    assert limited
    for process in limited:
        process.rlimit(psutil.RLIMIT_FSIZE, (8 << 10, psutil.RLIM_INFINITY))
    try:
        with pytest.raises(ResourceError) as caught:
            copy.make(name, force=True)
    finally:
        for process in (one for one in limited if one.is_running()):
            process.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))
    assert (caught.value.got, "disk" in caught.value.expected + caught.value.where) in (
        ("a full disk", True),
        ("File too large", True),
    )
    assert content(copy.output) == content(whole)
    assert not (copy.output / STAGING).exists()
    assert copy.make(name, force=True) == [name]
    assert content(copy.output) == content(whole)
    assert_conserved(copy.output)


class Died(Exception):
    """The end of a process."""


class Mortal(Storage):
    """Dies before the n-th change of a file, and changes nothing after it."""

    def __init__(self, spark: SparkSession, changes: int) -> None:
        super().__init__(spark)
        self.left = changes

    def _change(self) -> None:
        if self.left == 0:
            raise Died
        self.left -= 1

    def delete(self, path: str) -> None:
        self._change()
        super().delete(path)

    def rename(self, old: str, new: str) -> None:
        self._change()
        super().rename(old, new)


def test_wherever_publishing_stops_a_table_with_a_manifest_is_whole(
    spark: SparkSession, whole: Path, tmp_path: Path
) -> None:
    """Two tables, an older state of each published: what has a manifest afterwards is all old or all new."""
    tables = STAGES["scrub"].writes

    def files(table: str) -> dict[str, bytes]:
        return {p.name: p.read_bytes() for p in (tmp_path / "out" / table).glob("[!.]*")}

    new = {t: {p.name: p.read_bytes() for p in (whole / t).glob("[!.]*")} for t in tables}
    config = load(str(write_config(tmp_path / "small.yaml", str(tmp_path / "out"))))
    manifests = {}
    for table in tables:
        found = manifest.read(Storage(spark), str(whole), table)
        assert found is not None
        manifests[table] = found
    for steps in range(100):
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        old = {}
        for table in tables:
            (tmp_path / "out" / table).mkdir(parents=True)
            old[table] = {"part-old.parquet": b"old", manifest.FILE: b"old"}
            for name, data in old[table].items():
                (tmp_path / "out" / table / name).write_bytes(data)
            aside = tmp_path / "out" / STAGING / table
            shutil.copytree(whole / table, aside, ignore=shutil.ignore_patterns("*_manifest*"))
        try:
            make_visible(Mortal(spark, steps), config, manifests)
        except Died:
            for table in tables:
                there = files(table)
                assert manifest.FILE not in there or there in (old[table], new[table]), (steps, sorted(there))
        else:
            break
    assert steps > 8
    assert {table: files(table) for table in tables} == new


def test_a_move_that_loses_bytes_is_not_published(spark: SparkSession, whole: Path, tmp_path: Path) -> None:
    class Lossy(Storage):
        def rename(self, old: str, new: str) -> None:
            super().rename(old, new)
            cut(next(Path(new).glob("part-*")))

    config = load(str(write_config(tmp_path / "small.yaml", str(tmp_path / "out"))))
    shutil.copytree(whole / "quality", tmp_path / "out" / STAGING / "quality")
    found = manifest.read(Storage(spark), str(whole), "quality")
    assert found is not None
    with pytest.raises(ResourceError) as caught:
        make_visible(Lossy(spark), config, {"quality": found})
    assert "bytes that were checked" in caught.value.expected
