"""CPU time of a piece of work, for tests of how it grows."""

from __future__ import annotations

import time
from collections.abc import Callable


def best_seconds(work: Callable[[], object]) -> float:
    """The least of three runs, which other work on the machine disturbs least."""
    best = 9e9
    for _ in range(3):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best
