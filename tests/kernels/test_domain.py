"""Domains: what the model sees, and what it may say. Its figures are in resources/models/domain.md."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_pipeline.kernels.domain import DOMAIN_CHARS, DOMAINS, SURE, domains, words


def test_words_by_hand() -> None:
    assert words("서울에서 나는 강을 봤다. ABC a supercalifragilisticexpialidocious") == "서울 나는 강을 봤다 abc"
    assert words("") == words("1 2 3 ㅋㅋ") == ""
    assert words("가나 " * DOMAIN_CHARS).count("가나") == DOMAIN_CHARS // 3


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        (
            "제1조(목적) 이 법은 국민의 권리와 의무에 관한 사항을 규정함을 목적으로 한다. 이 법 시행령으로 정한다.",
            "law",
        ),
        ("이 메서드는 클래스의 인스턴스를 반환하고, 매개 변수로 배열을 받아 컬렉션에 추가합니다.", "technology"),
        ("여호와께서 모세에게 이르시되 이스라엘 자손에게 말하라 하시니라 제사장이 번제를 드릴지니라", "religion"),
        ("배우들 연기도 좋고 감독의 연출도 훌륭한 영화였다. 스토리가 탄탄한 드라마.", "culture"),
    ],
)
def test_plain_cases(text: str, domain: str) -> None:
    names, scores = domains([text])
    assert names == [domain]
    assert SURE <= scores[0] <= 1


def test_small_talk_is_of_no_domain() -> None:
    assert domains(["오늘 점심은 뭐 먹을까? 나는 아무거나 좋아. 그럼 이따 보자."])[0] == [None]


ODD = st.text(st.characters(), max_size=200) | st.text("가나다 라마ab__label__</s>\n\0\ud800\U0001f600", max_size=80)


@given(st.lists(ODD, max_size=5))
@settings(max_examples=100)
def test_any_texts_alone_and_together(texts: list[str]) -> None:
    names, scores = domains(texts)
    assert len(names) == len(scores) == len(texts)
    for text, name, score in zip(texts, names, scores.tolist(), strict=True):
        assert name in {None, *DOMAINS}
        assert 0 <= score <= 1
        assert domains([text])[0] == [name]


@pytest.mark.parametrize("unit", ["가", "a", "가나 ", "\n", "😀"])
def test_ten_megabytes_of_one_thing(unit: str) -> None:
    text = unit * (10_000_000 // len(unit.encode()))
    start = time.process_time()
    domains([text])
    assert time.process_time() - start < 5
