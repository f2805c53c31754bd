"""Spam and promotion: offers, disguises, words that are no hit, contacts, odd input, time."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_pipeline.kernels.spam import KINDS, spam_columns
from corpus_pipeline.resources import read_tsv
from tests.timing import best_seconds

LIMIT = 0.05  # of the rule at the head of kernels/spam.py
ARTICLE = (
    "국회는 어제 온라인 도박을 막는 법안을 통과시켰다. 경찰은 불법 카지노와 바카라를 운영한 일당을 붙잡았고, 이들이 "
    "대출을 미끼로 "
    " 회원을 모은 뒤 입금을 받아 환전해 주었다고 밝혔다. 전문가들은 도박 중독을 병으로 보고 치료해야 한다고 한다.\n"
)


def of(text: str) -> dict[str, Any]:
    return {name: values[0] for name, values in spam_columns([text]).items()}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("먹튀검증 끝난 안전놀이터", "gambling"),
        ("먹튀 검증 받은 메이저 놀이터", "gambling"),
        ("카.지.노 바로 입장", "gambling"),
        ("바-카라 좋은 곳", "gambling"),
        ("토 토 하실 분", "gambling"),
        ("ㅋr지노 하실 분", "gambling"),
        ("ㅂㅏㅋㅏㄹㅏ 하실 분", "gambling"),
        ("출장안마 부르세요", "adult"),
        ("조.건.만.남 구해요", "adult"),
        ("무직자대출 바로 됩니다", "loan"),
        ("당일 대출 바로 됩니다", "loan"),
        ("소액결제현금화 도와드려요", "loan"),
        ("지금 사은품 증정 중", "promotion"),
    ],
)
def test_an_offer(text: str, kind: str) -> None:
    found = of(text)
    assert {name: found[f"spam_{name}"] > 0 for name in KINDS} == {name: name == kind for name in KINDS}
    assert found["spam_ratio"] > LIMIT


@pytest.mark.parametrize(
    "text",
    [
        ARTICLE,
        "카지노 로얄은 본드 영화이다.",
        "이웃집 토토로를 보고 토요일, 토론회에 갔다.",
        "날씨가 금, 토, 토요일까지 맑다",
        "카드를 지노에게 주었다",
        "은행의 대출 금리가 올랐다. 대.한민국",
        "바 카라멜 마키아토",
        "결국\n대\n출",
    ],
)
def test_no_offer(text: str) -> None:
    assert of(text) == {"spam_ratio": 0, **{f"spam_{kind}": 0 for kind in KINDS}, "contacts": 0}


def test_ratio_by_hand() -> None:
    assert of("먹튀검증 " + "가" * 96)["spam_ratio"] == 4 / 100
    assert of("먹튀 검증 카지노 하나")["spam_ratio"] == 7 / 9  # the topic counts beside the offer
    assert of("먹튀검증먹튀검증")["spam_ratio"] == 1
    assert of("먹튀검증먹튀검증")["spam_gambling"] == 2


def test_an_article_that_quotes_an_offer_stays_under_the_limit() -> None:
    found = of(ARTICLE * 3 + "이들은 먹튀검증이라는 말로 사람을 모았다.")
    assert found["spam_gambling"] == 1
    assert found["spam_ratio"] > 0
    advertisement = "먹튀검증 안전놀이터 카지노 첫충 30% 매충 10% 꽁머니 지급 가입코드 문의 카톡 아이디 abc123"
    assert of(advertisement)["spam_ratio"] > 0.4 > found["spam_ratio"]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("문의 010-0000-0000", 1),
        ("상담은 1588-****로 주세요", 1),
        ("예약 문의는 https://a.example", 1),
        ("카톡 아이디 abcd", 1),
        ("텔레그램 @*****", 1),
        ("라인 ID: xyz99", 1),
        ("open.kakao.com/o/abc 그리고 t.me/abc", 2),
        ("문의 010-****-**** / 상담 02-000-0000", 2),
        ("문의가 있다. 2021년의 일이다", 0),
        ("온라인: 안내 페이지", 0),
        ("카톡을 보냈다", 0),
        ("문의\n010-0000-0000", 0),
    ],
)
def test_contacts(text: str, count: int) -> None:
    assert of(text)["contacts"] == count


def test_texts_of_a_batch_do_not_touch() -> None:
    texts = ["먹튀", "검증", "", "문의", "010-0000-0000", ARTICLE, "먹튀검증", "\n"]
    together = spam_columns(texts)
    alone = [spam_columns([text]) for text in texts]
    for name, values in together.items():
        assert values.tolist() == [one[name][0] for one in alone], name
    assert together["spam_gambling"].tolist() == [0, 0, 0, 0, 0, 0, 1, 0]


@given(st.lists(st.text(st.characters(), max_size=60) | st.sampled_from(["ㅋr", "카.지.노", "\ud800", "문의 ***"])))
@settings(max_examples=100)
def test_any_text(texts: list[str]) -> None:
    found = spam_columns(texts)
    assert {len(values) for values in found.values()} == {len(texts)}
    assert ((found["spam_ratio"] >= 0) & (found["spam_ratio"] <= 1)).all()
    assert found["contacts"].dtype == np.int64


@pytest.mark.parametrize(
    "piece", ["카", "ㅋ", "카.", "카지", "먹튀검증", "문의 ", "문의 a.", "*", " ", "\n", "😀", "상담@"]
)
def test_time_grows_with_the_length(piece: str) -> None:
    def seconds(count: int) -> float:
        return best_seconds(lambda: spam_columns([piece * count]))

    assert seconds(200_000) < 40 * max(seconds(20_000), 0.005)


def test_phrases_are_sorted_and_well_formed() -> None:
    rows = read_tsv("ko/spam.tsv")
    assert [row[0] for row in rows] == sorted({row[0] for row in rows})
    for phrase, kind, strength, allow in rows:
        assert kind in KINDS
        assert strength in ("strong", "topic", "masked")
        assert unicodedata.is_normalized("NFC", phrase)
        assert all(phrase in word for word in allow.split())
        assert strength == "topic" or (phrase.isalpha() and len(phrase) > 1)


def test_every_strong_phrase_is_found() -> None:
    phrases = [row for row in read_tsv("ko/spam.tsv") if row[2] == "strong"]
    found = spam_columns([phrase for phrase, *_ in phrases])
    assert np.all(sum(found[f"spam_{kind}"] for kind in KINDS) > 0)
    assert (found["spam_ratio"] == 1).all()
