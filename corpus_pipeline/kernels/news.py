"""What a publisher puts around an article: title once more, dateline, byline, department, copyright, links to others.

The patterns are data (resources/ko/news_tails.tsv); this file says where they may stand. Only the ends of a text are
looked at, from outside in, until a line is none of these; so the body is never cut in the middle. The title alone is
looked for everywhere (kernels/repeats.py).

Bias: keep when unsure. A text of nothing else stays whole, and a list of links goes only if no sentence follows.

Cost: a few lines per text, whatever its length; the title one search through it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from typing import NamedTuple

from corpus_pipeline.kernels.repeats import without_title
from corpus_pipeline.resources import read_tsv

__all__ = ["RULES", "Article", "strip"]

_ROUNDS = 8  # what goes can uncover more: a title under a dateline
LINE = 200  # characters; a longer line is a paragraph of the text
_SENTENCE_END = re.compile(r"[다요죠까][.!?][\"”’')\]]*$")
_ROWS = read_tsv("ko/news_tails.tsv")
_NAMED = {name: pattern for name, place, pattern, *_ in _ROWS if place == "define"}
RULES = ("title", *sorted({row[0] for row in _ROWS if row[1] != "define"}))


class Article(NamedTuple):
    """removed_bytes: UTF-8 bytes of the text that went."""

    title: str | None
    text: str
    removed_bytes: int


def strip(title: str | None, text: str, rules: Collection[str] = RULES) -> Article:
    """The article without what stands around it. rules: names in RULES. Idempotent; never raises on odd text.

    >>> strip("물가 또 올라", "물가 또 올라\\n(서울=한국뉴스) 홍길동 기자 = 물가가 올랐다.\\n[관련기사]\\n금리 동결")
    Article(title='물가 또 올라', text='물가가 올랐다.', removed_bytes=88)
    """
    unknown = sorted(set(rules) - set(RULES))
    if unknown:
        raise ValueError(f"unknown rules {unknown}; known: {', '.join(RULES)}")
    kept_title, kept = title, text
    for _ in range(_ROUNDS):
        before = kept
        if title is not None and "title" in rules:
            kept_title, kept = without_title(kept_title or "", kept)
        kept = _without_ends(kept, _patterns(frozenset(rules)))
        if kept == before:
            break
    if not kept:
        return Article(title, text, 0)
    return Article(kept_title, kept, _bytes(text) - _bytes(kept))


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


class _Patterns(NamedTuple):
    head: re.Pattern[str]
    start: re.Pattern[str]
    tail: re.Pattern[str]
    end: re.Pattern[str]
    rest: re.Pattern[str]


@cache
def _patterns(rules: frozenset[str]) -> _Patterns:
    def of(*places: str) -> str:
        chosen = [_filled(row[2]) for row in _ROWS if row[0] in rules and row[1] in places]
        return "(?:" + ("|".join(f"(?:{pattern})" for pattern in chosen) or "(?!)") + ")"

    whole = [of("head", "both"), of("start"), of("tail", "both"), of("end") + r"\Z", of("rest")]
    return _Patterns(*map(re.compile, whole))


def _filled(pattern: str) -> str:
    for name, value in _NAMED.items():
        pattern = pattern.replace("{" + name + "}", value)
    return pattern


def _without_ends(text: str, patterns: _Patterns) -> str:
    lines = text.split("\n")
    first, last = 0, len(lines)
    while first < last and _goes(lines[first], patterns.head):
        first += 1
    while first < last and _goes(lines[last - 1], patterns.tail):
        last -= 1
    last = _links_from(lines, first, last, patterns.rest)
    if first == last:
        return ""
    begin = patterns.start.match(lines[first].lstrip())
    if begin and begin.group():
        lines[first] = lines[first].lstrip()[begin.end() :]
    final = lines[last - 1].rstrip()
    ending = patterns.end.search(final, max(0, len(final) - LINE))
    if ending:
        lines[last - 1] = final[: ending.start()]
    same = (first, last) == (0, len(lines))
    kept = "\n".join(lines[first:last])
    return kept if same and kept == text else kept.strip("\n")


def _goes(line: str, pattern: re.Pattern[str]) -> bool:
    """Blank lines beside what goes, go with it."""
    line = line.strip()
    return not line or (len(line) <= LINE and pattern.fullmatch(line) is not None)


def _links_from(lines: list[str], first: int, last: int, pattern: re.Pattern[str]) -> int:
    """Where a closing list of links starts; `last` when there is none."""
    found = last
    for at in range(last - 1, first - 1, -1):
        line = lines[at].strip()
        if len(line) > LINE or _SENTENCE_END.search(line):
            break
        if pattern.fullmatch(line):
            found = at
    return found
