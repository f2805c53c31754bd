"""Texts laid end to end, so that numpy counts a batch of one-line reviews as fast as one long page.

A newline after each text keeps texts, eojeol and runs apart. "Space" is `str.isspace`, so the eojeol are those of
`str.split`. Memory: about 60 bytes per character.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import regex
from numpy.typing import NDArray

from corpus_pipeline.kernels.chunks import chunks
from corpus_pipeline.kernels.rolling import blocks

SPACE, LETTER, MARK, DIGIT, HANGUL, JAMO, LATIN, SENTENCE, CLOSER = (1 << bit for bit in range(9))
NOT_SYMBOL = SPACE | LETTER | MARK | DIGIT
SENTENCE_MARKS = ".!?…‥。．！？"
CLOSERS = "\"'”’»›)]}〉》」』】〕"
CHUNK_CHARS = 300_000  # characters laid end to end; own choice: temporaries stay near 60 MB
LONGEST = 64  # characters hashed in one go; own choice: p99.9 of written eojeol is under 30
_SURROGATE = re.compile("[\ud800-\udfff]")

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Hashes = NDArray[np.uint64]
Columns = dict[str, Floats]


@dataclass(frozen=True)
class Layout:
    """
    texts     as given
    size      how many
    joined    all texts, a newline after each; a lone surrogate has become U+FFFD
    points    code point of each character of `joined`
    kinds     the bits above, of each character
    starts    of each text in `joined`
    chars     characters of each text
    begins    of each word (eojeol) in `joined`, in order; `ends` is one past its last character
    document  of each word: index of its text, ascending
    """

    texts: Sequence[str]
    size: int
    joined: str
    points: NDArray[np.uint32]
    kinds: NDArray[np.uint16]
    starts: Ints
    chars: Ints
    begins: Ints
    ends: Ints
    document: Ints

    def is_kind(self, bits: int) -> Bools:
        return np.asarray((self.kinds & np.uint16(bits)) != 0)

    def count(self, mask: Bools) -> Floats:
        """How many characters of each text the mask holds."""
        return np.add.reduceat(mask, self.starts, dtype=np.int64).astype(float)

    def count_kind(self, bits: int) -> Floats:
        """As `count(is_kind(bits))`, from one pass for all kinds."""
        found, _ = _combinations()
        return np.asarray(self._tally[:, (found & np.uint16(bits)) != 0].sum(axis=1))

    @cached_property
    def _tally(self) -> Floats:
        """[texts, combinations of bits] how many characters have them."""
        found, code = _combinations()
        owner = np.repeat(np.arange(self.size) * len(found), self.chars + 1)
        counts = np.bincount(owner + code[self.kinds], minlength=self.size * len(found))
        tally: Floats = counts.reshape(self.size, len(found)).astype(float)
        tally[:, code[SPACE]] -= 1  # the newline after the text
        return tally

    def of_words(self, values: NDArray[np.bool_ | np.integer | np.floating]) -> Floats:
        """The sum over the words of each text."""
        return np.bincount(self.document, values, self.size).astype(float)

    @cached_property
    def solid(self) -> Floats:
        """Characters that are no space, of each text."""
        return self.chars - self.count_kind(SPACE)

    @cached_property
    def lengths(self) -> Ints:
        return self.ends - self.begins

    @cached_property
    def eojeol(self) -> Floats:
        return np.bincount(self.document, minlength=self.size).astype(float)

    @cached_property
    def ids(self) -> Ints:
        """Of each word: a number from 0 on, equal for equal words, in the order they come."""
        encoded = pa.array(self.hashes(self.begins, self.ends)).dictionary_encode()
        return np.asarray(encoded.indices.to_numpy(), np.int64)

    def hashes(self, begins: Ints, ends: Ints) -> Hashes:
        """64 bits for the characters from each of `begins`, ascending, to its end. Only long ones become strings."""
        found = np.zeros(len(begins), np.uint64)
        lengths = np.minimum(ends - begins, LONGEST)
        for block in blocks(self.points, 1, LONGEST):
            first, last = np.searchsorted(begins, (block.begin, block.begin + block.places)).tolist()
            found[first:last] = block.hashes(begins[first:last] - block.begin, lengths[first:last])
        for at in np.flatnonzero(ends - begins > LONGEST).tolist():
            word = self.joined[begins[at] : ends[at]].encode()
            found[at] = int.from_bytes(hashlib.blake2b(word, digest_size=8).digest(), "little")
        return found


def columns_of(texts: Sequence[str], *parts: Callable[[Layout], Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """The columns of all `parts`, each of which gives one value per text: one Layout of a chunk serves them all.

    >>> columns_of(["가 나", "다"], lambda layout: {"eojeol": layout.eojeol})["eojeol"].tolist()
    [2.0, 1.0]
    """
    found: list[dict[str, NDArray[Any]]] = []
    for chunk in chunks(texts, CHUNK_CHARS) if texts else [[""]]:
        layout = lay_out(chunk)
        found.append({name: values for part in parts for name, values in part(layout).items()})
    return {name: np.concatenate([one[name] for one in found])[: len(texts)] for name in found[0]}


def lay_out(texts: Sequence[str]) -> Layout:
    """One Layout of all texts, at least one."""
    joined = "\n".join(texts) + "\n"
    if not joined.isascii():
        joined = _SURROGATE.sub("\ufffd", joined)
    points = np.frombuffer(joined.encode("utf-32-le"), np.uint32)
    kinds = _kinds().take(points)
    chars = np.fromiter(map(len, texts), np.int64, len(texts))
    starts = np.concatenate(([0], np.cumsum(chars + 1)[:-1]))
    space = (kinds & SPACE) != 0
    edges = np.flatnonzero(space[1:] != space[:-1]) + 1
    if not space[0]:
        edges = np.concatenate(([0], edges))
    begins, ends = edges[::2], edges[1::2]  # the last character is a space
    document = np.searchsorted(starts, begins, "right") - 1
    return Layout(texts, len(texts), joined, points, kinds, starts, chars, begins, ends, document)


def share(part: Floats, whole: Floats) -> Floats:
    """part / whole, both counts; 0 where there is nothing."""
    return part / np.maximum(whole, 1)


@cache
def _kinds() -> NDArray[np.uint16]:
    """Bits by code point. Built once per worker in about 0.2 s."""
    table = np.zeros(0x110000, np.uint16)
    bits = {"L": LETTER, "M": MARK}
    for point in range(0x110000):
        category = unicodedata.category(chr(point))
        table[point] = DIGIT if category == "Nd" else bits.get(category[0], 0)
    table[[point for point in range(0x3001) if chr(point).isspace()]] |= SPACE
    table[0xAC00:0xD7A4] |= HANGUL
    table[0x3131:0x3164] |= JAMO
    for match in regex.finditer(r"\p{Script=Latin}+", "".join(map(chr, range(0x110000)))):
        part = table[match.start() : match.end()]
        part[(part & LETTER) != 0] |= LATIN
    table[[ord(sign) for sign in SENTENCE_MARKS]] |= SENTENCE
    table[[ord(sign) for sign in CLOSERS]] |= CLOSER
    return table


@cache
def _combinations() -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    """The combinations of bits there are, and the place of each among them."""
    found = np.unique(_kinds())
    code = np.zeros(int(found.max()) + 1, np.int64)
    code[found] = np.arange(len(found))
    return found, code
