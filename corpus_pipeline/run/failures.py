"""What went wrong in Spark, as one of our errors: no Java stack trace, and no text of a document."""

from __future__ import annotations

import os
import re

from corpus_pipeline import errors
from corpus_pipeline.errors import ConfigError, CorpusError, ResourceError
from corpus_pipeline.pipeline import STAGES

_OURS = re.compile(
    r"corpus_pipeline\.errors\.(\w+Error): (?P<where>.*?): "
    r"expected (?P<expected>.*?), got (?P<got>.*?)\. (?P<todo>[^\n]*)"
)
_UNREADABLE = re.compile(r"FAILED_READ_FILE[.\w]*\] Encountered error while reading file (\S+?)\.?\s")
_FULL = ("No space left on device", "Disk quota exceeded", "File too large")
_PART = re.compile(r"/(\w+)/part-[^/]*\.parquet$")
_CAUSE = re.compile(r"Caused by: (?:[\w$]+\.)*([\w$]+)")
_CSV_FILE = re.compile(r"CSV file: (\S+)")
_CONDITION = re.compile(r"\[([A-Z_]+(?:\.[A-Z_]+)*)\]")


def condition(error: BaseException) -> str | None:
    """Spark's name for what went wrong, such as DATA_SOURCE_NOT_FOUND; its parameters could quote a document."""
    found = _CONDITION.search(str(error))
    return found[1] if found else None


def _says(log: str, word: str) -> bool:
    """Whether Spark's log has `word` in its last megabyte."""
    try:
        with open(log, "rb") as file:
            file.seek(max(0, os.path.getsize(log) - (1 << 20)))
            return word.encode() in file.read()
    except OSError:
        return False


def _repair(file: str) -> str:
    """What to do about an unreadable file: a part of a table of the run is made again by its stage."""
    part = _PART.search(file)
    for stage in STAGES.values():
        if part and part[1] in stage.writes:
            return f"Run `make {stage.name} ARGS=--force`: it writes {part[1]} again, and what follows stays as it is."
    return "Replace the file or remove it."


def translate(error: BaseException, log: str) -> CorpusError:
    """`error` if it is ours already; else what its message allows to say.

    >>> print(translate(RuntimeError("x corpus_pipeline.errors.ResourceError: m: expected a, got b. Do c."), "log"))
    m: expected a, got b. Do c.
    """
    if isinstance(error, CorpusError):
        return error
    text = str(error)
    if ours := _OURS.search(text):
        kind: type[CorpusError] = getattr(errors, ours[1])
        return kind(ours["where"], ours["expected"], ours["got"], ours["todo"])
    causes = _CAUSE.findall(text)
    if "CSV header does not conform to the schema" in text:  # the rest of the message quotes the first line
        file = _CSV_FILE.search(text) or _UNREADABLE.search(text)
        where, todo = (
            file[1] if file else "a csv source",
            "Correct `fields`, or set header: false; or say the charset, options: {encoding: cp949}.",
        )
        return ConfigError(
            where, "a header that names the columns of `fields`, in their order", "another first line", todo
        )
    if unreadable := _UNREADABLE.search(text):
        got = causes[-1] if causes else "an error while reading it"
        return ResourceError(unreadable[1], "a file that can be read to its end", got, _repair(unreadable[1]))
    if any(full in text for full in _FULL):
        return ResourceError(
            "disk", "room for the tables and for Spark's local files", "a full disk", "Free some, and run again."
        )
    gone = isinstance(error, ConnectionError | EOFError) or type(error).__name__ == "Py4JNetworkError"
    if "OutOfMemoryError" in text or (gone and _says(log, "OutOfMemoryError")):
        todo = "Raise spark.driver_memory or executor memory: a record of 200 MB takes 2g."
        return ResourceError("memory", "enough for the job", "OutOfMemoryError", todo)
    if gone:
        return ResourceError("spark", "Java to run until the end", "no Java any more", f"Its last words are in {log}.")
    if isinstance(error, PermissionError) or "Permission denied" in text:
        return ResourceError("a file of the run", "permission to use it", "permission denied", f"Which one: see {log}.")
    got = condition(error) or (causes[-1] if causes else type(error).__name__)
    return CorpusError("spark", "the job to finish", got, f"Details are in {log}.")
