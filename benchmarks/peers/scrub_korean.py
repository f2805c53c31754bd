"""Two libraries of rules for Korean personal data from PyPI: ko_pii|korean_pii.

Names of people, schools and the like, that the generator does not make, are left out.
"""

from __future__ import annotations

import sys
from importlib import import_module

from benchmarks.peers.scrub_worker import Detector, Span, serve

KO_PII = {
    "ACCOUNT": "account",
    "ADDRESS": "address",
    "BUSINESS_REG": "business",
    "CARD": "card",
    "DRIVER_LICENSE": "licence",
    "EMAIL": "email",
    "FRN": "foreigner",
    "IP": "ip",
    "PASSPORT": "passport",
    "PHONE": "phone",
    "RRN": "rrn",
    "VEHICLE": "plate",
}
KOREAN_PII = {name: name for name in ("account", "card", "email", "passport", "phone", "rrn")}
KOREAN_PII["driver_license"] = "licence"


def load() -> Detector:
    library = import_module(sys.argv[1])

    def by_ko_pii(text: str) -> list[Span]:
        return [(one.start, one.end, KO_PII[one.label]) for one in library.detect_all(text, include=KO_PII)]

    def by_korean_pii(text: str) -> list[Span]:
        return [(one.start, one.end, KOREAN_PII[one.type]) for one in library.detect(text) if one.type in KOREAN_PII]

    return {"ko_pii": by_ko_pii, "korean_pii": by_korean_pii}[sys.argv[1]]


if __name__ == "__main__":
    serve(load)
