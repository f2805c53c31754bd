"""Numbers of a page's blocks, for the model of regions: one row a block, float32, worked out by arrays.

A row has what the block says (length, links, script shares, words), where it stands (elements and classes around it,
position, nearness to the title), how its region looks (the four elements around it, the part of the page that holds
most of the running text, blocks of the same shape), and the same of its neighbours. Cost: about 1 ms a page.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from corpus_pipeline.kernels.page_blocks import Parsed
from corpus_pipeline.kernels.page_words import place_concepts, text_bits, text_concepts

Matrix = npt.NDArray[np.float32]
Vector = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

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
    table = np.full(0x10000, _OTHER, np.uint8)
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


def features(page: Parsed) -> Matrix:
    """[blocks, features] of the blocks of a page, of which there must be one.

    >>> from corpus_pipeline.kernels.page_blocks import parse
    >>> features(parse("<nav><a href='/'>홈</a></nav><p>나무가 자라고 꽃이 핀다.</p>")).shape[0]
    2
    """
    blocks = page.blocks
    text = _text_columns([block.text for block in blocks])
    chars = text[:, 0]
    links = np.minimum([block.links for block in blocks], chars)
    density = links / chars
    code = np.array([block.code for block in blocks], np.float64)
    running = chars * (1 - density) ** 2  # text that is read, not followed
    running[chars < NEUTRAL] *= 0.25
    places = _Places(page)
    heading = np.array([block.heading for block in blocks], np.float64)
    own = np.column_stack(
        [
            np.log1p(text[:, 0]),
            np.log1p(text[:, 1]),
            text[:, 0] / np.maximum(text[:, 1], 1) / 10,
            text[:, 2:],
            density,
            np.log1p(links),
            code,
            heading > 0,
            heading / 3,
            [block.marker != "" for block in blocks],
            [min(block.depth, 5) for block in blocks],
            [block.cell is not None for block in blocks],
            [min(block.cell[2], 8) if block.cell else 0 for block in blocks],
            [block.quote for block in blocks],
            _one_of([block.tag for block in blocks]),
        ]
    )
    cues = _bits(
        np.array([text_bits(b.text) if len(b.text) <= CUE_LENGTH else 0 for b in blocks]), len(text_concepts())
    )
    parts = [own, cues, _title_columns(page, heading), places.columns(chars, running, links)]
    short = np.column_stack([own[:, 0], density, text[:, 3], heading > 0, code, running > NEUTRAL, cues.any(axis=1)])
    parts += [_shifted(short, offset) for offset in OFFSETS]
    parts += [_mean_around(short[:, [0, 1, 5, 6]], width) for width in WINDOWS]
    return np.concatenate(parts, axis=1).astype(np.float32)


def around(scores: Vector, page: Parsed) -> Matrix:
    """[blocks, columns]: a first score of each block with those of its neighbours and regions, for a second look."""
    column = scores[:, None]
    places = _Places(page)
    lengths = np.array([min(len(block.text), 400) for block in page.blocks], np.float64)
    parts = [column, *(_shifted(column, offset) for offset in (-4, *OFFSETS, 4))]
    parts += [_mean_around(column, width) for width in WINDOWS]
    parts += [places.mean(level, scores * lengths, lengths)[:, None] for level in range(LEVELS)]
    parts += [places.mean(level, scores, np.ones_like(scores))[:, None] for level in range(LEVELS)]
    total = np.full(len(scores), (scores * lengths).sum() / max(lengths.sum(), 1))
    before, after = np.maximum.accumulate(scores), np.maximum.accumulate(scores[::-1])[::-1]
    same = places.by_shape(scores, np.ones_like(scores))
    parts += [np.column_stack([total, before, after, same])]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _text_columns(texts: list[str]) -> Vector:
    """[blocks, 16]: characters, words, sentence ends, share of each class of characters, how the text ends."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "replace"), np.uint32)
    lengths = np.array([len(text) for text in texts], np.int64)
    owner = np.repeat(np.arange(len(texts)), lengths)
    kinds = _classes()[np.minimum(codes, 0xFFFF)]
    counts = np.bincount(owner * 10 + kinds, minlength=len(texts) * 10).reshape(-1, 10).astype(np.float64)
    ends = np.cumsum(lengths) - 1
    last = kinds[ends]
    shares = counts / lengths[:, None]
    finished = np.column_stack([last == _END, last == _COMMA, codes[ends] == ord(":")])
    words = counts[:, _SPACE] + 1
    return np.column_stack([lengths, words, np.log1p(counts[:, _END]), shares, finished])


def _one_of(tags: list[str]) -> Vector:
    number = {tag: index for index, tag in enumerate(KINDS)}
    found = np.zeros((len(tags), len(KINDS) + 1))
    found[np.arange(len(tags)), [number.get(tag, len(KINDS)) for tag in tags]] = 1
    return found


def _bits(masks: Index, count: int) -> Vector:
    return ((masks[:, None] >> np.arange(count)) & 1).astype(np.float64)


