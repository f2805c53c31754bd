"""Hashed n-grams, against a slow reading of the definition."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_pipeline.kernels.hashed_ngrams import (
    BITS,
    ORDERS,
    PIECE_CHARS,
    PIECES,
    folded_points,
    hashes,
    n_grams,
    pieces,
)


def slow(text: str) -> list[int]:
    """n_grams, letter by letter, with Python's integers."""
    folded = "".join("0" if c.isdecimal() else c.lower() if len(c.lower()) == 1 else c for c in text)
    words = folded.replace("\0", " ").split()
    if not words:
        return []
    line = f" {' '.join(words)} "
    found = []
    for order in ORDERS:
        for at in range(len(line) - order + 1):
            value = 0
            for letter in line[at : at + order]:
                value = (value * 0x9E3779B1 + ord(letter) + 1) % 2**32
            found.append((value * 0x85EBCA6B) % 2**32 >> (32 - BITS))
    return found


@given(st.text(st.characters(), max_size=40))
@settings(max_examples=200)
def test_as_defined(text: str) -> None:
    assert n_grams(text).tolist() == slow(text)


@pytest.mark.parametrize("same", [("A 1", "a  2"), ("가\n나", " 가\t나 "), ("가\0나", "가 나"), ("٣", "7")])
def test_folded_alike(same: tuple[str, str]) -> None:
    assert n_grams(same[0]).tolist() == n_grams(same[1]).tolist()


@given(st.lists(st.text("가나 \n\0A1😀", max_size=8), min_size=1, max_size=6))
def test_no_n_gram_across_texts(texts: list[str]) -> None:
    """What is left of a batch when the n-grams across ends are taken out is what the texts have alone."""
    points, ends = folded_points([pieces(text) for text in texts])
    total = 0
    for ids, across in hashes(points, ends):
        total += len(ids) - len(set(across.tolist()))
    blank = sum(not text.replace("\0", " ").strip() for text in texts)  # one space alone: a 1-gram that nobody reads
    assert total == sum(len(n_grams(text)) for text in texts) + blank


def test_a_long_text_is_seen_at_its_head_middle_and_tail() -> None:
    text = "가" * 50_000 + "나" * 50_000 + "다"
    head, middle, tail = pieces(text).split(" ")
    assert (head, len(middle), tail) == ("가" * PIECE_CHARS, PIECE_CHARS, "나" * (PIECE_CHARS - 1) + "다")
    assert set(middle) == {"가", "나"}
    assert pieces("가" * PIECES * PIECE_CHARS) == "가" * PIECES * PIECE_CHARS
