"""Synthetic numbers of persons and organisations. Nothing here is anybody's number.

Mobile numbers use exchanges that begin with 0 or 1, which are not given out; all other numbers are drawn at random.
Sources: check digits of registration and business numbers, codes of licences and the telephone numbering plan are
public rules of the ministries; cards follow ISO/IEC 7812. Half of the registration numbers carry a check digit that
fails, as those given out since October 2020 may.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random

from benchmarks import pii_forms as forms
from benchmarks.pii_forms import Part, Value

WORDS = Path(__file__).with_name("pii_words.tsv")
Context = Mapping[str, str]  # what the sentence says before the value is made: "bank", and the "groups" of its accounts


@cache
def words(name: str) -> tuple[str, ...]:
    """The words of one list of pii_words.tsv, in its order."""
    lines = WORDS.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return tuple(word for of, word in rows if of == name)


def digits(rng: Random, count: int) -> str:
    return f"{rng.randrange(10**count):0{count}d}"


def birth(rng: Random, first: int = 40, last: int = 99) -> str:
    """YYMMDD, days up to 28."""
    return f"{rng.randint(first, last) % 100:02d}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"


def registration(rng: Random, kind: str, form: str) -> Value:
    """Resident and foreigner registration numbers; permitted: decade of birth, century and gender."""
    young = rng.random() < 0.25
    born = birth(rng, 0, 24) if young else birth(rng)
    century = {"rrn": ("12", "34"), "foreigner": ("56", "78")}[kind][young]
    body = born + rng.choice(century) + digits(rng, 5)
    total = sum(int(d) * w for d, w in zip(body, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=True))
    check = ((11 if kind == "rrn" else 13) - total % 11) % 10
    body += str(check if rng.random() < 0.5 else (check + rng.randint(1, 9)) % 10)
    value = forms.number([(body[:6], "c"), (body[6:], "c")], kind, form, rng)
    counted = [i for i, role in enumerate(value.roles) if role == "c"]
    permitted = {counted[0], counted[6]}
    return Value(value.text, _marked(value.roles, permitted), kind, form, value.group)


def _marked(roles: str, permitted: set[int]) -> str:
    return "".join("p" if i in permitted else role for i, role in enumerate(roles))


def licence(rng: Random, form: str, _: Context) -> Value:
    rest = [(f"{rng.randint(70, 99)}" if rng.random() < 0.5 else f"{rng.randint(0, 24):02d}", "c")]
    rest += [(digits(rng, 6), "c"), (digits(rng, 2), "c")]
    if form == "region name":
        text, roles = forms.joined(rest, "-")
        region = rng.choice(words("plate_region"))
        return Value(f"{region} {text}", "p" * len(region) + "-" + roles, "licence", form, "ordinary")
    region = str(rng.choice([*range(11, 27), 28]))
    return forms.number([(region, "p"), *rest], "licence", form, rng)


def passport(rng: Random, form: str, _: Context) -> Value:
    letter = rng.choice("MMMSROD")
    rest = f"{digits(rng, 3)}{rng.choice('ABCDEFGHJKLMNPQRTUVWXYZ')}{digits(rng, 4)}"
    rest = rest if form == "with a letter" or rng.random() < 0.3 else digits(rng, 8)
    marked = letter + rest, "-" + "c" * 8
    if form in ("ordinary", "with a letter"):
        return Value(*marked, "passport", form, "ordinary")
    if form == "space":
        return Value(f"{letter} {rest}", "--" + "c" * 8, "passport", form, "ordinary")
    if form == "small letters":
        return Value(marked[0].lower(), marked[1], "passport", form, "ordinary")
    return forms.hidden(marked, "passport", form, rng)


def phone(rng: Random, form: str, _: Context) -> Value:
    """Permitted: the dialling code (010, 02, 031 ...; with +82 also that)."""
    draw = rng.random()
    if draw < 0.55:
        code, middle = "010", rng.choice("01") + digits(rng, 3)
    elif draw < 0.62:
        code, middle = rng.choice(["011", "016", "017", "018", "019"]), str(rng.randint(200, 999))
    elif draw < 0.9:
        area = ["02", "031", "032", "033", "041", "042", "043", "044", "051", "052", "053", "054", "055", "061"]
        code, middle = rng.choice([*area, "062", "063", "064"]), str(rng.randint(200, 9999))
    else:
        code, middle = rng.choice([("070", "7"), ("0505", ""), ("0507", ""), ("080", "")])
        middle += digits(rng, 3) if middle or code == "080" else str(rng.randint(200, 999))
    parts: list[Part] = [(code, "p"), (middle, "c"), (digits(rng, 4), "c")]
    if form in ("code in parentheses", "code and parenthesis"):
        text, roles = forms.joined(parts[1:], "-")
        before, after = (
            ("(", rng.choice([") ", ")"])) if form == "code in parentheses" else ("", rng.choice([")", ") "]))
        )
        roles = "-" * len(before) + "p" * len(code) + "-" * len(after) + roles
        return Value(before + code + after + text, roles, "phone", form, "ordinary")
    if form == "+82":
        text, roles = forms.joined([(code[1:], "p"), *parts[1:]], rng.choice(["-", "-", " ", ""]))
        prefix = rng.choice(["+82 ", "+82-", "+82", "+82)", "+82(0)"])
        return Value(prefix + text, "-" * len(prefix) + roles, "phone", form, "ordinary")
    if form == "spread":
        text, roles = forms.joined(parts, rng.choice(["", "-"]))
        return Value(" ".join(text), "-".join(roles), "phone", form, "obfuscated")
    return forms.number(parts, "phone", form, rng)


def representative(rng: Random, form: str, _: Context) -> Value:
    """Numbers of organisations: 15xx, 16xx, 18xx and four digits; the first four may stay."""
    prefix = rng.choice(words("representative"))
    return forms.number([(prefix, "p"), (digits(rng, 4), "c")], "representative", form, rng)


def business(rng: Random, form: str, _: Context) -> Value:
    """Business registration number with its check digit; critical: the last five digits."""
    body = str(rng.randint(101, 899)) + f"{rng.randint(1, 99):02d}" + digits(rng, 4)
    total = sum(int(d) * w for d, w in zip(body, (1, 3, 7, 1, 3, 7, 1, 3, 5), strict=True)) + int(body[8]) * 5 // 10
    return forms.number([(body[:3], "-"), (body[3:5], "-"), (body[5:] + str(-total % 10), "c")], "business", form, rng)


def account(rng: Random, form: str, context: Context) -> Value:
    """The bank's number of digits in its groups; Kakao Bank begins with 3333."""
    groups = [int(size) for size in context["groups"].split("-")]
    parts = [(digits(rng, size), "c") for size in groups]
    if context["bank"] == "카카오뱅크":
        parts[0] = ("3333", "c")
    return forms.number(parts, "account", form, rng)


def card(rng: Random, form: str, _: Context) -> Value:
    """Luhn-valid: 4, 51-55, 2221-2720, 35, 62, 65, domestic 9xxx; American Express and Diners in their own groups."""
    prefix = rng.choice(
        ["4", "4", "4", "51", "53", "55", "2221", "2520", "3528", "6210", "6510", "9410", "9490", "37", "36"]
    )
    length, groups = {"37": (15, (4, 6, 5)), "36": (14, (4, 6, 4))}.get(prefix, (16, (4, 4, 4, 4)))
    body = prefix + digits(rng, length - 1 - len(prefix))
    doubled = [int(d) * (2 - i % 2) for i, d in enumerate(reversed(body))]
    body += str(-sum(d // 10 + d % 10 for d in doubled) % 10)
    parts, at = list[Part](), 0
    for size in groups:
        parts.append((body[at : at + size], "c"))
        at += size
    return forms.number(parts, "card", form, rng)