def _title_columns(page: Parsed, heading: Vector) -> Vector:
    """[blocks, 4]: a short block's words that the title has, the distance to the best such heading, and after it."""
    words = set(page.title.lower().split())
    share = np.zeros(len(page.blocks))
    for number, block in enumerate(page.blocks):
        if len(block.text) <= 100:
            own = block.text.lower().split()
            share[number] = len(words.intersection(own)) / max(len(own), len(words) / 2)
    index = np.arange(len(page.blocks))
    headings = np.where(heading > 0, share + 0.01 * (heading == 1), -1)
    best = int(headings.argmax()) if (heading > 0).any() else 0
    found = bool((heading > 0).any())
    distance = np.log1p(np.abs(index - best)) * found
    last = np.maximum.accumulate(np.where(heading > 0, index, -1))
    return np.column_stack([share, distance, (index >= best) * found, np.log1p(index - last)])


def _shifted(columns: Vector, offset: int) -> Vector:
    found = np.zeros_like(columns)
    if offset > 0:
        found[:-offset] = columns[offset:]
    else:
        found[-offset:] = columns[:offset]
    return found


def _mean_around(columns: Vector, width: int) -> Vector:
    sums = np.concatenate([np.zeros((1, columns.shape[1])), np.cumsum(columns, axis=0)])
    index = np.arange(len(columns))
    low, high = np.maximum(index - width, 0), np.minimum(index + width + 1, len(columns))
    return np.asarray((sums[high] - sums[low]) / (high - low)[:, None], np.float64)


class _Places:
    """The elements around each block: their ranges of blocks, and what is in them."""

    def __init__(self, page: Parsed) -> None:
        self._parents = np.array(page.parents)
        self._low = np.array(page.first)
        self._high = np.array(page.last)
        self._own, self._path = np.array(page.own), np.array(page.path)
        self._shape = np.array(page.shape)
        self._count = len(page.blocks)
        self._at = np.array([block.container for block in page.blocks], np.int64)
        self._levels = self._around()

    def _around(self) -> list[Index]:
        """[LEVELS] of [blocks]: the block's element, and those above it that hold more blocks than the one below."""
        up = self._parents
        for _ in range(6):  # elements around one element count as one: 2 ** 6 of them
            same = (self._low[up] == self._low) & (self._high[up] == self._high)
            up = np.where(same, up[up], up)
        levels = [self._at]
        for _ in range(LEVELS - 1):
            levels.append(up[levels[-1]])
        return levels

    def mean(self, level: int, values: Vector, weights: Vector) -> Vector:
        """Of each block: sum of `values` over sum of `weights` in the element around it."""
        at = self._levels[level]
        total, weight = np.append(0, np.cumsum(values)), np.append(0, np.cumsum(weights))
        low, high = self._low[at], self._high[at]
        return np.asarray((total[high] - total[low]) / np.maximum(weight[high] - weight[low], 1e-9), np.float64)

    def by_shape(self, values: Vector, weights: Vector) -> Vector:
        """The same of all blocks whose elements, and those around them, have one tag and class."""
        group = self._groups()
        return np.asarray(np.bincount(group, values)[group] / np.maximum(np.bincount(group, weights)[group], 1e-9))

    def _groups(self) -> Index:
        shape = self._shape[self._at] * (len(self._shape) + 1) + self._shape[self._levels[1]]
        return np.unique(shape, return_inverse=True)[1]

    def columns(self, chars: Vector, running: Vector, links: Vector) -> Vector:
        index = np.arange(self._count)
        total, texts = max(float(running.sum()), 1.0), max(float(chars.sum()), 1.0)
        sums = [np.append(0, np.cumsum(values)) for values in (running, chars, links)]
        parts: list[Vector] = [_bits(self._path[self._at], len(place_concepts()))]
        near = self._own[self._levels[0]] | self._own[self._parents[self._at]] | self._own[self._levels[1]]
        parts.append(_bits(near, len(place_concepts())))
        for level in range(1, LEVELS):
            low, high = self._low[self._levels[level]], self._high[self._levels[level]]
            run, text, link = (one[high] - one[low] for one in sums)
            stats = [
                run / total,
                np.log1p(run),
                link / np.maximum(text, 1),
                np.log1p(high - low),
                (index - low) / np.maximum(high - low, 1),
            ]
            parts.append(np.column_stack(stats))
        parts.append(self._main(sums[0], total, index))
        group = self._groups()
        size = np.bincount(group)[group]
        shape_text = np.bincount(group, running)[group]
        done = np.cumsum(running)
        parts.append(
            np.column_stack(
                [
                    np.log1p(size),
                    shape_text / total,
                    shape_text / size / 100,
                    index / self._count,
                    np.log1p(index),
                    np.log1p(self._count - index),
                    (done - running) / total,
                    np.log1p(np.full(self._count, total)),
                    np.log1p(np.full(self._count, float(self._count))),
                    np.full(self._count, float(links.sum()) / texts),
                ]
            )
        )
        return np.concatenate(parts, axis=1)

    def _main(self, sums: Vector, total: float, index: Index) -> Vector:
        """Of the smallest element with each of SHARES of the running text: in it, before or after it, and how far."""
        run = sums[self._high] - sums[self._low]
        size = self._high - self._low
        columns: list[Vector] = []
        for share in SHARES:
            holds = np.flatnonzero(run >= share * total)
            best = holds[np.argmin(size[holds])] if len(holds) else 0
            low, high = self._low[best], self._high[best]
            inside = (index >= low) & (index < high)
            distance = np.where(index < low, low - index, np.where(inside, 0, index - high + 1))
            columns += [
                inside,
                index < low,
                np.log1p(distance),
                inside * (index - low) / max(high - low, 1),
                np.log1p(inside * (index - low)),
                np.log1p(inside * (high - index)),
            ]
        return np.column_stack(columns)
