"""The words around a number: what they say it is.

The windows are cut at an e-mail sign, so that masking an address (which changes its length) cannot bring a
far word near: a masked text is read exactly as the text before.
"""

from __future__ import annotations

import re

from corpus_pipeline.resources import read_tsv

__all__ = ["REACH", "account_hint", "after", "before", "named"]

REACH = 20  # characters; a label, a bank and an owner's name fit, the next sentence does not
_SIGN = re.compile(r"@|골뱅이|[\[(]at", re.IGNORECASE)


def _words(kind: str, *roles: str) -> str:
    found = {row[2] for row in read_tsv("ko/pii_context.tsv") if row[0] == kind and row[1] in roles}
    return "|".join(re.escape(word).replace(r"\ ", " ?") for word in sorted(found, key=lambda w: (-len(w), w)))


def _banks(reach: str) -> str:
    found = [row[0] for row in read_tsv("ko/pii_banks.tsv") if row[1] == reach]
    return "|".join(re.escape(word) for word in sorted(found, key=lambda w: (-len(w), w)))


_NAMED = {
    kind: re.compile(rf"(?P<for>{_words(kind, 'for')})|(?P<not>{_words(kind, 'not') or '(?!)'})")
    for kind in ("card", "rrn", "licence", "passport", "phone")
}
_ACCOUNT = re.compile(
    rf"(?P<not>{_words('account', 'not')})|(?P<strong>{_words('account', 'strong')}|{_banks('far')}"
    rf"|(?:{_banks('near')})(?= ?[:)\]]? ?\Z))|(?P<weak>{_words('account', 'weak')})"
)
_OWNER_AFTER = re.compile(rf"[ ,(/\[]{{0,3}}(?:{_banks('far')})|[^0-9]{{0,12}}예금주")


def before(text: str, start: int) -> str:
    """Up to REACH characters before `start`."""
    window = text[max(0, start - REACH) : start]
    cut = [sign.end() for sign in _SIGN.finditer(window)]
    return window[cut[-1] :] if cut else window


def after(text: str, end: int) -> str:
    """Up to REACH characters after `end`, on the same line."""
    window = text[end : end + REACH].split("\n", 1)[0]
    sign = _SIGN.search(window)
    return window[: sign.start()] if sign else window


def named(kind: str, text: str, start: int) -> bool | None:
    """True when the nearest word before `start` names `kind`, False when it names something public, else None.

    >>> named("rrn", "주민등록번호 900101-1234567", 7), named("rrn", "법인등록번호: 110111-1234567", 8)
    (True, False)
    """
    answer: bool | None = None
    for match in _NAMED[kind].finditer(before(text, start)):
        answer = match.lastgroup == "for"
    return answer


def account_hint(text: str, start: int, end: int) -> str | None:
    """What stands near a number: "strong" (account, bank, owner), "weak" (transfer), "not" (public number), None.

    >>> account_hint("계좌 110-123-456789", 3, 17), account_hint("주문번호 202101011234 입금", 5, 17)
    ('strong', 'not')
    """
    answer: str | None = None
    for match in _ACCOUNT.finditer(before(text, start)):
        if match.lastgroup != "weak" or answer != "strong":
            answer = match.lastgroup
    if answer in (None, "weak") and _OWNER_AFTER.match(after(text, end)):
        return "strong"
    return answer
