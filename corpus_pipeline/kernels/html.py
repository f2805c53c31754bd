"""The core of a web page as text with Markdown structure, and what the page says of itself.

`model`, the default, cuts the page into blocks (page_blocks.py), scores each by a small trained network
(region_model.py) and writes those of the core (region_text.py): docs/regions.md. `trafilatura` (Apache-2.0) is a
library of rules, slower and with less of the code and lists. Bias: recall, so that structure is kept.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

import regex

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.kernels import page_metadata, region_model
from corpus_pipeline.kernels.page_blocks import parse
from corpus_pipeline.kernels.region_text import render

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it logs parts of pages
_ROBOTS = regex.compile(r"""<meta[^>]{0,100}?name\s*=\s*["']?robots["']?(?=[\s/>])[^>]{0,200}""", regex.IGNORECASE)
_WORD = regex.compile(r"\w")
_FORBIDS = regex.compile(r"noindex|noarchive|(?<![:\w-])none\b", regex.IGNORECASE)
_DECLARATION = regex.compile(r"^\s*<\?xml[^>]*\?>")

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
    """The main text of a decoded page, by "model" or "trafilatura". Never raises on odd pages.

    Raises ConfigError for another extractor, ResourceError when the model is missing.

    >>> extract("<html><head><meta name='robots' content='noindex'></head><body></body></html>").noindex
    True
    >>> extract("<title>나무</title><nav><a href='/'>홈</a></nav><h1>나무</h1><p>나무가 자라고 꽃이 핀다.</p>").title
    '나무'
    """
    if extractor not in _EXTRACTORS:
        raise ConfigError("extractor", "one of " + ", ".join(_EXTRACTORS), repr(extractor), "Choose one of them.")
    if extractor == "model":
        region_model.load()  # a missing resource is no fault of the page
    noindex = any(_FORBIDS.search(robots.group()) for robots in _ROBOTS.finditer(html))  # a page may have several
    try:
        page = _EXTRACTORS[extractor](html)
    except Exception:  # arbitrary pages: any failure is the page's, and has a reason
        return Page(None, None, None, None, noindex, "unparsable_html")
    return page._replace(noindex=noindex)


def _by_model(html: str) -> Page:
    page, model = parse(html), region_model.load()
    if page.cut:
        return Page(None, None, None, None, False, "too_many_blocks")
    body = render(region_model.core(page, region_model.score(page, model), model.threshold))
    if not _WORD.search(body):
        return Page(None, None, None, None, False, "no_main_text")
    title, url, day = page_metadata.title(page), page_metadata.address(page), page_metadata.published(page)
    return Page(title, body, url, day, False, None)


def _by_trafilatura(html: str) -> Page:
    import trafilatura  # 0.1 s, which only this needs

    dates = {"original_date": True, "extensive_search": True, "max_date": LATEST}
    document = trafilatura.bare_extraction(
        _DECLARATION.sub("", html),  # lxml refuses a str that declares a charset
        favor_recall=True,
        include_comments=False,
        include_formatting=True,
        with_metadata=True,
        date_extraction_params=dates,
    )
    if document is None or isinstance(document, dict) or not document.text:
        return Page(None, None, None, None, False, "no_main_text")
    return Page(document.title, document.text, document.url, document.date, False, None)


_EXTRACTORS: dict[str, Callable[[str], Page]] = {"model": _by_model, "trafilatura": _by_trafilatura}
