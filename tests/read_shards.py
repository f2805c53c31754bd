"""A second reader of token shards, for tests: written from the format's description alone."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

DTYPES = {4: "<i4", 8: "<u2"}


class Shard:
    """One .bin/.idx pair. lengths [S] int32, offsets [S] int64 (bytes), tokens: all ids."""

    def __init__(self, path: Path) -> None:
        index = path.with_suffix(".idx").read_bytes()
        assert index[:9] == b"MMIDIDX\x00\x00"
        version, code, sequences, documents = struct.unpack("<QBQQ", index[9:34])
        assert version == 1
        assert documents == sequences + 1
        self.dtype = np.dtype(DTYPES[code])
        self.lengths: np.ndarray[Any, Any] = np.frombuffer(index, "<i4", sequences, 34)
        self.offsets: np.ndarray[Any, Any] = np.frombuffer(index, "<i8", sequences, 34 + 4 * sequences)
        self.tokens: np.ndarray[Any, Any] = np.fromfile(path.with_suffix(".bin"), self.dtype)
        assert int(self.lengths.sum()) == len(self.tokens)

    def sequence(self, position: int) -> np.ndarray[Any, Any]:
        start = int(self.offsets[position]) // self.dtype.itemsize
        return self.tokens[start : start + int(self.lengths[position])]
