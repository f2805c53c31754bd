"""Cut a batch of texts into runs with numpy: what morphemes.PIECE does to each, many times as fast.

The characters are classed by a table, borders are where the class changes, and the runs are slices of the batch's
own UTF-8 bytes, so that Arrow can find the distinct ones without a Python object per run. Most runs repeat (Zipf).
Cost: about ten passes over the characters. Memory: about 30 bytes per byte of text while it lasts, so `windows` hands
out a batch in parts, and a long text in pieces.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import regex

from corpus_pipeline.errors import ContractError
from corpus_pipeline.kernels.morphemes import HANGUL, LONGEST_DIGITS, LONGEST_RUN

Array = np.ndarray[Any, Any]

SPACE, HANGUL_CLASS, LETTER, DIGIT, OTHER = range(5)
WINDOW = 2 << 20  # bytes of text cut at once
_CLASS_BITS = 3  # the table holds the class and, above it, the bytes of the character in UTF-8
_LONGEST = np.array([LONGEST_RUN, LONGEST_RUN, LONGEST_RUN, LONGEST_DIGITS, LONGEST_RUN])


class Runs(NamedTuple):
    """The runs of n texts.

    distinct  binary [U], each run once, UTF-8
    indices   int32 [R], the runs of all texts in order, as places in `distinct`
    ends      int64 [n], end of each text's runs in `indices`
    """

    distinct: pa.BinaryArray
    indices: Array
    ends: Array


class Window(NamedTuple):
    """Runs of a few texts, or of a part of a long one.

    first  place of the first text in the batch
    whole  false when the (only) text goes on in the next window
    """

    runs: Runs
    first: int
    whole: bool


def windows(texts: pa.StringArray) -> Iterator[Window]:
    """`split`, WINDOW bytes at a time: memory does not follow the batch, nor the longest text."""
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
    start = 0
    while start < len(texts):
        end = int(np.searchsorted(offsets, int(offsets[start]) + WINDOW, side="right")) - 1
        if end > start:
            yield Window(split(texts[start:end]), start, True)
        else:
            yield from (Window(runs, start, last) for runs, last in _pieces(texts[start].as_buffer()))
        start = max(end, start + 1)


def _pieces(text: pa.Buffer) -> Iterator[tuple[Runs, bool]]:
    """Runs of a long text, and whether they are the last. A run at a window's end may go on: the next begins there."""
    view, done = memoryview(text), 0
    while done < len(view):
        end = min(done + WINDOW, len(view))
        while end < len(view) and view[end] & 0xC0 == 0x80:  # inside a character
            end -= 1
        distinct, indices, _ = split(pa.array([_decoded(view[done:end])], pa.string()))
        last = end == len(view)
        if not last:
            end -= len(distinct[indices[-1]].as_buffer())
            indices = indices[:-1]
        yield Runs(distinct, indices, np.array([len(indices)])), last
        done = end


def split(texts: pa.StringArray) -> Runs:
    """The runs of `texts` (string [n], no nulls, under 2 GiB). Raises ContractError on bytes that are no UTF-8.

    >>> found = split(pa.array(["가 나 가", "", " 가"]))
    >>> [found.distinct[i].as_py().decode() for i in found.indices], found.ends.tolist()
    (['가', ' 나', ' 가', ' 가'], [3, 3, 4])
    """
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
    data = pa.py_buffer(b"") if texts.buffers()[2] is None else texts.buffers()[2]
    data = data.slice(int(offsets[0]), int(offsets[-1] - offsets[0]))
    text_starts = np.concatenate(([0], np.cumsum(pc.utf8_length(texts).to_numpy(), dtype=np.int64)))
    points = np.frombuffer(_decoded(data).encode("utf-32-le"), np.uint32)
    codes = _table()[points]
    starts = _run_starts(points, codes & ((1 << _CLASS_BITS) - 1), text_starts)
    widths = np.cumsum(codes >> _CLASS_BITS, dtype=np.int32)
    places = np.empty(len(starts) + 1, np.int32)
    places[:-1] = widths[starts] - (codes[starts] >> _CLASS_BITS)
    places[-1] = len(data)
    found = pa.BinaryArray.from_buffers(pa.binary(), len(starts), [None, pa.py_buffer(places), data])
    encoded = found.dictionary_encode()
    ends = np.searchsorted(starts, text_starts[1:])
    return Runs(encoded.dictionary, encoded.indices.to_numpy(), ends)


def _decoded(data: pa.Buffer | memoryview) -> str:
    try:
        return str(data, "utf-8")
    except UnicodeDecodeError as error:  # a half of a surrogate pair, for one
        todo = "Make documents with collect and scrub: they reject such text."
        raise ContractError("text", "UTF-8", error.reason, todo) from None


def _run_starts(points: Array, classes: Array, text_starts: Array) -> Array:
    """Positions (characters) where a run starts, ascending."""
    n = len(points)
    if not n:
        return np.zeros(0, np.int64)
    first = np.zeros(n + 1, bool)  # first character of a text; the end counts as one
    first[text_starts] = True
    border = first[:n].copy()
    border[1:] |= classes[1:] != classes[:-1]
    starts = np.flatnonzero(border)
    ends = np.append(starts[1:], n)
    kinds = classes[starts]
    space = kinds == SPACE
    last = ends - 1
    followed = space & ~first[ends]  # white space before something: its last character stands apart ...
    joined = followed & (points[last] == ord(" "))  # ... or goes with what follows, if it is a space
    body = ends - starts - followed  # characters of the block without that last one
    marks = np.zeros(n, bool)
    marks[starts[body > 0]] = True
    marks[last[followed]] = True
    after = np.flatnonzero(joined) + 1  # the block that a space goes with does not start a run itself
    marks[starts[after]] = False
    long = np.flatnonzero(body > _LONGEST[kinds])
    if len(long):
        steps = _LONGEST[kinds[long]]
        more = (body[long] - 1) // steps
        nth = np.arange(more.sum()) - np.repeat(np.cumsum(more) - more, more) + 1
        marks[np.repeat(starts[long], more) + nth * np.repeat(steps, more)] = True
    return np.flatnonzero(marks)


@cache
def _table() -> Array:
    """uint8 [0x110000]: class of each character by the `regex` library's Unicode tables, and its bytes in UTF-8."""
    points = [p for p in range(0x110000) if not 0xD800 <= p < 0xE000]
    every = "".join(map(chr, points))
    classes = np.full(0x110000, OTHER, np.uint8)
    patterns = ((r"\p{L}+", LETTER), (r"\p{N}+", DIGIT), (r"\s+", SPACE), (f"[{HANGUL}]+", HANGUL_CLASS))
    order = np.array(points)
    for pattern, kind in patterns:
        for match in regex.finditer(pattern, every):
            classes[order[match.start() : match.end()]] = kind
    widths = np.full(0x110000, 4, np.uint8)
    widths[:0x10000], widths[:0x800], widths[:0x80] = 3, 2, 1
    return classes | (widths << _CLASS_BITS)
