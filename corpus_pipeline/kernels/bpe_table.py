"""The pieces of a corpus side by side in one array, as the BPE trainer merges them: where pairs of tokens stand.

Every operation works on all places of a pair, or on all pairs, at once. Sums are int64 throughout, never floats.
Memory: 8 bytes per symbol (a byte or a character of a distinct piece), and 4 per place of a pair that is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from corpus_pipeline.errors import ContractError

Array = np.ndarray[Any, Any]
Pair = tuple[int, int]

_BORDER = np.iinfo(np.int32).max  # in the cell before and after each piece
_CHUNK = 1 << 18  # cells looked at together: temporaries of some MB, which stay in the cache
_PIECES = 1 << 15  # pieces laid out together
_PARTS = 16  # chunks whose counts are held before they are added up
_BITS = 21  # of a token's id where pairs are sorted, and of a place in a chunk: three make an int64
_MASK = (1 << _BITS) - 1
MOST_TOKENS = 1 << _BITS
# A new floor is this part of the highest count. 2.7 million pieces, 32k merges, when it was chosen: 8 took 20 s and
# 1066 MiB, 16 took 18 s and 955 MiB, 64 took 17 s and 999 MiB.
_STEP = 16


class Table:
    """The pieces as tokens, and where pairs of tokens stand.

    cells    int32 [c]: a token's id stands in its first cell. A token of k > 1 symbols covers k cells: the last holds
             -k, so that the token before any cell is found without links; those between hold some negative number.
    owner    int32 [c]: piece of each cell
    weights  int64 [n]: count of each piece
    """

    def __init__(self, cells: Array, owner: Array, weights: Array) -> None:
        self.cells, self.owner, self.weights = cells, owner, weights

    def check_sums(self) -> None:
        """Raises ContractError where a pair is seen 2^63 times, or within 1e-9 of that; none grows later."""
        if not len(self.weights) or int(self.weights.max()) * len(self.cells) < 1 << 63:
            return
        _, totals, _ = self._totals((self.weights >> 31) + 1)
        if len(totals) and int(totals.max()) >= 1 << 32:
            raise ContractError("counts", "pairs seen less than 2^63 times", "more", "Divide the counts.")

    def where(self, pair: Pair, at: Array, width: int) -> tuple[Array, int]:
        """Those of the places `at` where `pair` still stands (its left token covers `width` cells), and their count."""
        at = at[(self.cells[at] == pair[0]) & (self.cells[at + width] == pair[1])]
        return at, int(self.weights[self.owner[at]].sum())

    def merge(self, pair: Pair, at: Array, widths: tuple[int, int], new: int) -> Array:
        """Rewrites `pair` as `new` at the places `at`, from the left where they overlap (aaa); the places rewritten."""
        left, right = widths
        if pair[0] == pair[1] and len(at):
            at = np.sort(at)
            starts = np.concatenate(([True], np.diff(at) != left))  # of a run of the same token
            nth = np.arange(len(at))
            at = at[(nth - np.maximum.accumulate(np.where(starts, nth, 0))) % 2 == 0]
        self.cells[at + left] = -1
        self.cells[at + (left + right - 1)] = -(left + right)
        self.cells[at] = new
        return at

    def around(self, token: int, at: Array, width: int, floor: int) -> Iterator[tuple[Pair, int, Array]]:
        """Pairs with `token`, which stands at `at`, that count at least `floor`: pair, count, places."""
        after = self.cells[at + width]
        inside = after != _BORDER
        for other, count, where in self._groups(after[inside], at[inside], floor):
            yield (token, other), count, where
        before = self.cells[at - 1]
        start = at + np.where(before < 0, before, -1)
        before = self.cells[start]
        inside = (before != _BORDER) & (before != token)  # (token, token) is among those after
        for other, count, where in self._groups(before[inside], start[inside], floor):
            yield (other, token), count, where

    def _groups(self, tokens: Array, at: Array, floor: int) -> Iterator[tuple[int, int, Array]]:
        """For each distinct token whose places count `floor` or more: token, count, places."""
        if not len(tokens):
            return
        if tokens.max() < 1 << 16:
            tokens = tokens.astype(np.uint16)  # 16 bits sort much faster
        order = np.argsort(tokens, kind="stable")
        tokens, at = tokens[order], at[order]
        first = _firsts(tokens)
        sums = np.add.reduceat(self.weights[self.owner[at]], first)
        ends = np.append(first[1:], len(tokens))
        for i in np.flatnonzero(sums >= floor).tolist():
            yield int(tokens[first[i]]), int(sums[i]), at[first[i] : ends[i]].copy()

    def frequent(self, below: int, lowest: int) -> tuple[int, list[tuple[Pair, int, Array]]]:
        """A new floor, and all pairs that count at least that and less than `below`: pair, count, places.

        Pairs that count `below` or more are left out: they were forbidden, or they would have been merged.
        """
        keys, totals, sizes = self._totals(self.weights)
        chosen = totals < below
        if not chosen.any():
            return lowest, []
        floor = max(lowest, int(totals[chosen].max()) // _STEP)
        chosen &= totals >= floor
        keys, totals, sizes = keys[chosen], totals[chosen], sizes[chosen]
        ends = np.cumsum(sizes)
        free = ends - sizes  # where the next place of each pair goes
        places = np.empty(ends[-1], np.int32)
        for found, first, at in self._pairs():
            rank = np.minimum(np.searchsorted(keys, found), len(keys) - 1)
            size = np.diff(first, append=len(at)) * (keys[rank] == found)
            within = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
            places[np.repeat(free[rank], size) + within] = at[np.repeat(first, size) + within]
            np.add.at(free, rank, size)
        pairs = zip((keys >> _BITS).tolist(), (keys & _MASK).tolist(), strict=True)
        return floor, list(zip(pairs, totals.tolist(), np.split(places, ends[:-1]), strict=True))

    def _totals(self, weights: Array) -> tuple[Array, Array, Array]:
        """Keys of all pairs, ascending, their counts, and the number of their places; all int64."""
        parts: list[tuple[Array, ...]] = [(np.zeros(0, np.int64),) * 3]
        for keys, first, at in self._pairs():
            parts.append((keys, np.add.reduceat(weights[self.owner[at]], first), np.diff(first, append=len(at))))
            if len(parts) == _PARTS:
                parts = [_summed(parts)]
        keys, totals, sizes = _summed(parts)
        return keys, totals, sizes

    def _pairs(self) -> Iterator[tuple[Array, Array, Array]]:
        """All pairs of adjacent tokens, chunk by chunk, sorted.

        Yields the distinct keys (left << _BITS | right, ascending), the first place of each in the third array, and
        the places of all, by key and then ascending.
        """
        last = np.zeros(1, np.int64)  # the last token of the chunk before
        for start in range(1, len(self.cells), _CHUNK):
            at = np.concatenate((last, start + np.flatnonzero(self.cells[start : start + _CHUNK] >= 0)))
            last = at[-1:]
            tokens = self.cells[at].astype(np.int64)
            inside = np.flatnonzero((tokens[:-1] != _BORDER) & (tokens[1:] != _BORDER))
            # the place is packed into the key: sorting numbers is five times as fast as sorting their places
            packed = np.sort((tokens[inside] << _BITS | tokens[inside + 1]) << _BITS | inside)
            keys = packed >> _BITS
            first = _firsts(keys)
            if len(first):
                yield keys[first], first, at[packed & _MASK]


def _firsts(ordered: Array) -> Array:
    """Where each distinct value of an ordered array stands first."""
    return np.flatnonzero(np.concatenate((np.ones(min(1, len(ordered)), bool), ordered[1:] != ordered[:-1])))


def _summed(parts: list[tuple[Array, ...]]) -> tuple[Array, ...]:
    """Columns (keys, numbers ...) with each key once, ascending, and its numbers added up."""
    keys, *numbers = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(keys)
    keys = keys[order]
    first = _firsts(keys)
    if not len(first):
        return keys, *numbers
    return keys[first], *(np.add.reduceat(column[order], first) for column in numbers)


def lay_out(pieces: pa.Array | pa.ChunkedArray, counts: Array, ids: Array, byte_level: bool) -> Table:
    """The pieces as symbols: bytes or code points. `ids` int32 [256 or 0x110000]; a symbol with id -1 is left out.

    `pieces` string [n], `counts` int64 [n]. Raises ContractError as `chunks` does, and when either is too much.
    """
    parts, lengths, weights = [np.zeros(0, np.int32)], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for chunk, chunk_weights in chunks(pieces, counts):
        symbols, sizes = _utf8(chunk) if byte_level else code_points(chunk)
        symbols = ids[symbols]
        kept = np.concatenate(([0], np.cumsum(symbols >= 0)))
        ends = np.cumsum(sizes)
        sizes = kept[ends] - kept[ends - sizes]
        cells = np.full(kept[-1] + len(chunk), _BORDER, np.int32)
        inside = np.ones(len(cells), bool)
        inside[np.cumsum(sizes + 1) - sizes - 1] = False  # the border before each piece
        cells[inside] = symbols[symbols >= 0]
        parts.append(cells)
        lengths.append(sizes)
        weights.append(chunk_weights)
    cells = np.concatenate([*parts, np.full(1, _BORDER, np.int32)])
    if len(cells) >= _BORDER:
        raise ContractError("pieces", "less than 2^31 symbols", f"{len(cells)}", "Leave out more rare pieces.")
    parts.clear()
    owner = np.repeat(np.arange(len(counts), dtype=np.int32), np.concatenate(lengths) + 1)
    table = Table(cells, owner, np.concatenate(weights))
    table.check_sums()
    return table


def chunks(pieces: pa.Array | pa.ChunkedArray, counts: Array) -> Iterator[tuple[pa.Array, Array]]:
    """Slices of both, checked."""
    todo = "Pass strings and how often each occurs."
    if not (pa.types.is_string(pieces.type) or pa.types.is_large_string(pieces.type)) or pieces.null_count:
        raise ContractError("pieces", "strings without nulls", f"{pieces.type}, {pieces.null_count} nulls", todo)
    if counts.dtype != np.int64 or counts.shape != (len(pieces),) or (len(counts) and counts.min() < 1):
        raise ContractError("counts", f"int64 [{len(pieces)}] above 0", f"{counts.dtype} {list(counts.shape)}", todo)
    start = 0
    for chunk in pieces.chunks if isinstance(pieces, pa.ChunkedArray) else [pieces]:
        for i in range(0, len(chunk), _PIECES):
            part = chunk.slice(i, _PIECES)
            yield part, counts[start : start + len(part)]
            start += len(part)


def _utf8(pieces: pa.Array) -> tuple[Array, Array]:
    """Bytes of all pieces, uint8, and how many each has, int64 [n]."""
    _, offsets, data = pieces.buffers()
    ends = np.frombuffer(offsets, np.int64 if pa.types.is_large_string(pieces.type) else np.int32)
    ends = ends[pieces.offset : pieces.offset + len(pieces) + 1].astype(np.int64)
    every = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    return every[ends[0] : ends[-1]], np.diff(ends)


def code_points(pieces: pa.Array) -> tuple[Array, Array]:
    """Code points of all pieces, uint32, and how many each has, int64 [n]."""
    data, sizes = _utf8(pieces)
    points = np.frombuffer(data.tobytes().decode("utf-8", "surrogatepass").encode("utf-32-le", "surrogatepass"), "<u4")
    starts = np.concatenate(([0], np.cumsum((data & 0xC0) != 0x80)))
    ends = np.cumsum(sizes)
    return points, starts[ends] - starts[ends - sizes]
