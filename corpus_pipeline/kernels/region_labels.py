"""Which blocks of a page its gold text holds, and how well one text covers another: for training and measuring.

A gold text is HTML: the container of the article, or what a person cut out of the page. Both go through the same
parser, so their blocks compare one by one, in order; a block that fits none is gold when its word triples are.
"""

from __future__ import annotations

from collections import Counter
from difflib import SequenceMatcher

import numpy as np
import numpy.typing as npt
import regex

from corpus_pipeline.kernels.page_blocks import Block, Parsed

_TOKEN = regex.compile(r"[\w]+")
_MARK = regex.compile(r"^[\s>]*(#{1,6} |[-*+] |\d+[.)] )?\s*")
KINDS = ("headings", "items", "code")
COVERED = 0.8  # of a block's word triples, to count as gold: the rest is what an editor may touch
LONG = 6  # words, from which triples say something


def tokens(text: str) -> list[str]:
    """
    >>> tokens("## 첫 문단, v2")
    ['첫', '문단', 'v2']
    """
    return [str(found) for found in _TOKEN.findall(text)]


def labels(page: Parsed, gold: Parsed) -> npt.NDArray[np.float32]:
    """1 for the blocks of `page` that `gold` has, else 0.

    >>> from corpus_pipeline.kernels.page_blocks import parse
    >>> labels(parse("<a>홈</a><p>본문이다.</p>"), parse("<p>본문이다.</p>")).tolist()
    [0.0, 1.0]
    """
    here, there = [_key(block) for block in page.blocks], [_key(block) for block in gold.blocks]
    found = np.zeros(len(here), np.float32)
    for match in SequenceMatcher(None, here, there, autojunk=False).get_matching_blocks():
        found[match.a : match.a + match.size] = 1
    triples = {triple for block in gold.blocks for triple in _triples(block.text)}
    for index, block in enumerate(page.blocks):
        own = _triples(block.text) if not found[index] else []
        if len(own) >= LONG and sum(one in triples for one in own) >= COVERED * len(own):
            found[index] = 1
    return found


def _key(block: Block) -> str:
    return "".join(block.text.split())


def _triples(text: str) -> list[tuple[str, ...]]:
    found = tokens(text)
    return list(zip(found, found[1:], found[2:], strict=False))


def f1(text: str, gold: str) -> float:
    """F1 of the tokens of `text` as a multiset against those of `gold`; 1 when both have none.

    >>> f1("가 나", "가 나 다 라")
    0.6666666666666666
    """
    own, wanted = Counter(tokens(text)), Counter(tokens(gold))
    if not own and not wanted:
        return 1.0
    both = sum((own & wanted).values())
    return 2 * both / (sum(own.values()) + sum(wanted.values()))


def kept(text: str, gold: Parsed) -> dict[str, tuple[int, int]]:
    """By kind of structure: how many `gold` has, and how many lines of `text` still have it, with its mark.

    headings  lines that begin with `#`
    items     first lines of list items, that begin with a bullet or a number
    code      lines of code, wherever they stand

    >>> from corpus_pipeline.kernels.page_blocks import parse
    >>> kept("## 차례\\n- 하나", parse("<h2>차례</h2><ul><li>하나<li>둘</ul>"))
    {'headings': (1, 1), 'items': (2, 1), 'code': (0, 0)}
    """
    marked, plain = Counter[tuple[str, str]](), Counter[str]()
    for line in text.splitlines():
        found = _MARK.match(line)
        mark = (found.group(1) or " ")[0] if found else " "
        marked[
            ("#" if mark == "#" else " " if mark == " " else "-", _bare(line[found.end() :] if found else line))
        ] += 1
        plain[_bare(line)] += 1
    wanted: dict[str, list[tuple[str, str]]] = {kind: [] for kind in KINDS}
    for block in gold.blocks:
        lines = [_bare(line) for line in block.text.splitlines()]
        if block.code and not regex.fullmatch(r"[\d\s]*", block.text):
            wanted["code"] += [(" ", line) for line in lines if line]
        elif block.heading:
            wanted["headings"].append(("#", lines[0]))
        elif block.marker and not block.cell:
            wanted["items"].append(("-", lines[0]))
    hits = {kind: sum((Counter(wanted[kind]) & marked).values()) for kind in KINDS[:2]}
    hits["code"] = sum((Counter(line for _, line in wanted["code"]) & plain).values())
    return {kind: (len(wanted[kind]), hits[kind]) for kind in KINDS}


def _bare(line: str) -> str:
    """Without white space and the marks of emphasis and code, which extractors set or do not."""
    return str(regex.sub(r"[\s*_`|]", "", line))
