"""normalise: against unicodedata character by character, and the peers' Hangul mistakes."""

from __future__ import annotations

from unicodedata import category, is_normalized, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_pipeline.kernels.normalise import comparison_form, content_hash


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
    ],
)
def test_form(text: str, form: str) -> None:
    assert comparison_form(text) == form


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


def test_word_borders_are_kept_but_not_their_width() -> None:
    assert comparison_form("1.5배") != comparison_form("15배")
    assert comparison_form("가 -\n\n 나") == "가 나"


def test_hash() -> None:
    assert content_hash("가") != content_hash("나")
    assert content_hash("") is None
    assert content_hash("가 나") != content_hash("가나")
    assert len(content_hash("가") or b"") == 16
