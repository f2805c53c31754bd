"""Laws on data that follows them exactly, overlaps counted by hand, token counts against the library's encode."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_pipeline.kernels import bpe, zipf

PIECES = ["학교", "에서", " 배운", "것", "을", " school", "3", " 학교", "ㅋㅋㅋ", "\n", "🙂", "\x00"]


def trained(vocab_size: int, *weights: int) -> bpe.Trained:
    return bpe.train(pa.array(PIECES[: len(weights)]), np.array(weights), vocab_size, ())


@given(st.floats(-2.5, -0.1), st.floats(1, 1e12))
def test_slope_of_a_power_law(slope: float, first: float) -> None:
    assert zipf.zipf_slope(first * np.arange(1, 7000.0) ** slope) == pytest.approx(slope, abs=1e-6)


def test_slope_is_of_ranks_10_to_5000_alone() -> None:
    counts = 1e6 / np.arange(1, 8001.0)
    bent = counts.copy()
    bent[:9], bent[5000:] = 1e9, 1
    assert zipf.zipf_slope(bent) == zipf.zipf_slope(counts) == pytest.approx(-1)
    bent[9] = bent[4999] = 1e8
    assert zipf.zipf_slope(bent) != pytest.approx(-1, abs=1e-3)


def test_slope_equals_numpys_least_squares() -> None:
    counts = np.sort(np.random.default_rng(1).pareto(1.1, 9000) + 1)[::-1]
    ranks = np.arange(10, 5001)
    assert zipf.zipf_slope(counts) == pytest.approx(np.polyfit(np.log(ranks), np.log(counts[9:5000]), 1)[0])


@pytest.mark.parametrize("counts", [[], [5, 4, 3], [1] * 10])
def test_too_few_ranks_have_no_slope(counts: list[int]) -> None:
    assert zipf.zipf_slope(counts) is None


@given(st.floats(0.1, 0.99), st.floats(0.5, 50))
def test_heaps_exponent_of_a_power_law(exponent: float, factor: float) -> None:
    totals = np.array([1e4, 5e4, 1e6, 3e9])
    assert zipf.heaps_exponent(totals, factor * totals**exponent) == pytest.approx(exponent)


def test_one_sample_has_no_exponent() -> None:
    assert zipf.heaps_exponent([10], [5]) is None
    assert zipf.heaps_exponent([10, 10], [5, 5]) is None


def test_overlaps_by_hand() -> None:
    assert zipf.overlap({"a", "b", "c", "d"}, {"b", "c", "d", "e", "f"}) == (3 / 4, 3 / 6)
    assert zipf.overlap({"a"}, {"b"}) == (0, 0)
    assert zipf.overlap({"a", "b"}, {"b", "a"}) == (1, 1)


def test_shared_tokens_by_id() -> None:
    assert zipf.shared({"b": 1, "a": 0, "c": 2}, {"c", "a", "z"}).tolist() == [True, False, True]


def test_token_counts_equal_encoding_piece_by_piece() -> None:
    large, small = trained(290, 9, 8, 7, 6, 5, 4, 3), trained(262, 1, 2, 1, 1, 1, 9)
    rows = [(source, piece, n * k) for k, source in ((1, "a"), (10**12, "b")) for n, piece in enumerate(PIECES, 1)]
    expected: Counter[tuple[int, int, str]] = Counter()
    for source, piece, n in rows:
        for number, one in enumerate((large, small)):
            tokens = zipf.encoder(one).encode(piece).tokens
            assert "".join(tokens) == bpe.to_byte_characters(piece)
            expected[number, zipf.TOKENS, source] += n * len(tokens)
            if number == 0:
                expected[0, 5, source] += n * sum(token in small.vocab for token in tokens)
    tokenizers = [zipf.Measured(large, {5: zipf.shared(large.vocab, small.vocab)}), zipf.Measured(small)]
    for size in (1, 7, 100):  # however the rows come
        table = pa.Table.from_pylist([{"source": s, "piece": p, "n": n} for s, p, n in rows])
        (result,) = zipf.count_tokens(iter(table.to_batches(max_chunksize=size)), tokenizers=tokenizers)
        assert {(r["tokenizer"], r["against"], r["source"]): r["n"] for r in result.to_pylist()} == expected
    assert expected[0, 5, "a"] < expected[0, zipf.TOKENS, "a"] < expected[1, zipf.TOKENS, "a"]


def test_nothing_to_count() -> None:
    (result,) = zipf.count_tokens(iter([]), tokenizers=[zipf.Measured(trained(257, 1))])
    assert (result.num_rows, result.schema) == (0, zipf.TOKEN_COUNTS)
