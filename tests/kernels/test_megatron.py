"""The byte layout against the known vector of the format."""

from __future__ import annotations

import numpy as np

from corpus_pipeline.kernels.megatron import index_bytes, token_dtype

GOLDEN = (
    "4d4d4944494458000001000000000000000802000000000000000300000000000000030000000200000000000000000000000600000000"
    "000000000000000000000001000000000000000200000000000000"
)


def test_golden_vector() -> None:
    assert index_bytes(np.array([3, 2]), "uint16").hex() == GOLDEN


def test_offsets_do_not_overflow_32_bits() -> None:
    lengths = np.full(5, 2**30, dtype=np.int32)
    index = index_bytes(lengths, "int32")
    offsets = np.frombuffer(index[34 + 20 : 34 + 20 + 40], dtype="<i8")
    assert offsets.tolist() == [i * 2**32 for i in range(5)]


def test_dtype_by_vocabulary() -> None:
    assert [token_dtype(n) for n in (1, 65_499, 65_500, 250_000)] == ["uint16", "uint16", "int32", "int32"]
