"""Personal numbers with fixed shapes: card, resident and foreigner, driver's licence, passport, bank account.

Bias: mask when unsure. A shape that only a personal number has is taken as it stands; a shape it shares with
dates, bar codes and order numbers needs a checksum or a word nearby. All functions take the folded shadow text
and one run of digits and separators, and look around with explicit classes, for a word border never stands
between a digit and Hangul. `*` counts as a digit there, so that a masked neighbour changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus_pipeline.kernels.pii_checks import (
    business_check,
    card_check,
    corporate_check,
    ean_check,
    is_birth_date,
    is_timestamp,
    resident_check,
)
from corpus_pipeline.kernels.pii_context import REACH, account_hint, named, near, words
from corpus_pipeline.kernels.pii_span import Span
from corpus_pipeline.resources import read_tsv

__all__ = ["accounts", "cards", "licences", "passports", "residents"]

_LATEST_BIRTH_YEAR = 39  # 2000s two-digit years above this lie in the future; a constant, for kernels read no clock
_HEAD = r"(?<![0-9*])(?<![0-9*]-)"
_TAIL = r"(?![0-9*])(?!-[0-9*])"

_APART = r" ?[-._/] ?| {1,2}|\t|"  # between the groups of a card number
_CARD = re.compile(
    rf"{_HEAD}(?<![0-9]\.)(?:[0-9]{{4}}(?P<a>{_APART})[0-9]{{4}}(?P=a)[0-9]{{4}}(?P=a)[0-9]{{4}}"
    rf"(?:(?P=a)[0-9]{{1,3}})?|3[47][0-9]{{2}}(?P<b>{_APART})[0-9]{{6}}(?P=b)[0-9]{{5}}"
    rf"|3[068][0-9]{{2}}(?P<c>{_APART})[0-9]{{6}}(?P=c)[0-9]{{4}}|4[0-9]{{12}}){_TAIL}(?!\.[0-9])"
)
# The number stands in a row of four-digit groups.
_ROW = re.compile(r"(?:[ \t_/][0-9*]{4}[ \t_/]\Z)|(?:\A[ \t_/][0-9*]{4}(?![0-9*-]))")
_RESIDENT = re.compile(
    rf"{_HEAD}(?<![0-9]\.)[0-9]{{6}}(?: {{0,2}}[-_/~·] {{0,2}}| {{1,2}}|\.)?[0-9]{{7}}{_TAIL}(?!\.[0-9])"
)
# The year with its century, the date in parts, or a sign between the halves that numbers seldom have there.
_ODD_RESIDENT = re.compile(
    rf"{_HEAD}(?<![0-9][./])(?P<century>18|19|20)?[0-9]{{2}}(?P<part>[-./]?)[0-9]{{2}}(?P=part)[0-9]{{2}}"
    rf"(?P<sign> ?[-_/~·:.] ?|\) ?-? ?|\(| {{1,2}}|\t|)[0-9]{{7}}{_TAIL}(?!\.[0-9])"
)
_NAMED_BEFORE = re.compile(rf"(?:{'|'.join(sorted(words('rrn', 'not')))})(?:은|는|가|이)?[\s:=#(\[|]{{0,3}}\Z")
_LINKS = frozenset("-_/~·")
_CENTURIES = {"18": "90", "19": "1256", "20": "3478"}  # of births -> the digits for gender
_OF_ROWS = (" ", "\t", "_", "/")
_IN_PATH = re.compile(r"[/_=&?]")
_ATTACHED = re.compile(r"[0-9A-Za-z*]")
_REGIONS = sorted(read_tsv("ko/pii_licence_regions.tsv"))
_LICENCE = re.compile(
    rf"{_HEAD}(?:{'|'.join(row[0] for row in _REGIONS)})"
    rf"(?P<s> ?- ?| |)[0-9]{{2}}(?P=s)[0-9]{{6}}(?P=s)[0-9]{{2}}{_TAIL}"
)
_NUMBERED = re.compile("제 ?\\Z")
_OLD_LICENCE = re.compile(
    rf"(?:{'|'.join(row[1] for row in reversed(_REGIONS))})[ -]?[0-9]{{2}}(?P<s>[- ]?)[0-9]{{6}}(?P=s)[0-9]{{2}}{_TAIL}"
)
_PASSPORT = re.compile(r"[MSRODmsrod][ -]?(?:[0-9]{8}|[0-9]{3}[A-Za-z][0-9]{4})(?![0-9A-Za-z*])")
_CHAIN = re.compile(rf"{_HEAD}[0-9]{{2,8}}(?:(?: ?- ?|\.)[0-9]{{1,8}}){{1,5}}{_TAIL}")
_OTHER_CHAIN = re.compile(rf"{_HEAD}[0-9]{{2,8}}(?P<s>[_/\t])[0-9]{{1,8}}(?:(?P=s)[0-9]{{1,8}}){{0,4}}{_TAIL}")
_SPACED = re.compile(rf"{_HEAD}[0-9]{{2,6}}(?: [0-9]{{1,8}}){{1,4}}{_TAIL}")
_AMOUNT = re.compile(r" ?(?:원|만|억|달러|엔|위안|유로|건|명|개)")
_MONTH, _DAY = "(?:0?[1-9]|1[0-2])", "(?:0?[1-9]|[12][0-9]|3[01])"
_DATE = rf"(?:19|20)[0-9]{{2}}(?:[-./]{_MONTH}(?:[-./]{_DAY})?|(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))?"
_DATES = re.compile(rf"{_DATE}(?: ?[-~] ?{_DATE})*")
_ACCOUNT_BEFORE = re.compile(r"(?:계좌|통장)(?: ?번호)?(?:은|는)?[\s:(\[]{0,3}\Z")
_JOINED = re.compile(rf"{_HEAD}(?<![0-9]\.)[0-9]{{10,14}}{_TAIL}")


def _digits(text: str) -> str:
    return "".join(c for c in text if "0" <= c <= "9")


def cards(text: str, start: int, end: int) -> Iterator[Span]:
    """Card numbers: Luhn sum, prefix and length; without the sum, only groups after a word such as 카드번호."""
    for match in _CARD.finditer(text, start, end):
        value, digits = match.group(), _digits(match.group())
        grouped = len(value) > len(digits)
        context = named("card", text, match.start())
        stop = match.end()
        if context is False:
            continue
        if match.group("a") in _OF_ROWS and not context and _in_row(text, match):
            continue
        if len(digits) > 16 and grouped and not card_check(digits):
            stop, digits = _drop_last_group(text, match), digits[:16]  # 4111 ... 1111 12/25: an expiry date follows
        inside = not (grouped or context) and _in_word(text, *match.span())
        if card_check(digits) and (context or grouped or (len(digits) > 13 and not inside)):
            yield Span(match.start(), stop, "card", "high" if grouped or context else "low")
        elif context or (context is None and match.group("a") == "-" and card_check(digits, luhn=False)):
            yield Span(match.start(), stop, "card", "low")


def _in_row(text: str, match: re.Match[str]) -> bool:
    """True beside one more four-digit group, as in a table of years or prices."""
    around = text[max(0, match.start() - 6) : match.start()], text[match.end() : match.end() + 6]
    return any(_ROW.search(side) for side in around)


def _in_word(text: str, start: int, end: int) -> bool:
    """True where a Latin letter touches: part of a hash."""
    return any(c.isascii() and (c.isalpha() or c == "_") for c in text[max(0, start - 1) : start] + text[end : end + 1])


def _drop_last_group(text: str, match: re.Match[str]) -> int:
    stop = match.end()
    while "0" <= text[stop - 1] <= "9":
        stop -= 1
    return stop - len(match.group("a") or "")


def residents(text: str, start: int, end: int) -> Iterator[Span]:
    """Resident (`rrn`) and foreigner numbers: a date and a gender digit; the checksum only raises confidence."""
    for match in _RESIDENT.finditer(text, start, end):
        digits = _digits(match.group())
        if not is_birth_date(digits[:6]):
            continue
        context = named("rrn", text, match.start())
        valid = resident_check(digits)
        if context is None and ("." in match.group() or (not valid and _is_corporate(digits))):
            continue
        if context is False and (len(match.group()) == 13 or _is_registered(text, match, digits)):
            continue
        if len(match.group()) == 13 and context is None and _is_serial(text, match, valid):
            continue
        kind = "foreigner" if digits[6] in "5678" else "rrn"
        yield Span(match.start(), match.end(), kind, "high" if valid or context else "low")
    for match in _ODD_RESIDENT.finditer(text, start, end):
        digits = _digits(match.group())[-13:]
        if is_birth_date(digits[:6]) and not _RESIDENT.fullmatch(match.group()):
            context, valid = named("rrn", text, match.start()), resident_check(digits)
            if context or (context is None and _is_person(text, match, digits)):
                kind = "foreigner" if digits[6] in "5678" else "rrn"
                yield Span(match.start(), match.end(), kind, "high" if valid or context else "low")


def _is_person(text: str, match: re.Match[str], digits: str) -> bool:
    """Without a word nearby: century and gender must agree, and there is more than a space, dot or tab in between."""
    century, part, sign = match.group("century", "part", "sign")
    year, gender = int(digits[:2]), digits[6]
    agrees = (
        gender in _CENTURIES[century]
        if century
        else gender in "1256" or (gender in "3478" and year <= _LATEST_BIRTH_YEAR)
    )
    if not agrees or not sign.strip(" .\t") or account_hint(text, *match.span()) is not None:
        return False
    return sign.strip() in _LINKS if century or part else True


def _is_corporate(digits: str) -> bool:
    """A corporate number: its own check digit, a court and a legal form, and a birth before 1930, when a true resident
    number has a true sum."""
    return corporate_check(digits) and digits[6] in "901256" and _has_court(digits)


def _has_court(digits: str) -> bool:
    """A court (11-28) and a legal form (11-22) where a birthday has its year and day."""
    return 11 <= int(digits[:2]) <= 28 and 11 <= int(digits[4:6]) <= 22


def _is_registered(text: str, match: re.Match[str], digits: str) -> bool:
    """After a word for another number (법인, 접수번호): it looks like a company's, or the word is right before it."""
    return _has_court(digits) or _NAMED_BEFORE.search(text[max(0, match.start() - REACH) : match.start()]) is not None


