"""The bytes of a compressed file, held in memory and bounded, by Arrow's codecs. The name's ending says which."""

from __future__ import annotations

import pyarrow as pa

CODECS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}


def codec(name: str) -> str | None:
    """Arrow's codec for a file of this name; None for one that is not compressed.

    >>> codec("누리집/a.html.bz2"), codec("a.html")
    ('bz2', None)
    """
    return next((one for ending, one in CODECS.items() if name.lower().endswith(ending)), None)


def unpack(data: bytes, name: str, limit: int) -> tuple[bytes | None, str | None]:
    """`data` without its compression, or None and a reject reason: broken_compression, file_too_large.

    limit  bytes of the result: a small file can become very large

    >>> import gzip
    >>> unpack(gzip.compress("동백꽃".encode()), "a.txt.gz", 100)[0].decode()
    '동백꽃'
    >>> unpack(gzip.compress(bytes(1000)), "a.txt.gz", 100), unpack(b"?", "a.gz", 100)
    ((None, 'file_too_large'), (None, 'broken_compression'))
    """
    kind = codec(name)
    if kind is None:
        return data, None
    try:
        with pa.CompressedInputStream(pa.BufferReader(data), kind) as stream:
            result = bytes(stream.read(limit + 1))
    except OSError:
        return None, "broken_compression"
    return (result, None) if len(result) <= limit else (None, "file_too_large")
