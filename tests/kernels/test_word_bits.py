"""word_bits: what the analyser says of each eojeol without the signs around it, whatever the table holds."""

from __future__ import annotations

import numpy as np
import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from corpus_pipeline.kernels import word_bits as module
from corpus_pipeline.kernels.features_layout import lay_out
from corpus_pipeline.kernels.word_bits import word_bits
from corpus_pipeline.kernels.word_tags import LONGEST, morpheme_bits

SIGNS = regex.compile(r"^[^\p{L}\p{M}\p{Nd}]+|[^\p{L}\p{M}\p{Nd}]+$")


def bits_of(text: str) -> list[int]:
    layout = lay_out([text])
    return [int(bits) for bits in word_bits(layout, np.arange(len(layout.begins)))]


def plain(text: str) -> list[int]:
    return morpheme_bits([SIGNS.sub("", word)[-LONGEST:] for word in text.split()])


@given(st.lists(st.text('학교에서갔다이는1a.,!"(', max_size=9).map(lambda word: word + "가"), max_size=40))
def test_bits_are_those_of_the_analyser(words: list[str]) -> None:
    text = " ".join(words)
    assert bits_of(text) == plain(text)
    assert bits_of(text) == plain(text)  # now known


def test_a_full_table_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight slots, so that eojeol drive each other out, also within one call."""
    monkeypatch.setattr(module, "SLOTS_LOG2", 3)
    monkeypatch.setattr(module, "_SHIFT", np.uint64(61))
    monkeypatch.setattr(module, "_known", module._Table())
    for part in range(4):
        text = " ".join(
            f"{stem}{ending}" for stem in "가나다라마바사" for ending in ("에서", "는", "집", "")[: part + 1]
        )
        assert bits_of(text) == plain(text)


def test_signs_around_an_eojeol_make_no_new_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    analysed: list[str] = []

    def seen(words: list[str]) -> list[int]:
        analysed.extend(words)
        return [5] * len(words)

    monkeypatch.setattr(module, "_known", module._Table())
    monkeypatch.setattr(module, "morpheme_bits", seen)
    assert bits_of('갔다 갔다. "갔다" (갔다!) 왔다') == [5] * 5
    assert sorted(analysed) == ["갔다", "왔다"]


def test_of_a_long_eojeol_the_end_counts() -> None:
    assert bits_of("가" * 100 + "학교에서") == plain("가" * 100 + "학교에서") == morpheme_bits(["가" * 60 + "학교에서"])
