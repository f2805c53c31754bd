"""profanity: strong words in split spellings are found, their clean look-alikes stay."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_pipeline.kernels.profanity import find, soften
from corpus_pipeline.resources import read_tsv

PIECES = st.sampled_from(
    ["시", "발", "씨", "병", "신", "개", "새", "끼", "ㅅ", "ㅂ", "좆", "지랄", "1", ".", "*", " ", "점"]
)


@pytest.mark.parametrize(
    "text",
    [
        *("병신년 새해", "조까지 내려", "시발점", "시발역까지", "동시발매", "다시발표", "질병신고", "7시.발대식"),
        *("병신고를 한다", "껌을 씹다", "강아지 새끼", "오전 7시 발표", "시 발전", "12시1발", "슈발리에", ""),
    ],
)
def test_clean_text_stays(text: str) -> None:
    assert find(text) == []
    assert soften(text) == (text, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("씨발", "씨*"),
        ("시1발 뭐야", "시** 뭐야"),
        ("병.신", "병**"),
        ("ㅅㅂ", "ㅅ*"),
        ("아 ㅅ ㅂ", "아 ㅅ**"),
        ("이 개새끼가", "이 개*끼가"),
        ("이병신아", "이병*아"),
        ("개시발", "개시*"),
    ],
)
def test_profanity_is_softened(text: str, expected: str) -> None:
    assert soften(text) == (expected, 1)


@given(st.lists(PIECES | st.text(max_size=2), max_size=20).map("".join))
def test_softening_keeps_length_counts_spans_and_is_idempotent(text: str) -> None:
    spans = find(text)
    softened, count = soften(text)
    assert count == len(spans)
    assert len(softened) == len(text)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert soften(softened) == (softened, 0)


def test_the_lexicon_is_sorted_and_its_exceptions_hold_their_stem() -> None:
    rows = read_tsv("ko/profanity.tsv")
    assert rows == sorted(set(rows))
    for stem, guard, *allow in rows:
        assert guard in ("free", "start", "prefix")
        assert all(stem in word for word in allow[0].split()), stem
