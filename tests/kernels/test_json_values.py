"""Several JSON values in a file: told from one, by the beginning of the file."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_pipeline.kernels.json_values import several_values

TEXTS = st.text(st.sampled_from("가{}[]\"'\\\n, a"), max_size=8)
VALUES = st.recursive(TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))
ROOTS = st.lists(VALUES, max_size=3) | st.dictionaries(TEXTS, VALUES, max_size=3)


@given(st.lists(ROOTS, min_size=1, max_size=3), st.sampled_from([None, 2]), st.booleans())
def test_any_values(values: list[object], indent: int | None, ascii_only: bool) -> None:
    written = "\n".join(json.dumps(value, indent=indent, ensure_ascii=ascii_only) for value in values) + " \n"
    assert several_values(written.encode()) == (len(values) > 1)


@given(ROOTS, st.data())
def test_a_head_that_is_cut_says_nothing(value: object, data: st.DataObject) -> None:
    written = json.dumps(value, ensure_ascii=False).encode()
    assert not several_values(written[: data.draw(st.integers(0, len(written)))])


CUT = [b'{"', b'{"": "}[\\', b"{'': '}[\\"]


@pytest.mark.parametrize(
    "head",
    [b"", b"3 4", b'"a" "b"', b"]", b"\xef\xbb\xbf[]", '{"가": "갂{"} {}'.encode("utf-16"), b"{'a': '}'}", *CUT],
)
def test_what_is_not_told(head: bytes) -> None:
    assert not several_values(head)
