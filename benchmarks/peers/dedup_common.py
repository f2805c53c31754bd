"""What the peers of benchmarks/dedup.py share: the set's texts, their shingles in two units, clusters as one array.

A peer is run as `python -m benchmarks.peers.dedup_X SET OUT UNIT [WORKERS]` in an environment of its own, and leaves
OUT/clusters.npy: int64, for each document of SET in its order the number of one document of its cluster, the same for
all of them; -1 where the peer dropped the document without comparing it.

word    SET's texts; shingles are five words (eojeol) in lower case, the peer's own where it cuts texts itself
char    SET/chars: texts in comparison form, their letters set apart by spaces, so that five words are five letters
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

NGRAM = 5
WORD = re.compile(r"\w+")


def files_of(folder: Path, unit: str, kind: str = "jsonl") -> list[Path]:
    """The files of a set, in its order; `kind` is jsonl or parquet."""
    return sorted(((folder / "chars" if unit == "char" else folder) / kind).iterdir())


def texts(folder: Path, unit: str) -> Iterator[str]:
    for file in files_of(folder, unit):
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)["text"]


def shingles(text: str, unit: str) -> list[str]:
    """In order, repeats and all; a text that is shorter is one.

    >>> shingles("하나 둘 셋 넷 다섯 여섯", "word"), shingles("가 나 다 라 마", "char"), shingles("둘", "word")
    (['하나 둘 셋 넷 다섯', '둘 셋 넷 다섯 여섯'], ['가나다라마'], ['둘'])
    """
    if unit == "char":
        letters = text[::2]
        return [letters[i : i + NGRAM] for i in range(max(1, len(letters) - NGRAM + 1))] if letters else []
    words = WORD.findall(text.lower())
    return [" ".join(words[i : i + NGRAM]) for i in range(max(1, len(words) - NGRAM + 1))] if words else []


def clusters(count: int, edges: Iterable[tuple[int, int]]) -> npt.NDArray[np.int64]:
    """The smallest document of each document's cluster.

    >>> clusters(5, [(3, 1), (3, 4)]).tolist()
    [0, 1, 2, 1, 1]
    """
    parent = list(range(count))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for a, b in edges:
        a, b = root(a), root(b)
        parent[max(a, b)] = min(a, b)
    return np.array([root(node) for node in range(count)], np.int64)
