"""What dedup knows of a text: the hash of its form and its signature, and for candidates the set of its shingles.

A batch of texts is worked on together, in groups of PIECE characters that stay in a core's cache. A longer text is
worked on in pieces; the result is the same, and memory is that of a piece (and of `limit` shingles).
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus_pipeline.kernels import minhash
from corpus_pipeline.kernels.minhash import Signatures
from corpus_pipeline.kernels.normalise import (
    PIECE,
    SPACE,
    CodePoints,
    Forms,
    comparison_forms,
    content_hashes,
    form_pieces,
    narrow,
)
from corpus_pipeline.kernels.shingle import Hashes, Ragged, Unit, distinct, ngrams, shingles, units

__all__ = ["Shingling", "describe", "shingle_sets"]

_KNOWN = 1 << 16  # different shingles of a long text that are kept: a bin that 65,536 leave empty has odds of e^-500


class Shingling(NamedTuple):
    """How texts become sets: n-grams of a unit, digits as they are or all one."""

    unit: Unit = "character"
    n: int = 5
    fold_digits: bool = False


def describe(texts: pa.Array, shingling: Shingling, permutations: int) -> tuple[list[bytes | None], Signatures]:
    """(content hash, null for an empty form; signature uint32 (texts, permutations)) of each of Arrow strings."""
    contents: list[bytes | None] = []
    found = [np.empty((0, permutations), np.uint32)]
    for group in _groups(texts):
        if len(group) == 1 and len(text := group[0].as_py()) > PIECE:
            content, signature = _describe_long(text, shingling, permutations)
            contents.append(content)
        else:
            forms = comparison_forms(group, shingling.fold_digits)
            contents += content_hashes(forms)
            signature = minhash.signatures(shingles(forms, shingling.n, shingling.unit), permutations)
        found.append(signature)
    return contents, np.concatenate(found)


def shingle_sets(texts: pa.Array, shingling: Shingling, limit: int) -> list[Hashes]:
    """The `limit` smallest different shingles of each text, ascending."""
    found = []
    for group in _groups(texts):
        if len(group) == 1 and len(text := group[0].as_py()) > PIECE:
            smallest = np.empty(0, np.uint64)
            for part in _parts(form_pieces(text, shingling.fold_digits), shingling):
                smallest = distinct(np.concatenate([smallest, part]))[:limit]
            found.append(smallest)
        else:
            rows = shingles(comparison_forms(group, shingling.fold_digits), shingling.n, shingling.unit)
            found += [row[:limit] for row in _distinct_rows(rows)]
    return found


def _distinct_rows(rows: Ragged) -> list[Hashes]:
    """The different hashes of each row, ascending; `rows` are sorted in place."""
    values, offsets = rows
    for row in np.split(values, offsets[1:-1]):
        row.sort()
    first = np.ones(len(values), np.bool_)
    first[1:] = values[1:] != values[:-1]
    first[offsets[:-1][offsets[:-1] < offsets[1:]]] = True
    return np.split(values[first], np.concatenate([[0], np.cumsum(first)])[offsets[1:-1]])


def _groups(texts: pa.Array) -> Iterator[pa.Array]:
    """Slices of up to PIECE characters, or of one text."""
    ends = np.cumsum(pc.utf8_length(texts).to_numpy(zero_copy_only=False), dtype=np.int64)
    begin = 0
    while begin < len(texts):
        before = int(ends[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, before + PIECE, side="right")))
        yield texts.slice(begin, end - begin)
        begin = end


def _describe_long(text: str, shingling: Shingling, permutations: int) -> tuple[bytes | None, Signatures]:
    hasher, size = blake2b(digest_size=16), 0

    def hashed() -> Iterator[CodePoints]:
        nonlocal size
        for piece in form_pieces(text, shingling.fold_digits):
            hasher.update(narrow(piece))
            size += len(piece)
            yield piece

    signature = np.full((1, permutations), np.iinfo(np.uint32).max, np.uint32)
    known = np.empty(0, np.uint64)
    for part in _parts(hashed(), shingling):
        signature = np.minimum(signature, minhash.bins(Ragged(part, np.array([0, len(part)])), permutations))
        known = distinct(np.concatenate([known, part]))[:_KNOWN]
    minhash.fill(signature, Ragged(known, np.array([0, len(known)])))
    return (hasher.digest() if size else None), signature


def _parts(pieces: Iterator[CodePoints], shingling: Shingling) -> Iterator[Hashes]:
    """The shingles of a long text, a piece at a time; to each piece belong the last n - 1 units of the one before."""
    tokens, found = None, False
    for piece in pieces:
        if shingling.unit in ("eojeol", "morpheme") and len(piece) and piece[0] == SPACE:
            piece = piece[1:]
        new = units(Forms(piece, np.array([0]), np.array([len(piece)])), shingling.unit).values
        tokens = new if tokens is None else np.concatenate([tokens[max(0, len(tokens) - shingling.n + 1) :], new])
        if len(tokens) >= shingling.n:
            found = True
            yield _row(tokens, shingling.n)
    if tokens is not None and not found:
        yield _row(tokens, shingling.n)


def _row(tokens: Any, n: int) -> Hashes:
    hashes: Hashes = ngrams(Ragged(tokens, np.array([0, len(tokens)])), n).values
    return hashes
