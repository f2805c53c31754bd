"""The exact answer for benchmarks/dedup.py: all pairs of texts whose character-5-gram Jaccard reaches a threshold.

Own code, nothing of corpus_pipeline: the comparison form is written down again from its description, the n-grams are
numbered (an exact packing into 64 bits, no hash), and the pairs come from an inverted index. Texts of equal form are
one node, so a group of many copies is no quadratic work.

A text's n-grams in the order of their rarity, the first |x| - ceil(t |x|) + 1 are its prefix: two texts of
similarity t share one in their prefixes (prefix filter of Chaudhuri et al. 2006, Xiao et al. 2008). The product of
the sparse matrix of prefixes with its transpose counts, for each pair that shares any, how many; the rest of the
shorter prefix's text bounds what can still come. What remains is counted in full.

Cost: 200 MB (258,000 documents, 41 million distinct n-grams of a text) took 57 s and 2.9 GB at 0.7 on one core; most
of it is the forms and the numbering of the n-grams, the join and the count took 3 s.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from unicodedata import category, lookup, name, normalize

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

NGRAM = 5
WORK = 20_000_000  # products in a step of the join, n-grams in a step of the count: bounds memory

Array = npt.NDArray[np.int64]

JAMO = re.compile("([\u3131-\u318e\uffa1-\uffdc]+)")
# letters and marks by category which nobody sees, and the letter used as a middle dot (kernels/normalise.py lists them)
UNSEEN = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
ARAEA = 0x318D


class Pairs(NamedTuple):
    """group  of each text: the number of its form, -1 where the form is empty; forms are numbered as they first occur
    a, b, similarity  pairs of forms, a < b, each once, in order
    """

    group: Array
    a: Array
    b: Array
    similarity: npt.NDArray[np.float64]


class _Unseen(dict[int, int | None]):
    """For str.translate: drops what is ignored before normalisation."""

    def __missing__(self, code: int) -> int | None:
        self[code] = None if code in UNSEEN or category(chr(code)) in ("Cf", "Me") else code
        return self[code]


class _Letters(dict[int, int | None]):
    """For str.translate: keeps letters, marks and numbers."""

    def __missing__(self, code: int) -> int | None:
        kind = category(chr(code))
        keep = kind[0] in "LMN" and kind != "Me" and code not in UNSEEN and code != ARAEA
        self[code] = code if keep else None
        return self[code]


_SEEN, _KEPT = _Unseen(), _Letters()


def form(text: str) -> str:
    """Letters, marks and numbers of `text`: NFKC, case folded, NFC; jamo typed apart stay apart.

    >>> form("Ｋorea 2021… 안녕 ㅋㅋ, ﾡ")
    'korea2021안녕ㅋㅋㄱ'
    """
    parts = JAMO.split(text.translate(_SEEN))
    parts[::2] = [normalize("NFC", normalize("NFKC", part).casefold()) for part in parts[::2]]
    parts[1::2] = ["".join(map(_full_width, part)) for part in parts[1::2]]
    return "".join(parts).translate(_KEPT)


def _full_width(jamo: str) -> str:
    return lookup(name(jamo).removeprefix("HALFWIDTH ")) if name(jamo, "").startswith("HALFWIDTH ") else jamo


def pairs(texts: Iterable[str], threshold: float) -> Pairs:
    """All pairs of distinct forms with Jaccard >= threshold.

    >>> found = pairs(["가나다라마바사", "가나다라마바", "가나다라마바!", "-"], 0.6)
    >>> found.group.tolist(), found.a.tolist(), found.b.tolist(), found.similarity.round(3).tolist()
    ([0, 1, 1, -1], [0], [1], [0.667])
    """
    number: dict[str, int] = {}
    group = np.array([number.setdefault(f, len(number)) if (f := form(text)) else -1 for text in texts], np.int64)
    tokens, sizes = _ranked(list(number))
    order = np.argsort(sizes, kind="stable")  # texts by size: those that can reach the threshold lie together
    matrix = _matrix(tokens, sizes)[order]
    sizes = sizes[order]
    a, b = _joined(matrix, sizes, threshold)
    shared = _shared(matrix, a, b)
    similarity = shared / (sizes[a] + sizes[b] - shared)
    keep = similarity >= threshold
    a, b = order[a[keep]], order[b[keep]]
    a, b, similarity = np.minimum(a, b), np.maximum(a, b), similarity[keep]
    place = np.lexsort((b, a))
    return Pairs(group, a[place], b[place], similarity[place])


def _ranked(forms: Sequence[str]) -> tuple[npt.NDArray[np.int32], Array]:
    """The distinct n-grams of each form, numbered by rarity, in that order; and how many each has."""
    text, gram = _grams(forms)
    sizes = np.bincount(text, minlength=len(forms))
    order = np.argsort(gram)
    gram = gram[order]
    first = np.concatenate([[True], gram[1:] != gram[:-1]]) if len(gram) else np.empty(0, np.bool_)
    frequency = np.diff(np.flatnonzero(np.append(first, True)))
    number = np.cumsum(first, dtype=np.int32) - np.int32(1)
    del gram, first
    rank = np.empty(len(frequency), np.int32)
    rank[np.argsort(frequency, kind="stable")] = np.arange(len(frequency), dtype=np.int32)
    key = text * len(frequency)
    key[order] += rank[number]
    key.sort()
    return np.asarray(key % max(1, len(frequency)), np.int32), sizes


def _grams(forms: Sequence[str]) -> tuple[Array, Array]:
    """(number of the form, n-gram) of all distinct n-grams of each form, by form. A short form is one, filled up.

    An n-gram is its two bigrams and last letter, each by its number among those that occur: exact in 64 bits as
    long as bigrams^2 x letters stays below 2^63 (it is 2^53 for 200 MB).
    """
    lengths = np.array([len(one) for one in forms], np.int64)
    fill = "\0" * (NGRAM - 1)  # no form holds it: it is no letter
    points = np.frombuffer((fill.join(forms) + fill).encode("utf-32-le"), np.dtype("<u4"))
    codes = _numbers(points, 0x110000).astype(np.int64)
    letters = int(codes.max(initial=0)) + 1
    bigrams = _numbers(codes[:-1] * letters + codes[1:], letters * letters)
    kinds = int(bigrams.max(initial=0)) + 1
    limit = kinds * kinds * letters
    if limit >= 2**62:
        raise ValueError(f"{kinds} bigrams of {letters} letters: too many to number their {NGRAM}-grams in 64 bits")
    starts = np.cumsum(lengths + len(fill)) - lengths - len(fill)
    counts = np.maximum(lengths - NGRAM + 1, 1)
    found = [np.empty((2, 0), np.int64)]
    step = max(1, min(1000, 2**63 // limit - 1))
    for begin in range(0, len(forms), step):
        count = counts[begin : begin + step]
        place = np.repeat(starts[begin : begin + step], count) + _within(count)
        gram = (bigrams[place].astype(np.int64) * kinds + bigrams[place + 2]) * letters + codes[place + 4]
        gram += np.repeat(np.arange(len(count)) * limit, count)
        gram.sort()
        text, gram = np.divmod(gram[np.append(True, gram[1:] != gram[:-1])], limit)
        found.append(np.stack([text + begin, gram]))
    text, gram = np.concatenate(found, axis=1)
    return text, gram


def _numbers(values: npt.NDArray[Any], limit: int) -> npt.NDArray[np.int32]:
    """Each value's number among those that occur, by size; values lie in 0 .. limit - 1."""
    occurs = np.zeros(limit, np.bool_)
    occurs[values] = True
    return np.asarray(np.cumsum(occurs, dtype=np.int32)[values] - 1, np.int32)


