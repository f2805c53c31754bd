"""Charsets: right, missing and wrong declarations; nothing is replaced in silence."""

from __future__ import annotations

import pytest

from corpus_pipeline.kernels.decode import decode
from corpus_pipeline.kernels.frontmatter import split

KOREAN = "점순네 수탉이 우리 수탉을 함부로 해내는 것이다. 나는 약이 올라 지게막대기를 메고 달려들었다."
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"


@pytest.mark.parametrize(
    ("text", "charset"),
    [(KOREAN, charset) for charset in ("utf-8", "cp949", "utf-16", "utf-16-le", "utf-8-sig", "utf-32")]
    + [(JAPANESE, charset) for charset in ("cp932", "euc_jp")],
)
def test_the_charset_is_found(text: str, charset: str) -> None:
    assert decode(text.encode(charset)).text == text


def test_a_declared_charset_wins_and_euc_kr_means_cp949() -> None:
    assert decode("똠방각하".encode("cp949"), "euc-kr").text == "똠방각하"  # 똠 is in CP949 alone


def test_meta_charset_is_read() -> None:
    page = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset=euc-kr"></head>{KOREAN}'
    assert decode(page.encode("cp949")).text == page


@pytest.mark.parametrize(
    ("data", "declared", "problem"),
    [
        (KOREAN.encode()[:-2], "utf-8", "undecodable"),
        (KOREAN.encode() + b"\xff", "auto", "undecodable"),
        ("가\ufffd나".encode(), "auto", "undecodable"),
        ("가\0나".encode(), "auto", "nul_bytes"),
        (b'<meta charset="utf-8">' + KOREAN.encode()[:-2] + b"\xff", "auto", "undecodable"),
        (b"abc", "no-such-charset", "undecodable"),
    ],
)
def test_what_cannot_be_decoded_is_refused(data: bytes, declared: str, problem: str) -> None:
    assert decode(data, declared) == (None, None, problem)


@pytest.mark.parametrize("name", ["undefined", "unicode_escape", "utf-7", "utf-16", "euc-kr", "rot13", "x" * 19])
def test_a_wrong_meta_does_no_harm(name: str) -> None:
    page = f'<meta charset="{name}">{KOREAN}'
    assert decode(page.encode()).text == page
    assert decode(page.encode("cp949")).text == page


def test_latin_text_in_utf_16_without_a_mark() -> None:
    assert decode("plain English words".encode("utf-16-le")).text == "plain English words"


def test_empty_and_ascii() -> None:
    assert decode(b"").text == ""
    assert decode(b"plain").text == "plain"


@pytest.mark.parametrize(
    "text", ["", "---", "---\na: [\n---\nb", "---\n- a\n---\nb", "no header", "---\na: 1\nnever closed"]
)
def test_a_broken_header_is_text(text: str) -> None:
    assert split(text) == ({}, text)


@pytest.mark.parametrize(
    "value", ["!!bool maybe", "!!timestamp abc", "!!int ''", "!!float ''", "!!python/object:os.x y"]
)
def test_explicit_types_do_no_harm(value: str) -> None:
    fields, _ = split(f"---\na: {value}\n---\n본문")
    assert set(fields) <= {"a"}


def test_a_header_of_brackets_is_text() -> None:
    text = "---\na: " + "[" * 60_000 + "\n---\n본문"
    assert split(text) == ({}, text)


def test_header_values_stay_text() -> None:
    fields, body = split("---\ndate: 2019-08-12 10:42:22\nid: 0123\non: yes\ntags:\n  - a\n  - b\n---\n\n본문\n")
    assert fields == {"date": "2019-08-12 10:42:22", "id": "0123", "on": "yes", "tags": "a, b"}
    assert body == "본문\n"
