"""Limits of the quality rules, as named numbers by document type; null switches a limit off.

Document types differ: a comment is not a bad web page, so LIMITS_BY_TYPE loosens what does not apply to a type.

Origins: "measured" = quantiles of the features over Korean encyclopedia pages, news, press releases, petitions,
reviews, comments, spoken utterances, novels, statutes, judgments, study notes and technical pages; the limit lies
beyond the 99th percentile of the good prose among them. docs/quality.md says how much of each all rules together take.
Nothing here was tuned on a downstream model: that is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

Limits = Mapping[str, float | None]


def _grams(*limits: float) -> dict[str, float | None]:
    """Limits of the shares of repeated 5- to 10-grams."""
    return {f"max_duplicate_{n}gram_share": limit for n, limit in zip(range(5, 11), limits, strict=True)}


LIMITS: dict[str, float | None] = {
    "min_chars": 30,  # dps: 50; but 1 % of notes and petitions are shorter (measured)
    "max_eojeol": 100_000,  # Gopher, in words
    "min_mean_eojeol_length": 2,  # dps, Gopher: 3; but p1 of Korean comments and encyclopedia lists is 2 (measured)
    "max_mean_eojeol_length": 20,  # dps, Gopher: 10; but p99.5 of encyclopedia pages is 11.8 (measured)
    "min_letter_eojeol_share": 0.55,  # Gopher says 0.8; p0.2 of encyclopedia pages is 0.56 (measured)
    "max_symbol_share": 0.5,  # measured: p99.8 of encyclopedia pages, some rich in links, 0.45
    "max_digit_share": 0.6,  # measured: p99 0.44 on pages of signatures and dates
    "max_jamo_share": 0.2,  # measured: p99 of prose 0.01, of reviews 0.32
    "max_duplicate_line_share": 0.3,  # Gopher; p99 of news 0.16 (measured)
    "max_duplicate_line_char_share": 0.2,  # Gopher; p99 of news 0.06 (measured)
    "max_duplicate_paragraph_share": 0.35,  # Gopher says 0.3; p99.8 of news 0.33 (measured)
    "max_duplicate_paragraph_char_share": 0.2,  # Gopher; p99 of news 0.02 (measured)
    "max_top_2gram_share": 0.4,  # Gopher says 0.20; p99.5 of encyclopedia pages 0.22 (measured)
    "max_top_3gram_share": 0.4,  # Gopher says 0.18; p99.5 of encyclopedia pages 0.25 (measured)
    "max_top_4gram_share": 0.4,  # Gopher says 0.16; p99.5 of encyclopedia pages 0.25 (measured)
    # Gopher says 0.15 to 0.10; p99.8 of news 0.41 to 0.27, of petitions 0.29 to 0.20 (measured)
    **_grams(0.55, 0.53, 0.5, 0.48, 0.46, 0.44),
    "min_type_token_ratio": 0.35,  # measured: p0.5 of encyclopedia, news and petitions over 20 eojeol is above 0.5
    "max_eojeol_for_ratio": 2_000,  # the ratio falls with length: p1 of statutes is 0.21 (measured)
    "min_entropy": 4.5,  # measured: p0.5 of every kind of prose over 20 eojeol 4.9 or more
    "min_compression_ratio": 0.3,  # measured: p0.5 of encyclopedia, news and petitions 0.38 or more
    "max_repeated_grapheme_share": 0.05,  # measured: p99 of prose 0.006
    "max_repeated_number_share": 0.15,  # measured: p99 of every type 0.006; tables and ids of single pages reach 0.1
    "max_repeated_symbol_share": 0.2,  # measured: p99.8 of petitions 0.15
    "max_bullet_line_share": 0.9,  # Gopher
    "max_ellipsis_line_share": 0.3,  # Gopher
    "max_list_line_share": 0.9,  # own choice: short lines of a text without a single sentence mark
    "max_bare_eojeol_share": 0.95,  # measured: p99.8 of news 0.82, p99 of encyclopedia pages 0.87, of petitions 0.57
    "min_stop_words": 2,  # FineWeb-2; p1 of every type over 20 eojeol is 2 or more (measured)
    "min_hangul_share": 0.3,  # own choice: the last two are for Korean text only
    "max_urls_per_eojeol": 0.2,  # measured: p99.8 of encyclopedia pages 0.18, of technical pages 0.22
    "max_profanity_ratio": 0.05,  # own choice: one profane word in twenty
    "max_profane_share": 0.3,  # of lines, by characters; kernels/profanity_model.py
    "max_hate_share": 0.3,  # the same
    "max_spam_ratio": 0.05,  # measured: 20 of 50,463 clean documents; kernels/spam.py
    "max_contacts_per_eojeol": 0.02,  # measured: none of 9,343 clean documents; kernels/spam.py
    "max_foreign_letter_share": 0.3,  # measured: none of 15 types lost; null where Chinese or Cyrillic is wanted
    "max_syllable_bits": 9,  # measured: none of 15 types lost
    "min_word_order": -0.3,  # measured: at most 0.5 % of a type lost
    "max_junk_score": 0.999,  # of types not in _JUNK_SCORES, which the model did not learn: own choice, to be safe
    "max_service_spam": 0,  # 1 where the service calls the document spam; null: its word does not count
    "max_service_promotion": 0,  # the same for promotion
    "paragraphs_for_shares": 5,  # own choice, as for lines
    "lines_for_shares": 5,  # own choice: a one-line petition that ends in ... has an ellipsis share of 1
    "eojeol_for_shares": 20,  # own choice: below it one repeated pair already exceeds 0.1
}

_SHORT: dict[str, float | None] = {  # what people say or type in one breath
    "min_chars": 2,  # measured: 0.2 % of reviews and 0.8 % of spoken utterances have one character
    "min_mean_eojeol_length": 1,  # measured: p1 of spoken utterances 1.3
    "max_mean_eojeol_length": 80,  # measured: p99.9 of comments, often written without spaces; 40 took 0.3 % of them
    "max_symbol_share": 0.75,  # measured: p99 0.5
    "max_jamo_share": 0.9,  # measured: p99 0.32 and 0.4; one source 1.0
    "max_top_2gram_share": 0.36,  # measured: p99 of spoken utterances over 20 eojeol 0.29
    "max_top_3gram_share": 0.3,  # measured: p99 0.23
    "min_entropy": 4.0,  # measured: p0.5 4.4
    "min_compression_ratio": 0.4,  # measured: p0.5 0.56, of whole texts: they are short
    "max_repeated_grapheme_share": 0.85,  # measured: p99 0.4 and 0.47, laughter
    "max_repeated_number_share": 0.3,  # measured: p99 0
    "max_repeated_symbol_share": 0.75,  # measured: p99 0.3
    "max_ellipsis_line_share": None,  # trailing off is how people type
    "max_list_line_share": None,  # speech has short lines and no full stops
    "max_profanity_ratio": 0.3,  # own choice
    "max_profane_share": 0.5,  # kernels/profanity_model.py: a comment is one line or two
    "max_hate_share": 0.5,  # the same
    "min_word_order": -0.5,  # measured: 0.4 % of comments lost, at -0.2 1.2 %: fragments of a sentence
}
_LEGAL: dict[str, float | None] = {  # formulaic by nature
    "max_duplicate_line_share": 0.5,  # measured: maximum of statutes 0.25
    **_grams(0.75, 0.72, 0.7, 0.67, 0.65, 0.62),  # measured: maximum of statutes 0.48, p99.5 of judgments 0.67 to 0.56
    "min_type_token_ratio": 0.2,  # measured: minimum of statutes 0.26
    "min_compression_ratio": 0.2,  # measured: minimum of statutes and judgments 0.27
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
    "max_duplicate_line_char_share": 0.5,  # own choice
    **_grams(0.6, 0.6, 0.6, 0.6, 0.6, 0.6),  # own choice
    "min_type_token_ratio": 0.15,  # own choice
    "min_entropy": 3.0,  # own choice: digits alone have at most 3.3
    "min_compression_ratio": 0.1,  # own choice
    "max_repeated_number_share": 0.3,  # own choice
    "max_repeated_symbol_share": 0.4,  # own choice: rules between cells
    "max_bullet_line_share": None,
    "max_list_line_share": None,
    "max_bare_eojeol_share": None,
    "min_stop_words": None,
}
_TECHNICAL: dict[str, float | None] = {  # prose with code
    "max_mean_eojeol_length": 22,  # measured: p99.8 20.7
    "min_letter_eojeol_share": 0.4,  # measured: p0.2 of technical blogs 0.43
    "max_symbol_share": 0.5,  # measured: p99.8 0.46
    "max_duplicate_line_share": 0.78,  # measured: p99.8 0.76, closing braces and fences
    "max_duplicate_line_char_share": 0.55,  # measured: p99.8 0.53
    "max_duplicate_paragraph_share": 0.5,  # measured: p99.8 0.46
    "max_duplicate_paragraph_char_share": 0.45,  # measured: p99.8 0.42
    "max_top_2gram_share": 0.28,  # measured: p99.8 0.26
    **_grams(0.73, 0.72, 0.71, 0.7, 0.69, 0.69),  # measured: p99.8 0.71 to 0.68, versions of one example
    "min_type_token_ratio": 0.2,  # measured: p0.2 0.23
    "min_compression_ratio": 0.2,  # measured: p0.2 0.22
    "max_repeated_symbol_share": 0.35,  # measured: p99.8 0.33; rules of hyphens
    "max_bullet_line_share": 0.95,  # measured: p99.8 0.93
    "max_urls_per_eojeol": 0.25,  # measured: p99.8 0.22
}
_ANSWER: dict[str, float | None] = {**_TECHNICAL, "min_chars": 10, "max_list_line_share": None}  # steps, short answers
_VERSE: dict[str, float | None] = {"max_list_line_share": None, "max_duplicate_line_share": 0.5}  # own choice: refrains

_GROUPS: dict[str, dict[str, float | None]] = {
    **dict.fromkeys(("review", "comment", "comments", "dialogue", "chat", "spoken", "messenger"), _SHORT),
    **dict.fromkeys(("qna", "question"), _ANSWER),
    **dict.fromkeys(("law", "legal", "statute", "precedent", "court"), _LEGAL),
    **dict.fromkeys(("table", "dictionary", "list"), _TABLE),
    **dict.fromkeys(("technical", "docs", "manual", "code", "notebook", "blog"), _TECHNICAL),
    **dict.fromkeys(("poem", "lyrics", "literature", "scripture"), _VERSE),
}
# Near what 0.9 % of the clean texts of a type exceed (resources/models/plausibility.md has both). Higher for blog,
# comment, encyclopedia, literature and spoken: their documents come in other shapes than the texts it learned from (a
# whole novel, comments with titles), or other rules already take more. Lower where those take next to nothing.
_JUNK_SCORES = {
    "blog": 0.98,
    **dict.fromkeys(("comment", "comments"), 0.9),
    **dict.fromkeys(("dialogue", "chat", "messenger"), 0.53),
    "encyclopedia": 0.975,
    **dict.fromkeys(("law", "legal", "statute"), 0.7),
    "literature": 0.96,
    "literature_ja": 0.778,
    "news": 0.9,
    "petition": 0.99,
    **dict.fromkeys(("precedent", "court"), 0.7),
    "review": 0.85,
    "scripture": 0.909,
    "spoken": 0.623,
    **dict.fromkeys(("technical", "docs", "manual", "code", "notebook"), 0.65),
}
LIMITS_BY_TYPE: dict[str, dict[str, float | None]] = {
    **_GROUPS,
    **{name: {**_GROUPS.get(name, {}), "max_junk_score": limit} for name, limit in _JUNK_SCORES.items()},
}


def limits_for(doc_type: str, limits: Limits, by_type: Mapping[str, Limits]) -> dict[str, float | None]:
    """The limits of one type: LIMITS, then `limits`, then LIMITS_BY_TYPE, then `by_type`; the later wins.

    >>> [limits_for(doc_type, {"min_chars": 200}, {})["min_chars"] for doc_type in ("review", "web")]
    [2, 200]
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
