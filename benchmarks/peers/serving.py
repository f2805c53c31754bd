"""A process that answers requests: one a line on standard input, an answer a line on standard output, both JSON.

Standard library only: peers run in environments of their own. The launcher is benchmarks/measure.py Process.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.measure import peak_mib

Served = TypeVar("Served")
Result = TypeVar("Result")


def serve(load: Callable[[], Served], answer: Callable[[Served, dict[str, Any]], dict[str, Any]]) -> None:
    """Answer requests until standard input ends, with what `load` gives, loaded at the first of them.

    What libraries print goes to standard error. Who cannot do it answers {"error": why}, and the others go on.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    served: Served | None = None
    for line in sys.stdin:
        try:
            served = served or load()
            found = answer(served, json.loads(line)) | {"peak_mib": peak_mib(os.getpid())}
        except Exception as error:
            found = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(found), file=answers, flush=True)


def timed(work: Callable[[], Result]) -> tuple[Result, dict[str, Any]]:
    """What `work` gives, and the {"cpu_seconds", "seconds"} it took."""
    started, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, {"cpu_seconds": time.process_time() - cpu, "seconds": time.perf_counter() - started}


def strings(path: str) -> list[str]:
    """The strings of a jsonl file."""
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def size(texts: list[str]) -> int:
    """Their UTF-8 bytes."""
    return sum(len(text.encode()) for text in texts)
