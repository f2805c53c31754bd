"""Home and other addresses: the region and the road stay, the building number and all after it is the value.

Bias: mask when unsure, but a road or a village must follow a district (강남구 테헤란로 1), or a word such as 주소;
a number alone, or one that counts (도로 3개), is no building.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus_pipeline.kernels.pii_context import REACH, named, pattern, words
from corpus_pipeline.kernels.pii_span import Span
from corpus_pipeline.resources import read_tsv

__all__ = ["addresses", "units"]

_ANCHOR = re.compile(r"[로길동리가읍면] {0,3}(?:산 ?|지하 ?)?(?=[0-9])")
_UNITS = r"[0-9A-Z가-라]{1,4}동 ?,? ?(?:[0-9]{1,2}층 ?)?(?:지하 ?)?[0-9]{1,5}호?(?![0-9*])"
_BUILDING = rf"[가-힣A-Za-z0-9]{{0,12}}(?:{pattern('address', 'building')})(?: ?[A-Z0-9가-라]{{1,4}}(?:동|차|단지))?"
_LEVEL = r"(?:지하 ?|비)?[0-9]{1,4}(?:-[0-9]{1,4})?(?:층|호실|호(?![선기])|동(?![안쪽시])|통|반|단지)"
_FLAT = r"[0-9]{3} ?- ?[0-9]{3,4}호?(?![0-9*-])"  # 101-1203 after a building's number
_COUNTER = f"(?:{pattern('address', 'counter')})"
_NUMBER = re.compile(
    r"(?:[0-9]{1,4}(?: ?- ?[0-9]{1,4})?(?:의 ?[0-9]{1,4})? ?번지|[0-9]{1,4} ?- ?[0-9]{1,4}"
    rf"(?![0-9*-]|[.,:/~][0-9]|{_COUNTER})|[0-9]{{1,4}}"
    rf"(?![0-9*-]|[.,:/~][0-9]|가(?![가-힣])|(?:번|가)?길| ?-|{_COUNTER}| (?:{_COUNTER})(?![가-힣]))번?)"
    rf"(?:[, (]{{0,3}}(?:(?:[가-힣A-Za-z]{{1,10}} ?)?{_UNITS}|{_FLAT}|{_BUILDING}|{_LEVEL})){{0,4}}"
)
_LOT = re.compile(r"[0-9]+(?: ?- ?[0-9]+| ?번지)")
_UNIT = re.compile(r"[0-9]{1,4}동 ?,? ?[0-9]{2,5}호(?![0-9선*])")
_HOUSE = re.compile(pattern("address", "building"))
_BRANCH = re.compile(r"[0-9]{1,4}(?:번|가)?길\Z")
_OPENING = re.compile(r"[^가-힣A-Za-z0-9]+")
_DISTRICTS = frozenset(row[0] for row in read_tsv("ko/pii_regions.tsv"))
_NO_ROAD = words("address", "not")
_REACH = 40  # characters that a region, a town and a road take


def addresses(text: str) -> Iterator[Span]:
    """The personal part of addresses in the plain shadow; "high" after a district, "low" after a mere word."""
    for match in _ANCHOR.finditer(text):
        number = _NUMBER.match(text, match.end())
        if number is None:
            continue
        place = text[max(0, match.start() - _REACH) : match.start() + 1].rpartition("\n")[2].split()
        hint = _hint(text, match, place, _LOT.match(number.group()) is not None)
        if hint and (hint == "high" or place[-1][-1] in "로길"):
            yield Span(match.end(), number.end(), "address", hint)


def units(text: str, start: int, end: int) -> Iterator[Span]:
    """A flat on its own (101동 1203호) in one stretch of the plain shadow, after the name of a house or 주소."""
    for unit in _UNIT.finditer(text, start, end):
        if text[max(0, unit.start() - 1) : unit.start()] in ("제", "-", *"0123456789*"):
            continue
        window = text[max(0, unit.start() - REACH) : unit.start()]
        if named("address", text, unit.start()) or _HOUSE.search(window):
            yield Span(unit.start(), unit.end(), "address", "low")


def _hint(text: str, match: re.Match[str], place: list[str], lot: bool) -> str | None:
    """How sure the words before a number make it a building's: they end in the road or the village."""
    if _BRANCH.match(place[-1]) and len(place) > 1:  # 테헤란로 12길 3
        place = [*place[:-2], place[-2] + place[-1]]
    road = _OPENING.split(place[-1])[-1]
    if (road in _NO_ROAD and not lot) or (len(road) < 2 and not road.isdigit()) or road.endswith("으로"):
        return None
    if road[-1] == "가" and not road[-2:-1].isdigit():
        return None
    for word in reversed(place[max(0, len(place) - 4) : -1]):  # town, village and district stand before
        bare = _OPENING.split(word)[-1]
        if any(bare[-size:] in _DISTRICTS for size in range(2, 8)):
            return "high"
        if not bare or bare[-1] not in "읍면동리시군구":
            break
    if any(road[:size] in _DISTRICTS for size in range(3, 8)) and len(road) > 5:  # 서울시강남구테헤란로
        return "high"
    return "low" if named("address", text, match.start() - len(road) + 1) and road[-1] in "로길" else None
