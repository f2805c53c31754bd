"""E-mail addresses, plain and hidden from crawlers (골뱅이, (at), 점 컴).

Bias: mask when unsure. What only looks like an address stays: packages with a version, image sizes, and the
shared `git@` login of code hosts. Every scan starts at a sign, for signs are rare, and looks a bounded way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus_pipeline.kernels.pii_span import Span
from corpus_pipeline.resources import read_tsv

__all__ = ["emails", "local_length"]

_SIGN = re.compile(r"@|골뱅이|[(\[{<] ?(?:at|골뱅이) ?[)\]}>]|앳|(?<= )at(?= )", re.IGNORECASE)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_LOCAL = _LETTERS + "._%+-"
_LONGEST = 256  # characters of a local part; RFC 5321 allows 64
_PLAIN = re.compile(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_DOMAIN_END = re.compile(r"\.([A-Za-z]{2,24})")
_FILE_ENDINGS = frozenset(
    ("png", "jpg", "jpeg", "gif", "webp", "svg", "bmp", "ico", "pdf", "css", "js", "json", "html", "htm", "txt", "xml")
)
_VERSION = re.compile(r"[0-9]+\.[0-9]+(?:[.-]|\Z)")
_SHARED_LOGIN = re.compile(r"git@(?:github|gitlab|bitbucket)\.", re.IGNORECASE)

_HOSTS = read_tsv("ko/pii_mail_hosts.tsv")
_SPOKEN_HOST = "|".join(row[0] for row in _HOSTS if row[1] == "spoken")
_KNOWN_HOST = "|".join(row[0] for row in _HOSTS if row[1] == "latin")
_DOT = r"(?: ?(?:\.|점|닷|쩜|[(\[] ?(?:dot|점) ?[)\]]|(?<= )dot(?= )) ?)"
_END = r"(?:com|net|org|co|ac|go|or|re|kr|컴|콤|넷|씨오|케이알)(?![A-Za-z])"
_HIDDEN = re.compile(
    rf" ?(?:(?:{_SPOKEN_HOST})(?:{_DOT}?{_END}(?:{_DOT}{_END})?)?"
    rf"|(?:{_KNOWN_HOST}){_DOT}?{_END}(?:{_DOT}{_END})?|(?:[A-Za-z0-9-]{{1,63}}{_DOT}){{1,4}}{_END})",
    re.IGNORECASE,
)
_KNOWN = re.compile(rf" ?(?:{_KNOWN_HOST}|{_SPOKEN_HOST})", re.IGNORECASE)


def emails(text: str) -> Iterator[Span]:
    """E-mail addresses of the plain shadow; an address ends where its ASCII domain ends, before any particle."""
    for sign in _SIGN.finditer(text):
        start = _local_start(text, sign.start())
        if start is None or _SHARED_LOGIN.match(text, start):
            continue
        stop = _plain_end(text, sign) if sign.end() - sign.start() == 1 and sign.start() > start else 0
        if stop and text[sign.start() - 1] != " ":
            yield Span(start, stop, "email", "high")
            continue
        hidden = _HIDDEN.match(text, sign.end())
        if hidden and (_is_plain_sign(text, start, sign) or _KNOWN.match(text, sign.end())):
            yield Span(start, hidden.end(), "email", "low")


def _local_start(text: str, sign: int) -> int | None:
    """Where the local part before a sign starts; one space may stand between them."""
    head = text[max(0, sign - _LONGEST) : sign]
    bare = head.removesuffix(" ")
    local = len(bare) - len(bare.rstrip(_LOCAL))
    return sign - len(head) + len(bare) - local if local else None


def _is_plain_sign(text: str, start: int, sign: re.Match[str]) -> bool:
    """False where only a well-known host tells an address from prose: 회의 me @ cafe.com, look at naver.com, 앳."""
    if sign.group() in ("@", "앳") or sign.group().lower() == "at":
        spaced = text[sign.start() - 1 : sign.start()] == " " or text[sign.end() : sign.end() + 1] == " "
        return sign.group() == "@" and (not spaced or sign.start() - start > 4)
    return True


def _plain_end(text: str, sign: re.Match[str]) -> int:
    """Where a plain address ends, 0 when it is none: `react@17.0.2`, `logo@2x.png`."""
    domain = _PLAIN.match(text, sign.end()) if sign.group() == "@" else None
    if domain is None or _VERSION.match(domain.group()):
        return 0
    ends = list(_DOMAIN_END.finditer(domain.group()))
    if not ends or ends[-1][1].lower() in _FILE_ENDINGS:
        return 0
    return domain.start() + ends[-1].end()


def local_length(value: str) -> int:
    """Length of the local part of a matched address, which a mask hides whole.

    >>> local_length("Hong.Gildong@naver.com"), local_length("hong 골뱅이 네이버 점 컴")
    (12, 4)
    """
    return len(value) - len(value.lstrip(_LOCAL))
