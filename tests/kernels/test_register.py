"""Registers, by hand and on labelled sentences."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_pipeline.kernels.register import REGISTERS, registers
from corpus_pipeline.resources import read_tsv

LABELLED = Path(__file__).with_name("register_sentences.tsv")


@pytest.mark.parametrize(
    ("text", "name", "share"),
    [
        ("안녕하십니까? 오늘은 비가 옵니다. 우산을 챙기십시오.", "formal", 1),
        ("비가 와요. 우산 챙기세요~ 그렇죠?", "polite", 1),
        ("비가 온다. 어제도 비가 왔다. 내일은 맑겠다", "plain", 1),
        ("오늘 뭐 해? 나는 집에 있어.", "plain", 1),
        ("비가 옵니다. 우산 챙기세요.", "mixed", 0.5),
        ("정말 재밌어요ㅋㅋㅋ", "polite", 1),
        ("“비가 옵니다.”", "formal", 1),
        ("재밌음", "chat", 1),
        ("배우들 연기 진짜 잘함 ㅋㅋ 또 보고싶다", "chat", 1),
        ("재밌다! ㅋㅋ", "chat", 1),
        ("눈물나 ㅠㅠ", "chat", 1),
        ("최고다^^", "chat", 1),
        ("최고다 👍", "chat", 1),
        ("주요 개요\n필요\n바다", "none", 0),
        ("아니다. 지니다.", "plain", 1),
        ("", "none", 0),
        ("Hello. 123.", "none", 0),
    ],
)
def test_register(text: str, name: str, share: float) -> None:
    names, shares = registers([text])
    assert (names, shares.tolist()) == ([name], [share])


def test_an_officials_note_is_no_chat() -> None:
    note = "1. 관련 서류를 제출하여야 함.\n2. 기한 내에 처리하였음.\n" * 10
    assert registers([note])[0] == ["none"]


def test_a_line_broken_before_its_sentence_ends_is_no_ending() -> None:
    assert registers(["그는 아침을 먹지\n않고 집을 나섰다."])[0] == ["plain"]
    assert registers(["비를 위해\n우산을 챙겨\n나가는 사람"])[0] == ["none"]


def test_marks_of_one_text_do_not_reach_the_next() -> None:
    assert registers(["비가 왔다", "ㅋㅋ 비가 왔다", "비가 왔다"])[0] == ["plain", "chat", "plain"]


def test_labelled_sentences() -> None:
    """0.82 with the last syllables alone; 0.92 the first time these were seen."""
    rows = [line.rstrip("\n").split("\t") for line in LABELLED.open(encoding="utf-8") if not line.startswith("#")]
    names, _ = registers([text for _, _, text in rows])
    right = sum(name == label for name, (label, _, _) in zip(names, rows, strict=True))
    assert len(rows) > 200
    assert right / len(rows) >= 0.95


def test_table_is_sorted_and_unique() -> None:
    rows = read_tsv("ko/registers.tsv")
    assert [row[0] for row in rows] == sorted({row[0] for row in rows})
    assert {row[1] for row in rows} <= set(REGISTERS)
    assert max(len(row[0]) for row in rows) <= 4


ODD = st.text(st.characters(), max_size=200) | st.text("가다요음ㅋ^a \n.!\ud800\U0001f600", max_size=60)


@given(st.lists(ODD, max_size=5))
@settings(max_examples=150)
def test_any_texts_alone_and_together(texts: list[str]) -> None:
    names, shares = registers(texts)
    assert len(names) == len(shares) == len(texts)
    for text, name, share in zip(texts, names, shares.tolist(), strict=True):
        assert name in {*REGISTERS, "mixed"}
        assert (share >= 0.8) == (name not in {"mixed", "none"})
        assert (share == 0) == (name == "none")
        alone, its = registers([text])
        assert (alone, its.tolist()) == ([name], [share])


@pytest.mark.parametrize("unit", ["`", "a", "가", ".", "다\n", "ㅋ", "다ㅋ ", "^"])
def test_ten_megabytes_of_one_thing(unit: str) -> None:
    text = unit * (10_000_000 // len(unit.encode()))
    start = time.process_time()
    registers([text])
    assert time.process_time() - start < 5
