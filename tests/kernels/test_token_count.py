"""Counts of tokens, beside the library's and the encoder's."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from tokenizers import Tokenizer

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels import bpe
from corpus_pipeline.kernels.morphemes import pieces
from corpus_pipeline.kernels.token_count import TokenCounter
from corpus_pipeline.kernels.tokenizer_files import sha256, to_json
from tests.small_tokenizer import card, trained

TEXTS = ["서울에서 부산까지 3시간이 걸렸다.", "", "The train was late <|endoftext|> today", "가" * 1000]


def test_as_the_library_counts() -> None:
    tokenizer = Tokenizer.from_str(trained())
    tokenizer.encode_special_tokens = True
    expected = [len(tokenizer.encode(text, add_special_tokens=False).ids) + 1 for text in TEXTS]
    assert TokenCounter(trained()).count(pa.array(TEXTS)).tolist() == expected


def test_with_a_card_as_serialize_cuts() -> None:
    tokenizer = Tokenizer.from_str(trained())
    tokenizer.encode_special_tokens = True
    cut = [list(pieces([text])) for text in TEXTS]
    expected = [len(tokenizer.encode(one, is_pretokenized=True, add_special_tokens=False).ids) + 1 for one in cut]
    assert TokenCounter(trained(), card(trained())).count(pa.array(TEXTS)).tolist() == [*expected]


def test_what_is_no_tokenizer() -> None:
    with pytest.raises(ResourceError, match=r"tag\.tokenizer"):
        TokenCounter("{}")


def character() -> str:
    """A tokenizer as train_tokenizer writes it in mode `character`."""
    unk = "<|unk|>"
    found = pa.array(["서울에서", "학교에서", " "], pa.string())
    counts = np.array([3, 2, 9], np.int64)
    return to_json(bpe.train(found, counts, 30, ["<|endoftext|>", unk], alphabet=[*"서울에학교 "]), [unk], unk)


def test_characters_are_counted_beside_their_card_as_without() -> None:
    made = character()
    texts = pa.array([*TEXTS, "서울에서 학교에서"])
    got = TokenCounter(made, card(made, cut=False)).count(texts)
    assert got.tolist() == TokenCounter(made).count(texts).tolist()
    assert got[-1] == 4


@pytest.mark.parametrize("foreign", ["", "no json", "[]", "null", "{}", '{"tokenizer_sha256": 1}', '{"model": "gpt2"}'])
def test_a_foreign_card_changes_no_count(foreign: str) -> None:
    texts = pa.array(TEXTS)
    assert TokenCounter(trained(), foreign).count(texts).tolist() == TokenCounter(trained()).count(texts).tolist()


def test_a_card_of_another_tokenizer_of_ours_is_an_error() -> None:
    with pytest.raises(ResourceError):
        TokenCounter(trained(), card("another"))


def test_its_own_card_of_another_version_is_an_error() -> None:
    facts = {"segmentation": {"pattern": "x", "morphemes": True}, "tokenizer_sha256": sha256(trained())}
    with pytest.raises(ResourceError, match="segmentation"):
        TokenCounter(trained(), json.dumps(facts))
