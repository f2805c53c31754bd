"""rensa's R-MinHash and its LSH, on one core: SET OUT word|char. 128 permutations, 16 bands of 8, no verification.

`rho` as UNIT is the pipeline its README advertises, on words: it samples positions and gives a flag a document, no
clusters, so one of each cluster cannot be kept. It is timed, and its flags are saved as OUT/flags.npy.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import numpy as np

from benchmarks.peers.dedup_common import WORD, clusters, shingles, texts

PERMUTATIONS, BANDS, THRESHOLD, SEED = 128, 16, 0.7, 42


def run(folder: Path, out: Path, unit: str) -> None:
    rensa = import_module("rensa")
    index = rensa.RMinHashLSH(THRESHOLD, PERMUTATIONS, BANDS)
    if unit == "rho":
        words = (WORD.findall(text.lower()) for text in texts(folder, unit))
        matrix = rensa.RMinHash.digest_matrix_from_token_sets_rho(words, PERMUTATIONS, SEED)
        np.save(out / "flags.npy", np.array(index.query_duplicate_flags_matrix_one_shot(matrix), np.bool_))
        return
    tokens = (shingles(text, unit) for text in texts(folder, unit))
    signatures = rensa.RMinHash.from_token_sets(tokens, PERMUTATIONS, SEED)
    index.insert_many(signatures)
    found = index.query_all(signatures)
    nothing = set(index.query(rensa.RMinHash(PERMUTATIONS, SEED)))  # texts without a word have its empty signature
    pairs = ((number, other) for number, others in enumerate(found) if number not in nothing for other in others)
    np.save(out / "clusters.npy", clusters(len(found), pairs))


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
