"""shingle: against sets of Python strings, and with an independent SplitMix64."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_pipeline.kernels import morphemes, shingle
from corpus_pipeline.kernels.normalise import comparison_form, comparison_forms
from corpus_pipeline.kernels.shingle import (
    Hashes,
    Ragged,
    Unit,
    distinct,
    jaccard,
    mix64,
    ngrams,
    shingles,
    sketch_jaccard,
    units,
)

UNITS: tuple[Unit, ...] = ("character", "character_and_space", "eojeol", "morpheme")
KOREAN = st.text(st.sampled_from("가나다라마바사 abc1é́!ㅋ𠀀"), max_size=60)
SENTENCES = [
    "서울에서 3.5km를 달렸다",
    "나는 학교에 갔다!",
    "हिन्दी 한글 ㅋㅋㅋ",
    "네",
    "",
    "...",
    "가" * 70 + " 나",
    "2024년 1분기",
]
WORDS = st.lists(st.sampled_from(SENTENCES), max_size=4).map(" ".join)
BASE = 0xD1342543DE82EF95


def mix(x: int) -> int:
    x = (x + 0x9E3779B97F4A7C15) % 2**64
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    x = (x ^ x >> 27) * 0x94D049BB133111EB % 2**64
    return x ^ x >> 31


def gram_hash(tokens: Sequence[int]) -> int:
    total = 0
    for token in tokens:
        total = (total * BASE + token) % 2**64
    return mix(total ^ mix(len(tokens)))


def word_hash(word: str) -> int:
    total = sum(ord(character) * pow(BASE, i + 1, 2**64) for i, character in enumerate(word)) % 2**64
    return mix(total ^ mix(len(word)))


def tokens_of(text: str, unit: Unit) -> list[str]:
    form = comparison_form(text)
    if unit == "character":
        return list(form.replace(" ", ""))
    if unit == "character_and_space":
        return list(form)
    return form.split() if unit == "eojeol" else [piece.strip() for piece in morphemes.pieces([form])]


def grams(tokens: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)] or ([tuple(tokens)] if tokens else [])


def hashed(gram: tuple[str, ...], unit: Unit) -> int:
    return gram_hash([ord(token) if unit.startswith("character") else word_hash(token) for token in gram])


def rows(found: Ragged) -> list[Hashes]:
    return [found.values[a:b] for a, b in zip(found.offsets[:-1], found.offsets[1:], strict=True)]


def hashes_of(texts: Sequence[str], n: int = 5, unit: Unit = "character") -> list[Hashes]:
    return rows(shingles(comparison_forms(pa.array(texts, pa.large_string())), n, unit))


def check(texts: list[str], n: int, unit: Unit) -> None:
    found = hashes_of(texts, n, unit)
    assert len(found) == len(texts)
    for text, row in zip(texts, found, strict=True):
        expected = grams(tokens_of(text, unit), n)
        assert row.tolist() == [hashed(gram, unit) for gram in expected]  # in the order of the text
        assert len(set(row.tolist())) == len(set(expected))


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("block", [1, 3, 1 << 15])
@settings(max_examples=40)
@given(texts=st.lists(KOREAN | WORDS, max_size=6), n=st.integers(1, 8))
def test_shingles_are_the_documented_hashes_of_the_n_grams(unit: Unit, block: int, texts: list[str], n: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shingle, "_BLOCK", block)
        check(texts, n, unit)


@pytest.mark.parametrize("unit", UNITS)
def test_rows_of_every_length_about_n(unit: Unit) -> None:
    texts = ["", *(" ".join("가나다라마바사아"[:length]) for length in range(9)), "!", "", "가 나", ""]
    for n in range(1, 9):
        check(texts, n, unit)
    check([], 5, unit)
    check(["", "."], 5, unit)


@given(KOREAN, KOREAN, st.integers(1, 12))
def test_same_jaccard_as_sets_of_strings(a: str, b: str, n: int) -> None:
    x, y = (set(grams(tokens_of(text, "character"), n)) for text in (a, b))
    first, second = (distinct(row) for row in hashes_of([a, b], n))
    assert jaccard(first, second) == (len(x & y) / len(x | y) if x and y else 0.0)


@given(st.lists(st.integers(0, 9) | st.integers(0, 2**64 - 1), max_size=20))
def test_distinct_is_a_set(values: list[int]) -> None:
    found = distinct(np.array(values, np.uint64))
    assert found.tolist() == sorted(set(values))
    assert found.dtype == np.uint64


def test_mix64_is_splitmix64() -> None:
    assert mix64(np.array([1, 2, 2**64 - 1], np.uint64)).tolist() == [mix(1), mix(2), mix(2**64 - 1)]


def test_no_collisions_among_a_million_ngrams() -> None:
    draw = random.Random(5)
    text = "".join(chr(draw.randrange(0xAC00, 0xD7A4)) for _ in range(1_000_000))
    expected = len({text[i : i + 5] for i in range(len(text) - 4)})
    assert len(distinct(hashes_of([text])[0])) == expected


def test_no_collisions_among_words() -> None:
    draw = random.Random(6)
    words = ["".join(draw.choices("가나다라ab1", k=draw.randrange(1, 9))) for _ in range(200_000)]
    assert len(distinct(hashes_of([" ".join(words)], 1, "eojeol")[0])) == len(set(words))


def test_units() -> None:
    forms = comparison_forms(pa.array(["나는 간다.", "", "가"]))
    assert [row.tolist() for row in rows(units(forms))] == [[ord(c) for c in "나는간다"], [], [ord("가")]]
    spaced = rows(units(forms, "character_and_space"))
    assert [row.tolist() for row in spaced] == [[ord(c) for c in "나는 간다"], [], [ord("가")]]
    assert [len(row) for row in rows(units(forms, "eojeol"))] == [2, 0, 1]
    assert rows(units(forms, "morpheme"))[0].tolist() == [word_hash(word) for word in ("나", "는", "간다")]


def test_a_short_text_is_no_n_gram_of_a_longer_one() -> None:
    zero = Ragged(np.array([0, 7, 0, 0, 7, 7], np.uint64), np.array([0, 2, 5, 6]))  # zero changes no polynomial
    assert len(set(ngrams(zero, 3).values.tolist())) == 3
    assert jaccard(*(distinct(row) for row in hashes_of(["가나", "가나다라마바"]))) == 0.0


@pytest.mark.parametrize(("text", "count"), [("", 0), (" !\n…", 0), ("가", 1), ("안녕하세", 1), ("안녕하세요", 1)])
def test_short_texts(text: str, count: int) -> None:
    assert len(hashes_of([text])[0]) == count


def test_short_texts_are_distinct_and_comparable() -> None:
    """A peer gives all documents under 13 words one signature."""
    texts = ["안녕", "안녕하", "안녕하세", "반가워", "네", "넵", "오늘 날씨가 참 좋네요", "오늘 날씨가 참 춥네요"]
    hashes = [distinct(row) for row in hashes_of([*texts, "안 녕!"])]
    assert len({tuple(row.tolist()) for row in hashes}) == len(texts)
    assert jaccard(hashes[7], hashes[6]) == 2 / 8  # 5 five-grams each, 2 before the changed syllable
    assert jaccard(hashes[8], hashes[0]) == 1.0


def test_bad_n() -> None:
    with pytest.raises(ValueError, match="n must be 1 or more, got 0"):
        hashes_of(["가"], 0)


def test_sketch_is_exact_below_the_limit_and_close_above() -> None:
    draw = np.random.default_rng(3)
    errors = []
    for _ in range(200):
        values = np.unique(draw.integers(0, 2**64, 3000, dtype=np.uint64))
        draw.shuffle(values)
        a, b = np.sort(values[:2400]), np.sort(values[600:])
        exact = jaccard(a, b)
        assert sketch_jaccard(a, b, 2401) == exact
        errors.append(sketch_jaccard(a[:400], b[:400], 400) - exact)
    assert abs(np.mean(errors)) < 0.005
    assert np.std(errors) < 1.2 * (0.6 * 0.4 / 400) ** 0.5


def test_sketch_of_a_long_and_a_short_text() -> None:
    long = np.arange(0, 1000, 2, dtype=np.uint64)
    short = np.arange(0, 100, 1, dtype=np.uint64)
    assert sketch_jaccard(long[:30], short, 30 + 80) == jaccard(long[:30], short)
    assert sketch_jaccard(long[:30], short, 30) == 15 / 30  # both cover 0..29 (short) -> the smaller end is short's
