"""Quality features of texts: how long, of what characters, how repetitive. They score; nothing is deleted here.

Formulas (W = non-space characters, which is also the characters of all eojeol; every share is 0 where its
denominator is 0; "space" is `str.isspace`, so the eojeol are those of `str.split`):

chars, eojeol, lines    characters; `text.split()`; stripped non-empty pieces between newlines
mean_eojeol_length      W / eojeol
letter_eojeol_share     eojeol with at least one letter (category L*) / eojeol
hangul, digit, jamo     U+AC00-D7A3 / W; category Nd / W; U+3131-3163 / W
symbol_share            neither space, letter, mark nor Nd / W
punctuated_line_share   lines whose last character, closing quotes and brackets aside, is a sentence mark / lines
short_line_share        lines under 15 characters / lines
bullet_line_share       lines that start with a bullet sign, or with one of - * + – — and a space / lines
ellipsis_line_share     lines that end with an ellipsis / lines
duplicate_line_share    1 - distinct lines / lines
top_bigram_share        characters of the eojeol covered by the most frequent eojeol 2-gram / W; it must occur
                        twice; ties go to the longer, then to the earlier
duplicate_5gram_share   characters of the eojeol inside any 5-gram that occurs twice or more / W. All occurrences
                        count, the first too, none twice (as Gopher's paper words it; some peers omit the first)
type_token_ratio        distinct eojeol / eojeol
repeated_char_share     non-space characters in runs of 4 or more of the same one / W; runs of * are masks, not repeats
urls                    http://, https://, and www. that is not part of one of these

Cost: texts are laid end to end and counted with numpy, so a batch of one-line reviews costs what one long page
does; only lines are looked at in Python. Measured on one core, Korean UTF-8: 10-14 MB/s of pages, 6-10 of one-liners.
Memory: about 40 bytes per character of a chunk (CHUNK_CHARS, or one longer text).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
import regex
from numpy.typing import NDArray

MASK = "*"  # what scrub writes over personal data
COUNTS = ("chars", "eojeol", "lines", "urls")
CHUNK_CHARS = 1_000_000  # keeps temporaries near 40 MB; (documents * types^2) stays under 2^63 in _ngrams
SHORT_LINE = 15  # characters; the contract's
RUN = 4  # characters; the contract's
_SPACE, _LETTER, _MARK, _DIGIT, _HANGUL, _JAMO = 1, 2, 4, 8, 16, 32
_CLOSERS = "\"'”’»›)]}〉》」』】〕"
_SENTENCE_MARKS = frozenset(".!?…‥。．！？")
_ELLIPSES = ("...", "…", "‥", "···", "ㆍㆍㆍ", "。。。", ". . .")
_BULLET = regex.compile(r"[•‣⁃●○◦■□▪▫▶▷►◆◇※·∙ㆍ]|[-*+–—](?:\s|$)")
_URL = regex.compile(r"https?://|(?<![a-z0-9/.])www\.")

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64] | Ints


def features(text: str) -> dict[str, float]:
    """All features of one text, by column name. Never raises.

    >>> f = features("오늘은 날씨가 좋다.\\n좋다!!!!")
    >>> f["chars"], f["eojeol"], f["lines"], f["mean_eojeol_length"]
    (18.0, 4.0, 2.0, 3.75)
    >>> round(f["hangul_share"], 3), round(f["repeated_char_share"], 3), f["short_line_share"]
    (0.667, 0.267, 1.0)
    """
    return {name: float(values[0]) for name, values in batch_features([text]).items()}


def batch_features(texts: Sequence[str]) -> dict[str, NDArray[np.float64] | NDArray[np.int64]]:
    """Column name -> values in the order of `texts`; COUNTS are int64, the rest float64.

    >>> batch_features(["안녕", "", "ㅋㅋㅋㅋ 정말"])["jamo_share"].round(3).tolist()
    [0.0, 0.0, 0.667]
    """
    parts = [{**_characters(chunk), **_lines(chunk)} for chunk in _chunks(texts)] or [_empty()]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return {name: values.astype(np.int64) if name in COUNTS else values for name, values in columns.items()}


def _empty() -> dict[str, NDArray[np.float64]]:
    return {name: values[:0] for name, values in {**_characters([""]), **_lines([""])}.items()}


def _chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    start = size = 0
    for at, text in enumerate(texts):
        if at > start and size + len(text) >= CHUNK_CHARS:
            yield texts[start:at]
            start, size = at, 0
        size += len(text) + 1
    if start < len(texts):
        yield texts[start:]


@cache
def _classes() -> NDArray[np.uint8]:
    """Bits by code point. Built once per worker in about 0.2 s."""
    table = np.zeros(0x110000, np.uint8)
    bits = {"L": _LETTER, "M": _MARK}
    for point in range(0x110000):
        category = unicodedata.category(chr(point))
        table[point] = _DIGIT if category == "Nd" else bits.get(category[0], 0)
    table[[point for point in range(0x3001) if chr(point).isspace()]] |= _SPACE
    table[0xAC00:0xD7A4] |= _HANGUL
    table[0x3131:0x3164] |= _JAMO
    return table


def _share(part: Floats, whole: Floats) -> NDArray[np.float64]:
    """part / whole, both counts; 0 where there is nothing."""
    return part / np.maximum(whole, 1)


def _characters(texts: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Features that need no lines. A newline after each text keeps texts, eojeol and runs apart."""
    joined = "\n".join(texts) + "\n"
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    kinds = _classes()[points]
    chars = np.fromiter(map(len, texts), np.int64, len(texts))
    starts = np.concatenate(([0], np.cumsum(chars + 1)[:-1]))
    space = (kinds & _SPACE) != 0

    def count(mask: Bools) -> Ints:
        return np.add.reduceat(mask, starts, dtype=np.int64)

    solid = count(~space)
    begins = np.flatnonzero(~space & np.concatenate(([True], space[:-1])))
    document = np.repeat(np.arange(len(texts)), count(_mask(begins, len(points))))
    letters = (kinds & _LETTER) != 0
    lettered = np.logical_or.reduceat(letters, begins) if len(begins) else np.zeros(0, bool)
    eojeol = np.bincount(document, minlength=len(texts))
    borders = np.flatnonzero(np.concatenate(([True], points[1:] != points[:-1])))
    runs = np.diff(np.append(borders, len(points)))
    in_run = np.repeat(runs >= RUN, runs) & ~space & (points != ord(MASK))
    return {
        "chars": chars.astype(float),
        "eojeol": eojeol.astype(float),
        "mean_eojeol_length": _share(solid, eojeol),
        "letter_eojeol_share": _share(np.bincount(document[lettered], minlength=len(texts)), eojeol),
        "hangul_share": _share(count((kinds & _HANGUL) != 0), solid),
        "digit_share": _share(count((kinds & _DIGIT) != 0), solid),
        "symbol_share": _share(count((kinds & (_SPACE | _LETTER | _MARK | _DIGIT)) == 0), solid),
        "jamo_share": _share(count((kinds & _JAMO) != 0), solid),
        "repeated_char_share": _share(count(in_run), solid),
        **_repetition(joined.split(), document, solid),
    }


