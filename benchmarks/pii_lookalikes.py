"""Look-alikes: shapes near those of personal values that a Korean reader takes for something else in their sentence.

Each has carriers of its own, which say what it is. All are made up, seeded, and no form of them should be changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from benchmarks.pii_numbers import birth, digits, words

ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
CASE_LETTERS = "가나다라마구누도두"  # of case numbers, and legal on plates


def date(rng: Random) -> str:
    year, month, day = rng.randint(1995, 2025), rng.randint(1, 12), rng.randint(1, 28)
    style = rng.choice(
        ["{y}-{m:02d}-{d:02d}", "{y}.{m:02d}.{d:02d}", "{y}{m:02d}{d:02d}", "{y}. {m}. {d}.", "{s:02d}.{m:02d}.{d:02d}"]
    )
    return style.format(y=year, s=year % 100, m=month, d=day)


def moment(rng: Random) -> str:
    clock = f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}:{rng.randint(0, 59):02d}"
    day = f"{rng.randint(2001, 2025)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    return rng.choice(
        [f"{day} {clock}", f"{day}T{clock}Z", re.sub(r"\D", "", day + clock), f"{day} {clock}.{digits(rng, 3)}"]
    )


def amount(rng: Random) -> str:
    number = rng.randint(10_000, 9_999_999_999)
    large = f"{rng.randint(2, 99)}조 {rng.randint(1000, 9999)}억"
    return rng.choice([f"{number:,}", str(number), large, f"{rng.randint(2, 50)}만 {rng.randint(1000, 9999)}"])


def order(rng: Random) -> str:
    """Twelve to fourteen digits, the first eight or six a date."""
    day = f"{rng.randint(2015, 2025)}{birth(rng, 0, 0)[2:]}"
    return rng.choice([day + digits(rng, 4), f"{day}-{digits(rng, 6)}", day[2:] + digits(rng, 6), day + digits(rng, 6)])


def document(rng: Random) -> str:
    """Groups like those of a licence or a business number, of a file, a notice or a tender."""
    year = rng.randint(11, 26)
    shapes = [
        f"{year}-{digits(rng, 2)}-{digits(rng, 6)}-{digits(rng, 2)}",
        f"20{year}-{digits(rng, 2)}-{digits(rng, 5)}",
    ]
    return rng.choice([*shapes, f"20{year}{digits(rng, 2)}{digits(rng, 5)}-00", f"제20{year}-{digits(rng, 4)}호"])


def case(rng: Random) -> str:
    old = f"{rng.randint(60, 99)}{rng.choice(CASE_LETTERS)}{rng.randint(1000, 9999)}"
    long = rng.choice(["가합", "나", "다", "고단", "구합", "누", "노", "두", "헌마", "카합", "재누"])
    return rng.choice([old, old, f"{rng.randint(2000, 2024)}{long}{rng.randint(1000, 99999)}"])


def version(rng: Random) -> str:
    four = ".".join(str(rng.randint(0, limit)) for limit in (30, 40, 250, 250))
    return rng.choice(
        [four, four, f"v{four}", f"{rng.randint(1, 120)}.0.{rng.randint(1000, 9999)}.{rng.randint(1, 250)}"]
    )


def package(rng: Random) -> str:
    name = rng.choice(["react", "vue", "lodash", "typescript", "eslint", "webpack", "express", "@babel/core", "next"])
    return f"{name}@{rng.randint(0, 20)}.{rng.randint(0, 20)}.{rng.randint(0, 20)}"


def picture(rng: Random) -> str:
    stem = rng.choice(["logo", "icon", "banner", "btn_close", "bg-main", "profile"])
    return f"{stem}@{rng.choice('23')}x.{rng.choice(['png', 'jpg', 'webp', 'svg'])}"


def isbn(rng: Random) -> str:
    body = rng.choice(["97889", "97911"]) + digits(rng, 7)
    body += str(-sum(int(d) * (1 + 2 * (i % 2)) for i, d in enumerate(body)) % 10)
    return rng.choice([body, f"{body[:3]}-{body[3:5]}-{body[5:9]}-{body[9:12]}-{body[12]}", f"{body[:3]}-{body[3:]}"])


def issn(rng: Random) -> str:
    """Of the 15xx, 16xx, 18xx, where Korean journals stand; the last is a check digit."""
    body = rng.choice(["1544", "1566", "1577", "1588", "1598", "1599", "1644", "1666", "1688", "1899"]) + digits(rng, 3)
    check = -sum(int(d) * w for d, w in zip(body, range(8, 1, -1), strict=True)) % 11
    return f"{body[:4]}-{body[4:]}{'X' if check == 10 else check}"


def barcode(rng: Random) -> str:
    """EAN-13 with Korea's prefix 880: now and then the first six digits are a date, as in a registration number."""
    body = (
        f"880{rng.randint(1, 9)}{rng.randint(1, 28):02d}{rng.randint(1, 4)}"
        if rng.random() < 0.5
        else "880" + digits(rng, 4)
    )
    body = body[:7] + digits(rng, 12 - len(body[:7]))
    return body + str(-sum(int(d) * (1 + 2 * (i % 2)) for i, d in enumerate(body)) % 10)


