"""What the names of elements and classes, and the words of a short block, say of a block: bit sets.

The words are data, `resources/ko/page_words.tsv`: where a word counts (tag, class, text), a concept, the word. A class
name is cut at its borders, so `post-content` and `postContent` are post and content, and `navy` is no nav.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from corpus_pipeline.resources import read_tsv

_CUT = re.compile(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]+")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


@cache
def _concepts(where: str) -> dict[str, int]:
    return {word: number for number, word in enumerate(sorted({row[1] for row in read_tsv(_TABLE) if row[0] == where}))}


_TABLE = "ko/page_words.tsv"


@cache
def place_concepts() -> tuple[str, ...]:
    """Names of the bits of tag_bit and class_bits, lowest first.

    >>> "nav" in place_concepts()
    True
    """
    return tuple(sorted({row[1] for row in read_tsv(_TABLE) if row[0] in ("tag", "class")}))


@cache
def text_concepts() -> tuple[str, ...]:
    """Names of the bits of text_bits, lowest first."""
    return tuple(_concepts("text"))


@cache
def _words(where: str) -> dict[str, int]:
    names = {name: number for number, name in enumerate(place_concepts())}
    return {row[2]: 1 << names[row[1]] for row in read_tsv(_TABLE) if row[0] == where}


@cache
def tag_bit(tag: str) -> int:
    """The bit of an element's name, 0 for most.

    >>> tag_bit("nav") == class_bits("nav", None, None, None)
    True
    """
    return _words("tag").get(tag, 0)


@lru_cache(maxsize=1 << 15)
def class_bits(names: str | None, identity: str | None, role: str | None, style: str | None) -> int:
    """Bits of the words in class, id and role, and of a style that hides.

    >>> class_bits("postContent", None, None, None) == class_bits("post content", None, None, None)
    True
    """
    bits = tag_bit("hidden") if style and _HIDDEN.search(style) else 0
    words = _words("class")
    for value in (names, identity, role):
        if value:
            for word in _CUT.findall(value[:500]):
                bits |= words.get(word.lower(), 0)
    return bits


@cache
def _pattern() -> tuple[re.Pattern[str], dict[str, int]]:
    """All words as one pattern, grouped by their first letter: `re` then skips what starts none of them."""
    numbers = _concepts("text")
    words = {row[2]: 1 << numbers[row[1]] for row in read_tsv(_TABLE) if row[0] == "text"}
    starts: dict[str, list[str]] = {}
    for word in sorted(words, key=lambda word: (-len(word), word)):
        starts.setdefault(word[0], []).append(re.escape(word[1:]))
    return re.compile(
        "|".join(f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in sorted(starts.items()))
    ), words


@lru_cache(maxsize=1 << 15)  # menus repeat from page to page
def text_bits(text: str) -> int:
    """Bits of the words that stand in a text (lower case for Latin letters).

    >>> text_bits("저작권자 ⓒ 한국신문, 무단 전재 금지") > 0, text_bits("나무가 자란다")
    (True, 0)
    """
    pattern, words = _pattern()
    bits = 0
    for word in pattern.findall(text.lower()):
        bits |= words[word]
    return bits
