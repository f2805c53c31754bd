"""The process of one detector of personal data: reads a request a line, answers with a line (serving.py).

What is timed is finding alone, one text at a time.

request  {"texts": path of a jsonl file of strings, "spans": path to write one JSON list of [start, end, kind] per text}
answer   {"cpu_seconds", "seconds", "bytes", "peak_mib"} or {"error"}
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.peers import serving

Span = tuple[int, int, str]
Detector = Callable[[str], list[Span]]


def serve(load: Callable[[], Detector]) -> None:
    serving.serve(load, _answer)


def _answer(detector: Detector, request: dict[str, Any]) -> dict[str, Any]:
    texts = serving.strings(request["texts"])
    found, spent = serving.timed(lambda: [detector(text) for text in texts])
    lines = [json.dumps(spans) for spans in found]
    Path(request["spans"]).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return spent | {"bytes": serving.size(texts)}
