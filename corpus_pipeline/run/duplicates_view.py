"""The duplicates for the page: duplicate_summary as bars and a matrix, duplicate_samples side by side.

Both tables are small (some dozens of rows and one a pair of sources; at most 50 pairs), so the driver reads them whole.
What is returned is plain text; the template escapes it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from corpus_pipeline.run.small_files import Row

SOURCES = 15  # of the matrix; a wider one is not read as a whole
PAIRS, LENGTH = 50, 1000  # of duplicate_samples: pairs, characters of an excerpt
_STEPS = 50  # classes of similarity, of 0.02 each
_HEATS = 4
_MATCHES = 50_000  # Japanese literature has 15,000 (median) to 38,000; the worst text takes 0.15 s there
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # scripts without spaces: a character is a word
_WORD = re.compile(f"[{_CJK}]|[^\\s{_CJK}]+")
# Control characters, half surrogates, and format characters that are not seen or that turn the direction of a line; not
# the joiners U+200C and U+200D, which are part of emoji and of some scripts.
_UNSEEN = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)

View = dict[str, Any]
Parts = list[tuple[str, bool]]  # text, and whether the other side lacks it


def summary(rows: Sequence[Row]) -> View:
    """What the page shows of duplicate_summary.

    sizes: (label, smallest size, clusters, documents) by class, none left out up to the largest.
    similarities: (label, near pairs, exact pairs) by class, none left out up to the highest.
    matrix: see _matrix.
    """
    of: dict[str, list[Row]] = {"cluster_size": [], "similarity": [], "sources": []}
    for row in rows:
        of.setdefault(row["figure"], []).append(row)
    return {
        "sizes": _sizes(of["cluster_size"]),
        "similarities": _similarities(of["similarity"]),
        "matrix": _matrix(of["sources"]),
    }


def samples(rows: Sequence[Row]) -> list[View]:
    """At most PAIRS pairs, the least similar first; of each the two sides with the words that differ marked."""
    ordered = sorted(rows, key=lambda row: (row["similarity"], row["doc_a"], row["doc_b"]))
    return [_pair(row) for row in ordered[:PAIRS]]


def differences(a: str, b: str) -> tuple[Parts, Parts]:
    """Both texts in parts. White space alone makes no difference, and no word that the cut at LENGTH leaves open.

    >>> differences("제 1 조 목적", "제 2 조  목적")
    ([('제 ', False), ('1', True), (' 조 목적', False)], [('제 ', False), ('2', True), (' 조  목적', False)])
    """
    cut_a, cut_b = len(a) >= LENGTH, len(b) >= LENGTH
    words_a, words_b = _words(a[:LENGTH], cut_a), _words(b[:LENGTH], cut_b)
    marked_a, marked_b = [], []
    for a_from, a_to, b_from, b_to in _changes([m.group() for m in words_a], [m.group() for m in words_b]):
        # at the end of the other excerpt its document may go on with just these words
        if a_from < a_to and not (cut_b and b_from == b_to == len(words_b)):
            marked_a.append((words_a[a_from].start(), words_a[a_to - 1].end()))
        if b_from < b_to and not (cut_a and a_from == a_to == len(words_a)):
            marked_b.append((words_b[b_from].start(), words_b[b_to - 1].end()))
    return list(_parts(a[:LENGTH], marked_a)), list(_parts(b[:LENGTH], marked_b))


def visible(text: str) -> str:
    """`text` with every character that is not seen, or that would turn the line, as its number.

    >>> visible("가\\u202e나\\0")
    '가[U+202E]나[U+0000]'
    """
    return _UNSEEN.sub(lambda match: f"[U+{ord(match.group()):04X}]", text)


def _sizes(rows: Sequence[Row]) -> list[tuple[str, int, int, int]]:
    """Classes 1, 2, 3, 4, 5 to 7, and from 8 on powers of two."""
    found = {int(row["part"]): (row["clusters"] or 0, row["documents"] or 0) for row in rows}
    classes = []
    size = 1
    while found and size <= max(found):
        after = size + 1 if size < 5 else 8 if size == 5 else 2 * size
        label = f"{size:,}" if after == size + 1 else f"{size:,}–{after - 1:,}"
        classes.append((label, size, *found.get(size, (0, 0))))
        size = after
    return classes


def _similarities(rows: Sequence[Row]) -> list[tuple[str, int, int]]:
    """The class that holds 1 holds it alone."""
    near: Counter[int] = Counter()
    exact: Counter[int] = Counter()
    for row in rows:
        step = round(float(row["part"]) * _STEPS)
        near[step] += row["near_pairs"] or 0
        exact[step] += row["exact_pairs"] or 0
    steps = range(min(near), max(near) + 1) if near else range(0)
    return [(_class(step), near[step], exact[step]) for step in steps]


def _class(step: int) -> str:
    return f"{step / _STEPS:.2f}" + (f"–{(step + 1) / _STEPS:.2f}" if step < _STEPS else "")


def _matrix(rows: Sequence[Row]) -> View:
    """Sources that have a pair, that with most pairs first, ties by name; at most SOURCES of them.

    sources: all of them, those shown first. rows: of each shown (source, cells, pairs it has a part in); cells: of it
    and of each shown after it (pairs, exact ones among them, heat from 0 = none to 4). pairs: all there are; outside:
    those of them that no cell counts.
    """
    exact: Counter[tuple[str, str]] = Counter()
    every: Counter[tuple[str, str]] = Counter()
    for row in rows:
        key = row["part"], row["other"]
        exact[key] += row["exact_pairs"] or 0
        every[key] += (row["exact_pairs"] or 0) + (row["near_pairs"] or 0)
    totals: Counter[str] = Counter()
    for (one, other), pairs in every.items():
        for source in {one, other}:
            totals[source] += pairs
    sources = sorted((s for s, pairs in totals.items() if pairs), key=lambda s: (-totals[s], s))
    shown = sources[:SOURCES]
    largest = max(every.values(), default=0)
    lines = []
    for i, one in enumerate(shown):
        keys = [(min(one, other), max(one, other)) for other in shown[i:]]
        lines.append(
            (visible(one), [(every[key], exact[key], _heat(every[key], largest)) for key in keys], totals[one])
        )
    inside = sum(pairs for _, cells, _ in lines for pairs, _, _ in cells)
    pairs = sum(every.values())
    return {
        "sources": [visible(source) for source in sources],
        "rows": lines,
        "pairs": pairs,
        "outside": pairs - inside,
    }


def _heat(pairs: int, largest: int) -> int:
    """One less for each decimal digit that `largest` has more; a log scale without rounding."""
    return max(1, _HEATS - len(str(largest)) + len(str(pairs))) if pairs else 0


def _pair(row: Row) -> View:
    """sides: (doc_id, source, parts, whether the excerpt is cut at its end)."""
    parts = differences(row["excerpt_a"], row["excerpt_b"])
    return {
        "similarity": row["similarity"],
        "start": row["start"],
        "sides": [
            (
                visible(row[f"doc_{side}"]),
                visible(row[f"source_{side}"]),
                [(visible(text), differs) for text, differs in of],
                len(row[f"excerpt_{side}"]) >= LENGTH,
            )
            for side, of in zip("ab", parts, strict=True)
        ],
    }


def _changes(a: Sequence[str], b: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """(from, to) in `a` and (from, to) in `b` of the words that differ.

    difflib's time grows with the matches of single words, and worse than they do: 4.7 s for 1,000 words of two kinds.
    From _MATCHES on it leaves frequent words aside, and more is marked than must be.
    """
    same = next((i for i, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), min(len(a), len(b)))
    a, b = a[same:], b[same:]
    often = Counter(a)
    matcher = SequenceMatcher(None, a, b, autojunk=sum(often[word] for word in b) > _MATCHES)
    for kind, a_from, a_to, b_from, b_to in matcher.get_opcodes():
        if kind != "equal":
            yield same + a_from, same + a_to, same + b_from, same + b_to


def _words(text: str, cut: bool) -> list[re.Match[str]]:
    """The words of an excerpt, without its last one where the cut may have gone through it."""
    words = list(_WORD.finditer(text))
    return words[:-1] if cut else words


def _parts(text: str, marked: Sequence[tuple[int, int]]) -> Iterator[tuple[str, bool]]:
    at = 0
    for start, end in marked:
        if start > at:
            yield text[at:start], False
        yield text[start:end], True
        at = end
    if at < len(text):
        yield text[at:], False
