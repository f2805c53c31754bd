"""Name the quality rules a text breaks, from its features. Score, never delete: mix decides what a reason means.

A rule returns its reason or None. Limits are named numbers; null switches a limit off. Shares of lines or eojeol
mean little in a short text, so the rules on them wait for `lines_for_shares` and `eojeol_for_shares`.
Document types differ: a comment is not a bad web page, so LIMITS_BY_TYPE loosens what does not apply to a type.

Origins: "measured" = quantiles of the features over Korean encyclopedia pages, news, press releases, petitions,
reviews, comments, spoken utterances, statutes and technical pages; the limit lies beyond the 99th percentile of
the good prose among them. Nothing here was tuned on a downstream model: that is unknown.
Cost: about 5 microseconds per document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches

Features = Mapping[str, float]
Limits = Mapping[str, float | None]
Rule = Callable[[Features, Limits], str | None]

LIMITS: dict[str, float | None] = {
    "min_chars": 50,  # dps
    "max_eojeol": 100_000,  # Gopher, in words
    "min_mean_eojeol_length": 2,  # dps, Gopher: 3; but p1 of Korean comments and encyclopedia lists is 2 (measured)
    "max_mean_eojeol_length": 10,  # dps, Gopher; p99 of encyclopedia prose is 7 (measured)
    "min_letter_eojeol_share": 0.6,  # Gopher says 0.8; p1 of Korean technical pages is 0.62 (measured)
    "max_symbol_share": 0.35,  # measured: p99 0.34 on pages rich in links
    "max_digit_share": 0.45,  # measured: p99 0.44 on pages of signatures and dates
    "max_jamo_share": 0.2,  # measured: p99 of prose 0.01, of reviews 0.32
    "max_duplicate_line_share": 0.3,  # Gopher
    "max_top_bigram_share": 0.2,  # Gopher
    "max_duplicate_5gram_share": 0.25,  # Gopher says 0.15, but p99 of Korean press releases is 0.21 (measured)
    "min_type_token_ratio": 0.2,  # measured: minimum of encyclopedia and news over 50 eojeol is above 0.3
    "max_eojeol_for_ratio": 2_000,  # the ratio falls with length: p1 of statutes is 0.21 (measured)
    "max_repeated_char_share": 0.2,  # measured: p99 of petitions 0.09
    "max_bullet_line_share": 0.9,  # Gopher
    "max_ellipsis_line_share": 0.3,  # Gopher
    "max_list_line_share": 0.9,  # own choice: short lines of a text without a single sentence mark
    "max_urls_per_eojeol": 0.1,  # own choice: one address in ten eojeol; p99 of pages rich in links is near 0.1
    "max_profanity_ratio": 0.05,  # own choice: one profane word in twenty
    "lines_for_shares": 5,  # own choice: a one-line petition that ends in ... has an ellipsis share of 1
    "eojeol_for_shares": 20,  # own choice: below it one repeated pair already exceeds 0.1
}

_SHORT: dict[str, float | None] = {  # what people say or type in one breath
    "min_chars": 5,  # measured: p5 of reviews 7, of comments 6, of spoken commands 9
    "min_mean_eojeol_length": 1,  # measured: p1 of spoken utterances 1.3
    "max_mean_eojeol_length": 25,  # measured: p99 of reviews, often written without spaces, 22.5
    "max_symbol_share": 0.6,  # measured: p99 0.5
    "max_jamo_share": 0.6,  # measured: p99 0.32 and 0.4; one source 1.0
    "max_repeated_char_share": 0.6,  # measured: p99 0.4 and 0.47
    "max_ellipsis_line_share": None,  # trailing off is how people type
    "max_list_line_share": None,  # speech has short lines and no full stops
    "max_profanity_ratio": 0.3,  # own choice
}
_LEGAL: dict[str, float | None] = {  # formulaic by nature
    "max_duplicate_line_share": 0.5,  # measured: maximum of statutes 0.25
    "max_duplicate_5gram_share": 0.6,  # measured: maximum of statutes 0.48
    "max_eojeol": 300_000,  # measured: maximum of statutes 65,000
    "max_urls_per_eojeol": 0.3,  # own choice: addresses of attached forms
}
_TABLE: dict[str, float | None] = {  # cells, not sentences
    "min_chars": 20,  # own choice
    "min_mean_eojeol_length": 1,  # own choice
    "min_letter_eojeol_share": 0.1,  # own choice: one label to nine numbers
    "max_symbol_share": 0.5,  # own choice
    "max_digit_share": 0.8,  # own choice
    "max_duplicate_line_share": 0.5,  # own choice
    "max_duplicate_5gram_share": 0.6,  # own choice
    "max_bullet_line_share": None,
    "max_list_line_share": None,
}
_TECHNICAL: dict[str, float | None] = {  # prose with code
    "max_mean_eojeol_length": 15,  # measured: p99 13.3
    "min_letter_eojeol_share": 0.5,  # measured: minimum 0.48
    "max_duplicate_line_share": 0.5,  # measured: p99 0.41, closing braces
    "max_duplicate_5gram_share": 0.45,  # measured: p99 0.36
}
_ANSWER: dict[str, float | None] = {"min_chars": 10, "max_list_line_share": None}  # own choice: steps, short answers
_VERSE: dict[str, float | None] = {"max_list_line_share": None, "max_duplicate_line_share": 0.5}  # own choice: refrains

LIMITS_BY_TYPE: dict[str, dict[str, float | None]] = {
    **dict.fromkeys(("review", "comment", "comments", "dialogue", "chat", "spoken", "messenger"), _SHORT),
    **dict.fromkeys(("qna", "question"), _ANSWER),
    **dict.fromkeys(("law", "legal", "statute", "precedent", "court"), _LEGAL),
    **dict.fromkeys(("table", "dictionary", "list"), _TABLE),
    **dict.fromkeys(("technical", "docs", "manual", "code", "notebook"), _TECHNICAL),
    **dict.fromkeys(("poem", "lyrics", "literature", "scripture"), _VERSE),
}


def limits_for(doc_type: str, limits: Limits, by_type: Mapping[str, Limits]) -> dict[str, float | None]:
    """The limits of one type: LIMITS, then `limits`, then LIMITS_BY_TYPE, then `by_type`; the later wins.

    >>> [limits_for(doc_type, {"min_chars": 200}, {})["min_chars"] for doc_type in ("review", "web")]
    [5, 200]
    """
    return {**LIMITS, **limits, **LIMITS_BY_TYPE.get(doc_type, {}), **by_type.get(doc_type, {})}


def unknown_limits(limits: Limits) -> str | None:
    """What is wrong with the names of `limits`, or None.

    >>> unknown_limits({"min_char": 3})
    "unknown limit 'min_char'. Did you mean 'min_chars'?"
    """
    for name in limits:
        if name not in LIMITS:
            near = get_close_matches(name, LIMITS, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(LIMITS)}."
            return f"unknown limit {name!r}. {hint}"
    return None


def reasons(features: Features, limits: Limits) -> list[str]:
    """Sorted names of the rules that the text breaks; empty when none.

    features  the columns of schemas/quality.json, with profanity_ratio
    limits    all names of LIMITS (see limits_for)

    >>> from corpus_pipeline.kernels.features import features
    >>> text = "ㅋㅋㅋㅋㅋㅋ 좋아요"
    >>> reasons({**features(text), "profanity_ratio": 0.0}, LIMITS)
    ['jamo', 'repeated_chars', 'too_short']
    >>> reasons({**features(text), "profanity_ratio": 0.0}, limits_for("review", {}, {"review": {"max_jamo_share": 1}}))
    ['repeated_chars']
    """
    return sorted(reason for rule in RULES if (reason := rule(features, limits)) is not None)


def _under(reason: str, feature: str, limit: str, needs: str = "") -> Rule:
    def rule(features: Features, limits: Limits) -> str | None:
        bound = limits[limit]
        return reason if bound is not None and _enough(features, limits, needs) and features[feature] < bound else None

    return rule


def _over(reason: str, feature: str, limit: str, needs: str = "") -> Rule:
    def rule(features: Features, limits: Limits) -> str | None:
        bound = limits[limit]
        return reason if bound is not None and features[feature] > bound and _enough(features, limits, needs) else None

    return rule


def _enough(features: Features, limits: Limits, needs: str) -> bool:
    """Whether the text has as many `needs` (lines, eojeol) as shares of them ask for."""
    return not needs or features[needs] >= (limits[f"{needs}_for_shares"] or 0)


def _repeated_words(features: Features, limits: Limits) -> str | None:
    least, longest = limits["min_type_token_ratio"], limits["max_eojeol_for_ratio"]
    if least is None or (longest is not None and features["eojeol"] > longest):
        return None
    return "repeated_words" if _enough(features, limits, "eojeol") and features["type_token_ratio"] < least else None


def _word_list(features: Features, limits: Limits) -> str | None:
    """Short lines and not one sentence."""
    most = limits["max_list_line_share"]
    if most is None or features["punctuated_line_share"] > 0 or not _enough(features, limits, "lines"):
        return None
    return "word_list" if features["short_line_share"] > most else None


def _links(features: Features, limits: Limits) -> str | None:
    most = limits["max_urls_per_eojeol"]
    if most is None or features["urls"] < 2:  # one address is a reference
        return None
    return "links" if features["urls"] > most * features["eojeol"] else None


RULES: tuple[Rule, ...] = (
    _under("too_short", "chars", "min_chars"),
    _over("too_long", "eojeol", "max_eojeol"),
    _under("mean_eojeol_length", "mean_eojeol_length", "min_mean_eojeol_length", "eojeol"),
    _over("mean_eojeol_length", "mean_eojeol_length", "max_mean_eojeol_length"),
    _under("few_letters", "letter_eojeol_share", "min_letter_eojeol_share", "eojeol"),
    _over("symbols", "symbol_share", "max_symbol_share"),
    _over("digits", "digit_share", "max_digit_share"),
    _over("jamo", "jamo_share", "max_jamo_share"),
    _over("repeated_lines", "duplicate_line_share", "max_duplicate_line_share", "lines"),
    _over("repeated_ngrams", "duplicate_5gram_share", "max_duplicate_5gram_share", "eojeol"),
    _over("repeated_bigram", "top_bigram_share", "max_top_bigram_share", "eojeol"),
    _over("repeated_chars", "repeated_char_share", "max_repeated_char_share"),
    _over("bullets", "bullet_line_share", "max_bullet_line_share", "lines"),
    _over("ellipses", "ellipsis_line_share", "max_ellipsis_line_share", "lines"),
    _over("profanity", "profanity_ratio", "max_profanity_ratio"),
    _repeated_words,
    _word_list,
    _links,
)

# what the rules above return, for settings that name them
REASONS = (
    "too_short", "too_long", "mean_eojeol_length", "few_letters", "symbols", "digits", "jamo", "repeated_lines",
    "repeated_ngrams", "repeated_bigram", "repeated_chars", "bullets", "ellipses", "profanity", "repeated_words",
    "word_list", "links",
)  # fmt: skip
