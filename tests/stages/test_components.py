"""components: both ways against networkx and scipy."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from corpus_pipeline.stages import components as module
from corpus_pipeline.stages.components import components, solve

Edges = list[tuple[str, str]]
LEAVES = 100_000  # of a star; by hand: 1,000,000
CHAIN = 1_000  # by stars; by hand: 100,000


def oracle(edges: Edges) -> dict[str, str]:
    return {node: min(part) for part in nx.connected_components(nx.Graph(edges)) for node in part}


def random_graph(seed: int, nodes: int, count: int) -> Edges:
    draw = random.Random(seed)
    names = [f"{draw.getrandbits(64):016x}" if seed % 2 else f"문서{i}" for i in range(nodes)]
    return [(draw.choice(names), draw.choice(names)) for _ in range(count)]


def shuffled_chain(length: int) -> Edges:
    names = [f"{i:04d}" for i in range(length)]
    random.Random(0).shuffle(names)
    return list(pairwise(names))


GRAPHS: dict[str, Edges] = {
    "nothing": [],
    "one self loop": [("a", "a")],
    "repeated and reversed": [("b", "a"), ("a", "b"), ("b", "a"), ("c", "c")],
    "self loop beside an edge": [("b", "b"), ("b", "c"), ("a", "a")],
    "ordered chain": [(f"{i:04d}", f"{i + 1:04d}") for i in range(100)],
    "shuffled chain": shuffled_chain(257),
    "star of the smallest": [("a", f"b{i}") for i in range(500)],
    "star of the largest": [(f"b{i}", "z") for i in range(500)],
    "two stars, one bridge": [*((f"x{i}", "m") for i in range(50)), *((f"y{i}", "n") for i in range(50)), ("x7", "y3")],
    "sparse": random_graph(1, 400, 250),
    "at the threshold": random_graph(2, 400, 400),
    "dense": random_graph(3, 60, 600),
}


def as_dict(table: pa.Table) -> dict[str, str]:
    assert len(set(table["node"].to_pylist())) == table.num_rows
    return dict(zip(table["node"].to_pylist(), table["component"].to_pylist(), strict=True))


@pytest.mark.parametrize("name", GRAPHS)
def test_solve(name: str) -> None:
    edges = GRAPHS[name]
    columns = {"a": [a for a, _ in edges], "b": [b for _, b in edges]}
    assert as_dict(solve(pa.table(columns, pa.schema({"a": pa.string(), "b": pa.string()})))) == oracle(edges)


@pytest.mark.parametrize("seed", range(30))
def test_solve_random_graphs(seed: int) -> None:
    edges = random_graph(seed, 100, 5 * seed)
    columns = {"a": [a for a, _ in edges], "b": [b for _, b in edges]}
    assert as_dict(solve(pa.table(columns, pa.schema({"a": pa.string(), "b": pa.string()})))) == oracle(edges)


@given(st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25)), min_size=1, max_size=60))
def test_solve_as_scipy_does(edges: list[tuple[int, int]]) -> None:
    """The same parts: two nodes are of one component here where they are there. Repeated edges and loops occur."""
    a, b = zip(*edges, strict=True)
    count, parts = connected_components(coo_array((np.ones(len(a)), (a, b)), shape=(26, 26)), directed=False)
    found = as_dict(solve(pa.table({"a": [f"{one:02d}" for one in a], "b": [f"{one:02d}" for one in b]})))
    assert set(found) == {f"{one:02d}" for one in a + b}
    smallest = {part: f"{min(np.flatnonzero(parts == part)):02d}" for part in range(count)}
    assert found == {node: smallest[parts[int(node)]] for node in found}


def test_solve_a_long_chain_and_a_large_star() -> None:
    chain = [f"{(65_537 * i + 12_345) % 100_003:06d}" for i in range(100_000)]  # 100,003 is prime: all differ
    found = solve(pa.table({"a": chain[:-1], "b": chain[1:]}))
    assert (found.num_rows, found["component"].unique().to_pylist()) == (100_000, [min(chain)])
    leaves = [f"b{i}" for i in range(1_000_000)]
    found = solve(pa.table({"a": ["m"] * len(leaves), "b": leaves}))
    assert (found.num_rows, found["component"].unique().to_pylist()) == (1_000_001, ["b0"])


@pytest.fixture
def durable(spark: SparkSession, tmp_path: Path) -> Iterator[SparkSession]:
    """The session with a checkpoint folder, as in a run of the pipeline."""
    spark.sparkContext.setCheckpointDir(str(tmp_path))
    yield spark
    spark.sparkContext._jsc.sc().setCheckpointDir(None)
    assert spark.sparkContext.getCheckpointDir() is None


def one_component(table: DataFrame) -> tuple[int, int, str, str, str]:
    """(rows, nodes, smallest node, smallest and largest component)"""
    row = table.agg(
        F.count("*"), F.countDistinct("node"), F.min("node"), F.min("component"), F.max("component")
    ).first()
    assert row is not None
    return row[0], row[1], row[2], row[3], row[4]


@pytest.mark.spark
def test_a_large_star_by_stars(durable: SparkSession) -> None:
    """Each edge twice, in both directions; the centre stands in the middle of the order, and has a loop."""
    leaf = "if(id = 0, 'm', concat(if(id % 2 = 0, 'x', 'c'), id))"
    there = durable.range(LEAVES).selectExpr("'m' AS a", f"{leaf} AS b")
    back = durable.range(LEAVES).selectExpr(f"{leaf} AS a", "'m' AS b")
    assert one_component(components(there.union(back), 0)) == (LEAVES, LEAVES, "c1", "c1", "c1")


@pytest.mark.spark
def test_a_shuffled_chain_by_stars(durable: SparkSession) -> None:
    place = "lpad(string((65537 * (id + {0}) + 12345) % 100003), 6, '0')"
    edges = durable.range(CHAIN - 1).selectExpr(place.format(0) + " AS a", place.format(1) + " AS b")
    smallest = min(f"{(65_537 * i + 12_345) % 100_003:06d}" for i in range(CHAIN))
    assert one_component(components(edges, 0)) == (CHAIN, CHAIN, smallest, smallest, smallest)


@pytest.mark.spark
@pytest.mark.parametrize("driver_edges", [0, 1_000_000])
def test_both_ways(spark: SparkSession, driver_edges: int) -> None:
    """All graphs at once, each under its own prefix: one run of the rounds instead of twelve."""
    edges = [(f"{i:02d}{a}", f"{i:02d}{b}") for i, graph in enumerate(GRAPHS.values()) for a, b in graph]
    frame = spark.createDataFrame(edges, "a string, b string").repartition(3)
    assert as_dict(components(frame, driver_edges).toArrow()) == oracle(edges)


@pytest.mark.spark
def test_no_edges_by_stars(spark: SparkSession) -> None:
    frame = spark.createDataFrame([], "a string, b string")
    assert components(frame).toArrow().num_rows == 0
    assert module._by_stars(frame).toArrow().num_rows == 0


@pytest.mark.spark
def test_the_limit_decides_the_way(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_by_stars", lambda pairs: "stars")
    frame = spark.createDataFrame([("a", "b"), ("b", "c")], "a string, b string")
    assert components(frame, 1) == "stars"  # type: ignore[comparison-overlap]
    assert as_dict(components(frame, 2).toArrow()) == {"a": "a", "b": "a", "c": "a"}