def _mask(positions: Ints, size: int) -> Bools:
    mask = np.zeros(size, bool)
    mask[positions] = True
    return mask


def _repetition(words: list[str], document: Ints, solid: Ints) -> dict[str, NDArray[np.float64]]:
    """Features over eojeol. document: index of the text of each word, ascending."""
    size = len(solid)
    vocabulary = {word: at for at, word in enumerate(dict.fromkeys(words))}
    ids = np.fromiter(map(vocabulary.__getitem__, words), np.int64, len(words))
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    types = max(1, len(vocabulary))
    distinct = np.bincount(np.unique(document * types + ids) // types, minlength=size)
    inside = document[1:] == document[:-1]
    pairs = np.where(inside, (document[1:] * types + ids[:-1]) * types + ids[1:], -1)
    seen = _occurrences(pairs)
    seen[~inside] = 0
    covered = {
        "top_bigram_share": _top(pairs, seen, lengths, document),
        "duplicate_5gram_share": _duplicates(pairs, seen, ids, document),
    }
    return {
        "type_token_ratio": _share(distinct, np.bincount(document, minlength=size)),
        **{name: _share(np.bincount(document, lengths * mask, size), solid) for name, mask in covered.items()},
    }


def _occurrences(keys: Ints) -> Ints:
    """How often each key occurs, at each position."""
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return np.asarray(counts[inverse], np.int64)


def _top(pairs: Ints, seen: Ints, lengths: Ints, document: Ints) -> Bools:
    """Words inside the most frequent 2-gram of their text."""
    mask = np.zeros(len(document), bool)
    at = np.flatnonzero(seen > 1)
    if not len(at):
        return mask
    where = document[at]
    rank = (seen[at] << 32) + lengths[at] + lengths[at + 1]  # more often, then longer
    best = np.lexsort((at, -rank, where))
    first = best[np.concatenate(([True], where[best][1:] != where[best][:-1]))]
    top = np.full(int(where.max()) + 1, -1)
    top[where[first]] = pairs[at[first]]
    hits = at[pairs[at] == top[where]]
    mask[hits] = mask[hits + 1] = True
    return mask


def _duplicates(pairs: Ints, seen: Ints, ids: Ints, document: Ints) -> Bools:
    """Words inside a 5-gram that occurs more than once in their text."""
    mask = np.zeros(len(document), bool)
    if len(document) < 5:
        return mask
    twice = (seen > 1)[: len(document) - 4]
    at = np.flatnonzero(twice & (seen > 1)[2 : len(document) - 2] & (document[4:] == document[:-4]))
    if not len(at):
        return mask
    _, front = np.unique(pairs[at], return_inverse=True)
    _, back = np.unique(pairs[at + 2], return_inverse=True)
    quads = front * (int(back.max()) + 1) + back  # a 4-gram is its two 2-grams; dense, so exact
    _, quad = np.unique(quads, return_inverse=True)
    hits = at[_occurrences(quad * (int(ids.max()) + 1) + ids[at + 4]) > 1]
    for offset in range(5):
        mask[hits + offset] = True
    return mask


def _lines(texts: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    rows = np.array([_line_counts(text) for text in texts], float)
    names = ("punctuated", "short", "bullet", "ellipsis", "duplicate")
    shares = {f"{name}_line_share": _share(rows[:, at], rows[:, 0]) for at, name in enumerate(names, start=1)}
    return {"lines": rows[:, 0], **shares, "urls": rows[:, 6]}


def _line_counts(text: str) -> tuple[int, int, int, int, int, int, int]:
    """lines, punctuated, short, bullets, ellipses, duplicates, urls"""
    lines = [line for raw in text.split("\n") if (line := raw.strip())]
    lowered = text.lower() if "://" in text or "." in text else ""
    urls = len(_URL.findall(lowered)) if "://" in lowered or "www." in lowered else 0
    return (
        len(lines),
        sum(line.rstrip(_CLOSERS)[-1:] in _SENTENCE_MARKS for line in lines),
        sum(len(line) < SHORT_LINE for line in lines),
        sum(_BULLET.match(line) is not None for line in lines),
        sum(line.endswith(_ELLIPSES) for line in lines),
        len(lines) - len(set(lines)),
        urls,
    )
