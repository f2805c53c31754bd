"""The trainer against the one of Hugging Face `tokenizers`, merge for merge, and beyond what that one can count."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from corpus_pipeline.errors import ConfigError, ContractError
from corpus_pipeline.kernels import bpe, bpe_table
from corpus_pipeline.kernels.bpe import Caps
from corpus_pipeline.kernels.morphemes import pieces, runs

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
EOD = "<|endoftext|>"
NO_CAPS = Caps()
SYLLABLES = (
    "가각간갈감강개거건고구국그기나는다도동라로를리마만면모무문바부비사산서선세소수스"
    "시아안에여오요우원위으은을음의이인일자장적전정제조주지진차청체초치크타트파포하한해형호화회"
)
Counts = dict[str, int]


def ours(
    counts: Counts,
    vocab_size: int,
    special: Sequence[str] = (EOD,),
    *,
    caps: Caps = NO_CAPS,
    alphabet: Sequence[str] | None = None,
) -> bpe.Trained:
    weights = np.array(list(counts.values()), np.int64)
    return bpe.train(pa.array(counts, pa.string()), weights, vocab_size, special, caps=caps, alphabet=alphabet)


def library(
    counts: Counts,
    vocab_size: int,
    special: Sequence[str] = (EOD,),
    *,
    longest: int | None = None,
    alphabet: Sequence[str] | None = None,
) -> bpe.Trained:
    """The library takes no counts: each piece is given as often as it occurs."""
    tokenizer = Tokenizer(models.BPE())
    symbols = list(alphabet or pre_tokenizers.ByteLevel.alphabet())
    if alphabet is None:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(special),
        initial_alphabet=symbols,
        limit_alphabet=len(symbols),
        max_token_length=longest,
        show_progress=False,
        min_frequency=0,
    )
    tokenizer.train_from_iterator((piece for piece, n in counts.items() for _ in range(n)), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return bpe.Trained(model["vocab"], [(a, b) for a, b in model["merges"]])


def zipf_corpus(seed: int, words: int) -> Counts:
    rng = random.Random(seed)
    made = {"".join(rng.choices(SYLLABLES, k=rng.randint(1, 5))) for _ in range(words)}
    return {
        (" " if rng.random() < 0.6 else "") + word: max(1, words // rank) for rank, word in enumerate(sorted(made), 1)
    }


@cache
def text_of(corpus: str) -> str:
    files = sorted(p for p in (SAMPLE / corpus).iterdir() if p.suffix in {".md", ".txt"})
    encoding = "cp932" if corpus == "japanese" else "utf-8"
    return "\n".join(p.read_text(encoding) for p in files)[:300_000]


def test_the_sample_has_text_for_these_tests() -> None:
    assert min(len(text_of(corpus)) for corpus in ("law", "techdocs", "english", "japanese")) > 20_000


@pytest.mark.parametrize("cut", [runs, lambda text: pieces([text])], ids=["runs", "morphemes"])
@pytest.mark.parametrize("corpus", ["law", "techdocs", "english", "japanese"])
def test_byte_level_training_equals_the_librarys(corpus: str, cut: object) -> None:
    assert callable(cut)
    counts = Counter(cut(text_of(corpus)))
    assert ours(counts, 4000) == library(counts, 4000)


@pytest.mark.parametrize("limit", [60, 900])
@pytest.mark.parametrize("corpus", ["law", "japanese"])
def test_character_training_equals_the_librarys_with_limit_alphabet(corpus: str, limit: int) -> None:
    counts = Counter(pieces([text_of(corpus)]))
    chosen = bpe.characters(pa.array(counts, pa.string()), np.array(list(counts.values())), limit)
    assert len(set("".join(counts)) - set(chosen)) > 100 or limit > 60
    assert ours(counts, 2500, alphabet=chosen) == library(counts, 2500, alphabet=chosen)


def test_neighbours_of_an_unknown_character_become_adjacent() -> None:
    counts = {"a?b": 2, "??": 1, "ca": 1}
    assert ours(counts, 100, alphabet="abc").merges == library(counts, 100, alphabet="abc").merges
    assert ours(counts, 100, alphabet="abc").merges[0] == ("a", "b")


@pytest.mark.parametrize(("seed", "words", "vocab"), [(1, 300, 400), (2, 300, 1000), (3, 1500, 900), (4, 1500, 3000)])
def test_zipf_corpora_equal_the_librarys(seed: int, words: int, vocab: int) -> None:
    counts = zipf_corpus(seed, words)
    assert ours(counts, vocab) == library(counts, vocab)


few_letters = st.dictionaries(st.text("ab가나 ", min_size=1, max_size=12), st.integers(1, 40), min_size=1, max_size=25)
stretched = st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 24)), min_size=1, max_size=3).map(
    lambda parts: "".join(letter * n for letter, n in parts)
)


@settings(max_examples=80)
@given(few_letters)
def test_ties_equal_the_librarys(counts: Counts) -> None:
    assert ours(counts, 300) == library(counts, 300)


@settings(max_examples=80)
@given(st.dictionaries(stretched, st.integers(1, 9), min_size=1, max_size=20))
@example({"a" * 64: 1})
@example({"a" * n: n % 5 + 1 for n in range(1, 64)})
def test_overlaps_equal_the_librarys(counts: Counts) -> None:
    assert ours(counts, 320) == library(counts, 320)


@settings(max_examples=60)
@given(few_letters, st.lists(st.sampled_from(["ab", "aab", "가나", "aa", "b가"]), unique=True, max_size=3))
@example({"aabaab": 3, "aab": 2}, ["aab", "ab"])
def test_a_merge_may_make_a_token_that_is_there_already(counts: Counts, special: list[str]) -> None:
    assert ours(counts, 40, special, alphabet="ab가나 ") == library(counts, 40, special, alphabet="ab가나 ")


def test_floors_and_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = Counter(runs(text_of("law")))
    before = ours(counts, 1500)
    for step, chunk in ((2, 64), (10**6, 7)):
        monkeypatch.setattr(bpe_table, "_STEP", step)
        monkeypatch.setattr(bpe_table, "_CHUNK", chunk)
        monkeypatch.setattr(bpe_table, "_PIECES", chunk)
        few = dict(itertools.islice(counts.items(), 600))
        assert ours(few, 700) == library(few, 700)
        monkeypatch.setattr(bpe_table, "_CHUNK", 4096)
        assert ours(counts, 1500) == before


@pytest.mark.parametrize("factor", [2**31, 2**46])
def test_a_common_factor_changes_nothing(factor: int) -> None:
    counts = Counter(runs(text_of("techdocs")))
    assert max(counts.values()) > 2**6  # so the pair counts go beyond 2^52 with the second factor
    assert ours({piece: n * factor for piece, n in counts.items()}, 2000) == library(counts, 2000)


@pytest.mark.parametrize("big", [2**31, 2**52 + 1, 2**53, 2**61, 2**62 - 1])
def test_counts_one_apart_keep_their_order(big: int) -> None:
    counts = {"ab": big, "cd": big + 1, "ef": big - 1, "gh": big}  # as floats above 2^53 they would be a tie
    merges = [("c", "d"), ("a", "b"), ("g", "h"), ("e", "f")]
    assert ours(counts, 12, [], alphabet="abcdefgh").merges == merges


def test_sums_are_exact_beyond_floats() -> None:
    counts = np.array([2**53, 2**53, 1, 2**53 + 1, 2**53 - 1], np.int64)  # ab 2^54, cd 2^54 + 1
    found = bpe.train(pa.array(["ab", "cd", "cd", "xab", "cdx"]), counts, 6, [], alphabet="abcdx")
    assert found.merges == [("a", "b")]  # 2^54 + 1 against 2^54 of cd
    swapped = bpe.train(pa.array(["cd", "ab", "ab", "xcd", "abx"]), counts, 6, [], alphabet="abcdx")
    assert swapped.merges == [("c", "d")]


def test_counts_that_do_not_fit_are_refused() -> None:
    assert ours({"aaa": 2**61}, 258, alphabet="a").merges == [("a", "a"), ("aa", "a")]
    with pytest.raises(ContractError) as caught:
        ours({"aaa": 2**62 + 1}, 258, alphabet="a")
    assert caught.value.expected == "pairs seen less than 2^63 times"


def test_the_order_of_pieces_and_how_they_are_cut_up_do_not_matter() -> None:
    counts = zipf_corpus(5, 400)
    expected = ours(counts, 700)
    items = [(piece, part) for piece, n in counts.items() for part in (n // 2, n - n // 2) if part]
    random.Random(0).shuffle(items)
    column = pa.chunked_array([[piece for piece, _ in items[:99]], [], [piece for piece, _ in items[99:]]], pa.string())
    weights = np.array([n for _, n in items])
    assert bpe.train(column, weights, 700, [EOD]) == expected
    assert bpe.train(column.cast(pa.large_string()), weights, 700, [EOD]) == expected
    assert bpe.train(pa.concat_arrays(column.chunks)[50:], weights[50:], 700, [EOD]) == ours(
        Counter({k: sum(n for p, n in items[50:] if p == k) for k in {p for p, _ in items[50:]}}), 700
    )


def test_ids_are_special_tokens_then_the_alphabet_by_code_point_then_merges() -> None:
    assert list(ours({"나가나가": 2}, 6, ["<s>", "</s>"], alphabet="나가").vocab.items()) == [
        ("<s>", 0), ("</s>", 1), ("가", 2), ("나", 3), ("나가", 4), ("나가나가", 5)
    ]  # fmt: skip


def test_min_frequency_ends_the_training() -> None:
    found = bpe.train(pa.array(["ab", "cd"]), np.array([5, 4]), 300, [EOD], min_frequency=5)
    assert found.merges == [("a", "b")]


@pytest.mark.parametrize("found", [pa.array([], pa.string()), pa.chunked_array([], pa.string()), pa.array(["", "a"])])
def test_nothing_to_merge(found: pa.Array) -> None:
    trained = bpe.train(found, np.ones(len(found), np.int64), 300, [EOD])
    assert (len(trained.vocab), trained.merges) == (257, [])
    assert bpe.characters(found, np.ones(len(found), np.int64), 5) == ["a"] * (len(found) > 0)


def test_characters_are_the_most_frequent_ones() -> None:
    counts = Counter(pieces([text_of("law")])) | {"\U0001f600나": 2, "": 1}
    seen: Counter[str] = Counter()
    for piece, n in counts.items():
        for character in piece:
            seen[character] += n
    expected = sorted(seen, key=lambda c: (-seen[c], c))
    found = bpe.characters(pa.array(counts, pa.string()), np.array(list(counts.values())), 10**6)
    assert found == expected
    assert bpe.characters(pa.array(["b", "a"]), np.array([2**53, 2**53 + 1]), 1) == ["a"]


@pytest.mark.parametrize("longest", [2, 3, 6, 9])
def test_the_longest_token_as_in_the_library(longest: int) -> None:
    counts = Counter(pieces([text_of("techdocs")]))
    # the library's max_token_length is the first length it does not make
    assert ours(counts, 2000, caps=Caps(token_bytes=longest)) == library(counts, 2000, longest=longest + 1)


@pytest.mark.parametrize("alphabet", [None, "-=ㅋ0123456789１٣ac "], ids=["bytes", "characters"])
@pytest.mark.parametrize("caps", [Caps(5), Caps(repeated=1), Caps(repeated=3), Caps(digits=2), Caps(12, 2, 1)])
def test_no_merge_breaks_a_cap_and_all_others_are_made(caps: Caps, alphabet: str | None) -> None:
    rng = random.Random(7)
    words = ["".join(rng.choice("-=ㅋ0123１٣ac ") * rng.choice([1, 1, 2, 9]) for _ in range(6)) for _ in range(120)]
    counts = Counter(words * 2 + ["ㅋ" * 40] * 9)
    trained = ours(counts, 1200, caps=caps, alphabet=alphabet)
    assert not any(breaks(caps, "".join(pair), alphabet) for pair in trained.merges)
    assert trained.merges == plain_merges(counts, trained, caps, alphabet)


BYTE_OF = {c: b for b, c in bpe.byte_alphabet().items()}


def breaks(caps: Caps, token: str, alphabet: str | None) -> bool:
    data = token.encode() if alphabet else bytes(BYTE_OF[c] for c in token)
    text = data.decode("utf-8", "ignore")  # whole characters; a byte-level token has parts of others at its ends only
    return bool(
        (caps.token_bytes and len(data) > caps.token_bytes)
        or (caps.repeated and regex.search(rf"(.)\1{{{caps.repeated}}}", text))
        or (caps.digits and regex.search(rf"\p{{Nd}}{{{caps.digits + 1}}}", text))
    )


def plain_merges(counts: Counts, trained: bpe.Trained, caps: Caps, alphabet: str | None) -> list[tuple[str, str]]:
    """BPE by its definition: count all pairs again after every merge; `trained` gives only the ids of symbols."""
    ids = dict(itertools.islice(trained.vocab.items(), len(trained.vocab) - len(trained.merges)))
    words = [(list(word if alphabet else bpe.to_byte_characters(word)), n) for word, n in counts.items()]
    merges: list[tuple[str, str]] = []
    forbidden: set[tuple[str, str]] = set()
    while len(ids) < 1200:
        seen: Counter[tuple[str, str]] = Counter()
        for symbols, n in words:
            for pair in itertools.pairwise(symbols):
                seen[pair] += n * (pair not in forbidden)
        if not +seen:
            break
        best = min(seen, key=lambda pair: (-seen[pair], ids[pair[0]], ids[pair[1]]))
        joined = "".join(best)
        if breaks(caps, joined, alphabet):
            forbidden.add(best)
            continue
        merges.append(best)
        ids.setdefault(joined, len(ids))
        for symbols, _ in words:
            i = 0
            while i < len(symbols) - 1:
                if (symbols[i], symbols[i + 1]) == best:
                    symbols[i : i + 2] = [joined]
                i += 1
    return merges


@pytest.mark.parametrize(
    ("column", "counts", "where"),
    [
        (pa.array(["a", None]), np.array([1, 1]), "pieces"),
        (pa.array([1, 2]), np.array([1, 1]), "pieces"),
        (pa.array(["a", "b"]), np.array([1.0, 1.0]), "counts"),
        (pa.array(["a", "b"]), np.array([1]), "counts"),
        (pa.array(["a", "b"]), np.array([1, 0]), "counts"),
    ],
)
def test_wrong_input_is_refused(column: pa.Array, counts: bpe.Array, where: str) -> None:
    with pytest.raises(ContractError) as caught:
        bpe.train(column, counts, 300, [EOD])
    assert caught.value.where == where


def test_a_vocabulary_beyond_the_ids_is_refused() -> None:
    with pytest.raises(ConfigError):
        ours({"a": 1}, 2**21 + 1)