def _is_serial(text: str, match: re.Match[str], valid: bool) -> bool:
    """Thirteen joined digits that are more likely a bar code, epoch milliseconds or a serial number than a person."""
    digits, gender, year = match.group(), match.group()[6], int(match.group()[:2])
    if match.start() and _IN_PATH.match(text, match.start() - 1):
        return True
    if gender in "90" or (gender in "3478" and year > _LATEST_BIRTH_YEAR):
        return True
    if valid:
        return False
    milliseconds = digits[0] == "1" and 12 <= year <= 19  # 2008 to 2033
    dated = digits[:2] in ("19", "20") and is_birth_date(digits[2:8])  # 2011062401222: a news article of that day
    return milliseconds or dated or ean_check(digits)


def licences(text: str, start: int, end: int) -> Iterator[Span]:
    """Driver's licences: region code (or region name) and ten digits; without separators only after 면허."""
    for pattern in (_LICENCE, _OLD_LICENCE):
        for match in pattern.finditer(text, start, end):
            context = near("licence", text, *match.span())
            if (
                _NUMBERED.search(text[max(0, match.start() - 2) : match.start()])
                or text[match.end() : match.end() + 1] == "호"
            ):
                continue
            if context or (context is not False and match.group("s") and account_hint(text, *match.span()) != "strong"):
                yield Span(match.start(), match.end(), "licence", "high" if context else "low")


