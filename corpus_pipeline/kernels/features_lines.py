"""Features over lines, paragraphs and sentences. Formulas are in docs/quality.md.

A line is a piece between newlines with something in it, without the space around it: its first eojeol to its last. A
paragraph is a run of lines with no empty line between them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corpus_pipeline.kernels.features_layout import CLOSER, SENTENCE, Bools, Columns, Floats, Ints, Layout, share

SHORT_LINE = 15  # characters; the contract's
MOST_CLOSERS = 4  # own choice: a quotation in a quotation in brackets
_ELLIPSES = tuple(map(ord, "…‥"))
_DOTS = tuple(map(ord, ".·ㆍ。"))  # three of these
_BULLETS = tuple(map(ord, "•‣⁃●○◦■□▪▫▶▷►◆◇※·∙ㆍ"))
_DASHES = tuple(map(ord, "-*+–—"))  # bullets only when a space follows
_MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, of no pattern: 2^64 / golden ratio
_NUMBER_STARTS = tuple(map(ord, "0123456789()"))
_NUMBER = str.maketrans("", "", "0123456789.()")


def line_columns(layout: Layout) -> Columns:
    """Column name -> one value per text."""
    if not len(layout.begins):
        return {name: np.zeros(layout.size) for name in NAMES}
    newlines = np.flatnonzero(layout.points == ord("\n"))
    row = np.searchsorted(newlines, layout.begins)  # newlines before each word
    first = np.flatnonzero(np.concatenate(([True], row[1:] != row[:-1])))
    last = np.append(first[1:], len(row)) - 1
    document, begins, ends = layout.document[first], layout.begins[first], layout.ends[last]
    ended = _ends_sentence(layout)

    def count(mask: NDArray[np.bool_ | np.integer | np.floating]) -> Floats:
        return np.bincount(document, mask, layout.size).astype(float)

    lines = np.bincount(document, minlength=layout.size).astype(float)
    counts = {
        "punctuated": ended[last],
        "short": ends - begins < SHORT_LINE,
        "bullet": _bullets(layout, first),
        "ellipsis": _ellipses(layout, last),
    }
    apart = np.flatnonzero(np.concatenate(([True], (np.diff(row[first]) > 1) | (document[1:] != document[:-1]))))
    stop = np.append(apart[1:], len(first)) - 1
    at = np.flatnonzero(ended)
    ended[at[_numbers(layout, at)]] = False
    ended[last] = True
    return {
        "lines": lines,
        "paragraphs": np.bincount(document[apart], minlength=layout.size).astype(float),
        "sentences": layout.of_words(ended),
        **{f"{name}_line_share": share(count(mask), lines) for name, mask in counts.items()},
        **_duplicates(layout, "line", first, last),
        **_duplicates(layout, "paragraph", first[apart], last[stop]),
    }


NAMES = (
    "lines", "paragraphs", "sentences", "punctuated_line_share", "short_line_share", "bullet_line_share",
    "ellipsis_line_share",
    "duplicate_line_share", "duplicate_line_char_share", "duplicate_paragraph_share", "duplicate_paragraph_char_share",
)  # fmt: skip


def _ends_sentence(layout: Layout) -> Bools:
    """Words whose last character, up to MOST_CLOSERS closing quotes and brackets aside, is a sentence mark."""
    closer, mark = layout.is_kind(CLOSER), layout.is_kind(SENTENCE)
    at = layout.ends - 1
    for _ in range(MOST_CLOSERS):
        closed = np.flatnonzero(closer[at] & (at > layout.begins))
        if not len(closed):
            break
        at[closed] -= 1
    return np.asarray(mark[at])


def _bullets(layout: Layout, at: Ints) -> Bools:
    """Words that start with a bullet sign, or are a dash alone."""
    points = layout.points[layout.begins[at]]
    return np.asarray(np.isin(points, _BULLETS) | (np.isin(points, _DASHES) & (layout.lengths[at] == 1)))


def _ellipses(layout: Layout, at: Ints) -> Bools:
    """Words that end in an ellipsis, of one sign or of three."""
    last = layout.ends[at] - 1
    points = layout.points[last]
    three = (layout.lengths[at] > 2) & (points == layout.points[last - 1]) & (points == layout.points[last - 2])
    return np.asarray(np.isin(points, _ELLIPSES) | (three & np.isin(points, _DOTS)))


def _numbers(layout: Layout, at: Ints) -> Bools:
    """1. and (2). start an item and end no sentence."""
    found = np.isin(layout.points[layout.begins[at]], _NUMBER_STARTS)
    few = np.flatnonzero(found)
    spans = zip(layout.begins[at[few]].tolist(), layout.ends[at[few]].tolist(), strict=True)
    found[few] = [not layout.joined[begin:end].translate(_NUMBER) for begin, end in spans]
    return found


def _duplicates(layout: Layout, name: str, first: Ints, last: Ints) -> Columns:
    """Shares of the pieces (and of their characters) that repeat an earlier one of their text.

    first, last  of each piece: its first and last word
    """
    document, lengths = layout.document[first], layout.ends[last] - layout.begins[first]
    at = _candidates(layout, first, last)
    known: dict[tuple[int, str], int] = {}
    spans = zip(document[at].tolist(), layout.begins[first[at]].tolist(), layout.ends[last[at]].tolist(), strict=True)
    keys = np.fromiter((known.setdefault((d, layout.joined[b:e]), len(known)) for d, b, e in spans), np.int64, len(at))
    repeats = np.zeros(len(first), bool)
    repeats[at] = True
    repeats[at[np.unique(keys, return_index=True)[1]]] = False

    def total(values: NDArray[np.bool_ | np.integer | np.floating]) -> Floats:
        return np.bincount(document, values, layout.size).astype(float)

    return {
        f"duplicate_{name}_share": share(total(repeats), np.bincount(document, minlength=layout.size).astype(float)),
        f"duplicate_{name}_char_share": share(total(repeats * lengths), total(lengths)),
    }


def _candidates(layout: Layout, first: Ints, last: Ints) -> Ints:
    """Pieces that may be equal to another: same text, same first and last word, same length. A few more by chance."""
    ids = layout.ids
    parts = (layout.document[first], ids[first], ids[last], layout.ends[last] - layout.begins[first])
    key = np.zeros(len(first), np.uint64)
    for part in parts:
        key = (key + part.astype(np.uint64)) * _MIX
    _, back, counts = np.unique(key, return_inverse=True, return_counts=True)
    return np.flatnonzero(counts[back] > 1)
