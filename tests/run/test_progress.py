"""Progress: right figures of what Spark says, drawn on a terminal, plain lines in a file, never in a run's way."""

from __future__ import annotations

import io
import os
import pty
import select
import time
from collections import namedtuple
from typing import Any

import pytest

from corpus_pipeline.run import progress
from corpus_pipeline.run.manifest import Manifest
from corpus_pipeline.run.progress import Passes

Info = namedtuple("Info", "stageId numTasks numCompletedTasks")


class Tracker:
    """Spark's, as far as it is asked."""

    def __init__(self, *steps: Info, error: Exception | None = None) -> None:
        self.steps, self.error = steps, error

    def getActiveStageIds(self) -> list[int]:
        if self.error:
            raise self.error
        return [step.stageId for step in self.steps] + [99]

    def getStageInfo(self, number: int) -> Info | None:
        return next((step for step in self.steps if step.stageId == number), None)  # 99 ended meanwhile


def table(rows: int, **metrics: float) -> Manifest:
    return Manifest("documents", "scrub", 1, "f", rows, "d", "k", {f"all/{name}": n for name, n in metrics.items()})


def test_figures_of_a_pass_and_of_the_next() -> None:
    times = iter([100.0, 110.0, 200.0, 230.0])
    passes = Passes("scrub", 4000, 80e6, clock=lambda: next(times))
    assert passes.line(Tracker(Info(7, 40, 0), Info(8, 2, 1))) == (
        "scrub: pass 1, 0%: 0 of 40 tasks, 0 of 4,000 documents, 0.0 of 80.0 MB"
    )
    assert passes.line(Tracker(Info(7, 40, 10))) == (
        "scrub: pass 1, 25%: 10 of 40 tasks, 1,000 of 4,000 documents, 20.0 of 80.0 MB, 100 documents/s, 30 s left"
    )
    assert str(passes.line(Tracker(Info(9, 8, 0)))).startswith("scrub: pass 2, 0%")
    assert str(passes.line(Tracker(Info(9, 8, 2)))).endswith("33 documents/s, 1 min 30 s left")


def test_what_is_not_known_is_not_said() -> None:
    times = iter([0.0, 6.0])
    passes = Passes("collect", 0, 0.0, clock=lambda: next(times))
    tracker = Tracker(Info(1, 4, 1))
    assert passes.line(tracker) == "collect: pass 1, 25%: 1 of 4 tasks"
    assert passes.line(tracker) == "collect: pass 1, 25%: 1 of 4 tasks, 18 s left"
    assert passes.line(Tracker()) is None
    assert passes.line(Tracker(Info(2, 1, 0))) is None  # one task has no half


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_LOOKED", 0.02)
    monkeypatch.setattr(progress, "_LOGGED", 0.05)


@pytest.mark.usefixtures("quick")
def test_a_terminal_has_one_line_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    reader, writer = pty.openpty()
    with os.fdopen(writer, "w") as terminal:
        with progress.shown(Tracker(Info(1, 4, 2)), "tag", [table(10), table(1000, text_bytes=2e6)], terminal):
            time.sleep(0.3)
        seen = ""
        while select.select([reader], [], [], 0.2)[0]:
            seen += os.read(reader, 1 << 16).decode()
    os.close(reader)
    drawn = seen.split("\r\x1b[K")
    assert drawn[1].startswith("tag: pass 1, 50%: 2 of 4 tasks, 500 of 1,000 documents, 1.0 of 2.0 MB")
    assert len(drawn) > 3
    assert drawn[-1] == ""
    assert "\n" not in seen
    assert max(map(len, drawn)) < 80


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("terminal", [False, True])
def test_a_file_has_plain_lines(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    monkeypatch.setenv("TERM", "dumb")
    stream = Stream()
    with progress.shown(Tracker(Info(1, 4, 2)), "tag", [], stream):
        time.sleep(0.3)
    lines = stream.getvalue().split("\n")
    assert lines[0] == "tag: pass 1, 50%: 2 of 4 tasks, 1 s left"
    assert lines[-1] == ""
    assert "".join(lines).isprintable()


def test_a_short_stage_says_nothing_in_a_file() -> None:
    stream = io.StringIO()
    with progress.shown(Tracker(Info(1, 4, 2)), "tag", [], stream):
        pass
    assert stream.getvalue() == ""


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("broken", ["tracker", "stream"])
def test_it_never_ends_a_run(broken: str) -> None:
    stream = io.StringIO()
    tracker: Any = Tracker(Info(1, 4, 2), error=ConnectionRefusedError() if broken == "tracker" else None)
    if broken == "stream":
        stream.close()
    with progress.shown(tracker, "tag", [], stream):
        time.sleep(0.1)
    with pytest.raises(KeyError), progress.shown(tracker, "tag", [], stream):
        raise KeyError
