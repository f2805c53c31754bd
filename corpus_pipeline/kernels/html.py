"""The core of a web page as text with Markdown structure, and what the page says of itself.

`model`, the default, cuts the page into blocks (page_blocks.py), scores each by a small trained network
(region_model.py) and writes those of the core (region_text.py): docs/regions.md. `trafilatura` (Apache-2.0) is a
library of rules, slower and with less of the code and lists. Bias: recall, so that structure is kept.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import regex

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.kernels import page_metadata, region_model
from corpus_pipeline.kernels.page_blocks import Parsed, Reader, whole_references
from corpus_pipeline.kernels.region_text import render

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it logs parts of pages
_ROBOTS = regex.compile(r"""<meta[^>]{0,100}?name\s*=\s*["']?robots["']?(?=[\s/>])[^>]{0,200}""", regex.IGNORECASE)
_WORD = regex.compile(r"\w")
_FORBIDS = regex.compile(r"noindex|noarchive|(?<![:\w-])none\b", regex.IGNORECASE)
_DECLARATION = regex.compile(r"^\s*<\?xml[^>]*\?>")

BATCH_BLOCKS = 1000  # of pages scored together: more leave the cache of a core
BATCH_CHARACTERS = 1 << 20  # of those pages, which bounds memory: a parsed page takes ten times its size
LATEST = "2100-01-01"  # the library's own limit is today, and the same page must give the same row tomorrow


class Page(NamedTuple):
    """`body` is the main text with Markdown structure; `problem` a reject reason."""

    title: str | None
    body: str | None
    url: str | None
    created_at: str | None
    noindex: bool
    problem: str | None


def extract(html: str, extractor: str = "model") -> Page:
    """extract_all of one page, which costs twice as much as one of many.

    >>> extract("<html><head><meta name='robots' content='noindex'></head><body></body></html>").noindex
    True
    >>> extract("<title>나무</title><nav><a href='/'>홈</a></nav><h1>나무</h1><p>나무가 자라고 꽃이 핀다.</p>").title
    '나무'
    """
    return next(extract_all([html], extractor))


def extract_all(htmls: Iterable[str], extractor: str = "model") -> Iterator[Page]:
    """The main text of each decoded page, by "model" or "trafilatura", in order; the same whatever stands beside it.
    Never raises on odd pages. Pages are taken as they are needed, BATCH_BLOCKS or BATCH_CHARACTERS of them at a time.

    Raises ConfigError for another extractor, ResourceError when the model is missing.

    >>> [page.body for page in extract_all(["<p>나무가 자란다.</p>", "", "<h1>꽃</h1>"])]
    ['나무가 자란다.', None, '# 꽃']
    """
    if extractor not in _EXTRACTORS:
        raise ConfigError("extractor", "one of " + ", ".join(_EXTRACTORS), repr(extractor), "Choose one of them.")
    return _EXTRACTORS[extractor](htmls)


def _by_model(htmls: Iterable[str]) -> Iterator[Page]:
    model, reader = region_model.load(), Reader()  # a missing resource is no fault of a page
    pages: list[Parsed | Page] = []
    forbidden: list[bool] = []
    blocks = characters = 0
    for html in htmls:
        page = _parsed(reader, html)
        pages.append(page)
        forbidden.append(_forbidden(html))
        blocks += len(page.blocks) if isinstance(page, Parsed) else 0
        characters += len(html)
        if blocks >= BATCH_BLOCKS or characters >= BATCH_CHARACTERS:
            yield from map(_with_noindex, _cores(pages, model), forbidden)
            pages, forbidden, blocks, characters = [], [], 0, 0
    yield from map(_with_noindex, _cores(pages, model), forbidden)


def _parsed(reader: Reader, html: str) -> Parsed | Page:
    try:
        page = reader.parse(html)
    except Exception:  # arbitrary pages: any failure is the page's, and has a reason
        return _failed("unparsable_html")
    return _failed("too_many_blocks") if page.cut else page


def _cores(pages: Sequence[Parsed | Page], model: region_model.Model) -> list[Page]:
    parsed = [page for page in pages if isinstance(page, Parsed)]
    try:
        scores = iter(region_model.score(parsed, model))
        return [_core(page, next(scores), model) if isinstance(page, Parsed) else page for page in pages]
    except Exception:  # as above; alone, the page it is of shows
        return [_failed("unparsable_html")] if len(pages) == 1 else [_cores([page], model)[0] for page in pages]


def _core(page: Parsed, scores: region_model.Array, model: region_model.Model) -> Page:
    body = render(region_model.core(page, scores, model.threshold))
    if not _WORD.search(body):
        return _failed("no_main_text")
    title, url, day = page_metadata.title(page), page_metadata.address(page), page_metadata.published(page)
    return Page(title, body, url, day, False, None)


def _failed(problem: str) -> Page:
    return Page(None, None, None, None, False, problem)


def _forbidden(html: str) -> bool:
    return any(_FORBIDS.search(robots.group()) for robots in _ROBOTS.finditer(html))  # a page may have several


def _with_noindex(page: Page, forbidden: bool) -> Page:
    return page._replace(noindex=True) if forbidden else page


def _by_trafilatura(htmls: Iterable[str]) -> Iterator[Page]:
    for html in htmls:
        try:
            page = _trafilatura(html)
        except Exception:  # as above
            page = _failed("unparsable_html")
        yield _with_noindex(page, _forbidden(html))


def _trafilatura(html: str) -> Page:
    import trafilatura  # 0.1 s, which only this needs

    dates = {"original_date": True, "extensive_search": True, "max_date": LATEST}
    document = trafilatura.bare_extraction(
        _DECLARATION.sub("", whole_references(html)),  # lxml refuses a str that declares a charset
        favor_recall=True,
        include_comments=False,
        include_formatting=True,
        with_metadata=True,
        date_extraction_params=dates,
    )
    if document is None or isinstance(document, dict) or not document.text:
        return _failed("no_main_text")
    return Page(document.title, document.text, document.url, document.date, False, None)


_EXTRACTORS: dict[str, Callable[[Iterable[str]], Iterator[Page]]] = {"model": _by_model, "trafilatura": _by_trafilatura}
