"""Rules by document type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_pipeline.kernels.features import features
from corpus_pipeline.kernels.rules import LIMITS, LIMITS_BY_TYPE, limits_for, reasons, unknown_limits

PROSE = (
    "훈민정음은 조선의 네 번째 임금인 세종이 만든 글자이다. "
    "세종은 백성이 글을 쉽게 익혀 쓰게 하려고 이 글자를 만들었다.\n"
    "글자의 원리와 쓰임은 해례본에 자세히 적혀 있다. 이 책은 오랫동안 전하지 않다가 스무 세기에 다시 발견되었다.\n"
)


def broken(text: str, doc_type: str = "web", profanity: float = 0.0) -> list[str]:
    return reasons({**features(text), "profanity_ratio": profanity}, limits_for(doc_type, {}, {}))


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
        (PROSE + "무료 상담 " * 40, "repeated_bigram"),
        (PROSE + "ㅋ" * 80, "repeated_chars"),
        ("• 첫째 항목은 이러하고 저러하다\n" * 10, "bullets"),
        ("그래서 우리는 그곳에 갔던 것이다...\n" * 10, "ellipses"),
        ("카지노 바카라 " * 30, "repeated_words"),
        ("\n".join(f"강남 맛집 {n}호" for n in range(20)), "word_list"),
        (PROSE + "http://a.kr " * 20, "links"),
    ],
)
def test_each_rule(text: str, reason: str) -> None:
    assert reason in broken(text)


def test_profanity_is_a_ratio() -> None:
    assert broken(PROSE, profanity=0.04) == []
    assert broken(PROSE, profanity=0.06) == ["profanity"]
    assert broken(PROSE, "comment", profanity=0.06) == []


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
    act = {**features(law), "profanity_ratio": 0.0, "duplicate_5gram_share": 0.48}  # as the most repetitive real act
    assert "repeated_ngrams" not in reasons(act, limits_for("law", {}, {}))


def test_tables_are_not_sentences() -> None:
    table = "\n".join(f"{year} | {year * 7} | {year * 3} | 서울" for year in range(1990, 2020))
    assert broken(table, "table") == []
    assert "digits" in broken(table, "web")


def test_null_switches_off_and_later_wins() -> None:
    off = limits_for("web", {"min_chars": None}, {})
    assert reasons({**features("짧은 글"), "profanity_ratio": 0.0}, off) == []
    assert limits_for("law", {"max_eojeol": 1}, {"law": {"max_eojeol": 2}})["max_eojeol"] == 2


def test_bundled_limits_have_known_names() -> None:
    assert [unknown_limits(limits) for limits in LIMITS_BY_TYPE.values()] == [None] * len(LIMITS_BY_TYPE)


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    found = broken(text)
    assert found == sorted(set(found))


@given(st.text(max_size=200))
def test_null_everywhere_gives_no_reason(text: str) -> None:
    assert reasons({**features(text), "profanity_ratio": 1.0}, dict.fromkeys(LIMITS, None)) == []
