"""Shingles: a text as the set of its n-grams, each a 64-bit hash. The unit is a character, an eojeol or a morpheme.

Characters by default, not words: Korean particles and endings glue to the word, so one changed ending changes a word
5-gram in five places and a character 5-gram in about five characters. Spaces are left out, because Korean spacing
varies between copies of one text (docs/dedup.md has the figures).

Bias: keep when unsure. A text under n units is one shingle of its whole form, salted by its length: it equals
only a text of the same form, and never an n-gram of a longer one.

Cost: 3 n + 10 passes of numpy over the units of a whole batch, about 12 ns a character at n = 5, and 24 bytes of
memory. A chance collision of two n-grams has odds of 2^-64 (1e6 distinct: 3e-8 for any). Morphemes cost MeCab.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from corpus_pipeline.kernels.morphemes import cut, runs
from corpus_pipeline.kernels.normalise import SPACE, Forms, comparison_forms, text_of

__all__ = ["Hashes", "Ragged", "Unit", "distinct", "jaccard", "mix64", "ngrams", "shingles", "sketch_jaccard", "units"]

Hashes = npt.NDArray[np.uint64]
Unit = Literal["character", "character_and_space", "eojeol", "morpheme"]

_BASE = np.uint64(0xD1342543DE82EF95)  # odd multiplier of a 64-bit LCG (Steele & Vigna 2021)
# Finaliser of SplitMix64 (Steele, Lea & Flood 2014): a bijection, every output bit depends on every input bit.
_GOLDEN, _MIX1, _MIX2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)
_BLOCK = 1 << 15  # hashes at a time: 256 kB, they stay in the cache of a core


class Ragged(NamedTuple):
    """Rows of any length: row i is values[offsets[i]:offsets[i + 1]]."""

    values: Any  # numpy, one dimension
    offsets: npt.NDArray[np.int64]


def shingles(forms: Forms, n: int = 5, unit: Unit = "character") -> Ragged:
    """uint64 hashes of the n-grams of each text, in the order of the text, repeated ones too.

    No unit -> no hash; under n units -> one. Raises ValueError when n < 1.

    >>> from corpus_pipeline.kernels.normalise import comparison_forms
    >>> import pyarrow as pa
    >>> found = shingles(comparison_forms(pa.array(["대한민국의 수도는 서울이다.", "할 수 있다", "할수있다!", "…"])))
    >>> found.offsets.tolist()  # 12, 4, 4 and 0 characters
    [0, 8, 9, 10, 10]
    >>> bool(found.values[8] == found.values[9])
    True
    """
    return ngrams(units(forms, unit), n)


def units(forms: Forms, unit: Unit = "character") -> Ragged:
    """Code points (uint32) with or without spaces, or a uint64 hash for each eojeol or morpheme."""
    if unit == "morpheme":
        forms = _spaced(forms)
    values, starts, ends = forms
    offsets = np.concatenate([starts, [len(values)]])
    if unit == "character":
        kept = values != SPACE
        dropped = np.flatnonzero(~kept)
    else:
        dropped = ends[ends < offsets[1:]]  # not its own
        kept = np.ones(len(values), np.bool_)
        kept[dropped] = False
    letters = Ragged(values[kept], offsets - np.searchsorted(dropped, offsets))
    return letters if unit in ("character", "character_and_space") else _words(letters)


def ngrams(tokens: Ragged, n: int) -> Ragged:
    """Hashes of the n-grams of each row; a row of fewer than n tokens, but one or more, is one shingle."""
    if n < 1:
        raise ValueError(f"n must be 1 or more, got {n}")
    values, offsets = tokens
    count, lengths = len(values), np.diff(offsets)
    padded = np.concatenate([values, np.zeros(n - 1, values.dtype)])
    hashes = np.empty(count, np.uint64)
    for begin in range(0, count, _BLOCK):
        end = min(begin + _BLOCK, count)
        wide = padded[begin : end + n - 1].astype(np.uint64)
        hashes[begin:end] = _hashed([wide[offset : offset + end - begin] for offset in range(n)])
    for width in range(1, n):
        short = offsets[:-1][lengths == width]
        hashes[short] = _hashed([values[short + offset].astype(np.uint64) for offset in range(width)])
    last = offsets[1:, None] - np.arange(1, n)  # no n-gram starts there, unless it is the only one
    dropped = np.sort(last[last > offsets[:-1, None]])
    return Ragged(np.delete(hashes, dropped), offsets - np.searchsorted(dropped, offsets))


def _hashed(columns: Sequence[Hashes]) -> Hashes:
    """Horner's rule modulo 2^64 over the columns, all rows at once, salted by their number and mixed."""
    hashes = columns[0].copy()
    for column in columns[1:]:
        hashes *= _BASE
        hashes += column
    hashes ^= mix64(np.array([len(columns)], np.uint64))
    return mix64(hashes)


