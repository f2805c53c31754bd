"""Presidio's Korean recognisers, with those for every country that know a card, an e-mail or IP address: THRESHOLD.

Its phone recogniser is told Korea. Words come from spaCy's rules for Korean, since its analyser needs a C library and
a dictionary, and the recognisers use words only as context. THRESHOLD is a score; Presidio's own default is 0.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from benchmarks.peers.scrub_worker import Detector, Span, serve

KINDS = {
    "CREDIT_CARD": "card",
    "EMAIL_ADDRESS": "email",
    "IP_ADDRESS": "ip",
    "KR_BRN": "business",
    "KR_DRIVER_LICENSE": "licence",
    "KR_FRN": "foreigner",
    "KR_PASSPORT": "passport",
    "KR_RRN": "rrn",
    "PHONE_NUMBER": "phone",
}
KOREAN = ("KrBrn", "KrDriverLicense", "KrFrn", "KrPassport", "KrRrn", "CreditCard", "Email", "Ip")


def load() -> Detector:
    suffixes: Any = import_module("tldextract.tldextract")
    suffixes.TLD_EXTRACTOR = suffixes.TLDExtract(suffix_list_urls=())  # its own list, no network
    presidio, recognizers = (
        import_module("presidio_analyzer"),
        import_module("presidio_analyzer.predefined_recognizers"),
    )
    registry = presidio.RecognizerRegistry(supported_languages=["ko"])
    for name in KOREAN:
        registry.add_recognizer(getattr(recognizers, f"{name}Recognizer")(supported_language="ko"))
    registry.add_recognizer(recognizers.PhoneRecognizer(supported_language="ko", supported_regions=("KR",)))
    language = import_module("presidio_analyzer.nlp_engine").SpacyNlpEngine([{"lang_code": "ko", "model_name": "none"}])
    by_rule = {"nlp": {"tokenizer": {"@tokenizers": "spacy.Tokenizer.v1"}}}
    language.nlp = {"ko": import_module("spacy").blank("ko", config=by_rule)}  # words by rule, no model, no entities
    engine = presidio.AnalyzerEngine(registry=registry, nlp_engine=language, supported_languages=["ko"])
    threshold = float(sys.argv[1])

    def detect(text: str) -> list[Span]:
        found = engine.analyze(text, language="ko", score_threshold=threshold)
        return [(one.start, one.end, KINDS[one.entity_type]) for one in found if one.entity_type in KINDS]

    return detect


if __name__ == "__main__":
    serve(load)
