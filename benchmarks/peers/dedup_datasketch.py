"""datasketch's MinHashLSH: SET OUT word|char WORKERS. 128 permutations, threshold 0.7: 14 bands of 9.

`MinHash.generator` is its fastest documented way to many signatures. With more than one worker the signatures come
from as many processes, and go to one index. Each document is asked for before it is put in.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from functools import partial
from importlib import import_module
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.dedup_common import clusters, shingles, texts

PERMUTATIONS, THRESHOLD = 128, 0.7
CHUNK = 500  # documents


def signed(some: list[str], unit: str) -> list[Any]:
    """hashvalues of each text; None where there is nothing to hash."""
    minhash = import_module("datasketch").MinHash
    found = ([shingle.encode() for shingle in set(shingles(text, unit))] for text in some)
    return [m.hashvalues if not m.is_empty() else None for m in minhash.generator(found, num_perm=PERMUTATIONS)]


def chunks(source: Iterator[str]) -> Iterator[list[str]]:
    while some := list(islice(source, CHUNK)):
        yield some


def edges(signatures: Iterable[list[Any]]) -> Iterator[tuple[int, int]]:
    """(document, earlier document) that share a band; the document itself when it shares none."""
    library = import_module("datasketch")
    index = library.MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    empty = library.MinHash(num_perm=PERMUTATIONS)
    known = {"permutations": empty.permutations, "scheme": empty.scheme}
    number = 0
    with index.insertion_session() as session:
        for some in signatures:
            for values in some:
                yield number, number
                if values is not None:
                    one = library.MinHash(hashvalues=values, **known)
                    yield from ((number, other) for other in index.query(one))
                    session.insert(number, one, check_duplication=False)
                number += 1


def run(folder: Path, out: Path, unit: str, workers: int) -> None:
    work, source = partial(signed, unit=unit), chunks(texts(folder, unit))
    if workers == 1:
        found = list(edges(map(work, source)))
    else:
        with get_context("fork").Pool(workers) as pool:
            found = list(edges(pool.imap(work, source)))
    np.save(out / "clusters.npy", clusters(found[-1][0] + 1 if found else 0, found))


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
