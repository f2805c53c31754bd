"""Contamination against sets of tuples of morphemes, kept in plain Python."""

from __future__ import annotations

import json
import time
import unicodedata
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_pipeline.kernels.contamination import HEAD, LETTERS, Counts, Rule, build, evaluation_sets
from corpus_pipeline.kernels.morphemes import pieces
from corpus_pipeline.kernels.normalise import comparison_form

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"
ITEM = "한글날은 훈민정음의 반포를 기념하는 국경일로, 1446년 음력 9월에 반포된 것을 양력으로 옮겨 10월 9일로 정하였다."
OTHER = "동해 물과 백두산이 마르고 닳도록 하느님이 보우하사 우리나라 만세, 무궁화 삼천리 화려강산 길이 보전하세."
# words of one morpheme each, whatever stands around them; none is the start of another
WORDS = [a + b for a in "qwrtpsdfgh" for b in "zxcvbnmjkl"]


def morphemes(text: str) -> list[str]:
    return pieces(comparison_form(text).split())


def grams(items: list[str], n: int = 13, shortest: int = 8) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for item in items:
        parts = morphemes(item)
        found |= {tuple(parts[i : i + n]) for i in range(len(parts) - n + 1)}
        found |= {tuple(parts)} if shortest <= len(parts) < n else set()
    return {gram for gram in found if len("".join(gram)) >= HEAD and letters_of("".join(gram)) >= LETTERS}


def letters_of(text: str) -> int:
    return sum(unicodedata.category(c)[0] == "L" for c in text)


def shares(text: str, items: list[str]) -> bool:
    parts, known = morphemes(text), known_grams(tuple(items))
    widths = {len(gram) for gram in known}
    return any(tuple(parts[i : i + w]) in known for w in widths for i in range(len(parts)))


@cache
def known_grams(items: tuple[str, ...]) -> set[tuple[str, ...]]:
    return grams(list(items))


def found(texts: list[str], **sets: list[str]) -> list[list[str]]:
    return evaluation_sets(pa.array(texts, pa.string()), build(sets))


def petitions() -> list[str]:
    lines = sorted((SAMPLE / "petitions").glob("*.jsonl"))[0].read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["content"] for line in lines]


def pages() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted((SAMPLE / "encyclopedia").glob("*.txt"))]


def test_real_text_as_the_sets_of_tuples_say() -> None:
    """Paragraphs of pages as a set; documents with and without parts of them."""
    paragraphs = [p for page in pages()[:20] for p in page.replace("\n", "다. ").split("다. ") if len(p) > 40][:150]
    items = paragraphs[::3]
    spliced = [f"{a[:300]}\n{b[: 2 * i]}" for i, (a, b) in enumerate(zip(petitions(), items, strict=False))]
    texts = [*(text[:500] for text in petitions()[:40]), *paragraphs, *spliced]
    expected = [["set"] if shares(text, items) else [] for text in texts]
    assert found(texts, set=items) == expected
    assert 70 < sum(map(bool, expected)) < len(texts) - 70


