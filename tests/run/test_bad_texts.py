"""The generator of bad texts, against what each kind says of itself."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from corpus_pipeline.run.bad_texts import KINDS, Pool, bad_texts, ks_x_1001, phrases, pool, sentences
from corpus_pipeline.run.plain_texts import Text, plain_texts
from corpus_pipeline.run.plausibility_training import capped

ROOT = Path(__file__).resolve().parents[2]
TYPES = ("encyclopedia", "petition", "review", "spoken", "law")


@pytest.fixture(scope="module")
def clean() -> list[Text]:
    found = [text for text in plain_texts(ROOT / "data/sample", 60_000) if text.doc_type in TYPES]
    return capped(found, 12)


@pytest.fixture(scope="module")
def stock(clean: list[Text]) -> Pool:
    return pool(clean, held_out=True)


def long_ones(clean: list[Text]) -> list[Text]:
    return [text for text in clean if len(text.text.split()) >= 50]


def test_the_same_seed_gives_the_same_texts(clean: list[Text]) -> None:
    first, again = (list(bad_texts(clean, 3, True, 2)) for _ in range(2))
    assert first == again != list(bad_texts(clean, 4, True, 2))
    assert {kind for kind, _ in first} == set(KINDS)


def test_a_third_of_the_phrases_is_held_out_and_in_no_open_list() -> None:
    open_ones, held_out = phrases(False), phrases(True)
    assert open_ones.keys() == held_out.keys()
    for name, found in held_out.items():
        assert not set(found) & set(open_ones[name])
        assert 0.2 < len(found) / (len(found) + len(open_ones[name])) < 0.4


def test_numbers_in_the_phrases_are_made_up() -> None:
    lines = (ROOT / "corpus_pipeline/resources/ko/bad_texts.tsv").read_text(encoding="utf-8")
    assert not re.search(r"01[016-9]-?\d{3,4}-?\d{4}|\d{6}-\d{7}", lines)


def test_bad_texts_are_about_as_long_as_clean_ones(clean: list[Text]) -> None:
    length = Counter(
        {text.doc_type: max(len(one.text) for one in clean if one.doc_type == text.doc_type) for text in clean}
    )
    for kind, text in bad_texts(clean, 0, True, 3):
        assert 0 < len(text.text) <= 4 * length[text.doc_type] + 400, kind


def test_ks_x_1001_has_its_syllables() -> None:
    assert len(ks_x_1001()) == 2_350  # the standard
    assert "똠" not in ks_x_1001()  # the well-known one that it leaves out


def test_shuffling_keeps_the_words(clean: list[Text], stock: Pool) -> None:
    for text in long_ones(clean):
        bad = KINDS["shuffled_words"](text, stock, Random(0))
        assert bad is not None
        if "\n" not in bad and len(bad.split()) == len(text.text.split()):
            assert Counter(bad.split()) == Counter(text.text.split())
        assert bad.split() != text.text.split()


def test_replacing_keeps_the_length_and_all_but_syllables(clean: list[Text], stock: Pool) -> None:
    for text in long_ones(clean):
        bad = KINDS["replaced_syllables"](text, stock, Random(1)) or ""
        pairs = list(zip(text.text, bad, strict=True))
        changed = [(old, new) for old, new in pairs if old != new]
        assert all("가" <= old <= "힣" and "가" <= new <= "힣" for old, new in changed)
        hangul = sum("가" <= old <= "힣" for old, _ in pairs)
        assert 0.05 < len(changed) / hangul < 0.55


def test_repeating_repeats(clean: list[Text], stock: Pool) -> None:
    for text in long_ones(clean):
        words = (KINDS["repeated_words"](text, stock, Random(2)) or "").split()
        assert len(set(words)) <= 0.3 * len(words) + 5
        again = KINDS["repeated_sentences"](text, stock, Random(2)) or ""
        assert max(again.count(one) for one in sentences(text.text)) >= 3


def test_mixtures_are_sentences_of_several_texts(clean: list[Text], stock: Pool) -> None:
    every = [one for found in stock.sentences.values() for one in found]
    for text in long_ones(clean):
        bad = KINDS["mixed_sentences"](text, stock, Random(3))
        if bad is not None and "\n" in bad:
            assert set(bad.split("\n")) <= set(every)
            assert not set(bad.split("\n")) <= set(sentences(text.text))


def test_wrong_encodings_cannot_be_read(clean: list[Text], stock: Pool) -> None:
    for text in long_ones(clean):
        bad = KINDS["wrong_encoding"](text, stock, Random(4)) or ""
        common = set("이다는을를에의고하은가")
        assert sum(one in common for one in bad) < 0.95 * sum(one in common for one in text.text)
