"""Charsets: right, missing and wrong declarations; nothing is replaced in silence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from corpus_pipeline.kernels.decode import decode
from corpus_pipeline.kernels.frontmatter import split
from corpus_pipeline.kernels.mojibake import is_mojibake

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"

KOREAN = "점순네 수탉이 우리 수탉을 함부로 해내는 것이다. 나는 약이 올라 지게막대기를 메고 달려들었다."
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"


@pytest.mark.parametrize(
    ("text", "charset"),
    [(KOREAN, charset) for charset in ("utf-8", "cp949", "utf-16", "utf-16-le", "utf-8-sig", "utf-32")]
    + [(JAPANESE, charset) for charset in ("cp932", "euc_jp")],
)
def test_the_charset_is_found(text: str, charset: str) -> None:
    assert decode(text.encode(charset)).text == text


@pytest.mark.parametrize("charset", ["cp949", "utf-8"])
@pytest.mark.parametrize(
    "text",
    ["동백꽃", "ㅋㅋㅋ", "ㅠㅠ 왜", "똠방각하", "쓩 날아간 펲시맨", "뾱뾱이", "ㅋㅋㅋ 쩐다", "大韓民國", "“왜?”"],
)
def test_a_few_korean_words(text: str, charset: str) -> None:
    assert decode(text.encode(charset)).text == text


@pytest.mark.parametrize("charset", ["cp932", "utf-8"])
@pytest.mark.parametrize(
    "text", ["東京", "時計", "吾輩は猫である", "カタカナ", "夏目漱石", "坊っちゃん", "「銀河鉄道」"]
)
def test_a_few_japanese_words(text: str, charset: str) -> None:
    assert decode(text.encode(charset)).text == text


@pytest.mark.parametrize("text", ["Ärger im Büro", "Ångström"])
def test_a_few_western_words(text: str) -> None:
    assert decode(text.encode("windows-1252")).text == text


def test_a_declared_charset_wins_and_euc_kr_means_cp949() -> None:
    assert decode("똠방각하".encode("cp949"), "euc-kr").text == "똠방각하"  # 똠 is in CP949 alone


@pytest.mark.parametrize("said", ["gb2312", "GBK", "gb18030"])
def test_a_page_that_says_gb2312_may_hold_letters_of_gbk_and_gb18030(said: str) -> None:
    page = f'<html><meta charset="{said}"><p>他叫朱镕基 是中华人民共和国的总理 㐂。</p></html>'  # GB 2312 lacks two
    assert decode(page.encode("gb18030")).text == page


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


FRENCH = "<p>L'été dernier, nous avons dîné au café près de la gare ; c'était déjà bientôt Noël.</p>"
GERMAN = (
    "Die Bürgermeisterin eröffnete das Straßenfest – “schöner als früher”, sagte sie später. Die Gäste blieben lange."
)


@pytest.mark.parametrize("text", [FRENCH, GERMAN])
def test_western_text(text: str) -> None:
    assert decode(text.encode("cp1252")).text == text
    assert decode(text.encode("cp1252"), header="iso-8859-1").text == text
    assert decode(text.encode("cp1252"), header="euc-kr").text == text


def pages() -> list[str]:
    """The sample's Korean pages, without what they say of their charset."""
    files = sorted([*(SAMPLE / "blog_html").glob("*.html"), *(SAMPLE / "pytorch_html").glob("*.html")])
    texts = [text for file in files if (text := decode(file.read_bytes()).text)]
    assert len(texts) >= 25
    return [re.sub(r"""charset\s*=\s*["']?[\w-]+""", "", text) for text in texts]


PAGES = pages()


@pytest.mark.parametrize("said", ["", "utf-8", "euc-kr", "iso-8859-1", "shift_jis", "no-such"])
@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "cp949", "utf-16", "utf-16-le", "utf-16-be"])
def test_pages_that_say_the_truth_nothing_or_something_wrong(charset: str, said: str) -> None:
    meta = f'<meta charset="{said}">' if said else ""
    for text in PAGES:
        data = (meta + text).encode(charset, "xmlcharrefreplace")
        expected = data.decode(charset)
        assert decode(data).text == expected
        assert decode(data, header=said or None).text == expected


def test_twins_in_two_charsets_come_out_identical() -> None:
    twins = [
        (path, path.with_name(path.name.replace("euckr", "utf8"))) for path in (SAMPLE / "novel").glob("*.euckr.*")
    ]
    assert twins
    for one, other in twins:
        assert one.read_bytes() != other.read_bytes()
        first, second = decode(one.read_bytes()), decode(other.read_bytes())
        assert first.text is not None
        assert first.text.replace("\r\n", "\n") == (second.text or "").replace("\r\n", "\n")


