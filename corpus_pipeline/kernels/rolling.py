"""A rolling hash: of any stretch of a long array of characters in one subtraction and one product.

With sums of c[i] * B^i the stretch from p to q has (sums[q] - sums[p]) * B^-p, whatever stands before it, modulo 2^64,
where an odd B has an inverse. Blocks keep the sums in a core's cache. Cost: 6 passes of numpy, 5 ns a character.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from corpus_pipeline.kernels.shingle import Hashes

__all__ = ["Block", "Letters", "Places", "blocks"]

Letters = npt.NDArray[np.uint32]
Places = npt.NDArray[np.int64]

_BASE = 0xD1342543DE82EF95  # odd multiplier of a 64-bit LCG (Steele & Vigna 2021)
_SPREAD = 0x9E3779B97F4A7C15  # odd, 2^64 / golden ratio: brings the first character into the upper bits
_BLOCK = 1 << 15  # places: 256 kB of sums


class Block(NamedTuple):
    """Hashes that begin at one of `places` places from `begin` on.

    sums      uint64, of the first i characters of the block; those that a hash may reach into included
    inverses  _SPREAD * _BASE^-i
    """

    begin: int
    places: int
    sums: Hashes
    inverses: Hashes

    def all_hashes(self, length: int) -> Hashes:
        """uint64 [places]: of `length` characters from every place on."""
        found: Hashes = (self.sums[length:][: self.places] - self.sums[: self.places]) * self.inverses[: self.places]
        return found

    def hashes(self, places: Places, lengths: npt.NDArray[np.integer[Any]] | int) -> Hashes:
        """Of `lengths` characters from each of `places` on, which count from `begin`."""
        found: Hashes = (self.sums[places + lengths] - self.sums[places]) * self.inverses[places]
        return found


def blocks(letters: Letters, shortest: int, longest: int) -> Iterator[Block]:
    """All places that have `shortest` characters, for hashes of up to `longest` where there are so many.

    >>> (block,) = blocks(np.array([ord(c) for c in "할 수 있다. 할 수 없다."], np.uint32), 5, 7)
    >>> hashes = block.all_hashes(5)
    >>> len(hashes), bool(hashes[0] == hashes[8]), bool(hashes[0] == hashes[1])
    (11, False, False)
    >>> bool(block.hashes(np.array([0]), 4)[0] == block.hashes(np.array([8]), 4)[0])
    True
    """
    powers, inverses = _powers(_BLOCK + longest)
    for begin in range(0, len(letters) - shortest + 1, _BLOCK):
        part = letters[begin : begin + _BLOCK + longest]
        sums = np.zeros(len(part) + 1, np.uint64)
        np.cumsum(part * powers[: len(part)], out=sums[1:])
        yield Block(begin, min(_BLOCK, len(letters) - begin - shortest + 1), sums, inverses)


@lru_cache(maxsize=2)
def _powers(size: int) -> tuple[Hashes, Hashes]:
    """_BASE^i, and _SPREAD * _BASE^-i, modulo 2^64."""
    powers = np.full(size, _BASE, np.uint64)
    inverses = np.full(size, pow(_BASE, -1, 1 << 64), np.uint64)
    powers[0], inverses[0] = 1, _SPREAD
    return np.cumprod(powers, dtype=np.uint64), np.cumprod(inverses, dtype=np.uint64)
