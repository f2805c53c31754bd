"""The title once more in the body: as its first line, as a sentence, or as a line between others.

Bias: keep when unsure. Only a whole sentence that says what the title says goes, and away from the head only if the
title has at least MIN_LETTERS letters: a short one (서울) may be a heading of its own.

Cost: one search for the title's first word; the lines that hold it are looked at.
"""

from __future__ import annotations

import re

__all__ = ["without_title"]

MIN_LETTERS = 8  # letters and digits: two or three eojeol
_NO_LETTER = re.compile(r"[\W_]+")
_SENTENCE = re.compile(r"(?<=[.!?。…])\s+")
_CUT = re.compile(r"(?:\.{2,}|…)\s*$")


def without_title(title: str, text: str) -> tuple[str, str]:
    """(title, text) where the text no longer repeats the title. A title cut short (`...`) becomes the whole sentence.

    A text of the title alone stays.

    >>> without_title("물가 3% 올라", "물가 3% 올라\\n\\n지난달 물가가 올랐다. 물가, 3% 올라! 정부는 지켜본다.")
    ('물가 3% 올라', '지난달 물가가 올랐다. 정부는 지켜본다.')
    >>> without_title("고흥군, 경관 행정평가 우수기관...", "고흥군, 경관 행정평가 우수기관 선정\\n본문이다.")
    ('고흥군, 경관 행정평가 우수기관 선정', '본문이다.')
    """
    wanted, short = _letters(title), bool(_CUT.search(title))
    if not wanted:
        return title, text
    word = max(_NO_LETTER.split(_CUT.sub("", title)), key=len)
    whole, kept, head = title, [], True
    for line in text.split("\n"):
        if word in line:
            alone = _repeats(line, wanted, False, head)  # a title may be two sentences itself
            sentences = [line] if alone else _SENTENCE.split(line)
            cut = short and head and len(sentences) == 1 and not line.rstrip().endswith("다.")
            stay = [one for one in sentences if not _repeats(one, wanted, cut, head)]
            if len(stay) < len(sentences):
                whole = line.strip() if cut else whole
                line = " ".join(stay)
                if not line.strip():
                    continue
        kept.append(line)
        head = head and not line.strip()
    if len(kept) == text.count("\n") + 1 and "\n".join(kept) == text:
        return title, text
    shorter = "\n".join(kept).strip("\n")
    return (whole, shorter) if shorter.strip() else (title, text)


def _repeats(sentence: str, wanted: str, cut: bool, head: bool) -> bool:
    if len(sentence) > 2 * len(wanted) + 40:  # with spaces and marks a title is not twice its letters
        return False
    letters = _letters(sentence)
    if cut and len(wanted) >= MIN_LETTERS:
        return letters.startswith(wanted)
    return letters == wanted and (head or len(wanted) >= MIN_LETTERS)


def _letters(text: str) -> str:
    """Letters and digits alone, case folded: two typesettings of one title are equal."""
    return _NO_LETTER.sub("", text).casefold()
