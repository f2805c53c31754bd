"""Hashed n-grams of characters: whole batches of text as numbers, without a word in Python.

Texts are laid end to end as code points, folded (lower case, one space, digits 0), and every n-gram of ORDERS gets the
id of its polynomial hash, below 2**BITS. A space at a word's border is one of its characters.
10 to 15 ns a character (measured); memory about 40 bytes a character of the batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from corpus_pipeline.kernels.unicode import code_points

ORDERS = (1, 2, 3)  # compared in resources/models/quality.md
BITS = 18  # 262,144 ids; with 16 bits the AUC of the quality model on unseen sources falls by 0.0004 (measured)
PIECES, PIECE_CHARS = 3, 2_000  # own choice: past the 95th percentile of web prose
_SPACE, _END = ord(" "), 0
_MULTIPLY, _MIX = np.uint32(0x9E3779B1), np.uint32(0x85EBCA6B)  # odd; no other property is needed

Ids = NDArray[np.uint32]
Places = NDArray[np.int64]


def n_grams(text: str) -> Ids:
    """The ids of all n-grams of a text, below 2**BITS: what fastText is trained on. Empty without a character.

    >>> len(n_grams("가 나")), len(n_grams(" "))  # of " 가 나 ": 5, 4 and 3 n-grams
    (12, 0)
    """
    points, ends = folded_points([pieces(text)])
    if ends[0] < 2:
        return np.zeros(0, np.uint32)
    return np.concatenate([np.delete(ids, across) for ids, across in hashes(points, ends)])


def pieces(text: str) -> str:
    """What is looked at: the whole text, or the head, middle and tail of a long one, with spaces between.

    >>> len(pieces("가" * 100_000)), pieces("가나") == "가나"
    (6002, True)
    """
    if len(text) > PIECES * PIECE_CHARS:
        last = len(text) - PIECE_CHARS
        at = [last * i // (PIECES - 1) for i in range(PIECES)]
        text = " ".join(text[i : i + PIECE_CHARS] for i in at)
    return text.replace("\0", " ") if "\0" in text else text


def folded_points(texts: Sequence[str]) -> tuple[Ids, Places]:
    """The characters of all texts, folded, each text as one space, its words with one space between, one space, _END.

    -> code points, and the places of _END
    """
    joined = "".join(f" {text} \0" for text in texts)
    points = _fold()[code_points(joined)]
    space = points == _SPACE
    space[1:] &= space[:-1]
    space[0] = False
    points = points[~space]
    return points, np.flatnonzero(points == _END)


@cache
def _fold() -> Ids:
    """By code point: lower case where that is one character, any white space a space, any decimal digit a 0."""
    table = np.arange(0x110000, dtype=np.uint32)
    for point in range(0x20000):  # no cased letter, space or digit lies above
        character = chr(point)
        if character.isspace():
            table[point] = _SPACE
        elif character.isdecimal():
            table[point] = ord("0")
        elif len(lower := character.lower()) == 1:
            table[point] = ord(lower)
    return table


def hashes(points: Ids, ends: Places) -> Iterator[tuple[Ids, Places]]:
    """For each of ORDERS: the id of the n-gram that starts at each place, and the places of those across an end."""
    hashed = np.zeros(len(points) + 1, np.uint32)
    for order in range(1, max(ORDERS) + 1):
        hashed = hashed[:-1] * _MULTIPLY + points[order - 1 :] + np.uint32(1)
        if order in ORDERS:
            across = np.concatenate([ends - back for back in range(order)])
            yield (hashed * _MIX) >> np.uint32(32 - BITS), across[(across >= 0) & (across < len(hashed))]
