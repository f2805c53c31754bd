"""Find and soften strong Korean profanity, including spellings split by digits and punctuation (시1발, 병.신).

Bias: keep when unsure. The lexicon holds only stems with one reading, or with their clean readings listed:
a long keyword list marks 병신년 (a year's name), 시발점 (a starting point) and one clean news page in twenty-five.
The count is a signal for quality, not a verdict.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from corpus_pipeline.resources import read_tsv

__all__ = ["find", "soften"]

_NOISE = r"[0-9.\-_~^!@#,]{0,2}"  # no star: a starred word is softened already, and stays so
_JAMO_NOISE = r"[0-9.\-_~^!@#, ]{0,2}"
_JAMO = re.compile("[ㄱ-ㅣ]+")
_ROWS = read_tsv("ko/profanity.tsv")
_STEMS = {row[0]: row for row in _ROWS if row[1] != "prefix"}
_ALLOWED = {stem: [(word, word.index(stem)) for word in row[2].split()] for stem, row in _STEMS.items() if len(row) > 2}
_PREFIXES = tuple(row[0] for row in _ROWS if row[1] == "prefix")


def _spelling(stem: str) -> str:
    return (_JAMO_NOISE if _JAMO.fullmatch(stem) else _NOISE).join(map(re.escape, stem))


# Every branch starts with a literal, so that the scan skips to a first letter; guards are checked per match.
_ANY = re.compile("|".join(_spelling(stem) for stem in sorted(_STEMS, key=lambda s: (-len(s), s))))
_LETTER = re.compile("[가-힣ㄱ-ㅣ]")


def find(text: str) -> list[tuple[int, int]]:
    """Spans (start, end) of profane words in `text`, in order and apart. Never raises on odd text.

    >>> find("아 시1발 뭐야"), find("병신년 새해의 시발점")
    ([(2, 5)], [])
    """
    spans: list[tuple[int, int]] = []
    for match in _ANY.finditer(text):
        if _is_profane(text, match, spans[-1][1] if spans else 0):
            spans.append(match.span())
    return spans


def _is_profane(text: str, match: re.Match[str], border: int) -> bool:
    """Whether a stem stands as a word of its own; `border` is where the last profane word ended, a word's start too."""
    start = match.start()
    stem = "".join(_LETTER.findall(match.group()))
    plain = len(stem) == len(match.group())
    if not plain and (_inside(text, start, border, str.isalnum) or text[match.end() : match.end() + 1].isdigit()):
        return False  # "7시.발대식": split spellings must start a word
    if any(text.startswith(word, start - offset) for word, offset in _ALLOWED[stem] if start >= offset):
        return False
    if _STEMS[stem][1] == "free" or not _inside(text, start, border, _is_syllable):
        return True
    prefixed = (start - len(prefix) for prefix in _PREFIXES if text.endswith(prefix, border, start))
    return any(not _inside(text, at, border, _is_syllable) for at in prefixed)  # 개시발, not 재개시발


def _inside(text: str, at: int, border: int, is_letter: Callable[[str], bool]) -> bool:
    """True when the character before `at` makes `at` the inside of a word."""
    return at > border and is_letter(text[at - 1])


def _is_syllable(character: str) -> bool:
    return "가" <= character <= "힣"


def soften(text: str) -> tuple[str, int]:
    """The text with the inner characters of profane words starred and the count of words.

    A two-letter word loses its last letter too, a single letter goes whole.

    Length stays, and softening twice changes nothing.

    >>> soften("이 개새끼가 씨발")
    ('이 개*끼가 씨*', 2)
    """
    spans = find(text)
    if not spans:
        return text, 0
    pieces: list[str] = []
    done = 0
    for start, end in spans:
        letters = len(_LETTER.findall(text, start, end))
        first, last = start + (letters > 1), end - (letters > 2)
        pieces += (text[done:first], "*" * (last - first), text[last:end])
        done = end
    pieces.append(text[done:])
    return "".join(pieces), len(spans)
