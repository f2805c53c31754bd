"""on_driver: candidates and groups against brute force. Whole runs are compared in test_dedup.py and _earlier.py."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_pipeline.stages import on_driver
from corpus_pipeline.stages.on_driver import BLOCK
from corpus_pipeline.stages.verification import GROUP

Pair = tuple[int, int]
NAMES = st.integers(-30, 30) | st.integers(-(2**63), 2**63 - 1)


def named(documents: list[tuple[int, list[int]]]) -> pa.Table:
    columns = {
        "doc_id": [f"d{i}" for i in range(len(documents))],
        "name": pa.array([name for name, _ in documents], pa.int64()),
        "bands": pa.array([np.array(keys, "<i8").tobytes() for _, keys in documents], pa.binary()),
    }
    return pa.table(columns)


@given(st.lists(st.tuples(NAMES, st.lists(st.integers(0, 4), min_size=3, max_size=3)), max_size=40), st.integers(1, 6))
def test_candidates_are_linked_to_the_first_of_each_bucket(
    documents: list[tuple[int, list[int]]], representatives: int
) -> None:
    expected: set[Pair] = set()
    for band in range(3):
        buckets = defaultdict(list)
        for name, keys in documents:
            buckets[keys[band]].append(name)
        for bucket in map(sorted, buckets.values()):
            expected |= {(bucket[i], bucket[j]) for j in range(len(bucket)) for i in range(min(j, representatives))}
    found = on_driver.candidates(named(documents), representatives, 10_000)
    assert found is not None
    assert [tuple(pair) for pair in found.tolist()] == sorted(expected)


def test_too_many_candidates_are_left_to_the_cluster() -> None:
    documents = [(name, [1]) for name in range(100)]
    found = on_driver.candidates(named(documents), 2, 197)
    assert found is not None
    assert len(found) == 99 + 98
    assert on_driver.candidates(named(documents), 2, 196) is None


def meetings(pairs: list[Pair], names: list[int]) -> tuple[Counter[Pair], dict[int, set[str]]]:
    """How often each pair of names meets, and the documents of each group, as `compare` reads them."""
    array = np.array(pairs, np.int64).reshape(-1, 2)
    ids = [f"d{i}" for i in range(len(names))]
    table = on_driver.placed(array, pa.table({"doc_id": ids, "name": pa.array(names, pa.int64())}))
    met: Counter[Pair] = Counter()
    groups: dict[int, set[str]] = defaultdict(set)
    leads: dict[int, set[int]] = defaultdict(set)
    rows = [(place, row) for row in table.to_pylist() for place in row["places"]]
    for place, row in rows:
        groups[place["group"]].add(row["doc_id"])
        if place["leads"]:
            leads[place["group"]].add(row["name"])
    for place, row in rows:
        met.update((leader, row["name"]) for leader in place["leaders"] if leader in leads[place["group"]])
    assert len(table) == len({row["doc_id"] for _, row in rows})
    return met, groups


@given(st.sets(st.tuples(NAMES, NAMES), max_size=60))
def test_every_pair_meets_once(found: set[Pair]) -> None:
    pairs = sorted((min(pair), max(pair)) for pair in found)
    pairs = sorted(set(pairs))
    names = sorted({name for pair in pairs for name in pair} | {5})
    met, _ = meetings(pairs, names)
    assert met == Counter(pairs)


def test_small_clusters_share_groups_and_large_ones_are_split() -> None:
    chains = [(100 * i + j, 100 * i + j + 1) for i in range(200) for j in range(3)]
    star = [(10**6, 10**6 + i) for i in range(1, 5 * GROUP)]
    names = sorted({name for pair in chains + star for name in pair})
    met, groups = meetings(chains + star, names)
    assert met == Counter(chains + star)
    of_chains = {group for group, ids in groups.items() if any(names[int(one[1:])] < 10**6 for one in ids)}
    assert 200 * 4 / (2 * BLOCK) <= len(of_chains) <= 200 * 4 / BLOCK + 1
    assert all(len(groups[group]) <= 2 * BLOCK for group in of_chains)
    assert 3 <= len(groups.keys() - of_chains) <= 5
    assert all(len(groups[group]) < 2 * GROUP for group in groups.keys() - of_chains)


def test_two_documents_of_one_name_are_placed_alike() -> None:
    met, groups = meetings([(1, 2), (2, 2)], [1, 2, 2])
    assert met == Counter({(1, 2): 2, (2, 2): 2})
    assert list(groups.values()) == [{"d0", "d1", "d2"}]


@pytest.mark.parametrize("seed", range(3))
def test_exact_groups(seed: int) -> None:
    draw = np.random.default_rng(seed)
    contents = draw.integers(0, 40, 60).tolist()
    signed = pa.table(
        {
            "doc_id": [f"{n:03d}" for n in draw.permutation(60)],
            "source": ["s"] * 60,
            "content": pa.array([None if c == 0 else f"{c:016d}".encode() for c in contents], pa.binary()),
            "name": pa.array([2 * (c // 2) for c in contents], pa.int64()),  # two contents of one name
            "earlier": [False] * 60,
        }
    )
    by_content = defaultdict(list)
    for one in signed.to_pylist():
        by_content[one["content"]].append(one["doc_id"])
    by_content.pop(None, None)
    expected = {(key, min(ids), max(ids), len(ids)) for ids in by_content.values() if len(ids) > 1 for key in ids}
    found = on_driver.exact_groups(signed).select(["doc_id", "first", "last", "copies"]).to_pylist()
    assert {tuple(one.values()) for one in found} == expected
    assert len(found) == len(expected)
    assert all(a != b for a, b in pairwise(sorted(one["doc_id"] for one in found)))
