"""minhash: against datasketch, the definition in Python's integers, and exact similarities."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from datasketch import MinHash
from datasketch.lsh import _optimal_param

from corpus_pipeline.kernels import minhash
from corpus_pipeline.kernels.minhash import Signatures, band_keys, bins, detection, fill, optimal_bands, signatures
from corpus_pipeline.kernels.normalise import comparison_forms
from corpus_pipeline.kernels.shingle import Hashes, Ragged, jaccard, mix64, shingles

PLACES = 128
EMPTY = 2**32 - 1
SIMILARITIES = (0.3, 0.5, 0.8, 0.95)
LENGTHS = [0, 1, 127, 0, 255, 256, 257, 1, 2047, 2048, 2049, 5000, 3, 0]


def ragged(documents: Sequence[Hashes]) -> Ragged:
    values = np.concatenate([np.empty(0, np.uint64), *documents])
    return Ragged(values, np.concatenate([[0], np.cumsum([len(d) for d in documents], dtype=np.int64)]))


def of_texts(*texts: str) -> Ragged:
    return shingles(comparison_forms(pa.array(texts, pa.string())))


def random_documents(lengths: Sequence[int] = LENGTHS, seed: int = 1) -> list[Hashes]:
    draw = np.random.default_rng(seed)
    return [draw.integers(0, 2**64, length, dtype=np.uint64) for length in lengths]


def pairs(sizes: tuple[int, int], shared: int, count: int) -> tuple[Ragged, Ragged, float]:
    """`count` pairs of random sets of these sizes with `shared` elements, and their similarity."""
    draw = np.random.default_rng(sum(sizes))
    union = sum(sizes) - shared
    pools = [draw.integers(0, 2**64, union, dtype=np.uint64) for _ in range(count)]
    return ragged([p[: sizes[0]] for p in pools]), ragged([p[-sizes[1] :] for p in pools]), shared / union


def by_definition(hashes: Hashes, permutations: int) -> list[int]:
    """Python integers: no wrap-around to get wrong."""

    def coefficient(i: int) -> int:  # SplitMix64 as in test_shingle.py
        return int(mix64(np.array([(i * 0x9E3779B97F4A7C15 + 0x4D696E48617368) % 2**64], np.uint64))[0]) >> 32

    ranks = [(int(h) % 2**32 * permutations // 2**32, int(h) >> 32) for h in hashes]
    result = []
    for place in range(permutations):
        factor, term = coefficient(place) | 1, coefficient(permutations + place)
        own = [rank for at, rank in ranks if at == place]
        result.append(min(own or [(factor * rank + term) % 2**32 for _, rank in ranks] or [EMPTY]))
    return result


def peer(hashes: Hashes) -> npt.NDArray[np.uint64]:
    found = MinHash(num_perm=PLACES, hashfunc=lambda value: value)
    if len(hashes):
        found.update_batch((hashes >> np.uint64(32)).tolist())
    values: npt.NDArray[np.uint64] = found.hashvalues
    return values


def peer_agreement(pool: Hashes, size: int, shared: Sequence[int]) -> list[float]:
    """datasketch's estimate for pool[:size] and each pool[size - s:2 * size - s], every element hashed once."""
    cuts = sorted({0, size, *(size - s for s in shared), *(2 * size - s for s in shared)})
    blocks = {begin: peer(pool[begin:end]) for begin, end in pairwise(cuts)}

    def merged(begin: int, end: int) -> npt.NDArray[np.uint64]:
        return np.asarray(np.min([b for at, b in blocks.items() if begin <= at < end], axis=0), np.uint64)

    return [float((merged(0, size) == merged(size - s, 2 * size - s)).mean()) for s in shared]


