"""Pages of MediaWiki dumps: wikitext to text with Markdown structure, by mwparserfromhell (MIT).

Headings, lists, tables, code and formulas stay; templates, references, pictures, categories and comments go. A section
of which nothing is left goes with its heading. Cost: about 0.4 MB of dense wikitext a second. The parser takes time in
proportion to (openings that are never closed) x (length); a page over MAX_WORK is refused instead of read for hours.
"""

from __future__ import annotations

import html
from collections import Counter
from functools import cache
from typing import Any, NamedTuple
from xml.etree import ElementTree

import regex

from corpus_pipeline.kernels.page_blocks import Grid, too_sparse, whole_references
from corpus_pipeline.resources import read_tsv

MAX_WORK = 1e7  # about 2 s; a long article with ten openings left open has 1e6
_LIST = {"*": "\ue000", "#": "\ue001", ":": "\ue002", ";": "\ue003"}
_MARKERS = "".join(_LIST.values())
_GONE = frozenset(
    (
        *("ref", "references", "gallery", "timeline", "score", "imagemap", "templatestyles", "mapframe", "maplink"),
        *("graph", "hiero", "indicator", "section", "inputbox", "categorytree", "style", "script", "noinclude"),
    )
)
_BLOCKS = frozenset(("p", "div", "blockquote", "center", "poem", "ul", "ol", "dl", "li", "dd", "dt", "h1", "h2", "h3"))
_CODE = frozenset(("pre", "syntaxhighlight", "source"))
_UNCLOSED = frozenset(  # HTML lets them stand without an end
    ("br", "hr", "wbr", "img", "meta", "link", "li", "dd", "dt", "tr", "td", "th", "p")
)
_TOKEN = regex.compile(
    r"\[\[|\]\]|\{\{|\}\}|\{\||\|\}|\[(?:https?:)?//|\]|<(/?)([a-zA-Z]{1,20})(?:\s[^<>]{0,500})?(/?)>"
)
_STARTED = regex.compile(r"<(?:[a-zA-Z]|!--)")
_REDIRECT = regex.compile(r"\s*#(?:redirect|넘겨주기|転送)\b", regex.IGNORECASE)
_INTERWIKI = regex.compile(r"[a-z]{2,3}(-[a-z]{2,8})*:", regex.IGNORECASE)
_SWITCH = regex.compile(r"__[^\W_]{2,30}__")
_LEADING = regex.compile(rf"^([{_MARKERS}]+)[ \t]*", regex.MULTILINE)
_EMPTY_BRACKETS = regex.compile(r"[ \t]?\(\s*+(?:[,;·、]++\s*+)?\)")
_BRACKET_COMMA = regex.compile(r"\(\s*+[,;·、][\s,;·、]*+")
_BLANK = regex.compile(r"(?<![ \t])[ \t]++$|^[ \t]*[:;,][ \t]*$", regex.MULTILINE)
_GAPS = regex.compile(r"\n{3,}")
_HEADING = regex.compile(r"^(#{1,6}) ")


class Article(NamedTuple):
    """`problem` a reject reason: malformed_record, redirect, not_an_article, not_wikitext, no_main_text,
    unparsable_wikitext."""

    page_id: str | None
    title: str | None
    body: str | None
    changed_at: str | None
    problem: str | None


def article(xml: str) -> Article:
    """The latest revision of a `<page>` element; what stands before the element is skipped. Never raises.

    >>> revision = "<revision><text>'''민법'''은 [[법]]이다.</text></revision>"
    >>> article(f"<page><title>민법</title><ns>0</ns><id>7</id>{revision}</page>")
    Article(page_id='7', title='민법', body='민법은 법이다.', changed_at=None, problem=None)
    >>> article("<page><title>틀:가</title><ns>10</ns></page>").problem
    'not_an_article'
    """
    start = xml.find("<page>")
    try:
        page = ElementTree.fromstring(xml[max(start, 0) :])
    except (ElementTree.ParseError, ValueError):
        return Article(None, None, None, None, "malformed_record")
    last = (page.findall("revision") or [ElementTree.Element("revision")])[-1]
    wikitext = last.findtext("text") or ""
    found = Article(page.findtext("id"), page.findtext("title"), None, last.findtext("timestamp"), None)
    if page.tag != "page" or (found.page_id is None and found.title is None):
        return found._replace(problem="malformed_record")
    if (page.findtext("ns") or "0").strip() != "0":
        return found._replace(problem="not_an_article")
    if page.find("redirect") is not None or _REDIRECT.match(wikitext):
        return found._replace(problem="redirect")
    if (last.findtext("model") or "wikitext") != "wikitext":
        return found._replace(problem="not_wikitext")
    body = plain_text(wikitext)
    return found._replace(
        body=body, problem="unparsable_wikitext" if body is None else None if body else "no_main_text"
    )


def plain_text(wikitext: str) -> str | None:
    """Text of wikitext; None when it cannot be parsed.

    >>> plain_text("== 역사 ==\\n* [[서울특별시|서울]]{{각주}}\\n** 둘째<ref>주</ref>\\n== 각주 ==\\n{{각주}}")
    '## 역사\\n\\n- 서울\\n  - 둘째'
    """
    if work(wikitext) > MAX_WORK:
        return None
    import mwparserfromhell  # 0.1 s, which only wikis need

    clean = _SWITCH.sub("", whole_references(wikitext).translate({ord(marker): None for marker in _MARKERS}))
    try:
        text = _Writer().text(mwparserfromhell.parse(clean))
    except (mwparserfromhell.parser.ParserError, RecursionError):
        return None
    return _tidy(text)


