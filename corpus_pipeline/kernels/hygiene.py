"""Text hygiene: Unicode form, line ends, invisible characters, spaces, widths, blank lines and typed-out laughter.

Bias: keep when unsure. Only what carries no meaning goes; no digit is ever lost, nor the syllable before a run.

Full-width letters and digits become plain ones: they are the same letters, typed on a legacy keyboard or to get past a
filter, and a word should have one spelling. Full-width punctuation stays: it is correct in Japanese and Chinese.

Cost: one scan for suspects and one for runs, about 9 ms a MB; text without any is returned as it is. Always linear.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["clean", "fold_repeats"]

# Line ends of other systems, and the vertical tab and form feed that PDF converters leave between pages.
_ENDS = "\r\x0b\x0c\x85\u2028\u2029"
# Controls, lone surrogates (UTF-8 cannot carry them), soft hyphen, direction marks, joiners of no visible width, BOM.
_UNSEEN = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff"
)
_BLANKS = "\xa0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000\u3164\uffa0"  # Zs, Braille's blank and the Hangul fillers
_WIDE = "０-９Ａ-Ｚａ-ｚ"
_TAGS = "\U000e0000-\U000e007f"  # unseen letters: part of a regional flag, else a way to hide text
_JOINERS = "\u200c\u200d"
# Kept as ranges: a set of single characters scans at 90 ms a MB, this at 3.
_SUSPECT = re.compile(f"[{_ENDS}{_UNSEEN}{_BLANKS}{_WIDE}{_TAGS}{_JOINERS}]")


def _each(ranges: str) -> list[int]:
    """Code points of a regex set.

    >>> _each("a-c5")
    [97, 98, 99, 53]
    """
    pairs = re.findall("(.)(?:-(.))?", ranges, re.DOTALL)
    return [code for first, last in pairs for code in range(ord(first), ord(last or first) + 1)]


_TABLE: dict[int, str] = (
    dict.fromkeys(_each(_ENDS), "\n")
    | dict.fromkeys(_each(_UNSEEN), "")
    | dict.fromkeys(_each(_BLANKS), " ")
    | {code: chr(code - 0xFEE0) for code in _each(_WIDE)}  # Unicode chart UFF00: ASCII + 0xFEE0
)
_FEW = 32  # above this many different suspects one pass over the text costs less than a pass for each

_FLAG_OR_TAGS = re.compile("(\U0001f3f4[\U000e0030-\U000e007a]+\U000e007f)|[" + _TAGS + "]+")
_EMOJI = "\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff"
_JOINED = "\u0600-\u0dff"  # Arabic to Sinhala: joiners are spelling there
_JOINER = re.compile(f"\u200d(?![{_EMOJI}{_JOINED}])|(?<![{_EMOJI}\ufe0f{_JOINED}])\u200d|(?<![{_JOINED}])\u200c")
_BLANK_LINES = re.compile(r"\n{4,}")
_LAUGHTER = re.compile(r"([ㄱ-ㅣ!?])\1\1+")
_WAVES = re.compile(r"([~^])\1\1+")
_NO_WAVE_AFTER = re.compile(r"[\s~^|]")


def clean(text: str) -> str:
    r"""The text in NFC with `\n` line ends, plain spaces, no invisible characters and folded repeats. Idempotent.

    Three or more blank lines become one; a ZWJ stays between emoji, and joiners stay in scripts that need them.

    >>> clean("안녕\u200b하세요ㅋㅋㅋㅋ \r\n\r\n\r\n\r\n반갑습니다\u3000! ＫＴＸ １０시")
    '안녕하세요ㅋㅋ\n\n반갑습니다 ! KTX 10시'
    """
    if _SUSPECT.search(text):
        text = _without({match.group() for match in _SUSPECT.finditer(text)}, text)
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    if " \n" in text or "\t\n" in text or text.endswith((" ", "\t")):
        text = "\n".join([line.rstrip(" \t") for line in text.split("\n")])
    if "\n\n\n\n" in text:
        text = _BLANK_LINES.sub("\n\n", text)
    return fold_repeats(text)


def _without(suspects: set[str], text: str) -> str:
    text = text.replace("\r\n", "\n")
    if len(suspects) > _FEW:
        text = text.translate(_TABLE)
    else:
        for character in suspects:
            text = text.replace(character, _TABLE.get(ord(character), character))
    if max(suspects) >= _TAGS[0]:
        text = _FLAG_OR_TAGS.sub(r"\1", text)
    return text if suspects.isdisjoint(_JOINERS) else _JOINER.sub("", text)


def fold_repeats(text: str) -> str:
    """Runs of one jamo or of `! ? ~ ^` cut to two; digits, syllables, `...`, `---` and `===` stay. Idempotent.

    A run of `~` or `^` that starts a line or follows a space stays too: a Markdown fence, a compiler's caret line.

    >>> fold_repeats("안녕하세요ㅋㅋㅋㅋ 정말요???? 1000000원... ㅠㅠㅠ")
    '안녕하세요ㅋㅋ 정말요?? 1000000원... ㅠㅠ'
    """
    text = _LAUGHTER.sub(_two, text)
    return _WAVES.sub(_two_after_a_word, text) if "~~~" in text or "^^^" in text else text


def _two(run: re.Match[str]) -> str:
    return run.group()[:2]


def _two_after_a_word(run: re.Match[str]) -> str:
    before = run.string[run.start() - 1 : run.start()]
    return run.group() if not before or _NO_WAVE_AFTER.match(before) else run.group()[:2]