def _words(letters: Ragged) -> Ragged:
    """A hash for each word of each row: the polynomial of its code points, salted by its length and mixed."""
    values, offsets = letters
    space = np.flatnonzero(values == SPACE)
    filled = offsets[:-1] < offsets[1:]
    starts = distinct(np.concatenate([offsets[:-1][filled], space + 1]))
    if not len(starts):
        return Ragged(np.empty(0, np.uint64), offsets)
    found = np.searchsorted(starts, offsets)
    starts = starts - np.searchsorted(space, starts)
    bare = np.delete(values, space).astype(np.uint64)
    lengths = np.diff(starts, append=len(bare))
    with np.errstate(over="ignore"):
        powers = np.cumprod(np.full(int(lengths.max()), _BASE))
        hashes = np.add.reduceat(bare * powers[np.arange(len(bare)) - np.repeat(starts, lengths)], starts)
    return Ragged(mix64(hashes ^ mix64(lengths.astype(np.uint64))), found)


def _spaced(forms: Forms) -> Forms:
    """Forms with a space at every border of morphemes."""
    rows = [runs(text_of(row)) for row in forms.rows()]
    known = list({run.strip(): None for row in rows for run in row})
    morphemes = dict(zip(known, (" ".join(parts) for parts in cut(known)), strict=True))
    texts = [" ".join(morphemes[run.strip()] for run in row) for row in rows]
    return comparison_forms(pa.array(texts, pa.large_string()))


def mix64(values: Hashes) -> Hashes:
    """SplitMix64 of each value; the product modulo 2^64 is meant. Changes `values` in place and returns it.

    >>> mix64(np.zeros(1, np.uint64)).tolist()  # the generator's first output for seed 0
    [16294208416658607535]
    """
    values += _GOLDEN
    values ^= values >> _S30
    values *= _MIX1
    values ^= values >> _S27
    values *= _MIX2
    values ^= values >> _S31
    return values


def distinct(values: Any) -> Any:
    """The different values, ascending. np.unique hashes (numpy 2.3): 10-50 times slower on 500-1,000,000 numbers.

    >>> distinct(np.array([3, 1, 3], np.uint64)).tolist()
    [1, 3]
    """
    values = np.sort(values)
    return values[np.concatenate([np.ones(min(1, len(values)), np.bool_), values[1:] != values[:-1]])]


def jaccard(a: Hashes, b: Hashes) -> float:
    """Shared part of two sets, both sorted and unique: intersection over union; 0.0 when one is empty.

    >>> jaccard(np.array([1, 2, 3], np.uint64), np.array([2, 3, 4], np.uint64))
    0.5
    """
    if not len(a) or not len(b):
        return 0.0
    both = np.concatenate([a, b])
    both.sort(kind="stable")  # merges what is in order: a tenth of the time of the other kind
    shared = int(np.count_nonzero(both[1:] == both[:-1]))
    return shared / (len(both) - shared)


def sketch_jaccard(a: Hashes, b: Hashes, limit: int) -> float:
    """jaccard of two sets of which only the `limit` smallest hashes were kept.

    Exact while both have fewer than `limit`. Else an unbiased estimate on the part of the hash range that both
    cover (a bottom-k sketch): standard error at most sqrt(J (1 - J) / limit), 0.001 at J = 0.8 and 200,000.

    >>> sketch_jaccard(np.array([1, 2, 3], np.uint64), np.array([2, 3, 9], np.uint64), limit=3)
    0.6666666666666666
    """
    ends = [hashes[limit - 1] for hashes in (a, b) if len(hashes) >= limit]
    if ends:
        covered = min(ends)
        a = a[: np.searchsorted(a, covered, side="right")]
        b = b[: np.searchsorted(b, covered, side="right")]
    return jaccard(a, b)
