"""Sums and figures against plain Python over whole documents, with the library's own encode and decode."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from corpus_pipeline.kernels import bpe, comparison, tokenizer_files
from corpus_pipeline.kernels.comparison import BYTES, CROSSING, DOCUMENTS, EOJEOL, EXACT, TEXT, UNKNOWN, Candidate
from corpus_pipeline.kernels.morphemes import morphemes, pieces, runs

FREE = bpe.Caps()
SPECIAL, UNK = ["<|endoftext|>", "<|pad|>"], "<|unk|>"
PAGES = sorted((Path(__file__).resolve().parents[2] / "data" / "sample" / "encyclopedia").glob("*.txt"))
KNOWN = [page.read_text(encoding="utf-8")[:3000] for page in PAGES[:6]]
ODD = [
    "", "   ", "\n\n \t", "<|endoftext|><|unk|> 학교에서", "👩‍👩‍👧 龍 이모지ㅋㅋㅋ", "\x00\x1c\x85\u2028 제어",
    "\ue000 \u0301", "한\u1112\u1161\u11ab", "a" * 200, "１２３ 1234567", "학교에서  \u3000배운것을 " * 3,
]  # fmt: skip
TEXTS = [KNOWN[0], *ODD, KNOWN[1], "처음 보는 뷁 글자", KNOWN[5]]
COPIES = [1 + i % 3 for i in range(len(TEXTS))]
SOURCES = [("wiki", "odd", "web")[i % 3] for i in range(len(TEXTS))]
Sums = dict[tuple[int, str, int], int]


def counted(by_morpheme: bool) -> tuple[pa.Array, np.ndarray]:
    counts = Counter(pieces(KNOWN) if by_morpheme else [run for text in KNOWN for run in runs(text)])
    return pa.array(counts.keys(), pa.string()), np.array(list(counts.values()), np.int64)


def train(variant: str, size: int, caps: bpe.Caps = FREE) -> bpe.Trained:
    found, counts = counted(variant == "morpheme")
    if variant == "character":
        alphabet = bpe.characters(found, counts, 150)
        return bpe.train(found, counts, size, [*SPECIAL, UNK], caps=caps, alphabet=alphabet)
    return bpe.train(found, counts, size, SPECIAL, caps=caps)


def to_json(variant: str, size: int) -> str:
    if variant == "character":
        return tokenizer_files.to_json(train(variant, size), [*SPECIAL, UNK], UNK)
    return tokenizer_files.to_json(train(variant, size), SPECIAL)


CANDIDATES = (
    Candidate(to_json("character", 400), False),
    Candidate(to_json("byte", 600), False),
    Candidate(to_json("morpheme", 600), True),
    Candidate(to_json("morpheme", 600), False),
)


@pytest.mark.parametrize("caps", [FREE, bpe.Caps(token_bytes=12, repeated=2, digits=1)], ids=["free", "capped"])
@pytest.mark.parametrize("variant", ["character", "byte", "morpheme"])
def test_a_smaller_vocabulary_is_the_start_of_a_larger_one(variant: str, caps: bpe.Caps) -> None:
    large = train(variant, 1500, caps)
    for size in (153, 200, 258, 259, 700, 1499, 1500, 2000):
        if size >= 258 or variant == "character":
            assert comparison.shorten(large, size) == train(variant, min(size, 1500), caps)


def test_a_merge_that_spells_a_special_token_takes_no_id() -> None:
    found, counts = pa.array(["ab", "abc", "abcd"]), np.array([5, 5, 5])
    special = ["<|x|>", "ab"]
    large = bpe.train(found, counts, 300, special)
    assert len(large.merges) == 3
    assert len(large.vocab) == 2 + 256 + 2
    for size in (258, 259, 260):
        assert comparison.shorten(large, size) == bpe.train(found, counts, size, special)


def record_batch(rows: slice = slice(None)) -> pa.RecordBatch:
    columns = [pa.array(SOURCES[rows]), pa.array(TEXTS[rows], pa.string()), pa.array(COPIES[rows], pa.int32())]
    return pa.record_batch(columns, names=["source", "text", "copies"])


def measured(*batches: pa.RecordBatch) -> Sums:
    found: Sums = Counter()
    for batch in batches:
        result = comparison.measure(batch, CANDIDATES)
        assert result.schema == comparison.SUMS
        for row in result.to_pylist():
            found[row["tokenizer"], row["source"], row["token"]] += row["n"]
    return dict(found)


def plainly(candidate: Candidate, text: str) -> Iterator[int]:
    """Token ids, CROSSING, UNKNOWN and EXACT of one document, one by one."""
    tokenizer = Tokenizer.from_str(candidate.tokenizer_json)
    tokenizer.normalizer, tokenizer.encode_special_tokens = None, True
    given = pieces([text]) if candidate.by_morpheme else text
    ids = tokenizer.encode(given, is_pretokenized=candidate.by_morpheme).ids
    yield from ids
    if tokenizer.decode(ids, skip_special_tokens=False) == text:
        yield EXACT
    of_bytes = tokenizer.model.unk_token is None
    tokens = [tokenizer.id_to_token(i) or "" for i in ids]
    yield from [UNKNOWN for token in tokens if token == UNK]
    ends = list(accumulate((1 if token == UNK else len(token) for token in tokens), initial=0))
    cut = [len(piece.encode()) if of_bytes else len(piece) for run in runs(text) for piece in morphemes(run)]
    borders = list(accumulate(cut, initial=0))
    assert ends[-1] == borders[-1]
    for start, end in pairwise(ends):
        if any(start < border < end for border in borders):
            yield CROSSING


@pytest.fixture(scope="module")
def expected() -> Sums:
    found: Sums = Counter()
    for text, copies, source in zip(TEXTS, COPIES, SOURCES, strict=True):
        found[TEXT, source, DOCUMENTS] += copies
        found[TEXT, source, EOJEOL] += copies * len(regex.findall(r"\P{White_Space}+", text))
        found[TEXT, source, BYTES] += copies * len(text.encode())
        for number, candidate in enumerate(CANDIDATES):
            for kind in plainly(candidate, text):
                found[number, source, kind] += copies
    return {key: n for key, n in found.items() if n}


def test_sums_are_those_of_every_document_alone(expected: Sums) -> None:
    assert measured(record_batch()) == expected
    kinds = {(number, kind) for number, _, kind in expected if kind < 0}
    assert {(0, UNKNOWN), (0, CROSSING), (1, CROSSING), (3, CROSSING), (2, EXACT)} <= kinds
    assert not {(1, UNKNOWN), (2, UNKNOWN), (2, CROSSING)} & kinds


@pytest.mark.parametrize("kept", [1, 50, 10**6])
def test_neither_batches_nor_what_is_remembered_change_a_sum(
    expected: Sums, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "_KEPT", kept)
    comparison._readers.cache_clear()
    assert measured(*[record_batch(slice(i, i + 4)) for i in range(0, len(TEXTS), 4)]) == expected
    assert measured(*[record_batch(slice(i, i + 1)) for i in range(len(TEXTS))]) == expected


@settings(max_examples=200)
@given(
    st.lists(
        st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(" \n\u3000\x1c가"))), min_size=1
    )
)
def test_eojeol_are_what_white_space_parts(texts: list[str]) -> None:
    batch = pa.record_batch([["a"] * len(texts), texts, [1] * len(texts)], names=["source", "text", "copies"])
    found = [row["n"] for row in comparison.measure(batch, ()).to_pylist() if row["token"] == EOJEOL]
    assert sum(found) == sum(len(regex.findall(r"\P{White_Space}+", text)) for text in texts)


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=60), st.integers(0, 40))
def test_renyi_efficiency_is_entropy_over_that_of_equal_shares(tokens: list[int], unseen: int) -> None:
    vocab_size = len(tokens) + unseen + 1
    counts, ids = np.array(sorted(Counter(tokens).items())).T
    total = sum(tokens)
    entropy = math.log(math.fsum((n / total) ** 2.5 for n in tokens)) / (1 - 2.5)
    got = comparison.renyi_efficiency(counts, ids, vocab_size)
    assert got == pytest.approx(entropy / math.log(vocab_size), abs=1e-9)
    assert -1e-9 <= got <= 1 + 1e-9


def test_figures_by_hand() -> None:
    text = {DOCUMENTS: 4, EOJEOL: 10, BYTES: 90}
    sums = {CROSSING: 3, UNKNOWN: 2, EXACT: 1}
    got = comparison.figures(
        text, sums, np.array([[2, 3], [4, 6]]), (23, 20)
    )  # 9 ids: 3 twice (one unknown), 6 four times
    assert got.pop("renyi_efficiency") == pytest.approx(
        math.log(3 * (2 / 30) ** 2.5 + 6 * (4 / 30) ** 2.5) / -1.5 / math.log(23)
    )
    assert got == {
        "tokens_per_eojeol": 3.0, "bytes_per_token": 3.0, "unknown_share": 2 / 30, "crossing_share": 0.1,
        "exact_share": 0.25, "vocabulary_used_share": 0.4, "tokens": 30.0,
    }  # fmt: skip
    nothing = comparison.figures({DOCUMENTS: 1, BYTES: 0}, {EXACT: 1}, np.zeros((0, 2), np.int64), (23, 20))
    assert nothing == {"exact_share": 1.0, "vocabulary_used_share": 0.0, "tokens": 0.0}
