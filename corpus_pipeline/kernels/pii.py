"""Find and mask personal data in Korean text.

Bias: mask when unsure. A checksum raises confidence and never gates; only look-alikes that are clearly public
(dates, order numbers, bar codes, versions, statute and case numbers) stay. The part of a value that tells
nothing about one person is kept: birth decade and gender, dialling code, region, mail domain (docs/personal_data.md).

Matching runs on a folded shadow of the text (see `pii_shadow`), in time linear in its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from corpus_pipeline.kernels.pii_address import addresses, units
from corpus_pipeline.kernels.pii_context import REACH, pattern
from corpus_pipeline.kernels.pii_email import emails, local_length
from corpus_pipeline.kernels.pii_login import logins
from corpus_pipeline.kernels.pii_network import ips
from corpus_pipeline.kernels.pii_numbers import accounts, cards, licences, passports, residents
from corpus_pipeline.kernels.pii_phone import phones, prefix_digits
from corpus_pipeline.kernels.pii_plate import plates
from corpus_pipeline.kernels.pii_public import businesses, representatives
from corpus_pipeline.kernels.pii_shadow import HANGUL_DIGITS, LETTER_DIGITS, Shadow, shadow_of
from corpus_pipeline.kernels.pii_span import KINDS, PERSONAL, PUBLIC, Span, settle

__all__ = ["KINDS", "PERSONAL", "PUBLIC", "Span", "find", "mask", "worth_a_look"]

Scan = Callable[[str, int, int], Iterator[Span]]

_PERSONAL = frozenset(PERSONAL)
_NONE: frozenset[str] = frozenset()
_SPELT = f"[{HANGUL_DIGITS}{LETTER_DIGITS}]"
_WORTH = (  # an expression for RE2 and for Python: without it there is nothing to find
    rf"[0-9@＠０-９\x{{660}}-\x{{669}}\x{{6f0}}-\x{{6f9}}\x{{1d7ce}}-\x{{1d7ff}}]|골뱅이|앳"
    r"|[(\[{<（［｛＜] ?[aA][tT] ?[)\]}>）］｝＞]|[a-zA-Z] [aA][tT] [a-zA-Z가-힣]"
    rf"|{_SPELT}{{2}}[-. ]?{_SPELT}{{2}}|{pattern('login', 'label')}|라는 ?아이디|ID ?[:=는은가이]"
)
_WORTH_LOOK = re.compile(re.sub(r"\\x\{(\w+)\}", lambda code: chr(int(code[1], 16)), _WORTH))
_AROUND = 12  # characters beside a stretch that a scan may need: a plate that starts in the digits before it
_SPACED = re.compile(r"(?<![0-9])[0-9](?: [0-9](?![0-9])| ?[-.] ?[0-9](?![0-9])){8,20}")  # 0 1 0 - 1 2 3 4 ...
_ON_DIGITS = (
    (cards, frozenset(("card",))),
    (residents, frozenset(("rrn", "foreigner"))),
    (licences, frozenset(("licence",))),
    (businesses, frozenset(("business",))),
    (phones, frozenset(("phone",))),
    (accounts, frozenset(("account",))),
)
_ON_PLAIN = ((plates, "plate"), (ips, "ip"), (units, "address"))
_ON_WHOLE = (  # with words one of which the text must hold
    (passports, "passport", ("여권", "assport", "ASSPORT")),
    (representatives, "representative", ()),
    (addresses, "address", ()),
    (logins, "login", ()),
    (emails, "email", ("@", "골뱅이", "앳", "at", "AT", "At")),
)
# Found where letters are still letters, so matched on `Shadow.plain`, and starred letters and all.
_LETTERED = frozenset(("passport", "plate", "ip", "address", "email", "login"))


def find(text: str, kinds: frozenset[str] = _PERSONAL) -> list[Span]:
    """Values of the given kinds: non-overlapping spans of `text`, in order. Never raises on odd text.

    Raises ValueError when `kinds` holds a name that is not in `KINDS`.

    >>> find("연락처 010-1234-5678입니다")
    [Span(start=4, end=17, kind='phone', confidence='high')]
    >>> find("2021-01-15에 만나요, 주문번호 202101011234")
    []
    """
    shadow, spans = _scan(text, kinds)
    return [_original(shadow, span) for span in spans]


def mask(
    text: str, kinds: frozenset[str] = _PERSONAL, tokens: frozenset[str] = _NONE
) -> tuple[str, dict[tuple[str, str], int]]:
    """The text without its values, and how many were found by (kind, confidence). Masking twice changes nothing.

    A value is starred in place, its permitted part and its separators kept, so length stays; only the local part
    of an e-mail address becomes `***`. A kind in `tokens` is replaced whole by its name: `<|phone|>`.

    >>> mask("900101-1234567, 02-123-4567, Hong.Gildong@naver.com으로")[0]
    '9*****-1******, 02-***-****, ***@naver.com으로'
    >>> mask("연락처 010-1234-5678입니다", tokens=frozenset({"phone"}))
    ('연락처 <|phone|>입니다', {('phone', 'high'): 1})
    """
    counts: dict[tuple[str, str], int] = {}
    before = ""
    # A mask can uncover a value (a number in a mail domain): 4 in 10,000 adversarial texts. Look until none is left.
    while text != before:
        shadow, spans = _scan(text, kinds)
        before = text
        if spans:
            text = _apply(text, shadow, spans, tokens)
        for span in spans:
            key = span.kind, span.confidence
            counts[key] = counts.get(key, 0) + 1
    return text, counts


def _apply(text: str, shadow: Shadow, spans: list[Span], tokens: frozenset[str]) -> str:
    """The text with every span masked; each span loses at least one character a value can be made of."""
    pieces: list[str] = []
    done = 0
    for span in spans:
        start, end, kind, _ = _original(shadow, span)
        pieces += (text[done:start], f"<|{kind}|>" if kind in tokens else _starred(text, shadow, span))
        done = end
    pieces.append(text[done:])
    return "".join(pieces)


def worth_a_look(texts: pa.StringArray) -> pa.BooleanArray:
    """For each text whether `find` could find anything; a null stays null. RE2 over the buffer, ~1 GB/s.

    >>> worth_a_look(pa.array(["재미있는 영화", "문의 010-1234-5678"])).to_pylist()
    [False, True]
    """
    return pc.match_substring_regex(texts, _WORTH)


def _scan(text: str, kinds: frozenset[str]) -> tuple[Shadow, list[Span]]:
    """The shadow and the settled spans in its offsets."""
    if not kinds.issubset(KINDS):
        raise ValueError(f"unknown kinds {sorted(kinds.difference(KINDS))}; expected some of {list(KINDS)}")
    if not _WORTH_LOOK.search(text):
        return Shadow(text, text, (), ()), []
    shadow = shadow_of(text)
    return shadow, settle(span for span in _candidates(shadow, kinds) if span.kind in kinds)


def _candidates(shadow: Shadow, kinds: frozenset[str]) -> Iterator[Span]:
    text, plain = shadow.text, shadow.plain
    scans = [scan for scan, found in _ON_DIGITS if found & kinds]
    for start, end in shadow.stretches:
        around = max(0, start - 5), min(len(text), end + 5)
        found = [span for scan in scans for span in scan(plain, *around)]
        yield from found
        if text[start:end] != plain[start:end]:
            yield from _beside(found, (span for scan in scans for span in scan(text, *around)), around[0])
        for run in _SPACED.finditer(text, start, end):
            yield from _in_spaced(text, run, scans)
        for scan, kind in _ON_PLAIN:
            if kind in kinds:
                yield from scan(plain, max(0, start - 5), min(len(text), end + _AROUND))
    for on_whole, kind, needs in _ON_WHOLE:
        if kind in kinds and (not needs or any(word in plain for word in needs)):
            yield from on_whole(text if kind == "representative" else plain)


def _beside(found: Sequence[Span], read: Iterable[Span], start: int) -> Iterator[Span]:
    """Those of `read` that overlap none of `found`; all lie from `start` on. Linear, however long the stretch.

    Letters read as digits make new values, but not of one that is whole without them (5678이구요).
    """
    taken = bytearray()
    for span in found:
        taken.extend(bytes(max(0, span.end - start - len(taken))))
        taken[span.start - start : span.end - start] = b"\1" * (span.end - span.start)
    return (span for span in read if 1 not in taken[span.start - start : span.end - start])


def _in_spaced(text: str, run: re.Match[str], scans: Sequence[Scan]) -> Iterator[Span]:
    """Spans in a run of single digits, read without its spaces."""
    places = [at for at in range(*run.span()) if text[at] != " "]
    head = text[max(0, run.start() - REACH) : run.start()]
    size = len(places)
    window = head + "".join(text[at] for at in places) + text[run.end() : run.end() + REACH]
    for scan in scans:
        for start, end, kind, confidence in scan(window, len(head), len(head) + size):
            if len(head) <= start and end <= len(head) + size:
                yield Span(places[start - len(head)], places[end - len(head) - 1] + 1, kind, confidence)


def _original(shadow: Shadow, span: Span) -> Span:
    if not shadow.dropped:
        return span
    return Span(shadow.origin(span.start), shadow.origin(span.end - 1) + 1, span.kind, span.confidence)


def _starred(text: str, shadow: Shadow, span: Span) -> str:
    """The original characters of a span with the personal ones starred."""
    start, end, kind, _ = _original(shadow, span)
    value = (shadow.plain if kind in _LETTERED else shadow.text)[span.start : span.end]
    if kind == "email":
        local = local_length(value)
        return "***" + text[shadow.origin(span.start + local - 1) + 1 : end]
    kept = _kept(kind, value)
    out = list(text[start:end])
    seen = 0
    for offset, character in enumerate(value):
        if "0" <= character <= "9" or (kind in _LETTERED and character.isalnum()):
            if seen not in kept:
                out[shadow.origin(span.start + offset) - start] = "*"
            seen += 1
    return "".join(out)


def _kept(kind: str, value: str) -> range | tuple[int, ...]:
    """Which digits of a value (in a passport, characters), counted from 0, are not personal on their own."""
    if kind in ("rrn", "foreigner"):
        whole = sum("0" <= c <= "9" for c in value) == 15  # 19900101-1234567
        return (0, 1, 2, 8) if whole else (0, 6)  # birth decade; century and gender
    if kind == "licence":
        return range(2 if value[0] in "0123456789" else 0)
    if kind == "phone":
        return range(prefix_digits(value))
    if kind == "representative":
        return range(4)
    if kind == "passport":
        return (0,)
    return ()
