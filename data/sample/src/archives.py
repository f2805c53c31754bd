"""The raw material: one `<source>.tar.zst` per source, members `<source>/data/<path>`."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import zstandard

SEED = "corpus-sample-1"  # changing it draws another sample


class Item(NamedTuple):
    """One bundled file: name below the sample's folder, where it comes from, its bytes."""

    name: str
    origin: str
    data: bytes


def read(folder: Path, source: str, keep: Callable[[str], bool] = lambda path: True) -> dict[str, bytes]:
    """Files of `<folder>/<source>.tar.zst` whose path below `data/` passes `keep`, in path order."""
    prefix = f"{source}/data/"
    found: dict[str, bytes] = {}
    with (folder / f"{source}.tar.zst").open("rb") as packed:
        stream = zstandard.ZstdDecompressor().stream_reader(packed)
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                path = member.name.removeprefix("./").removeprefix(prefix)
                if member.isfile() and path != member.name.removeprefix("./") and keep(path):
                    handle = archive.extractfile(member)
                    found[path] = handle.read() if handle else b""
    if not found:
        raise FileNotFoundError(f"no wanted file in {source}.tar.zst; the sample's recipe and the archive differ")
    return dict(sorted(found.items()))


def ranked(keys: Iterable[str]) -> list[str]:
    """`keys` in an order that is fixed but unrelated to their names."""
    return sorted(keys, key=lambda key: (hashlib.sha256(f"{SEED}/{key}".encode()).digest(), key))
