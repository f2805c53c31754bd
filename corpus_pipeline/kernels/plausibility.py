"""Columns that say how plausible a text is as connected writing: letters, eojeol, their order, sentences together.

They ask whether somebody wrote this, not whether it is good; a junk score sums them up with the columns of features.
Scores, no verdicts. Bias: when in doubt, plausible; a short text counts as ordinary until it has shown otherwise, for
each mean begins with observations of an ordinary text (PRIORS).

syllable_bits            mean of -log2 p(symbol | the one before) over Hangul inside eojeol; high: noise, broken text
latin_bits               the same over Latin letters; high: keys struck at random
noise_eojeol_share       letters in eojeol whose mean is over NOISE bits above the usual / letters
foreign_letter_share     letters neither Hangul nor ASCII / letters: Han, accents; what wrong decoding leaves. Of a text
                         with kana for a tenth of its letters, Japanese that is, 0
word_order               mean of log2 p(first symbol | end of the eojeol before) / p(first symbol); low: shuffled
recurrence               share of topic words that stand in another sentence too; low: sentences of different texts
near_recurrence          the same within NEAR sentences
ending_change            share of neighbouring sentences that end unlike: 니다, another 다, 요 or 죠, 까, final ㅁ,
                         another syllable, none; high: sentences of different texts
mark_change              the same of ending in a sentence mark or without one
full_ending_share        sentences that end in 다, 요, 죠 or 까 / sentences; low: lists, menus
sentence_spread          standard deviation of log2 of the eojeol of a sentence, less for few sentences

A topic word is told by the first two letters of an eojeol, and counts by how few passages of the training texts have
it: log(passages / passages with it), less TOPIC. Two words that begin alike count as one; Korean stems are short.
Rule: wrong_encoding, foreign_letter_share over 0.3, all types (null where Chinese or another alphabet is wanted).
  Measured on 5,541 clean texts of 15 types: one lost; 88 % of wrongly decoded ones caught.
Rule: random_letters, syllable_bits over 9, all types. Measured: none lost; 60 % of mash, 36 % of replaced syllables.
Rule: word_order, word_order under -0.2, under -0.5 of what people type in a line. Measured: at most 0.6 % lost of
  any type (petition); 85 % of the shuffled texts of pages, 3 % of those typed in a line.
Rule: junk, junk_score over the limits by type of resources/models/plausibility.md, which has their figures.

Cost on one core: see resources/models/plausibility.md. A text without sentences or letters has the values of PRIORS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus_pipeline.kernels import plausibility_model
from corpus_pipeline.kernels.features_layout import CLOSER, SENTENCE, Layout, columns_of
from corpus_pipeline.kernels.plausibility_model import (
    COMMA,
    FOREIGN,
    JAMO,
    KANA,
    LATIN,
    LINE,
    MARK,
    RARE,
    SIGN,
    SPACE,
    STEPS,
    TOPIC_STEPS,
    TOPICS,
    Model,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

COMMAS = tuple(map(ord, ",:;·、"))
USUAL_SYLLABLE, USUAL_LATIN = 6, 3.75  # bits; means of clean text (measured)
NOISE = 4  # bits; own choice: letters 16 times less likely than usual
COHERENT = 1_000  # eojeol of a text that recurrence is measured on: the first; own choice, bounds the cost
NEAR = 3  # sentences; own choice: 1 sees less (measured)
TOPIC = {"recurrence": 3, "near_recurrence": 2}  # what the log exceeds; measured: 1 sees less
FULL_ENDINGS, FINAL_M = 4, 16  # kinds of _endings; ㅁ among the finals of Unicode's syllables
LAST_SIGNS = 5  # signs after the last letter that are looked through; own choice
SPREAD_PRIOR = 3  # sentences; own choice
KANA_SHARE = 0.1  # own choice; modern Japanese prose has 0.5 or more
INPUTS = (  # of the junk score: all columns above, and of features those that tell repetition and lists
    "syllable_bits", "latin_bits", "noise_eojeol_share", "foreign_letter_share", "word_order", "recurrence",
    "near_recurrence", "ending_change", "mark_change", "full_ending_share", "sentence_spread", "eojeol", "sentences",
    "mean_eojeol_length", "letter_eojeol_share", "hangul_eojeol_share", "bare_eojeol_share", "stop_words", "urls",
    "punctuated_line_share", "short_line_share", "duplicate_line_share", "hangul_share", "latin_share", "digit_share",
    "jamo_share", "symbol_share", "repeated_grapheme_share", "repeated_symbol_share", "entropy", "compression_ratio",
    "type_token_ratio", "top_2gram_share", "duplicate_5gram_share",
)  # fmt: skip
PRIORS = {  # column -> (value, observations): means of clean text (measured), own choice of how many
    "syllable_bits": (5.0, 10),
    "latin_bits": (3.6, 20),
    "word_order": (0.6, 10),
    "recurrence": (0.1, 20),
    "near_recurrence": (0.1, 20),
    "ending_change": (0.3, 5),
    "mark_change": (0.3, 5),
    "full_ending_share": (0.5, 1),
}


def plausibility_columns(texts: Sequence[str], model: Model | None = None) -> dict[str, Floats]:
    """Column name (see above) -> one value per text, in order, never NaN. model: None is the bundled one.

    >>> written, shuffled = "나는 어제 친구와 함께 학교에 갔다.", "함께 갔다. 나는 학교에 친구와 어제"
    >>> order = plausibility_columns([written, shuffled])["word_order"]
    >>> bool(order[0] > order[1])
    True
    """
    return columns_of(texts, partial(written_columns, model=model))


def written_columns(layout: Layout, model: Model | None = None) -> dict[str, Floats]:
    """The same of the texts of a layout."""
    model = model or plausibility_model.load()
    symbols = model.table[layout.points]
    if not len(layout.begins):
        symbols = np.full(len(symbols), SPACE, np.uint16)
    words = words_of(layout, symbols, model.symbols)
    return {
        **_letters(layout, symbols, model),
        **_order(layout, words, model),
        **_recurrence(layout, words, model),
        **_sentences(layout, words, symbols),
    }


def junk_scores(columns: Mapping[str, NDArray[Any]], model: Model | None = None) -> Floats:
    """0 (written) to 1 (junk) per text, from the columns of `plausibility_columns` and of features.

    The network behind it is trained on the generated kinds of run/bad_texts.py. Compare within one document
    type. Raises KeyError when a column is missing.
    """
    network = (model or plausibility_model.load()).network
    if network is None:
        raise ValueError("this model has no network")
    logits = network.logits(network.inputs(columns))
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float64)


def _letters(layout: Layout, symbols: NDArray[np.uint16], model: Model) -> dict[str, Floats]:
    before = np.concatenate((np.array([SPACE], np.uint16), symbols[:-1]))
    steps = model.inside_bits[before.astype(np.int32) * model.symbols + symbols].astype(np.int32)
    letter = symbols >= RARE
    hangul = (symbols >= JAMO) | (symbols == RARE)
    inside = hangul & (before != SPACE)
    after_latin = (symbols >= LATIN) & (symbols < JAMO) & (before >= LATIN) & (before < JAMO)
    letters, foreign, kana = (layout.count(one) for one in (letter, symbols == FOREIGN, symbols == KANA))
    noise = np.zeros(layout.size)
    if len(layout.begins):
        many = np.add.reduceat(letter, layout.begins, dtype=np.int64)
        above = np.where(letter, steps - np.where(hangul, STEPS * USUAL_SYLLABLE, STEPS * USUAL_LATIN), 0)
        above = np.add.reduceat(above, layout.begins, dtype=np.int64)
        noise = layout.of_words(many * (above > NOISE * STEPS * many))
    return {
        "syllable_bits": _with_prior("syllable_bits", _sum(layout, steps * inside) / STEPS, layout.count(inside)),
        "latin_bits": _with_prior("latin_bits", _sum(layout, steps * after_latin) / STEPS, layout.count(after_latin)),
        "noise_eojeol_share": noise / np.maximum(letters, 1),
        "foreign_letter_share": np.where(kana < KANA_SHARE * letters, foreign, 0) / np.maximum(letters, 1),
    }


def _sum(layout: Layout, values: NDArray[np.int32]) -> Floats:
    """Of whole numbers, so that it does not depend on the order, nor on the texts around."""
    return np.add.reduceat(values, layout.starts, dtype=np.int64).astype(float)


class Words(NamedTuple):
    """Of each eojeol: the symbol it starts with; what stands between it and the next; the number of its topic word, or
    -1; whether it ends a sentence."""

    start: Ints
    between: Ints
    topic: Ints
    ends: Bools


def words_of(layout: Layout, symbols: NDArray[np.uint16], many: int) -> Words:
    """Lines end sentences, too. many: symbols in all."""
    begin, end = layout.begins, layout.ends - 1
    closers = layout.is_kind(CLOSER)
    last = end.copy()
    for _ in range(3):  # closing brackets and quotes
        last -= (last > begin) & closers[last]
    mark = layout.is_kind(SENTENCE)[last]
    lines = np.cumsum(layout.points == 10)
    breaks = np.append(lines[begin[1:]] != lines[begin[:-1]], True)[: len(begin)]  # texts end with one
    between = symbols[end].astype(np.int64)
    comma = np.isin(layout.points[end], COMMAS)
    for holds, name in ((comma, COMMA), (mark, MARK), (breaks, LINE)):
        between[holds] = many + name
    first = begin.copy()
    for _ in range(3):  # opening ones
        first += (first < end) & (symbols[first] == SIGN)
    second = np.where(first < end, symbols[np.minimum(first + 1, end)], 0)
    topic = np.where(symbols[first] >= LATIN, topic_number(symbols[first].astype(np.int64) * many + second), -1)
    return Words(symbols[begin].astype(np.int64), between, topic, mark | breaks)


def topic_number(keys: Ints) -> Ints:
    """0 to TOPICS - 1: the upper bits of a product with the golden ratio (Knuth, section 6.4)."""
    return np.asarray((keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(48)).astype(np.int64)


def _order(layout: Layout, words: Words, model: Model) -> dict[str, Floats]:
    inside = layout.document[1:] == layout.document[:-1]
    gain = model.between_gain[words.between[:-1][inside] * model.symbols + words.start[1:][inside]]
    owner = layout.document[1:][inside]
    total = np.bincount(owner, gain, layout.size) / STEPS
    return {"word_order": _with_prior("word_order", total, np.bincount(owner, minlength=layout.size))}


def _recurrence(layout: Layout, words: Words, model: Model) -> dict[str, Floats]:
    many = np.bincount(layout.document, minlength=layout.size)
    rank = np.arange(len(words.topic)) - np.repeat(np.cumsum(many) - many, many)
    at = np.flatnonzero((rank < COHERENT) & (words.topic >= 0))
    sentence: Ints = (np.cumsum(words.ends) - words.ends)[at]
    sentences = int(sentence[-1]) + 1 if len(at) else 1
    once = np.sort((layout.document[at] * TOPICS + words.topic[at]) * sentences + sentence)
    once = once[np.diff(once, prepend=-1) > 0]  # each topic word once a sentence
    key, place = once // sentences, once % sentences
    again = key[1:] == key[:-1]
    owner = key // TOPICS
    found = {}
    for name, near in (("recurrence", sentences), ("near_recurrence", NEAR)):
        pair = again & (np.diff(place) <= near)
        shared = np.append(pair, False)[: len(key)] | np.concatenate(([False], pair))[: len(key)]
        weight = model.topic_weight(TOPIC[name])[key % TOPICS]
        part, whole = (np.bincount(owner, one, layout.size) / TOPIC_STEPS for one in (weight * shared, weight))
        found[name] = _with_prior(name, part, whole)
    return found


def _sentences(layout: Layout, words: Words, symbols: NDArray[np.uint16]) -> dict[str, Floats]:
    """How alike the sentences of a text are. Its last eojeol ends one, so each sentence is of one text."""
    at = np.flatnonzero(words.ends)
    ending, marked = _endings(layout, at, symbols)
    owner = layout.document[at]
    many = np.bincount(owner, minlength=layout.size)
    inside = owner[1:] == owner[:-1]
    found = {}
    for name, of in (("ending_change", ending), ("mark_change", marked)):
        changes = np.bincount(owner[1:][inside], of[1:][inside] != of[:-1][inside], layout.size)
        found[name] = _with_prior(name, changes, np.maximum(many - 1, 0))
    full = np.bincount(owner, ending < FULL_ENDINGS, layout.size)
    length = np.log2(np.diff(at, prepend=-1).astype(float))
    mean, square = (np.bincount(owner, one, layout.size) / np.maximum(many, 1) for one in (length, length * length))
    spread = np.sqrt(np.maximum(square - mean * mean, 0)).round(9)  # equal lengths: 0, whatever the rounding
    return {
        **found,
        "full_ending_share": _with_prior("full_ending_share", full, many),
        "sentence_spread": np.asarray(spread * many / (many + SPREAD_PRIOR)),
    }


def _endings(layout: Layout, at: Ints, symbols: NDArray[np.uint16]) -> tuple[Ints, Bools]:
    """The kind of ending of each eojeol at `at`, its signs left out; those under FULL_ENDINGS end full sentences. And
    whether a sentence mark is among the signs."""
    begin, last = layout.begins[at], layout.ends[at] - 1
    mark = layout.is_kind(SENTENCE)
    marked = mark[last]
    for _ in range(LAST_SIGNS):
        last = last - ((symbols[last] == SIGN) & (last > begin))
        marked |= mark[last]
    letter = layout.points[last].astype(np.int64)
    before = np.where(last > begin, layout.points[np.maximum(last - 1, 0)], 0)
    syllable = (letter >= 0xAC00) & (letter < 0xD7A4)
    kinds = (
        (letter == ord("다")) & (before == ord("니")),
        letter == ord("다"),
        (letter == ord("요")) | (letter == ord("죠")),
        letter == ord("까"),
        syllable & ((letter - 0xAC00) % 28 == FINAL_M),
        syllable,
    )
    return np.asarray(np.select(kinds, range(len(kinds)), len(kinds)), np.int64), marked


def _with_prior(name: str, total: NDArray[Any], many: NDArray[Any]) -> Floats:
    """total / many, after the observations of PRIORS."""
    value, observations = PRIORS[name]
    return np.asarray((total + value * observations) / (many + observations))
