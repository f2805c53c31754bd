"""How the token stream of a shard is cut into sequences. The stream itself is the same in every mode.

none      one sequence per document copy
document  a sequence holds tokens of one document alone, at most `length` of them: a longer document is cut, nothing
          is joined, so attention needs no mask and positions no reset
stream    every sequence has exactly `length` tokens but the shard's last: documents run on, EOD between them, and
          nothing is reset at a border (as GPT-2 and GPT-3 were trained)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Layout:
    """What a shard's files hold: `formats` of the files, and the cut. `length` counts tokens, EOD included."""

    formats: tuple[Literal["megatron", "parquet", "datatrove"], ...] = ("megatron",)
    packing: Literal["none", "document", "stream"] = "none"
    length: int = 2048


def sequences(documents: Array, layout: Layout) -> tuple[Array, Array]:
    """Tokens of each document (int [D]) -> tokens of each sequence (int64 [S]), and its first document (int64 [S]).

    >>> sequences(np.array([5, 2]), Layout(packing="document", length=3))
    (array([3, 2, 2]), array([0, 0, 1]))
    >>> sequences(np.array([5, 2]), Layout(packing="stream", length=3))
    (array([3, 3, 1]), array([0, 0, 1]))
    """
    documents = np.asarray(documents, np.int64)
    if layout.packing == "none":
        return documents, np.arange(len(documents))
    if layout.packing == "stream":
        total = int(documents.sum())
        starts = np.arange(0, total, layout.length)
        return np.diff(np.append(starts, total)), np.searchsorted(np.cumsum(documents), starts, side="right")
    parts = -(-documents // layout.length)
    lengths = np.full(parts.sum(), layout.length, np.int64)
    lengths[np.cumsum(parts) - 1] = documents - (parts - 1) * layout.length
    return lengths, np.repeat(np.arange(len(documents)), parts)
