"""The process of one judge of quality: reads a request a line, answers with a line (serving.py).

What is timed is judging alone, texts in memory.

request  {"texts": path of a jsonl file of strings}
answer   {"cpu_seconds", "seconds", "bytes", "texts", "kept", "peak_mib"} or {"error"}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.peers import serving

Judge = Callable[[list[str]], int]  # texts -> how many break no rule


def serve(load: Callable[[], Judge]) -> None:
    serving.serve(load, _answer)


def _answer(judge: Judge, request: dict[str, Any]) -> dict[str, Any]:
    texts = serving.strings(request["texts"])
    kept, spent = serving.timed(lambda: judge(texts))
    return spent | {"bytes": serving.size(texts), "texts": len(texts), "kept": kept}
