"""Numbers of organisations, which are printed to be found: business registration and nationwide numbers.

Bias: keep when unsure. Both kinds have a switch of their own and are off by default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus_pipeline.kernels.pii_checks import business_check
from corpus_pipeline.kernels.pii_context import account_hint, near
from corpus_pipeline.kernels.pii_span import Span

__all__ = ["businesses", "representatives"]

_BUSINESS = re.compile(r"(?<![0-9*])(?<![0-9*]-)[0-9]{3}(?P<s> ?- ?| |)[0-9]{2}(?P=s)[0-9]{5}(?![0-9*])(?!-[0-9*])")
_NATIONWIDE = re.compile(r"1[568][0-9]{2}(?P<s> ?[-.~] ?| |)[0-9]{4}(?![0-9*])(?!-[0-9*])(?!\.[0-9])")
_TOUCHING = re.compile(r"(?:[0-9A-Za-z*]|[0-9*][-.])\Z")


def businesses(text: str, start: int, end: int) -> Iterator[Span]:
    """Business numbers 3-2-5: after a word such as 사업자등록번호, or with hyphens and a right check digit."""
    for match in _BUSINESS.finditer(text, start, end):
        digits = "".join(c for c in match.group() if c.isdigit())
        context = near("business", text, *match.span()) is True
        bare = "-" not in match.group("s") or not business_check(digits)
        if context or not (bare or account_hint(text, *match.span())):
            yield Span(match.start(), match.end(), "business", "high" if context else "low")


def representatives(text: str) -> Iterator[Span]:
    """Nationwide numbers 15xx, 16xx, 18xx: with a word nearby, or hyphened and not two years."""
    for match in _NATIONWIDE.finditer(text):
        at = match.start()
        if _TOUCHING.search(text, max(0, at - 2), at):
            continue
        context = near("representative", text, at, match.end())
        digits = match.group()[:4] + match.group()[-4:]
        years = int(digits[4:]) <= 2100 and int(digits[:4]) <= int(digits[4:])
        alone = "-" in match.group("s") and not years
        if context or (context is None and alone):
            yield Span(at, match.end(), "representative", "high" if context else "low")
