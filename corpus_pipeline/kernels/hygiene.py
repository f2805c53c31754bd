"""Text hygiene: Unicode form, line ends, invisible characters, spaces, blank lines and typed-out laughter.

Bias: keep when unsure. Only what carries no meaning is removed; digits, letters and the syllable before a run
are never touched, and full-width characters stay as the author wrote them.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["clean", "fold_repeats"]

# Line ends of other systems, and the vertical tab and form feed that PDF converters leave between pages.
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Controls, lone surrogates (UTF-8 cannot carry them), soft hyphen, direction marks, joiners of no visible width, BOM.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_SPACE = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000\u3164\uffa0]")  # category Zs and the Hangul fillers
_EMOJI = "\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff"
_JOINED = "\u0600-\u0dff"  # Arabic to Sinhala: joiners are spelling there
_JOINER = re.compile(f"\u200d(?![{_EMOJI}{_JOINED}])|(?<![{_EMOJI}\ufe0f{_JOINED}])\u200d|(?<![{_JOINED}])\u200c")
_TRAILING = re.compile(r"[ \t]+(?=\n|\Z)")
_BLANK = re.compile(r"\n{4,}")
_LAUGHTER = re.compile(r"([ㄱ-ㅣ!?])\1{2,}|(?<=[^\s~^|])([~^])\2{2,}")


def clean(text: str) -> str:
    r"""The text in NFC with `\n` line ends, plain spaces, no invisible characters and folded repeats. Idempotent.

    Three or more blank lines become one; a ZWJ stays between emoji, and joiners stay in scripts that need them.

    >>> clean("안녕\u200b하세요ㅋㅋㅋㅋ \r\n\r\n\r\n\r\n반갑습니다\u3000!")
    '안녕하세요ㅋㅋ\n\n반갑습니다 !'
    """
    text = _LINE_END.sub("\n", text)
    text = _INVISIBLE.sub("", text)
    if not text.isascii():
        text = _SPACE.sub(" ", text)
        text = _JOINER.sub("", text)
        text = unicodedata.normalize("NFC", text)
    text = _TRAILING.sub("", text)
    text = _BLANK.sub("\n\n", text)
    return fold_repeats(text)


def fold_repeats(text: str) -> str:
    """Runs of one jamo or of `! ? ~ ^` cut to two; digits, syllables, `...`, `---` and `===` stay. Idempotent.

    A run of `~` or `^` that starts a line or follows a space stays too: a Markdown fence, a compiler's caret line.

    >>> fold_repeats("안녕하세요ㅋㅋㅋㅋ 정말요???? 1000000원... ㅠㅠㅠ")
    '안녕하세요ㅋㅋ 정말요?? 1000000원... ㅠㅠ'
    """
    return _LAUGHTER.sub(_two, text)


def _two(match: re.Match[str]) -> str:
    return match.group()[:2]
