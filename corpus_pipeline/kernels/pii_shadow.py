"""A copy of the text in which one digit is one character, with the way back to the original offsets.

Folded: full-width, Arabic and mathematical digits and letters, every kind of dash and space; dropped: characters of
no width. Letters that look like digits, and Hangul digits, are folded only inside runs that are shaped like
numbers. Bias: fold when unsure, for the shadow is only matched on and never written out.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import pairwise
from typing import NamedTuple

from corpus_pipeline.resources import read_tsv

__all__ = ["HANGUL_DIGITS", "LETTER_DIGITS", "Shadow", "shadow_of"]

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2500\u30fc\u3161\ufe58\ufe63\uff0d"
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_DOTS = "\u2022\u2024\u2027\u2219\u22c5\u30fb\u318d\uff65"
_FOLD = {ord(c): "-" for c in _DASHES} | {ord(c): " " for c in _SPACES} | {ord(c): "·" for c in _DOTS}
_FOLD |= {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {0xFF0D: "-", 0x3007: "0"}
_FOLD |= {first + n: str(n % 10) for first, size in ((0x1D7CE, 50), (0x660, 10), (0x6F0, 10)) for n in range(size)}
# Soft hyphen, joiners, direction marks, Hangul fillers, variation selectors, the box of a keycap digit, tags.
_NO_WIDTH = (
    "\u00ad\u034f\u115f\u1160\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20e3\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\U000e0001-\U000e01ef"
)
_FOLDED = f"{_DASHES}{_SPACES}{_DOTS}\u0660-\u0669\u06f0-\u06f9\u3007\uff01-\uff5e\U0001d7ce-\U0001d7ff"
# The stars of **emphasis** and of a note (010-1234-5678*), for a star beside a digit is a masked one. No star of a mask
# is meant: it stands beside another, or beside a separator or a letter on its other side.
_STARS = re.compile(
    r"\*(?:(?<![0-9A-Za-z_*-]\*)(?P<more>\*{0,2})(?=[^\s*])[^*\n]{1,200}(?<!\s)\*(?P=more)(?![0-9A-Za-z_*-])"
    r"|(?<=[0-9]\*)(?![0-9A-Za-z_*.-])|(?<![0-9A-Za-z가-힣_*.-]\*)(?=[0-9]))"
)
_ODD = re.compile(f"[{_FOLDED}]")
_DROP = re.compile(f"[{_NO_WIDTH}]")
_UNUSUAL = re.compile(f"[{_FOLDED}{_NO_WIDTH}]")

HANGUL_DIGITS = "공영일이삼사오육칠팔구"
LETTER_DIGITS = "OoIlㅇㅣ"
_TO_DIGIT = str.maketrans(LETTER_DIGITS + HANGUL_DIGITS, "001101" + "00123456789")
_ANY = f"0-9{LETTER_DIGITS}{HANGUL_DIGITS}"
_BETWEEN = "-. ()_/~·:\t"
_PLATE = "".join(row[0] for row in read_tsv("ko/pii_plate_syllables.tsv"))
# What a kind made of digits can hide in: nine digits, a plate, four octets, a flat, a long IPv6 group.
# The look-ahead is there for speed: it settles most starts before the branches are tried.
_STRETCH = re.compile(
    rf"[{_ANY}](?=[{_BETWEEN}{_ANY}{_PLATE}동A-Fa-f])(?:(?:[{_BETWEEN}]{{0,4}}[{_ANY}]){{8,}}"
    rf"|[0-9]{{0,2}}(?:\.[0-9]{{1,3}}){{3}}|[0-9]{{0,2}} ?[{_PLATE}] ?-? ?[0-9]{{4}}"
    rf"|(?<=[1일lI])[5689오육팔구][{_ANY}]{{2}}[-. ]?[{_ANY}]{{4}}"
    r"|[0-9]{0,3}동 ?,? ?[0-9]{2,5}호|[0-9A-Fa-f]{3}:[0-9A-Fa-f]{0,4}:)"
)
_LETTER = re.compile(f"[{LETTER_DIGITS}]")
_VERB = re.compile(r"[고며다라야에었지]")
# 4567이 and 15일 end in a particle or a unit; a syllable on its own is a word, or the end of one (대구 95).
_PARTICLE = re.compile(rf"(?<=[0-9])[이일](?![{_ANY}])|(?<![{_ANY}])[{HANGUL_DIGITS}](?![{_ANY}])")


class Shadow(NamedTuple):
    """A text to match on, and the way back.

    text      digits folded, and letters read as digits where they stand for them
    plain     the same without that reading; same offsets
    stretches (start, end) of all that digits could make, in order; what they touch is the scans' business
    dropped   positions of the dropped characters, each counted in the text without those before it
    """

    text: str
    plain: str
    stretches: tuple[tuple[int, int], ...]
    dropped: tuple[int, ...]

    def origin(self, index: int) -> int:
        """The offset in the original text of shadow character `index`."""
        return index + bisect_right(self.dropped, index)


def shadow_of(text: str) -> Shadow:
    """The shadow of `text`.

    >>> shadow_of("공일공-1234-오육칠팔").text, shadow_of("０１０\u200b1").origin(3)
    ('010-1234-5678', 4)
    """
    dropped: tuple[int, ...] = ()
    plain = text
    unusual = _UNUSUAL.search(text) is not None
    if unusual or "*" in text:
        unseen = _unseen(text)
        if unseen:
            dropped = tuple(at - rank for rank, at in enumerate(unseen))
            plain = "".join(text[start + 1 : end] for start, end in pairwise((-1, *unseen, len(text))))
    if unusual:
        plain = _ODD.sub(_folded, plain)  # a third of the time of str.translate: such characters are rare
    stretches: list[tuple[int, int]] = []
    pieces: list[str] = []
    done = 0
    for match in _STRETCH.finditer(plain):
        start, end = match.span()
        stretches.append((start, end))
        read = _read_digits(plain, match)
        if read:
            pieces += (plain[done:start], read)
            done = end
    return Shadow("".join((*pieces, plain[done:])) if pieces else plain, plain, tuple(stretches), dropped)


def _unseen(text: str) -> list[int]:
    """Positions of the characters of no width, and of the stars that are none of a mask."""
    found = [match.start() for match in _DROP.finditer(text)]
    if "*" in text:
        for match in _STARS.finditer(text):
            size = 1 + len(match["more"] or "")
            found += range(match.start(), match.start() + size)
            if match["more"] is not None:
                found += range(match.end() - size, match.end())
        found.sort()
    return found


def _folded(match: re.Match[str]) -> str:
    return _FOLD[ord(match.group())]


def _read_digits(plain: str, match: re.Match[str]) -> str | None:
    """A stretch with letters and Hangul read as digits, every offset the same; None where there are none to read.

    Letters stand for digits when at most two in three are and no further letter touches the run.
    """
    run = match.group()
    letters = len(_LETTER.findall(run))
    if not letters and run.isascii():
        return None
    if letters:
        beside = plain[max(0, match.start() - 1) : match.start()] + plain[match.end() : match.end() + 1]
        if letters * 3 > 2 * sum(c not in _BETWEEN for c in run) or any(c.isascii() and c.isalnum() for c in beside):
            return None
    read = _PARTICLE.sub("\0", run)
    if run.endswith("이") and _VERB.match(plain, match.end()):  # 오육칠이고, 오육칠이며
        read = read[:-1] + "\0"
    read = read.translate(_TO_DIGIT)
    return "".join(old if new == "\0" else new for old, new in zip(run, read, strict=True))
