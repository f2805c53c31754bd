"""The rolling hash against the same sums in Python's own integers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_pipeline.kernels import rolling
from corpus_pipeline.kernels.rolling import blocks


def by_hand(codes: list[int]) -> int:
    """_SPREAD times the sum of c[i] * _BASE^i, modulo 2^64."""
    total = sum(c * pow(rolling._BASE, i, 2**64) for i, c in enumerate(codes))
    return rolling._SPREAD * total % 2**64


@settings(max_examples=40)
@given(st.text(max_size=40), st.integers(1, 12), st.integers(0, 12))
def test_hashes_are_the_sums(text: str, shortest: int, more: int) -> None:
    codes = [ord(c) for c in text]
    found = list(blocks(np.array(codes, np.uint32), shortest, shortest + more))
    windows = [codes[i : i + shortest] for i in range(len(codes) - shortest + 1)]
    assert [int(h) for block in found for h in block.all_hashes(shortest)] == [by_hand(one) for one in windows]
    lengths = [min(shortest + more, len(codes) - i) for i in range(len(windows))]
    places = np.arange(len(windows))
    if windows:
        asked = found[0].hashes(places, np.array(lengths))
        assert asked.tolist() == [by_hand(codes[i : i + n]) for i, n in zip(places, lengths, strict=True)]


@pytest.mark.parametrize("size", [1 << 15, (1 << 15) + 1, (1 << 15) + 13, 3 * (1 << 15) + 5])
def test_blocks_leave_no_place_out(size: int) -> None:
    letters = np.random.default_rng(size).integers(0xAC00, 0xD7A4, size).astype(np.uint32)
    found = list(blocks(letters, 13, 40))
    assert [block.begin for block in found] == np.cumsum([0, *(block.places for block in found[:-1])]).tolist()
    assert sum(block.places for block in found) == size - 12
    for block in found:  # the longest hash from the last place that has so many characters
        place = min(block.places - 1, size - 40 - block.begin)
        if place >= 0:
            codes = letters[block.begin + place :][:40].tolist()
            assert int(block.hashes(np.array([place]), 40)[0]) == by_hand(codes)
