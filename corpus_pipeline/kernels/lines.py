"""Lines that many documents share: how many texts hold each line, and what of a text is boilerplate.

A line is compared by its comparison form (kernels/normalise.py). Structure is never boilerplate: headings, code
fences, table rows, markup, court headings such as 【주 문】. It is not counted, and it ends a run.
A repeated paragraph needs no count of its own: its lines repeat with it.

Bias: keep when unsure. Boilerplate of a text is at most the unbroken runs of known lines at its head and at its tail;
a known line between two others stays. Measured on 25 corpora, most of them Korean: lines that stand in more than 10 %
of a source's documents but inside the text are structure, formulas and code (10 % of a command reference's bytes).

Cost: counting about 1 microsecond a line and what the comparison form takes; a run costs its lines alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa

from corpus_pipeline.kernels.normalise import comparison_forms, content_hashes

SHOWN = 200  # characters of a line that are kept to be read by a person
# ATX headings, fences (Markdown, Sphinx, MkDocs), court headings, table rows, wiki headings, tags
_STRUCTURE = re.compile(r"\s*(?:#{1,6}\s|```|~~~|:::|///|【|\||==|</?[A-Za-z])")


class Line(NamedTuple):
    """documents: texts that hold the line. characters: of its comparison form. shown: its smallest spelling, cut."""

    documents: int
    characters: int
    shown: str


class Ends(NamedTuple):
    """lines: known ones in the runs. kept: the text without the runs and the white space beside them."""

    lines: int
    kept: str


def count_lines(texts: Iterable[str]) -> dict[bytes, Line]:
    """Key (16 bytes) of a line -> Line. A line counts once a text; structure and lines without a letter do not.

    >>> counted = count_lines(["메뉴 | 홈\\n본문 가", "본문 나\\n메뉴 홈!", "【주 문】\\n---"])
    >>> sorted((line.documents, line.shown) for line in counted.values())
    [(1, '본문 가'), (1, '본문 나'), (2, '메뉴 | 홈')]
    """
    by_text = [[line for line in dict.fromkeys(text.split("\n")) if _plain(line)] for text in texts]
    distinct = list(dict.fromkeys(line for lines in by_text for line in lines))
    keyed = dict(zip(distinct, _keys(distinct), strict=True))
    found: dict[bytes, Line] = {}
    for lines in by_text:
        held: dict[bytes, Line] = {}
        for line in lines:
            key, characters = keyed[line]
            if key is not None:
                seen = held.get(key)
                shown = line.strip()[:SHOWN]
                held[key] = Line(1, characters, shown if seen is None else min(shown, seen.shown))
        for key, line_here in held.items():
            before = found.get(key)
            if before is not None:
                documents = before.documents + 1
                line_here = Line(documents, before.characters, min(before.shown, line_here.shown))
            found[key] = line_here
    return found


def cut_ends(text: str, known: Mapping[bytes, int], min_characters: int) -> Ends:
    """The runs of `known` lines at the head and the tail of `text`; a run shorter than `min_characters` is none.

    known  key of a line (of count_lines) -> characters of its comparison form; white space between its lines
           belongs to a run. A text of known lines alone has kept == "".

    >>> known = {key: line.characters for key, line in count_lines(["홈 > 소식", "이 글이 도움이 되었습니까?"]).items()}
    >>> cut_ends("홈 > 소식\\n\\n본문\\n홈 > 소식\\n본문\\n이 글이 도움이 되었습니까?\\n", known, 4)
    Ends(lines=2, kept='본문\\n홈 > 소식\\n본문')
    """
    lines = text.split("\n")
    head = _run(lines, known, min_characters)
    tail = _run(lines[::-1], known, min_characters)
    start, stop = head[1], len(lines) - tail[1]
    if start >= stop:
        return Ends(sum(1 for line in lines if line.strip()), "") if head[0] or tail[0] else Ends(0, text)
    return Ends(head[0] + tail[0], "\n".join(lines[start:stop]))


def _run(lines: Sequence[str], known: Mapping[bytes, int], min_characters: int) -> tuple[int, int]:
    """(known lines, lines with the white ones) of the run at the head; (0, 0) when it is too short."""
    found = characters = length = 0
    for i, line in enumerate(lines):
        if not line.strip():
            length = i + 1 if found else length
            continue
        if not _plain(line):
            break
        key, _ = _keys([line])[0]
        if key is None or key not in known:
            break
        found, characters, length = found + 1, characters + known[key], i + 1
    return (found, length) if found and characters >= min_characters else (0, 0)


def _plain(line: str) -> bool:
    return bool(line.strip()) and not _STRUCTURE.match(line)


def _keys(lines: Sequence[str]) -> list[tuple[bytes | None, int]]:
    """(key, characters of the comparison form) of each line; the key is None when the form is empty."""
    forms = comparison_forms(pa.array(lines, pa.large_string()))
    return list(zip(content_hashes(forms), (forms.ends - forms.starts).tolist(), strict=True))
