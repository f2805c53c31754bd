"""normalise: against its rule in plain unicodedata, character by character, and the peers' Hangul mistakes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b
from unicodedata import category, combining, decomposition, is_normalized, normalize

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_pipeline.kernels.normalise import (
    comparison_form,
    comparison_forms,
    content_hashes,
    form_pieces,
    narrow,
    text_of,
)

# Characters that nobody sees, by name: Hangul and Khmer fillers, the grapheme joiner, variation selectors.
FILLERS = {*"\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0", *map(chr, range(0xFE00, 0xFE10))}
FILLERS |= set(map(chr, range(0xE0100, 0xE01F0)))
# Two of each kind: syllables, jamo of three sorts, marks (one of them a composition's second half), case, width,
# ligatures, separators that are white space and that are not, ignored characters, digits, astral letters and emoji.
ODD = "가힣ㅋㄳ\u1112\u1161\u11ab\u11a8ﾡￂ\u0301\u3099\u09beかé́eİßΣςＡ㈜㎏ﬁ½①㉠´¨ㆍ·.!  \n\u3000"
ODD += "\u200b\u00ad\ufe0f\u20e39７𝐀𐐀𠀀😀\U000e0100"
ODD_TEXT = st.text(st.sampled_from(ODD), max_size=30) | st.text(max_size=20)
ENCODABLE = ODD_TEXT.filter(lambda text: not re.search("[\ud800-\udfff]", text))


def unseen(character: str) -> bool:
    return character in FILLERS or category(character) in ("Cf", "Me")


def full_width(character: str) -> str:
    """Half-width jamo as their compatibility mapping says, in one step."""
    mapping = decomposition(character)
    return chr(int(mapping.split()[1], 16)) if "ﾡ" <= character <= "ￜ" and mapping else character


def by_the_rule(text: str) -> str:
    """The form without a table or a shield: jamo typed apart part the text, and what is between is normalised."""
    parts = re.split("([\u3131-\u318e])", "".join(full_width(c) for c in text if not unseen(c)))
    parts[::2] = [normalize("NFC", normalize("NFKC", part).casefold()) for part in parts[::2]]
    seen = [c for part in parts for c in part if not unseen(c)]
    words = "".join(c if c != "ㆍ" and category(c)[0] in "LMN" else " " for c in seen).split(" ")
    return " ".join(filter(None, words))


def forms_of(texts: Sequence[str], fold_digits: bool = False) -> list[str]:
    return [text_of(row) for row in comparison_forms(pa.array(texts, pa.large_string()), fold_digits).rows()]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("", ""),
        (" \t\n\u3000", ""),
        ("!?… 😀👍🏽 ❤️ ^^", ""),
        ("안녕하세요", "안녕하세요"),  # a peer's ASCII-only \W takes all of it for separators
        (normalize("NFD", "대한민국"), "대한민국"),
        ("ＫＴ＆Ｇ　２０２１년", "kt g 2021년"),
        ("ﾊﾝｸﾞﾙ", "ハングル"),
        ("ￂￂￇ ﾡ ￜ", "ㅏㅏㅔ ㄱ ㅣ"),
        ("ㅎㅏㄴㄱㅡㄹ ㅋㅋ ㅠㅠ 가ㄳ", "ㅎㅏㄴㄱㅡㄹ ㅋㅋ ㅠㅠ 가ㄳ"),  # NFKC alone makes 하 of ㅎㅏ
        ("소재ㆍ부품·장비", "소재 부품 장비"),
        ("Straße STRASSE ǅ", "strasse strasse dž"),
        ("㈜삼성 ㎏ ① Ⅳ ½", "주 삼성 kg 1 iv 1 2"),
        ("소\u00ad프트\u200b웨어\ufeff", "소프트웨어"),
        ("1️⃣ 번", "1 번"),
        ("日本語 हिन्दी ไทย", "日本語 हिन्दी ไทย"),
        ("\ud800가\udfff", "가"),
        ("\U00040000가\U000f0000나\U0010ffff", "가 나"),  # no characters, and private ones
        ("가\U000e0100나\U000e0061다", "가나다"),
    ],
)
def test_form(text: str, form: str) -> None:
    assert comparison_form(text) == form


def test_every_character_alone() -> None:
    characters = [chr(c) for c in (*range(0xD800), *range(0xE000, 0x40000), *range(0xE0000, 0xE0200))]
    expected = [by_the_rule(c) for c in characters]
    forms = forms_of(characters)
    assert [(ascii(c), e, f) for c, e, f in zip(characters, expected, forms, strict=True) if e != f] == []
    assert forms_of(forms) == forms  # idempotent
    assert {comparison_form(chr(c)) for c in range(0xD800, 0xE000)} == {""}


def test_every_character_taken_apart() -> None:
    """What composes does so in a text without another mark: none of the second halves is missed."""
    codes = (*range(0xD800), *range(0xE000, 0x30000))
    apart = [(c, normalize("NFD", c)) for c in map(chr, codes) if not is_normalized("NFD", c)]
    assert len(apart) > 13_000
    assert forms_of([decomposed for _, decomposed in apart]) == forms_of([c for c, _ in apart])


@pytest.mark.parametrize(
    "context", ["a{}b", "가{}\u0301", "\u1112\u1161{}", "{}\u1161\u11ab", "ㄱ{}ㅏ", "e {}\u0323\u0301"]
)
def test_characters_beside_others(context: str) -> None:
    """All that decompose, combine or are jamo, and a sample of the others (61 is prime)."""

    def lively(code: int) -> bool:
        c = chr(code)
        return bool(combining(c)) or 0x1100 <= code < 0x1200 or unseen(c) or not is_normalized("NFKD", c)

    codes = [c for c in range(0x30000) if not 0xAC00 <= c < 0xE000 and not 0xF900 <= c < 0xFB00 and lively(c)]
    codes += [c for c in range(0, 0x40000, 61) if not 0xD800 <= c < 0xE000]
    texts = [context.format(chr(c)) for c in codes]
    expected = [by_the_rule(text) for text in texts]
    assert [(ascii(t), e, f) for t, e, f in zip(texts, expected, forms_of(texts), strict=True) if e != f] == []


@given(ODD_TEXT)
def test_form_is_the_rule_s(text: str) -> None:
    assert comparison_form(text) == by_the_rule(text)


@given(st.text(st.sampled_from("가힣ㅋㆍaA1 .\n\t·…Ａ９\u200b한글é́"), max_size=40) | st.text(max_size=40))
def test_form_is_words_only_nfc_and_stable(text: str) -> None:
    form = comparison_form(text)
    assert form == form.strip()
    assert "  " not in form
    assert all(c == " " or category(c)[0] in "LMN" for c in form)
    assert is_normalized("NFC", form)
    assert comparison_form(form) == form


@given(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3)))
def test_every_syllable_stays(text: str) -> None:
    assert comparison_form(text) == text
    assert comparison_form(normalize("NFD", text)) == text


@given(st.text(st.sampled_from("가각힣éǖがばA9 .한글ộ"), max_size=30))
def test_composed_and_decomposed_text_are_one(text: str) -> None:
    nfc, nfd = (comparison_forms(pa.array([normalize(kind, text)])) for kind in ("NFC", "NFD"))
    assert np.array_equal(nfc.values, nfd.values)
    assert content_hashes(nfc) == content_hashes(nfd)


def test_word_borders_are_kept_but_not_their_width() -> None:
    assert comparison_form("1.5배") != comparison_form("15배")
    assert comparison_form("가 -\n\n 나") == "가 나"


@given(st.lists(ENCODABLE, max_size=8), st.booleans(), st.booleans())
def test_a_batch_is_one_by_one(texts: list[str], large: bool, fold_digits: bool) -> None:
    kind = pa.large_string() if large else pa.string()
    expected = [comparison_form(text) for text in texts]
    if fold_digits:
        expected = [re.sub("[1-9]", "0", form) for form in expected]
    for array in (pa.array(texts, kind), pa.array(["é́. ", *texts, "ㅋ①"], kind).slice(1, len(texts))):
        forms = comparison_forms(array, fold_digits)
        assert [text_of(row) for row in forms.rows()] == expected
        assert forms.values.dtype == np.uint32
        assert len(forms.starts) == len(forms.ends) == len(texts)
        assert content_hashes(forms) == [
            blake2b(form.encode("utf-16-le"), digest_size=16).digest() if form else None for form in expected
        ]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_arrays_of_nothing(kind: pa.DataType) -> None:
    for array in (pa.array([], kind), pa.array(["가"], kind).slice(1), pa.array(["가"], kind).slice(0, 0)):
        forms = comparison_forms(array)
        assert (len(forms.values), len(forms.starts), len(forms.ends), content_hashes(forms)) == (0, 0, 0, [])
    assert content_hashes(comparison_forms(pa.array(["", "", " "], kind))) == [None] * 3


def test_fold_digits() -> None:
    texts = ["2021년 1월 15일", "２０２１ ① ½ x²", "٣", "조회 1,234", "조회 9,876"]
    assert forms_of(texts, fold_digits=True) == ["0000년 0월 00일", "0000 0 0 0 x0", "٣", "조회 0 000", "조회 0 000"]
    assert forms_of(texts[:1]) == ["2021년 1월 15일"]


def test_content_hashes() -> None:
    """One text has one hash, beside astral characters (which UTF-16 writes in two halves) or not."""
    near = ["가 나", "가나", "네", "", "가, 나!", "𠀀", "𠀁", "가𠀀", "\U00010041", "A"]
    astral = content_hashes(comparison_forms(pa.array(near)))
    assert astral == [content_hashes(comparison_forms(pa.array([text])))[0] for text in near]
    assert astral[:5] == content_hashes(comparison_forms(pa.array(near[:5])))
    assert astral[0] == astral[4]
    assert astral[3] is None
    assert len(set(astral)) == 9
    assert all(len(found) == 16 for found in astral if found is not None)


@given(ENCODABLE, st.integers(1, 7), st.booleans())
def test_pieces_end_to_end_are_the_form(text: str, length: int, fold_digits: bool) -> None:
    pieces = list(form_pieces(text, fold_digits, length))
    (form,) = comparison_forms(pa.array([text]), fold_digits).rows()
    assert "".join(map(text_of, pieces)) == text_of(form)
    assert b"".join(map(narrow, pieces)) == narrow(form)
    assert len(pieces) <= -(-len(text) // length)


@pytest.mark.parametrize(
    "text",
    [
        "e\u0301" * 9,
        "\u1112\u1161\u11ab" * 9,
        "가\u200b\u0301\u200b\u0323나",
        "가" + " " * 9 + "나",
        " \n" * 9,
        "...",
        "가" + "!" * 9,
        "!" * 9 + "가",
        "ㅎㅏㄴ" * 5,
        "ｶﾞ" * 5,
        "a´´´b",
        "㈜" * 7,
        "\u0301" * 12,
        "가나다라 마바사아 자차카타",
        "x" + "\ufe0f" * 20 + "\u0301",
        "",
    ],
)
def test_pieces_cut_nothing_that_joins(text: str) -> None:
    for length in range(1, len(text) + 2):
        assert "".join(map(text_of, form_pieces(text, length=length))) == by_the_rule(text)


@given(st.text(st.sampled_from("가나 \n"), max_size=300), st.integers(10, 50))
def test_pieces_are_short(text: str, length: int) -> None:
    pieces = [text_of(piece) for piece in form_pieces(text, length=length)]
    assert max(map(len, pieces), default=0) <= length + 1  # and the space before


@pytest.mark.parametrize("border", [" ", "\n", " \n\n "])
def test_pieces_end_at_white_space_where_they_can(border: str) -> None:
    pieces = [text_of(piece) for piece in form_pieces(("가" * 7 + border) * 40, length=100)]
    assert len(pieces) > 3
    assert {word for piece in pieces for word in piece.split()} == {"가" * 7}
