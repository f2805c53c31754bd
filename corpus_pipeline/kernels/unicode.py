"""Code points of a text as an array; NFC over an Arrow column, where what is NFC already is passed through."""

from __future__ import annotations

from unicodedata import is_normalized, normalize

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def code_points(text: str) -> NDArray[np.uint32]:
    """One number a character, lone surrogates too; read-only.

    >>> code_points("가" + chr(0xD800)).tolist() == [0xAC00, 0xD800]
    True
    """
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def nfc(column: pa.Array) -> pa.Array:
    """`column` (string, nulls stay) in normalisation form C.

    >>> nfc(pa.array(["\\u1112\\u1161\\u11ab", None])).to_pylist()
    ['한', None]
    """
    values = column.to_pylist()
    if all(v is None or v.isascii() or is_normalized("NFC", v) for v in values):
        return column
    return pa.array([None if v is None else normalize("NFC", v) for v in values], column.type)
