"""Checks on digit strings: card, resident and article numbers, birth dates and timestamps.

Bias: a check raises confidence and separates look-alikes; on its own it never clears a personal number,
because resident numbers issued since October 2020 carry no check digit. Every function takes ASCII digits.
"""

from __future__ import annotations

__all__ = [
    "business_check",
    "card_check",
    "corporate_check",
    "ean_check",
    "is_birth_date",
    "is_timestamp",
    "resident_check",
]

_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)  # resident number, as published before October 2020
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def card_check(digits: str, luhn: bool = True) -> bool:
    """A payment-card prefix and length (international, and domestic 9xxx) and, if asked, the Luhn sum.

    >>> card_check("4111111111111111"), card_check("4111111111111112"), card_check("1111111111111117")
    (True, False, False)
    """
    size, two, four = len(digits), int(digits[:2]), int(digits[:4])
    if size == 13:
        known = digits[0] == "4"
    elif size == 14:
        known = two in (30, 36, 38)
    elif size == 15:
        known = two in (34, 37)
    elif size == 16:
        known = digits[0] in "49" or 51 <= two <= 55 or two in (35, 62, 65) or 2221 <= four <= 2720
    else:  # UnionPay to 19, Visa 19
        known = two == 62 or (size == 19 and digits[0] == "4")
    return known and (not luhn or _luhn(digits))


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) << (place & 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def resident_check(digits: str) -> bool:
    """The check digit of a 13-digit resident or foreigner number issued before October 2020.

    >>> resident_check("9001011234568"), resident_check("9001011234567")
    (True, False)
    """
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False))
    base = 13 if digits[6] in "5678" else 11
    return (base - total % 11) % 10 == int(digits[12])


def business_check(digits: str) -> bool:
    """The check digit of a 10-digit business registration number, which is public and stays in the text.

    >>> business_check("1234567891"), business_check("1234567890")
    (True, False)
    """
    total = sum(weight * int(digit) for weight, digit in zip((1, 3, 7, 1, 3, 7, 1, 3), digits, strict=False))
    ninth = int(digits[8]) * 5
    return (10 - (total + ninth // 10 + ninth) % 10) % 10 == int(digits[9])


def corporate_check(digits: str) -> bool:
    """The check digit of a 13-digit corporate registration number: weights 1 and 2 in turn, sum modulo 10.

    >>> corporate_check("1101111234569"), corporate_check("1101111234567")
    (True, False)
    """
    total = sum(int(digit) << (place & 1) for place, digit in enumerate(digits[:12]))
    return (10 - total % 10) % 10 == int(digits[12])


def ean_check(digits: str) -> bool:
    """The check digit of a 13-digit article number (bar code, ISBN-13).

    >>> ean_check("8801234567893"), ean_check("8801234567890")
    (True, False)
    """
    total = sum(int(digit) * (3 if place & 1 else 1) for place, digit in enumerate(digits[:12]))
    return (10 - total % 10) % 10 == int(digits[12])


def is_birth_date(digits: str) -> bool:
    """True when six digits are a date YYMMDD; 29 February is always allowed, for the century is not known yet.

    >>> is_birth_date("900230"), is_birth_date("000229")
    (False, True)
    """
    month, day = int(digits[2:4]), int(digits[4:6])
    return 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]


def is_timestamp(digits: str) -> bool:
    """True for YYYYMMDDHHMM and YYYYMMDDHHMMSS in the years 1990-2039, the shape of order and receipt numbers.

    >>> is_timestamp("202101011234"), is_timestamp("202113011234")
    (True, False)
    """
    if len(digits) not in (12, 14) or not 1990 <= int(digits[:4]) <= 2039 or not is_birth_date(digits[2:8]):
        return False
    return int(digits[8:10]) < 24 and int(digits[10:12]) < 60
