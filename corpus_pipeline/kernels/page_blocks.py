"""A page as blocks: runs of text between the borders that a reader sees, with where each stands.

The parser is libxml2's, by lxml (BSD), as a stream of events: no tree is built, so 100,000 nested elements cost what
100,000 flat ones do. Lexbor's tree took 22 s for them and over a minute for an element of 100,000 attributes; on
ordinary pages it is 1.5 times as fast. Entities of a DTD are not expanded, so none can grow.

Cost: 3 ms for a page of 100 kB. Memory: about ten times the page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

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
_SPAN = re.compile(r"""<(?:/span\s*|span(?:\s(?:[^"'<>]|"[^"<]*"|'[^'<]*')*+)?)>""", re.IGNORECASE)
_BREAK = "\0"  # the parser never gives it: it makes U+FFFD of it


@dataclass(slots=True)
class Block:
    """One run of text; `text` has its white space folded, `<br>` is a newline, code is as it stands.

    tag        the nearest element that is not inline
    container  index in Page.containers of that element
    heading    1 to 6, or 0
    depth      open lists
    marker     "- " or "3. " on the first block of a list item, else ""
    cell       (table, row, column), counted in the page, or None
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
    cell: tuple[int, int, int] | None
    links: int
    code: bool
    quote: bool


@dataclass(slots=True)
class Parsed:
    """Blocks in the order of the page, and the elements that hold them; index 0 is the page.

    parents, first, last  of each container: its parent, and the half-open range of its blocks
    own, path             bit sets of page_words: of the container, and of it and all above it
    shape                 a small number for each pair of tag and class in the page
    metas                 first content of each <meta>, by lower-case name or property
    links                 first href of each <link>, by lower-case rel
    times, data           `datetime` of <time>; text of JSON-LD scripts
    """

    blocks: list[Block] = field(default_factory=list)
    parents: list[int] = field(default_factory=lambda: [0])
    first: list[int] = field(default_factory=lambda: [0])
    last: list[int] = field(default_factory=lambda: [0])
    own: list[int] = field(default_factory=lambda: [0])
    path: list[int] = field(default_factory=lambda: [0])
    shape: list[int] = field(default_factory=lambda: [0])
    title: str = ""
    metas: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    times: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)


def parse(html: str) -> Parsed:
    """The blocks of a decoded page, whatever it declares of its charset. Never raises on odd pages.

    >>> [(b.tag, b.text) for b in parse("<h1>제목</h1><p>첫 <b>문단</b>이다.<br><br>둘째.").blocks]
    [('h1', '제목'), ('p', '첫 문단이다.'), ('p', '둘째.')]
    """
    target = _Events()
    parser = etree.HTMLParser(target=target, encoding="utf-8", huge_tree=True)
    try:
        parser.feed(_SPAN.sub("", html).encode("utf-8", "replace"))
        parser.close()
    except etree.LxmlError:  # nothing to parse; what came before it counts
        target.close()
    return target.page


class _Events:
    """What lxml calls for each tag and text."""

    def __init__(self) -> None:
        self.page = Parsed()
        self._parts: list[str] = []
        self._skip = 0
        self._take = ""  # "title" or "data" while their text is taken
        self._stack: list[tuple[int, str]] = [(0, "body")]
        self._links = 0
        self._link_end = 0
        self._anchors: list[int] = []
        self._pre = self._quote = self._heading = 0
        self._lists: list[list[int]] = []  # next number, or 0 for bullets; 1 when an item has just begun
        self._tables: list[list[int]] = []  # table, row, column
        self._table_count = 0
        self._shapes: dict[tuple[str, str | None], int] = {}

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if self._skip:
            self._skip += tag in SKIPPED
        elif tag in INLINE:
            if tag == "a":
                if self._parts and self._link_end == len(self._parts):
                    self._parts.append(" ")  # links side by side are boxes, not one word
                self._anchors.append(len(self._parts))
            elif tag == "time" and "datetime" in attributes:
                self.page.times.append(attributes["datetime"])
        elif tag == "br":
            self._break()
        elif tag in SKIPPED:
            self._skip_from(tag, attributes)
        elif tag == "meta" or tag == "link":
            self._head(tag, attributes)
        else:
            self._open(tag, attributes)

    def end(self, tag: str) -> None:
        if self._skip:
            self._skip -= tag in SKIPPED
            self._take = ""
        elif tag in INLINE:
            if tag == "a" and self._anchors:
                self._close_link(self._anchors.pop())
        elif tag not in ("br", "meta", "link"):
            self._close(tag)

    def data(self, text: str) -> None:
        if self._skip:
            if self._take == "title":
                self.page.title += text
            elif self._take:
                self.page.data.append(text)
        elif self._parts or self._pre or not text.isspace():
            self._parts.append(text)

    def close(self) -> None:
        self._flush()
        self.page.last[0] = len(self.page.blocks)
        for container, _ in self._stack:
            self.page.last[container] = len(self.page.blocks)

    def _skip_from(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._skip = 1
        if tag == "title" and not self.page.title:
            self._take = "title"
        elif tag == "script" and "ld+json" in attributes.get("type", ""):
            self._take = "data"
        elif tag in ("button", "option", "select"):
            self._parts.append(" ")

    def _head(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "meta":
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
        if self._parts:
            self._flush()
        page, parent = self.page, self._stack[-1][0]
        names = attributes.get("class")
        own = tag_bit(tag)
        if attributes:
            own |= class_bits(names, attributes.get("id"), attributes.get("role"), attributes.get("style"))
            if "hidden" in attributes:
                own |= tag_bit("hidden")
        self._stack.append((len(page.parents), tag))
        page.parents.append(parent)
        page.first.append(len(page.blocks))
        page.last.append(-1)
        page.own.append(own)
        page.path.append(page.path[parent] | own)
        page.shape.append(self._shapes.setdefault((tag, names), len(self._shapes) + 1))
        if tag in _STRUCTURE:
            self._enter(tag, attributes)

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
            self._tables.append([self._table_count, 0, 0])
        elif self._tables:
            self._cell(tag)

    def _cell(self, tag: str) -> None:
        if tag == "tr":
            self._tables[-1][1] += 1
            self._tables[-1][2] = 0
        elif tag in ("td", "th"):
            self._tables[-1][2] += 1

    def _close(self, tag: str) -> None:
        if self._parts:
            self._flush()
        if len(self._stack) > 1:
            self.page.last[self._stack.pop()[0]] = len(self.page.blocks)
        if tag not in _STRUCTURE:
            return
        if tag in HEADINGS:
            self._heading = 0
        elif tag == "pre":
            self._pre -= 1
        elif tag == "blockquote":
            self._quote -= 1
        elif tag in ("ul", "ol", "menu", "dir"):
            if self._lists:
                self._lists.pop()
        elif tag == "table" and self._tables:
            self._tables.pop()

    def _close_link(self, begin: int) -> None:
        text = "".join(self._parts[begin:])
        if self._heading and text.strip() in _ANCHORS:  # the sign beside a heading that links to itself
            del self._parts[begin:]
        else:
            self._links += len(text.strip())
            self._link_end = len(self._parts)

    def _flush(self) -> None:
        text = "".join(self._parts)
        self._parts.clear()
        self._anchors = [0] * len(self._anchors)
        links, self._links = self._links, 0
        if self._pre:
            text = text.replace(_BREAK, "\n").strip("\n")
            if not text or text.isspace():
                return
        elif _BREAK in text:
            text = "\n".join(filter(None, (" ".join(line.split()) for line in text.split(_BREAK))))
        else:
            text = " ".join(text.split())
        if not text:
            return
        if self._anchors:  # within a link that holds elements
            links = len(text)
        container, tag = self._stack[-1]
        table = self._tables[-1] if self._tables else None
        cell = (table[0], table[1], table[2]) if table and table[2] else None
        block = Block(
            text,
            tag,
            container,
            self._heading,
            len(self._lists),
            self._marker(),
            cell,
            min(links, len(text)),
            self._pre > 0,
            self._quote > 0,
        )
        self.page.blocks.append(block)

    def _marker(self) -> str:
        if not self._lists or not self._lists[-1][1]:
            return ""
        number, self._lists[-1][1] = self._lists[-1][0], 0
        if number < 0:
            return "- "
        self._lists[-1][0] += 1
        return f"{number}. "


_STRUCTURE = frozenset((*HEADINGS, "pre", "blockquote", "li", "ul", "ol", "menu", "dir", "table", "tr", "td", "th"))
