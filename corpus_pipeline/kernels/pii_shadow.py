"""A copy of the text in which one digit is one character, with the way back to the original offsets.

Folded: full-width and mathematical digits and letters, every kind of dash and space; dropped: zero-width
characters. Letters that look like digits, and Hangul digits, are folded only inside runs that are shaped like
numbers. Bias: fold when unsure, for the shadow is only matched on and never written out.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

__all__ = ["Shadow", "shadow_of"]

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2500\u30fc\u3161\ufe58\ufe63\uff0d\u00ad"
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_FOLD = {ord(c): "-" for c in _DASHES if c != "\u00ad"} | {ord(c): " " for c in _SPACES}
_FOLD |= {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {0xFF0D: "-"}
_FOLD |= {0x1D7CE + n: str(n % 10) for n in range(50)}
_ZERO_WIDTH = "\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe0e\ufe0f\ufeff"
_ODD = re.compile(f"[{_DASHES}{_SPACES}\uff01-\uff5e\U0001d7ce-\U0001d7ff]")
_DROP = re.compile(f"[{_ZERO_WIDTH}]")

_HANGUL = "공영일이삼사오육칠팔구"
_DIGIT_LIKE = "0-9OoIl"
_TO_DIGIT = str.maketrans("OoIl" + _HANGUL, "0011" + "00123456789")
_MIXED = re.compile(rf"[{_DIGIT_LIKE}](?:[-. ]?[{_DIGIT_LIKE}]){{8,}}")
# Groups of one script each: in 010-1234-567팔 or 011-123-4567이 the last syllable is a particle or noise.
_SPOKEN = re.compile(
    rf"(?<![0-9])[0Oo공영](?:[2이]|[1lI일3삼4사5오6육7칠8팔][{_DIGIT_LIKE}{_HANGUL}]{{1,2}})(?:[-. )_/~]{{1,3}})?"
    rf"(?:[{_DIGIT_LIKE}]{{3,4}}|[{_HANGUL}]{{3,4}})(?:[-. )_/~]{{1,3}})?(?:[{_DIGIT_LIKE}]{{4}}|[{_HANGUL}]{{4}})"
)


class Shadow(NamedTuple):
    """`text` to match on, `plain` before letters were read as digits (same offsets), and the dropped positions."""

    text: str
    plain: str
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
    if _DROP.search(text):
        dropped = tuple(match.start() - rank for rank, match in enumerate(_DROP.finditer(text)))
        plain = _DROP.sub("", text)
    plain = _ODD.sub(_folded, plain)  # a third of the time of str.translate, for such characters are rare
    return Shadow(_read_digits(plain), plain, dropped)


def _folded(match: re.Match[str]) -> str:
    return _FOLD[ord(match.group())]


def _read_digits(plain: str) -> str:
    """Letters and Hangul read as digits where the run is shaped like a number; every offset stays."""
    pieces: list[tuple[int, str]] = []
    for match in _MIXED.finditer(plain):
        run = match.group()
        if run.isascii() and any(letter in run for letter in "OoIl") and _is_number(plain, match):
            pieces.append((match.start(), run.translate(_TO_DIGIT)))
    for match in _SPOKEN.finditer(plain):
        run = match.group()
        if not run.isascii() or any(letter in run for letter in "OoIl"):
            pieces.append((match.start(), run.translate(_TO_DIGIT)))
    if not pieces:
        return plain
    out = list(plain)
    for start, run in pieces:
        out[start : start + len(run)] = run
    return "".join(out)


def _is_number(plain: str, match: re.Match[str]) -> bool:
    """A run of digits and look-alikes that no letter touches, and that is mostly digits (6 of 9)."""
    beside = plain[max(0, match.start() - 1) : match.start()] + plain[match.end() : match.end() + 1]
    if any(c.isascii() and c.isalnum() for c in beside):
        return False
    digits = sum(c in "0123456789" for c in match.group())
    return digits * 3 >= 2 * sum(c not in "-. " for c in match.group())
