"""A page as blocks: runs of text between the borders that a reader sees, with where each stands.

The parser is libxml2's, by lxml (BSD), as a stream of events: no tree is built, so 100,000 nested elements cost what
100,000 flat ones do. Lexbor's tree took 22 s for them and over a minute for an element of 100,000 attributes, and on
ordinary pages a walk through it from Python costs what our stream does. Entities of a DTD are not expanded, so none can
grow.

Cost: 0.7 ms for a page of 17 kB and 80 blocks (measured): 0.13 libxml2 alone, 0.16 its calls of Python, 0.06 spans, the
rest the blocks. Memory: about ten times the page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from lxml import etree  # type: ignore[import-untyped]

from corpus_pipeline.kernels.page_words import class_bits, tag_bit


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


INLINE = _names(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark math mi mn mo mrow msub msup "
    "nobr q ruby rb rt s samp semantics small span strike strong sub sup tt u var wbr time"
)
SKIPPED = _names(
    "script style noscript template svg iframe object select option textarea button input canvas map audio video "
    "title rp datalist applet embed progress meter frameset annotation"
)
HEADINGS = {f"h{level}": level for level in range(1, 7)}
_ANCHORS = frozenset(("", "#", "¶", "§", "🔗", "link", "Permalink"))
# a third of the tags of a page of code, and they say nothing; quotes may hold `>`, and no part is tried twice
_SPAN = re.compile(r"""<(?:/[Ss][Pp][Aa][Nn]\s*|[Ss][Pp][Aa][Nn](?:\s(?:[^"'<>]++|"[^"<]*"|'[^'<]*')*+)?)>""")
LONGEST_TITLE = 1000  # characters
MOST = 1_000_000  # elements, and blocks, that are read of a page
WIDEST = 100  # columns that one cell takes, and up to which a cell above counts: it bounds the work for a row
TALLEST = 65_534  # rows that one cell takes: the limit of HTML
_NUMBER = re.compile(r"\s*\+?0*([0-9]{1,6})")
_SIGN_PARTS, _SIGN_LENGTH = 10, 200  # of a link that may be one of _ANCHORS, with the white space around it
_BREAK = "\0"  # the parser never gives it: it makes U+FFFD of it
# numeric references to 0, to halves of a pair of surrogates, and to numbers above all characters; others of that length
# too, which stay what they are
_ODD_REFERENCE = (
    r"&#(?:(?:0*+(?:5(?:5[2-9]|6\d|7[0-3])\d\d|[1-9]\d{6,}+)|0++)(?!\d)"
    r"|[xX](?:0*+(?:[dD][89a-fA-F][\da-fA-F]{2}|[1-9a-fA-F][\da-fA-F]{5,}+)|0++)(?![\da-fA-F]));?"
)
# it begins with `&#` as it stands, which is found ten times as fast as what may begin a group
_ODD_REFERENCES = re.compile(f"{_ODD_REFERENCE}(?:{_ODD_REFERENCE})*+", re.ASCII)
_REFERENCE = re.compile(r"&#(?:[xX]0*+([\da-fA-F]*)|0*+(\d*))", re.ASCII)


class Block(NamedTuple):
    """One run of text; `text` has its white space folded, `<br>` is a newline, code is as it stands.

    tag        the nearest element that is not inline
    container  index in Page.containers of that element
    heading    1 to 6, or 0
    depth      open lists
    marker     "- " or "3. " on the first block of a list item, else ""
    cell       (table, row, number in its row, column), all from 1, or None; cells that take several columns or rows
               move the columns of those after and below them
    links      characters of `text` within links, about
    code       within <pre>
    quote      within <blockquote>
    """

    text: str
    tag: str
    container: int
    heading: int
    depth: int
    marker: str
    cell: tuple[int, int, int, int] | None
    links: int
    code: bool
    quote: bool


# parent, first block, bit sets of page_words of it and of it with all above it, a number for its tag and class
Element = tuple[int, int, int, int, int]


@dataclass(slots=True)
class Parsed:
    """Blocks in the order of the page, and the elements that hold them; element 0 is the page.

    elements     see Element
    last         of each element the end of the half-open range of its blocks
    metas        first content of each <meta>, by lower-case name or property
    links        first href of each <link>, by lower-case rel
    times, data  `datetime` of <time>; text of JSON-LD scripts
    cut          there are more than MOST elements or blocks, and what follows is missing
    """

    blocks: list[Block] = field(default_factory=list)
    elements: list[Element] = field(default_factory=lambda: [(0, 0, 0, 0, 0)])
    last: list[int] = field(default_factory=lambda: [0])
    title: str = ""
    metas: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    times: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    cut: bool = False


def parse(html: str) -> Parsed:
    """The blocks of a decoded page, whatever it declares of its charset. Never raises on odd pages.

    >>> [(b.tag, b.text) for b in parse("<h1>제목</h1><p>첫 <b>문단</b>이다.<br><br>둘째.").blocks]
    [('h1', '제목'), ('p', '첫 문단이다.'), ('p', '둘째.')]
    """
    return Reader().parse(html)


class Reader:
    """Pages one after the other by one parser: to make one anew costs as much as libxml2's work on a small page."""

    def __init__(self) -> None:
        self._events = _Events()
        self._parser = etree.HTMLParser(target=self._events, encoding="utf-8", huge_tree=True)

    def parse(self, html: str) -> Parsed:
        """As `parse`."""
        events = self._events
        events.begin()
        try:
            etree.fromstring(_SPAN.sub("", whole_references(html)).encode("utf-8", "replace"), self._parser)
        except (etree.LxmlError, _Full):  # nothing to parse, or too much; what came before it counts
            events.close()
        return events.page


def whole_references(text: str) -> str:
    """HTML in which a character written as two numeric references, one for each half of a surrogate pair, stands
    itself; references to no character, which parsers make U+FFFD of, are gone.

    >>> whole_references("&#55357;&#56832; &#xD83D;&#xde00; &#55357; &#0; &#44032;")
    '😀 😀   &#44032;'
    """
    return _ODD_REFERENCES.sub(_characters, text) if "&#" in text else text


def _characters(found: re.Match[str]) -> str:
    numbers = [int(h, 16) if h else int(d or 0) for h, d in _REFERENCE.findall(found[0]) if len(h or d) < 8]
    units = "".join(chr(number) for number in numbers if 0 < number <= 0x10FFFF)
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")  # pairs join, lone halves go


class Grid:
    """Where the cells of a table stand when some take several columns or rows.

    >>> grid = Grid()
    >>> for cells in [({"rowspan": "2"}, {"colspan": "2"}, {}), ({}, {})]:
    ...     grid.start_row()
    ...     print([grid.place(attributes) for attributes in cells])
    [1, 2, 4]
    [2, 3]
    """

    __slots__ = ("_covered", "_next", "column", "number", "row")

    def __init__(self) -> None:
        self.row = self.number = self.column = 0  # the number of a cell in its row, and the column; 0 before the first
        self._next = 1
        self._covered: dict[int, int] = {}  # of a column, the last row that a cell takes

    def start_row(self) -> None:
        self.row += 1
        self.number = self.column = 0
        self._next = 1

    def start_group(self) -> None:
        """No cell reaches from a group of rows, such as <thead>, into another."""
        self._covered.clear()

    def place(self, attributes: Mapping[str, str]) -> int:
        """The column of the next cell of the row, by its `colspan` and `rowspan`."""
        column, covered = self._next, self._covered
        while covered and covered.get(column, -1) >= self.row:
            column += 1
        self.number += 1
        self.column, self._next = column, column + 1
        if attributes:
            self._next = column + _span(attributes.get("colspan"), WIDEST)
            rows = _span(attributes.get("rowspan"), TALLEST)
            if rows > 1:
                covered.update(dict.fromkeys(range(column, min(self._next, WIDEST + 1)), self.row + rows - 1))
        return column


def _span(value: str | None, most: int) -> int:
    found = _NUMBER.match(value) if value else None
    return min(int(found[1]), most) or 1 if found else 1


def too_sparse(places: int, cells: int) -> bool:
    """A table with far more places than cells would be written as little but empty cells, and n rows below a row of n
    cells as n * n of them. 100 places, ten rows of ten, are always written."""
    return places > 4 * cells + 100


class _Full(Exception):
    """There are MOST elements or blocks."""


class _Events:
    """What lxml calls for each tag and text: some hundred times a page, so the common ways are short."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """A new page."""
        self.page = Parsed()
        self._blocks, self._elements, self._last = self.page.blocks, self.page.elements, self.page.last
        self._parts: list[str] = []
        self._skip = 0
        self._take = ""  # "title" or "data" while their text is taken
        self._stack: list[tuple[int, str, int]] = [(0, "body", 0)]  # element, its tag and path
        self._links = 0
        self._link_end = 0
        self._anchors: list[int] = []  # parts before each open link, those of earlier blocks too
        self._gone = 0  # parts of earlier blocks
        self._firsts: list[int] = []  # of each part, where the first character that is no white space stands from it on
        self._seen = self._size = self._ink = 0  # parts and characters counted, and the end of the last such character
        self._pre = self._quote = self._heading = 0
        self._lists: list[list[int]] = []  # next number, or 0 for bullets; 1 when an item has just begun
        self._tables: list[tuple[int, Grid]] = []
        self._table_count = 0
        self._kinds: dict[tuple[str, str | None], tuple[int, int]] = {}  # tag and class: bits, shape

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        role = _ROLES.get(tag)
        if self._skip:
            self._skip += role == _SKIPS
        elif role is None:
            if self._parts:
                self._flush()
            self._open(tag, attributes)
            if tag in _STRUCTURE:
                self._enter(tag, attributes)
        elif role == _LINKS:
            parts = self._parts
            if parts and self._link_end == len(parts):
                parts.append(" ")  # links side by side are boxes, not one word
            self._anchors.append(self._gone + len(parts))
        elif role == _SKIPS:
            self._skip_from(tag, attributes)
        elif role == _BREAKS:
            self._break()
        elif role == _SAYS:
            self._head(tag, attributes)

    def end(self, tag: str) -> None:
        role = _ROLES.get(tag)
        if self._skip:
            self._skip -= role == _SKIPS
            self._take = ""
        elif role is None or role == _SKIPS:
            if self._parts:
                self._flush()
            if len(self._stack) > 1:
                self._last[self._stack.pop()[0]] = len(self._blocks)
            if tag in _ENDING:
                self._leave(tag)
        elif role == _LINKS and self._anchors:
            self._close_link(max(self._anchors.pop() - self._gone, 0))

    def data(self, text: str) -> None:
        if self._skip:
            if self._take == "title":
                self.page.title = (self.page.title + text)[:LONGEST_TITLE]
            elif self._take:
                self.page.data.append(text)
        elif self._parts or self._pre or not text.isspace():
            self._parts.append(text)

    def close(self) -> None:
        if self._parts:
            self._flush()
        for container, _, _ in self._stack:
            self._last[container] = len(self._blocks)

    def _skip_from(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._skip = 1
        if tag == "title" and not self.page.title:
            self._take = "title"
        elif tag == "script" and "ld+json" in attributes.get("type", ""):
            self._take = "data"
        elif tag in ("button", "option", "select"):
            self._parts.append(" ")

    def _head(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "time":
            if "datetime" in attributes:
                self.page.times.append(attributes["datetime"])
        elif tag == "meta":
            name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop")
            if name and attributes.get("content"):
                self.page.metas.setdefault(name.lower(), attributes["content"])
        elif attributes.get("href"):
            self.page.links.setdefault(attributes.get("rel", "").lower(), attributes["href"])

    def _break(self) -> None:
        parts = self._parts
        if self._pre:
            parts.append("\n")
        elif parts and (parts[-1] == _BREAK or (len(parts) > 1 and parts[-2] == _BREAK and parts[-1].isspace())):
            self._flush()  # two in a row part paragraphs
        else:
            parts.append(_BREAK)

    def _open(self, tag: str, attributes: Mapping[str, str]) -> None:
        names = attributes.get("class") if attributes else None
        kind = self._kinds.get((tag, names))
        if kind is None:
            own = tag_bit(tag) | class_bits(names, None, None, None)
            kind = self._kinds[tag, names] = (own, len(self._kinds) + 1)
        own, shape = kind
        if attributes and len(attributes) > (names is not None):
            get = attributes.get
            own |= class_bits(None, get("id"), get("role"), get("style"))
            if "hidden" in attributes:
                own |= tag_bit("hidden")
        parent, _, path = self._stack[-1]
        path |= own
        number = len(self._last)
        if number >= MOST:
            self._fill_up()
        self._stack.append((number, tag, path))
        self._elements.append((parent, len(self._blocks), own, path, shape))
        self._last.append(-1)

    def _fill_up(self) -> None:
        self.page.cut = True
        raise _Full

    def _enter(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in HEADINGS:
            self._heading = HEADINGS[tag]
        elif tag == "pre":
            self._pre += 1
        elif tag == "blockquote":
            self._quote += 1
        elif tag == "li":
            if self._lists:
                self._lists[-1][1] = 1
        elif tag in ("ul", "ol", "menu", "dir"):
            start = attributes.get("start", "1")
            first = int(start) if start.isascii() and start.isdecimal() and len(start) < 7 else 1
            self._lists.append([first if tag == "ol" else -1, 0])
        elif tag == "table":
            self._table_count += 1
            self._tables.append((self._table_count, Grid()))
        elif self._tables:
            self._cell(tag, attributes)

    def _cell(self, tag: str, attributes: Mapping[str, str]) -> None:
        grid = self._tables[-1][1]
        if tag in ("td", "th"):
            grid.place(attributes)
        elif tag == "tr":
            grid.start_row()
        else:
            grid.start_group()

    def _leave(self, tag: str) -> None:
        if tag in HEADINGS:
            self._heading = 0
        elif tag == "pre":
            self._pre -= 1
        elif tag == "blockquote":
            self._quote -= 1
        elif tag in ("ul", "ol", "menu", "dir"):
            if self._lists:
                self._lists.pop()
        elif self._tables:
            if tag == "table":
                self._tables.pop()
            else:
                self._tables[-1][1].start_group()

    def _close_link(self, begin: int) -> None:
        if self._heading and self._is_sign(begin):
            del self._parts[begin:], self._firsts[begin:]
            self._seen = min(self._seen, begin)
        else:
            self._links += self._length(begin)
            self._link_end = len(self._parts)

    def _is_sign(self, begin: int) -> bool:
        """Whether the parts from `begin` on are the sign beside a heading that links to itself."""
        parts = self._parts[begin : begin + _SIGN_PARTS + 1]
        if len(parts) > _SIGN_PARTS or sum(map(len, parts)) > _SIGN_LENGTH:
            return False
        return "".join(parts).strip() in _ANCHORS

    def _length(self, begin: int) -> int:
        """Characters from part `begin` on without the white space around them. A part is counted once, however many
        links that were never closed hold it."""
        if not self._anchors:  # no link around this one, so nothing of it is counted again
            return len("".join(self._parts[begin:]).strip())
        firsts = self._firsts
        for part in self._parts[self._seen :]:
            self._seen += 1
            bare = part.lstrip()
            if bare:
                firsts += [self._size + len(part) - len(bare)] * (self._seen - len(firsts))
                self._ink = self._size + len(part.rstrip())
            self._size += len(part)
        return self._ink - firsts[begin] if begin < len(firsts) else 0

    def _flush(self) -> None:
        text = self._parts[0] if len(self._parts) == 1 else "".join(self._parts)
        self._gone += len(self._parts)
        self._parts.clear()
        links, self._links, self._link_end = self._links, 0, 0
        if self._seen:
            self._firsts.clear()
            self._seen = self._size = self._ink = 0
        if self._pre:
            text = text.replace(_BREAK, "\n").strip("\n")
            if text.isspace():
                return
        elif _BREAK in text:
            text = "\n".join(filter(None, (" ".join(line.split()) for line in text.split(_BREAK))))
        else:
            text = text.strip()
            if "  " in text or not text.isprintable():  # of white space only the plain one is printable
                text = " ".join(text.split())
        if not text:
            return
        size = len(text)
        links = size if self._anchors else min(links, size)  # within a link that holds elements: all
        container, tag, _ = self._stack[-1]
        table, lists = self._tables, self._lists
        grid = table[-1][1] if table else None
        cell = (table[-1][0], grid.row, grid.number, grid.column) if grid and grid.number else None
        marker = self._marker() if lists and lists[-1][1] else ""
        pre, quote = self._pre > 0, self._quote > 0
        if len(self._blocks) >= MOST:
            self._fill_up()
        block = (text, tag, container, self._heading, len(lists), marker, cell, links, pre, quote)
        self._blocks.append(tuple.__new__(Block, block))  # Block() takes twice as long

    def _marker(self) -> str:
        number, self._lists[-1][1] = self._lists[-1][0], 0
        if number < 0:
            return "- "
        self._lists[-1][0] += 1
        return f"{number}. "


_STRUCTURE = frozenset(HEADINGS) | _names("pre blockquote li ul ol menu dir table thead tbody tfoot tr td th")
_ENDING = _STRUCTURE - {"li", "tr", "td", "th"}
_LINKS, _INLINES, _SKIPS, _BREAKS, _SAYS = range(5)  # what a tag does; those of none are borders
_ROLES = {
    **dict.fromkeys(INLINE, _INLINES),
    **dict.fromkeys(SKIPPED, _SKIPS),
    **dict.fromkeys(("meta", "link", "time"), _SAYS),
    "a": _LINKS,
    "br": _BREAKS,
}
