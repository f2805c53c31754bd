"""Language of texts, as wholes and by paragraph. It describes; mix decides.

Script decides between Korean, Japanese, Chinese and the languages that have a script of their own; a naive Bayes
model (kernels/latin.py) is asked only about Latin paragraphs, ASKED of a text at most. Code in backticks and fences
and addresses of links do not count, and a share of CODE_MIX of East Asian letters is enough against Latin ones, because
technical Korean is full of Latin names and code. So a text can be `ko` though most of its paragraphs are English.

A paragraph ends where a line without a letter follows; where there is no such line, each line is one. Latin paragraphs
that were not asked about are taken to be of the language that most of the text's asked ones are.
Bias: towards Korean when Hangul is present. Korean in Latin letters is not recognised. Figures: docs/tags.md.

Cost on one core: 35 MB/s of Korean pages with much code, 110 without, 25 of one-liners and of English pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus_pipeline.kernels import scripts as script
from corpus_pipeline.kernels.latin import LATIN_LANGUAGES, NO_LANGUAGE, identify
from corpus_pipeline.kernels.scripts import Counts

FEW_LETTERS = 3  # own choice: fewer letters say nothing
CODE_MIX = 0.1  # measured: 0.15 takes 0.6 % of Korean reference pages, with syntax lists outside backticks, for English
KANA = 0.1  # own choice: kana among kana, Han and Hangul; modern Japanese prose has 0.5 or more
HANGUL = 0.1  # own choice: Hangul among them; the densest Hanja-mixed Korean keeps its particles in Hangul
ASKED = 6  # measured: 4 miss one more of 314 English pages; Latin paragraphs of a text that the model is asked about
LATIN_CHARS = 120  # measured: of each; 200 take one more of 314 English pages and a third more time
PARAGRAPH_LETTERS = 20  # own choice: shorter Latin paragraphs are names and headings, and say little
SURE = 0.5  # own choice: below it a Latin text shorter than SURE_LETTERS is taken for English
SURE_LETTERS = 40  # own choice
LANGUAGE_CHARS = 1 << 20  # own choice: of a text that are looked at
WINDOW = 1 << 20  # characters looked at together; bounds memory to about 100 MB where every line is a paragraph
SHARE = 0.05  # a language of fewer of the letters is not listed

UNKNOWN = "und"
LANGUAGES = tuple(dict.fromkeys((UNKNOWN, "ko", "ja", "zh", *script.MAIN_LANGUAGE.values(), *LATIN_LANGUAGES)))
_KO, _JA, _ZH, _OTHER, _EN = 1, 2, 3, 4, LANGUAGES.index("en")
_LATIN = len(LANGUAGES)  # to be asked about
_NUMBER = {name: 0 if name == NO_LANGUAGE else number for number, name in enumerate(LANGUAGES)}
_FENCE = re.compile(r"^[ \t]*(?:(`{3,})([^`\n]*)|(~{3,})([^~\n]*))$", re.MULTILINE)  # sign, then what follows it
_INLINE = re.compile(r"`[^`\n]+`")
_ADDRESSES = (re.compile(r"https?://[!-~]+"), re.compile(r"\]\([!-~]+"))  # two: each has a prefix to search for
_NEWLINE = 10

Numbers = NDArray[np.int64]


class Languages(NamedTuple):
    """Of n texts, in order.

    letters  int32 [n, WIDTH] letters by script, code included (kernels/scripts.py)
    main     ISO 639-1 code of the main language; `und` when fewer than FEW_LETTERS letters are left to tell by
    shares   (language, share of the letters of paragraphs), the largest first, then by name; shares sum to 1; languages
             under SHARE are left out; empty when the main language is `und`
    """

    letters: Counts
    main: list[str]
    shares: list[list[tuple[str, float]]]


def without_code(text: str) -> str:
    """`text` without fenced blocks, `code` and addresses of links."""
    if "~~~" in text or "```" in text:
        text = _without_fences(text)
    if "`" in text:
        text = _INLINE.sub(" ", text)
    for address in _ADDRESSES:
        text = address.sub(" ", text)
    return text


def _without_fences(text: str) -> str:
    """`text` without fenced blocks, as CommonMark has them. One that nothing closes stays: it may be an ornament.

    >>> _without_fences("앞\\n```sh\\nls\\n```\\n뒤"), _without_fences("~~~~~\\n공지")
    ('앞\\n\\n\\n뒤', '~~~~~\\n공지')
    """
    fences = [_fence(match) for match in _FENCE.finditer(text)]
    longest, closed = {"`": 0, "~": 0}, list[bool]()  # of the closing lines further on; whether one closes this fence
    for fence in reversed(fences):
        closed.append(longest[fence.sign] >= fence.size)
        longest[fence.sign] = max(longest[fence.sign], fence.size if fence.closes else 0)
    parts, end = list[str](), 0
    opened: _Fence | None = None
    for fence, has_end in zip(fences, reversed(closed), strict=True):
        if opened is None:
            opened = fence if has_end else None
        elif fence.closes and fence.sign == opened.sign and fence.size >= opened.size:
            parts.append(text[end : opened.begin])
            end, opened = fence.end, None
    return "\n".join([*parts, text[end:]])


class _Fence(NamedTuple):
    """A line that may open a block; `closes`: or end one."""

    sign: str
    size: int
    closes: bool
    begin: int
    end: int


def _fence(match: re.Match[str]) -> _Fence:
    marks, rest = (match[1], match[2]) if match[1] else (match[3], match[4])
    return _Fence(marks[0], len(marks), not rest.strip(), match.start(), match.end())


def languages(texts: Sequence[str]) -> Languages:
    """Script counts, main language and languages by paragraph of each text.

    >>> found = languages(["`pip install pyspark` 명령으로 PySpark를 설치합니다.", "大韓民國은 民主共和國이다", "1234"])
    >>> found.main
    ['ko', 'ko', 'und']
    >>> languages(["오늘은 비가 옵니다.\\n\\nIt was raining in a town today."]).shares
    [[('en', 0.75), ('ko', 0.25)]]
    """
    if not texts:
        return Languages(script.scripts([]), [], [])
    parts = list(map(_languages, windows(texts, WINDOW)))
    letters = np.concatenate([part.letters for part in parts])
    main = [name for part in parts for name in part.main]
    return Languages(letters, main, [shares for part in parts for shares in part.shares])


def windows(texts: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Consecutive parts of `texts` of about `size` characters.

    >>> list(windows(["가나", "다", "라마바사"], 3))
    [['가나', '다'], ['라마바사']]
    """
    begin = chars = 0
    for end, text in enumerate(texts):
        if chars and chars + len(text) > size:
            yield texts[begin:end]
            begin, chars = end, 0
        chars += len(text)
    yield texts[begin:]