def work(wikitext: str) -> float:
    """Openings without their end, half-written tags too, times characters: what the parser's time grows with.

    >>> work("[[가|나]] <b>다</b>"), work("[[가|" * 10)
    (0.0, 400.0)
    """
    open_: Counter[str] = Counter()
    started = len(_STARTED.findall(wikitext)) - wikitext.count("-->")
    ends = {"]]": "[[", "}}": "{{", "|}": "{|", "]": "["}
    for token in _TOKEN.finditer(wikitext):
        text, (closing, name, single) = token[0], token.groups()
        if name:
            started -= not closing
            name = name.lower()
            if single or name in _UNCLOSED:
                continue
            open_[name] = max(0, open_[name] + (-1 if closing else 1))
        elif text in ends:
            open_[ends[text]] = max(0, open_[ends[text]] - 1)
        else:
            open_["[" if text.endswith("//") else text] += 1
    return float((sum(open_.values()) + max(0, started)) * len(wikitext))


@cache
def _hidden() -> frozenset[str]:
    return frozenset(name for _, name in read_tsv("ko/wiki_namespaces.tsv"))


class _Writer:
    """Walks the parser's nodes."""

    def __init__(self) -> None:
        from mwparserfromhell import nodes

        self.nodes = nodes

    def text(self, code: Any) -> str:
        return "" if code is None else "".join(self.node(node) for node in code.nodes)

    def node(self, node: Any) -> str:
        kinds = self.nodes
        if isinstance(node, kinds.Text):
            return str(node.value)
        if isinstance(node, kinds.Wikilink):
            return self.link(node)
        if isinstance(node, kinds.ExternalLink):
            return self.text(node.title)
        if isinstance(node, kinds.HTMLEntity):
            return html.unescape(str(node))
        if isinstance(node, kinds.Heading):
            return f"\n{'#' * node.level} {' '.join(self.text(node.title).split())}\n"
        return self.tag(node) if isinstance(node, kinds.Tag) else ""  # templates, arguments, comments

    def link(self, node: Any) -> str:
        title = str(node.title).strip()
        space = title.partition(":")[0].strip().lower() if ":" in title else ""
        if space in _hidden() or (node.text is None and _INTERWIKI.match(title)):
            return ""
        return self.text(node.text) if node.text is not None and str(node.text).strip() else title.removeprefix(":")

    def tag(self, node: Any) -> str:
        name = str(node.tag).strip().lower()
        if node.wiki_markup and str(node.wiki_markup) in _LIST:
            return _LIST[str(node.wiki_markup)]
        if name in _GONE:
            return ""
        if name in ("br", "hr"):
            return "\n"
        if name == "table":
            return self.table(node.contents)
        if name in _CODE:
            return f"\n```\n{str(node.contents).strip(chr(10))}\n```\n"
        if name in ("nowiki", "math"):
            mark = "$" if name == "math" else ""
            return f"{mark}{html.unescape(str(node.contents))}{mark}"
        inner = self.text(node.contents)
        return f"\n{inner}\n" if name in _BLOCKS else f"`{inner}`" if name in ("code", "tt") and inner else inner

    def table(self, contents: Any) -> str:
        rows: list[list[tuple[int, str]]] = [[]]  # column and text of each cell
        self.collect(contents, rows, Grid())
        sparse = too_sparse(sum(row[-1][0] for row in rows if row), sum(map(len, rows)))
        lines = ["| " + " | ".join(_cells(row, sparse)) + " |" for row in rows if any(text for _, text in row)]
        return "\n" + "\n".join(lines) + "\n"

    def collect(self, contents: Any, rows: list[list[tuple[int, str]]], grid: Grid) -> None:
        for node in contents.nodes if contents is not None else ():
            name = str(node.tag).strip().lower() if isinstance(node, self.nodes.Tag) else ""
            if name in ("td", "th"):
                cell = " ".join(_LEADING.sub("", self.text(node.contents)).split())
                if node.wiki_markup == "|" and cell.startswith("+") and not any(rows):  # the caption
                    rows[:] = [[(1, cell[1:].strip())], []]
                    continue
                if not rows[-1]:  # MediaWiki makes no row without a cell
                    grid.start_row()
                rows[-1].append((grid.place(_attributes(node)), cell))
            elif name in ("tr", "tbody", "thead"):
                rows.append([])
                self.collect(node.contents, rows, grid)


def _attributes(node: Any) -> dict[str, str]:
    return {str(one.name).strip().lower(): str(one.value) for one in node.attributes}


def _cells(row: list[tuple[int, str]], sparse: bool) -> list[str]:
    """The texts of a row with empty ones where no cell begins, unless the table is too sparse for them."""
    cells: list[str] = []
    for column, text in row:
        if not sparse:
            cells += [""] * (column - 1 - len(cells))
        cells.append(text)
    return cells


def _tidy(text: str) -> str:
    text = _LEADING.sub(_marker, text)
    text = text.translate({ord(marker): ":" if marker == _LIST[":"] else None for marker in _MARKERS})
    text = _BRACKET_COMMA.sub("(", _EMPTY_BRACKETS.sub("", text))
    lines = _GAPS.sub("\n\n", _BLANK.sub("", text)).strip().split("\n")
    kept: list[str] = []
    below = 0  # level of the heading below when nothing stands between, else 7; 0 at the end
    for line in reversed(lines):
        heading = _HEADING.match(line)
        if heading and len(heading[1]) >= below:
            continue
        kept.append(line)
        if line.strip():
            below = len(heading[1]) if heading else 7
    return str(_GAPS.sub("\n\n", "\n".join(reversed(kept)))).strip()


def _marker(found: regex.Match[str]) -> str:
    indent = "  " * (len(found[1]) - 1)
    last = found[1][-1]
    return indent + ("- " if last == _LIST["*"] else "1. " if last == _LIST["#"] else "")
