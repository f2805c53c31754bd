"""The words around a number: what they say it is.

The windows are cut at an e-mail sign and at a token such as `<|phone|>`, so that masking, which changes the length
there, cannot bring a far word near, nor a token's own name count as a word.
"""

from __future__ import annotations

import re

from corpus_pipeline.resources import read_tsv

__all__ = ["REACH", "account_hint", "after", "before", "column", "named", "near", "pattern", "words"]

REACH = 20  # characters; a label, a bank and an owner's name fit, the next sentence does not
_TABLE = 8000  # characters above a cell in which its table's head is looked for
_CELL = re.compile(r"[|\t,;] ?[\"']?\Z")
_SIGN = re.compile(r"@|골뱅이|[\[(]at|<\|[a-z]+\|>", re.IGNORECASE)


def words(kind: str, role: str) -> frozenset[str]:
    """The words of one kind and role in pii_context.tsv."""
    return frozenset(row[2] for row in read_tsv("ko/pii_context.tsv") if row[:2] == (kind, role))


def pattern(kind: str, role: str) -> str:
    """The same words as alternatives of an expression, longest first; a space may be left out. No word: no match."""
    found = sorted(words(kind, role), key=lambda w: (-len(w), w))
    return "|".join(re.escape(word).replace(r"\ ", " ?") for word in found) or "(?!)"


def _banks(reach: str) -> str:
    found = [row[0] for row in read_tsv("ko/pii_banks.tsv") if row[1] == reach]
    return "|".join(re.escape(word) for word in sorted(found, key=lambda w: (-len(w), w)))


_NAMED_KINDS = ("card", "rrn", "licence", "passport", "business", "phone", "representative", "plate", "ip", "address")
_NAMED = {
    kind: re.compile(rf"(?P<for>{pattern(kind, 'for')})|(?P<not>{pattern(kind, 'not')})") for kind in _NAMED_KINDS
}
_ACCOUNT = re.compile(
    rf"(?P<not>{pattern('account', 'not')})|(?P<strong>{pattern('account', 'strong')}|{_banks('far')}"
    rf"|(?:{_banks('near')})(?= ?[:)\]]? ?\Z))|(?P<weak>{pattern('account', 'weak')})"
    rf"|(?P<owner>(?<![가-힣])(?:{_banks('near')})(?= ?[가-힣]{{2,4}} ?:? ?\Z))"
)
_OWNER_AFTER = re.compile(rf"[ ,(/\[]{{0,3}}(?:{_banks('far')})|[ ]?[(/\[] ?(?:{_banks('near')})|[^0-9]{{0,12}}예금주")
_BANK_AFTER = re.compile(rf" ?(?:{_banks('near')})(?: [가-힣]{{2,4}})?(?![가-힣])")
_SENT_AFTER = re.compile(rf"(?:으?로|에|에다) ?(?:{pattern('account', 'weak')}|부쳐|보내)")


def before(text: str, start: int) -> str:
    """Up to REACH characters before `start`."""
    window = text[max(0, start - REACH) : start]
    cut = [sign.end() for sign in _SIGN.finditer(window)]
    return window[cut[-1] :] if cut else window


def column(text: str, start: int) -> str:
    r"""What stands above a cell of a table: the same cell of the first of the lines that have its separator.

    >>> table = "| 이름 | 계좌 |\n|---|---|\n| 홍길동 | 110-123-456789 |"
    >>> column(table, table.index("110"))
    ' 계좌 '
    """
    cell = _CELL.search(text, max(0, start - 3), start)
    if cell is None:
        return ""
    separator = cell.group()[0]
    *above, row = text[max(0, start - _TABLE) : start].split("\n")
    head = ""
    for line in reversed(above):
        if separator not in line:
            break
        head = line
    cells = head.split(separator)
    place = row.count(separator)
    return cells[place][:REACH] if place < len(cells) else ""


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
    words_before = list(_NAMED[kind].finditer(before(text, start)))
    if not words_before:
        words_before = list(_NAMED[kind].finditer(column(text, start)))
    return words_before[-1].lastgroup == "for" if words_before else None


def near(kind: str, text: str, start: int, end: int) -> bool | None:
    """As `named`, and where nothing stands before, what the first word after the value says: M12345678 (여권).

    >>> near("passport", "M12345678 (여권)", 0, 9)
    True
    """
    answer = named(kind, text, start)
    match = _NAMED[kind].search(after(text, end)) if answer is None else None
    return match.lastgroup == "for" if match else answer


def account_hint(text: str, start: int, end: int) -> str | None:
    """What stands near a number: "strong" (account, bank, owner), "weak" (transfer), "not" (public number), None.

    A short name of a bank that is a word as well (국민, 하나), apart from the number, is "weak", and only for groups
    joined by hyphens: 국민 홍길동 123456-01-123456.

    >>> account_hint("계좌 110-123-456789", 3, 17), account_hint("주문번호 202101011234 입금", 5, 17)
    ('strong', 'not')
    """
    answer: str | None = None
    for window in (before(text, start), column(text, start)):
        for match in _ACCOUNT.finditer(window):
            found = match.lastgroup
            if found == "owner":
                found = "weak" if "-" in text[start:end] else answer
            if found != "weak" or answer != "strong":
                answer = found
        if answer:
            break
    if answer in (None, "weak") and _OWNER_AFTER.match(after(text, end)):
        return "strong"
    if answer is None and (
        _SENT_AFTER.match(after(text, end)) or ("-" in text[start:end] and _BANK_AFTER.match(after(text, end)))
    ):
        return "weak"
    return answer
