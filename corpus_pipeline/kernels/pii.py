"""Find and mask personal data in Korean text.

Bias: mask when unsure. A checksum raises confidence and never gates; only look-alikes that are clearly public
(dates, order numbers, bar codes, versions, statute and business numbers) stay. The part of a value that tells
nothing about one person is kept: birth decade and gender, dialling code, licence region, mail domain.

Matching runs on a folded shadow of the text (see `pii_shadow`), in time linear in its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus_pipeline.kernels.pii_email import addresses, has_sign, local_length
from corpus_pipeline.kernels.pii_numbers import accounts, cards, licences, passports, residents
from corpus_pipeline.kernels.pii_phone import phones, prefix_digits
from corpus_pipeline.kernels.pii_shadow import Shadow, shadow_of
from corpus_pipeline.kernels.pii_span import KINDS, Span, settle

__all__ = ["KINDS", "Span", "find", "mask"]

_ALL = frozenset(KINDS)
_ANYTHING = re.compile(
    "[0-9@０-９＠\U0001d7ce-\U0001d7ff]|골뱅이|[\\[({<] ?[aA][tT] ?[\\])}>]|[Oo공영][일이삼사오육칠팔]"
)
_RUN = re.compile(r"[0-9](?:[-. ()_/~·]{0,4}[0-9]){8,}")  # nine digits: the shortest phone number
_SCANS = (("card", cards), ("licence", licences), ("phone", phones), ("account", accounts))


def find(text: str, kinds: frozenset[str] = _ALL) -> list[Span]:
    """Personal values of the given kinds: non-overlapping spans of `text`, in order. Never raises on odd text.

    Raises ValueError when `kinds` holds a name that is not in `KINDS`.

    >>> find("연락처 010-1234-5678입니다")
    [Span(start=4, end=17, kind='phone', confidence='high')]
    >>> find("2021-01-15에 만나요, 주문번호 202101011234")
    []
    """
    shadow, spans = _scan(text, kinds)
    return [_original(shadow, span) for span in spans]


def mask(text: str, kinds: frozenset[str] = _ALL) -> tuple[str, dict[str, int]]:
    """The text with every value starred in place, and the count per kind found. Masking twice changes nothing.

    Length stays, except for an e-mail address, whose local part becomes `***`.

    >>> mask("900101-1234567, 02-123-4567, Hong.Gildong@naver.com으로")
    ('9*****-1******, 02-***-****, ***@naver.com으로', {'rrn': 1, 'phone': 1, 'email': 1})
    """
    counts: dict[str, int] = {}
    before = ""
    # A mask can uncover a value (a number in a mail domain): 4 in 10,000 adversarial texts. Look until none is left.
    while text != before:
        shadow, spans = _scan(text, kinds)
        before, text = text, _apply(text, shadow, spans)
        for span in spans:
            counts[span.kind] = counts.get(span.kind, 0) + 1
    return text, counts


def _apply(text: str, shadow: Shadow, spans: list[Span]) -> str:
    """The text with every span starred; each span loses at least one character a value can be made of."""
    pieces: list[str] = []
    done = 0
    for span in spans:
        start, end, _, _ = _original(shadow, span)
        pieces += (text[done:start], _masked(text, shadow, span))
        done = end
    pieces.append(text[done:])
    return "".join(pieces)


def _scan(text: str, kinds: frozenset[str]) -> tuple[Shadow, list[Span]]:
    """The shadow and the settled spans in its offsets."""
    if not kinds <= _ALL:
        raise ValueError(f"unknown kinds {sorted(kinds - _ALL)}; expected some of {list(KINDS)}")
    if not _ANYTHING.search(text):
        return Shadow(text, text, ()), []
    shadow = shadow_of(text)
    return shadow, settle(span for span in _candidates(shadow, kinds) if span.kind in kinds)


def _candidates(shadow: Shadow, kinds: frozenset[str]) -> Iterator[Span]:
    text = shadow.text
    for run in _RUN.finditer(text):
        start, end = max(0, run.start() - 5), min(len(text), run.end() + 5)
        for kind, scan in _SCANS:
            if kind in kinds:
                yield from scan(text, start, end)
        if "rrn" in kinds or "foreigner" in kinds:
            yield from residents(text, start, end)
    if "passport" in kinds and ("여권" in text or "assport" in text or "ASSPORT" in text):
        yield from passports(shadow.plain)
    if "email" in kinds and has_sign(text):
        yield from addresses(shadow.plain)


def _original(shadow: Shadow, span: Span) -> Span:
    if not shadow.dropped:
        return span
    return Span(shadow.origin(span.start), shadow.origin(span.end - 1) + 1, span.kind, span.confidence)


def _masked(text: str, shadow: Shadow, span: Span) -> str:
    """The original characters of a span with the personal ones starred."""
    start, end, kind, _ = _original(shadow, span)
    value = (shadow.plain if kind in ("email", "passport") else shadow.text)[span.start : span.end]
    if kind == "email":
        local = local_length(value)
        return "***" + text[shadow.origin(span.start + local - 1) + 1 : end]
    kept = _kept(kind, value)
    out = list(text[start:end])
    seen = 0
    for offset, character in enumerate(value):
        if "0" <= character <= "9":
            if seen not in kept:
                out[shadow.origin(span.start + offset) - start] = "*"
            seen += 1
        elif kind == "passport" and offset:  # the letter inside newer numbers
            out[shadow.origin(span.start + offset) - start] = "*"
    return "".join(out)


def _kept(kind: str, value: str) -> range | tuple[int, ...]:
    """Which digits of a value, counted from 0, are not personal on their own."""
    if kind in ("rrn", "foreigner"):
        return (0, 6)  # birth decade; century and gender
    if kind == "licence":
        return range(2 if value[0] in "0123456789" else 0)
    if kind == "phone":
        return range(prefix_digits(value))
    return ()
