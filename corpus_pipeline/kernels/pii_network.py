"""Addresses of machines: IPv4 and IPv6.

Bias: mask when unsure. Ranges that name no machine on the Internet stay, and so do four-part versions, section
numbers and the `::` of programs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address

from corpus_pipeline.kernels.pii_context import near
from corpus_pipeline.kernels.pii_span import Span

__all__ = ["ips"]

_V4 = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}")
_V6_GROUP = re.compile(r"[23][0-9A-Fa-f]{3}:")
_V6 = re.compile(r"[23][0-9A-Fa-f]{3}:[0-9A-Fa-f:]{3,34}(?![0-9A-Za-z:*])")  # 2000::/3, all that is routed
_TOUCHED = re.compile(r"(?:[0-9A-Za-z_*.]|[0-9A-Za-z*][-/+]|[=~^<>]=)\Z")
_GOES_ON = re.compile(r"[0-9A-Za-z_*]|[-.+][0-9A-Za-z*]")
_MACHINE_AFTER = re.compile(r"(?:에서|로|에|의|을|를)(?![0-9])|:[0-9]{2,5}|/[0-9]{1,2}(?![0-9])")
_VERSION_BEFORE = re.compile(r"(?:(?<![A-Za-z])[vV](?:er)?\.?|(?<![가-힣])제) ?\Z")
# RFC 6890, special-purpose ranges without the documentation ones, which stand in for real addresses in texts.
_UNROUTED = [
    IPv4Network(net)
    for net in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3"),
    )
]


def ips(text: str, start: int, end: int) -> Iterator[Span]:
    """IPv4 and IPv6 addresses in one stretch of the plain shadow; "high" after a word such as IP or 서버."""
    for match in _V4.finditer(text, start, end):
        context = near("ip", text, *match.span())
        if _stands_clear(text, match) and _is_routed(match.group()) and not _is_version(text, match, context):
            yield Span(match.start(), match.end(), "ip", "high" if context else "low")
    for group in _V6_GROUP.finditer(text, start, end):
        at = group.start()
        whole = _V6.match(text, at)
        if whole is None or _TOUCHED.search(text[max(0, at - 2) : at]):
            continue
        value = whole.group() if whole.group().endswith("::") else whole.group().rstrip(":")
        if _is_v6(value):
            yield Span(at, at + len(value), "ip", "high")


def _stands_clear(text: str, match: re.Match[str]) -> bool:
    head = text[max(0, match.start() - 2) : match.start()]
    return not _TOUCHED.search(head) and not _GOES_ON.match(text, match.end())


def _is_routed(value: str) -> bool:
    try:
        address = IPv4Address(value)
    except AddressValueError:  # 256, or a leading zero as in a date
        return False
    return not any(address in net for net in _UNROUTED)


def _is_version(text: str, match: re.Match[str], context: bool | None) -> bool:
    """A version (버전 4.0.1.2, 1.0.0.0) or the number of a section that starts a line (1.2.1.3 개요)."""
    if _VERSION_BEFORE.search(text, max(0, match.start() - 6), match.start()):
        return True
    if context is not None:
        return not context
    octets = [int(octet) for octet in match.group().split(".")]
    if max(octets) < 64 and not _MACHINE_AFTER.match(text, match.end()):
        return (
            True  # four small numbers without a word are a version or a list; of true addresses 1 in 250 is like that
        )
    return octets[2:] == [0, 0]


def _is_v6(value: str) -> bool:
    try:
        IPv6Address(value)
    except AddressValueError:
        return False
    if sum(group != "" for group in value.split(":")) < 3:
        return False  # 2019::12 is no machine
    return "::" in value or any(c in "abcdefABCDEF" for c in value)  # eight groups of digits are a timetable
