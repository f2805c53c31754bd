"""verification.compare: groups of documents as Spark hands them over, against sets."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_pipeline.kernels.sketch import Shingling, shingle_sets
from corpus_pipeline.stages.verification import bound, compare

Row = dict[str, Any]
Set = frozenset[int]
COLUMNS = {
    "group": pa.int64(),
    "name": pa.int64(),
    "leaders": pa.list_(pa.int64()),
    "leads": pa.bool_(),
    "doc_id": pa.string(),
    "source": pa.string(),
    "text": pa.string(),
    "hashes": pa.binary(),
}
SETS = st.frozensets(st.integers(0, 12) | st.integers(2**64 - 3, 2**64 - 1), min_size=1, max_size=12)


def row(doc_id: str, hashes: Set | set[int] | None, leaders: list[int] | None = None, **other: Any) -> Row:
    """A document that leads unless it has leaders; its name is 1 then, else 2."""
    kept = None if hashes is None else np.array(sorted(hashes), "<u8").tobytes()
    given = {"group": 1, "name": 2 if leaders else 1, "leaders": leaders or [], "leads": not leaders}
    return given | {"source": "s", "text": "", "doc_id": doc_id, "hashes": kept} | other


def member(doc_id: str, hashes: Set | set[int] | None, **other: Any) -> Row:
    return row(doc_id, hashes, [1], **other)


def compared(rows: list[Row], threshold: float = 0.8, limit: int = 1000, size: int = 2, drawn: int = 1) -> list[Row]:
    def batches() -> Iterator[pa.RecordBatch]:
        for begin in range(0, len(rows), size):
            yield pa.RecordBatch.from_pylist(rows[begin : begin + size], pa.schema(COLUMNS))

    found = compare(batches(), shingling=Shingling(), threshold=threshold, limit=limit, drawn=drawn)
    return [one for batch in found for one in batch.to_pylist()]


def jaccard(a: Set, b: Set) -> float:
    return len(a & b) / len(a | b)


@given(
    st.lists(
        st.tuples(st.lists(SETS, min_size=1, max_size=6), st.sets(st.tuples(*[st.integers(0, 5)] * 2))), max_size=5
    ),
    st.integers(1, 10),
    st.integers(1, 9),
)
def test_each_meets_the_leaders_it_names_and_no_one_else(
    groups: list[tuple[list[Set], set[tuple[int, int]]]], tenths: int, size: int
) -> None:
    """Also where a group spans several batches, and where groups of the same names follow each other."""
    rows, expected = [], {}
    for number, (sets, links) in enumerate(groups):
        ids = [f"{number}-{(7 * i) % 10}" for i in range(len(sets))]
        pairs = {(i, j) for i, j in links if i < j < len(sets)}
        for j, one in enumerate(sets):
            leaders = sorted(i for i, k in pairs if k == j)
            rows.append(row(ids[j], one, leaders, group=number, name=j, leads=any(i == j for i, _ in pairs)))
        for i, j in pairs:
            if jaccard(sets[i], sets[j]) >= tenths / 10:
                expected[min(ids[i], ids[j]), max(ids[i], ids[j])] = jaccard(sets[i], sets[j])
    found = compared(rows, tenths / 10, size=size)
    assert {(one["doc_a"], one["doc_b"]): one["similarity"] for one in found} == expected
    assert len(found) == len(expected)


@pytest.mark.parametrize(("small", "large"), [(4, 5), (7, 10), (1, 3), (2, 3), (9, 11), (17, 49), (999, 1000), (5, 5)])
def test_a_pair_exactly_at_the_threshold_is_one(small: int, large: int) -> None:
    """A subset: the sizes alone say what the similarity is. The next larger number refuses it."""
    rows = [row("a", set(range(large))), member("b", set(range(small)))]
    threshold = small / large
    assert [one["similarity"] for one in compared(rows, threshold)] == [threshold]
    assert [one["similarity"] for one in compared(rows[::-1], threshold)] == []  # no leader came first
    assert compared(rows, float(np.nextafter(threshold, 2))) == []


@given(st.integers(1, 400), st.integers(1, 400))
def test_sizes_refuse_no_pair_at_the_threshold(one: int, other: int) -> None:
    small, large = sorted((one, other))
    rows = [row("a", set(range(small))), member("b", set(range(large)))]
    assert len(compared(rows, small / large)) == 1


def test_the_smaller_id_comes_first_with_its_source_and_excerpt() -> None:
    (found,) = compared([row("b", {1, 2}, source="blog", text="둘째"), member("a", {1, 2}, source="law", text="첫째")])
    assert (found["doc_a"], found["source_a"], found["excerpt_a"]) == ("a", "law", "첫째")
    assert (found["doc_b"], found["source_b"], found["excerpt_b"]) == ("b", "blog", "둘째")


def test_documents_without_shingles_resemble_nothing() -> None:
    assert compared([row("a", set()), member("b", set()), member("c", {1})], 0.1) == []


def test_texts_are_cut_and_sets_are_taken_as_they_are() -> None:
    text = "가나다라마바사아자차"
    sets = np.sort(shingle_sets(pa.array([text]), Shingling(), 1000)[0])
    rows = [row("a", None, text=text), member("b", None, text=text + "!"), member("c", set(sets.tolist()))]
    for size in (1, 2, 3):
        found = compared(rows, size=size)
        assert [(one["doc_a"], one["doc_b"], one["similarity"]) for one in found] == [("a", "b", 1.0), ("a", "c", 1.0)]


def test_two_documents_of_one_name_lose_nothing() -> None:
    """a and b share a name, which is a pair with itself: they meet each other, and c meets both."""
    sets: dict[str, Set] = {"a": frozenset(range(10)), "b": frozenset(range(1, 11)), "c": frozenset(range(11))}
    named = [row(key, sets[key], [1], name=1, leads=True) for key in "ab"]
    found = compared([*named, member("c", sets["c"])])
    expected = {("a", "b"): 9 / 11, ("a", "c"): 10 / 11, ("b", "c"): 10 / 11}
    assert {(one["doc_a"], one["doc_b"]): one["similarity"] for one in found} == expected
    assert len(found) == 3
    as_members = compared([row("c", sets["c"]), *(member(key, sets[key]) for key in "ab")])
    assert {(one["doc_a"], one["doc_b"]) for one in as_members} == {("a", "c"), ("b", "c")}


def test_excerpts_begin_shortly_before_the_difference() -> None:
    a, b = "가" * 5_000 + "나" * 5_000, "가" * 5_000 + "다" * 5_000
    (found,) = compared([row("a", {1}, text=a), member("b", {1}, text=b)])
    assert (found["start"], len(found["excerpt_a"])) == (4_800, 1_000)
    assert (found["excerpt_a"], found["excerpt_b"]) == ("가" * 200 + "나" * 800, "가" * 200 + "다" * 800)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("가나다", "라마바", (0, "가나다", "라마바")),
        ("같다", "같다", (0, "같다", "같다")),
        ("같다", "같다!", (0, "같다", "같다!")),
        ("", "말", (0, "", "말")),
        ("가" * 300, "가" * 301, (100, "가" * 200, "가" * 201)),
    ],
)
def test_excerpts_of_short_texts(a: str, b: str, expected: tuple[int, str, str]) -> None:
    (found,) = compared([row("a", {1}, text=a), member("b", {1}, text=b)])
    assert (found["start"], found["excerpt_a"], found["excerpt_b"]) == expected


def test_one_pair_in_drawn_has_excerpts() -> None:
    """Whatever the group and the batch; the names decide."""
    names = np.random.default_rng(1).integers(-(2**63), 2**63 - 1, 3_000).tolist()
    rows = [row("a", {1}, text="가"), *(member(f"b{n}", {1}, name=n, text="나") for n in names)]
    found = compared(rows, drawn=30, size=100)
    shown = {one["doc_b"] for one in found if one["excerpt_a"] is not None}
    assert len(found) == 3_000
    assert 60 < len(shown) < 140
    assert all((one["excerpt_b"], one["start"]) == ("나", 0) for one in found if one["doc_b"] in shown)
    assert all(one["excerpt_b"] is one["start"] is None for one in found if one["doc_b"] not in shown)
    others = [one | {"group": 7} for one in (rows[0], *rows[:0:-1])]
    assert {one["doc_b"] for one in compared(others, drawn=30) if one["start"] == 0} == shown


def test_large_sets_are_compared_on_their_smallest_hashes() -> None:
    draw = random.Random(1)
    shared = {draw.getrandbits(64) for _ in range(9_000)}
    a, b = ({draw.getrandbits(64) for _ in range(500)} | shared for _ in range(2))
    kept_a, kept_b = (set(sorted(one)[:2_000]) for one in (a, b))
    (found,) = compared([row("a", kept_a), member("b", kept_b)], limit=2_000)
    assert abs(found["similarity"] - 0.9) < 4 * (0.09 / 2_000) ** 0.5
    assert found["similarity"] != 0.9


def test_a_long_text_travels_as_its_set_and_its_head() -> None:
    places = [[{"group": 1, "leaders": [], "leads": True}]] * 4
    texts = ["가나다라마바", "가나다라마바!" * 5_000, "", "네"]
    ids = {"doc_id": list("abcd"), "name": [1, 2, 3, 4], "source": list("ssss"), "places": places}
    whole = pa.RecordBatch.from_pydict(ids | {"text": texts})
    found = bound(whole.slice(1), shingling=Shingling(), limit=1000)
    (blob,) = (one for one in found.column("hashes").to_pylist() if one is not None)
    hashes = np.frombuffer(blob, "<u8")
    assert len(hashes) == 6  # 가나다라마바가나다라...: as many 5-grams as it has letters
    assert (hashes[1:] > hashes[:-1]).all()
    assert [len(text) for text in found.column("text").to_pylist()] == [20_000, 0, 1]
    assert found.column("doc_id").to_pylist() == list("bcd")
    few = bound(whole, shingling=Shingling(), limit=2)  # 18 bytes are more than two hashes
    assert [one and len(one) // 8 for one in few.column("hashes").to_pylist()] == [2, 2, None, None]
    assert few.column("hashes").to_pylist()[1] == hashes[:2].tobytes()
    assert few.column("text").to_pylist()[0] == texts[0]
