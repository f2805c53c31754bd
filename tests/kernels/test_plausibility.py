"""Plausibility against a model whose tables are worked out by hand, and on any text at all."""

from __future__ import annotations

import math
import time
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels import features_layout
from corpus_pipeline.kernels.features import batch_features
from corpus_pipeline.kernels.plausibility import INPUTS, PRIORS, junk_scores, plausibility_columns
from corpus_pipeline.kernels.plausibility_model import (
    STEPS,
    SYLLABLE,
    TOPIC_STEPS,
    TOPICS,
    Model,
    load,
    packed,
    read,
    symbol_table,
    unpacked,
    write,
)
from corpus_pipeline.kernels.plausibility_training import Recipe, fit_language, fit_network

NAMES = (
    "syllable_bits",
    "latin_bits",
    "noise_eojeol_share",
    "foreign_letter_share",
    "word_order",
    "recurrence",
    "near_recurrence",
    "ending_change",
    "mark_change",
    "full_ending_share",
    "sentence_spread",
)
ODD = "가나 \n.…ㅋ1aAé漢の\u200b\U0001f600\ud800\x00\u3000\u2028"
ANY_TEXT = st.text(st.characters(), max_size=300) | st.text(ODD, max_size=80)


def scored(texts: list[str]) -> dict[str, list[float]]:
    columns = plausibility_columns(texts)
    values = {**columns, "junk_score": junk_scores({**batch_features(texts), **columns})}
    return {name: values[name].tolist() for name in values}


def test_kneser_ney_of_two_symbols_by_hand() -> None:
    """After a: a three times, b once. After b: a once. Discount 0.75; a and b follow 2 and 1 symbols, plus 0.5."""
    bits = unpacked(packed(np.array([[3.0, 1.0], [1.0, 0.0]]))) / STEPS
    general = {"a": 2.5 / 4, "b": 1.5 / 4}
    rest_a, rest_b = 0.75 * 2 / 4, 0.75 * 1 / 1
    by_hand = [
        (3 - 0.75) / 4 + rest_a * general["a"],
        (1 - 0.75) / 4 + rest_a * general["b"],
        (1 - 0.75) / 1 + rest_b * general["a"],
        rest_b * general["b"],
    ]
    assert sum(by_hand[:2]) == pytest.approx(1)
    assert sum(by_hand[2:]) == pytest.approx(1)
    assert bits.tolist() == pytest.approx([-math.log2(p) for p in by_hand], abs=0.5 / STEPS + 0.001)


@pytest.fixture(scope="module")
def tiny() -> Model:
    """Two syllables, 가 and 나; every pair inside an eojeol costs 6 bits but 가나, which costs 1; no order."""
    syllables = np.array([0xAC00, 0xB098], np.uint16)
    many = SYLLABLE + 2
    flat: dict[str, NDArray[Any]] = {"rest": np.zeros(many, np.float16), "general": np.full(many, 6, np.float16)}
    ga_na = np.array([SYLLABLE * many + SYLLABLE + 1], np.uint32)
    inside: dict[str, NDArray[Any]] = {"at": ga_na, "steps": np.array([STEPS], np.uint8), **flat}
    same: dict[str, NDArray[Any]] = {
        "rest": np.zeros(many + 3, np.float16),
        "general": flat["general"],
        "base": flat["general"],
    }
    between: dict[str, NDArray[Any]] = {"at": ga_na, "steps": np.array([2 * STEPS], np.uint8), **same}
    return Model(syllables, inside, between, np.full(TOPICS, 5 * TOPIC_STEPS, np.uint8))


def test_columns_of_the_tiny_model_by_hand(tiny: Model) -> None:
    columns = {name: values[0] for name, values in plausibility_columns(["가나 가가"], tiny).items()}
    prior, many = PRIORS["syllable_bits"]
    assert columns["syllable_bits"] == pytest.approx((prior * many + 1 + 6) / (many + 2))  # the first ones do not count
    assert columns["latin_bits"] == pytest.approx(PRIORS["latin_bits"][0])
    prior, many = PRIORS["word_order"]
    assert columns["word_order"] == pytest.approx((prior * many + 0) / (many + 1))  # 가 after 나: as rare as ever
    order = plausibility_columns(["가 나"], tiny)["word_order"][0]
    assert order == pytest.approx((prior * many + 4) / (many + 1))  # 6 bits by itself, 2 after 가
    assert columns["noise_eojeol_share"] == columns["foreign_letter_share"] == 0


def test_recurrence_by_hand(tiny: Model) -> None:
    """Topic words weigh 5 - 3 = 2 steps of e; 가나 stands in two of the three sentences, once in each."""
    text = "가나. 가가. 나나. 가나는."
    prior, many = PRIORS["recurrence"]
    value = plausibility_columns([text], tiny)["recurrence"][0]
    weight = 5 - 3
    assert value == pytest.approx((2 * weight + prior * many) / (4 * weight + many))
    near = plausibility_columns(["가나. " + "가가. " * 4 + "가나."], tiny)["near_recurrence"][0]
    far = plausibility_columns(["가나. 가가. 가나. " + "가가. " * 3], tiny)["near_recurrence"][0]
    assert near < far  # the same words; four sentences between are too many


def test_sentences_by_hand() -> None:
    """Endings 니다 다 요 요 밥 (none of a sentence): three of four change; the mark goes and comes."""
    columns = plausibility_columns(['봤습니다. 그는 갔다. "가요!" 나도 잘 가요\n밥.'])
    one = {name: float(values[0]) for name, values in columns.items()}
    assert one["ending_change"] == pytest.approx((3 + 0.3 * 5) / (4 + 5))
    assert one["mark_change"] == pytest.approx((2 + 0.3 * 5) / (4 + 5))
    assert one["full_ending_share"] == pytest.approx((4 + 0.5) / (5 + 1))
    lengths = np.log2([1, 2, 1, 3, 1])
    assert one["sentence_spread"] == pytest.approx(float(lengths.std()) * 5 / (5 + 3))


