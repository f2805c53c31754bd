"""Login and messenger ids: any word of Latin letters, so only what a label such as 아이디 or 카톡 names.

Bias: keep when unsure without a link (아이디는, 카톡:) or a digit; mask otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus_pipeline.kernels.pii_context import pattern, words
from corpus_pipeline.kernels.pii_span import Span

__all__ = ["logins"]

_ID = r"[A-Za-z0-9][A-Za-z0-9._-]{2,28}[A-Za-z0-9_]"
_BORDER = r"(?![A-Za-z0-9_@*-])"
_LABELLED = re.compile(
    rf"(?:{pattern('login', 'label')})(?: ?\(?(?:(?P<word>아이디|ID|id)|계정|닉네임|문의|상담|추가|친추)\)?)?"
    rf"(?P<link> ?(?:은|는|이|가|로|으로)? ?(?:[:=(\[]|->|→)? ?[\"'“‘`<]?)(?P<at>@?)(?P<id>{_ID}){_BORDER}"
)
_LATIN = re.compile(rf"ID ?(?:[:=]|[는은가이]) ?[\"'“‘]?@?(?P<id>[a-z]{_ID}){_BORDER}")
_CALLED = re.compile(r"(?:라는|란) ?(?:아이디(?!어)|계정|닉네임)")
_BEFORE = re.compile(rf"(?<![A-Za-z0-9@._/*-])(?P<id>{_ID})[\"'”’>]? ?이?\Z")
_LINKED = re.compile(r"[:=(\[>→]")
_TOPIC = re.compile("[은는]")  # of an id; 디스코드는 begins a sentence on the service
_IDS = re.compile("(?:아이디|ID)\\Z")
_HEX = re.compile(r"[0-9a-fA-F-]{8,}")
_NEVER = words("login", "word")


def logins(text: str) -> Iterator[Span]:
    """Ids of the plain shadow, without the `@` before them; "high" with a link or a digit and a Korean label."""
    for match in _LABELLED.finditer(text):
        value = match["id"]
        link = match["at"] != "" or match["word"] is not None or _LINKED.search(match["link"]) is not None
        named = text[match.start() : match.start("link")]
        link = link or (_TOPIC.search(match["link"]) is not None and _IDS.search(named) is not None)
        link = link and not match.group().startswith("계정")  # 계정은 names groups and roles as well
        digit = _has_digit(value)
        if _is_id(value) and (link or digit or "_" in value):
            yield _span(match, "high" if link or digit else "low")
    for match in _LATIN.finditer(text) if "ID" in text else ():
        glued = match.start() > 0 and text[match.start() - 1].isascii() and text[match.start() - 1].isalnum()
        value = match["id"]
        if not glued and _is_id(value) and (_has_digit(value) or "_" in value) and not _HEX.fullmatch(value):
            yield _span(match, "low")
    for label in _CALLED.finditer(text):
        called = _BEFORE.search(text, max(0, label.start() - 36), label.start())
        if called and _is_id(called["id"]):
            yield _span(called, "high")


def _span(match: re.Match[str], confidence: str) -> Span:
    return Span(match.start("id"), match.end("id"), "login", confidence)


def _has_digit(value: str) -> bool:
    return any("0" <= c <= "9" for c in value)


def _is_id(value: str) -> bool:
    letters = any(c.isalpha() for c in value)
    return letters and value.lower().split(".")[0] not in _NEVER and not value.lower().startswith(("http", "www."))
