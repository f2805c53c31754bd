"""candidates: packing and linking against brute force over dictionaries; small room against large."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_pipeline.stages import candidates
from corpus_pipeline.stages.candidates import link, pack

Entry = tuple[int, int]  # key of a band, name of a document
Pair = tuple[int, int]
INT64 = st.integers(-(2**63), 2**63 - 1)
ENTRIES = st.lists(
    st.tuples(st.sampled_from([-(2**63), -7, 0, 3, 2**63 - 1]), st.integers(-20, 20) | INT64), max_size=80
)


def blob(entries: list[Entry]) -> bytes:
    return np.array(entries, "<i8").reshape(-1, 2).tobytes()


def batches(blobs: list[bytes], rows: int = 3) -> Iterator[pa.RecordBatch]:
    for begin in range(0, len(blobs), rows):
        yield pa.RecordBatch.from_pydict({"entries": pa.array(blobs[begin : begin + rows], pa.binary())})


def linked(
    entries: list[Entry], representatives: int, limit: int = 1 << 20, size: int = 5
) -> dict[int, list[tuple[int, ...]]]:
    """kind -> rows of `link`, the entries in blobs of `size`."""
    blobs = [blob(entries[i : i + size]) for i in range(0, len(entries), size)]
    found: dict[int, list[tuple[int, ...]]] = defaultdict(list)
    for batch in link(batches(blobs), representatives=representatives, limit=limit):
        for kind, *row in zip(*batch.to_pydict().values(), strict=True):
            found[kind].append(tuple(row))
    return found


def pairs(links: dict[int, list[tuple[int, ...]]]) -> set[Pair]:
    """What the stage makes of the links: the pairs, and each that waits with each leader of its bucket."""
    leaders = defaultdict(list)
    for key, name, _ in links[2]:
        leaders[key].append(name)
    late = {(leader, member) for key, member, _ in links[1] for leader in leaders[key]}
    return {(one, other) for _, one, other in links[0]} | late


def brute(entries: list[Entry], representatives: int) -> set[Pair]:
    """Each member of a bucket with those of its first ones that stand before it."""
    buckets = defaultdict(list)
    for key, name in entries:
        buckets[key].append(name)
    ordered = [sorted(names) for names in buckets.values()]
    return {
        (names[i], names[j]) for names in ordered for j in range(len(names)) for i in range(min(j, representatives))
    }


@given(ENTRIES, st.integers(1, 9), st.integers(1, 7))
def test_a_bucket_links_each_member_to_its_first_ones(entries: list[Entry], representatives: int, size: int) -> None:
    links = linked(entries, representatives, size=size)
    assert pairs(links) == brute(entries, representatives)
    assert not links[1]
    assert not links[2]


@settings(max_examples=200)
@given(ENTRIES, st.integers(1, 5), st.integers(1, 12), st.integers(1, 9))
def test_a_task_without_room_makes_the_same_pairs(
    entries: list[Entry], representatives: int, limit: int, size: int
) -> None:
    links = linked(entries, representatives, limit, size)
    assert pairs(links) == brute(entries, representatives)
    assert len(links[0]) + len(links[1]) <= representatives * len(entries)


def test_what_a_hot_bucket_holds_is_bounded() -> None:
    """100,000 members, room for 64: all but a few wait, and the smallest names lead, wherever they stood."""
    names = np.random.default_rng(1).permutation(100_000)
    links = linked([(5, int(name)) for name in names], 4, limit=64, size=50)
    assert sorted(name for _, name, _ in links[2]) == [0, 1, 2, 3]
    assert len(links[1]) > 99_900
    assert len(pairs(links)) == 4 * 100_000 - 4 - 3 - 2 - 1


def test_leaders_are_told_of_hot_buckets_alone() -> None:
    links = linked([(1, name) for name in range(50)] + [(2, 1), (2, 2)], 2, limit=10)
    assert {key for key, _, _ in links[2]} == {1}
    assert {key for key, _, _ in links[1]} == {1}
    assert (1, 2) in pairs(linked([(2, 1), (2, 2)], 2))


def test_two_documents_of_one_name_are_a_pair_of_that_name() -> None:
    """Verification then compares the two, and each with the partners of either."""
    assert pairs(linked([(1, 8), (1, 8), (1, 9)], 1)) == {(8, 8), (8, 9)}
    assert pairs(linked([(1, 8), (1, 8), (1, 9)], 2, limit=1, size=1)) == {(8, 8), (8, 9)}


def test_nothing_comes_of_nothing() -> None:
    assert pairs(linked([], 3)) == set()
    assert list(pack(iter([]), parts=3)) == []


@given(
    st.lists(st.tuples(INT64, st.lists(INT64, min_size=3, max_size=3)), max_size=30),
    st.integers(1, 9),
    st.integers(1, 40),
)
def test_packing_loses_no_entry(documents: list[tuple[int, list[int]]], parts: int, flush: int) -> None:
    """Also where it packs often; a key is of one part."""
    columns = {
        "name": pa.array([name for name, _ in documents], pa.int64()),
        "bands": pa.array([np.array(keys, "<i8").tobytes() for _, keys in documents], pa.binary()),
    }
    whole = pa.RecordBatch.from_pydict(columns)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(candidates, "_FLUSH", flush)
        slices = (whole.slice(begin, 7) for begin in range(0, len(documents), 7))  # offsets that are not zero
        packed = [row for batch in pack(slices, parts=parts) for row in batch.to_pylist()]
    entries = []
    part_of: dict[int, int] = {}
    for row in packed:
        assert 0 <= row["part"] < parts
        for key, name in np.frombuffer(row["entries"], "<i8").reshape(-1, 2).tolist():
            assert part_of.setdefault(key, row["part"]) == row["part"]
            entries.append((key, name))
    assert sorted(entries) == sorted((key, name) for name, keys in documents for key in keys)
