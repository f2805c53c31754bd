"""Script shares, language and register of a text. They describe; mix decides.

Script decides between Korean, Japanese, Chinese and the languages that have a script of their own; a naive Bayes
model (py3langid) is asked only about Latin text. Code in backticks does not count, and a share of CODE_MIX of
East Asian letters is enough against Latin ones, because technical Korean is full of Latin names and code.
Bias: towards Korean when Hangul is present. Korean in Latin letters is not recognised.
Register is told by the last syllables of sentences (resources/ko/registers.tsv); it looks at REGISTER_CHARS.

Cost on one core: language 80 MB/s of Korean pages, 18 of one-liners, 10 of English pages (the model walks over
LATIN_CHARS characters); register 45 and 15 MB/s.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import regex
from numpy.typing import NDArray

from corpus_pipeline.resources import read_tsv

FEW_LETTERS = 3  # own choice: fewer letters say nothing
CODE_MIX = 0.1  # measured: 0.15 takes 0.6 % of Korean reference pages, with syntax lists outside backticks, for English
KANA = 0.1  # own choice: kana among kana, Han and Hangul; modern Japanese prose has 0.5 or more
HANGUL = 0.1  # own choice: Hangul among them; the densest Hanja-mixed Korean keeps its particles in Hangul
LATIN_CHARS = 2_000  # own choice: the model is sure long before
SURE = 0.5  # own choice: below it a Latin text shorter than SURE_LETTERS is taken for English
SURE_LETTERS = 40  # own choice
REGISTER_CHARS = 20_000  # own choice: about 400 sentences
DOMINANT = 0.8  # own choice: share of sentences that makes a register

# Western and Eastern European languages in Latin letters, and the Latin-written neighbours of Korea.
LATIN_LANGUAGES = (
    "ca", "cs", "da", "de", "en", "es", "et", "fi", "fr", "hr", "hu", "id", "is", "it", "lt",
    "lv", "ms", "nl", "no", "pl", "pt", "ro", "sk", "sl", "sv", "tl", "tr", "vi",
)  # fmt: skip
# Scripts with one main language; the commonest where there are several (Cyrillic, Arabic, Devanagari).
MAIN_LANGUAGE = {
    "Cyrillic": "ru", "Arabic": "ar", "Hebrew": "he", "Greek": "el", "Thai": "th", "Devanagari": "hi",
    "Bengali": "bn", "Tamil": "ta", "Telugu": "te", "Georgian": "ka", "Armenian": "hy", "Mongolian": "mn",
    "Khmer": "km", "Lao": "lo", "Myanmar": "my", "Tibetan": "bo", "Ethiopic": "am",
}  # fmt: skip
_SCRIPTS = ("Hangul", "Latin", "Han", "Hiragana|Katakana", *MAIN_LANGUAGE)
_OTHER = len(_SCRIPTS) + 1
_FENCE = re.compile(r"^[ \t]*(```|~~~)[^\n]*\n.*?(?:^[ \t]*\1[^\n]*$|\Z)", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`[^`\n]+`")
_SENTENCE_END = re.compile(r"[.!?…。！？\n]+")
_ENDING = re.compile(r"([가-힣]{1,12})[^가-힣0-9A-Za-z]*$")


class Scripts(NamedTuple):
    """Letters of a text by script; `letters` counts all of them."""

    letters: int
    hangul: int
    latin: int
    han: int
    kana: int
    others: tuple[int, ...]  # in the order of MAIN_LANGUAGE

    def share(self, count: int) -> float:
        """count / letters, 0 where there are none."""
        return count / self.letters if self.letters else 0.0


@cache
def _table() -> NDArray[np.uint8]:
    """Script number by code point: 0 no letter, 1.. as in _SCRIPTS, _OTHER the rest. Once per worker, about 0.2 s."""
    table = np.zeros(0x110000, np.uint8)
    everything = "".join(map(chr, range(0x110000)))
    for number, script in [(_OTHER, ""), *enumerate(_SCRIPTS, start=1)]:
        names = [rf"\p{{Script={name}}}" for name in script.split("|") if name]
        pattern = rf"[[{''.join(names)}]&&\p{{L}}]+" if names else r"\p{L}+"
        for match in regex.finditer(pattern, everything, regex.VERSION1):
            table[match.start() : match.end()] = number
    table[[0x30FC, 0xFF70]] = _SCRIPTS.index("Hiragana|Katakana") + 1  # long vowel mark, of no script in Unicode
    return table


def scripts(text: str) -> Scripts:
    """Count the letters (category L*) of `text` by script.

    >>> scripts("한국어 text 漢字 かな")[:5]
    (11, 3, 4, 2, 2)
    """
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    counts = np.bincount(_table()[points], minlength=_OTHER + 1).tolist()
    _, hangul, latin, han, kana, *rest = counts
    return Scripts(sum(counts) - counts[0], hangul, latin, han, kana, tuple(rest[:-1]))


def without_code(text: str) -> str:
    """`text` without fenced blocks and `code`."""
    if "~~~" in text or "```" in text:
        text = _FENCE.sub("\n", text)
    return _INLINE.sub(" ", text) if "`" in text else text


def language(text: str) -> str:
    """ISO 639-1 code of the main language; `und` when fewer than FEW_LETTERS letters are left to tell by.

    >>> language("`pip install pyspark` 명령으로 PySpark를 설치합니다.")
    'ko'
    >>> language("大韓民國은 民主共和國이다"), language("漢字かな交じり文"), language("1234")
    ('ko', 'ja', 'und')
    """
    prose = without_code(text)
    counts = scripts(prose)
    if counts.letters < FEW_LETTERS:
        return "und"
    east_asian = counts.hangul + counts.kana + counts.han
    if east_asian >= CODE_MIX * counts.letters and east_asian >= max(counts.others):
        return _east_asian(counts, east_asian)
    if counts.latin >= max(counts.others):
        return _latin(prose, counts.latin) if counts.latin else "und"
    return list(MAIN_LANGUAGE.values())[int(np.argmax(counts.others))]


def _east_asian(counts: Scripts, total: int) -> str:
    if counts.hangul >= HANGUL * total and counts.hangul >= counts.kana:
        return "ko"
    return "ja" if counts.kana >= KANA * total else "zh"


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(LATIN_LANGUAGES)
    return identifier


def _latin(prose: str, letters: int) -> str:
    code, confidence = _identifier().classify(prose[:LATIN_CHARS])
    return "en" if letters < SURE_LETTERS and confidence < SURE else str(code)


@cache
def _endings() -> dict[str, str]:
    return {row[0]: row[1] for row in read_tsv("ko/registers.tsv")}


def register(text: str) -> str:
    """formal (합니다), polite (해요), plain (한다), mixed, or none when no sentence ending is known.

    >>> register("오늘은 비가 옵니다. 우산을 챙기십시오."), register("비가 와요~ 우산 챙기세요!")
    ('formal', 'polite')
    >>> register("비가 왔다."), register("비가 온다. 우산을 챙기세요."), register("주요 수요")
    ('plain', 'mixed', 'none')
    """
    seen: Counter[str] = Counter()
    for sentence in _SENTENCE_END.split(text[:REGISTER_CHARS]):
        tail = _ENDING.search(sentence[-24:])
        if tail and (found := _longest(tail[1])) != "none":
            seen[found] += 1
    if not seen:
        return "none"
    name, count = min(seen.items(), key=lambda item: (-item[1], item[0]))
    return name if count >= DOMINANT * seen.total() else "mixed"


def _longest(word: str) -> str:
    """The register of the longest known ending of `word`."""
    endings = _endings()
    for length in range(min(len(word), 5), 0, -1):
        if word[-length:] in endings:
            return endings[word[-length:]]
    return "none"
