"""What must not be bundled: anything that looks like a person's number or address.

Bias: leave out when unsure. A document that trips a rule is not taken, because there are always others.
The rules are separate from the pipeline's own, so that one does not hide the other's gaps.
"""

from __future__ import annotations

import re
import unicodedata

_URL = re.compile(r"""https?://[^\s"'<>)\]}]+|(?:href|src)\s*=\s*"[^"]*\"""")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+\s?@\s?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
_GENERIC_EMAIL = re.compile(r"(?:@(?:[a-z0-9-]+\.)*example\.(?:com|org|net)|^git@github\.com)$", re.IGNORECASE)
_AREA = r"(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|50\d?|80|60)"
_HEADS = "15(?:22|33|44|66|77|88|99)|16(?:00|44|61|66|68|70|88)|18(?:00|11|33|55|77|99)"
_LEFT = r"(?<![A-Za-z\d.\-])"  # numbers inside an identifier, a version or a longer chain are not meant
_RIGHT = r"(?![A-Za-z\d\-])"
_RULES = {
    "email_spoken": r"골뱅이|\(at\)|\[at\]|@\s?(?:naver|hanmail|daum|nate|gmail|hotmail)\b",
    "rrn": r"(?<!\d)\d{6}\s?[-–]\s?\d{7}(?!\d)|"
    + _LEFT
    + r"\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[1-8]\d{6}"
    + _RIGHT,
    "mobile": r"(?<![A-Za-z\d.])(?:\+?82[-.\s]{0,2}\(?0?\)?|0)1[016789][-.\s)]{0,2}\d{3,4}[-.\s]{0,2}\d{4}(?!\d)",
    "land_line": rf"(?<![A-Za-z\d.])(?:\+?82[-.\s]?|\(?0){_AREA}(?:\)\s?|[-.\s]{{1,2}})\d{{3,4}}[-.\s]\d{{4}}(?!\d)",
    "land_line_bare": rf"{_LEFT}0{_AREA}\d{{7,8}}{_RIGHT}",
    "service_line": rf"{_LEFT}(?:{_HEADS})-\d{{4}}{_RIGHT}",
    "local_line": rf"{_LEFT}[2-9]\d{{2}}-\d{{4}}{_RIGHT}",
    "named_line": r"(?:☎|전화|[Tt][Ee][Ll]|연락처|문의)[^\n]{0,20}?\d{3,4}-\d{4}",
    "account": r"(?:은행|계좌|농협|신협|새마을|우체국|예금주)[^\n]{0,30}?\d[\d-]{8,}\d|"
    + _LEFT
    + r"\d{3,6}-\d{2,6}-\d{4,7}"
    + _RIGHT,
    "messenger": r"(?:카톡|카카오톡|텔레그램|라인)\s*(?:아이디|[Ii][Dd])?\s*[:：]\s*[A-Za-z0-9_]{4,}",
    "flat": r"\d+동\s?\d+호",
    "plate": r"(?<!\d)\d{2,3}[가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주하허호배]\s?\d{4}(?!\d)",
    "ip": r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])",
}
_COMPILED = {kind: re.compile(pattern) for kind, pattern in _RULES.items()}
_CARD = re.compile(_LEFT + r"\d(?:[ -]?\d){12,18}" + _RIGHT)
TECHNICAL = frozenset({"ip", "plate"})  # kinds that mean nothing in software documents and statutes


def kinds(text: str, ignore: frozenset[str] = frozenset()) -> set[str]:
    """Kinds of personal data that `text` seems to hold, without `ignore`; never the values."""
    plain = unicodedata.normalize("NFKC", text)
    found = set()
    if any(not _GENERIC_EMAIL.search(m.group()) for m in _EMAIL.finditer(plain)):
        found.add("email")
    numbers = _URL.sub(" ", plain)
    found |= {kind for kind, rule in _COMPILED.items() if rule.search(numbers)}
    if any(_is_card(m.group()) for m in _CARD.finditer(numbers)):
        found.add("card")
    return found - ignore


def is_clean(data: bytes, charset: str = "utf-8", ignore: frozenset[str] = frozenset()) -> bool:
    """Whether `data` holds nothing that looks personal; bytes that do not decode are looked past."""
    return not kinds(data.decode(charset, errors="replace"), ignore)


def luhn_check_digit(body: str) -> int:
    """The digit that makes `body` + digit pass the Luhn check.

    >>> luhn_check_digit("411111111111111")
    1
    """
    total = 0
    for place, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return -total % 10


def _is_card(number: str) -> bool:
    digits = re.sub(r"\D", "", number)
    return digits[0] in "34569" and luhn_check_digit(digits[:-1]) == int(digits[-1])


_CONTACT_NAME = re.compile(r"(?<=[가-힣] )[가-힣]{2,4}(?=\s+\d{3,4}-\d{4})")
_CONTACT_NUMBER = re.compile(r"(?<!\d)(?:0\d{1,2}[-)]\s?)?\d{3,4}-\d{4}(?!\d)")
_BYLINE = re.compile(r"[가-힣]{2,4}(?=\s기자(?![가-힣]))")


def mask_contacts(text: str) -> str:
    """Digits of telephone numbers as ○, and the name in front of one or in a byline as ○○○.

    >>> mask_contacts("【AI산업팀장 홍길동 286-0000】")
    '【AI산업팀장 ○○○ ○○○-○○○○】'
    """
    text = _BYLINE.sub("○○○", _CONTACT_NAME.sub("○○○", text))
    return _CONTACT_NUMBER.sub(lambda m: re.sub(r"\d", "○", m.group()), text)
