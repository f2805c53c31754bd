"""Counting against plain loops over the texts, without Spark."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_pipeline.kernels import split
from corpus_pipeline.kernels.morphemes import morphemes, runs
from corpus_pipeline.stages import counting

SCHEMA = pa.schema([("source", pa.string()), ("level", pa.int32()), ("piece", pa.string()), ("n", pa.int64())])
BY = ("source", "level")
some_rows = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", None]),
        st.sampled_from([1, 2, None]),
        st.text("가나다 는을\n12a", max_size=30),
        st.integers(-3, 3),
    ),
    max_size=12,
)
Row = tuple[str | None, int | None, str, int]


def as_batch(rows: list[Row]) -> pa.RecordBatch:
    names = ("source", "level", "text", "copies")
    types = (pa.string(), pa.int32(), pa.string(), pa.int32())
    columns = list(zip(*rows, strict=True)) or [()] * 4
    return pa.record_batch([pa.array(c, t) for c, t in zip(columns, types, strict=True)], names=list(names))


def counted(batches: list[pa.RecordBatch]) -> Counter[tuple[object, ...]]:
    found: Counter[tuple[object, ...]] = Counter()
    for batch in counting.count_runs(iter(batches), by=BY, schema=SCHEMA):
        for row in batch.to_pylist():
            found[row["source"], row["level"], row["piece"]] += row["n"]
    return Counter({key: n for key, n in found.items() if n})


def expected(rows: list[Row]) -> Counter[tuple[object, ...]]:
    found: Counter[tuple[object, ...]] = Counter()
    for source, level, text, copies in rows:
        for run in runs(text):
            found[source, level, run] += copies
    return Counter({key: n for key, n in found.items() if n})


@given(st.lists(some_rows, max_size=3))
def test_every_key_has_its_own_counts(batches: list[list[Row]]) -> None:
    assert counted([as_batch(rows) for rows in batches]) == expected([row for rows in batches for row in rows])


def test_small_windows_and_full_tables_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[Row] = [(f"s{i % 3}", i % 2, f"{i}번째 글은  길다. " * (i % 40), 1 + i % 3) for i in range(200)]
    monkeypatch.setattr(split, "WINDOW", 200)
    monkeypatch.setattr(counting, "_FLUSH", 10)
    assert counted([as_batch(rows[:50]), as_batch(rows[50:])]) == expected(rows)


def test_runs_are_cut_into_morphemes_with_their_counts() -> None:
    rows: list[tuple[str, int, str, int]] = [("a", 1, " 학교에서", 3), ("b", 1, " 학교에서", 2), ("b", 2, "km", 5)]
    batch = pa.record_batch(list(map(pa.array, zip(*rows, strict=True))), names=SCHEMA.names)
    found = [tuple(row.values()) for row in counting.cut_batch(batch).to_pylist()]
    assert found == [(source, level, piece, n) for source, level, run, n in rows for piece in morphemes(run)]
    assert len(found) > len(rows)


def test_a_text_is_counted_up_to_its_sampled_bytes() -> None:
    batch = as_batch([("a", 1, "가나 다라", 1), ("a", 1, "마바", 1)])
    batch = batch.append_column(
        "sampled_bytes", pa.array([8, 100], pa.int64())
    )  # 8 bytes: two syllables, space, 1 of 3
    assert counting.cut_texts(batch).column("text").to_pylist() == ["가나 ", "마바"]
