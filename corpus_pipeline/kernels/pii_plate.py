"""Vehicle plates: 12가 3456, 123가 4567, and the older 서울 12 가 3456.

Bias: mask when unsure, but the same shape is a court case (97누1234), a number with a particle (12가 3456) or a
counter (10배 2000원); there a word such as 차량 decides, and pii_plate_syllables.tsv says where.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus_pipeline.kernels.pii_context import after, near, pattern
from corpus_pipeline.kernels.pii_span import Span
from corpus_pipeline.resources import read_tsv

__all__ = ["plates"]

_ROLE = {row[0]: row[1] for row in read_tsv("ko/pii_plate_syllables.tsv")}
_REGIONS = "|".join(row[1] for row in reversed(read_tsv("ko/pii_licence_regions.tsv")) if len(row[1]) == 2)
_PLATE = re.compile(rf"[0-9]{{1,3}}(?P<a> ?)(?P<syllable>[{''.join(_ROLE)}])(?P<s> ?-? ?)[0-9]{{4}}")
_FIRST_CASES = 48  # two-digit years of court cases run from 1948 to 1999; plates from 01
_HEAD = re.compile(rf"(?:(?P<region>{_REGIONS}|세종) ?|(?P<bad>[0-9][-.,/]|[0-9A-Za-z*조제항년월]|[제각공] |공))\Z")
_GOES_ON = re.compile(r"[0-9A-Za-z*]|[-.:~][0-9*]|,[0-9]{3}")
_COUNTED = re.compile(rf" ?(?:{pattern('plate', 'counter')})")
_AFTER = re.compile(r" ?(?:번 )?(?:차량|승용차|승합차|화물차|택시|트럭|버스|자동차|오토바이)")
_CASE_AFTER = re.compile(r" ?호? ?(?:[,·] ?[0-9]|판결|결정|사건|병합|면|\(병합|면|명령|재결)|호")


def plates(text: str, start: int, end: int) -> Iterator[Span]:
    """Plates in one stretch of the plain shadow, without the region's name; "high" with a region or a word nearby."""
    for match in _PLATE.finditer(text, start, end):
        head = _HEAD.search(text, max(0, match.start() - 4), match.start())
        region = head is not None and head["region"] is not None
        if (head is not None and not region) or _GOES_ON.match(text, match.end()):
            continue
        context = True if _AFTER.match(after(text, match.end())) else near("plate", text, *match.span())
        if context is None and not region and _COUNTED.match(text, match.end()):
            continue
        if context is False or (not region and _CASE_AFTER.match(text, match.end())):
            continue
        number = len(match.group().split(match["syllable"])[0].rstrip())
        if (context and number > 1) or (region and number < 3) or _is_plain(match, number):
            yield Span(match.start(), match.end(), "plate", "high" if context or region else "low")


def _is_plain(match: re.Match[str], number: int) -> bool:
    """No context: three digits are no case number, and two only with a syllable that marks no case."""
    role = _ROLE[match["syllable"]]
    if number < 2 or match["a"] or "-" in match["s"]:
        return False
    if match["s"] and ("word" in role or match.group()[-4:-2] in ("19", "20")):
        return False  # 12호 2009
    return number == 3 or "case" not in role or int(match.group()[:2]) < _FIRST_CASES
