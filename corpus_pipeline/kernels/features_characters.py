"""Features over characters: which kinds, how many runs of one, how evenly spread, how well they compress.

Formulas are in docs/quality.md. W is the number of characters that are no space.
"""

from __future__ import annotations

import zlib

import numpy as np

from corpus_pipeline.kernels.features_layout import (
    DIGIT,
    HANGUL,
    JAMO,
    LATIN,
    LETTER,
    MARK,
    NOT_SYMBOL,
    SPACE,
    Columns,
    Floats,
    Layout,
    share,
)

MASK = "*"  # what scrub writes over personal data
RUN = 4  # characters; the contract's
SAMPLE = 10_000  # characters that are compressed; own choice, past the 95th percentile of web prose; bounds the cost
FEW_BYTES = 200  # of UTF-8; own choice: below, the header and the lack of repeats decide


def character_columns(layout: Layout) -> Columns:
    """Column name -> one value per text."""
    solid = layout.solid
    kinds = {"hangul": HANGUL, "latin": LATIN, "digit": DIGIT, "jamo": JAMO}
    return {
        **{f"{name}_share": share(layout.count_kind(bits), solid) for name, bits in kinds.items()},
        "symbol_share": share(layout.chars - layout.count_kind(NOT_SYMBOL), solid),
        **_runs(layout),
        "entropy": _entropy(layout),
        "compression_ratio": np.array([_compression(text) for text in layout.texts], float),
    }


def _runs(layout: Layout) -> Columns:
    """Characters in runs of RUN or more of the same one, by kind."""
    same = layout.points[1:] == layout.points[:-1]
    starts = np.flatnonzero(np.logical_and.reduce([same[at : len(same) - RUN + 2 + at] for at in range(RUN - 1)]))
    mask = np.zeros(len(layout.points), bool)
    for offset in range(RUN):
        mask[starts + offset] = True
    inside = np.flatnonzero(mask)
    kinds, document = layout.kinds[inside], np.searchsorted(layout.starts, inside, "right") - 1
    symbols = ((kinds & NOT_SYMBOL) == 0) & (layout.points[inside] != ord(MASK))
    masks = {"grapheme": (kinds & (LETTER | MARK)) != 0, "number": (kinds & DIGIT) != 0, "symbol": symbols}
    counts = {name: np.bincount(document[mask], minlength=layout.size).astype(float) for name, mask in masks.items()}
    return {f"repeated_{name}_share": share(many, layout.solid) for name, many in counts.items()}


def _entropy(layout: Layout) -> Floats:
    """log2 W - (sum over distinct characters of n log2 n) / W, in bits; spaces left out."""
    solid = ~layout.is_kind(SPACE)
    points = layout.points[solid]
    if not len(points):
        return np.zeros(layout.size)
    document = np.repeat(np.arange(layout.size), layout.solid.astype(np.int64))
    small = layout.size <= 1 << 16 and int(points.max()) < 1 << 16
    # half the width sorts three times as fast
    keys = (document.astype(np.uint32) << 16) | points if small else (document.astype(np.uint64) << 21) | points
    keys = np.sort(keys)
    borders = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    counts = np.diff(np.append(borders, len(keys)))
    owner = (keys[borders] >> (16 if small else 21)).astype(np.int64)
    weighed = np.bincount(owner, counts * np.log2(counts), layout.size)
    whole = np.maximum(layout.solid, 1)
    return np.maximum(np.log2(whole) - weighed / whole, 0.0)


def _compression(text: str) -> float:
    """Bytes after zlib (level 1) / bytes of UTF-8, of the first SAMPLE characters; 1 for FEW_BYTES or fewer."""
    data = text[:SAMPLE].encode("utf-8", "replace")
    return len(zlib.compress(data, 1)) / len(data) if len(data) > FEW_BYTES else 1.0
