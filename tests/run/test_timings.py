"""Seconds by stage: kept beside the report, replaced stage by stage, and never in the way."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corpus_pipeline.run import timings
from corpus_pipeline.run.storage import Storage
from tests.made_run import Local


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    (tmp_path / "out/quality_report").mkdir(parents=True)
    return cast(Storage, Local(tmp_path / "out"))


def test_the_last_time_of_each_stage(storage: Storage) -> None:
    for stage, seconds in (("dedup", 12.3456), ("mix", 2.0), ("dedup", 9.0)):
        timings.keep(storage, "out", stage, seconds)
    assert timings.read(storage, "out") == {"dedup": 9.0, "mix": 2.0}


def test_readers_of_the_report_pass_over_it(storage: Storage, tmp_path: Path) -> None:
    timings.keep(storage, "out", "mix", 2.0)
    report = pa.table({"value": [1.0]})
    pq.write_table(report, tmp_path / "out/quality_report/mix.parquet")
    assert pq.read_table(tmp_path / "out/quality_report") == report


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"mix": "x", "tag": true, "dedup": null}', b"\xff"])
def test_another_file_is_none(storage: Storage, content: bytes) -> None:
    storage.write_bytes(f"out/{timings.FILE}", content)
    assert timings.read(storage, "out") == {}
    timings.keep(storage, "out", "mix", 2.0)
    assert timings.read(storage, "out") == {"mix": 2.0}
