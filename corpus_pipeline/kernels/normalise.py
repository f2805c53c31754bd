"""The form in which texts are compared: what two copies of one text still share after typesetting.

Width, letter case, punctuation, symbols, emoji and the amount of white space are dropped; every letter, mark and
number of any script stays, and a word border stays a word border. The form is for comparing and is never written.

Bias: keep when unsure. A text without a letter, mark or number has the empty form, which equals nothing
(`content_hash` is None). Two texts that differ in symbols alone ("5 %" and "-5 %", "C" and "C++") do have one form.

Cost: linear; about 25 MB/s of Korean on one core, and a few times the text in memory.
The classes are those of `unicodedata` (Unicode 14 in Python 3.11): every worker needs the same Python version.
"""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from unicodedata import category, normalize

import numpy as np
import numpy.typing as npt

__all__ = ["comparison_form", "content_hash"]

CodePoints = npt.NDArray[np.uint32]

_SPACE = 0x20
_SEPARATOR, _KEEP, _IGNORE = 0, 1, 2
_POINTS = 0x110000  # Unicode's range
# NFKC turns a lone ㅋ into a conjoining ᄏ, and ㅎㅏ into 하. Letters typed apart stay apart: while text is normalised,
# U+3131-318E lie in the private use area, which has no meaning here and is emptied before.
_JAMO, _SHIELD, _JAMO_COUNT = 0x3131, 0xE000, 94
# Half-width jamo lie in the order of the full ones, in five rows with gaps (Unicode chart UFF00).
_HALF, _HALF_END = 0xFFA1, 0xFFDC
_HALF_ROWS = ((0xFFA1, 0x3131, 30), (0xFFC2, 0x314F, 6), (0xFFCA, 0x3155, 6), (0xFFD2, 0x315B, 6), (0xFFDA, 0x3161, 3))
# Letters by category that nobody sees: Hangul and Khmer fillers. Marks that choose a glyph: CGJ, variation selectors.
_FILLERS = (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
_ARAEA = 0x318D  # a letter by category; in today's text the middle dot of lists (소재ㆍ부품)


def comparison_form(text: str) -> str:
    """Words of letters, marks and numbers, one space between; NFC, folded case and width. Idempotent.

    >>> comparison_form("안녕하세요!!  ＫＯＲＥＡ 2021(ㅋㅋ)… 소재ㆍ부품")
    '안녕하세요 korea 2021 ㅋㅋ 소재 부품'
    >>> comparison_form("\\u1112\\u1161\\u11ab국\\u200b어"), comparison_form(" ?! ")
    ('한국어', '')
    """
    codes = _code_points(text.lower()) if text.isascii() else _folded(_code_points(text))
    classes = _classes()[codes]
    seen = classes != _IGNORE
    codes, kept = codes[seen], classes[seen] == _KEEP
    border = ~kept
    border[1:] &= kept[:-1]  # the first separator after a word
    border[:1] = False
    words = np.where(kept, codes, np.uint32(_SPACE))[kept | border]
    return _text(words).strip(" ")


def content_hash(form: str) -> bytes | None:
    """16 bytes that are equal for equal comparison forms (BLAKE2b); None for the empty form.

    128 bits: among 1e11 documents a chance collision has odds of 1e-17 (birthday bound).

    >>> content_hash(comparison_form("가, 나")) == content_hash(comparison_form("가 나!")), content_hash("")
    (True, None)
    """
    return blake2b(form.encode("utf-8", "surrogatepass"), digest_size=16).digest() if form else None


def _folded(codes: CodePoints) -> CodePoints:
    """NFKC without ignored characters, case folded, in NFC; jamo as they were typed."""
    ignored = _classes()[codes] == _IGNORE  # before NFKC: they may stand between a letter and its mark
    codes = codes[~ignored] if ignored.any() else codes.copy()
    codes[_within(codes, _SHIELD, _JAMO_COUNT)] = _SPACE
    half = _within(codes, _HALF, _HALF_END - _HALF + 1)
    if half.any():
        codes[half] = _half_jamo()[codes[half] - _HALF]
    jamo = _within(codes, _JAMO, _JAMO_COUNT)
    codes[jamo] += np.uint32(_SHIELD - _JAMO)
    text = normalize("NFKC", _text(codes))
    folded = text.casefold()
    codes = _code_points(text if folded == text else normalize("NFC", folded))
    if jamo.any():
        shielded = _within(codes, _SHIELD, _JAMO_COUNT)
        codes = np.where(shielded, codes - np.uint32(_SHIELD - _JAMO), codes)
    return codes


def _within(codes: CodePoints, start: int, count: int) -> npt.NDArray[np.bool_]:
    return codes - np.uint32(start) < count  # below `start` the difference wraps around to a large number


def _code_points(text: str) -> CodePoints:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.dtype("<u4"))


def _text(codes: CodePoints) -> str:
    return codes.astype("<u4", copy=False).tobytes().decode("utf-32-le", "surrogatepass")


@cache
def _half_jamo() -> CodePoints:
    """From U+FFA1: the full-width code point; the gaps stay."""
    table = np.arange(_HALF, _HALF_END + 1, dtype=np.uint32)
    for half, full, count in _HALF_ROWS:
        table[half - _HALF : half - _HALF + count] = np.arange(full, full + count)
    return table


@cache
def _classes() -> npt.NDArray[np.uint8]:
    """Code point -> separator, keep or ignore. 1.1 MB, made once per process in 0.2 s."""
    by_category = {"L": _KEEP, "M": _KEEP, "N": _KEEP}
    table = np.fromiter((by_category.get(category(chr(i))[0], _SEPARATOR) for i in range(_POINTS)), np.uint8, _POINTS)
    # Format characters (ZWSP, soft hyphen, direction) split no word; an enclosing keycap is no letter.
    unseen = [i for i in range(_POINTS) if category(chr(i)) in ("Cf", "Me")]
    table[unseen] = _IGNORE
    table[list(_FILLERS)] = _IGNORE
    table[_ARAEA] = _SEPARATOR
    return table
