"""verification.compare: groups of documents as Spark hands them over, against sets."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_pipeline.kernels.sketch import Shingling
from corpus_pipeline.stages.verification import compare, shingle_batch

Row = dict[str, Any]
Set = frozenset[int]
COLUMNS = {
    "leader": pa.int64(),
    "salt": pa.int64(),
    "leads": pa.bool_(),
    "drawn": pa.bool_(),
    "doc_id": pa.string(),
    "source": pa.string(),
    "hashes": pa.binary(),
    "head": pa.string(),
}
SETS = st.frozensets(st.integers(0, 12) | st.integers(2**64 - 3, 2**64 - 1), min_size=1, max_size=12)


def row(doc_id: str, hashes: Set | set[int], leader: int = 1, **other: Any) -> Row:
    kept = np.array(sorted(hashes), "<u8").tobytes()
    given = {"leader": leader, "salt": 0, "leads": False, "drawn": False, "source": "s", "head": None} | other
    return given | {"doc_id": doc_id, "hashes": kept}


def compared(rows: list[Row], threshold: float = 0.8, limit: int = 1000, size: int = 2) -> list[Row]:
    def batches() -> Iterator[pa.RecordBatch]:
        for begin in range(0, len(rows), size):
            yield pa.RecordBatch.from_pylist(rows[begin : begin + size], pa.schema(COLUMNS))

    return [one for batch in compare(batches(), threshold=threshold, limit=limit) for one in batch.to_pylist()]


def jaccard(a: Set, b: Set) -> float:
    return len(a & b) / len(a | b)


@settings(deadline=None)
@given(
    st.lists(st.lists(SETS, min_size=1, max_size=6), max_size=5),
    st.integers(1, 4),
    st.integers(0, 10),
    st.integers(1, 9),
)
def test_each_member_meets_its_leaders_and_no_one_else(
    groups: list[list[Set]], leaders: int, tenths: int, size: int
) -> None:
    """Also where a group spans several batches or has several leaders, and where groups follow each other."""
    rows, expected = [], {}
    for number, sets in enumerate(groups):
        ids = [f"{number}-{(7 * i) % 10}" for i in range(len(sets))]
        rows += [row(ids[i], one, number % 2, salt=number, leads=i < leaders) for i, one in enumerate(sets)]
        for i, j in product(range(min(leaders, len(sets))), range(len(sets))):
            if i < j and jaccard(sets[i], sets[j]) >= max(tenths, 1) / 10:
                expected[min(ids[i], ids[j]), max(ids[i], ids[j])] = jaccard(sets[i], sets[j])
    found = compared(rows, max(tenths, 1) / 10, size=size)
    assert {(one["doc_a"], one["doc_b"]): one["similarity"] for one in found} == expected
    assert len(found) == len(expected)


@pytest.mark.parametrize(("small", "large"), [(4, 5), (7, 10), (1, 3), (2, 3), (9, 11), (17, 49), (999, 1000), (5, 5)])
def test_a_pair_exactly_at_the_threshold_is_one(small: int, large: int) -> None:
    """A subset: the sizes alone say what the similarity is. The next larger number refuses it."""
    rows = [row("a", set(range(large)), leads=True), row("b", set(range(small)))]
    threshold = small / large
    assert [one["similarity"] for one in compared(rows, threshold)] == [threshold]
    assert [one["similarity"] for one in compared(rows[::-1], threshold)] == []  # no leader came first
    assert compared(rows, float(np.nextafter(threshold, 2))) == []


@settings(deadline=None)
@given(st.integers(1, 400), st.integers(1, 400))
def test_sizes_refuse_no_pair_at_the_threshold(one: int, other: int) -> None:
    small, large = sorted((one, other))
    rows = [row("a", set(range(small)), leads=True), row("b", set(range(large)))]
    assert len(compared(rows, small / large)) == 1


def test_the_smaller_id_comes_first_with_its_source_and_excerpt() -> None:
    leader = row("b", {1, 2}, leads=True, drawn=True, source="blog", head="둘째")
    member = row("a", {1, 2}, drawn=True, source="law", head="첫째")
    (found,) = compared([leader, member])
    assert (found["doc_a"], found["source_a"], found["excerpt_a"]) == ("a", "law", "첫째")
    assert (found["doc_b"], found["source_b"], found["excerpt_b"]) == ("b", "blog", "둘째")


def test_documents_without_shingles_resemble_nothing() -> None:
    assert compared([row("a", set(), leads=True), row("b", set()), row("c", {1})], 0.1) == []


def test_two_documents_of_one_name_lose_nothing() -> None:
    """a and b share a name: both lead, both are members where it is one, and they meet each other."""
    sets: dict[str, Set] = {"a": frozenset(range(10)), "b": frozenset(range(1, 11)), "c": frozenset(range(11))}
    leads = [row(key, sets[key], leads=True) for key in "ab"]
    members = [row(key, sets[key]) for key in "abc"]
    found = compared([*leads, *members])
    expected = {("a", "b"): 9 / 11, ("a", "c"): 10 / 11, ("b", "c"): 10 / 11}
    assert {(one["doc_a"], one["doc_b"]): one["similarity"] for one in found} == expected
    as_members = compared([row("c", sets["c"], leads=True), *(row(key, sets[key]) for key in "ab")])
    assert {(one["doc_a"], one["doc_b"]) for one in as_members} == {("a", "c"), ("b", "c")}


def test_excerpts_begin_shortly_before_the_difference() -> None:
    a, b = "가" * 5_000 + "나" * 5_000, "가" * 5_000 + "다" * 5_000
    (found,) = compared([row("a", {1}, leads=True, drawn=True, head=a), row("b", {1}, drawn=True, head=b)])
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
    (found,) = compared([row("a", {1}, leads=True, drawn=True, head=a), row("b", {1}, drawn=True, head=b)])
    assert (found["start"], found["excerpt_a"], found["excerpt_b"]) == expected


def test_pairs_that_were_not_drawn_have_no_excerpt() -> None:
    """The leader's text is there for another member."""
    rows = [
        row("a", {1}, leads=True, drawn=True, head="가"),
        row("b", {1}, head="나"),
        row("c", {1}, drawn=True, head="다"),
    ]
    assert [(one["doc_b"], one["excerpt_a"], one["start"]) for one in compared(rows)] == [
        ("b", None, None),
        ("c", "가", 0),
    ]


