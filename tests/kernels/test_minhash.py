"""minhash: against datasketch and exact similarities."""

from __future__ import annotations

import numpy as np
import pytest
from datasketch import MinHash
from datasketch.lsh import _optimal_param

from corpus_pipeline.kernels.minhash import band_keys, detection, optimal_bands, signatures
from corpus_pipeline.kernels.shingle import Hashes, jaccard, shingle_hashes


def sets(size: int, similarity: float, count: int) -> tuple[list[Hashes], list[Hashes]]:
    """`count` pairs of random sets of `size` hashes with about this Jaccard similarity."""
    draw = np.random.default_rng(size)
    shared = round(2 * size * similarity / (1 + similarity))
    pools = [draw.integers(0, 2**64, 2 * size - shared, dtype=np.uint64) for _ in range(count)]
    return [np.unique(p[:size]) for p in pools], [np.unique(p[size - shared :]) for p in pools]


@pytest.mark.parametrize("size", [30, 300, 5000])
@pytest.mark.parametrize("similarity", [0.3, 0.8])
def test_estimate_is_unbiased_and_as_good_as_datasketch(size: int, similarity: float) -> None:
    count = 100
    a, b = sets(size, similarity, count)
    exact = np.array([jaccard(x, y) for x, y in zip(a, b, strict=True)])
    ours = (signatures(a) == signatures(b)).mean(axis=1) - exact
    theirs = np.array([_peer(x).jaccard(_peer(y)) for x, y in zip(a, b, strict=True)]) - exact
    expected = (similarity * (1 - similarity) / 256) ** 0.5
    assert abs(ours.mean()) < 4 * expected / count**0.5
    assert ours.std() < 1.3 * expected
    assert ours.std() < 1.4 * theirs.std()


def _peer(hashes: Hashes) -> MinHash:
    peer = MinHash(num_perm=256, hashfunc=lambda value: int(value) >> 32)
    peer.update_batch(list(hashes))
    return peer


@pytest.mark.parametrize(("threshold", "permutations"), [(0.7, 128), (0.8, 128), (0.9, 128), (0.5, 128), (0.8, 64)])
@pytest.mark.parametrize("miss_weight", [0.5, 0.9, 0.98])
def test_optimal_bands_is_datasketch_s(threshold: float, permutations: int, miss_weight: float) -> None:
    expected = _optimal_param(threshold, permutations, 1 - miss_weight, miss_weight)
    assert optimal_bands(threshold, permutations, miss_weight) == expected


def test_optimal_bands_of_256() -> None:
    assert [optimal_bands(t, 256) for t in (0.7, 0.8, 0.85)] == [(25, 10), (17, 15), (13, 19)]


@pytest.mark.parametrize(
    ("bands", "rows", "shares"),
    [(14, 8, (0.565, 0.924, 1.0)), (25, 10, (0.511, 0.942, 1.0)), (20, 13, (0.177, 0.677, 0.997))],
)
def test_detection_is_the_published_one(bands: int, rows: int, shares: tuple[float, ...]) -> None:
    assert [round(detection(s, bands, rows), 3) for s in (0.7, 0.8, 0.9)] == list(shares)


@pytest.mark.parametrize("similarity", [0.5, 0.7, 0.8])
def test_bands_meet_as_often_as_theory_says(similarity: float) -> None:
    a, b = sets(400, similarity, 600)
    met = (band_keys(signatures(a), 28, 9) == band_keys(signatures(b), 28, 9)).any(axis=1).mean()
    exact = np.mean([detection(jaccard(x, y), 28, 9) for x, y in zip(a, b, strict=True)])
    assert abs(met - exact) < 4 * (exact * (1 - exact) / 600) ** 0.5 + 0.005


def test_blocks_and_batches_do_not_matter() -> None:
    draw = np.random.default_rng(1)
    sizes = [0, 1, 2047, 0, 2048, 2049, 1, 5000, 3, 0]
    documents = [draw.integers(0, 2**64, size, dtype=np.uint64) for size in sizes]
    together = signatures(documents, 64)
    assert np.array_equal(together, np.concatenate([signatures([d], 64) for d in documents]))
    assert np.array_equal(together, signatures([d[::-1] for d in documents], 64))
    assert np.array_equal(together[:, :16][sizes.index(5000)], _by_definition(documents[7], 64)[:16])
    assert (together[0] == 2**32 - 1).all()
    assert signatures([], 64).shape == (0, 64)


def _by_definition(hashes: Hashes, permutations: int) -> list[int]:
    """Python integers: no wrap-around to get wrong."""
    from corpus_pipeline.kernels.minhash import _coefficients

    factors, terms = (side.ravel().tolist() for side in _coefficients(permutations))
    assert all(f % 2 for f in factors)
    upper = [int(h) >> 32 for h in hashes]
    return [min((f * x + t) % 2**32 for x in upper) for f, t in zip(factors, terms, strict=True)]


def test_short_different_documents_differ() -> None:
    texts = ["오늘 날씨가 좋다", "내일 비가 온다", "네", "넵", "ㅋㅋ"]
    found = signatures([shingle_hashes(t) for t in texts])
    assert all((found[i] != found[j]).mean() > 0.99 for i in range(5) for j in range(i))


def test_keys_are_stable_and_of_one_or_many() -> None:
    """Pinned: a change of the hash makes tables of two versions incomparable, and belongs in the change log."""
    keys = band_keys(signatures([shingle_hashes("대한민국의 수도는 서울이다")], 6), bands=3, rows=2)
    assert keys.dtype == np.int64
    assert np.array_equal(keys[0], band_keys(signatures([shingle_hashes("대한민국의 수도는 서울이다")], 6)[0], 3, 2))
    assert keys.tolist() == [[-1810885006995618236, -3289624231314089384, 8491013906522007346]]
    constant = band_keys(np.zeros(256, np.uint32), 28, 9)
    assert len(set(constant.tolist())) == 28  # equal rows, different bands


@pytest.mark.parametrize(("bands", "rows"), [(0, 5), (5, 0), (3, 3)])
def test_bad_bands(bands: int, rows: int) -> None:
    with pytest.raises(ValueError, match=f"{bands} bands of {rows} rows need 1 to 8 permutations"):
        band_keys(np.zeros((1, 8), np.uint32), bands, rows)


def test_bad_numbers() -> None:
    with pytest.raises(ValueError, match="permutations must be 1 or more"):
        signatures([], 0)
    with pytest.raises(ValueError, match=r"threshold 0\.0"):
        optimal_bands(0.0, 10)
