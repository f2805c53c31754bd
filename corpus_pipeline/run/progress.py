"""How far a long stage is: one line that is drawn again on a terminal, a plain line every half minute elsewhere.

Spark says which of its own steps run and how many of their tasks are done; the manifests say how many documents and
bytes the stage reads. A stage goes over its documents several times, so the figures are of one pass: the step with most
tasks among those that run. Tasks hold about equal parts, so documents done are the share of tasks done.

Nothing here may end or slow a run: a thread asks Spark twice a second at most, and gives up at the first error.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any, TextIO

from corpus_pipeline.run.manifest import Manifest

_LOOKED, _LOGGED = 0.5, 30.0  # seconds between two looks, and between two lines where they stay
_CLEAR = "\r\x1b[K"


@contextmanager
def shown(tracker: Any, stage: str, reads: Sequence[Manifest], stream: TextIO | None = None) -> Iterator[None]:
    """Show how far `stage` is on `stream` (None: standard error) until the context is left; then nothing of it is left
    on a terminal.

    tracker  Spark's StatusTracker
    reads    manifests of the tables that the stage reads; none for the first stage, whose records nobody has counted
    """
    over = Event()
    largest = max(reads, key=lambda one: (one.rows, "all/text_bytes" in one.metrics), default=None)
    passes = Passes(stage, largest.rows if largest else 0, largest.metrics.get("all/text_bytes", 0.0) if largest else 0)
    watching = Thread(target=_watch, args=(tracker, passes, stream or sys.stderr, over), daemon=True)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join(timeout=5)


@dataclass
class Passes:
    """The steps of one stage as they come. documents, size (bytes of text): of the largest table it reads, or 0."""

    stage: str
    documents: int
    size: float
    clock: Callable[[], float] = time.monotonic
    _began: dict[int, float] = field(default_factory=dict)  # Spark's number of a step -> when it was first seen

    def line(self, tracker: Any) -> str | None:
        """What runs now; None when nothing of some length does."""
        found = [tracker.getStageInfo(number) for number in tracker.getActiveStageIds()]
        running = [one for one in found if one is not None and one.numTasks > 1]
        if not running:
            return None
        one = max(running, key=lambda info: (info.numTasks, -info.stageId))
        now = self.clock()
        seconds = now - self._began.setdefault(one.stageId, now)
        number = list(self._began).index(one.stageId) + 1
        done = one.numCompletedTasks / one.numTasks
        parts = [f"{one.numCompletedTasks:,} of {one.numTasks:,} tasks"]
        if self.documents:
            parts.append(f"{done * self.documents:,.0f} of {self.documents:,} documents")
        if self.size:
            parts.append(f"{done * self.size / 1e6:,.1f} of {self.size / 1e6:,.1f} MB")
        if done and seconds:
            if self.documents:
                parts.append(f"{done * self.documents / seconds:,.0f} documents/s")
            parts.append(f"{_span(seconds * (1 - done) / done)} left")
        return f"{self.stage}: pass {number}, {done:.0%}: {', '.join(parts)}"


def _watch(tracker: Any, passes: Passes, stream: TextIO, over: Event) -> None:
    try:
        drawn = stream.isatty() and os.environ.get("TERM") != "dumb"
        logged = time.monotonic()
        while not over.wait(_LOOKED):
            line = passes.line(tracker)
            if drawn:
                width = os.get_terminal_size(stream.fileno()).columns or 80
                stream.write(_CLEAR + (line or "")[: width - 1])
            elif line and time.monotonic() - logged >= _LOGGED:
                logged = time.monotonic()
                stream.write(line + "\n")
            stream.flush()
        if drawn:
            stream.write(_CLEAR)
            stream.flush()
    except Exception:  # Spark ended, or nobody reads: the run goes on, or says itself what is wrong
        return


def _span(seconds: float) -> str:
    """
    >>> _span(0.4), _span(75), _span(7300)
    ('1 s', '1 min 15 s', '2 h 1 min')
    """
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"