@pytest.mark.parametrize(
    "copy",
    [
        ITEM,
        f"앞의 글이다. {ITEM} 뒤의 글이다.",
        ITEM.replace(" ", ""),
        ITEM.replace("의", "의 "),
        ITEM.replace(",", "…").replace(".", "!!").replace(" ", "\n\n"),
        unicodedata.normalize("NFD", ITEM),
        ITEM.replace("1446", "１４４６"),
        " · ".join(ITEM),
        ITEM[: len(ITEM) // 2],
    ],
)
def test_copies_are_found(copy: str) -> None:
    assert found([OTHER, copy, ""], quiz=[ITEM]) == [[], ["quiz"], []]


def test_changed_words_are_not_the_same() -> None:
    words = ITEM.split()
    words[3::3] = ["다른"] * len(words[3::3])
    assert not shares(" ".join(words), [ITEM])
    assert found([" ".join(words)], quiz=[ITEM]) == [[]]


Numbers = st.lists(st.integers(0, 49), max_size=60)


@settings(max_examples=60)
@given(Numbers, Numbers, st.integers(13, 40), st.integers(0, 40), st.integers(0, 10**6))
def test_thirteen_are_found_and_twelve_never(
    before: list[int], after: list[int], size: int, at: int, seed: int
) -> None:
    assert [morphemes(word) for word in WORDS] == [[word] for word in WORDS]
    item = np.random.default_rng(seed).permutation(50)[:size]
    at = min(at, size - 13)
    for length, expected in ((13, ["quiz"]), (12, [])):
        planted = [*before, *item[at : at + length], *after]
        words = [WORDS[50 + n] for n in before] + [WORDS[n] for n in planted[len(before) : len(before) + length]]
        text = " ".join([*words, *(WORDS[50 + n] for n in after)])
        assert found([text], quiz=[" ".join(WORDS[n] for n in item)]) == [expected]


@settings(max_examples=30)
@given(
    st.lists(st.sampled_from([ITEM, OTHER, ITEM[:40], "", "ㅋㅋㅋ", OTHER + ITEM, "🙂" * 30]), max_size=12), st.data()
)
def test_batches_do_not_matter(texts: list[str], data: st.DataObject) -> None:
    """Nor does what stands before and after a text: no gram reaches over its end."""
    index = build({"b": [ITEM], "a": [OTHER, ITEM + OTHER]})
    whole = pa.array(["앞", *texts], pa.string()).slice(1)
    cut = data.draw(st.integers(0, len(texts)))
    parts = evaluation_sets(whole[:cut], index) + evaluation_sets(whole[cut:], index)
    assert evaluation_sets(whole, index) == parts
    assert parts == [one for text in texts for one in evaluation_sets(pa.array([text]), index)]


def test_a_text_longer_than_a_piece() -> None:
    filler = "".join(petitions())
    filler *= 1 + (1 << 20) // len(filler)
    assert found([filler + ITEM + filler, filler], quiz=[ITEM]) == [["quiz"], []]


def test_short_items_count_as_a_whole() -> None:
    question = "훈민정음을 반포한 조선의 임금은 누구인가?"
    assert 8 <= len(morphemes(question)) < 13
    texts = [f"문제: {question} 답: 세종", "훈민정음을 반포한 조선의 임금은 세종이다."]
    assert found(texts, quiz=[question, "누구인가?"]) == [["quiz"], []]
    assert build({"quiz": [question, "누구인가?"]}).counts == (Counts(items=2, unusable=1, grams=1, common=0),)


def test_phrases_of_many_items_do_not_count() -> None:
    phrase = "다음 글을 읽고 물음에 답하시오. 가장 알맞은 것을 보기에서 골라 그 번호를 쓰시오."
    items = [f"{phrase} {word} {number}" for number, word in enumerate(WORDS[:11])]
    assert found([phrase], quiz=items) == [[]]
    assert found([phrase], quiz=items[:10]) == [["quiz"]]
    assert found([phrase], quiz=[items[0]] * 20) == [["quiz"]]  # one item, twenty times
    assert found([phrase], quiz=[f"{phrase} {phrase} {phrase}" * 5]) == [["quiz"]]
    assert build({"quiz": items}).counts[0].common > 0


STEM = "다음 글의 내용과 일치하지 않는 것은?"


def test_the_stem_of_many_questions_does_not_count() -> None:
    assert 8 <= len(morphemes(STEM)) < 13
    item = "세종대왕은 조선의 제4대 국왕이며 훈민정음을 창제하여 백성이 쉽게 글을 쓰게 하였다."
    blog = f"어제 본 시험에는 '{STEM}' 같은 문제가 많았다."
    assert found([blog, item], exam=[STEM] * 200 + [item]) == [[], ["exam"]]
    assert found([blog], exam=[STEM, STEM + "!", STEM.replace("?", ".")] * 4) == [[]]
    assert found([blog], exam=[STEM] * 10) == [["exam"]]
    counts = build({"exam": [STEM] * 11 + [item]}).counts[0]
    assert (counts.items, counts.unusable, counts.common) == (2, 1, 1)


def test_a_context_that_repeats_counts_once() -> None:
    assert found([ITEM], quiz=[ITEM] * 200) == [["quiz"]]
    assert build({"quiz": [ITEM] * 200}).counts == build({"quiz": [ITEM]}).counts


FIGURES = ["주파수 표: 100000000000000000000", "값은 0.00000000000000001 이다", "IPv6 주소 0000:0000:0000:0000:0000"]


def test_figures_do_not_count() -> None:
    zeros = f"x = [{', '.join(['0'] * 16)}]"
    code = ["print(1); print(2); print(3); print(4); print(5)", zeros]
    assert found([*FIGURES, zeros, code[0]], code=code) == [[], [], [], [], ["code"]]
    assert [one.unusable for one in build({"code": code}).counts] == [1]


@pytest.mark.parametrize(("letters", "expected"), [(LETTERS - 1, []), (LETTERS, ["quiz"])])
def test_so_many_letters_count(letters: int, expected: list[str]) -> None:
    item = " ".join([*"가나다라마"[:letters], *("7" * (13 - letters))])
    assert len(morphemes(item)) == 13
    assert found([item], quiz=[item]) == [expected]


def test_several_sets_and_matches() -> None:
    both = f"{ITEM} {OTHER}"
    assert found([both, OTHER, ITEM], z=[OTHER], a=[ITEM], m=["없는 글 " * 20]) == [["a", "z"], ["z"], ["a"]]
    count = len(grams([ITEM]))
    for least, expected in ((count, [["a"]]), (count + 1, [[]])):
        index = build({"a": [ITEM]}, Rule(min_matches=least))
        assert evaluation_sets(pa.array([ITEM * 3]), index) == expected


def test_other_scripts() -> None:
    han, kana = (
        "大韓民國은 民主共和國이다 大韓民國의 主權은 國民에게 있다",
        "吾輩は猫である。名前はまだ無い。どこで生れたか",
    )
    english = "The quick brown fox jumps over the lazy dog and runs away into the dark forest"
    texts = ["서문 " + han, kana + "とんと見当がつかぬ。", english.upper(), "The quick brown fox"]
    assert found(texts, ja=[kana], en=[english], ko=[han]) == [["ko"], ["ja"], ["en"], []]


def test_odd_texts_and_items() -> None:
    index = build({"odd": ["", "ㅋ" * 5_000, "\ud800", "🙂", ITEM, "a" * 10_000], "none": []})
    assert index.counts[0].items == 0
    texts = ["", "🙂" * 1_000, " ", "\u1112" * 100]
    assert evaluation_sets(pa.array(texts), index) == [[]] * 4
    assert evaluation_sets(pa.array([], pa.string()), index) == []
    assert evaluation_sets(pa.array(["가"]), build({})) == [[]]


@pytest.mark.parametrize("letter", ["가", "ㅋ", " ", "a"])
def test_ten_megabytes_of_one_letter(letter: str) -> None:
    """Though every place of the text is the head of a gram. Linear: a second, about."""
    started = time.process_time()
    text = letter * (10_000_000 // len(letter.encode()))
    result = found([text, ITEM], laughs=["ㅋ" * 2_000, "가" * 2_000, "a" * 2_000], quiz=[ITEM])
    assert result == [[] if letter == " " else ["laughs"], ["quiz"]]
    assert time.process_time() - started < 30
