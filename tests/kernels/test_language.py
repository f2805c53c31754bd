"""Languages of whole texts and of their paragraphs, on text written for the purpose."""

from __future__ import annotations

import time

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_pipeline.kernels.language import languages, without_code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("오늘은 날씨가 참 좋다.", "ko"),
        ("大韓民國의 主權은 國民에게 있고 모든 權力은 國民으로부터 나온다.", "ko"),
        ("ㅋㅋㅋㅋ 진짜?", "ko"),
        ("今日はとても良い天気なので、公園を散歩しました。", "ja"),
        ("今天天气很好,我们去公园散步吧。", "zh"),
        ("The weather is fine today, so we went for a walk in the park.", "en"),
        ("Heute ist das Wetter schön, deshalb gingen wir im Park spazieren.", "de"),
        ("Il fait beau aujourd'hui, nous sommes allés nous promener au parc.", "fr"),
        ("Hoy hace buen tiempo y por eso fuimos a pasear por el parque.", "es"),
        ("Hôm nay trời đẹp nên chúng tôi đi dạo trong công viên.", "vi"),
        ("Сегодня хорошая погода, и мы гуляли в парке.", "ru"),
        ("الطقس جميل اليوم لذلك ذهبنا إلى الحديقة", "ar"),
        ("วันนี้อากาศดีมาก", "th"),
        ("Good~!~!~!", "en"),
        ("1234 !!! 😀", "und"),
        ("가", "und"),
        ("", "und"),
        ("```python\nprint('hello world')\n```", "und"),
        ("https://example.com/a/long/path/of/english/words", "und"),
    ],
)
def test_main_language(text: str, code: str) -> None:
    found = languages([text])
    assert found.main == [code]
    assert found.shares == [[] if code == "und" else [(code, 1.0)]]


def test_korean_technical_page_with_much_code() -> None:
    code = "val frame = spark.read.parquet(path).groupBy(column).count().orderBy(desc(column))\n" * 10
    fence = f"데이터프레임을 읽는 예제입니다. 아래와 같이 실행합니다.\n```scala\n{code}```\n"
    opened = f"데이터프레임을 읽는 예제입니다.\n~~~\n{code[:86]}"  # a fence nobody closed: its code counts
    names = "DataFrame의 groupBy와 orderBy를 쓰면 SparkSession, SparkContext, StructType에 대해 알 수 있다."
    assert languages([fence, opened, names]).main == ["ko", "ko", "ko"]


PROSE = "오늘은 날씨가 좋아서 공원에 갔습니다. 아이들과 함께 점심을 먹고 사진도 많이 찍었습니다."


@pytest.mark.parametrize(
    "text",
    [
        f"```pip install pyspark``` 를 실행합니다.\n\n{PROSE * 3}",
        f"~~~ 공지사항 ~~~\n{PROSE * 3}",
        f"~~~~~\n{PROSE * 3}",
        f" ~~~~★공지★~~~~\n{PROSE}",
        f"```\n{PROSE}\n~~~",
        f"~~~~\n{PROSE}\n~~~",
    ],
)
def test_what_only_looks_like_a_fence_hides_no_text(text: str) -> None:
    assert languages([text]).main == ["ko"]
    assert PROSE in without_code(text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("앞\n```python\nx\n```\n뒤", "앞\n\n\n뒤"),
        ("앞\n  ~~~ sh `a`\nx\n  ~~~~ \n뒤", "앞\n\n\n뒤"),
        ("앞\r\n```\r\nx\r\n```\r\n뒤", "앞\r\n\n\n뒤"),
        ("````md\n```\nx\n```\n````\n뒤", "\n\n뒤"),  # a block within a block
        ("```\n~~~\nx\n```\n뒤\n~~~", "\n\n뒤\n~~~"),
        ("```\nx\n```sh\ny\n```\n뒤", "\n\n뒤"),
        ("`````\n앞\n```\nx\n```", "`````\n앞\n\n"),  # the first one is not closed
        ("```\nx\n```\n뒤\n```\n끝", "\n\n뒤\n```\n끝"),
    ],
)
def test_blocks_that_are_closed_are_cut_out(text: str, left: str) -> None:
    assert without_code(text) == left


