"""Features against values counted by hand, and on any text at all."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_pipeline.kernels import features_layout as module
from corpus_pipeline.kernels.features import COUNTS, batch_features, features
from corpus_pipeline.kernels.features_words import ANALYSED
from corpus_pipeline.kernels.plausibility import plausibility_columns
from corpus_pipeline.kernels.profanity_model import profanity_columns
from corpus_pipeline.kernels.spam import spam_columns
from corpus_pipeline.schemas import contract
from tests.kernels.slow_features import slow_features

NOT_FEATURES = {
    "doc_id", "doc_type", "profanity_ratio", "service_verdict", "quality_score", "quality_rank", "spam_score",
    "reasons",
}  # fmt: skip
ODD = "가나 \n.…-•ㅋ1aA\u200b\U0001f600\ud800\x00\u3000"
NOT_SHARES = (*COUNTS, "mean_eojeol_length", "entropy", "compression_ratio")
ANY_TEXT = st.text(st.characters(), max_size=300) | st.text(ODD, max_size=80)


def test_columns_are_the_contract() -> None:
    others = (
        NOT_FEATURES
        | {"junk_score"}
        | set(plausibility_columns([]))
        | set(profanity_columns([]))
        | set(spam_columns([]))
    )
    assert set(features("가")) == set(contract("quality").columns) - others


def test_empty_text_gives_zeros() -> None:
    assert {name for name, value in features("").items() if value} == {"compression_ratio"}  # 1: too short to tell
    assert features(" \n\t")["chars"] == 3
    assert features(" \n\t")["eojeol"] == 0
    assert batch_features([])["chars"].tolist() == []


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("한국어 말뭉치를 만든다.", "mean_eojeol_length", 11 / 3),
        ("한국어\u3000말뭉치", "eojeol", 2),  # ideographic space
        ("2021년 1,000 원 --", "letter_eojeol_share", 2 / 4),
        ("가나12", "hangul_share", 2 / 4),
        ("가나12", "digit_share", 2 / 4),
        ("가-나!", "symbol_share", 2 / 4),
        ("ㅋㅋ 하하", "jamo_share", 2 / 4),
        ("끝났다.\n“좋다.”\n제목", "punctuated_line_share", 2 / 3),
        ("열다섯 글자가 되는 줄입니다요\n짧은 줄", "short_line_share", 1 / 2),
        ("• 하나\n- 둘\n-5도\n**굵게**\n○ 셋", "bullet_line_share", 3 / 5),
        ("글쎄...\n음…\n그래", "ellipsis_line_share", 2 / 3),
        ("한 줄\n두 줄\n한 줄\n\n한 줄", "duplicate_line_share", 2 / 4),
        ("가 나 가 나 다", "top_2gram_share", 4 / 5),
        ("가 나 다", "top_2gram_share", 0),
        ("가 가 가", "top_2gram_share", 1),  # overlapping pairs count once
        ("가 나 가 나 긴말 더 긴말 더", "top_2gram_share", 6 / 10),  # a tie: the longer pair
        ("가 나 다 가 나 다", "top_3gram_share", 1),
        ("가 나 다 라 가 나 다 라 마", "top_4gram_share", 8 / 9),
        ("가 나 다 라 가 나 다 라 마", "top_3gram_share", 6 / 9),  # 가 나 다 and 나 다 라 are as frequent: the earlier
        ("가 나 다 라 마 바 가 나 다 라 마", "duplicate_5gram_share", 10 / 11),
        ("가 나 다 라 마 바 가 나 다 라 마 바", "duplicate_6gram_share", 1),
        ("가 나 다 라 마 바 가 나 다 라 마 사", "duplicate_6gram_share", 0),
        ("가 " * 20, "duplicate_10gram_share", 1),
        ("가 나 다 라 바 가 나 다 라 사", "duplicate_5gram_share", 0),  # only a 4-gram repeats
        ("가 나 가", "type_token_ratio", 2 / 3),
        ("하나\n둘셋넷\n하나", "duplicate_line_char_share", 2 / 7),
        ("첫 줄\n둘째 줄\n\n다른 문단\n \n첫 줄\n둘째 줄", "paragraphs", 3),
        ("첫 줄\n둘째 줄\n\n다른 문단\n \n첫 줄\n둘째 줄", "duplicate_paragraph_share", 1 / 3),
        ("첫 줄\n둘째 줄\n\n다른 문단\n \n첫 줄\n둘째 줄", "duplicate_paragraph_char_share", 8 / 21),
        ("그는 갔다. 나는 “가자!”라고 했다. 끝\n1. 하나다\n(정말?) 응", "sentences", 6),
        ("학교에서 공부를 했다", "bare_eojeol_share", 0),
        ("서울 맛집 추천 강남에서", "bare_eojeol_share", 3 / 4),
        ("Spark 서울 2021 강남에서", "bare_eojeol_share", 1 / 2),  # of Hangul eojeol
        ("서울 맛집 추천 GPU", "hangul_eojeol_share", 3 / 4),
        ("서울 맛집 추천", "stop_words", 0),
        ("학교에서 집으로 학교에서", "stop_words", 2),
        ("ㅋㅋㅋㅋ 와와와", "repeated_grapheme_share", 4 / 7),
        ("ㅋㅋ ㅋㅋ", "repeated_grapheme_share", 0),  # a run ends at a space
        ("ㅋㅋㅋㅋ!!!!0000", "repeated_grapheme_share", 4 / 12),
        ("ㅋㅋㅋㅋ!!!!0000", "repeated_number_share", 4 / 12),
        ("ㅋㅋㅋㅋ!!!!0000", "repeated_symbol_share", 4 / 12),
        ("1,000,000원", "repeated_number_share", 0),
        ("010-****-**** 번", "repeated_symbol_share", 0),  # a masked number is no bad writing
        ("가나 Ab é Ａ 漢 1", "latin_share", 4 / 8),
        ("가가나나", "entropy", 1),
        ("가 가 가", "entropy", 0),
        ("가나다라마바사아", "entropy", 3),
        ("가나다", "compression_ratio", 1),
        ("보라 https://www.a.kr 또 WWW.b.kr 사이트www.c.kr", "urls", 3),
        ("a\n\n b \r\n", "lines", 2),
        ("값" * 10, "chars", 10),
    ],
)
def test_by_hand(text: str, name: str, value: float) -> None:
    assert features(text)[name] == pytest.approx(value)


@given(st.lists(ANY_TEXT, max_size=6))
@settings(max_examples=100)
def test_any_text_against_a_plain_count(texts: list[str]) -> None:
    columns = batch_features(texts)
    for name, values in columns.items():
        assert len(values) == len(texts)
        for value in values.tolist():
            assert math.isfinite(value)
            assert value >= 0
            assert name in NOT_SHARES or value <= 1
        expected = [slow_features(text)[name] for text in texts]
        assert values.tolist() == pytest.approx(expected, abs=1e-9), name


@given(st.lists(ANY_TEXT, min_size=1, max_size=6), st.integers(1, 50))
@settings(max_examples=100)
def test_a_text_does_not_depend_on_its_neighbours(texts: list[str], chunk: int) -> None:
    size, module.CHUNK_CHARS = module.CHUNK_CHARS, chunk
    try:
        chunked = batch_features(texts)
    finally:
        module.CHUNK_CHARS = size
    together = batch_features(texts)
    for at, text in enumerate(texts):
        alone = features(text)
        assert alone == {name: values[at] for name, values in together.items()}
        assert alone == {name: values[at] for name, values in chunked.items()}


@given(st.lists(st.lists(st.sampled_from("가나다\n"), min_size=1, max_size=30), min_size=1, max_size=4))
@settings(max_examples=100)
def test_repetition_against_a_plain_count(rows: list[list[str]]) -> None:
    texts = [" ".join(row) for row in rows]
    columns = batch_features(texts)
    for at, text in enumerate(texts):
        assert {name: values[at] for name, values in columns.items()} == pytest.approx(slow_features(text), abs=1e-9)


def test_a_long_text_is_sampled_from_start_to_end() -> None:
    half = "학교에서 " * 4 * ANALYSED + "서울 " * 4 * ANALYSED
    assert features(half)["bare_eojeol_share"] == pytest.approx(0.5, abs=0.01)


def test_repeats_compress() -> None:
    once = "한글은 세종이 만든 글자로 배우기 쉽고 쓰기 좋아서 오늘날 널리 쓰이며 많은 사람이 자랑으로 여긴다고 한다."
    assert features(once * 3)["compression_ratio"] < 0.6 < features(once + once[::-1])["compression_ratio"]


def test_odd_texts_are_measured() -> None:
    for text in ("", "말", "\U0001f600" * 50, "\ud800 \udfff", "\x00", "\n\n\n", ")" * 50, "1." * 50):
        assert all(math.isfinite(value) for value in features(text).values())


@pytest.mark.parametrize(
    ("unit", "megabytes"),
    [("ㅋ", 10), ("\n", 10), ("가 ", 2), ("\U0001f600", 2), ("ㆍ\n\n", 2), (")", 2), ("http://", 2)],
)
def test_megabytes_of_one_thing(unit: str, megabytes: int) -> None:
    start = time.process_time()
    assert features(unit * (megabytes * 1_000_000 // len(unit.encode())))["chars"] > 0
    assert time.process_time() - start < 10  # under 2 measured