def passports(text: str) -> Iterator[Span]:
    """Passport numbers after a word such as 여권; takes the shadow in which letters are still letters."""
    for match in _PASSPORT.finditer(text):
        if match.start() and _ATTACHED.match(text, match.start() - 1):
            continue
        if near("passport", text, *match.span()):
            yield Span(match.start(), match.end(), "passport", "high")


def accounts(text: str, start: int, end: int) -> Iterator[Span]:
    """Bank accounts, 10-14 digits (16 in groups), beside a bank, 계좌, an owner or a transfer: see pii_banks.tsv."""
    for pattern, most in ((_CHAIN, 16), (_OTHER_CHAIN, 16), (_JOINED, 14), (_SPACED, 16)):
        for match in pattern.finditer(text, start, end):
            digits = _digits(match.group())
            if not 10 <= len(digits) <= most or _AMOUNT.match(text, match.end()):
                continue
            hint = account_hint(text, *match.span())
            loose = pattern is _SPACED or "\t" in match.group()
            if loose and hint == "weak" and not re.search(r"[0-9]{6}", match.group()):
                continue
            labelled = _ACCOUNT_BEFORE.search(text[max(0, match.start() - REACH) : match.start()])
            if hint == "strong" and not labelled and _is_dated(match.group(), digits):
                continue
            if hint == "strong" or (hint == "weak" and not _is_public(match.group(), digits)):
                yield Span(match.start(), match.end(), "account", "high" if hint == "strong" else "low")


def _is_dated(value: str, digits: str) -> bool:
    """What stays even beside a bank: a timestamp, an article number, and nothing but dates, months or years."""
    return is_timestamp(digits) or _is_article(digits) or _DATES.fullmatch(value) is not None


def _is_article(digits: str) -> bool:
    return len(digits) == 13 and ean_check(digits) and digits[:3] in ("978", "979", "880")


def _is_public(value: str, digits: str) -> bool:
    """Beside a mere transfer word: a timestamp, an article number, a business number, or dates in a row."""
    if is_timestamp(digits) or _is_article(digits):
        return True
    if re.fullmatch(r"[0-9]{3}-[0-9]{2}-[0-9]{5}", value):
        return business_check(digits)
    return re.match(r"(?:19|20)[0-9]{2}[-./][01]?[0-9][-./][0-3]?[0-9]", value) is not None
