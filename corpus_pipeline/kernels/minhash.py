"""MinHash signatures and their bands: which of many texts are worth comparing.

A signature holds, for each of P permutations, the smallest permuted shingle of a text; two texts agree in one place
with probability J, their Jaccard similarity (Broder 1997). The signature is cut into bands of rows; texts that share
a whole band are candidates, which is the case with probability 1 - (1 - J^rows)^bands.

A permutation is x -> a x + b modulo 2^32, a odd, on the upper 32 bits of the shingle's hash. The wrap-around of
uint32 *is* the modulus, so nothing overflows: no product modulo 2^61 - 1 that needs 128 bits and silently gets 64.
32 bits make two different minima equal with odds of (shingles / 2^32): 5e-5 at 200,000, against a standard error
of 0.025 at P = 256.

Bias: keep when unsure. Bands only nominate; the caller verifies candidates on the shingles themselves.

Cost: 2 P operations a shingle: about 5 million shingles a second and core at P = 256; memory is a block of
P x 2048 numbers (2 MB), whatever the length of a text, and the upper halves of one batch's shingles.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from corpus_pipeline.kernels.shingle import Hashes, mix64

__all__ = ["band_keys", "detection", "optimal_bands", "signatures"]

Signatures = npt.NDArray[np.uint32]

_BLOCK = 2048  # shingles at a time; 512 was a third slower, 4096 no faster (256 permutations, 2 MB L2 cache)
_EMPTY = np.iinfo(np.uint32).max
_SEED = 0x4D696E48617368  # "MinHash"; any constant does, a change makes all band keys new


def signatures(documents: Sequence[Hashes], permutations: int = 256) -> Signatures:
    """Signature of each set of shingle hashes, uint32 (documents, permutations); a set without any: all 2^32 - 1.

    documents  unique uint64 hashes of each text, in any order. Raises ValueError when permutations < 1.

    >>> from corpus_pipeline.kernels.shingle import shingle_hashes
    >>> a = shingle_hashes("산업통상자원부는 반도체 수출이 크게 늘었다고 밝혔다")
    >>> b = shingle_hashes("산업통상자원부는 반도체 수출이 조금 늘었다고 밝혔다")
    >>> pair = signatures([a, b], permutations=2048)
    >>> round(float((pair[0] == pair[1]).mean()), 1)  # exact: 0.5
    0.5
    """
    if permutations < 1:
        raise ValueError(f"permutations must be 1 or more, got {permutations}")
    result = np.full((len(documents), permutations), _EMPTY, np.uint32)
    filled = np.array([i for i, hashes in enumerate(documents) if len(hashes)], np.int64)
    if not len(filled):
        return result
    values = np.concatenate([(documents[i] >> np.uint64(32)).astype(np.uint32) for i in filled])
    ends = np.cumsum([len(documents[i]) for i in filled])
    starts = np.concatenate([[0], ends[:-1]])
    factors, terms = _coefficients(permutations)
    buffer = np.empty((permutations, min(_BLOCK, len(values))), np.uint32)
    for begin in range(0, len(values), _BLOCK):
        end = min(begin + _BLOCK, len(values))
        first, last = np.searchsorted(ends, begin, side="right"), np.searchsorted(starts, end, side="left")
        permuted = np.multiply(factors, values[begin:end], out=buffer[:, : end - begin])
        np.add(permuted, terms, out=permuted)
        cuts = np.maximum(starts[first:last] - begin, 0)
        smallest = np.minimum.reduceat(permuted, cuts, axis=1).T
        inside = filled[first:last]
        result[inside] = np.minimum(result[inside], smallest)
    return result


def band_keys(signature: Signatures, bands: int, rows: int) -> npt.NDArray[np.int64]:
    """One int64 key a band, (..., bands) of (..., permutations): equal where all the band's rows are equal.

    The band's number is hashed in, so equal keys mean the same band. Permutations beyond bands x rows are not used.

    >>> keys = band_keys(np.array([[1, 2, 3, 4], [1, 2, 9, 4]], np.uint32), bands=2, rows=2)
    >>> (keys[0] == keys[1]).tolist()
    [True, False]
    """
    if bands < 1 or rows < 1 or bands * rows > signature.shape[-1]:
        raise ValueError(f"{bands} bands of {rows} rows need 1 to {signature.shape[-1]} permutations")
    cut = signature[..., : bands * rows].reshape(*signature.shape[:-1], bands, rows)
    keys = np.empty(cut.shape[:-1], np.uint64)
    keys[...] = mix64(np.arange(bands, dtype=np.uint64))
    for row in range(rows):
        keys ^= cut[..., row]
        keys = mix64(keys)
    return keys.view(np.int64)


def detection(similarity: float, bands: int, rows: int) -> float:
    """Probability that two texts of this Jaccard similarity share a band.

    >>> round(detection(0.8, bands=14, rows=8), 3)
    0.924
    """
    return float(1.0 - (1.0 - similarity**rows) ** bands)


@cache
def optimal_bands(threshold: float, permutations: int, miss_weight: float = 0.5) -> tuple[int, int]:
    """(bands, rows) with the least weighted error over all similarities, as datasketch's `_optimal_param` chooses.

    The error is (1 - miss_weight) x the detection's integral below the threshold + miss_weight x the integral of
    misses above. Where candidates are verified, a false one costs time and a miss costs a duplicate: weigh misses.
    Gauss-Legendre quadrature is exact here: the integrand is a polynomial of degree bands x rows.

    >>> optimal_bands(0.8, 256), optimal_bands(0.8, 256, miss_weight=0.98)
    ((17, 15), (28, 9))
    """
    if not 0.0 < threshold <= 1.0 or permutations < 1 or not 0.0 <= miss_weight <= 1.0:
        raise ValueError(f"threshold {threshold} and miss_weight {miss_weight} lie in 0-1, permutations from 1")
    nodes, weights = np.polynomial.legendre.leggauss(permutations // 2 + 1)
    below, above = (nodes + 1) / 2 * threshold, threshold + (nodes + 1) / 2 * (1 - threshold)
    low, high = weights * threshold / 2 * (1 - miss_weight), weights * (1 - threshold) / 2 * miss_weight
    best, least = (1, 1), float("inf")
    for bands in range(1, permutations + 1):
        for rows in range(1, permutations // bands + 1):
            error = float(low @ (1 - (1 - below**rows) ** bands) + high @ (1 - above**rows) ** bands)
            if error < least:
                best, least = (bands, rows), error
    return best


@cache
def _coefficients(permutations: int) -> tuple[Signatures, Signatures]:
    """Odd factors and terms, uint32 (permutations, 1) each: a SplitMix64 stream, the same on every machine."""
    stream = mix64(np.arange(2 * permutations, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(_SEED))
    upper = (stream >> np.uint64(32)).astype(np.uint32).reshape(2, permutations, 1)
    return upper[0] | np.uint32(1), upper[1]