def test_large_sets_are_compared_on_their_smallest_hashes() -> None:
    draw = random.Random(1)
    shared = {draw.getrandbits(64) for _ in range(9_000)}
    a, b = ({draw.getrandbits(64) for _ in range(500)} | shared for _ in range(2))
    kept_a, kept_b = (set(sorted(one)[:2_000]) for one in (a, b))
    (found,) = compared([row("a", kept_a, leads=True), row("b", kept_b)], limit=2_000)
    assert abs(found["similarity"] - 0.9) < 4 * (0.09 / 2_000) ** 0.5
    assert found["similarity"] != 0.9


def test_shingles_of_a_batch() -> None:
    places = [[{"leader": 1, "salt": 0, "leads": True, "drawn": i == 1}] for i in range(4)]
    texts = ["가나다라마바", "가나다라마바!" * 5_000, "", "네"]
    whole = pa.RecordBatch.from_pydict(
        {"doc_id": list("abcd"), "source": list("ssss"), "places": places, "text": texts}
    )
    found = shingle_batch(whole.slice(1), shingling=Shingling(), limit=1000)
    sets = [np.frombuffer(one, "<u8") for one in found.column("hashes").to_pylist()]
    assert [len(one) for one in sets] == [6, 0, 1]  # 가나다라마바가나다라...: as many 5-grams as it has letters
    assert all((one[1:] > one[:-1]).all() for one in sets)
    assert found.column("doc_id").to_pylist() == list("bcd")
    assert [head and len(head) for head in found.column("head").to_pylist()] == [20_000, None, None]
    few = shingle_batch(whole, shingling=Shingling(), limit=2)
    assert [len(one) // 8 for one in few.column("hashes").to_pylist()] == [2, 2, 0, 1]
    assert few.column("hashes").to_pylist()[1] == sets[0][:2].tobytes()
