"""What a clustering of documents is worth beside the exact answer of benchmarks/dedup_oracle.py.

A pair is two documents whose texts have a Jaccard similarity of at least THRESHOLD. Documents of one comparison form
are counted as pairs with the first of them, and pairs of different forms between their first documents, so that a
text with a thousand copies is a thousand pairs, not half a million.

recall     share of the pairs whose two documents are in one cluster: of all, of copies, and by similarity
precision  share of the removed documents (all of a cluster but its first) that have a document in their cluster at or
           above a similarity; at 0.8, and at 0.7 for peers whose unit or threshold is another
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.dedup_oracle import Array, Pairs

THRESHOLD = 0.8
LOWEST = 0.7  # similarity down to which the oracle has to know the pairs
CLASSES = (0.8, 0.85, 0.9, 0.95)
DECILES = 10  # between THRESHOLD and 1
TOLERANCE = 1e-12  # of a similarity that should equal the oracle's

Flags = npt.NDArray[np.bool_]


def scores(labels: Array, truth: Pairs) -> dict[str, Any]:
    """Recall and precision of `labels`: for each document the number of its cluster, -1 where it was dropped unseen."""
    near = truth.similarity >= THRESHOLD
    first = _first(truth.group)
    a, b = labels[first[truth.a[near]]], labels[first[truth.b[near]]]
    found = (a == b) & (a >= 0)
    copies = np.flatnonzero(truth.group >= 0)
    copies = copies[first[truth.group[copies]] != copies]
    together = (labels[copies] == labels[first[truth.group[copies]]]) & (labels[copies] >= 0)
    kept = np.unique(labels[labels >= 0], return_index=True)[1]
    removed = labels >= 0
    removed[np.flatnonzero(labels >= 0)[kept]] = False
    similarity = truth.similarity[near]
    ends = (*CLASSES[1:], 1.01)
    return {
        "recall": _share(np.concatenate([found, together])),
        "recall_near": _share(found),
        "recall_copies": _share(together),
        "recall_by_similarity": {
            f"{low}-{min(high, 1)}": _share(found[(similarity >= low) & (similarity < high)])
            for low, high in zip(CLASSES, ends, strict=True)
        },
        "recall_near_from_0.85": _share(found[similarity >= CLASSES[1]]),
        "removed": int(removed.sum()),
        "dropped_unseen": int((labels < 0).sum()),
        "precision": _share(_partnered(labels, truth, THRESHOLD)[removed]),
        "precision_at_0.7": _share(_partnered(labels, truth, LOWEST)[removed]),
    }


def _share(found: Flags) -> float | None:
    return round(float(found.mean()), 6) if len(found) else None


def _first(group: Array) -> Array:
    """The first document of each group."""
    known, place = np.unique(group, return_index=True)
    return np.asarray(place[known >= 0], np.int64)


def _partnered(labels: Array, truth: Pairs, threshold: float) -> Flags:
    """Documents that have another of their own form, or of a form at or above the threshold, in their cluster."""
    groups = int(truth.group.max(initial=-1)) + 1
    key = labels * (groups + 1) + truth.group
    key[(labels < 0) | (truth.group < 0)] = -1  # nothing equals the empty form
    present, place, count = np.unique(key, return_inverse=True, return_counts=True)
    result: Flags = (count[place] > 1) & (key >= 0)
    order = np.argsort(truth.group, kind="stable")
    begins = np.searchsorted(truth.group[order], np.arange(groups + 1))
    near = truth.similarity >= threshold
    for own, other in ((truth.a[near], truth.b[near]), (truth.b[near], truth.a[near])):
        size = begins[own + 1] - begins[own]
        offset = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        members = order[np.repeat(begins[own], size) + offset]
        wanted = labels[members] * (groups + 1) + np.repeat(other, size)
        result[members[np.isin(wanted, present) & (labels[members] >= 0)]] = True
    return result


def truth_of(folder: Path) -> Pairs:
    """The oracle's answer for a set, from its file beside the set when that is newer."""
    from benchmarks.dedup_oracle import pairs

    file, made = folder / "oracle.npz", folder / "made.json"
    if not file.exists() or file.stat().st_mtime < made.stat().st_mtime:
        tables = (pq.read_table(part, columns=["text"]) for part in sorted((folder / "parquet").iterdir()))
        found = pairs((text for table in tables for text in table["text"].to_pylist()), LOWEST)
        np.savez(file, **found._asdict())
    with np.load(file) as arrays:
        return Pairs(**arrays)


def our_labels(duplicates: pa.Table, ids: pa.Array) -> Array:
    """The `duplicates` table as labels of the documents `ids`, which are sorted."""
    place = _places(duplicates["doc_id"], ids)
    labels = np.full(len(ids), -1, np.int64)
    labels[place] = _places(duplicates["cluster_id"], ids)
    return labels


def verified(found: pa.Table, labels: Array, ids: pa.Array, truth: Pairs, banding: tuple[int, int]) -> dict[str, Any]:
    """Our `duplicate_pairs` of kind `near` beside the oracle's; and what the bands found beside what they should.

    pairs, wrong        how many, and how many of those are under the threshold or not as similar as stated
    deciles             pairs by similarity, the share that was verified, that is in one cluster (through a third
                        document, too), and that share a band by 1 - (1 - J^rows)^bands, with three standard errors
                        of it were the pairs independent
    """
    near = found.filter(pa.compute.equal(found["kind"], "near"))
    a, b = (truth.group[_places(near[name], ids)] for name in ("doc_a", "doc_b"))
    forms = int(truth.group.max(initial=-1)) + 1
    stated = near["similarity"].to_numpy()
    known = truth.a * forms + truth.b  # sorted, as truth is
    key = np.minimum(a, b) * forms + np.maximum(a, b)
    place = np.minimum(np.searchsorted(known, key), len(known) - 1)
    exact = np.where(known[place] == key, truth.similarity[place], 0.0) if len(known) else np.zeros(len(key))
    exact[a == b] = 1.0  # forms that differ in spaces alone
    wrong = (exact < THRESHOLD) | (np.abs(exact - stated) > TOLERANCE)
    hit = np.isin(known, key)
    first, (bands, rows) = _first(truth.group), banding
    together = labels[first[truth.a]] == labels[first[truth.b]]
    edges = np.linspace(THRESHOLD, 1, DECILES + 1)
    deciles: list[dict[str, float | None]] = []
    for low, high in pairwise(edges.tolist()):
        inside = (truth.similarity >= low) & ((truth.similarity < high) | (high == 1))
        if inside.any():
            predicted = 1 - (1 - truth.similarity[inside] ** rows) ** bands
            count = int(inside.sum())
            error = 3 * float(np.sqrt((predicted * (1 - predicted)).sum())) / count
            shares = {"verified": _share(hit[inside]), "recall": _share(together[inside])}
            expected = {"predicted": round(float(predicted.mean()), 6), "three_sigma": round(error, 6)}
            deciles.append({"from": round(low, 2), "to": round(high, 2), "pairs": count, **shares, **expected})
    return {"pairs": len(near), "wrong": int(wrong.sum()), "bands": bands, "rows": rows, "deciles": deciles}


def _places(names: pa.ChunkedArray, ids: pa.Array) -> Array:
    return np.asarray(pa.compute.index_in(names, value_set=ids).to_numpy(), np.int64)
