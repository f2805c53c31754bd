"""chunks: all texts in order, none too many at once."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from corpus_pipeline.kernels.chunks import chunks


@given(st.lists(st.text("가", max_size=9)), st.integers(1, 20))
def test_chunks_are_the_texts_and_as_long_as_allowed(texts: list[str], characters: int) -> None:
    found = list(chunks(texts, characters))
    assert [text for chunk in found for text in chunk] == texts
    assert all(len(chunk) == 1 or sum(map(len, chunk)) <= characters for chunk in found)
    for chunk, after in pairwise(found):  # not one more would have fitted
        assert sum(map(len, chunk)) + len(after[0]) > characters
