"""One writer an output: who lives keeps others out, who died does not, who lost its lease publishes nothing."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.run import job, lease, verify
from corpus_pipeline.run.config import check
from corpus_pipeline.run.execute import Run
from corpus_pipeline.run.lease import Lease
from corpus_pipeline.run.storage import Storage

pytestmark = pytest.mark.spark
SHORT = 0.02  # minutes: 1.2 s


@pytest.fixture
def storage(spark: SparkSession) -> Storage:
    return Storage(spark)


def of(storage: Storage, root: Path, said: list[str] | None = None, name: str = "pipeline") -> Lease:
    return Lease(storage, str(root), name, SHORT, (said if said is not None else []).append)


def files(root: Path) -> list[str]:
    return sorted(p.name for p in root.iterdir())


def died(storage: Storage, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves the lease of a run that was killed."""
    with monkeypatch.context() as patch:
        patch.setattr(Lease, "_renew", lambda self: None)
        patch.setattr(Lease, "_withdraw", lambda self: None)
        with of(storage, root):
            pass
    assert lease.holders(storage, str(root))


def test_a_second_run_is_refused_as_long_as_the_first_lives(storage: Storage, tmp_path: Path) -> None:
    said: list[str] = []
    with of(storage, tmp_path) as first:
        for _ in range(2):
            with pytest.raises(ResourceError) as caught, of(storage, tmp_path, said, "mix"):
                raise AssertionError("two writers")
            assert caught.value.where == str(tmp_path)
            assert caught.value.got.startswith("job pipeline on ")
            assert "lasts until 20" in caught.value.got
        time.sleep(1.5)  # longer than a lease that nobody renews
        first.check()
    assert "is held by job pipeline on" in said[0]
    assert files(tmp_path) == []  # no mark stays, the refused runs' neither
    with of(storage, tmp_path):
        pass


def test_the_lease_of_a_dead_run_ends_and_is_taken_over(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    died(storage, tmp_path, monkeypatch)
    said: list[str] = []
    with of(storage, tmp_path, said) as mine:
        mine.check()
        assert len(lease.holders(storage, str(tmp_path))) == 1
    assert "waiting to see" in said[0]
    assert "taken over from pipeline on" in said[1]
    assert files(tmp_path) == []


def test_a_run_that_stood_still_too_long_has_lost_its_lease(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "_RENEWALS", 0.1)  # renews, after the lease has ended: a machine that was suspended
    with of(storage, tmp_path) as lost:
        lost.check()
        time.sleep(1.3)
        with pytest.raises(ResourceError) as caught:
            lost.check()
        assert caught.value.got == "one that has ended"
        monkeypatch.setattr(lease, "_RENEWALS", 8)
        with of(storage, tmp_path, name="mix") as other:
            with pytest.raises(ResourceError) as caught:
                lost.check()
            assert caught.value.got.startswith("one that mix on ")
            other.check()


@pytest.mark.parametrize("again", range(5))
def test_of_many_runs_at_the_same_moment_one_goes_on(storage: Storage, tmp_path: Path, again: int) -> None:
    start, lock = threading.Barrier(4), threading.Lock()
    entered, refused = list[int](), list[ResourceError]()

    def contend(number: int) -> None:
        start.wait()
        try:
            with of(storage, tmp_path):
                with lock:
                    entered.append(number)
                time.sleep(1.0)
        except ResourceError as error:
            refused.append(error)

    threads = [threading.Thread(target=contend, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(entered), len(refused)) == (1, 3)
    assert files(tmp_path) == []


def config(tmp_path: Path, **more: object) -> dict[str, object]:
    source = {"format": "html", "path": "x", "doc_type": "web", "licence": "CC0-1.0"}
    raw = {"name": "t", "output": str(tmp_path / "out"), "lease_minutes": SHORT, **more}
    return {**raw, "sources": {"a": source}}


def test_each_root_has_a_lease_and_one_root_only_one(storage: Storage, tmp_path: Path) -> None:
    for raw_output, roots in ((tmp_path / "raw", 2), (f"{tmp_path}/./out", 1)):
        checked = check(config(tmp_path, raw_output=str(raw_output)), "t.yaml")
        with lease.taken(storage, checked, "pipeline", print) as ours:
            ours()
            assert len(list(tmp_path.glob("*/_lease_*"))) == roots
            if roots == 2:  # a run on the other root alone is kept out, too
                with pytest.raises(ResourceError), of(storage, tmp_path / "raw"):
                    pass
        assert not list(tmp_path.glob("*/_lease_*"))


def test_verify_says_that_the_output_is_being_written(
    spark: SparkSession,
    storage: Storage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = Run(spark, storage, check(config(tmp_path), "t.yaml"), print)
    monkeypatch.setattr(verify, "verify", lambda run, log: [])
    job._verified(run, "log")
    assert "being written" not in capsys.readouterr().err
    with of(storage, tmp_path / "out"):
        job._verified(run, "log")
    assert "is being written meanwhile, by job pipeline on" in capsys.readouterr().err
