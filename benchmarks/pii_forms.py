"""How a personal value is written: ordinary forms, and forms that hide it from a plain pattern.

A value is parts, each some characters with one role: "c" critical (must not be readable after masking), "p" permitted
(may stay: FACTS names the decade of birth and gender, region, dialling code and domain), "-" neither. A form joins the
parts and may change the characters; the roles go with the characters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

Part = tuple[str, str]  # characters, role
Marked = tuple[str, str]  # text, one role per character

FULL_WIDTH = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)})
HANGUL = str.maketrans("0123456789", "공일이삼사오육칠팔구")
ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
DASHES = {"dash ㅡ": "ㅡ", "dash –": "–", "dash −": "−"}


@dataclass(frozen=True)
class Value:
    """A value as written. kind: personal value or look-alike; group: "ordinary", "obfuscated", or "" for look-alikes.

    roles: as long as `text`, see above.
    """

    text: str
    roles: str
    kind: str
    form: str
    group: str


def joined(parts: Sequence[Part], separator: str) -> Marked:
    """
    >>> joined([("010", "p"), ("1234", "c"), ("5678", "c")], "-")
    ('010-1234-5678', 'ppp-cccc-cccc')
    """
    text = separator.join(part for part, _ in parts)
    roles = ("-" * len(separator)).join(role * len(part) for part, role in parts)
    return text, roles


def hangul_digits(parts: Sequence[Part], rng: Random) -> Marked:
    """Digits by their names; now and then only one part: 010-일이삼사-5678."""
    at = rng.randrange(-1, len(parts))  # -1: all of them
    changed = [(part.translate(HANGUL) if at in (-1, i) else part, role) for i, (part, role) in enumerate(parts)]
    return joined(changed, rng.choice(["-", "-", " ", ""]) if at == -1 else "-")


def letters(parts: Sequence[Part], rng: Random) -> Marked:
    """O and o for 0, l and I for 1; a value without either is written as it is."""
    zero, one = rng.choice("Oo"), rng.choice("lI")
    return joined([(part.replace("0", zero).replace("1", one), role) for part, role in parts], "-")


def zero_width(marked: Marked, rng: Random) -> Marked:
    """One to four characters without width, between two characters of the value."""
    text, roles = marked
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(1, len(text) - 1)
        text, roles = text[:at] + rng.choice(ZERO_WIDTH) + text[at:], roles[:at] + "-" + roles[at:]
    return text, roles


def full_width(marked: Marked) -> Marked:
    return marked[0].translate(FULL_WIDTH), marked[1]


def hidden(marked: Marked, kind: str, form: str, rng: Random) -> Value:
    """A value that is not of digits alone, in "full width" or "zero width"."""
    found = full_width(marked) if form == "full width" else zero_width(marked, rng)
    return Value(*found, kind, form, "obfuscated")


Form = Callable[[Sequence[Part], Random], Marked]

ORDINARY: dict[str, Form] = {
    "hyphens": lambda parts, rng: joined(parts, "-"),
    "joined": lambda parts, rng: joined(parts, ""),
    "spaces": lambda parts, rng: joined(parts, " "),
    "dots": lambda parts, rng: joined(parts, "."),
    "spaced hyphens": lambda parts, rng: joined(parts, " - "),
}
OBFUSCATED: dict[str, Form] = {
    "full width": lambda parts, rng: full_width(joined(parts, rng.choice(["-", "-", ""]))),
    **{name: lambda parts, rng, dash=dash: joined(parts, dash) for name, dash in DASHES.items()},  # type: ignore[misc]
    "Hangul digits": hangul_digits,
    "O for 0": letters,
    "zero width": lambda parts, rng: zero_width(joined(parts, rng.choice(["-", "-", ""])), rng),
}


def number(parts: Sequence[Part], kind: str, form: str, rng: Random) -> Value:
    """A value of digits in the form of that name. Raises KeyError for a form that is not there."""
    group, make = ("ordinary", ORDINARY[form]) if form in ORDINARY else ("obfuscated", OBFUSCATED[form])
    text, roles = make(parts, rng)
    return Value(text, roles, kind, form, group)
