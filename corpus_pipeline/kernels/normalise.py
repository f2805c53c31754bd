"""The form in which texts are compared: what two copies of one text still share after typesetting.

Width, letter case, punctuation, symbols, emoji and the amount of white space are dropped; every letter, mark and
number of any script stays, and a word border stays a word border. The form is for comparing and is never written.

Bias: keep when unsure. A text without a letter, mark or number has the empty form, which equals nothing
(`content_hash` is None). Two texts that differ in symbols alone ("5 %" and "-5 %", "C" and "C++") do have one form.

Cost: linear; about 25 MB/s of Korean on one core, and a few times the text in memory.
The classes are those of `unicodedata` (Unicode 14 in Python 3.11): every worker needs the same Python version.
"""

from __future__ import annotations

import re
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
# NFKC turns a lone ㅋ into a conjoining ᄏ, and ㅎㅏ into 하: letters typed apart (U+3131-318E) stay apart.
_JAMO = re.compile("[\u3131-\u318e]")
_NOT_JAMO = re.compile("[^\u3131-\u318e]+")
# Half-width jamo lie in the order of the full ones, in four rows with gaps (Unicode chart UFF00).
_HALF_ROWS = ((0xFFA1, 0x3131, 30), (0xFFC2, 0x314F, 6), (0xFFCA, 0x3155, 6), (0xFFD2, 0x315B, 6), (0xFFDA, 0x3161, 3))
_HALF_JAMO = {half + i: full + i for half, full, count in _HALF_ROWS for i in range(count)}
# Letters by category that nobody sees: Hangul and Khmer fillers. Marks that choose a glyph: CGJ, variation selectors.
_FILLERS = (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
_ARAEA = "\u318d"  # a letter by category; in today's text the middle dot of lists (소재ㆍ부품)


def comparison_form(text: str) -> str:
    """Words of letters, marks and numbers, one space between; NFC, folded case and width. Idempotent.

    >>> comparison_form("안녕하세요!!  ＫＯＲＥＡ 2021(ㅋㅋ)… 소재ㆍ부품")
    '안녕하세요 korea 2021 ㅋㅋ 소재 부품'
    >>> comparison_form("\\u1112\\u1161\\u11ab국\\u200b어"), comparison_form(" ?! ")
    ('한국어', '')
    """
    codes = _code_points(text)
    classes = _classes()[codes]
    if (classes == _IGNORE).any():
        codes = codes[classes != _IGNORE]
        text = _text(codes)
    folded = _fold(text, codes)
    if folded is not text:
        codes = _code_points(folded)
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


def _fold(text: str, codes: CodePoints) -> str:
    if text.isascii():
        return text.lower()
    if ((codes >= 0xFFA1) & (codes <= 0xFFDC)).any():
        text = text.translate(_HALF_JAMO)  # 100 ns a character: for the rare text that has them
    text = text.replace(_ARAEA, " ")
    text = _NOT_JAMO.sub(_nfkc, text) if _JAMO.search(text) else normalize("NFKC", text)
    folded = text.casefold()
    return folded if folded == text else normalize("NFC", folded)


def _nfkc(match: re.Match[str]) -> str:
    return normalize("NFKC", match[0])


def _code_points(text: str) -> CodePoints:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.dtype("<u4"))


def _text(codes: CodePoints) -> str:
    return codes.astype("<u4", copy=False).tobytes().decode("utf-32-le", "surrogatepass")


@cache
def _classes() -> npt.NDArray[np.uint8]:
    """Code point -> separator, keep or ignore. 1.1 MB, made once per process in 0.2 s."""
    by_category = {"L": _KEEP, "M": _KEEP, "N": _KEEP}
    table = np.fromiter((by_category.get(category(chr(i))[0], _SEPARATOR) for i in range(_POINTS)), np.uint8, _POINTS)
    # Format characters (ZWSP, soft hyphen, direction) split no word; an enclosing keycap is no letter.
    unseen = [i for i in range(_POINTS) if category(chr(i)) in ("Cf", "Me")]
    table[unseen] = _IGNORE
    table[list(_FILLERS)] = _IGNORE
    table[ord(_ARAEA)] = _SEPARATOR
    return table
