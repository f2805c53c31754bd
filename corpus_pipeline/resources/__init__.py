"""Linguistic knowledge as data: tables and trained models beside this file, readable from a directory or a zip.

A table is UTF-8 in NFC; a line that starts with `#` is a comment, and an empty line is skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TypeVar
from zipfile import BadZipFile

from corpus_pipeline.errors import ResourceError

__all__ = ["read_model", "read_tsv"]

Model = TypeVar("Model")


@cache
def _rows(name: str) -> tuple[tuple[str, ...], ...]:
    resource = files(__name__)
    for part in name.split("/"):
        resource = resource / part
    try:
        lines = resource.read_text(encoding="utf-8").splitlines()
    except (OSError, KeyError):
        raise ResourceError(f"resources/{name}", "a bundled table", "nothing there", "Reinstall the package.") from None
    return tuple(tuple(line.split("\t")) for line in lines if line and not line.startswith("#"))


def read_tsv(name: str) -> list[tuple[str, ...]]:
    """Rows of the table `name`, a path under `resources` such as `ko/pii_banks.tsv`, in file order.

    Raises ResourceError when there is no such table.

    >>> read_tsv("ko/pii_licence_regions.tsv")[0]
    ('11', '서울')
    """
    return list(_rows(name))


def read_model(name: str, read: Callable[[Path], Model]) -> Model:
    """What `read` makes of the file `models/<name>`; from a zip, of a copy that is gone afterwards.

    Raises ResourceError when it is missing, or when `read` raises what a broken file makes it raise.

    >>> read_model("profanity.md", lambda path: path.read_text(encoding="utf-8")[:15])
    '# profanity.npz'
    """
    try:
        with as_file(files(__name__) / "models" / name) as path:
            return read(path)
    except (OSError, EOFError, KeyError, ValueError, BadZipFile):
        todo = "Reinstall the package."
        raise ResourceError(f"resources/models/{name}", "a bundled model", "nothing usable", todo) from None
