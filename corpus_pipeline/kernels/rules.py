"""Name the quality rules that texts break, from their features. Score, never delete: mix decides what a reason means.

A rule compares a column of features with a limit of kernels/limits.py. Shares of lines or eojeol mean little in a short
text, so the rules on them wait for `lines_for_shares`, `paragraphs_for_shares` and `eojeol_for_shares`.
Cost: 2 microseconds per document in a batch of thousands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from corpus_pipeline.kernels.limits import LIMITS, Limits

Values = Mapping[str, NDArray[np.float64] | NDArray[np.int64]]
Bools = NDArray[np.bool_]
Rule = Callable[[Values, Values], tuple[str, Bools]]


def reasons(columns: Values, types: Sequence[str], limits: Mapping[str, Limits]) -> list[list[str]]:
    """Sorted names of the rules that each text breaks; empty where none.

    columns  the columns of schemas/quality.json that the rules read, in the order of `types`
    types    doc_type of each text
    limits   doc_type -> all names of LIMITS (see limits_for)

    >>> from corpus_pipeline.kernels.features import batch_features
    >>> from corpus_pipeline.kernels.limits import limits_for
    >>> names = ["profanity_ratio", "profane_share", "hate_share", "junk_score", "spam_ratio", "contacts"]
    >>> names += ["foreign_letter_share", "syllable_bits", "word_order", "service_spam", "service_promotion"]
    >>> columns = batch_features(["ㅋㅋㅋㅋㅋㅋ 좋아요"] * 2) | dict.fromkeys(names, np.zeros(2))
    >>> looser = {"web": LIMITS, "review": limits_for("review", {}, {"review": {"max_jamo_share": 1}})}
    >>> reasons(columns, ["web", "review"], looser)
    [['jamo', 'repeated_graphemes', 'too_short'], []]
    """
    kinds = {doc_type: at for at, doc_type in enumerate(dict.fromkeys(types))}
    at = np.fromiter(map(kinds.__getitem__, types), np.int64, len(types))
    bounds = {name: np.array([_number(limits[kind][name]) for kind in kinds])[at] for name in LIMITS}
    found: list[list[str]] = [[] for _ in types]
    for name, broken in sorted((rule(columns, bounds) for rule in RULES), key=lambda one: one[0]):
        for text in np.flatnonzero(broken).tolist():
            if found[text][-1:] != [name]:  # several rules may give one reason
                found[text].append(name)
    return found


def _number(limit: float | None) -> float:
    return np.nan if limit is None else limit  # nothing is under or over it


def _under(reason: str, feature: str, limit: str, needs: str = "") -> Rule:
    def rule(columns: Values, bounds: Values) -> tuple[str, Bools]:
        return reason, np.asarray(columns[feature] < bounds[limit]) & _enough(columns, bounds, needs)

    return rule


def _over(reason: str, feature: str, limit: str, needs: str = "") -> Rule:
    def rule(columns: Values, bounds: Values) -> tuple[str, Bools]:
        return reason, np.asarray(columns[feature] > bounds[limit]) & _enough(columns, bounds, needs)

    return rule


def _enough(columns: Values, bounds: Values, needs: str) -> Bools:
    """Texts with as many `needs` as shares of them ask for: lines, eojeol, or eojeol of Korean text (`hangul`)."""
    if not needs:
        return np.ones(len(columns["eojeol"]), bool)
    if needs == "hangul":
        korean = ~(columns["hangul_share"] < bounds["min_hangul_share"])
        return korean & ~(columns["eojeol"] * columns["hangul_eojeol_share"] < bounds["eojeol_for_shares"])
    return np.asarray(~(columns[needs] < bounds[f"{needs}_for_shares"]))


def _repeated_words(columns: Values, bounds: Values) -> tuple[str, Bools]:
    short = _enough(columns, bounds, "eojeol") & ~(columns["eojeol"] > bounds["max_eojeol_for_ratio"])
    return "repeated_words", short & (columns["type_token_ratio"] < bounds["min_type_token_ratio"])


def _word_list(columns: Values, bounds: Values) -> tuple[str, Bools]:
    """Short lines and not one sentence mark at their ends."""
    silent = _enough(columns, bounds, "lines") & (columns["punctuated_line_share"] == 0)
    return "word_list", silent & (columns["short_line_share"] > bounds["max_list_line_share"])


def _links(columns: Values, bounds: Values) -> tuple[str, Bools]:
    """One address alone is a reference."""
    dense = columns["urls"] > bounds["max_urls_per_eojeol"] * columns["eojeol"]
    return "links", np.asarray(dense & (columns["urls"] >= 2))


def _contacts(columns: Values, bounds: Values) -> tuple[str, Bools]:
    """One call to get in touch is what a notice ends with."""
    dense = columns["contacts"] > bounds["max_contacts_per_eojeol"] * columns["eojeol"]
    return "contacts", np.asarray(dense & (columns["contacts"] >= 2))


def _repetition(reason: str, *features: str, needs: str) -> tuple[Rule, ...]:
    return tuple(_over(reason, feature, f"max_{feature}", needs) for feature in features)


RULES: tuple[Rule, ...] = (
    _under("too_short", "chars", "min_chars"),
    _over("too_long", "eojeol", "max_eojeol"),
    _under("mean_eojeol_length", "mean_eojeol_length", "min_mean_eojeol_length", "eojeol"),
    _over("mean_eojeol_length", "mean_eojeol_length", "max_mean_eojeol_length"),
    _under("few_letters", "letter_eojeol_share", "min_letter_eojeol_share", "eojeol"),
    _over("symbols", "symbol_share", "max_symbol_share"),
    _over("digits", "digit_share", "max_digit_share"),
    _over("jamo", "jamo_share", "max_jamo_share"),
    *_repetition("repeated_lines", "duplicate_line_share", "duplicate_line_char_share", needs="lines"),
    *_repetition(
        "repeated_paragraphs", "duplicate_paragraph_share", "duplicate_paragraph_char_share", needs="paragraphs"
    ),
    *_repetition("top_ngram", *(f"top_{n}gram_share" for n in range(2, 5)), needs="eojeol"),
    *_repetition("repeated_ngrams", *(f"duplicate_{n}gram_share" for n in range(5, 11)), needs="eojeol"),
    _over("repeated_graphemes", "repeated_grapheme_share", "max_repeated_grapheme_share"),
    _over("repeated_numbers", "repeated_number_share", "max_repeated_number_share"),
    _over("repeated_symbols", "repeated_symbol_share", "max_repeated_symbol_share"),
    _under("low_entropy", "entropy", "min_entropy", "eojeol"),
    _under("compressible", "compression_ratio", "min_compression_ratio", "eojeol"),
    _over("bullets", "bullet_line_share", "max_bullet_line_share", "lines"),
    _over("ellipses", "ellipsis_line_share", "max_ellipsis_line_share", "lines"),
    _over("bare_eojeol", "bare_eojeol_share", "max_bare_eojeol_share", "hangul"),
    _under("few_stop_words", "stop_words", "min_stop_words", "hangul"),
    _over("profanity", "profanity_ratio", "max_profanity_ratio"),
    _over("profanity", "profane_share", "max_profane_share"),
    _over("hate", "hate_share", "max_hate_share"),
    _over("spam", "spam_ratio", "max_spam_ratio"),
    _contacts,
    _over("wrong_encoding", "foreign_letter_share", "max_foreign_letter_share"),
    _over("random_letters", "syllable_bits", "max_syllable_bits"),
    _under("word_order", "word_order", "min_word_order"),
    _over("junk", "junk_score", "max_junk_score"),
    _over("service_spam", "service_spam", "max_service_spam"),
    _over("service_promotion", "service_promotion", "max_service_promotion"),
    _repeated_words,
    _word_list,
    _links,
)

# what the rules above return, for settings that name them
REASONS = (
    "too_short", "too_long", "mean_eojeol_length", "few_letters", "symbols", "digits", "jamo", "repeated_lines",
    "repeated_paragraphs", "top_ngram", "repeated_ngrams", "repeated_graphemes", "repeated_numbers",
    "repeated_symbols", "low_entropy", "compressible", "bullets", "ellipses", "bare_eojeol", "few_stop_words",
    "profanity", "hate", "repeated_words", "word_list", "links", "spam", "contacts", "wrong_encoding", "random_letters",
    "word_order", "junk", "service_spam", "service_promotion",
)  # fmt: skip
