"""Every token in one sequence, in order, and no border where the mode has none."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from corpus_pipeline.kernels.packing import Layout, sequences

documents = st.lists(st.integers(1, 40), max_size=30)


@given(documents, st.integers(1, 20))
def test_no_sequence_holds_two_documents(lengths: list[int], longest: int) -> None:
    tokens, first = sequences(np.array(lengths, np.int64), Layout(packing="document", length=longest))
    assert [sum(t for t, d in zip(tokens, first, strict=True) if d == i) for i in range(len(lengths))] == lengths
    assert first.tolist() == sorted(first.tolist())
    for i in range(len(lengths)):  # only a document's last sequence is short
        own = tokens[first == i].tolist()
        assert own[:-1] == [longest] * (len(own) - 1)
        assert 1 <= own[-1] <= longest


@given(documents, st.integers(1, 20))
def test_a_stream_is_cut_every_so_many_tokens(lengths: list[int], length: int) -> None:
    tokens, first = sequences(np.array(lengths, np.int64), Layout(packing="stream", length=length))
    assert sum(tokens) == sum(lengths)
    assert tokens[:-1].tolist() == [length] * max(0, len(tokens) - 1)
    owner = [d for d, n in enumerate(lengths) for _ in range(n)]
    starts = [0, *accumulate(tokens.tolist())][: len(tokens)]
    assert first.tolist() == [owner[start] for start in starts]


@given(documents)
def test_by_default_a_document_is_a_sequence(lengths: list[int]) -> None:
    tokens, first = sequences(np.array(lengths, np.int64), Layout())
    assert (tokens.tolist(), first.tolist()) == (lengths, list(range(len(lengths))))
