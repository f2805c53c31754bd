"""Synthetic personal values of every kind and form: those of letters and digits, and KINDS, the list of all.

Shapes: plates by the vehicle registration rules, addresses by the road name address rules. Places, names and hosts are
words of pii_words.tsv; numbers and ids are drawn at random.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from benchmarks import pii_forms as forms
from benchmarks.pii_forms import Value
from benchmarks.pii_numbers import (
    Context,
    account,
    business,
    card,
    digits,
    licence,
    passport,
    phone,
    registration,
    representative,
    words,
)


@dataclass(frozen=True)
class Kind:
    """forms: names of forms, ordinary ones and obfuscated ones; make: the value in one of them."""

    ordinary: tuple[str, ...]
    obfuscated: tuple[str, ...]
    make: Callable[[Random, str, Context], Value]


def plate(rng: Random, form: str, _: Context) -> Value:
    """Two digits (01-69) or three (100-699), a legal syllable, four digits; the old ones name a region."""
    front = f"{rng.randint(1, 69):02d}" if rng.random() < 0.5 else str(rng.randint(100, 699))
    letter, back = rng.choice(words("plate_letter")), digits(rng, 4)
    if form == "region":
        region, front = rng.choice(words("plate_region")), str(rng.randint(1, 99))
        text = f"{region} {front:0>2}{letter} {back}"
        return Value(text, "p" * len(region) + "-" * (len(text) - len(region) - 4) + "cccc", "plate", form, "ordinary")
    gap = " " if form == "space" or (form == "full width" and rng.random() < 0.3) else ""
    text = front + letter + gap + back
    marked = text, "-" * (len(text) - 4) + "cccc"
    if form in ("joined", "space"):
        return Value(*marked, "plate", form, "ordinary")
    return forms.hidden(marked, "plate", form, rng)


def address(rng: Random, form: str, _: Context) -> Value:
    """Permitted: province and district. Critical: the digits from the building's number on."""
    region, house = rng.choice(words("district")), str(rng.randint(2, 480))
    if rng.random() < 0.4:
        house += f"-{rng.randint(1, 60)}"
    unit = f"{rng.randint(101, 130)}동 {rng.randint(2, 24)}{rng.randint(1, 8):02d}호"
    if form.startswith("road"):
        place = rng.choice(words("road"))
        tail = f", {unit}" if form == "road, flat" else ""
    else:
        place = rng.choice(words("dong"))
        tail = {"lot": "번지", "lot, flat": f" {rng.choice(words('apartment'))} {unit}"}.get(form, "")
    after = house + tail
    kept = "p" * len(region) + "-" * (len(place) + 2)
    marked = f"{region} {place} {after}", kept + "".join("c" if c.isdigit() else "-" for c in after)
    if form.endswith("full width"):
        return Value(*forms.full_width(marked), "address", form, "obfuscated")
    if form.endswith("zero width"):
        text, roles = forms.zero_width((after + " ", marked[1][len(kept) :] + "-"), rng)
        return Value(
            marked[0][: len(kept)] + text.rstrip(), kept + roles[: len(text.rstrip())], "address", form, "obfuscated"
        )
    return Value(*marked, "address", form, "ordinary")


def login(rng: Random) -> str:
    """An id as people choose them: letters, then digits or a second word."""
    first, second = rng.choice(words("login")), rng.choice(words("login"))
    tail = rng.choice(
        [digits(rng, 2), digits(rng, 4), f"_{second}", f".{second}{digits(rng, 2)}", f"{second}{digits(rng, 1)}"]
    )
    return first + tail


def email(rng: Random, form: str, _: Context) -> Value:
    """Permitted: the domain."""
    local, domain = login(rng), rng.choice(words("domain"))
    if form in ("Hangul host", "Hangul at and dot"):
        domain, name = rng.choice(words("syllable_domain")).split()
        host, top = domain.split(".")
        dot = rng.choice([" 점 ", "점", " 쩜 "])
        domain = f"{name}{dot}{'컴' if top == 'com' else '넷'}" if form == "Hangul host" else f"{host}{dot}{top}"
        at = rng.choice([" 골뱅이 ", "골뱅이", " 앳 "])
        return _email(local, at, domain, form, "obfuscated")
    signs = {
        "ordinary": ["@"],
        "capitals": ["@"],
        "골뱅이": ["골뱅이", " 골뱅이 ", "(골뱅이)", "[골뱅이]"],
        "(at)": ["(at)", " (at) ", "(AT)"],
        "[at]": ["[at]", " [at] "],
        "spaces": [" @ ", "@ "],
        "full width": ["@"],
        "zero width": ["@"],
    }
    local = local.title() if form == "capitals" else local
    if form == "[at]" and rng.random() < 0.5:
        domain = domain.replace(".", rng.choice(["[dot]", " [dot] ", "(dot)"]))
    value = _email(
        local, rng.choice(signs[form]), domain, form, "ordinary" if form in ("ordinary", "capitals") else "obfuscated"
    )
    marked = value.text, value.roles
    if form == "full width":
        marked = forms.full_width(marked)
    if form == "zero width":
        marked = forms.zero_width(marked, rng)
    return Value(*marked, "email", form, value.group)


