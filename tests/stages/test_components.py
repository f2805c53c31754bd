"""components: both ways against networkx."""

from __future__ import annotations

import random
from itertools import pairwise

import networkx as nx
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from corpus_pipeline.stages import components as module
from corpus_pipeline.stages.components import components, solve

Edges = list[tuple[str, str]]


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
