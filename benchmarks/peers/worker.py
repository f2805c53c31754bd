"""The process of one contender: reads a request a line, does the work on one section of text, answers with a line.

Standard library only: contenders run in environments of their own. The launcher (benchmarks/measure.py) has put the
process on one core. A process keeps its caches from section to section, and only one works at a time.

request  {"section": path of a jsonl file with `text`, "digests": whether to send one digest per document}
answer   {"seconds", "cpu_seconds", "tokens", "peak_mib", ...} or {"error"}
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from array import array
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.measure import peak_mib

Facts = Callable[[], dict[str, float]]


class Encoder(NamedTuple):
    """What is timed is `encode` alone.

    prepare  texts -> what `encode` takes
    encode   -> any result
    ids      result -> ids of each text, without an end-of-document id
    facts    further numbers to report after each section
    """

    prepare: Callable[[list[str]], Any]
    encode: Callable[[Any], Any]
    ids: Callable[[Any], Iterable[Sequence[int]]]
    facts: Facts = dict


class Writer(NamedTuple):
    """What is timed is all of it: (jsonl file, folder for the output) -> tokens written."""

    write: Callable[[Path, Path], int]
    facts: Facts = dict


def serve(load: Callable[[], Encoder | Writer], folder: Path) -> None:
    """Answer requests until standard input ends. What libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    contender: Encoder | Writer | None = None
    for line in sys.stdin:
        try:
            contender = contender or load()
            answer = _answer(contender, json.loads(line), folder)
        except Exception as error:  # a peer that cannot do it is reported, and the others go on
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(answer), file=answers, flush=True)


def _answer(contender: Encoder | Writer, request: dict[str, Any], folder: Path) -> dict[str, Any]:
    section = Path(request["section"])
    if isinstance(contender, Writer):
        started, cpu = time.perf_counter(), time.process_time()
        tokens = contender.write(section, folder)
        answer = _spent(started, cpu)
    else:
        prepared = contender.prepare(texts_of(section))
        started, cpu = time.perf_counter(), time.process_time()
        result = contender.encode(prepared)
        answer = _spent(started, cpu)
        ids = [*contender.ids(result)]
        tokens = sum(map(len, ids))
        if request.get("digests"):
            answer["digests"] = [digest(one) for one in ids]
    return answer | {"tokens": tokens, "peak_mib": peak_mib(os.getpid())} | contender.facts()


def _spent(started: float, cpu: float) -> dict[str, Any]:
    return {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - cpu}


def digest(ids: Sequence[int]) -> str:
    return hashlib.blake2b(array("I", ids).tobytes(), digest_size=8).hexdigest()


def texts_of(section: Path) -> list[str]:
    with section.open(encoding="utf-8") as file:
        return [json.loads(line)["text"] for line in file]