@pytest.mark.parametrize(
    ("size", "trials"), [(3, 300), (10, 300), (50, 300), (200, 300), (500, 250), (2000, 150), (20_000, 80)]
)
def test_estimate_is_unbiased_and_as_good_as_datasketch(size: int, trials: int) -> None:
    shared = [round(2 * size * similarity / (1 + similarity)) for similarity in SIMILARITIES]
    shared = [s for s in shared if s < size]  # of three elements no two sets are 0.8 alike
    exact = np.array([s / (2 * size - s) for s in shared])
    ours, theirs = np.empty((2, trials, len(shared)))
    draw = np.random.default_rng(size)
    for trial in range(trials):
        pool = draw.integers(0, 2**64, 2 * size, dtype=np.uint64)
        found = signatures(ragged([pool[:size], *(pool[size - s : 2 * size - s] for s in shared)]), PLACES)
        ours[trial] = (found[1:] == found[0]).mean(axis=1)
        theirs[trial] = peer_agreement(pool, size, shared)
    expected = np.sqrt(exact * (1 - exact) / PLACES)  # a binomial's
    ours, theirs = (ours - exact) / expected, (theirs - exact) / expected
    assert (abs(ours.mean(axis=0)) < 4 / trials**0.5).all()
    assert (ours**2).mean() ** 0.5 <= 1.15 * (theirs**2).mean() ** 0.5
    assert 0.8 < (theirs**2).mean() ** 0.5 < 1.2  # the oracle is in order


@pytest.mark.parametrize(
    ("sizes", "shared"), [((255, 257), 200), ((257, 255), 100), ((200, 1000), 180), ((10, 5000), 10), ((5000, 40), 0)]
)
def test_texts_on_two_sides_of_the_switch_are_comparable(sizes: tuple[int, int], shared: int) -> None:
    """One has fewer than 2 P shingles, the other more: other code, the same numbers."""
    trials = 600
    a, b, exact = pairs(sizes, shared, trials)
    errors = (signatures(a, PLACES) == signatures(b, PLACES)).mean(axis=1) - exact
    expected = max(exact * (1 - exact) / PLACES, 1e-9) ** 0.5
    assert abs(errors.mean()) < 4 * expected / trials**0.5
    assert errors.std() < 1.1 * expected


@pytest.mark.parametrize("permutations", [1, 6, 64, 128])
def test_signatures_are_the_defined_ones(permutations: int) -> None:
    documents = random_documents([0, 1, 2, 11, 12, 13, 127, 128, 129, 300])
    documents.append(np.repeat(documents[2], 500))  # long, and nearly all bins empty
    found = signatures(ragged(documents), permutations)
    assert found.dtype == np.uint32
    assert found.tolist() == [by_definition(d, permutations) for d in documents]


def test_order_and_repetition_do_not_matter() -> None:
    documents = random_documents()
    found = signatures(ragged(documents), PLACES)
    draw = np.random.default_rng(2)
    for other in (
        [d[::-1] for d in documents],
        [np.sort(d) for d in documents],
        [draw.permutation(np.tile(d, 3)) for d in documents],  # 127, 255 and 256 shingles pass the switch
    ):
        assert np.array_equal(signatures(ragged(other), PLACES), found)


@pytest.mark.parametrize(("block", "columns"), [(7, 5), (256, 256), (1 << 15, 2048)])
def test_blocks_and_batches_do_not_matter(monkeypatch: pytest.MonkeyPatch, block: int, columns: int) -> None:
    documents = random_documents()
    alone = np.concatenate([signatures(ragged([d]), 64) for d in documents])
    monkeypatch.setattr(minhash, "_BLOCK", block)
    monkeypatch.setattr(minhash, "_COLUMNS", columns)
    assert np.array_equal(signatures(ragged(documents), 64), alone)
    assert (alone[0] == EMPTY).all()
    assert signatures(ragged([]), 64).shape == (0, 64)
    assert (signatures(ragged([documents[0]] * 3), 64) == EMPTY).all()


