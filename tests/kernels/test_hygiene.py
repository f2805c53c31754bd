"""hygiene: what is removed, what must stay, and that a second pass changes nothing."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_pipeline.kernels.hygiene import clean, fold_repeats

ODD = st.text(
    st.sampled_from(
        list("가각ㅋㅠ!?~^.-= \t\n\r\x0b\x0c\x00\x85") + list("\u200b\u200c\u200d\ufeff\xa0\u3000\u2028\xad")
    )
    | st.sampled_from(["\U0001f468", "\u2764", "\ufe0f", "\u1112", "\u1161", "\u11ab", "e", "\u0301", "\ud800", "1"])
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
        ("０１０ Ａ", "０１０ Ａ"),
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


@given(st.sampled_from("ㅋㅎㅠㅜㄷ"), st.integers(1, 50))
def test_a_run_never_eats_the_syllable_before_it(jamo: str, count: int) -> None:
    assert fold_repeats("안녕하세요" + jamo * count) == "안녕하세요" + jamo * min(count, 2)