def _within(counts: Array) -> Array:
    """0, 1, .. count - 1 for each count."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)


def _matrix(tokens: npt.NDArray[np.int32], sizes: Array) -> Any:
    pointers = np.concatenate([[0], np.cumsum(sizes)])
    shape = (len(sizes), int(tokens.max(initial=0)) + 1)
    return csr_array((np.ones(len(tokens), np.int32), tokens, pointers), shape=shape)


def _joined(matrix: Any, sizes: Array, threshold: float) -> tuple[Array, Array]:
    """Pairs of rows (a < b) whose prefixes leave the threshold possible. Rows are in the order of their size."""
    least = np.ceil(threshold * sizes - 1e-9).astype(np.int64)  # what a pair must share at least
    prefix = sizes - least + 1
    inside = _within(sizes) < np.repeat(prefix, sizes)
    cut = _matrix(matrix.indices[inside], prefix)
    last = cut.indices[np.cumsum(prefix) - 1]
    frequency = np.bincount(cut.indices, minlength=cut.shape[1])
    work = np.add.reduceat(frequency[cut.indices].astype(np.int64), np.cumsum(prefix) - prefix)
    keep = frequency[cut.indices] > 1  # an n-gram in one prefix alone makes no pair
    pointers = np.concatenate([[0], np.cumsum(keep)])[cut.indptr]
    cut = csr_array((cut.data[keep], cut.indices[keep], pointers), shape=cut.shape)
    found: list[tuple[Array, Array]] = [(np.empty(0, np.int64), np.empty(0, np.int64))]
    begin, done = 0, np.cumsum(work)
    while begin < len(sizes):
        before = done[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(done, before + WORK)))
        low = int(np.searchsorted(sizes, math.ceil(threshold * sizes[begin] - 1e-9)))
        product = (cut[begin:end] @ cut[low:end].T).tocoo()
        b, a, count = product.row.astype(np.int64) + begin, product.col.astype(np.int64) + low, product.data
        smaller = a < b
        a, b, count = a[smaller], b[smaller], count[smaller]
        rest = np.where(last[a] <= last[b], sizes[a] - prefix[a], sizes[b] - prefix[b])
        needed = threshold / (1 + threshold) * (sizes[a] + sizes[b]) - 1e-9
        possible = (count + rest >= needed) & (sizes[a] >= threshold * sizes[b] - 1e-9)
        found.append((a[possible], b[possible]))
        begin = end
    return np.concatenate([one[0] for one in found]), np.concatenate([one[1] for one in found])


def _shared(matrix: Any, a: Array, b: Array) -> Array:
    """Number of shared n-grams of each pair of rows."""
    sizes = np.diff(matrix.indptr)
    done = np.cumsum((sizes[a] + sizes[b]).astype(np.int64))
    shared = np.empty(len(a), np.int64)
    begin = 0
    while begin < len(a):
        end = max(begin + 1, int(np.searchsorted(done, (done[begin - 1] if begin else 0) + WORK)))
        shared[begin:end] = matrix[a[begin:end]].multiply(matrix[b[begin:end]]).sum(axis=1)
        begin = end
    return shared
