"""Numbers of a page's blocks, for the model of regions: one row a block, float32, worked out by arrays.

A row has what the block says (length, links, script shares, words), where it stands (elements and classes around it,
position, nearness to the title), how its region looks (the four elements around it, the part of the page that holds
most of the running text, blocks of the same shape), and the same of its neighbours. Cost: about 0.5 ms a page, most of
it the number of calls: what can be worked out for all levels, shares or windows at once, is.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain

import numpy as np
import numpy.typing as npt

from corpus_pipeline.kernels.page_blocks import Parsed
from corpus_pipeline.kernels.page_words import place_concepts, text_bits, text_concepts

Matrix = npt.NDArray[np.float32]
Vector = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint8]

KINDS = ("p", "li", "td", "th", "div", "span", "dt", "dd", "section", "article", "figcaption", "label", "blockquote")
LEVELS = 4  # elements around a block, that differ in their blocks
SHARES = (0.4, 0.6, 0.8)  # of the page's running text, that the main region holds
OFFSETS = (-3, -2, -1, 1, 2, 3)
WINDOWS = (2, 6, 20)  # blocks on each side
CUE_LENGTH = 160  # words are looked for in blocks up to here
NEUTRAL = 32.0  # characters of running text that make a paragraph, about
_HANGUL, _LATIN, _UPPER, _DIGIT, _SPACE, _END, _COMMA, _SIGN, _CJK, _OTHER = range(10)


@cache
def _classes() -> npt.NDArray[np.uint8]:
    table = np.full(0x110000, _OTHER, np.uint8)
    table[0xAC00:0xD7A4] = table[0x3131:0x318F] = table[0x1100:0x1200] = _HANGUL
    table[0x61:0x7B] = table[0xC0:0x250] = _LATIN
    table[0x370:0x700] = _LATIN  # Greek, Cyrillic, Hebrew, Arabic: letters all the same
    table[0x41:0x5B] = _UPPER
    table[0x30:0x3A] = _DIGIT
    table[[0x20, 0x0A, 0x09, 0xA0, 0x3000]] = _SPACE
    table[[ord(one) for one in ".?!。？！…"]] = _END
    table[[ord(one) for one in ",、，;"]] = _COMMA
    table[[ord(one) for one in "|·>»«<›‹/#→←▶◀▲▼■□●○◆◇★☆※[]{}()_=+*&@:©ⓒ"]] = _SIGN
    table[0x4E00:0xA000] = table[0x3041:0x3100] = _CJK
    return table


class Places:
    """A page's blocks as columns, and the elements around each: their ranges of blocks. The page must have a block.

    low, high  [LEVELS, blocks] ranges of the element of a block and of those above it
    begin, end [elements] ranges of all elements
    group      [blocks] a number for each shape: the tag and class of a block's element and of the one around it
    """

    def __init__(self, page: Parsed) -> None:
        columns = zip(*page.blocks, strict=True)
        self.texts, self.tags, at, self.headings, self.depths, markers, cells, self.links, self.code, self.quotes = (
            columns
        )
        self.columns = [cell[2] if cell else 0 for cell in cells]
        self.marked = list(map(bool, markers))
        self.lengths = np.array(list(map(len, self.texts)), np.float64)
        self.count = len(self.texts)
        self.index = np.arange(self.count)
        lists = (page.parents, page.first, page.last, page.own, page.path, page.shape, _above(page))
        elements = np.fromiter(chain(*lists), np.int64).reshape(len(lists), -1)  # half the time of np.array
        parents, self.begin, self.end, own, path, shape, above = elements
        levels = np.empty((LEVELS, self.count), np.int64)
        levels[0] = at
        for level in range(1, LEVELS):
            levels[level] = above[levels[level - 1]]
        self.low, self.high = self.begin[levels], self.end[levels]
        self.path = path[levels[0]]
        self.near = own[levels[0]] | own[parents[levels[0]]] | own[levels[1]]
        shapes = shape[levels[0]] * (len(shape) + 1) + shape[levels[1]]
        self.group: Index = np.unique(shapes, return_inverse=True)[1]
        self.alike = np.bincount(self.group)[self.group]
        widths = np.array(WINDOWS)[:, None]
        self.before = np.maximum(self.index - widths, 0)
        self.after = np.minimum(self.index + widths + 1, self.count)

    def around(self, columns: Vector) -> Vector:
        """[WINDOWS, columns, blocks]: means of [columns, blocks] in the windows around each block."""
        total = _sums(columns)
        means = (total[:, self.after] - total[:, self.before]) / (self.after - self.before)
        return np.asarray(means.transpose(1, 0, 2), np.float64)


def _above(page: Parsed) -> list[int]:
    """Of each element the nearest above it that holds more blocks: elements around one element count as one."""
    above: list[int] = []
    ranges = list(zip(page.first, page.last, strict=True))
    for parent, own in zip(page.parents, ranges, strict=True):
        above.append(above[parent] if above and ranges[parent] == own else parent)
    return above


def features(page: Parsed, places: Places | None = None) -> Matrix:
    """[blocks, features] of the blocks of a page, of which there must be one.

    >>> from corpus_pipeline.kernels.page_blocks import parse
    >>> features(parse("<nav><a href='/'>홈</a></nav><p>나무가 자라고 꽃이 핀다.</p>")).shape[0]
    2
    """
    places = places or Places(page)
    chars = places.lengths
    links = np.minimum(places.links, chars)
    density = links / chars
    running = chars * (1 - density) ** 2  # text that is read, not followed
    running[chars < NEUTRAL] *= 0.25
    own = _own(places, links, density)
    cues = _bits([text_bits(text) if len(text) <= CUE_LENGTH else 0 for text in places.texts], len(text_concepts()))
    short = np.empty((7, places.count))
    short[[0, 1, 2, 3, 4]] = own[[0, 17, 4, 20, 19]]
    short[5] = running > NEUTRAL
    short[6] = cues.any(axis=0)
    bits = len(place_concepts())
    parts = [
        own,
        _one_of(places.tags),
        cues,
        _title_rows(page, places),
        _bits(places.path, bits),
        _bits(places.near, bits),
        *_place_rows(places, chars, running, links),
        *_shifted(short, OFFSETS),
        *places.around(short[[0, 1, 5, 6]]),
    ]
    found = np.empty((places.count, sum(map(len, parts))), np.float32)
    np.concatenate(parts, out=found.T, casting="same_kind")
    return found


def around(scores: Vector, page: Parsed, places: Places | None = None) -> Matrix:
    """[blocks, columns]: a first score of each block with those of its neighbours and regions, for a second look."""
    places = places or Places(page)
    weighed = np.empty((4, places.count))
    weighed[1] = np.minimum(places.lengths, 400)
    weighed[0] = scores * weighed[1]
    weighed[2] = scores
    weighed[3] = 1
    total = _sums(weighed)
    inside = total[:, places.high] - total[:, places.low]
    rows = np.empty((16 + 2 * LEVELS, places.count))
    rows[0] = scores
    rows[1:9] = _shifted(scores[None], (-4, *OFFSETS, 4))[:, 0]
    rows[9:12] = places.around(scores[None])[:, 0]
    np.divide(inside[0::2], np.maximum(inside[1::2], 1e-9), out=rows[12:20].reshape(2, LEVELS, -1))
    rows[20] = weighed[0].sum() / max(weighed[1].sum(), 1)
    rows[21] = np.maximum.accumulate(scores)
    rows[22] = np.maximum.accumulate(scores[::-1])[::-1]
    rows[23] = np.bincount(places.group, scores)[places.group] / places.alike
    return rows.T.astype(np.float32, order="C")


def _own(places: Places, links: Vector, density: Vector) -> Vector:
    """[27, blocks]: characters, words, sentence ends, share of each class of characters, how the text ends; links,
    code, heading, place in lists and tables."""
    texts, count, chars = places.texts, places.count, places.lengths
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "replace"), np.uint32)
    lengths = chars.astype(np.int64)
    kinds = _classes()[codes]
    counts = np.bincount(np.repeat(places.index * 10, lengths) + kinds, minlength=count * 10).reshape(-1, 10).T
    ends = np.cumsum(lengths) - 1
    last = kinds[ends]
    rows = np.empty((27, count))
    rows[0] = chars
    rows[1] = counts[_SPACE] + 1
    rows[2] = chars / rows[1] / 10
    rows[3] = counts[_END]
    rows[4:14] = counts / chars
    rows[14] = last == _END
    rows[15] = last == _COMMA
    rows[16] = codes[ends] == ord(":")
    rows[17] = density
    rows[18] = links
    rows[19] = places.code
    rows[20:] = [
        places.headings,
        places.headings,
        places.marked,
        places.depths,
        places.columns,
        places.columns,
        places.quotes,
    ]
    rows[20] = rows[20] > 0
    rows[21] /= 3
    np.minimum(rows[23], 5, out=rows[23])
    rows[24] = rows[24] > 0
    np.minimum(rows[25], 8, out=rows[25])
    rows[[0, 1, 3, 18]] = np.log1p(rows[[0, 1, 3, 18]])
    return rows


_KIND = {tag: index for index, tag in enumerate(KINDS)}


def _one_of(tags: Sequence[str]) -> Bits:
    found = np.zeros((len(KINDS) + 1, len(tags)), np.uint8)
    found[[_KIND.get(tag, len(KINDS)) for tag in tags], np.arange(len(tags))] = 1
    return found


def _bits(masks: npt.ArrayLike, count: int) -> Bits:
    """[count, blocks] of [blocks] bit sets."""
    octets = np.asarray(masks, "<i8").view(np.uint8).reshape(-1, 8)
    return np.unpackbits(octets, axis=1, count=count, bitorder="little").T


def _title_rows(page: Parsed, places: Places) -> Vector:
    """[4, blocks]: a short block's words that the title has, the distance to the best such heading, and after it."""
    words = set(page.title.lower().split())
    share = np.zeros(places.count)
    if words:
        joined = "\0".join([text if len(text) <= 100 else "" for text in places.texts]).lower()
        lowered, near = joined.split("\0"), set[int]()
        for word in words:
            if word in joined:
                near.update([number for number, text in enumerate(lowered) if word in text])
        for number in near:
            own = lowered[number].split()
            share[number] = len(words.intersection(own)) / max(len(own), len(words) / 2)
    heading, index = np.array(places.headings), places.index
    found = bool(heading.any())
    best = int(np.where(heading > 0, share + 0.01 * (heading == 1), -1).argmax()) if found else 0
    rows = np.empty((4, places.count))
    rows[0] = share
    rows[1] = np.abs(index - best) * found
    rows[2] = (index >= best) * found
    rows[3] = index - np.maximum.accumulate(np.where(heading > 0, index, -1))
    rows[1::2] = np.log1p(rows[1::2])
    return rows


