"""The byte layout of Megatron IndexedDataset shards (`.bin`, `.idx`): facts in docs/formats.md.

One sequence per document. `.bin` is the token ids back to back, little-endian. `.idx` is a header, then int32
lengths, int64 byte offsets, and the int64 document index (0, then sequences so far).
"""

from __future__ import annotations

import struct

import numpy as np

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


def index_bytes(lengths: np.ndarray, dtype: str) -> bytes:
    """The `.idx` file for sequences of `lengths` (int, shape [S], tokens), one per document, none empty.

    >>> index_bytes(np.array([3, 2]), "uint16").hex()[:20]
    '4d4d4944494458000001'
    """
    sizes = np.asarray(lengths, dtype="<i4")
    offsets = np.zeros(len(sizes), dtype="<i8")
    np.cumsum(sizes[:-1], dtype="<i8", out=offsets[1:])
    offsets *= np.dtype(dtype).itemsize
    documents = np.arange(len(sizes) + 1, dtype="<i8")
    head = MAGIC + struct.pack("<QBQQ", VERSION, CODES[dtype], len(sizes), len(documents))
    return head + sizes.tobytes() + offsets.tobytes() + documents.tobytes()
