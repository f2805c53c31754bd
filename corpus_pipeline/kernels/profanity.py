"""Find and soften strong Korean profanity, also where digits, dots or loose jamo split it (시1발, 병.신, ㅆㅣ발).

Bias: keep when unsure. The lexicon holds only stems with one reading, or with their clean readings listed:
a long keyword list marks 병신년 (a year's name), 시발점 (a starting point) and one clean news page in twenty-five.
The count is a signal for quality, not a verdict.

Cost: one scan, 12 to 17 ms a MB of clean text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Literal, get_args

from corpus_pipeline.resources import read_tsv

__all__ = ["Style", "find", "soften"]

Style = Literal["stars", "mild"]
_STYLES = get_args(Style)
_NOISE = "[0-9.\\-_~^!@#,]{0,2}"  # no star: a starred word is softened already, and stays so
_JAMO_NOISE = "[0-9.\\-_~^!@#, ]{0,2}"
_ROWS = read_tsv("ko/profanity.tsv")
_STEMS = [row for row in sorted(_ROWS, key=lambda row: (-len(row[0]), row)) if row[1] != "prefix"]
_ALLOWED = [[(word, word.index(stem)) for word in allow.split()] for stem, _, allow, _ in _STEMS]
_PREFIXES = tuple(row[0] for row in _ROWS if row[1] == "prefix")
_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"  # in Unicode's order of syllables (section 3.12)
_FINALS = ["", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"]


def _keys(letter: str) -> str:
    """A syllable as it is typed, key by key; a jamo stays.

    >>> _keys("발"), _keys("ㅅ")
    ('ㅂㅏㄹ', 'ㅅ')
    """
    if not _is_syllable(letter):
        return letter
    place = ord(letter) - ord("가")
    vowel = chr(ord("ㅏ") + place // 28 % 21)
    return f"{_INITIALS[place // 588]}{vowel}{_FINALS[place % 28]}"


def _is_syllable(character: str) -> bool:
    return "가" <= character <= "힣"


def _drawn_out(letter: str) -> str:
    """What may follow an open syllable: the same vowel once more or twice (씨 -> 이)."""
    place = ord(letter) - ord("가")
    if not _is_syllable(letter) or place % 28:
        return ""
    return chr(ord("가") + 11 * 588 + place // 28 % 21 * 28) + "{0,2}"  # 11: the initial ㅇ


def _split_spelling(stem: str) -> tuple[str, str]:
    """Patterns of what follows the first letter: what may split the two, and the other letters.

    >>> _split_spelling("씨발")[1]
    '(?:발|ㅂㅏㄹ)'
    """
    noise = _NOISE if any(map(_is_syllable, stem)) else _JAMO_NOISE
    letters = [letter if len(_keys(letter)) == 1 else f"(?:{letter}|{_keys(letter)})" for letter in stem]
    glue = [_drawn_out(letter) + noise for letter in stem[:-1]]
    rest = "".join(part for pair in zip(glue[1:], letters[2:], strict=True) for part in pair)
    return "".join(glue[:1]), "".join(letters[1:2]) + rest


def _lexicon() -> tuple[str, list[int]]:
    """The pattern of all stems, and the stem of each of its groups.

    A stem's branch ends in an empty group, so that `lastindex` says which stem it was. Branches that start alike share
    their start: a scan tries some 90 starts instead of 300 stems, and each is a literal.
    """
    starts: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for i, row in enumerate(_STEMS):
        glue, rest = _split_spelling(row[0])
        for first in dict.fromkeys((row[0][0], _keys(row[0][0]))):
            starts.setdefault((first, glue), []).append((rest, i))
    branches = [
        first + glue + "(?:" + "|".join(f"{rest}()" for rest, _ in ends) + ")" for (first, glue), ends in starts.items()
    ]
    return "|".join(branches), [i for ends in starts.values() for _, i in ends]


_PATTERN, _STEM_OF = _lexicon()
_ANY = re.compile(_PATTERN)


def find(text: str) -> list[tuple[int, int]]:
    """Spans (start, end) of profane words in `text`, in order and apart. Never raises on odd text.

    >>> find("아 시1발 뭐야"), find("병신년 새해의 시발점")
    ([(2, 5)], [])
    """
    return [(start, end) for start, end, _ in _found(text)]


def _found(text: str) -> list[tuple[int, int, int]]:
    """(start, end, index of the stem)."""
    spans: list[tuple[int, int, int]] = []
    for match in _ANY.finditer(text):
        stem = _STEM_OF[(match.lastindex or 1) - 1]
        if _is_profane(text, match, stem, spans[-1][1] if spans else 0):
            spans.append((*match.span(), stem))
    return spans


def _is_profane(text: str, match: re.Match[str], which: int, border: int) -> bool:
    """Whether a stem stands as a word of its own; `border` is where the last profane word ended, a word's start too."""
    start = match.start()
    stem, guard = _STEMS[which][:2]
    if match.group() != stem and (
        _inside(text, start, border, str.isalnum) or text[match.end() : match.end() + 1].isdigit()
    ):
        return False  # "7시.발대식": split spellings must start a word
    if any(text.startswith(word, start - offset) for word, offset in _ALLOWED[which] if start >= offset):
        return False
    if guard == "free" or not _inside(text, start, border, _is_syllable):
        return True
    prefixed = (start - len(prefix) for prefix in _PREFIXES if text.endswith(prefix, border, start))
    return any(not _inside(text, at, border, _is_syllable) for at in prefixed)  # 개시발, not 재개시발


def _inside(text: str, at: int, border: int, is_letter: Callable[[str], bool]) -> bool:
    """True when the character before `at` makes `at` the inside of a word."""
    return at > border and is_letter(text[at - 1])


def soften(text: str, style: Style = "stars") -> tuple[str, int]:
    """The text with its profane words starred or replaced, and their count. Softening twice changes nothing.

    stars  the inner characters become stars, of a two-letter word the last too, a single letter goes whole;
           length stays
    mild   the word becomes the lexicon's mild form, which takes the same particles

    >>> soften("이 개새끼가 씨발")
    ('이 개*끼가 씨*', 2)
    >>> soften("이 개새끼가 씨발", "mild")
    ('이 망나니가 젠장', 2)
    """
    if style not in _STYLES:
        raise ValueError(f"style must be one of {', '.join(_STYLES)}, not {style!r}")
    found = _found(text)
    if not found:
        return text, 0
    pieces: list[str] = []
    done = 0
    for start, end, stem in found:
        pieces += (text[done:start], _STEMS[stem][3] if style == "mild" else _starred(text[start:end]))
        done = end
    pieces.append(text[done:])
    return "".join(pieces), len(found)


def _starred(word: str) -> str:
    letters = sum(unicodedata.category(character) == "Lo" for character in word)
    first, last = int(letters > 1), len(word) - int(letters > 2)
    return word[:first] + "*" * (last - first) + word[last:]
