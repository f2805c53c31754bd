"""The byte layout of Megatron IndexedDataset shards (`.bin`, `.idx`): facts in docs/formats.md.

`.bin` is the token ids back to back, little-endian. `.idx` is a header, then int32 lengths of the sequences, int64
byte offsets, and the int64 document index (0, then sequences so far).
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

MAGIC = b"MMIDIDX\x00\x00"
VERSION = 1
UINT16_LIMIT = 65_500  # vocabularies under this size are stored as uint16, as Megatron-LM does
CODES = {"uint16": 8, "int32": 4}


def token_dtype(vocab_size: int) -> str:
    """`uint16` or `int32`.

    >>> token_dtype(32_000), token_dtype(65_500)
    ('uint16', 'int32')
    """
    return "uint16" if vocab_size < UINT16_LIMIT else "int32"


def index_bytes(lengths: Array, dtype: str, documents: Array | None = None) -> bytes:
    """The `.idx` file for sequences of `lengths` (int [S], tokens, none empty).

    documents  int [D]: sequences up to the end of each document; None: every sequence is a document

    >>> index_bytes(np.array([3, 2]), "uint16").hex()[:20]
    '4d4d4944494458000001'
    """
    sizes = np.asarray(lengths, dtype="<i4")
    offsets = np.zeros(len(sizes), dtype="<i8")
    np.cumsum(sizes[:-1], dtype="<i8", out=offsets[1:])
    offsets *= np.dtype(dtype).itemsize
    ends = np.arange(1, len(sizes) + 1) if documents is None else documents
    index = np.concatenate(([0], ends)).astype("<i8")
    head = MAGIC + struct.pack("<QBQQ", VERSION, CODES[dtype], len(sizes), len(index))
    return head + sizes.tobytes() + offsets.tobytes() + index.tobytes()
