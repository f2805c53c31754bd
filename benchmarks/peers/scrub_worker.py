"""The process of one detector of personal data: reads a request a line, answers with a line.

Standard library only: detectors run in environments of their own. What is timed is finding alone, one text at a time.

request  {"texts": path of a jsonl file of strings, "spans": path to write one JSON list of [start, end, kind] per text}
answer   {"cpu_seconds", "seconds", "bytes", "peak_mib"} or {"error"}
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.measure import peak_mib

Span = tuple[int, int, str]
Detector = Callable[[str], list[Span]]


def serve(load: Callable[[], Detector]) -> None:
    """Answer requests until standard input ends. What libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    detector: Detector | None = None
    for line in sys.stdin:
        try:
            detector = detector or load()
            answer = _answer(detector, json.loads(line))
        except Exception as error:  # a detector that cannot do it is reported, and the others go on
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(answer), file=answers, flush=True)


def _answer(detector: Detector, request: dict[str, str]) -> dict[str, Any]:
    texts = [json.loads(line) for line in Path(request["texts"]).read_text(encoding="utf-8").splitlines()]
    started, cpu = time.perf_counter(), time.process_time()
    found = [detector(text) for text in texts]
    spent = {"cpu_seconds": time.process_time() - cpu, "seconds": time.perf_counter() - started}
    lines = [json.dumps(spans) for spans in found]
    Path(request["spans"]).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return spent | {"bytes": sum(len(text.encode()) for text in texts), "peak_mib": peak_mib(os.getpid())}
