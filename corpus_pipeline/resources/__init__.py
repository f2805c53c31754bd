"""Linguistic knowledge as data: tab-separated tables beside this file, readable from a directory or a zip.

A table is UTF-8 in NFC; a line that starts with `#` is a comment, and an empty line is skipped.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from corpus_pipeline.errors import ResourceError

__all__ = ["read_tsv"]


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
