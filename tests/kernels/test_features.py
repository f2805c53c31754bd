"""Features against values counted by hand, and on any text at all."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_pipeline.kernels import features as module
from corpus_pipeline.kernels.features import COUNTS, batch_features, features
from corpus_pipeline.schemas import contract

NOT_FEATURES = {"doc_id", "doc_type", "profanity_ratio", "quality_score", "reasons"}
ODD = "가나 \n.…-•ㅋ1aA\u200b\U0001f600\ud800\x00\u3000"
ANY_TEXT = st.text(st.characters(), max_size=300) | st.text(ODD, max_size=80)


def test_columns_are_the_contract() -> None:
    assert set(features("가")) == set(contract("quality").columns) - NOT_FEATURES


def test_empty_text_gives_zeros() -> None:
    assert set(features("").values()) == {0.0}
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
        ("가 나 가 나 다", "top_bigram_share", 4 / 5),
        ("가 나 다", "top_bigram_share", 0),
        ("가 가 가", "top_bigram_share", 1),  # overlapping pairs count once
        ("가 나 가 나 긴말 더 긴말 더", "top_bigram_share", 6 / 10),  # a tie: the longer pair
        ("가 나 다 라 마 바 가 나 다 라 마", "duplicate_5gram_share", 10 / 11),
        ("가 나 다 라 바 가 나 다 라 사", "duplicate_5gram_share", 0),  # only a 4-gram repeats
        ("가 나 가", "type_token_ratio", 2 / 3),
        ("ㅋㅋㅋㅋ 와와와", "repeated_char_share", 4 / 7),
        ("010-****-**** 번", "repeated_char_share", 0),  # a masked number is no bad writing
        ("ㅋㅋ ㅋㅋ", "repeated_char_share", 0),  # a run ends at a space
        ("보라 https://www.a.kr 또 WWW.b.kr 사이트www.c.kr", "urls", 3),
        ("a\n\n b \r\n", "lines", 2),
        ("값" * 10, "chars", 10),
    ],
)
def test_by_hand(text: str, name: str, value: float) -> None:
    assert features(text)[name] == pytest.approx(value)


@given(st.lists(ANY_TEXT, max_size=6))
@settings(max_examples=200, deadline=None)
def test_any_text(texts: list[str]) -> None:
    columns = batch_features(texts)
    for name, values in columns.items():
        assert len(values) == len(texts)
        for value in values.tolist():
            assert math.isfinite(value)
            assert value >= 0
            if name not in (*COUNTS, "mean_eojeol_length"):
                assert value <= 1


@given(st.lists(ANY_TEXT, min_size=1, max_size=6), st.integers(1, 50))
@settings(max_examples=100, deadline=None)
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


@given(st.lists(st.sampled_from(["가", "나", "다", "긴말"]), min_size=5, max_size=40))
@settings(max_examples=200, deadline=None)
def test_ngrams_against_a_plain_count(words: list[str]) -> None:
    grams = [tuple(words[i : i + 5]) for i in range(len(words) - 4)]
    covered = {i + k for i, gram in enumerate(grams) if grams.count(gram) > 1 for k in range(5)}
    expected = sum(len(words[i]) for i in covered) / sum(map(len, words))
    assert features(" ".join(words))["duplicate_5gram_share"] == pytest.approx(expected)


@pytest.mark.parametrize("unit", ["ㅋ", "\n", "가 ", "\U0001f600", "ㆍ\n"])
def test_ten_megabytes_of_one_thing(unit: str) -> None:
    start = time.perf_counter()
    assert features(unit * (10_000_000 // len(unit.encode())))["chars"] > 0
    assert time.perf_counter() - start < 30
