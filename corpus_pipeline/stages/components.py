"""Connected components of a graph in a DataFrame: which documents hang together through duplicate pairs.

Small graphs are solved on the driver (scipy, linear); larger ones by alternating large-star and small-star steps
(Kiveris et al., "Connected Components in MapReduce and Beyond", 2014), of which each is an aggregate and a join.

Cost. Driver: about 0.4 kB an edge for a moment, so 0.4 GB (and 9 s) at a million edges. Steps: O(log^2 n) rounds by
proof, 6 on a random graph of a million edges with one giant component (20 times slower than the driver there); each
has five shuffles of at most twice the number of edges, and a hot node is an aggregate and a join, which adaptive
execution splits, never one task's list. Each round is a kept table (stages/kept.py), so its plan does not grow and a
lost executor costs nothing. The end is proved by a count: no node hangs on two others, or on one that hangs itself.

The work happens when `components` is called, not when its result is read.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from corpus_pipeline.errors import ContractError
from corpus_pipeline.stages.kept import kept

Nodes = npt.NDArray[np.integer]
MAX_ROUNDS = 100  # a path of a million nodes takes 20; more rounds mean that the edges change while they are read


def components(edges: DataFrame, driver_edges: int = 1_000_000) -> DataFrame:
    """(node, component): each node of `edges` once, with the smallest node of its connected component.

    edges         columns a and b, strings, not null; direction, repetition and self loops do not matter. Read
                  twice or more: persist it when it is costly.
    driver_edges  up to this many edges are collected and solved on the driver; 0 never does.
    The order of nodes is Spark's: bytes of UTF-8.
    """
    pairs = edges.select("a", "b")
    if pairs.limit(driver_edges + 1).count() <= driver_edges:
        return _on_driver(pairs)
    return _by_stars(pairs)


def solve(edges: pa.Table) -> pa.Table:
    """As components, on Arrow: (a, b) -> (node, component), by node.

    >>> solve(pa.table({"a": ["나", "라", "다"], "b": ["가", "라", "나"]})).to_pydict()["component"]
    ['가', '가', '가', '라']
    """
    a, b = edges.column("a").combine_chunks(), edges.column("b").combine_chunks()
    nodes = pc.unique(pa.concat_arrays([a, b]))
    nodes = nodes.take(pc.array_sort_indices(nodes))
    row, column = (pc.index_in(side, value_set=nodes).to_numpy(zero_copy_only=False) for side in (a, b))
    labels = connected_parts(row, column, len(nodes))
    _, first = np.unique(labels, return_index=True)  # nodes are sorted: the first of a label is the smallest
    return pa.table({"node": nodes, "component": nodes.take(pa.array(first[labels]))})


def connected_parts(a: Nodes, b: Nodes, nodes: int) -> Nodes:
    """A label for each of the nodes 0, 1, ...; equal where edges from a[i] to b[i] join them."""
    from scipy.sparse import coo_array  # 0.1 s, which only this needs
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(a), np.bool_), (a, b)), shape=(nodes, nodes))
    labels: Nodes = connected_components(graph, directed=False)[1]
    return labels


def _on_driver(pairs: DataFrame) -> DataFrame:
    return pairs.sparkSession.createDataFrame(solve(pairs.toArrow()), "node string, component string")


def _by_stars(pairs: DataFrame) -> DataFrame:
    high, low = F.greatest("a", "b").alias("high"), F.least("a", "b").alias("low")
    nodes = pairs.select(F.explode(F.array("a", "b")).alias("node")).distinct()
    forest = kept(pairs.select(high, low).where("high > low").distinct())
    for _ in range(MAX_ROUNDS):
        if not _unfinished(forest):
            joined = nodes.join(forest.withColumnRenamed("high", "node"), "node", how="left")  # one row a high
            return joined.select("node", F.coalesce("low", "node").alias("component"))
        forest = kept(_small_star(_large_star(forest)))
    raise ContractError(
        "components", f"an end within {MAX_ROUNDS} rounds", "none", "Persist the edges before the call."
    )


def _large_star(edges: DataFrame) -> DataFrame:
    """Link each node's larger neighbours to the smallest of its neighbours and itself."""
    both = edges.union(edges.select(F.col("low").alias("high"), F.col("high").alias("low")))  # node high, neighbour low
    smallest = both.groupBy("high").agg(F.least("high", F.min("low")).alias("smallest"))
    larger = both.where("low > high").join(smallest, "high", how="inner")
    return larger.select(F.col("low").alias("high"), F.col("smallest").alias("low")).distinct()


def _small_star(edges: DataFrame) -> DataFrame:
    """Link each node and its smaller neighbours to the smallest of them."""
    smallest = edges.groupBy("high").agg(F.min("low").alias("smallest"))
    smaller = edges.join(smallest, "high", how="inner").where("low > smallest")
    links = smaller.select(F.col("low").alias("high"), F.col("smallest").alias("low"))
    return links.union(smallest.select("high", F.col("smallest").alias("low"))).distinct()


def _unfinished(edges: DataFrame) -> int:
    """Nodes that hang on more than one node, or on one that hangs on another itself; 0 when all trees are stars."""
    ends = edges.select(F.col("high").alias("node"), F.lit(1).alias("up"), F.lit(0).alias("down")).union(
        edges.select("low", F.lit(0), F.lit(1))
    )
    per_node = ends.groupBy("node").agg(F.sum("up").alias("up"), F.max("down").alias("down"))
    return per_node.where("up > 1 OR (up = 1 AND down = 1)").count()
