"""Features over eojeol: letters in them, particles and endings, stop words, addresses. Formulas are in docs/quality.md.

The costly part, morphemes, is done once per distinct eojeol, for those with a Hangul syllable, and for at most ANALYSED
of them in a text: evenly spaced, so that the end of a long text counts as its start does.
"""

from __future__ import annotations

import numpy as np
import regex

from corpus_pipeline.kernels.features_layout import HANGUL, LETTER, Columns, Floats, Ints, Layout, share
from corpus_pipeline.kernels.word_bits import word_bits
from corpus_pipeline.kernels.word_tags import BARE

ANALYSED = 128  # Hangul eojeol of a text; own choice: the share is then right to 4 % (one standard deviation)
_URL = regex.compile(r"https?://|(?<![a-z0-9/.])www\.")


def word_columns(layout: Layout) -> Columns:
    """Column name -> one value per text."""
    kinds = np.bitwise_or.reduceat(layout.kinds, layout.begins) if len(layout.begins) else layout.kinds[:0]
    lettered, hangul = (kinds & LETTER) != 0, (kinds & HANGUL) != 0
    sample = _sample(layout, np.flatnonzero(hangul))
    bits = word_bits(layout, sample)
    bare = (bits & BARE) != 0
    owner = layout.document[sample]
    sampled = np.bincount(owner, minlength=layout.size).astype(float)
    return {
        "eojeol": layout.eojeol,
        "mean_eojeol_length": share(layout.solid, layout.eojeol),
        "letter_eojeol_share": share(layout.of_words(lettered), layout.eojeol),
        "hangul_eojeol_share": share(layout.of_words(hangul), layout.eojeol),
        "bare_eojeol_share": share(np.bincount(owner[bare], minlength=layout.size).astype(float), sampled),
        "stop_words": _distinct_bits(bits & (BARE - 1), owner, layout.size),
        "urls": _addresses(layout),
    }


def _sample(layout: Layout, words: Ints) -> Ints:
    """At most ANALYSED of the words of each text, evenly spaced."""
    owner = layout.document[words]
    many = np.bincount(owner, minlength=layout.size)
    rank = np.arange(len(words)) - (np.cumsum(many) - many)[owner]
    return words[rank * ANALYSED % np.maximum(many, 1)[owner] < ANALYSED]


def _distinct_bits(bits: Ints, owner: Ints, size: int) -> Floats:
    """How many bits are set in the words of each text together."""
    result = np.zeros(size)
    if len(bits):
        first = np.flatnonzero(np.concatenate(([True], owner[1:] != owner[:-1])))
        result[owner[first]] = np.bitwise_count(np.bitwise_or.reduceat(bits, first))
    return result


def _addresses(layout: Layout) -> Floats:
    """How many addresses start in each text. Only eojeol with // or w. in them are looked at."""
    points = layout.points
    slashes = (points[1:] == ord("/")) & (points[:-1] == ord("/"))
    dots = (points[1:] == ord(".")) & ((points[:-1] | 32) == ord("w"))
    words = np.unique(np.searchsorted(layout.begins, np.flatnonzero(slashes | dots), "right") - 1)
    spans = zip(layout.begins[words].tolist(), layout.ends[words].tolist(), strict=True)
    counts = np.array([len(_URL.findall(layout.joined[begin:end].lower())) for begin, end in spans], float)
    return np.bincount(layout.document[words], counts, layout.size).astype(float)