@pytest.mark.parametrize("position", [0, 50, -1])
def test_a_korean_page_with_a_broken_byte_is_refused(position: int) -> None:
    for charset in ("cp949", "utf-8"):
        data = bytearray(
            f'<html lang="ko"><meta charset="iso-8859-1">{"<p>plain words</p>" * 50}{KOREAN}'.encode(charset)
        )
        start = data.index(KOREAN.encode(charset)) + (position % len(KOREAN.encode(charset)))
        data[start : start + 1] = b"\xff"
        assert decode(bytes(data)).problem == "undecodable"


SHORT = ["## 출력", "  1\\. 과학전 개최기간 및 장소", "학교에서 배웠다", "1. 東京の天気", "동백꽃 😀 한 송이", "가나"]


@pytest.mark.parametrize("text", SHORT)
def test_short_utf_8_with_a_broken_byte_is_not_taken_for_another_charset(text: str) -> None:
    data = text.encode()
    beyond = [i for i, byte in enumerate(data) if byte >= 0x80]
    for i in beyond:
        assert decode(data[:i] + data[i + 1 :]).problem == "undecodable"
        assert decode(data[:i] + b"\xff" + data[i + 1 :]).problem == "undecodable"
    start = next(i for i in beyond if i >= beyond[0] + len(next(c for c in text if not c.isascii()).encode()))
    for end in range(start + 1, len(data)):
        if data[end] & 0xC0 == 0x80:  # inside a character, with a whole one before it
            assert decode(data[:end]).problem == "undecodable"


@pytest.mark.parametrize("text", ["우리", "기간", "결국", "어떤", "필요가", "宣宗", "운영 기본"])
def test_words_whose_bytes_are_nearly_utf_8_are_read(text: str) -> None:
    assert decode(text.encode("cp949")).text == text


@pytest.mark.parametrize("letter", ["\ue000", "\U000e0fff", "\ufdd0", "\x85"])
def test_a_guess_with_letters_that_stand_for_nothing_is_refused(letter: str) -> None:
    data = f"{KOREAN}{letter}".encode("utf-16-le")
    assert decode(data).problem == "undecodable"
    assert decode(data, "utf-16-le").text == decode(b"\xff\xfe" + data).text == f"{KOREAN}{letter}"


def test_a_page_that_says_its_charset_may_use_its_private_letters() -> None:
    text = f'<meta charset="shift_jis">{JAPANESE}\ue000'
    assert decode(text.encode("cp932")).text == text


@pytest.mark.parametrize("name", ["iso-2022-kr", "iso-2022-jp"])
def test_seven_bit_charsets_are_read_when_the_page_says_so(name: str) -> None:
    text = KOREAN if name.endswith("kr") else JAPANESE
    assert decode(text.encode(name), header=name).text == text


def test_an_xml_declaration_is_read() -> None:
    text = '<?xml version="1.0" encoding="big5"?><p>山高月小，水落石出。</p>'
    assert decode(text.encode("big5")).text == text


@pytest.mark.parametrize(
    ("written", "read"), [("utf-8", "latin-1"), ("utf-8", "cp1252"), ("cp949", "latin-1"), ("utf-8", "cp949")]
)
def test_mojibake_is_refused(written: str, read: str) -> None:
    harmed = KOREAN.encode(written).decode(read, "ignore" if read.startswith("cp") else "strict")
    assert decode(f"<html><body class='page'>{harmed}</body></html>".encode()).problem == "mojibake"
    assert decode(harmed.encode("utf-16")).problem == "mojibake"


@pytest.mark.parametrize(
    "text", [KOREAN, JAPANESE, FRENCH, GERMAN, "뷁! 똠방각하 햏햏, 펲시콜라", "«Ça», 25 °C ± 3 µm", "ã", ""]
)
def test_real_text_is_no_mojibake(text: str) -> None:
    assert not is_mojibake(text)
    assert not is_mojibake(f"{KOREAN} 깨진 글자의 예: ì•ˆë…•")


def test_no_sample_is_mojibake() -> None:
    files = [path for path in SAMPLE.rglob("*") if path.suffix in (".txt", ".md", ".html", ".csv", ".tsv", ".json")]
    assert len(files) > 300
    assert not [path.name for path in files if decode(path.read_bytes()).problem == "mojibake"]


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
