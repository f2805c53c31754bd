"""MinHash signatures and their bands: which of many texts are worth comparing.

A signature holds P numbers; two texts agree in one place with probability J, their Jaccard similarity (Broder 1997).
The signature is cut into bands of rows; texts that share a whole band are candidates, which is the case with
probability 1 - (1 - J^rows)^bands.

One permutation does for a long text (Li, Owen & Zhang 2012): the lower half of a shingle's hash says which of P bins
it falls into, the upper half its rank there, and a place of the signature is the smallest rank of its bin. A bin that
stays empty takes the smallest rank under a permutation of its own, over all shingles (x -> a x + b modulo 2^32, a odd:
the wrap-around of uint32 *is* the modulus, so nothing overflows). Agreement stays J in every place: where the union of
two texts has a shingle in the bin, its smallest lies in both with probability J, and otherwise both take the
permutation, where the same holds. So short texts are ordinary MinHash, and no value is borrowed from another bin.

32 bits make two different minima equal with odds of (shingles / 2^32): 5e-5 at 200,000, against a standard error of
0.035 at P = 128. Bias: keep when unsure. Bands only nominate; the caller verifies candidates on the shingles.

Cost: 12 ns a shingle and core; of texts under 2 P shingles P x 0.5 ns more (60 ns at P = 128). Memory: 8 bytes a
shingle of the batch and a block of 256 kB.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from corpus_pipeline.kernels.shingle import Hashes, Ragged, distinct, mix64

__all__ = ["band_keys", "bins", "detection", "fill", "optimal_bands", "signatures"]

Signatures = npt.NDArray[np.uint32]

_BLOCK = 1 << 15  # shingles at a time; 2^21 was six times slower (they leave the cache)
_COLUMNS, _ROWS = 8192, 8  # shingles and permutations at a time: 256 kB; all permutations at once took twice as long
_FEW = 2  # shingles per place up to which all permutations are worked out: 13 % of the bins are empty there (e^-2)
_HALF, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)
_EMPTY = np.iinfo(np.uint32).max
_SEED = 0x4D696E48617368  # "MinHash"; any constant does, a change makes all band keys new


def signatures(shingles: Ragged, permutations: int = 128) -> Signatures:
    """Signature of each row of hashes, uint32 (rows, permutations); a row without any: all 2^32 - 1.

    shingles  uint64 hashes, well mixed; order and repetition do not matter. Raises ValueError when permutations < 1.

    >>> import pyarrow as pa
    >>> from corpus_pipeline.kernels.normalise import comparison_forms
    >>> from corpus_pipeline.kernels.shingle import shingles
    >>> a, b = (f"산업통상자원부는 반도체 수출이 {how} 늘었다고 밝혔다" for how in ("크게", "조금"))
    >>> pair = signatures(shingles(comparison_forms(pa.array([a, b]))), permutations=2048)
    >>> round(float((pair[0] == pair[1]).mean()), 1)  # exact: 0.5
    0.5
    """
    result = bins(shingles, permutations)
    fill(result, shingles)
    return result


def bins(shingles: Ragged, permutations: int) -> Signatures:
    """The smallest rank in each bin; 2^32 - 1 in an empty one. Parts of a row combine by `np.minimum`."""
    if permutations < 1:
        raise ValueError(f"permutations must be 1 or more, got {permutations}")
    values, offsets = shingles
    result = np.full((len(offsets) - 1, permutations), _EMPTY, np.uint32)
    flat = result.reshape(-1)
    row = np.repeat(np.arange(len(result)) * permutations, np.diff(offsets))
    for begin in range(0, len(values), _BLOCK):
        part = values[begin : begin + _BLOCK]
        place = ((part & _LOW) * np.uint64(permutations) >> _HALF).astype(np.int64)
        place += row[begin : begin + _BLOCK]
        np.minimum.at(flat, place, (part >> _HALF).astype(np.uint32))
    return result


def fill(signature: Signatures, shingles: Ragged) -> None:
    """Give the empty bins of each row that has a shingle the smallest value of their own permutation of all its ranks.

    signature  as `bins` returned it, changed in place.
    """
    values, offsets = shingles
    lengths = np.diff(offsets)
    few = (lengths > 0) & (lengths < _FEW * signature.shape[1])
    if few.any():
        part = _ranks(values[np.repeat(few, lengths)])
        permuted = _permuted(part, lengths[few], signature.shape[1])
        signature[few] = np.where(signature[few] == _EMPTY, permuted, signature[few])
    factors, terms = _coefficients(signature.shape[1])
    for i in np.flatnonzero(~few & (lengths > 0) & (signature == _EMPTY).any(axis=1)).tolist():
        empty = np.flatnonzero(signature[i] == _EMPTY)
        ranks = distinct(_ranks(values[offsets[i] : offsets[i + 1]]))  # many empty bins: few different shingles
        signature[i, empty] = (factors[empty] * ranks + terms[empty]).min(axis=1)


def _ranks(hashes: Hashes) -> Signatures:
    return (hashes >> _HALF).astype(np.uint32)


def _permuted(ranks: Signatures, lengths: npt.NDArray[np.int64], permutations: int) -> Signatures:
    """The smallest permuted rank of each row, uint32 (rows, permutations); no row is empty."""
    result = np.full((permutations, len(lengths)), _EMPTY, np.uint32)
    ends = np.cumsum(lengths)
    starts = ends - lengths
    factors, terms = _coefficients(permutations)
    buffer = np.empty((_ROWS, min(_COLUMNS, len(ranks))), np.uint32)
    for begin in range(0, len(ranks), _COLUMNS):
        end = min(begin + _COLUMNS, len(ranks))
        first, last = np.searchsorted(ends, begin, side="right"), np.searchsorted(starts, end, side="left")
        cuts = np.maximum(starts[first:last] - begin, 0)
        for low in range(0, permutations, _ROWS):
            high = min(low + _ROWS, permutations)
            permuted = np.multiply(factors[low:high], ranks[begin:end], out=buffer[: high - low, : end - begin])
            np.add(permuted, terms[low:high], out=permuted)
            smallest = result[low:high, first:last]
            np.minimum(smallest, np.minimum.reduceat(permuted, cuts, axis=1), out=smallest)
    return np.ascontiguousarray(result.T)


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
