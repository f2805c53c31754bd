"""The trainer against the one of Hugging Face `tokenizers`, merge for merge."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from corpus_pipeline.kernels import bpe

SYLLABLES = (
    "가각간갈감강개거건고구국그기나는다도동라로를리마만면모무문바부비사산서선세소수스"
    "시아안에여오요우원위으은을음의이인일자장적전정제조주지진차청체초치크타트파포하한해형호화회"
)


def library_merges(counts: dict[str, int], vocab_size: int) -> list[tuple[str, str]]:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
        min_frequency=0,
    )
    tokenizer.train_from_iterator((piece for piece, n in counts.items() for _ in range(n)), trainer)
    return [(a, b) for a, b in json.loads(tokenizer.to_str())["model"]["merges"]]


def zipf_corpus(seed: int, words: int) -> dict[str, int]:
    rng = random.Random(seed)
    made = {"".join(rng.choices(SYLLABLES, k=rng.randint(1, 5))) for _ in range(words)}
    return {
        (" " if rng.random() < 0.6 else "") + word: max(1, words // rank) for rank, word in enumerate(sorted(made), 1)
    }


@pytest.mark.parametrize(("seed", "words", "vocab"), [(1, 300, 400), (2, 300, 1000), (3, 1500, 900), (4, 1500, 3000)])
def test_merges_equal_the_librarys(seed: int, words: int, vocab: int) -> None:
    counts = zipf_corpus(seed, words)
    ours = bpe.train(counts, vocab, ["<|endoftext|>"])
    assert ours.merges == library_merges(counts, vocab)
    assert len(ours.vocab) <= vocab


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text("ab가나 ", min_size=1, max_size=8), st.integers(1, 6), min_size=1, max_size=25))
def test_merges_equal_the_librarys_on_small_alphabets_full_of_ties(counts: dict[str, int]) -> None:
    assert bpe.train(counts, 300, ["<|endoftext|>"]).merges == library_merges(counts, 300)


def test_counts_beyond_32_and_53_bits_keep_their_order() -> None:
    big = 2**53
    counts = {"가": big, "나": big + 1, "ab": 2**31 + 5, "cd": 2**31 + 6}
    merges = bpe.train(counts, 263, ["<|endoftext|>"]).merges
    first = bpe.to_byte_characters("나")
    assert merges[0] in {(first[0], first[1]), (first[1], first[2])}  # 나 is seen once more than 가
    assert merges.index(("c", "d")) < merges.index(("a", "b"))


def test_the_order_of_counts_does_not_matter() -> None:
    counts = zipf_corpus(5, 400)
    assert bpe.train(counts, 700, ["<|e|>"]) == bpe.train(dict(reversed(list(counts.items()))), 700, ["<|e|>"])


def test_min_frequency_ends_the_training() -> None:
    assert bpe.train({"ab": 5, "cd": 4}, 300, ["<|e|>"], min_frequency=5).merges == [("a", "b")]
