"""What dedup does between its kernels, on Arrow in the driver: for runs whose documents and pairs are few.

The functions make the rows that stages/clusters.py, candidates.py, verification.py and duplicate_report.py make with
queries for any number of documents. A query takes a second before it does anything, and there are some
twenty; here 258,000 documents take 1.3 seconds in all.

Cost, of the driver's Python: 1 kB a document of 17 bands and 0.1 kB a candidate pair. Ids are ordered by their UTF-8
bytes, as in Spark.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql.pandas.types import to_arrow_schema

from corpus_pipeline.stages.arrow import conform, struct_of
from corpus_pipeline.stages.candidates import Names, bucket_pairs
from corpus_pipeline.stages.components import connected_parts, solve
from corpus_pipeline.stages.duplicate_report import CLASSES
from corpus_pipeline.stages.verification import GROUP, PLACED

BLOCK = 64  # documents that are compared in one group, or up to twice as many

Pairs = npt.NDArray[np.int64]  # (rows, 2): names of a leader and of a member
Rows = npt.NDArray[np.int64]
Counted = dict[tuple[str, ...], npt.NDArray[np.int64]]  # figure, part, other -> clusters, documents, exact, near pairs


def exact_groups(signed: pa.Table) -> pa.Table:
    """(doc_id, source, content, name, earlier) -> members of groups of one content: (..., first, last, copies)."""
    columns = ["doc_id", "source", "content", "name", "earlier"]
    named = signed.select(columns).filter(pc.is_valid(signed["content"]))
    suspects = named.filter(pa.array(_suspects(named["name"].to_numpy())))
    names = suspects["name"].to_numpy() >> 1
    order = np.lexsort((_rank(suspects["doc_id"]), names))  # faster than by content
    rows = suspects.take(pa.array(order)).combine_chunks()
    starts = _starts(rows["content"])
    if len(starts) - 1 > np.count_nonzero(np.diff(names[order])):  # two contents have one name
        rows = suspects.sort_by([("content", "ascending"), ("doc_id", "ascending")]).combine_chunks()
        starts = _starts(rows["content"])
    sizes = np.diff(starts, append=len(rows))
    ids = rows["doc_id"]
    added = {
        "first": ids.take(pa.array(np.repeat(starts, sizes))),
        "last": ids.take(pa.array(np.repeat(starts + sizes - 1, sizes))),
        "copies": pa.array(np.repeat(sizes, sizes)),
    }
    for name, column in added.items():
        rows = rows.append_column(name, column)
    return rows.filter(pc.greater(rows["copies"], 1)).drop_columns(["content", "name"])


def alone(signed: pa.Table, grouped: pa.Table) -> pa.Table:
    """Of `signed`, (doc_id, name, bands) of those with a content that no other document stands for."""
    others = grouped.filter(pc.not_equal(grouped["doc_id"], grouped["first"]))["doc_id"]
    stands = pc.and_(pc.is_valid(signed["bands"]), pc.invert(_among(signed["doc_id"], others)))
    return signed.select(["doc_id", "name", "bands"]).filter(stands)


def candidates(named: pa.Table, representatives: int, most: int) -> Pairs | None:
    """(name, bands) -> distinct pairs of names (rows, 2), leader < member; None when there are more than `most`."""
    names = named["name"].to_numpy()
    keys = _keys(named["bands"])
    found: list[Pairs] = [np.empty((0, 2), np.int64)]
    for band in range(keys.shape[1]):
        own = np.ascontiguousarray(keys[:, band])
        shared = _suspects(own)
        linked = bucket_pairs(np.stack([own[shared], names[shared]], axis=1), representatives)
        found += [np.stack(part, axis=1) for part in linked]
        if sum(map(len, found)) > 2 * most:
            found = [_distinct(np.concatenate(found))]
            if len(found[0]) > most:
                return None
    pairs = _distinct(np.concatenate(found))
    return pairs if len(pairs) <= most else None


def _keys(bands: pa.ChunkedArray) -> Rows:
    """Band keys (documents, bands), a view of the column where it is one chunk."""
    whole = bands.combine_chunks()
    if not len(whole):
        return np.empty((0, 0), np.int64)
    offsets = np.frombuffer(whole.buffers()[1], np.int32)[whole.offset :]
    data = whole.buffers()[2][int(offsets[0]) : int(offsets[len(whole)])]
    return np.frombuffer(data, np.int64).reshape(len(whole), -1)


def placed(pairs: Pairs, names: pa.Table) -> pa.Table:
    """pairs and (doc_id, name) -> PLACED: the groups in which each document of a pair is compared."""
    group = _groups(pairs)
    ends, groups = pairs.T.ravel(), np.concatenate([group, group])  # leaders, then members
    order = np.lexsort((groups, ends))
    first = np.ones(len(order), np.bool_)
    first[1:] = (np.diff(ends[order]) != 0) | (np.diff(groups[order]) != 0)
    row = np.empty(len(order), np.int64)
    row[order] = np.cumsum(first) - 1
    name, group = ends[order[first]], groups[order[first]]  # a place each, by name
    leading, following = np.split(row, 2)
    leads = np.zeros(len(name), np.bool_)
    leads[leading] = True
    by_member = np.argsort(following, kind="stable")
    leaders = _lists(np.bincount(following, minlength=len(name)), pa.array(pairs[by_member, 0]))

    own = names["name"].to_numpy()
    low, high = np.searchsorted(name, own, side="left"), np.searchsorted(name, own, side="right")
    used = np.flatnonzero(low < high)
    sizes = high[used] - low[used]
    at = pa.array(np.arange(sizes.sum()) + np.repeat(low[used] - (np.cumsum(sizes) - sizes), sizes))
    columns = {"group": pa.array(group), "leaders": leaders, "leads": pa.array(leads)}
    places = pa.StructArray.from_arrays([column.take(at) for column in columns.values()], names=list(columns))
    found = names.select(["doc_id", "name"]).take(pa.array(used))
    return found.append_column("places", _lists(sizes, places)).cast(to_arrow_schema(PLACED))


def _groups(pairs: Pairs) -> Rows:
    """The group of each pair: what hangs together, BLOCK documents or a few more; more of a leader and its members."""
    if not len(pairs):
        return np.empty(0, np.int64)
    _, ends = np.unique(pairs.ravel(), return_inverse=True)
    one, other = ends.reshape(-1, 2).T
    component = connected_parts(one, other, int(ends.max()) + 1)
    size = np.bincount(component)
    block = np.cumsum(size) // BLOCK
    own = component[one]
    leader, member = pairs.T
    _, number, count = np.unique(leader, return_inverse=True, return_counts=True)
    salt = (member >> 1) % -(-count // GROUP)[number]
    _, split = np.unique(np.stack([number, salt]), axis=1, return_inverse=True)
    return np.where(size[own] <= BLOCK, block[own], len(block) + split.ravel())


def _lists(sizes: Rows, values: pa.Array) -> pa.Array:
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)


def known_pairs(pairs: Pairs, names: pa.Table, earlier: pa.Table) -> pa.Table:
    """Those of `earlier`, near pairs that earlier runs verified, whose names are among `pairs`."""
    names = names.select(["doc_id", "name"])
    for side in ("a", "b"):
        earlier = earlier.join(names.rename_columns([f"doc_{side}", f"name_{side}"]), f"doc_{side}", join_type="inner")
    both = np.stack([earlier["name_a"].to_numpy(), earlier["name_b"].to_numpy()], axis=1)
    both.sort(axis=1)
    wanted = pa.table({"leader": pairs[:, 0], "member": pairs[:, 1]})
    found = pa.table({"leader": both[:, 0], "member": both[:, 1], "row": np.arange(len(both))})
    rows = found.join(wanted, ["leader", "member"], join_type="left semi")["row"]
    return earlier.take(rows).drop_columns(["name_a", "name_b"])


def labelled(grouped: pa.Table, near: pa.Table, known: pa.ChunkedArray | None) -> pa.Table:
    """`duplicates` of the documents that repeat another, by doc_id.

    grouped  as exact_groups returns it;  near  (doc_a, doc_b, similarity);  known  doc_ids of earlier runs
    """
    linked = solve(near.select(["doc_a", "doc_b"]).rename_columns(["a", "b"]))
    single = linked.filter(pc.invert(_among(linked["node"], grouped["first"])))["node"]
    none = pa.nulls(len(single), pa.string())
    doc_id = pa.chunked_array([*grouped["doc_id"].chunks, *single.chunks], pa.string())
    first = pa.chunked_array([*grouped["first"].chunks, *single.chunks], pa.string())
    last = pa.chunked_array([*grouped["last"].chunks, none], pa.string())
    cluster = pc.coalesce(linked["component"].take(pc.index_in(first, value_set=linked["node"])), first)
    number = pc.index_in(cluster, value_set=pc.unique(cluster)).to_numpy()
    size = np.bincount(number)[number] if len(number) else number
    if known is None:
        earlier = pa.repeat(pa.scalar(False), len(doc_id))
    else:
        earlier = _among(cluster, cluster.filter(_among(doc_id, known)))

    stands = pc.equal(doc_id, first)
    best = _best(near)
    at = pc.if_else(stands, pc.index_in(first, value_set=best["doc_id"]), pa.scalar(None, pa.int32()))
    near_id, near_similarity = best["partner_id"].take(at), best["similarity"].take(at)
    copy = pc.if_else(stands, last, first)
    better = pc.and_kleene(pc.equal(near_similarity, 1.0), pc.less(near_id, copy))  # a copy's similarity is 1, too
    near_wins = pc.and_(pc.is_valid(near_id), pc.or_kleene(pc.is_null(copy), better))
    near_wins = pc.fill_null(near_wins, False)
    columns = {
        "doc_id": doc_id,
        "kind": pc.if_else(pc.is_valid(at), "near", "exact"),
        "cluster_id": cluster,
        "cluster_size": pa.array(size, pa.int64()),
        "partner_id": pc.if_else(near_wins, near_id, copy),
        "similarity": pc.if_else(near_wins, near_similarity, 1.0),
        "earlier": earlier,
    }
    return _conformed(pa.table(columns), "duplicates").sort_by("doc_id")


def with_copies(near: pa.Table, grouped: pa.Table) -> pa.Table:
    """duplicate_pairs of this run: near ones, and each member of a group with the first of it."""
    is_first = pc.equal(grouped["doc_id"], grouped["first"])
    firsts, others = grouped.filter(is_first), grouped.filter(pc.invert(is_first))
    at = pc.index_in(others["first"], value_set=firsts["doc_id"])
    columns = {
        "doc_a": others["first"],
        "doc_b": others["doc_id"],
        "kind": pa.repeat("exact", len(others)),
        "similarity": pa.repeat(1.0, len(others)),
        "source_a": firsts["source"].take(at),
        "source_b": others["source"],
    }
    both_earlier = pc.and_(others["earlier"], firsts["earlier"].take(at))
    equal = pa.table(columns).filter(pc.invert(both_earlier))
    named = near.append_column("kind", pa.repeat("near", len(near))).select(equal.column_names)
    return _conformed(pa.concat_tables([equal, named], promote_options="permissive"), "duplicate_pairs")


def of_documents(labels: pa.Table, documents: pa.Table) -> pa.Table:
    """The labels of these documents (doc_id)."""
    return labels.filter(_among(labels["doc_id"], documents["doc_id"]))


def summary(documents: int, labels: pa.Table, pairs: pa.Table) -> pa.Table:
    """The table duplicate_summary of so many documents, the labels of those that repeat another, and all pairs."""
    alone = documents - len(labels)
    counted: Counted = {("cluster_size", "1", ""): np.array([alone, alone, 0, 0])}
    clusters = labels.group_by(["cluster_id", "cluster_size"]).aggregate([("doc_id", "count")])
    for size, count in zip(clusters["cluster_size"].to_pylist(), clusters["doc_id_count"].to_pylist(), strict=True):
        part = size if size < 5 else 5 if size < 8 else 1 << (size.bit_length() - 1)
        _add(counted, ("cluster_size", str(part), ""), [1, count, 0, 0])
    classes = pc.floor(pc.add(pc.multiply(pairs["similarity"], CLASSES), 1e-9))
    alike = pairs.select(["kind", "source_a", "source_b"]).append_column("class", classes)
    for row in alike.group_by(alike.column_names).aggregate([([], "count_all")]).to_pylist():
        sources = sorted((row["source_a"], row["source_b"]), key=str.encode)
        figures = [0, 0, row["count_all"] * (row["kind"] == "exact"), row["count_all"] * (row["kind"] == "near")]
        _add(counted, ("similarity", f"{row['class'] / CLASSES:.2f}", ""), figures)
        _add(counted, ("sources", *sources), figures)
    rows = []
    for (figure, part, other), values in sorted(counted.items()):
        clustered = (
            [*values[:2].tolist(), None, None] if figure == "cluster_size" else [None, None, *values[2:].tolist()]
        )
        rows.append((figure, part, other, *clustered))
    schema = to_arrow_schema(struct_of("duplicate_summary"))
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)


def _add(counted: Counted, key: tuple[str, ...], figures: list[int]) -> None:
    counted[key] = counted.get(key, np.zeros(4, np.int64)) + np.array(figures)


def _best(near: pa.Table) -> pa.Table:
    """(doc_id, partner_id, similarity): the most similar partner of each, ties by its doc_id."""
    names = ["doc_id", "partner_id", "similarity"]
    sides = [
        near.select([a, b, "similarity"]).rename_columns(names) for a, b in (("doc_a", "doc_b"), ("doc_b", "doc_a"))
    ]
    order = [("doc_id", "ascending"), ("similarity", "descending"), ("partner_id", "ascending")]
    both = pa.concat_tables(sides).sort_by(order).combine_chunks()
    return both.take(pa.array(_starts(both["doc_id"])))


def _starts(column: pa.ChunkedArray) -> Rows:
    """Where a sorted column's value is another than before."""
    if not len(column):
        return np.empty(0, np.int64)
    changed = pc.not_equal(column.slice(1), column.slice(0, len(column) - 1)).to_numpy()
    starts: Rows = np.concatenate([[0], np.flatnonzero(changed) + 1])
    return starts


def _distinct(pairs: Pairs) -> Pairs:
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    first = np.ones(len(pairs), np.bool_)
    first[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
    return pairs[first]


def _rank(ids: pa.ChunkedArray) -> Rows:
    order = pc.sort_indices(ids).to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank


def _suspects(values: Names) -> npt.NDArray[np.bool_]:
    """True where a value occurs more than once, and for a fifth of the others or less; the values are hashes."""
    bits = (4 * len(values)).bit_length()
    place = (values.view(np.uint64) >> np.uint64(64 - bits)).astype(np.int64)
    several: npt.NDArray[np.bool_] = (np.bincount(place) > 1)[place]
    return several


def _among(column: pa.ChunkedArray, values: pa.ChunkedArray) -> Any:
    return pc.is_in(column, value_set=values.combine_chunks())


def _conformed(table: pa.Table, contract: str) -> pa.Table:
    schema = to_arrow_schema(struct_of(contract))
    batches = [conform(batch, schema, f"{__name__}: {contract}") for batch in table.combine_chunks().to_batches()]
    return pa.Table.from_batches(batches, schema)