def _languages(texts: Sequence[str]) -> Languages:
    prose = [without_code(text[:LANGUAGE_CHARS]) for text in texts]
    found = _paragraphs(prose)
    whole = _by_text(found, len(texts))
    main = _by_script(whole)
    asked = _latin(found, main == _LATIN)
    main = np.where(main == _LATIN, asked.main, main)
    letters = whole
    coded = [at for at, rest in enumerate(prose) if len(rest) != len(texts[at])]
    if coded:
        letters = whole.copy()
        letters[coded] = script.scripts([texts[at] for at in coded])
    return Languages(letters, [LANGUAGES[number] for number in main], _shares(found, asked.paragraphs, main))


class _Paragraphs(NamedTuple):
    """Of all texts, in order: text, letters by script [m, WIDTH], language by script, first characters."""

    text: Numbers
    letters: Counts
    kind: Numbers
    begin: Numbers
    end: Numbers
    joined: str


def _paragraphs(texts: Sequence[str]) -> _Paragraphs:
    """Those with letters."""
    points, bounds = script.lay(texts)
    begins = points == _NEWLINE
    begins[bounds[:-1][bounds[:-1] < len(points)]] = True
    lines = np.flatnonzero(begins)
    ends = np.append(lines[1:], len(points))
    letters = script.count(script.codes(points), np.append(lines, len(points)) if len(lines) else bounds[:1])
    kept = np.flatnonzero(letters.any(axis=1))
    text = np.searchsorted(bounds, lines[kept], side="right") - 1
    new = np.ones(len(kept), np.bool_)
    new[1:] = text[1:] != text[:-1]
    apart = ~new & (np.diff(kept, prepend=0) > 1)  # a line without letters before it
    parted = np.zeros(len(texts), np.bool_)
    parted[text[apart]] = True
    new |= apart | ~parted[text]
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(kept))[: len(first)] - 1
    sums = np.add.reduceat(letters[kept], first, axis=0) if len(first) else letters[:0]
    return _Paragraphs(text[first], sums, _by_script(sums), lines[kept[first]], ends[kept[last]], "".join(texts))


