"""The numpy splitter against the expression it stands for."""

from __future__ import annotations

from itertools import pairwise

import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpus_pipeline.kernels.morphemes import runs
from corpus_pipeline.kernels.split import split

some = st.lists(
    st.text(
        st.one_of(
            st.sampled_from("가나ㅋ a1²漢\n\t \u3000\x1c\x85\xa0.=🙂\u0301"), st.characters(exclude_categories=["Cs"])
        ),
        max_size=60,
    ),
    max_size=6,
)


def pieces_of(texts: pa.Array) -> list[list[str]]:
    found = split(texts)
    every = [found.distinct[i].as_py().decode() for i in found.indices]
    starts = [0, *found.ends.tolist()]
    return [every[a:b] for a, b in pairwise(starts)]


@settings(max_examples=1500)
@given(some)
@example(["가 ", " 가", "", " ", "\n", "a\n"])
@example([" " * 64 + "가", " " * 65 + "가", " " * 66, "\n" * 65 + "a", " " * 63 + "\n\n", " \n" * 70 + "a"])
@example(["가" * 64, "가" * 65, " " + "가" * 129, "1" * 10, " 1234567", "=" * 200, "a" * 64 + " b"])
@example(["\x1c\x1d가\x85나\u2028다\u180e라\u200b마"])
def test_runs_are_those_of_the_expression(texts: list[str]) -> None:
    assert pieces_of(pa.array(texts, pa.string())) == [runs(text) for text in texts]


def test_a_slice_of_an_array_counts_as_the_slice() -> None:
    whole = pa.array(["하나 둘", "셋  넷", "다섯"])
    assert pieces_of(whole[1:]) == [runs("셋  넷"), runs("다섯")]
    assert pieces_of(whole[:0]) == []


def test_every_character_is_classed_as_the_expression_does() -> None:
    every = [chr(p) for p in range(0x110000) if not 0xD800 <= p < 0xE000]
    for beside in ("가", "a", "1", ".", "\n"):
        texts = ["".join(beside + c for c in every[i : i + 5000]) for i in range(0, len(every), 5000)]
        assert pieces_of(pa.array(texts)) == [runs(text) for text in texts]
