"""Language, script shares and register on text written for the purpose."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_pipeline.kernels.language import language, register, scripts, without_code
from corpus_pipeline.resources import read_tsv


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
    ],
)
def test_language(text: str, code: str) -> None:
    assert language(text) == code


def test_korean_technical_page_with_much_code() -> None:
    code = "val frame = spark.read.parquet(path).groupBy(column).count().orderBy(desc(column))\n" * 10
    assert language(f"데이터프레임을 읽는 예제입니다. 아래와 같이 실행합니다.\n```scala\n{code}```\n") == "ko"
    assert language(f"데이터프레임을 읽는 예제입니다.\n~~~\n{code}") == "ko"  # a fence nobody closed
    names = "DataFrame의 groupBy와 orderBy를 쓰면 SparkSession, SparkContext, StructType에 대해 알 수 있다."
    assert language(names) == "ko"


def test_an_english_page_that_names_korea_stays_english() -> None:
    assert language("Seoul (서울) is the capital of South Korea, a city of more than nine million people.") == "en"


def test_code_is_cut_out() -> None:
    assert without_code("앞 `code` 뒤\n```\nx\n```\n끝") == "앞   뒤\n\n\n끝"
    assert without_code("가격은 ` 표시") == "가격은 ` 표시"


def test_scripts_by_hand() -> None:
    counts = scripts("한글 漢 カー Aé 12 Ж")
    assert counts[:5] == (8, 2, 2, 1, 2)
    assert counts.share(counts.hangul) == 2 / 8
    assert scripts("").share(0) == 0.0


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("안녕하십니까? 오늘은 비가 옵니다. 우산을 챙기십시오.", "formal"),
        ("비가 와요. 우산 챙기세요~ 그렇죠?", "polite"),
        ("비가 온다. 어제도 비가 왔다. 내일은 맑겠다", "plain"),
        ("비가 옵니다. 우산 챙기세요.", "mixed"),
        ("정말 재밌어요ㅋㅋㅋ", "polite"),
        ("“비가 옵니다.”", "formal"),
        ("주요 개요\n필요\n바다", "none"),
        ("", "none"),
        ("Hello. 123.", "none"),
    ],
)
def test_register(text: str, name: str) -> None:
    assert register(text) == name


def test_register_table_is_sorted_and_unique() -> None:
    rows = read_tsv("ko/registers.tsv")
    assert [row[0] for row in rows] == sorted({row[0] for row in rows})
    assert {row[1] for row in rows} == {"formal", "polite", "plain", "none"}
    assert max(len(row[0]) for row in rows) <= 5


@given(st.text(st.characters(), max_size=200) | st.text("가あ漢a`~\n.!\ud800\U0001f600", max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_text(text: str) -> None:
    counts = scripts(text)
    assert counts.hangul + counts.latin + counts.han + counts.kana + sum(counts.others) <= counts.letters <= len(text)
    assert language(text)
    assert register(text) in {"formal", "polite", "plain", "mixed", "none"}


@pytest.mark.parametrize("unit", ["`", "~~~\n", "```\n", "a", "가", ".", "다\n", "`a"])
def test_ten_megabytes_of_one_thing(unit: str) -> None:
    text = unit * (10_000_000 // len(unit.encode()))
    start = time.perf_counter()
    language(text)
    register(text)
    assert time.perf_counter() - start < 10
