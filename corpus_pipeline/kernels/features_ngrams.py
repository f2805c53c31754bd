"""Features over eojeol n-grams: how much of a text its most frequent n-grams and its repeated ones cover.

Formulas are in docs/quality.md. An n-gram is named by a dense number, made of the numbers of the (n-1)-gram that it
starts with and of its last eojeol, so equal numbers mean equal n-grams of the same text. Only n-grams whose (n-1)-grams
repeat are looked at: on ordinary text few are left after the 3-grams.
"""

from __future__ import annotations

import numpy as np

from corpus_pipeline.kernels.features_layout import Bools, Columns, Ints, Layout, share

TOP, LONG = (2, 3, 4), (5, 6, 7, 8, 9, 10)  # Gopher's


def ngram_columns(layout: Layout) -> Columns:
    """Column name -> one value per text; type_token_ratio too, whose counts are the 1-grams."""
    ids, document = layout.ids, layout.document
    types, at = int(ids.max(initial=0)) + 1, np.arange(len(ids))
    keys, seen, distinct = _number(document * types + ids)
    many = np.bincount(distinct // types, minlength=layout.size).astype(float)
    columns = {"type_token_ratio": share(many, layout.eojeol)}
    for n in range(2, LONG[-1] + 1):
        # positions of (n-1)-grams that repeat and are followed by one that repeats, in the same text
        kept = np.flatnonzero((seen[:-1] > 1) & (seen[1:] > 1) & (at[1:] == at[:-1] + 1) & _same(document, at))
        at, keys = at[kept], keys[kept] * types + ids[at[kept] + n - 1]
        keys, seen, _ = _number(keys)
        hits = at[_top(layout, at, keys, seen, n)] if n in TOP else at[seen > 1]
        if n in TOP:
            columns[f"top_{n}gram_share"] = _covered(layout, hits, n)
        if n in LONG:
            columns[f"duplicate_{n}gram_share"] = _covered(layout, hits, n)
    return columns


def _same(document: Ints, at: Ints) -> Bools:
    return np.asarray(document[at[1:]] == document[at[:-1]])


def _number(keys: Ints) -> tuple[Ints, Ints, Ints]:
    """Each key as a dense number, and how often it occurs; the distinct keys."""
    distinct, numbers, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return numbers.astype(np.int64), counts[numbers].astype(np.int64), distinct


def _covered(layout: Layout, hits: Ints, n: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Share of W that the n-grams starting at `hits` cover, each character once."""
    if not len(hits):
        return np.zeros(layout.size)
    mask = np.zeros(len(layout.begins), bool)
    for offset in range(n):
        mask[hits + offset] = True
    inside = np.flatnonzero(mask)
    return share(np.bincount(layout.document[inside], layout.lengths[inside], layout.size).astype(float), layout.solid)


def _top(layout: Layout, at: Ints, keys: Ints, seen: Ints, n: int) -> Bools:
    """Of the n-grams at `at`: those that are the most frequent of their text; twice at least.

    Of equally frequent ones the longer, then the earlier.
    """
    found = np.zeros(len(at), bool)
    many = np.flatnonzero(seen > 1)
    if not len(many):
        return found
    document = layout.document[at[many]]
    border = np.flatnonzero(np.concatenate(([True], document[1:] != document[:-1])))
    most = np.repeat(np.maximum.reduceat(seen[many], border), np.diff(border, append=len(many)))
    many = many[seen[many] == most]
    document, starts = layout.document[at[many]], at[many]
    size = np.add.reduce([layout.lengths[starts + offset] for offset in range(n)])
    order = np.lexsort((starts, -size, document))
    first = order[np.concatenate(([True], document[order][1:] != document[order][:-1]))]
    best = np.full(layout.size, -1)
    best[document[first]] = keys[many[first]]
    found[many] = keys[many] == best[document]
    return found