def _by_text(found: _Paragraphs, count: int) -> Counts:
    letters = np.zeros((count, script.WIDTH), np.int32)
    if len(found.text):
        first = np.flatnonzero(np.diff(found.text, prepend=-1))
        letters[found.text[first]] = np.add.reduceat(found.letters, first, axis=0)
    return letters


def _by_script(letters: Counts) -> Numbers:
    """[m] number in LANGUAGES, or _LATIN, for each row of letters by script."""
    total = letters.sum(axis=1)
    hangul, latin, han, kana = (letters[:, number] for number in (script.HANGUL, script.LATIN, script.HAN, script.KANA))
    others = letters[:, script.FIRST_OTHER : script.REST]
    most = others.max(axis=1)
    east = hangul + han + kana
    return np.select(
        [
            total < FEW_LETTERS,
            (east < CODE_MIX * total) | (east < most),
            (hangul >= HANGUL * east) & (hangul >= kana),
            kana >= KANA * east,
        ],
        [0, np.select([latin >= np.maximum(most, 1), most > 0], [_LATIN, _OTHER + others.argmax(axis=1)], 0), _KO, _JA],
        _ZH,
    )


class _Latin(NamedTuple):
    """main: of each text's Latin part; paragraphs: the language of each. Numbers in LANGUAGES, 0 where unknown."""

    main: Numbers
    paragraphs: Numbers


def _latin(found: _Paragraphs, whole: NDArray[np.bool_]) -> _Latin:
    """Ask the model. whole  [n] texts that are Latin as a whole: they are asked about however short they are."""
    places = np.flatnonzero(found.kind == _LATIN)
    text, letters = found.text[places], found.letters[places, script.LATIN]
    short = letters < PARAGRAPH_LETTERS
    order = np.lexsort((short, text))
    rank = np.arange(len(order)) - np.searchsorted(text, text[order])
    asked = order[(rank < ASKED) & ~(short & ~whole[text])[order]]
    begins = found.begin[places[asked]]
    ends = np.minimum(found.end[places[asked]], begins + LATIN_CHARS)
    names, sure = identify([found.joined[b:e] for b, e in zip(begins.tolist(), ends.tolist(), strict=True)])
    numbers = np.array([_NUMBER[name] for name in names], np.int64)
    numbers[(letters[asked] < SURE_LETTERS) & (sure < SURE)] = _EN
    votes = _table(text[asked], numbers, letters[asked], len(whole))
    votes[:, 0] = 0  # code beside a language is no vote against it
    main = votes.argmax(axis=1)
    paragraphs = found.kind.copy()
    paragraphs[places] = main[text]
    paragraphs[places[asked]] = numbers
    return _Latin(main, paragraphs)


def _table(text: Numbers, numbers: Numbers, weights: Numbers, count: int) -> NDArray[np.float64]:
    """[count, LANGUAGES] sums of weights."""
    keys = text * len(LANGUAGES) + numbers
    sums = np.bincount(keys, weights, count * len(LANGUAGES))
    return np.asarray(sums, np.float64).reshape(count, len(LANGUAGES))


def _shares(found: _Paragraphs, numbers: Numbers, main: Numbers) -> list[list[tuple[str, float]]]:
    table = _table(found.text, numbers, found.letters.sum(axis=1), len(main))
    table[:, 0] = 0
    table[table < SHARE * table.sum(axis=1, keepdims=True)] = 0
    table[main == 0] = 0
    alone = table.sum(axis=1) == 0
    table[alone, main[alone]] = main[alone] > 0  # short paragraphs of a text that is told as a whole
    table /= np.maximum(table.sum(axis=1, keepdims=True), 1)
    shares: list[list[tuple[str, float]]] = [[] for _ in main]
    rows, columns = np.nonzero(table)
    for row, column, share in zip(rows.tolist(), columns.tolist(), table[rows, columns].tolist(), strict=True):
        shares[row].append((LANGUAGES[column], share))
    for several in shares:
        several.sort(key=lambda one: (-one[1], one[0]))
    return shares
