"""Compressed files in memory: whole ones come out, broken ones and bombs have a reason."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable

import pytest
import zstandard

from corpus_pipeline.kernels.compression import unpack

TEXT = "점순네 수탉이 우리 수탉을 함부로 해내는 것이다. ".encode() * 2000
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "a.gz": gzip.compress,
    "b.BZ2": bz2.compress,
    "c.zst": zstandard.compress,
    "d.txt": bytes,
}


@pytest.mark.parametrize("name", PACKERS)
def test_whole_files_also_of_several_members(name: str) -> None:
    pack = PACKERS[name]
    assert unpack(pack(TEXT), name, len(TEXT)) == (TEXT, None)
    assert unpack(pack(TEXT) + pack(b"end"), name, 1 << 20) == (TEXT + b"end", None)


@pytest.mark.parametrize("name", ["a.gz", "b.BZ2", "c.zst"])
def test_broken_files_and_bombs(name: str) -> None:
    packed = PACKERS[name](TEXT)
    for broken in (b"", packed[:-5], packed[: len(packed) // 2], b"hello", packed + b"garbage"):
        assert unpack(broken, name, 1 << 20)[1] in ("broken_compression", None if not broken else "broken_compression")
    assert unpack(packed, name, len(TEXT) - 1) == (None, "file_too_large")
    assert unpack(PACKERS[name](bytes(50 << 20)), name, 1 << 20) == (None, "file_too_large")
