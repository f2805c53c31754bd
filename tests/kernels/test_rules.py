"""Rules by document type."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_pipeline.kernels.features import batch_features, features
from corpus_pipeline.kernels.limits import LIMITS, LIMITS_BY_TYPE, Limits, limits_for, unknown_limits
from corpus_pipeline.kernels.rules import REASONS, reasons

OTHERS = (  # what the rules read beside features
    "profanity_ratio", "profane_share", "hate_share", "junk_score", "spam_ratio", "contacts", "service_spam",
    "service_promotion", "foreign_letter_share", "syllable_bits", "word_order",
)  # fmt: skip
PROSE = (
    "훈민정음은 조선의 네 번째 임금인 세종이 만든 글자이다. "
    "세종은 백성이 글을 쉽게 익혀 쓰게 하려고 이 글자를 만들었다.\n"
    "글자의 원리와 쓰임은 해례본에 자세히 적혀 있다. 이 책은 오랫동안 전하지 않다가 스무 세기에 다시 발견되었다.\n"
)


def judged(text: str, limits: Limits, **known: float) -> list[str]:
    """The reasons of one text; `known` values take the place of its features."""
    values = {**features(text), **dict.fromkeys(OTHERS, 0.0), **known}
    (found,) = reasons({name: np.array([value]) for name, value in values.items()}, ["a"], {"a": limits})
    return found


def broken(text: str, doc_type: str = "web", profanity: float = 0.0) -> list[str]:
    return judged(text, limits_for(doc_type, {}, {}), profanity_ratio=profanity)


def test_good_prose_breaks_no_rule() -> None:
    assert [broken(PROSE, doc_type) for doc_type in ["web", "encyclopedia", *LIMITS_BY_TYPE]] == [[]] * (
        2 + len(LIMITS_BY_TYPE)
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("짧은 글", "too_short"),
        ("말 " * 100_001, "too_long"),
        ("가" * 100, "mean_eojeol_length"),
        ("가 나 " * 40, "mean_eojeol_length"),
        (PROSE + "--- === *** " * 40, "few_letters"),
        (PROSE + "★☆※◆" * 40, "symbols"),
        (PROSE + " 010-1234" * 60, "digits"),
        (PROSE + "ㅎㅠㅋ" * 40, "jamo"),
        ("오늘은 날씨가 좋다.\n" * 10 + PROSE, "repeated_lines"),
        (PROSE * 3, "repeated_ngrams"),
        (PROSE + "무료 상담 " * 40, "top_ngram"),
        (PROSE + "ㅋ" * 80, "repeated_graphemes"),
        (PROSE + "7" * 80, "repeated_numbers"),
        (PROSE + "~" * 80, "repeated_symbols"),
        (PROSE + "첫째 문단은 이렇게 여러 번 나온다.\n\n" * 6, "repeated_paragraphs"),
        ("카지노 바카라 " * 30, "low_entropy"),
        ("싸고 좋은 집을 찾는다면 이곳이 가장 낫다. " * 30, "compressible"),
        (
            "강남 맛집 추천 서울 카페 분위기 데이트 코스 예약 가격 메뉴 위치 주차 할인 쿠폰 이벤트 후기 사진 지도 전화",
            "bare_eojeol",
        ),
        (
            "강남 맛집 추천 서울 카페 분위기 데이트 코스 예약 가격 메뉴 위치 주차 할인 쿠폰 이벤트 후기 사진 지도 전화",
            "few_stop_words",
        ),
        ("• 첫째 항목은 이러하고 저러하다\n" * 10, "bullets"),
        ("그래서 우리는 그곳에 갔던 것이다...\n" * 10, "ellipses"),
        ("카지노 바카라 " * 30, "repeated_words"),
        ("\n".join(f"강남 맛집 {n}호" for n in range(20)), "word_list"),
        (PROSE + "http://a.kr " * 20, "links"),
    ],
)
def test_each_rule(text: str, reason: str) -> None:
    assert reason in broken(text)


def test_words_without_particles_are_judged_in_korean_text_alone() -> None:
    english = "Korean text has particles and endings, and English text has neither of them at all. " * 3
    assert not {"bare_eojeol", "few_stop_words"} & set(broken(english))


@given(st.lists(st.tuples(st.text(max_size=60), st.sampled_from(["web", "law", "review"])), min_size=1, max_size=6))
def test_a_text_is_judged_as_it_is_alone(rows: list[tuple[str, str]]) -> None:
    texts, types = [text for text, _ in rows], [doc_type for _, doc_type in rows]
    columns = batch_features(texts) | {name: np.zeros(len(rows)) for name in OTHERS}
    limits = {doc_type: limits_for(doc_type, {}, {}) for doc_type in types}
    found = reasons(columns, types, limits)
    assert found == [broken(text, doc_type) for text, doc_type in rows]
    assert all(set(names) <= set(REASONS) for names in found)


def test_profanity_is_a_ratio() -> None:
    assert broken(PROSE, profanity=0.04) == []
    assert broken(PROSE, profanity=0.06) == ["profanity"]
    assert broken(PROSE, "comment", profanity=0.06) == []


def test_scores_of_models_and_words_of_services_are_rules() -> None:
    web = limits_for("web", {}, {})
    assert judged(PROSE, web, profane_share=0.4) == ["profanity"]
    assert judged(PROSE, web, profane_share=0.4, profanity_ratio=0.1) == ["profanity"]  # two rules, one reason
    assert judged(PROSE, limits_for("comment", {}, {}), profane_share=0.4) == []
    assert judged(PROSE, web, hate_share=0.4) == ["hate"]
    assert judged(PROSE, limits_for("comment", {}, {}), hate_share=0.4) == []
    assert judged(PROSE, web, junk_score=0.9995) == ["junk"]
    assert judged(PROSE, limits_for("spoken", {}, {}), junk_score=0.7) == ["junk"]
    assert judged(PROSE, web, foreign_letter_share=0.4) == ["wrong_encoding"]
    assert judged(PROSE, web, syllable_bits=9.5) == ["random_letters"]
    assert judged(PROSE, web, word_order=-0.4) == ["word_order"]
    assert judged(PROSE, web, spam_ratio=0.06) == ["spam"]
    assert [judged(PROSE, web, contacts=many) for many in (1, 2)] == [[], ["contacts"]]
    assert judged(PROSE, web, service_spam=1) == ["service_spam"]
    assert judged(PROSE, web, service_promotion=1) == ["service_promotion"]
    assert judged(PROSE, {**web, "max_service_promotion": None}, service_promotion=1) == []


@pytest.mark.parametrize("doc_type", ["review", "comment", "dialogue", "spoken"])
def test_what_people_say_may_be_short(doc_type: str) -> None:
    assert broken("재밌어요 ㅋㅋㅋㅋ", doc_type) == []
    assert broken("거실 불 꺼 줘", doc_type) == []
    assert broken("네", doc_type) == ["too_short"]
    assert "too_short" in broken("거실 불 꺼 줘", "web")


def test_statutes_may_repeat_themselves() -> None:
    article = "제{0}조(준용) 제{0}항의 경우에는 대통령령으로 정하는 바에 따라 그 사실을 관보에 고시하여야 한다.\n"
    law = "".join(article.format(n) for n in range(1, 30))
    assert "repeated_ngrams" in broken(law, "web")
    real = {f"duplicate_{n}gram_share": 0.48 for n in range(5, 11)}  # as the most repetitive real act
    assert "repeated_ngrams" not in judged(law, limits_for("law", {}, {}), **real)


def test_tables_are_not_sentences() -> None:
    table = "\n".join(f"{year} | {year * 7} | {year * 3} | 서울" for year in range(1990, 2020))
    assert broken(table, "table") == []
    assert "digits" in broken(table, "web")


def test_null_switches_off_and_later_wins() -> None:
    off = limits_for("web", {"min_chars": None}, {})
    assert judged("짧은 글", off) == []
    assert limits_for("law", {"max_eojeol": 1}, {"law": {"max_eojeol": 2}})["max_eojeol"] == 2


def test_bundled_limits_have_known_names() -> None:
    assert [unknown_limits(limits) for limits in LIMITS_BY_TYPE.values()] == [None] * len(LIMITS_BY_TYPE)


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    found = broken(text)
    assert found == sorted(set(found))


@given(st.text(max_size=200))
def test_null_everywhere_gives_no_reason(text: str) -> None:
    assert judged(text, dict.fromkeys(LIMITS, None), profanity_ratio=1.0) == []