def _email(local: str, at: str, domain: str, form: str, group: str) -> Value:
    roles = "c" * len(local) + "-" * len(at) + "".join("-" if c in " .[]()" else "p" for c in domain)
    return Value(local + at + domain, roles, "email", form, group)


def ip(rng: Random, form: str, _: Context) -> Value:
    """Global addresses; critical: the second half."""
    if form == "IPv6":
        groups = [f"2001:{rng.choice(['2d8', 'e60', '2b8'])}", *(f"{rng.randrange(1, 0xFFFF):x}" for _ in range(6))]
        network, rest = ":".join(groups[:3]), ":".join(groups[3:])
        return Value(f"{network}:{rest}", "-" * len(network) + "-" + _marks(rest), "ip", form, "ordinary")
    while True:
        octets = [rng.randint(1, 223), *(rng.randint(0, 255) for _ in range(3))]
        if ipaddress.ip_address(".".join(map(str, octets))).is_global and octets[0] > 31:  # 1-31: reads as a version
            break
    parts = [(str(octet), "c" if i > 1 else "-") for i, octet in enumerate(octets)]
    marked = forms.joined(parts, ".")
    if form == "ordinary":
        return Value(*marked, "ip", form, "ordinary")
    return forms.hidden(marked, "ip", form, rng)


def _marks(text: str) -> str:
    return "".join("c" if c.isalnum() else "-" for c in text)


def login_id(rng: Random, form: str, _: Context) -> Value:
    text = ("@" if form == "with @" else "") + login(rng)
    marked = text, _marks(text)
    if form in ("ordinary", "with @"):
        return Value(*marked, "login_id", form, "ordinary")
    return forms.hidden(marked, "login_id", form, rng)


NUMBER = tuple(forms.OBFUSCATED)
HIDDEN = ("full width", "zero width")
KINDS: dict[str, Kind] = {
    "account": Kind(("hyphens", "joined", "spaces"), NUMBER, account),
    "address": Kind(
        ("road", "road, flat", "lot", "lot, flat"), ("road, full width", "lot, full width", "road, zero width"), address
    ),
    "business": Kind(("hyphens", "joined", "spaces"), NUMBER, business),
    "card": Kind(("hyphens", "joined", "spaces"), NUMBER, card),
    "email": Kind(
        ("ordinary", "capitals"),
        ("골뱅이", "(at)", "[at]", "spaces", "Hangul host", "Hangul at and dot", *HIDDEN),
        email,
    ),
    "foreigner": Kind(
        ("hyphens", "joined", "spaces", "spaced hyphens"),
        NUMBER,
        lambda rng, form, _: registration(rng, "foreigner", form),
    ),
    "ip": Kind(("ordinary", "ordinary", "IPv6"), HIDDEN, ip),
    "licence": Kind(("hyphens", "joined", "spaces", "region name"), NUMBER, licence),
    "login_id": Kind(("ordinary", "with @"), HIDDEN, login_id),
    "passport": Kind(("ordinary", "with a letter", "small letters", "space"), HIDDEN, passport),
    "phone": Kind(
        ("hyphens", "joined", "spaces", "dots", "spaced hyphens", "code in parentheses", "code and parenthesis", "+82"),
        (*NUMBER, "spread"),
        phone,
    ),
    "plate": Kind(("joined", "space", "region"), HIDDEN, plate),
    "representative": Kind(("hyphens", "joined", "spaces"), NUMBER, representative),
    "rrn": Kind(
        ("hyphens", "joined", "spaces", "spaced hyphens"), NUMBER, lambda rng, form, _: registration(rng, "rrn", form)
    ),
}