def test_an_english_page_that_names_korea_stays_english() -> None:
    text = "Seoul (서울) is the capital of South Korea, a city of more than nine million people."
    assert languages([text]).main == ["en"]


def test_code_and_addresses_are_cut_out() -> None:
    assert without_code("앞 `code` 뒤\n```\nx\n```\n끝") == "앞   뒤\n\n\n끝"
    assert without_code("가격은 ` 표시") == "가격은 ` 표시"
    assert without_code("[문서](../docs/index.md)와 https://example.com/가 있다") == "[문서 와  가 있다"


KOREAN = "오늘은 아침부터 비가 내려서 집에 있었다."  # 17 letters
ENGLISH = "It has been raining since the morning so I stayed at home."  # 46 letters
GERMAN = "Es regnet seit dem Morgen und deshalb bin ich zu Hause geblieben."  # 53 letters


def letters_of(text: str) -> list[tuple[str, int]]:
    """Its languages with their letters, where all letters are counted."""
    count = len(regex.findall(r"\p{L}", text))
    return [(name, round(share * count)) for name, share in languages([text]).shares[0]]


def test_shares_by_paragraph() -> None:
    text = f"{KOREAN}\n\n{ENGLISH}\n\n{GERMAN}\n\n{KOREAN}"
    assert letters_of(text) == [("de", 53), ("en", 46), ("ko", 34)]


def test_lines_are_paragraphs_where_no_line_is_empty() -> None:
    wrapped = "\n".join(ENGLISH.split(" ", 6))
    assert letters_of(f"{KOREAN}\n{ENGLISH}") == [("en", 46), ("ko", 17)]
    assert letters_of(f"{KOREAN}\n\n{wrapped}") == [("en", 46), ("ko", 17)]


def test_a_language_of_few_letters_is_left_out() -> None:
    assert languages([f"{KOREAN}\n\n" * 60 + ENGLISH]).shares == [[("ko", 1.0)]]


def test_a_name_alone_on_a_line_is_no_paragraph_of_another_language() -> None:
    assert languages([f"SparkSession\n\n{KOREAN}\n\nStructType"]).shares == [[("ko", 1.0)]]


ODD = st.text(st.characters(), max_size=200) | st.text("가あ漢a b`~\n.!\ud800\U0001f600", max_size=60)


@given(st.lists(ODD, max_size=6))
@settings(max_examples=150)
def test_any_texts_alone_and_together(texts: list[str]) -> None:
    found = languages(texts)
    assert len(found.main) == len(found.shares) == len(found.letters) == len(texts)
    for text, main, shares, letters in zip(texts, *found[1:], found.letters, strict=True):
        assert letters.sum() == len(regex.findall(r"\p{L}", text))
        assert bool(shares) == (main != "und")
        assert not shares or sum(share for _, share in shares) == pytest.approx(1)
        assert shares == sorted(shares, key=lambda one: (-one[1], one[0]))
        alone = languages([text])
        assert (alone.main, alone.shares, alone.letters.tolist()) == ([main], [shares], [letters.tolist()])


UNITS = ["`", "~~~\n", "```\n", "a", "가", ".", "다\n", "`a", "a\n\n", "](", "https://"]
FENCES = ["```a\n", "~~~~a\n~~~\n", "```a`\n", "````a\n```\n"]


@pytest.mark.parametrize("unit", UNITS + FENCES)
def test_ten_megabytes_of_one_thing(unit: str) -> None:
    text = unit * (10_000_000 // len(unit.encode()))
    start = time.process_time()
    languages([text])
    assert time.process_time() - start < 10