def corporate(rng: Random) -> str:
    """Corporate registration number: court and kind, 6-7 digits; the first six are no day but in part look like one."""
    return f"{rng.choice(['110111', '110114', '120111', '131111', '180111', '284411', '200111'])}-{digits(rng, 7)}"


def coordinates(rng: Random) -> str:
    north, east = rng.uniform(33.1, 38.6), rng.uniform(124.6, 131.9)
    return rng.choice([f"{north:.6f}, {east:.6f}", f"{north:.4f},{east:.4f}", f"{north:.10f} / {east:.10f}"])


def fingerprint(rng: Random) -> str:
    """A hash, a commit, a UUID."""
    text = "".join(rng.choice("0123456789abcdef") for _ in range(40))
    uuid = f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:32]}"
    return rng.choice([text, text[:32], text[:12], uuid])


def private_ip(rng: Random) -> str:
    last = f"{rng.randint(0, 255)}.{rng.randint(1, 254)}"
    return rng.choice(
        [f"192.168.{last}", f"10.{rng.randint(0, 255)}.{last}", f"172.{rng.randint(16, 31)}.{last}", "127.0.0.1"]
    )


def epoch(rng: Random) -> str:
    """Milliseconds since 1970, thirteen digits."""
    return str(rng.randint(1_000_000_000_000, 1_780_000_000_000))


def years(rng: Random) -> str:
    start = rng.randint(1544, 1660)
    end = rng.randint(start + 1, 1699)
    return rng.choice([f"{start}-{end}", f"{start}~{end}", f"{start}–{end}"])


def pages(rng: Random) -> str:
    start = rng.randint(100, 1800)
    return f"{start}-{start + rng.randint(1, 60)}"


def score(rng: Random) -> str:
    return rng.choice(
        [f"{rng.randint(15, 25)}-{rng.randint(10, 25)}", f"{rng.randint(60, 120)}-{rng.randint(60, 120)}"]
    )


def scores(rng: Random) -> str:
    return ", ".join(f"25-{rng.randint(10, 23)}" for _ in range(3))


def model(rng: Random) -> str:
    """Names of products and parts, some of the shape of a telephone number behind their letters."""
    letters = "".join(rng.choice("ABCDEFGHKLMNPRSTVWX") for _ in range(rng.randint(1, 3)))
    tail = [
        f"010-{digits(rng, 4)}",
        f"{digits(rng, 4)}-{digits(rng, 4)}",
        f"{digits(rng, 3)}{rng.choice('NKSB')}",
        digits(rng, 4),
    ]
    return f"{letters}-{rng.choice(tail)}"


def parcel(rng: Random) -> str:
    """Number of a parcel: ten to thirteen digits, also in fours."""
    fours = f"6{digits(rng, 3)}-{digits(rng, 4)}-{digits(rng, 4)}"
    return rng.choice([fours, digits(rng, 12), f"6{digits(rng, 12)}", digits(rng, 10)])


def law(rng: Random) -> str:
    shapes = [
        f"법률 제{rng.randint(1000, 19999)}호",
        f"제{rng.randint(2, 400)}조제{rng.randint(1, 9)}항제{rng.randint(1, 12)}호",
    ]
    return rng.choice([*shapes, f"대통령령 제{rng.randint(10000, 34000)}호"])


def namespace(rng: Random) -> str:
    return rng.choice(["std::vector", "a::b::c", "System::Text", "fe::be", "cafe::bad", "Foo::Bar::new", "::1", "::"])


def times(rng: Random) -> str:
    return rng.choice(["배", "명", "개"]).join([str(rng.randint(2, 90)), f" {rng.randint(1000, 9999)}원"])


def ratio(rng: Random) -> str:
    return rng.choice(
        [f"{rng.randint(10, 99)}%", f"{rng.uniform(0, 100):.4f}%", f"{rng.randint(0, 9)}.{digits(rng, 12)}"]
    )


def postcode(rng: Random) -> str:
    return f"{rng.randint(1000, 63999):05d}"


def place(rng: Random) -> str:
    """A place without a building: a street, a district."""
    return f"{rng.choice(words('district'))} {rng.choice(words('road'))}"


def identifier(rng: Random) -> str:
    """A stock, a course, a serial number: letters and digits in one run."""
    return "".join(rng.choice(ALPHANUMERIC) for _ in range(rng.randint(8, 12)))


def annotation(rng: Random) -> str:
    return rng.choice(
        ["@Override", "@Transactional", "@property", "@media", "@Component", "@pytest.fixture", "@types/node"]
    )


def emergency(rng: Random) -> str:
    return rng.choice(["112", "119", "1339", "110", "120", "182", "1366"])


LOOKALIKES: dict[str, Callable[[Random], str]] = {
    make.__name__: make
    for make in (
        *(amount, annotation, barcode, case, coordinates, corporate, date, document, emergency, epoch, fingerprint),
        *(identifier, isbn, issn, law, model, moment, namespace, order, package, pages, parcel, picture, place),
        *(postcode, private_ip, ratio, score, scores, times, version, years),
    )
}
