"""The process of one contender: reads a request a line, does the work on one section of text, answers with a line.

The loop is that of serving.py. The launcher (benchmarks/measure.py) has put the process on one core. A process keeps
its caches from section to section, and only one works at a time.

request  {"section": path of a jsonl file with `text`, "digests": whether to send one digest per document}
answer   {"seconds", "cpu_seconds", "tokens", "peak_mib", ...} or {"error"}
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.peers import serving

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
    serving.serve(load, partial(_answer, folder=folder))


def _answer(contender: Encoder | Writer, request: dict[str, Any], folder: Path) -> dict[str, Any]:
    section = Path(request["section"])
    if isinstance(contender, Writer):
        writer = contender
        tokens, answer = serving.timed(lambda: writer.write(section, folder))
    else:
        encoder, prepared = contender, contender.prepare(texts_of(section))
        result, answer = serving.timed(lambda: encoder.encode(prepared))
        ids = [*contender.ids(result)]
        tokens = sum(map(len, ids))
        if request.get("digests"):
            answer["digests"] = [digest(one) for one in ids]
    return answer | {"tokens": tokens} | contender.facts()


def digest(ids: Sequence[int]) -> str:
    return hashlib.blake2b(array("I", ids).tobytes(), digest_size=8).hexdigest()


def texts_of(section: Path) -> list[str]:
    with section.open(encoding="utf-8") as file:
        return [json.loads(line)["text"] for line in file]