def test_bins_of_parts_combine_by_the_minimum() -> None:
    for document in random_documents([5, 300, 5000]):
        parts = np.split(document, [1, len(document) // 3])
        combined = np.minimum.reduce([bins(ragged([part]), PLACES) for part in parts])
        assert np.array_equal(combined, bins(ragged([document]), PLACES))
        fill(combined, ragged([document]))
        assert np.array_equal(combined, signatures(ragged([document]), PLACES))


def test_fill_touches_empty_bins_only() -> None:
    shingled = ragged(random_documents())
    before = bins(shingled, PLACES)
    after = before.copy()
    fill(after, shingled)
    assert np.array_equal(after[before != EMPTY], before[before != EMPTY])
    some = np.diff(shingled.offsets) > 0
    assert (after[some] != EMPTY).all()
    assert (after[~some] == EMPTY).all()
    assert (before == EMPTY)[some].mean() > 0.1


@pytest.mark.parametrize("similarity", [0.5, 0.7, 0.8])
@pytest.mark.parametrize("size", [60, 400, 3000])
def test_bands_meet_as_often_as_theory_says(size: int, similarity: float) -> None:
    count = 600
    a, b, exact = pairs((size, size), round(2 * size * similarity / (1 + similarity)), count)
    met = (band_keys(signatures(a, 252), 28, 9) == band_keys(signatures(b, 252), 28, 9)).any(axis=1).mean()
    expected = detection(exact, 28, 9)
    assert abs(met - expected) < 4 * (expected * (1 - expected) / count) ** 0.5 + 0.005


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


def test_short_different_documents_differ() -> None:
    found = signatures(of_texts("오늘 날씨가 좋다", "내일 비가 온다", "네", "넵", "ㅋㅋ"))
    assert all((found[i] != found[j]).mean() > 0.99 for i in range(5) for j in range(i))


def test_estimate_on_text() -> None:
    """Shingles of text, where neighbours share characters, and not random numbers."""
    words = [f"{noun}{particle}" for noun in ("서울", "바다", "학교", "시장", "나무") for particle in "은는이가을를"]
    draw = np.random.default_rng(8)
    errors = []
    for _ in range(200):
        text = draw.choice(words, 120)
        edited = np.where(draw.random(120) < 0.1, draw.choice(words, 120), text)
        found = of_texts(" ".join(text), " ".join(edited))
        pair: Signatures = signatures(found)
        exact = jaccard(*(np.unique(row) for row in np.split(found.values, found.offsets[1:-1])))
        errors.append(((pair[0] == pair[1]).mean() - exact) / (exact * (1 - exact) / 128) ** 0.5)
    assert abs(np.mean(errors)) < 4 / len(errors) ** 0.5
    assert np.std(errors) < 1.1


def test_keys_are_stable_and_of_one_or_many() -> None:
    """Pinned: a change of the hash makes tables of two versions incomparable, and belongs in the change log."""
    found = signatures(of_texts("대한민국의 수도는 서울이다"), 6)
    keys = band_keys(found, bands=3, rows=2)
    assert keys.dtype == np.int64
    assert np.array_equal(keys[0], band_keys(found[0], 3, 2))
    assert keys.tolist() == [[-906958006409583762, -2679862956883284096, -7992207804991189876]]
    constant = band_keys(np.zeros(256, np.uint32), 28, 9)
    assert len(set(constant.tolist())) == 28  # equal rows, different bands


@pytest.mark.parametrize(("bands", "rows"), [(0, 5), (5, 0), (3, 3)])
def test_bad_bands(bands: int, rows: int) -> None:
    with pytest.raises(ValueError, match=f"{bands} bands of {rows} rows need 1 to 8 permutations"):
        band_keys(np.zeros((1, 8), np.uint32), bands, rows)


def test_bad_numbers() -> None:
    for function in (signatures, bins):
        with pytest.raises(ValueError, match="permutations must be 1 or more"):
            function(ragged([]), 0)
    with pytest.raises(ValueError, match=r"threshold 0\.0"):
        optimal_bands(0.0, 10)