def _shifted(columns: Vector, offsets: Sequence[int]) -> Vector:
    """[offsets, columns, blocks]: of each block the columns of the block that stands `offset` after it, or 0."""
    count, most = columns.shape[1], max(offsets)
    padded = np.zeros((len(columns), count + 2 * most))
    padded[:, most : most + count] = columns
    return np.stack([padded[:, most + offset : most + offset + count] for offset in offsets])


def _sums(columns: Vector) -> Vector:
    """[columns, blocks + 1]: sums of all before each block."""
    found = np.zeros((len(columns), columns.shape[1] + 1))
    np.cumsum(columns, axis=1, out=found[:, 1:])
    return found


def _place_rows(places: Places, chars: Vector, running: Vector, links: Vector) -> tuple[Vector, Vector, Vector]:
    """What the elements around a block hold, where the main region is, and what blocks of the same shape hold."""
    count, index = places.count, places.index
    total, texts = max(float(running.sum()), 1.0), max(float(chars.sum()), 1.0)
    sums = _sums(np.array([running, chars, links]))
    low, high = places.low[1:], places.high[1:]
    run, text, link = sums[:, high] - sums[:, low]
    size = high - low
    inside = np.empty((LEVELS - 1, 5, count))
    inside[:, 0] = run / total
    inside[:, 1] = np.log1p(run)
    inside[:, 2] = link / np.maximum(text, 1)
    inside[:, 3] = np.log1p(size)
    inside[:, 4] = (index - low) / np.maximum(size, 1)
    shape_text = np.bincount(places.group, running)[places.group]
    rows = np.empty((10, count))
    rows[0] = places.alike
    rows[1] = shape_text / total
    rows[2] = shape_text / places.alike / 100
    rows[3] = index / count
    rows[4] = index
    rows[5] = count - index
    rows[6] = (sums[0, 1:] - running) / total
    rows[7] = np.log1p(total)
    rows[8] = np.log1p(count)
    rows[9] = float(links.sum()) / texts
    rows[[0, 4, 5]] = np.log1p(rows[[0, 4, 5]])
    return inside.reshape(-1, count), _main(places, sums[0], total), rows


def _main(places: Places, sums: Vector, total: float) -> Vector:
    """Of the smallest element with each of SHARES of the running text: in it, before or after it, and how far."""
    run = sums[places.end] - sums[places.begin]
    size = places.end - places.begin
    wanted = np.array(SHARES)[:, None] * total
    best = np.where(run >= wanted, size, places.count + 1).argmin(axis=1)
    low, high, index = places.begin[best][:, None], places.end[best][:, None], places.index
    rows = np.empty((len(SHARES), 6, places.count))
    rows[:, 1] = index < low
    rows[:, 0] = inside = (index >= low) & (index < high)
    rows[:, 2] = np.maximum(np.maximum(low - index, index - high + 1), 0)
    rows[:, 4] = inside * (index - low)
    rows[:, 3] = rows[:, 4] / np.maximum(high - low, 1)
    rows[:, 5] = inside * (high - index)
    rows[:, [2, 4, 5]] = np.log1p(rows[:, [2, 4, 5]])
    return rows.reshape(-1, places.count)