def test_foreign_letters_are_counted_unless_the_text_is_japanese() -> None:
    foreign = plausibility_columns(["한국 漢字 é", "日本語の文を読んでいます", "안녕하세요", "ABC"])[
        "foreign_letter_share"
    ]
    assert foreign.tolist() == [pytest.approx(3 / 5), 0, 0, 0]


def test_symbols_are_told_apart() -> None:
    table = symbol_table(np.array([0xAC00], np.uint16))
    assert table[ord("a")] == table[ord("A")] != table[ord("b")]
    assert table[ord("가")] == SYLLABLE
    assert len({int(table[ord(one)]) for one in "가나aㄱ1.é の漢"}) == 9  # é and 漢 are one


WRITTEN = (
    "정부는 올해 말까지 전국의 모든 초등학교에 방과 후 돌봄 교실을 설치하기로 했다. "
    "돌봄 교실은 학부모가 퇴근할 때까지 아이들을 맡아 주며, 저녁 식사도 함께 제공한다. "
    "교육부 관계자는 돌봄 교실을 이용하는 학생이 지난해보다 두 배로 늘었다고 밝혔다. "
    "학부모들은 돌봄 교실이 늘어나는 것을 반기면서도, 교사가 모자라지 않을지 걱정하고 있다."
)


@pytest.mark.parametrize(
    ("column", "above", "bad"),
    [
        ("syllable_bits", True, "".join(chr(0xAC00 + ord(c) * 7919 % 11172) if c != " " else c for c in WRITTEN)),
        ("latin_bits", True, "qzxkjv wqzjx kxqvz jqwxk zvqkx jxwqz " * 5),
        ("noise_eojeol_share", True, "ㅁㄴㅇㄹ ㅂㅈㄷㄱ ㅏㅓㅗㅕ ㅋㅌㅊㅍㅠ " * 10),
        ("foreign_letter_share", True, WRITTEN.encode().decode("latin-1")),
        ("word_order", False, " ".join(sorted(WRITTEN.split(), key=lambda word: word[::-1]))),
    ],
)
def test_each_column_moves_as_it_says(column: str, above: bool, bad: str) -> None:
    written, broken = plausibility_columns([WRITTEN, bad])[column]
    assert (broken > written) == above
    assert written != broken
    scores = scored([WRITTEN, bad])["junk_score"]
    assert scores[0] < 0.5 < scores[1]


@settings(max_examples=60)
@given(st.lists(ANY_TEXT, max_size=6), st.integers(0, 6))
def test_any_text_has_values_that_do_not_depend_on_its_neighbours(texts: list[str], cut: int) -> None:
    together = scored(texts)
    apart = [scored(texts[:cut]), scored(texts[cut:])]
    assert set(NAMES) <= set(together)
    for name, values in together.items():
        assert values == apart[0][name] + apart[1][name]
        assert all(math.isfinite(value) for value in values)


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [WRITTEN, "", "ㅋㅋ", WRITTEN[::-1], "a b c"] * 3
    whole = scored(texts)
    monkeypatch.setattr(features_layout, "CHUNK_CHARS", 10)
    assert scored(texts) == whole


@pytest.mark.parametrize(
    "text", ["가" * 3_000_000, "a" * 3_000_000, "가 " * 1_500_000, "😀" * 1_000_000, "\ud800" * 99, ""], ids=range(6)
)
def test_long_and_odd_texts_take_little_time(text: str) -> None:
    started = time.process_time()
    assert all(np.isfinite(values).all() for values in plausibility_columns([text]).values())
    assert time.process_time() - started < 5


def test_no_texts_give_empty_columns() -> None:
    assert {name: len(values) for name, values in plausibility_columns([]).items()} == dict.fromkeys(NAMES, 0)


def test_a_broken_file_is_named() -> None:
    with pytest.raises(ResourceError, match=r"plausibility\.npz"):
        read(b"no model")


def test_the_bundled_model_is_small_and_says_what_it_reads() -> None:
    model = load()
    assert model.network is not None
    assert model.network.names == INPUTS
    assert len(write(model)) < 5_000_000
    assert write(read(write(model))) == write(model)


def test_training_gives_the_same_bytes_and_knows_its_text() -> None:
    texts = [WRITTEN.replace("돌봄", name) for name in ("체육", "미술", "음악", "과학")] * 5
    first, again = (write(fit_language(texts, Recipe())) for _ in range(2))
    assert first == again
    model = read(first)
    known = {chr(code) for code in model.syllables}
    counts = Counter("".join(texts))
    assert known == {one for one in counts if "가" <= one <= "힣"}
    seen, unseen = plausibility_columns([WRITTEN, WRITTEN[::-1]], model)["syllable_bits"]
    assert seen < unseen


def test_the_network_learns_what_tells_two_groups_apart() -> None:
    rng = np.random.default_rng(1)
    junk = np.arange(600) % 2 == 0
    columns = {"useless": rng.normal(size=600), "useful": rng.normal(size=600) + 3 * junk}
    network = fit_network(columns, junk, Recipe(epochs=5))
    again = fit_network(columns, junk, Recipe(epochs=5))
    logits = network.logits(network.inputs(columns))
    assert (logits == again.logits(again.inputs(columns))).all()
    assert ((logits > 0) == junk).mean() > 0.85  # two normal distributions 3 apart: 0.93 at best
