"""Text that was decoded with the wrong charset and saved again: valid Unicode that nobody can read.

Three forms are known by what they leave behind:

UTF-8 read as windows-1252      ì•ˆë…•      its characters, taken as bytes again, are UTF-8
EUC-KR read as windows-1252     ¾È³ç       its characters, taken as bytes again, are common Korean syllables
UTF-8 read as EUC-KR (CP949)    ?덈뀞       syllables that no Korean word has: those that KS X 1001 leaves out

Text repaired by guessing would be text that nobody wrote, so it is refused. Bias: a few such characters in a page about
charsets are no reason; a third of what is beyond ASCII is.
"""

from __future__ import annotations

import re
from functools import cache

SHARE = 0.3  # of the characters beyond ASCII
LEAST = 6  # characters: two Hangul syllables in UTF-8
_BYTES = {  # the characters that windows-1252 has at 0x80-0x9F, and Latin-1's own
    **{chr(code): code for code in range(0x80, 0x100)},
    **{
        bytes([code]).decode("cp1252"): code for code in range(0x80, 0xA0) if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
    },
}
_RUN = re.compile("[" + re.escape("".join(_BYTES)) + "]{2,}")
_COMMON = re.compile("[가이다는을를에의고하은지도로기서한사어나자리시있그들대아라것인]")


def is_mojibake(text: str) -> bool:
    """Whether the better part of `text` beyond ASCII was decoded with a wrong charset before.

    >>> is_mojibake("안녕하세요, 반갑습니다"), is_mojibake("안녕하세요".encode().decode("cp1252", "ignore"))
    (False, True)
    """
    if text.isascii():
        return False
    beyond = (len(text.encode("utf-8", "surrogatepass")) - len(text)) / 2  # Hangul is three bytes; Latin-1 counts half
    runs = [run for run in _RUN.findall(text) if len(run) >= 2]
    latin = sum(map(len, runs))
    if latin >= LEAST and latin >= SHARE * beyond and _restorable(runs, latin):
        return True
    rare = len(_rare().findall(text))
    return rare >= LEAST and rare >= SHARE * beyond


def _restorable(runs: list[str], characters: int) -> bool:
    """Whether most of the runs, taken as bytes, are UTF-8 or common Korean syllables of EUC-KR."""
    utf8 = korean = 0
    for run in runs:
        data = bytes(_BYTES[character] for character in run)
        utf8 += len(data) - _bad_bytes(data)
        text = data.decode("cp949", "ignore")
        korean += 2 * len(_COMMON.findall(text))
    return utf8 >= 0.7 * characters or korean >= 0.2 * characters


def _bad_bytes(data: bytes) -> int:
    """Bytes of `data` that are not part of a UTF-8 sequence."""
    return len(data) - len(data.decode("utf-8", "ignore").encode())


@cache
def _rare() -> re.Pattern[str]:
    """The 8,822 of 11,172 Hangul syllables that KS X 1001 leaves out."""
    kept: set[str] = set()
    for lead in range(0xB0, 0xC9):
        kept.update(bytes(pair).decode("euc_kr") for pair in ((lead, trail) for trail in range(0xA1, 0xFF)))
    return re.compile("[" + "".join(c for c in map(chr, range(0xAC00, 0xD7A4)) if c not in kept) + "]")
