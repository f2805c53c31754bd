"""The model on many texts in step, beside py3langid on each."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_pipeline.kernels.latin import LATIN_LANGUAGES, identify


@cache
def py3langid() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(LATIN_LANGUAGES)
    return identifier


def check(texts: list[str]) -> None:
    names, sure = identify(texts)
    for text, name, probability in zip(texts, names, sure.tolist(), strict=True):
        expected = dict(py3langid().rank(text))
        assert probability == pytest.approx(max(expected.values()), abs=1e-4)
        assert expected[name] == pytest.approx(probability, abs=1e-4)


def test_as_py3langid() -> None:
    check(["The weather is fine.", "DAS WETTER IST SCHÖN", "Il fait beau", "def f(x): return x", "é" * 300, "1", ""])


@given(
    st.lists(st.text(st.characters(codec="utf-8"), max_size=40) | st.text("aeiou tnrshß é", max_size=80), max_size=5)
)
@settings(max_examples=60)
def test_any_texts_as_py3langid(texts: list[str]) -> None:
    check(texts)


def test_texts_do_not_change_each_other() -> None:
    texts = [f"{word} and some more words of it" * (1 + at % 3) for at, word in enumerate(["one", "zwei", "trois"] * 5)]
    names, sure = identify(texts)
    alone = [identify([text]) for text in texts]
    assert names == [one[0][0] for one in alone]
    assert np.allclose(sure, [one[1][0] for one in alone])


def test_none() -> None:
    assert identify([])[0] == []
