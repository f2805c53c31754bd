"""What a page says of itself: title, address, day of publication. Nothing is guessed or taken from today."""

from __future__ import annotations

import re

from corpus_pipeline.kernels.page_blocks import Parsed

_DAY = re.compile(
    r"(?<!\d)(19\d\d|20\d\d)\s*[-./년]\s*(\d{1,2})\s*[-./월]\s*(\d{1,2})(?!\d)|(?<!\d)(19\d\d|20\d\d)(\d\d)(\d\d)"
)
_PUBLISHED = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')
# in the order they are trusted: what says "published" before what may mean "changed"
DATES = (
    "article:published_time", "og:article:published_time", "datepublished", "publishdate", "pubdate", "publish-date",
    "parsely-pub-date", "sailthru.date", "dcterms.created", "dcterms.date", "dc.date.issued", "dc.date", "date",
)  # fmt: skip
_BETWEEN = re.compile(r"\s+[|·:–—»«<>-]+\s+")  # title and site
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def title(page: Parsed) -> str | None:
    """The title without the site's name: the longest heading that is a part or most of it, else og:title, else all."""
    whole = " ".join(page.title.split())
    shared = " ".join(page.metas.get("og:title", "").split())
    headings = [block.text for block in page.blocks if block.heading and 2 <= len(block.text) <= len(whole)]
    parts = _BETWEEN.split(whole)
    found = [text for text in headings if text in parts or (text in whole and len(text) >= 0.5 * len(whole))]
    return max(found, key=len, default=None) or shared or whole or next(iter(headings), None)


def address(page: Parsed) -> str | None:
    """The canonical address, else og:url; None unless it is one of the web."""
    for found in (page.links.get("canonical"), page.metas.get("og:url")):
        if found and found.strip().lower().startswith(("http://", "https://")):
            return found.strip()
    return None


def published(page: Parsed) -> str | None:
    """The day of publication, `2024-05-01`: of <meta>, JSON-LD, or the first <time>.

    >>> from corpus_pipeline.kernels.page_blocks import parse
    >>> published(parse("<time datetime='2024-05-01T09:00+09:00'>5월 1일</time>본문"))
    '2024-05-01'
    """
    found = [page.metas[name] for name in DATES if name in page.metas]
    found += _PUBLISHED.findall("".join(page.data))[:1]
    return next(filter(None, map(day, found + page.times[:1])), None)


def day(text: str) -> str | None:
    """The first day written in a text as year, month, day; None when there is none that the calendar has.

    >>> day("2024년 2월 29일"), day("2023-02-29")
    ('2024-02-29', None)
    """
    match = _DAY.search(text[:200])
    if not match:
        return None
    year, month, number = (int(one) for one in match.groups() if one)
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= month <= 12 or not 1 <= number <= _DAYS[month - 1] + leap:
        return None
    return f"{year:04}-{month:02}-{number:02}"
