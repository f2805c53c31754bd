"""For benchmarks/shingles.py: the shingle sets of a collection, its pairs, and their exact similarity by every shingle.

Different texts that resemble each other are looked for with every shingle (MinHash, 32 bands of 2), so that none is
judged on another one's neighbours alone: each text's nearest of another identity, by each shingle, goes to all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks.shingle_pairs import SEED, SHORT_TEXTS, Collection, Pair
from corpus_pipeline.kernels.minhash import signatures
from corpus_pipeline.kernels.normalise import comparison_form, comparison_forms
from corpus_pipeline.kernels.shingle import Hashes, Ragged, Unit, jaccard, ngrams, units

Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Pairs = npt.NDArray[np.int64]  # (pairs, 2) places in the texts, the smaller first


class Shingle(NamedTuple):
    unit: Unit
    n: int
    fold_digits: bool = False


SHINGLES = {
    "char-5": Shingle("character", 5),
    "char-5, spaces": Shingle("character_and_space", 5),
    "char-8": Shingle("character", 8),
    "char-8, spaces": Shingle("character_and_space", 8),
    "eojeol-3": Shingle("eojeol", 3),
    "eojeol-5": Shingle("eojeol", 5),
    "morpheme-5": Shingle("morpheme", 5),
    "char-5, digits folded": Shingle("character", 5, fold_digits=True),
}
_BATCH = 1 << 20  # characters in work at a time
_SKETCH, _ROWS, _LINKS = 64, 2, 4  # search for neighbours: places, rows of a band, members linked to the next ones


class Sets(NamedTuple):
    """Sorted distinct shingles of each text; `tokens` of the unit in each, and shingles with repeated ones."""

    rows: list[Hashes]
    tokens: npt.NDArray[np.int64]
    hashed: int


def shingle_sets(texts: Sequence[str], shingle: Shingle) -> Sets:
    rows: list[Hashes] = []
    tokens, hashed = [np.empty(0, np.int64)], 0
    for begin, end in _batches(texts):
        forms = comparison_forms(pa.array(texts[begin:end], pa.large_string()), shingle.fold_digits)
        cut = units(forms, shingle.unit)
        values, offsets = ngrams(cut, shingle.n)
        rows += [np.unique(values[a:b]) for a, b in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)]
        tokens.append(np.diff(cut.offsets))
        hashed += len(values)
    return Sets(rows, np.concatenate(tokens), hashed)


def _batches(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    begin = size = 0
    for i, text in enumerate(texts):
        size += len(text)
        if size >= _BATCH or i == len(texts) - 1:
            yield begin, i + 1
            begin, size = i + 1, 0


def similarities(sets: Sets, pairs: Pairs) -> Values:
    return np.array([jaccard(sets.rows[a], sets.rows[b]) for a, b in pairs.tolist()], np.float64)


def neighbours(sets: Sets, places: Sequence[int], may: Callable[[Pairs], Mask]) -> Pairs:
    """For each of the texts at `places` the candidate with the most agreeing signature, of those that `may` be."""
    rows = [sets.rows[i] for i in places]
    offsets = np.cumsum([0, *map(len, rows)])
    sketch = signatures(Ragged(np.concatenate(rows), offsets), _SKETCH)
    filled = np.flatnonzero(np.diff(offsets))
    found = [np.empty((0, 2), np.int64)]
    for row in range(0, _SKETCH, _ROWS):
        key = sketch[filled, row].astype(np.uint64) << np.uint64(32) | sketch[filled, row + 1].astype(np.uint64)
        order = np.argsort(key, kind="stable")
        for step in range(1, _LINKS + 1):
            same = np.flatnonzero(key[order[step:]] == key[order[:-step]])
            found.append(np.sort(np.stack([filled[order[same]], filled[order[same + step]]], axis=1), axis=1))
    pairs = np.unique(np.concatenate(found), axis=0)
    named = np.asarray(places, np.int64)
    pairs = pairs[may(named[pairs])]
    agreeing = np.concatenate(
        [
            (sketch[some[:, 0]] == sketch[some[:, 1]]).sum(axis=1)
            for some in np.array_split(pairs, len(pairs) // 4096 + 1)
        ]
    )
    both = np.concatenate([pairs, pairs[:, ::-1]])
    order = np.lexsort((-np.tile(agreeing, 2), both[:, 0]))
    first = np.unique(both[order, 0], return_index=True)[1]
    return np.unique(np.sort(named[both[order[first]]], axis=1), axis=0)


def within_templates(collection: Collection, seed: int = SEED) -> Pairs:
    """Each text with another one of its template, drawn at random."""
    rng, template = np.random.default_rng(seed), np.array(collection.template)
    pairs = [np.empty((0, 2), np.int64)]
    for name in sorted(set(collection.template) - {""}):
        members = np.flatnonzero(template == name)
        pairs.append(np.stack([members, rng.permutation(members)], axis=1))
    return np.unique(np.sort(np.concatenate(pairs), axis=1), axis=0)


def labelled(collection: Collection) -> tuple[dict[str, Sets], list[Pair]]:
    """The shingles of every unit, and the given pairs with those of different identities in one template."""
    sets = {name: shingle_sets(collection.texts, shingle) for name, shingle in SHINGLES.items()}
    pairs = list(collection.pairs)
    if not collection.template:
        return sets, pairs
    number: dict[str, int] = {}
    identity = np.array([number.setdefault(one, len(number)) for one in collection.identity], np.int64)
    form = np.array([number.setdefault(comparison_form(t).replace(" ", ""), len(number)) for t in collection.texts])

    def different(some: Pairs) -> Mask:
        a, b = some[:, 0], some[:, 1]
        # of equal form: exact duplicates, which are not asked about here
        differ: Mask = (identity[a] != identity[b]) & (form[a] != form[b])
        return differ

    places = [i for i, template in enumerate(collection.template) if template]
    random = within_templates(collection)
    nearest = np.unique(np.concatenate([neighbours(one, places, different) for one in sets.values()]), axis=0)
    label = None if collection.name == SHORT_TEXTS else False  # neighbours among real short texts: nobody labelled them
    pairs += [Pair(a, b, "random", False) for a, b in random[different(random)].tolist()]
    pairs += [Pair(a, b, "nearest", label) for a, b in nearest.tolist()]
    return sets, pairs


class Measured(NamedTuple):
    """A collection and, an element a pair: its similarity by each shingle, its kind, the share edited (nan: unknown),
    and whether it is the same document, or different ones. cost: what the shingles of all texts come to.
    """

    collection: Collection
    similarity: dict[str, Values]
    kind: npt.NDArray[np.str_]
    share: Values
    same: Mask
    different: Mask
    cost: dict[str, dict[str, float]]


def measured(collection: Collection) -> Measured:
    sets, pairs = labelled(collection)
    places = np.array([(pair.a, pair.b) for pair in pairs], np.int64)
    similarity = {name: similarities(one, places) for name, one in sets.items()}
    letters, size = int(sets["char-5"].tokens.sum()), sum(len(text.encode()) for text in collection.texts)
    real = [not collection.template or bool(template) for template in collection.template or collection.texts]
    cost = {
        name: {
            "hashes_per_letter": round(one.hashed / letters, 3),
            "distinct_per_kb": round(sum(map(len, one.rows)) / size * 1000, 1),
            "texts_under_n": round(float((one.tokens[real] < SHINGLES[name].n).mean()), 4),
        }
        for name, one in sets.items()
    }
    return Measured(
        collection,
        similarity,
        np.array([pair.kind for pair in pairs]),
        np.array([np.nan if pair.share is None else pair.share for pair in pairs]),
        np.array([pair.label is True for pair in pairs]),
        np.array([pair.label is False for pair in pairs]),
        cost,
    )
