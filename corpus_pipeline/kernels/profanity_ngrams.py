"""Short pieces of a text and the hashed n-grams of their syllables and jamo: what the model of profanity reads.

Two streams. Syllables as written, so that digits, signs and stars count (시1발, 씨*); and the keys of the letters with
digits and signs left out, so that 시1발, 시.발 and ㅅㅣ발 read alike. Letters are lower case, drawn-out ones (ㅋㅋㅋㅋ)
are folded to two, what is no letter, digit or common sign is one character.
All arithmetic is on whole numbers: an n-gram's bucket is the same in any batch, on any machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus_pipeline.kernels.jamo import FINALS, HANGUL, INITIALS
from corpus_pipeline.kernels.unicode import code_points

UNIT_CHARS = 120  # own choice: nineteen of twenty labelled comments are shorter
BUCKETS_LOG2 = 18  # measured: 2**17 costs 0.015 of F1, 2**20 gains nothing
SYLLABLES = range(1, 5)  # orders, measured (card)
JAMO = range(3, 8)
_UNIT = re.compile(rf"[^\n]{{1,{UNIT_CHARS}}}(?!\S)|[^\n]{{1,{UNIT_CHARS}}}")
_END, _SPACE, _OTHER, _MULTIPLIER = 10, 32, 0x25A1, np.uint32(0x9E3779B1)
_INITIALS = np.array([*map(ord, INITIALS)], np.uint16)
_FINALS = np.array([0, *map(ord, FINALS[1:])], np.uint16)


def units(text: str) -> list[str]:
    """Lines of a text, longer ones cut at the last space within UNIT_CHARS characters; blank ones are left out.

    >>> units("첫 줄\\n\\n 둘째 줄 ")
    ['첫 줄', '둘째 줄']
    """
    return [unit for piece in _UNIT.findall(text) if (unit := piece.strip())]


class Ngrams(NamedTuple):
    """Of one order: the n-grams of piece i begin at first[i]; `number` of them lie within it.

    buckets [characters] under 2**BUCKETS_LOG2, one for each character of the stream; 0 where the n-gram would run over
    the piece's end. first, number [pieces].
    """

    buckets: NDArray[np.uint32]
    first: NDArray[np.int64]
    number: NDArray[np.int64]


def syllable_ngrams(pieces: Sequence[str]) -> Iterator[Ngrams]:
    """The n-grams of the first stream, by order. A piece holds no newline; there must be one piece at least.

    >>> [one.number.tolist() for one in syllable_ngrams(["시발점", "ㅅ"])]
    [[5, 3], [4, 2], [3, 1], [2, 0]]
    """
    return _hashed(_codes(pieces), SYLLABLES, np.uint32(1))


def jamo_ngrams(pieces: Sequence[str]) -> Iterator[Ngrams]:
    """The same of the second stream; it costs three times as much.

    >>> [next(jamo_ngrams([spelling])).number.tolist() for spelling in ("시1발", "시.발", "ㅅㅣ발", "시발")]
    [[5], [5], [5], [5]]
    """
    return _hashed(_keys(_codes(pieces)), JAMO, np.uint32(2))


@cache
def _table() -> NDArray[np.uint16]:
    """Code unit -> the character it counts as."""
    table = np.full(0x10000, _OTHER, np.uint16)
    kept = [*HANGUL, *range(0x3131, 0x3164), *map(ord, "abcdefghijklmnopqrstuvwxyz0123456789*.,!?~;:^-_@#")]
    table[kept] = kept
    table[[code for code in range(0x10000) if chr(code).isspace()]] = _SPACE
    table[_END] = _END
    return table


@cache
def _is_key() -> NDArray[np.bool_]:
    """Characters of the second stream."""
    table = np.zeros(0x10000, np.bool_)
    table[[*HANGUL, *range(0x3131, 0x3164), *map(ord, "abcdefghijklmnopqrstuvwxyz*"), _SPACE, _END]] = True
    return table


def _codes(pieces: Sequence[str]) -> NDArray[np.uint16]:
    """The pieces end to end, each between spaces and closed by a newline."""
    text = "".join(f" {piece} \n" for piece in pieces).lower()
    points = code_points(text)
    codes: NDArray[np.uint16] = _table()[np.minimum(points, 0xFFFF)]
    return _folded(codes)


def _folded(codes: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Runs of one character as two, of spaces as one."""
    again = np.zeros(len(codes), np.bool_)
    again[1:] = codes[1:] == codes[:-1]
    drop = again & (codes == _SPACE)
    drop[2:] |= again[2:] & again[1:-1]
    kept: NDArray[np.uint16] = codes[~drop]
    return kept


def _keys(codes: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """The second stream: a syllable as two or three jamo, no digits and signs."""
    codes = codes[_is_key()[codes]]
    place = codes.astype(np.int32) - HANGUL.start
    whole = (place >= 0) & (place < len(HANGUL))
    place[~whole] = 0
    parts = np.zeros((len(codes), 3), np.uint16)
    parts[:, 0] = np.where(whole, _INITIALS[place // 588], codes)
    parts[:, 1] = np.where(whole, ord("ㅏ") + place // 28 % 21, 0)
    parts[:, 2] = np.where(whole, _FINALS[place % 28], 0)
    flat = parts.ravel()
    return _folded(flat[flat != 0])


def _hashed(codes: NDArray[np.uint16], orders: range, seed: np.uint32) -> Iterator[Ngrams]:
    ends = np.flatnonzero(codes == _END)
    first = np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1])
    lengths = ends - first
    wide = codes.astype(np.uint32)
    rolled = (wide ^ seed) * _MULTIPLIER
    for order in range(1, orders[-1] + 1):
        if order > 1:
            rolled = (rolled[:-1] ^ wide[order - 1 :]) * _MULTIPLIER
            rolled ^= rolled >> np.uint32(15)
        if order in orders:
            buckets = np.zeros(len(codes), np.uint32)
            np.right_shift(rolled, np.uint32(32 - BUCKETS_LOG2), out=buckets[: len(rolled)])
            for back in range(order):
                buckets[np.maximum(ends - back, first)] = 0
            yield Ngrams(buckets, first, np.maximum(lengths - order + 1, 0))
