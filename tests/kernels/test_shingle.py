"""shingle: against sets of Python strings, and with an independent SplitMix64."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_pipeline.kernels.normalise import comparison_form
from corpus_pipeline.kernels.shingle import form_shingles, jaccard, mix64, shingle_hashes, sketch_jaccard

KOREAN = st.text(st.sampled_from("가나다라마바사 abc1"), max_size=60)


def strings(text: str, n: int) -> set[str]:
    joined = comparison_form(text).replace(" ", "")
    return {joined[i : i + n] for i in range(len(joined) - n + 1)} or ({joined} if joined else set())


@given(KOREAN, KOREAN, st.integers(1, 12))
def test_same_jaccard_as_sets_of_strings(a: str, b: str, n: int) -> None:
    x, y = strings(a, n), strings(b, n)
    hashes = shingle_hashes(a, n)
    assert len(hashes) == len(x)
    assert jaccard(hashes, shingle_hashes(b, n)) == (len(x & y) / len(x | y) if x and y else 0.0)


def test_hash_is_the_documented_one() -> None:
    def mix(x: int) -> int:
        x = (x + 0x9E3779B97F4A7C15) % 2**64
        x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        x = (x ^ x >> 27) * 0x94D049BB133111EB % 2**64
        return x ^ x >> 31

    def shingle(gram: str) -> int:
        total = 0
        for character in gram:
            total = (total * 0xD1342543DE82EF95 + ord(character)) % 2**64
        return mix(total ^ mix(len(gram)))

    text = "가나다라마바사아자차카타파하"
    assert shingle_hashes(text + "🙂").tolist() == sorted({shingle(text[i : i + 5]) for i in range(10)})
    assert shingle_hashes("네").tolist() == [shingle("네")]
    assert mix64(np.array([1, 2], np.uint64)).tolist() == [mix(1), mix(2)]


def test_no_collisions_among_a_million_ngrams() -> None:
    draw = random.Random(5)
    text = "".join(chr(draw.randrange(0xAC00, 0xD7A4)) for _ in range(1_000_000))
    distinct = len({text[i : i + 5] for i in range(len(text) - 4)})
    assert len(form_shingles(text)) == distinct


@pytest.mark.parametrize(("text", "count"), [("", 0), (" !\n…", 0), ("가", 1), ("안녕하세", 1), ("안녕하세요", 1)])
def test_short_texts(text: str, count: int) -> None:
    assert len(shingle_hashes(text)) == count


def test_short_texts_are_distinct_and_comparable() -> None:
    """A peer gives all documents under 13 words one signature."""
    texts = ["안녕", "안녕하", "안녕하세", "반가워", "네", "넵", "오늘 날씨가 참 좋네요", "오늘 날씨가 참 춥네요"]
    hashes = [shingle_hashes(text) for text in texts]
    assert len({tuple(h.tolist()) for h in hashes}) == len(texts)
    assert jaccard(hashes[-1], hashes[-2]) == 2 / 8  # 5 five-grams each, 2 before the changed syllable
    assert jaccard(shingle_hashes("안 녕!"), hashes[0]) == 1.0


def test_bad_n() -> None:
    with pytest.raises(ValueError, match="n must be 1 or more, got 0"):
        shingle_hashes("가", 0)


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
