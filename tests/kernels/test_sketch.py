"""sketch: a long text worked on in pieces is what it is in one, and costs the memory of a piece."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_pipeline.kernels import sketch
from corpus_pipeline.kernels.minhash import signatures
from corpus_pipeline.kernels.normalise import comparison_forms, content_hashes, form_pieces
from corpus_pipeline.kernels.shingle import Unit, shingles
from corpus_pipeline.kernels.sketch import Shingling, describe, shingle_sets

UNITS: tuple[Unit, ...] = ("character", "character_and_space", "eojeol", "morpheme")
ALL = 1 << 62
WORDS = [
    "서울에서",
    "학교를",
    "갔다",
    "달렸다!",
    "3.5km",
    "ㅋㅋㅋ",
    "é́",
    "\u1112\u1161\u11ab국",
    "𠀀",
    "(2024년)",
    "...",
    "㈜삼성",
]
TEXTS = [
    " ".join(np.random.default_rng(4).choice(WORDS, 900)),
    "나는 학교에 갔다\n" * 200,
    "가 나 다",
    " . " * 500 + "가" + " . " * 500 + "나" + " . " * 500,  # fewer units than n, in many pieces
    " .\n" * 700,
    "",
]


@contextmanager
def pieces_of(length: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sketch, "PIECE", length)
        patch.setattr(sketch, "form_pieces", partial(form_pieces, length=length))
        yield


def in_one(text: str, shingling: Shingling, permutations: int = 128) -> tuple[bytes | None, list[int], list[int]]:
    """(content hash, signature, set) by the kernels below, the whole text at once."""
    forms = comparison_forms(pa.array([text], pa.large_string()), shingling.fold_digits)
    found = shingles(forms, shingling.n, shingling.unit)
    return content_hashes(forms)[0], signatures(found, permutations)[0].tolist(), sorted(set(found.values.tolist()))


def check(texts: Sequence[str], shingling: Shingling, limit: int = ALL) -> None:
    array = pa.array(["가나다", *texts], pa.string()).slice(1)
    contents, found = describe(array, shingling, 128)
    sets = shingle_sets(array, shingling, limit)
    assert found.dtype == np.uint32
    assert len(contents) == len(found) == len(sets) == len(texts)
    for i, text in enumerate(texts):
        content, signature, distinct = in_one(text, shingling)
        assert contents[i] == content
        assert found[i].tolist() == signature
        assert sets[i].tolist() == distinct[:limit]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("length", [150, 1000, 1 << 20])
def test_pieces_change_nothing(unit: Unit, length: int) -> None:
    """Words are cut whole while white space is in the last tenth of a piece; these are short."""
    with pieces_of(length):
        for n in (1, 2, 5):
            check(TEXTS, Shingling(unit, n))
        check(TEXTS, Shingling(unit, 3, fold_digits=True), limit=20)


@pytest.mark.parametrize("unit", ["character", "character_and_space"])
@given(
    texts=st.lists(st.text(st.sampled_from("가나ㅋ\u1112\u1161\u11abé́\u200b①2. \n𠀀"), max_size=60), max_size=4),
    length=st.integers(1, 20),
    n=st.integers(1, 6),
)
def test_characters_are_cut_anywhere(unit: Unit, texts: list[str], length: int, n: int) -> None:
    with pieces_of(length):
        check(texts, Shingling(unit, n))


def test_words_that_are_longer_than_a_piece_are_cut() -> None:
    """Known: the set then has other words. No text is lost, and the same text has the same set."""
    texts = pa.array(["가" * 500 + " 나", "가" * 500 + " 나"])
    with pieces_of(200):
        (a, b), found = describe(texts, Shingling("eojeol", 1), 16)
        one, other = shingle_sets(texts, Shingling("eojeol", 1), ALL)
    assert a == b == in_one("가" * 500 + " 나", Shingling())[0]
    assert np.array_equal(found[0], found[1])
    assert one.tolist() == other.tolist()
    assert len(one) == 3  # 200, 200 again, 100, and the other word


@given(st.lists(st.integers(0, 30), max_size=20), st.integers(1, 40))
def test_groups_cover_each_row_once(lengths: list[int], length: int) -> None:
    texts = [chr(0xAC00 + i) * size for i, size in enumerate(lengths)]
    with pieces_of(length):
        groups = [group.to_pylist() for group in sketch._groups(pa.array(["x", *texts], pa.string()).slice(1))]
    assert [text for group in groups for text in group] == texts
    assert all(len(group) == 1 or sum(map(len, group)) <= length for group in groups)
    assert all(sum(map(len, (*a, b[0]))) > length for a, b in pairwise(groups))  # full


def test_nothing() -> None:
    contents, found = describe(pa.array([], pa.string()), Shingling(), 64)
    assert contents == []
    assert (found.shape, found.dtype) == ((0, 64), np.dtype(np.uint32))
    assert shingle_sets(pa.array([], pa.string()), Shingling(), 10) == []


def test_a_long_text_of_one_letter() -> None:
    """Three pieces and one shingle: all places but one are filled, from a set of one and not from three million."""
    texts = pa.array(["ㅋ" * 3_000_000, "ㅋㅋㅋㅋㅋㅋ"])
    describe(texts.slice(1), Shingling(), 128)  # the table of characters is made once per process
    tracemalloc.start()
    began = time.process_time()
    _, found = describe(texts, Shingling(), 128)
    sets = shingle_sets(texts, Shingling(), 200_000)
    spent, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.array_equal(found[0], found[1])
    assert [len(row) for row in sets] == [1, 1]
    assert spent < 5
    assert peak < 32 << 20  # bytes; 27 MB make a Python string of the Arrow one


def test_a_text_of_20_megabytes() -> None:
    draw = np.random.default_rng(20)
    codes = draw.integers(0xAC00, 0xD7A4, 6_800_000, dtype=np.uint32)
    codes[draw.random(len(codes)) < 0.2] = 0x20
    text = codes.tobytes().decode("utf-32-le")
    assert len(text.encode()) > 16_000_000
    texts, limit = pa.array([text]), 200_000
    describe(pa.array(["가"]), Shingling(), 128)
    tracemalloc.start()
    contents, found = describe(texts, Shingling(), 128)
    (smallest,) = shingle_sets(texts, Shingling(), limit)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60 << 20  # bytes; 53 MB make a Python string of the Arrow one
    forms = comparison_forms(texts)
    whole = shingles(forms)
    assert contents == content_hashes(forms)
    assert np.array_equal(found, signatures(whole, 128))
    assert len(smallest) == limit
    assert np.array_equal(smallest, np.unique(whole.values[whole.values <= smallest[-1]]))
