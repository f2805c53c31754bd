"""Find and soften strong Korean profanity, also where digits, dots or loose jamo split it (시1발, 병.신, ㅆㅣ발).

Bias: keep when unsure. The lexicon holds only stems with one reading, or with their clean readings listed:
a long keyword list marks 병신년 (a year's name), 시발점 (a starting point) and one clean news page in twenty-five.
The count is a signal for quality, not a verdict.

Cost: one scan, 12 to 17 ms a MB of clean text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from corpus_pipeline.kernels.jamo import is_syllable, keys
from corpus_pipeline.kernels.unicode import code_points
from corpus_pipeline.resources import read_tsv

__all__ = ["Style", "find", "profane", "soften"]

Style = Literal["stars", "mild"]
_STYLES = get_args(Style)
_NOISE = "[0-9.\\-_~^!@#,]{0,2}"  # no star: a starred word is softened already, and stays so
_JAMO_NOISE = "[0-9.\\-_~^!@#, ]{0,2}"
_ROWS = read_tsv("ko/profanity.tsv")
_STEMS = [row for row in sorted(_ROWS, key=lambda row: (-len(row[0]), row)) if row[1] != "prefix"]
_ALLOWED = [[(word, word.index(stem)) for word in allow.split()] for stem, _, allow, _ in _STEMS]
_PREFIXES = tuple(row[0] for row in _ROWS if row[1] == "prefix")


def _drawn_out(letter: str) -> str:
    """What may follow an open syllable: the same vowel once more or twice (씨 -> 이)."""
    place = ord(letter) - ord("가")
    if not is_syllable(letter) or place % 28:
        return ""
    return chr(ord("가") + 11 * 588 + place // 28 % 21 * 28) + "{0,2}"  # 11: the initial ㅇ


def _split_spelling(stem: str) -> tuple[str, str]:
    """Patterns of what follows the first letter: what may split the two, and the other letters.

    >>> _split_spelling("씨발")[1]
    '(?:발|ㅂㅏㄹ)'
    """
    noise = _NOISE if any(map(is_syllable, stem)) else _JAMO_NOISE
    letters = [letter if len(keys(letter)) == 1 else f"(?:{letter}|{keys(letter)})" for letter in stem]
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
        for first in dict.fromkeys((row[0][0], keys(row[0][0]))):
            starts.setdefault((first, glue), []).append((rest, i))
    branches = [
        first + glue + "(?:" + "|".join(f"{rest}()" for rest, _ in ends) + ")" for (first, glue), ends in starts.items()
    ]
    return "|".join(branches), [i for ends in starts.values() for _, i in ends]


_PATTERN, _STEM_OF = _lexicon()
_ANY = re.compile(_PATTERN)
_LETTER = "[가-힣ㄱ-ㅣ]"
_SLOTS_LOG2 = 18  # own choice: 250 pairs, so one in a thousand others is taken for one of them
_MULTIPLY, _MIX = np.uint32(0x9E3779B1), np.uint32(0x85EBCA6B)  # odd; no other property is needed
_SPACED = re.compile(f"(?<![^ \n]){_LETTER}(?: {_LETTER})+(?![^ \n])")  # 씨 이 발


def find(text: str) -> list[tuple[int, int]]:
    """Spans (start, end) of profane words in `text`, in order and apart. Never raises on odd text.

    >>> find("아 시1발 뭐야"), find("병신년 새해의 시발점")
    ([(2, 5)], [])
    """
    return [(start, end) for start, end, _ in _found(text)]


def profane(lines: Sequence[str]) -> NDArray[np.bool_]:
    """Lines, without newlines in them, that hold a profane word, also in letters written apart (씨 이 발).

    Only those are looked at that have, noise left out, two letters in a row that a stem begins with: one in seventeen
    lines of clean text. 10 ms a MB in all.

    >>> profane(["씨 이 발 뭐야", "시1발", "그 두 사람", "좋은 아침"]).tolist()
    [True, True, False, False]
    """
    points = code_points("\n".join(lines))
    kept = np.flatnonzero(~_is_noise()[points])
    alone, pairs = _begins()
    at = np.concatenate((np.flatnonzero(alone[points]), kept[:-1][pairs[_slots(points[kept])]]))
    found = np.zeros(len(lines), bool)
    found[np.searchsorted(np.flatnonzero(points == ord("\n")), at)] = True
    at = np.flatnonzero(found)
    found[at] = [bool(find(lines[i]) or _has_spaced(lines[i])) for i in at.tolist()]
    return found


@cache
def _is_noise() -> NDArray[np.bool_]:
    """By code point: what may stand between two letters of a stem."""
    table = np.zeros(0x110000, bool)
    table[[point for point in range(128) if re.fullmatch(_JAMO_NOISE, chr(point))]] = True
    return table


@cache
def _begins() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """By code point: stems of one letter. By slot of two letters: whether a spelling of a stem begins with them."""
    alone, pairs = np.zeros(0x110000, bool), np.zeros(1 << _SLOTS_LOG2, bool)
    for stem, *_ in _STEMS:
        if len(stem) == 1:
            alone[ord(stem)] = True
        typed = keys(stem[0])
        begins = {typed[:2]} if len(typed) > 1 else set()
        begins |= {stem[0] + second for second in (*stem[1:2], *keys(stem[1:2])[:1], *_drawn_out(stem[0])[:1])}
        for begin in begins:
            pairs[_slots(code_points(begin))] = True
    return alone, pairs


def _slots(points: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Of every two letters in a row: a hash of _SLOTS_LOG2 bits."""
    return ((points[:-1] * _MULTIPLY + points[1:]) * _MIX) >> np.uint32(32 - _SLOTS_LOG2)


def _has_spaced(line: str) -> bool:
    return any(find(run.group().replace(" ", "")) for run in _SPACED.finditer(line))


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
    if guard == "free" or not _inside(text, start, border, is_syllable):
        return True
    prefixed = (start - len(prefix) for prefix in _PREFIXES if text.endswith(prefix, border, start))
    return any(not _inside(text, at, border, is_syllable) for at in prefixed)  # 개시발, not 재개시발


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
