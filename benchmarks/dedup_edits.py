"""Edits that a copy of a Korean document may have gone through, planted by benchmarks/dedup_texts.py.

Each takes a share `rate` of the words (split at single spaces, line by line) or sentences. Deterministic: it depends
on the text, the rate and the random numbers given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

Words = list[str]

MARKS = ".,!?)\"'"


def substitute(words: Words, rate: float, rng: Random, lexicon: Sequence[str]) -> Words:
    """Other Korean words in the place of some."""
    return [pick(rng, lexicon) if rng.random() < rate else word for word in words]


def delete(words: Words, rate: float, rng: Random, lexicon: Sequence[str]) -> Words:
    return [word for word in words if rng.random() >= rate]


def insert(words: Words, rate: float, rng: Random, lexicon: Sequence[str]) -> Words:
    return [new for word in words for new in ([pick(rng, lexicon), word] if rng.random() < rate else [word])]


def swap(words: Words, rate: float, rng: Random, lexicon: Sequence[str]) -> Words:
    """Some words change places with the next one."""
    result = list(words)
    for i in range(len(result) - 1):
        if rng.random() < rate:
            result[i], result[i + 1] = result[i + 1], result[i]
    return result


PARTICLES = ["은이", "는가", "을은", "를도", "이도", "가는", "에서", "의과", "로만", "과의", "와도", "도만", "만도"]
ENDINGS = {"다": "음", "요": "죠", "고": "며", "며": "고", "서": "고", "한": "할", "할": "한", "된": "될", "될": "된"}
GLUED = ENDINGS | {pair[0]: pair[1] for pair in PARTICLES}


def particle(words: Words, rate: float, rng: Random, lexicon: Sequence[str]) -> Words:
    """Another last syllable where it is a particle's or an ending's; marks after it stay."""
    result = []
    for word in words:
        bare = word.rstrip(MARKS)
        change = len(bare) > 1 and bare[-1] in GLUED and rng.random() < 3 * rate
        result.append(bare[:-1] + GLUED[bare[-1]] + word[len(bare) :] if change else word)
    return result


def punctuation(words: Words, rate: float, rng: Random, lexicon: Sequence[str]) -> Words:
    """Marks dropped or put in: the comparison form is the same."""
    marks = ("", "!", "…", ",", "~")
    return [w.rstrip(MARKS) + pick(rng, marks) if rng.random() < 5 * rate else w for w in words]


def width(words: Words, rate: float, rng: Random, lexicon: Sequence[str]) -> Words:
    """Full width and upper case of ASCII: the comparison form is the same."""
    wide = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
    return [w.upper().translate(wide) if w.isascii() and rng.random() < 5 * rate else w for w in words]


def copy(words: Words, rate: float, rng: Random, lexicon: Sequence[str]) -> Words:
    return words


WORD_EDITS: dict[str, Callable[[Words, float, Random, Sequence[str]], Words]] = {
    one.__name__: one for one in (copy, substitute, delete, insert, swap, particle, punctuation, width)
}
EDITS = (*WORD_EDITS, "spacing", "mixed", "sentence_delete", "sentence_swap", "sentence_insert")
FORM_ONLY = ("copy", "punctuation", "width", "spacing")  # what these leave has the shingles of the original


def edited(text: str, edit: str, rate: float, rng: Random, lexicon: Sequence[str]) -> str:
    """`text` after `edit` of a share `rate` of its words or sentences; white space stays where it was."""
    if edit == "mixed":
        for one in ("substitute", "delete", "particle", "punctuation", "spacing"):
            text = edited(text, one, rate / 2, rng, lexicon)
        return text
    if edit == "spacing":  # words written together
        parts = re.split(r"(\s+)", text)
        return "".join(p for p in parts if not (p == " " and rng.random() < 2 * rate))
    if edit.startswith("sentence_"):
        one = edit.removeprefix("sentence_")
        sentences = re.split(r"(?<=[.?!])\s+|\n", text)
        new = [" ".join(pick(rng, lexicon) for _ in range(8)) + "." for _ in range(50)] if one == "insert" else lexicon
        return "\n".join(WORD_EDITS[one](sentences, rate, rng, new))
    lines = (WORD_EDITS[edit](line.split(" "), rate, rng, lexicon) for line in text.split("\n"))
    return "\n".join(" ".join(words) for words in lines)


def pick(rng: Random, items: Sequence[str]) -> str:
    return items[int(rng.random() * len(items))]
