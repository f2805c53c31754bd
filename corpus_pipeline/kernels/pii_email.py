"""E-mail addresses, plain and hidden from crawlers (골뱅이, (at), 점 컴).

Bias: mask when unsure. What only looks like an address stays: packages with a version, image sizes, and the
shared `git@` login of code hosts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus_pipeline.kernels.pii_span import Span
from corpus_pipeline.resources import read_tsv

__all__ = ["addresses", "has_sign", "local_length"]

_LOCAL = r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+"
_SIGN = r"(?:@|골뱅이|\( ?at ?\)|\[ ?at ?\]|\{ ?at ?\}|<at>)"
_PLAIN = re.compile(rf"{_LOCAL}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_DOMAIN_END = re.compile(r"\.([A-Za-z]{2,24})")
_FILE_ENDINGS = frozenset(
    ("png", "jpg", "jpeg", "gif", "webp", "svg", "bmp", "ico", "pdf", "css", "js", "json", "html", "htm", "txt", "xml")
)
_SHARED_LOGIN = re.compile(r"git@(?:github|gitlab|bitbucket)\.", re.IGNORECASE)

_HOSTS = read_tsv("ko/pii_mail_hosts.tsv")
_SPOKEN_HOST = "|".join(row[0] for row in _HOSTS if row[1] == "spoken")
_KNOWN_HOST = "|".join(row[0] for row in _HOSTS if row[1] == "latin")
_DOT = r"(?: ?(?:\.|점|닷|쩜|\(dot\)|\[dot\]|\( dot \)) ?)"
_END = r"(?:com|net|org|co|ac|go|or|re|kr|컴|넷|씨오|케이알)"
_HIDDEN = re.compile(
    rf"{_LOCAL} ?(?:{_SIGN} ?(?:(?:{_SPOKEN_HOST})(?:{_DOT}?{_END}(?![A-Za-z])(?:{_DOT}{_END}(?![A-Za-z]))?)?"
    rf"|(?:[A-Za-z0-9-]+{_DOT}){{1,4}}{_END}(?![A-Za-z])))",
    re.IGNORECASE,
)
_KNOWN_AFTER_SIGN = re.compile(rf"@ ?(?:{_KNOWN_HOST}|{_SPOKEN_HOST})", re.IGNORECASE)
_BRACKETED = re.compile(r"[(\[{<] ?[aA][tT] ?[)\]}>]")
_AT = re.compile(rf" ?{_SIGN}", re.IGNORECASE)


def has_sign(text: str) -> bool:
    """True when the text holds an e-mail sign at all; the scans below are skipped otherwise."""
    return "@" in text or "골뱅이" in text or _BRACKETED.search(text) is not None


def addresses(text: str) -> Iterator[Span]:
    """E-mail addresses of the shadow text; an address ends where its ASCII domain ends, before any particle."""
    for match in _PLAIN.finditer(text):
        stop = _plain_end(match.group())
        if stop:
            yield Span(match.start(), match.start() + stop, "email", "high")
    for match in _HIDDEN.finditer(text):
        value = match.group()
        if _SHARED_LOGIN.match(value):
            continue
        if (" @" in value or "@ " in value) and not _KNOWN_AFTER_SIGN.search(value):
            continue  # "회의 @ cafe.com": only well-known hosts are taken with spaces around the sign
        yield Span(match.start(), match.end(), "email", "low")


def _plain_end(value: str) -> int:
    """Length of the address inside a match, 0 when it is none: `react@17.0.2`, `logo@2x.png`."""
    domain = value.index("@") + 1
    ends = list(_DOMAIN_END.finditer(value, domain))
    if not ends or _SHARED_LOGIN.match(value):
        return 0
    last = ends[-1]
    if last.group(1).lower() in _FILE_ENDINGS or re.match(r"[0-9]+\.[0-9]+(?:[.-]|\Z)", value[domain:]):
        return 0
    return last.end()


def local_length(value: str) -> int:
    """Length of the local part of a matched address, which a mask hides whole.

    >>> local_length("Hong.Gildong@naver.com"), local_length("hong 골뱅이 네이버 점 컴")
    (12, 4)
    """
    sign = _AT.search(value)
    return sign.start() if sign else len(value)
