"""NFC over an Arrow column, once per distinct value's need: text that is NFC already is passed through."""

from __future__ import annotations

from unicodedata import is_normalized, normalize

import pyarrow as pa


def nfc(column: pa.Array) -> pa.Array:
    """`column` (string, nulls stay) in normalisation form C.

    >>> nfc(pa.array(["\\u1112\\u1161\\u11ab", None])).to_pylist()
    ['한', None]
    """
    values = column.to_pylist()
    if all(v is None or v.isascii() or is_normalized("NFC", v) for v in values):
        return column
    return pa.array([None if v is None else normalize("NFC", v) for v in values], column.type)
