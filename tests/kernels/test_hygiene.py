"""hygiene: what is removed, what must stay, and that a second pass changes nothing."""

from __future__ import annotations

import unicodedata
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_pipeline.kernels.hygiene import clean, fold_repeats

ODD = st.text(
    st.sampled_from(
        list("가각ㅋㅠ!?~^.-= \t\n\r\x0b\x0c\x00\x85") + list("\u200b\u200c\u200d\ufeff\xa0\u3000\u2028\xad")
    )
    | st.sampled_from(["\U0001f468", "\u2764", "\ufe0f", "\u1112", "\u1161", "\u11ab", "e", "\u0301", "\ud800", "1"])
    | st.sampled_from(["\U0001f3f4", "\U000e0061", "\U000e007f", "Ａ", "９", "！"])
    | st.characters(),
    max_size=40,
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("안녕하세요ㅋㅋㅋㅋ", "안녕하세요ㅋㅋ"),
        ("1000000원", "1000000원"),
        ("ㅠㅠㅠㅠ 왜???!!!!", "ㅠㅠ 왜??!!"),
        ("그래서... 음......", "그래서... 음......"),
        ("제목\n=====\n---\n----", "제목\n=====\n---\n----"),
        ("~~~python\nx\n~~~", "~~~python\nx\n~~~"),
        ("    ^^^^^ 여기", "    ^^^^^ 여기"),
        ("안녕~~~~", "안녕~~"),
        ("하하하하하", "하하하하하"),
        ("\ufeff한\u200b글", "한글"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("앞\x0c뒤", "앞\n뒤"),
        ("가\x00나\x07다\t라", "가나다\t라"),
        ("가\xa0나\u3000다\u3164라", "가 나 다 라"),
        ("끝  \n다음\t\n", "끝\n다음\n"),
        ("a\n\n\n\nb", "a\n\nb"),
        ("a\n\n\nb", "a\n\n\nb"),
        ("\u1112\u1161\u11ab", "한"),
        ("\u1112\u200b\u1161\u11ab", "한"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
        ("\u2764\ufe0f\u200d\U0001f525", "\u2764\ufe0f\u200d\U0001f525"),
        ("가\u200d나", "가나"),
        ("０１０ Ａ", "010 A"),
        ("ＫＡＫＡＯ：ｋ３！（주）", "KAKAO：k3！（주）"),
        ("Ａ\u0301", "\u00c1"),
        ("가\U000e0041\U000e0042나", "가나"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e007f", "\U0001f3f4\U000e0067\U000e0062\U000e007f"),
        ("가\ud800나", "가나"),
        ("", ""),
    ],
)
def test_clean(raw: str, expected: str) -> None:
    assert clean(raw) == expected


@given(ODD)
def test_clean_is_idempotent_normal_and_encodable(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)
    once.encode("utf-8")


@given(ODD)
def test_folding_is_idempotent_and_keeps_every_other_character(text: str) -> None:
    once = fold_repeats(text)
    assert fold_repeats(once) == once
    assert [c for c in once if c.isalnum() and not "ㄱ" <= c <= "ㅣ"] == [
        c for c in text if c.isalnum() and not "ㄱ" <= c <= "ㅣ"
    ]


@given(ODD)
def test_every_digit_stays_in_its_order(text: str) -> None:
    """NFKC is the oracle for width; it also unfolds characters such as the circled one, so only 0-9 are compared."""
    plain = [unicodedata.normalize("NFKC", c) for c in text if c in "0123456789０１２３４５６７８９"]
    assert [c for c in clean(text) if c in "0123456789"] == plain


@pytest.mark.parametrize("code", [*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B)])
def test_a_wide_letter_or_digit_becomes_what_unicode_says_it_is(code: int) -> None:
    assert clean(chr(code)) == unicodedata.normalize("NFKC", chr(code))


@pytest.mark.parametrize(
    "text",
    [
        "가" + " " * 300_000 + "나",
        "\xa0" * 100_000,
        "ㅋ" * 300_000,
        "가~^" * 100_000,
        " \n" * 100_000,
        "\u200d" * 100_000,
        "\U0001f3f4" + "\U000e0061" * 100_000,
        "\U0001f3f4\U000e0061" * 100_000,
        "".join(map(chr, range(0xD800, 0xDFFF))) * 50,
    ],
)
def test_the_worst_texts_take_linear_time(text: str) -> None:
    started = process_time()
    clean(text)
    assert process_time() - started < 1  # each takes some 10 ms; a quadratic pass over 100,000 takes minutes


@given(st.sampled_from("ㅋㅎㅠㅜㄷ"), st.integers(1, 50))
def test_a_run_never_eats_the_syllable_before_it(jamo: str, count: int) -> None:
    assert fold_repeats("안녕하세요" + jamo * count) == "안녕하세요" + jamo * min(count, 2)
