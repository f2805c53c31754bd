"""Korean telephone numbers in every written form; organisations' 15xx, 16xx and 18xx numbers stay in the text.

Bias: mask when unsure. A mobile number is unmistakable and taken wherever no digit touches it; a landline shares
its shape with serial numbers, so one without separators must also stand clear of letters, paths and order words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus_pipeline.kernels.pii_context import named
from corpus_pipeline.kernels.pii_span import Span
from corpus_pipeline.resources import read_tsv

__all__ = ["phones", "prefix_digits"]

_ROWS = sorted((row[0] for row in read_tsv("ko/pii_dialling_codes.tsv")), key=lambda code: (-len(code), code))
_CODES = [code.replace("x", "[0-9]") for code in _ROWS]  # 0502 before 050
_MOBILE = "|".join(code[1:] for code in _CODES if code.startswith("01"))
_FIXED = "|".join(code[1:] for code in _CODES if not code.startswith("01"))
_ABROAD = r"(?:\+ ?82|0082|82(?=[-. )]|10[0-9]{8}(?![0-9])))\)?[-. ]{0,2}(?:\(?0\)?[-. ]?)?\(?"
_LOOSE = r"(?:\) ?-? ?|[-. _/~·\t]{1,3})?"  # between the groups of a mobile number
_TIGHT = r"(?:\) ?-? ?| ?[-.] ?| {1,2})?"  # between the groups of a landline
# A number right after another: 010-1234-5678010-9999-8888.
_GLUED = re.compile(
    rf"(?:(?P<m>0(?:{_MOBILE})){_LOOSE}[0-9]{{4}}{_LOOSE}[0-9]{{4}}|(?P<f>0(?:{_FIXED}))[-.)][0-9]{{3,4}}[-.][0-9]{{4}})"
    rf"(?![0-9*])"
)
_NEXT = re.sub(r"\(\?P<\w>", "(?:", _GLUED.pattern)
_NUMBER = re.compile(
    rf"(?<![0-9*])(?:"
    rf"(?P<mobile>(?P<m>{_ABROAD}(?:{_MOBILE})|0(?:{_MOBILE})){_LOOSE}[0-9]{{3,4}}{_LOOSE}[0-9]{{4}})(?:(?![0-9*])|(?={_NEXT}))"
    rf"|(?<![0-9*]-)(?P<fixed>(?P<f>{_ABROAD}(?:{_FIXED})|0(?:{_FIXED}))"
    rf"(?:{_TIGHT}[0-9]{{3,4}}{_TIGHT}[0-9]{{4}}|(?P<odd>[_/\t])[0-9]{{3,4}}(?:(?P=odd)|-)[0-9]{{4}}))"
    rf"(?:(?![0-9*])(?!-[0-9*])|(?={_NEXT})))"
)
_BARE = re.compile(r"[0-9]+")
_ATTACHED = re.compile(r"[A-Za-z0-9_=/&#?%.*+-]\Z")
_GOES_ON = re.compile(r"[A-Za-z0-9_/*]|[-.][A-Za-z0-9*]")
_DECIMAL = re.compile(r"\.[0-9]")
_TOUCHING = re.compile(r"[A-Za-z_]")
_LABEL = re.compile(r"(?<![A-Za-z])(?:tel|fax|phone|mobile|hp|h\.p|[tfmp])\Z", re.IGNORECASE)


def phones(text: str, start: int, end: int) -> Iterator[Span]:
    """Phone numbers in one run of the shadow text; "high" with separators, a country code or a word nearby."""
    for match in _NUMBER.finditer(text, start, end):
        value = match.group()
        bare = _BARE.fullmatch(value) is not None
        following = _GLUED.match(text, match.end())
        if (bare and not _stands_clear(text, match)) or (bare and following and match.group("fixed")):
            continue
        if match.group("odd") and not _is_apart(text, match):
            continue
        if following:
            yield Span(*following.span(), "phone", "high")
        context = named("phone", text, match.start()) is True
        sure = context or (not bare and " " not in value) or match.lastgroup == "mobile"
        yield Span(match.start(), match.end(), "phone", "high" if sure else "low")


def _stands_clear(text: str, match: re.Match[str]) -> bool:
    head = text[max(0, match.start() - 6) : match.start()]
    if _DECIMAL.match(text, match.end()):
        return False
    if match.group("mobile"):
        if len(match.group()) == 10 and match.group().startswith("010"):
            return False  # 010 numbers have eight digits after the code since 2007
        glued = head[-1:].isascii() and head[-1:].isalpha() and not _LABEL.search(head)
        return not (glued and _TOUCHING.match(text, match.end()))
    if _TOUCHING.match(text, match.end()) or (_ATTACHED.search(head) and not _LABEL.search(head)):
        return False
    return named("phone", text, match.start()) is not False


def _is_apart(text: str, match: re.Match[str]) -> bool:
    """A landline in parts that are not of a path, a file's name or a table's row."""
    context = named("phone", text, match.start())
    if match.group("odd") == "\t" or context is False:
        return context is True
    return not (_ATTACHED.search(text[max(0, match.start() - 1) : match.start()]) or _GOES_ON.match(text, match.end()))


def prefix_digits(value: str) -> int:
    """How many leading digits of a matched number are its dialling code, which a mask keeps.

    >>> prefix_digits("010-1234-5678"), prefix_digits("+82-10-1234-5678"), prefix_digits("02)123-4567")
    (3, 4, 2)
    """
    match = _NUMBER.match(value) or _NUMBER.match(value.replace(" ", ""))  # 0 1 0 - 1 2 3 4 ...
    code = (match.group("m") or match.group("f")) if match else ""
    return sum("0" <= c <= "9" for c in code)
