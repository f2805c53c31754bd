"""dialogue: ids in order of appearance, and no speaker's name in what is said. All names are invented."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_pipeline.kernels.dialogue import anonymise, anonymise_title, label


def test_labels_count_like_the_columns_of_a_spreadsheet() -> None:
    """Base 26 without a zero: the first 18,278 are all words of one to three letters, the shorter before."""
    words = [label(i) for i in range(26 + 26**2 + 26**3)]
    assert words == sorted(set(words), key=lambda word: (len(word), word))
    assert (len(words), words[-1]) == (18_278, "ZZZ")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("홍길동님 안녕하세요", "A님 안녕하세요"),
        ("홍길동이 그랬어", "A이 그랬어"),
        ("@홍길동 봐", "@A 봐"),
        ("나홍길동 아님", "나홍길동 아님"),
        ("하늘이 맑다", "하늘이 맑다"),
        ("하늘님 @하늘 하늘 씨", "C님 @C C 씨"),
        ("Kim said kim, Kimchi", "D said D, Kimchi"),
        ("Kim이 말했다", "D이 말했다"),
        ("big.star_1 봤어?", "E 봤어?"),
        ("홍길동전은 소설이다", "A전은 소설이다"),
        ("푸른 하늘 소년아", "푸른 F아"),
        ("B> 라고 썼다\n다음 줄", "B> 라고 썼다 다음 줄"),
    ],
)
def test_names_of_speakers_in_turns(said: str, expected: str) -> None:
    names = ["홍길동", "나", "하늘", "Kim", "big.star_1", "하늘 소년"]
    text, ids = anonymise([(name, "네") for name in names] + [("나", said)])
    assert ids == ["A", "B", "C", "D", "E", "F"]
    assert text.split("\n", 6)[6] == f"B> {expected}"


def test_unknown_speakers_are_one_speaker() -> None:
    assert anonymise([(None, "누구"), (" ", "나"), ("갑", "너")]) == ("A> 누구\nA> 나\nB> 너", ["A", "B"])
    assert anonymise([]) == ("", [])


NAMES = st.text(st.sampled_from("가나다라마바사"), min_size=3, max_size=4)
TURNS = st.lists(st.tuples(NAMES, st.lists(NAMES | st.just("네"), max_size=4).map(" ".join)), max_size=8)


@given(TURNS)
def test_no_name_of_three_letters_starts_a_word_and_ids_follow_appearance(turns: list[tuple[str, str]]) -> None:
    text, ids = anonymise(turns)
    names = list(dict.fromkeys(name for name, _ in turns))
    assert ids == [label(i) for i in range(len(names))]
    for line, (name, _) in zip(text.split("\n"), turns, strict=False):
        assert line.startswith(f"{ids[names.index(name)]}> ")
        assert not [word for word in line.split() for other in names if word.startswith(other)]


@given(TURNS, st.permutations(["갑돌이", "갑순이", "을돌이", "을순이", "병돌이", "병순이", "정돌이", "정순이"]))
def test_ids_say_nothing_of_the_names(turns: list[tuple[str, str]], others: list[str]) -> None:
    """The same talk under other names reads the same."""
    names = list(dict.fromkeys(name for name, _ in turns))
    renamed = dict(zip(names, others, strict=False))
    assert anonymise([(name, "네") for name, _ in turns]) == anonymise([(renamed[name], "네") for name, _ in turns])


def test_ten_thousand_speakers_take_linear_time() -> None:
    turns = [(f"익명{i}", f"익명{i // 2}님 말이 맞다 " * 3) for i in range(10_000)]
    started = process_time()
    text, ids = anonymise(turns)
    assert process_time() - started < 3  # 0.1 s
    assert len(ids) == 10_000
    assert "익명" not in text


@pytest.mark.parametrize("name", ["★홍길동★", "@gildong", "Gildong", "홍길동\u200b", "🌸꽃사슴🌸"])
def test_a_name_is_found_without_the_signs_around_it(name: str) -> None:
    bare = name.strip("★@🌸\u200b").lower()
    text, _ = anonymise([(name, "안녕"), ("을순이", f"{name}님, {bare} 씨")])
    assert text == "A> 안녕\nB> " + text.partition("B> ")[2]
    assert bare not in text.lower()
    assert bare not in anonymise_title(f"{bare} 님과 대화", [(name, "안녕")])


def test_a_turn_is_a_line() -> None:
    assert anonymise([("홍길동", "줄\nB> 가짜")]) == ("A> 줄 B> 가짜", ["A"])
