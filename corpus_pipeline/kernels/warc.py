"""Records of web archives (WARC, WET; ISO 28500), one at a time, in bounded memory, whatever is broken between them.

Headers and HTTP are parsed by FastWARC (Apache-2.0). Cutting the file into records is done here, because a reader that
meets a damaged record gives up the rest of the file: here it is one record with a reason, and reading goes on with the
next. So is the choice of HTTP's codings that are undone: the content says which, since many writers undo some and keep
the headers that name them. In a gzip file every record is a member of its own (as the standard's annex D asks), so a
large one can be read in ranges, from each member that starts with a record on. Uncompressed, zstd and bz2 files are
read from their beginning to their end.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import BinaryIO, NamedTuple, Protocol

import pyarrow as pa
import regex

_CHUNK, _PIECE = 1 << 20, 64 << 10  # bytes
_GZIP = b"\x1f\x8b\x08"
_VERSION, _NEXT = b"WARC/", b"\r\n\r\nWARC/1."
_MAX_HEADER = 64 << 10  # bytes
_LENGTH = regex.compile(rb"^content-length:[ \t]*(\d{1,18})[ \t]*\r?$", regex.IGNORECASE | regex.MULTILINE)
_CHUNK_SIZE = regex.compile(rb"([0-9a-f]{1,16})[ \t]*(?:;[^\r\n]*)?(?:\r\n|\r?\Z)", regex.IGNORECASE)
_MOST_CODINGS = 8  # own choice: of one answer that are undone; a page has two
_HTML = ("text/html", "application/xhtml+xml")
_FORBIDS = regex.compile(r"\b(?:noindex|noarchive|none)\b", regex.IGNORECASE)
TEXT_TYPES = (*_HTML, "text/plain")


class Record(NamedTuple):
    """One record.

    place    where it starts: byte of the file, and of what is unpacked there
    content  body of a page or text, transfer and content codings undone; None when `problem` is set
    fields   WARC headers, HTTP headers as `http-...` (names in lower case), and `media-type`, `charset`
    problem  reject reason: broken_gzip, malformed_record, wrong_content_length, record_too_large, not_a_document
             (request, metadata, warcinfo, revisit), http_status (not 2xx), not_text (neither HTML nor plain text)
    """

    place: str
    content: bytes | None
    fields: dict[str, str]
    problem: str | None


def records(file: BinaryIO, codec: str | None, start: int, end: int, limit: int) -> Iterator[Record]:
    """The records of a seekable file that start in [start, end): all of them, each in one range only.

    codec  of the file: gzip, bz2, zstd or None; only gzip has ranges, the others are read whole where start is 0
    limit  bytes of one record; a larger one is skipped with a reason

    >>> head = "WARC/1.0\\r\\nWARC-Type: conversion\\r\\nContent-Type: text/plain\\r\\nContent-Length: 9\\r\\n\\r\\n"
    >>> [record.content.decode() for record in records(io.BytesIO((head + "동백꽃").encode()), None, 0, 99, 99)]
    ['동백꽃']
    """
    if codec == "gzip":
        yield from _members(file, start, end, limit)
    elif start == 0:
        file.seek(0)
        stream = pa.CompressedInputStream(file, codec) if codec else file
        try:
            yield from _framed(iter(lambda: bytes(stream.read(_CHUNK)), b""), "0", limit)
        except OSError:
            if codec is None:  # the disk's or the network's error, not the file's
                raise
            yield Record("0", None, {}, "broken_compression")


def _members(file: BinaryIO, start: int, end: int, limit: int) -> Iterator[Record]:
    position = 0 if start == 0 else _next_member(file, start)
    while position is not None and position < end:
        member = _Member(file, position)
        try:
            yield from _framed(member.chunks(), str(position), limit)
            following: int | None = member.end
        except zlib.error:
            yield Record(str(position), None, {}, "broken_gzip")
            following = _next_member(file, position + 1)
        else:
            file.seek(member.end)
            rest = file.read(1)
            if rest and member.after != _VERSION:  # the record there is lost, and is nobody else's to tell
                yield Record(str(member.end), None, {}, "broken_gzip")
                following = _next_member(file, member.end + 1)
            elif not rest:
                following = None
        position = following


class _Member:
    """A gzip member that starts with a record, and those after it that do not: their content in chunks.

    `end` and what is unpacked there, `after`, are known when all were taken. Members cut at any place (bgzip, pigz)
    are so read as one.
    """

    def __init__(self, file: BinaryIO, start: int) -> None:
        self.file, self.end = file, start
        self.after: bytes | None = None

    def chunks(self) -> Iterator[bytes]:
        """Raises zlib.error when the first member is damaged or stops early; a later one that does is left alone."""
        go_on = True
        while go_on:
            yield from self._one()
            self.after = _opening(self.file, self.end)
            go_on = self.after not in (None, _VERSION) and _is_whole(self.file, self.end)

    def _one(self) -> Iterator[bytes]:
        inflate = zlib.decompressobj(wbits=31)
        position = self.end
        pending = b""
        while not inflate.eof:
            if not pending:
                self.file.seek(position)
                pending = self.file.read(_CHUNK if position > self.end else 64 << 10)  # most members are small
                position += len(pending)
                if not pending:
                    raise zlib.error("ends early")
            yield inflate.decompress(pending, _CHUNK)
            pending = inflate.unconsumed_tail
        self.end = position - len(inflate.unused_data)


def _is_whole(file: BinaryIO, position: int) -> bool:
    """Whether the gzip member at `position` can be unpacked to its end. Read twice, so that no half of it counts."""
    try:
        for _ in _Member(file, position)._one():
            pass
    except zlib.error:
        return False
    return True


def _opening(file: BinaryIO, position: int) -> bytes | None:
    """The first unpacked bytes of the gzip member at `position`, as many as _VERSION has; None where there is none."""
    file.seek(position)
    data = file.read(4096)
    try:
        return zlib.decompressobj(wbits=31).decompress(data, len(_VERSION)) if data else None
    except zlib.error:
        return None


def _starts_member(file: BinaryIO, position: int) -> bool:
    """Whether a gzip member with a WARC record starts at `position`."""
    return _opening(file, position) == _VERSION


def _next_member(file: BinaryIO, position: int) -> int | None:
    """The first place from `position` on where a member with a WARC record starts."""
    while True:
        file.seek(position)
        data = file.read(_CHUNK)
        if len(data) < len(_GZIP):
            return None
        found = data.find(_GZIP)
        while found >= 0:
            if _starts_member(file, position + found):
                return position + found
            found = data.find(_GZIP, found + 1)
        position += len(data) - len(_GZIP) + 1


class _Reader(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


class _Buffer:
    """Chunks as one run of bytes of which only what is needed is held; `skipped` bytes were dropped."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.data, self.skipped, self._chunks = bytearray(), 0, chunks

    def fill(self, size: int) -> bool:
        """Whether there are `size` bytes."""
        while len(self.data) < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                return False
            self.data += chunk
        return True

    def drop(self, size: int) -> None:
        del self.data[:size]
        self.skipped += size

    def drop_until(self, mark: bytes, start: int) -> None:
        """Drop all before the next `mark` that lies at `start` or later; all there is when there is none."""
        while True:
            found = self.data.find(mark, start)
            if found >= 0:
                return self.drop(found)
            self.drop(max(0, len(self.data) - len(mark)))
            start = 0
            if not self.fill(len(self.data) + 1):
                return self.drop(len(self.data))


def _framed(chunks: Iterator[bytes], place: str, limit: int) -> Iterator[Record]:
    """Cut `chunks` by the records' Content-Length, checked by what follows, and parse them."""
    buffer = _Buffer(chunks)
    while True:
        while buffer.fill(1) and buffer.data[0] in b"\r\n":
            buffer.drop(len(buffer.data) - len(buffer.data.lstrip(b"\r\n")))
        if not buffer.data:
            return
        where = f"{place}+{buffer.skipped}" if buffer.skipped else place
        buffer.fill(_MAX_HEADER)
        head = buffer.data.find(b"\r\n\r\n", 0, _MAX_HEADER) + 4
        length = _LENGTH.search(buffer.data, 0, head) if head > 3 and buffer.data.startswith(_VERSION) else None
        if length is None:
            yield Record(where, None, {}, "malformed_record")
            buffer.drop_until(_NEXT, 0)
            continue
        size = head + int(length[1])
        if size > limit:  # ends where the next record seems to start: its length may be wrong
            yield _parsed(bytes(buffer.data[:head]), where, "record_too_large", limit)
            buffer.drop_until(_NEXT, head - 4)
        elif buffer.fill(size) and _record_ends(buffer, size):
            yield _parsed(bytes(buffer.data[:size]), where, None, limit)
            buffer.drop(size)
        else:
            yield _parsed(bytes(buffer.data[:head]), where, "wrong_content_length", limit)
            buffer.drop_until(_NEXT, head - 4)


def _record_ends(buffer: _Buffer, size: int) -> bool:
    """Whether after `size` bytes there is nothing but line breaks and then another record, or the end."""
    buffer.fill(size + 64)
    rest = buffer.data[size : size + 64].lstrip(b"\r\n")
    return not rest or rest.startswith(_VERSION)


def _parsed(data: bytes, place: str, problem: str | None, limit: int) -> Record:
    """`data` (one whole record, or only its header when `problem` is set) as a Record."""
    from fastwarc.warc import ArchiveIterator

    try:
        record = next(iter(ArchiveIterator(io.BytesIO(data), auto_decode="none", parse_http=problem is None)))
        fields = {name.lower(): value for name, value in record.headers.items()}
        http = [] if problem or record.http_headers is None else list(record.http_headers.items())
        fields |= {f"http-{name.lower()}": value for name, value in http}
        media = (record.http_content_type or fields.get("content-type", "")).partition(";")[0].strip().lower()
        fields |= {"media-type": media, "charset": record.http_charset or ""}
        problem = problem or _refusal(fields.get("warc-type", "").lower(), record.http_headers, media)
        content = None if problem else _undone(_bounded(record.reader, limit), _codings(http), limit)
    except (OSError, ValueError, StopIteration):
        return Record(place, None, {}, problem or "malformed_record")
    if content is not None and len(content) > limit:
        return Record(place, None, fields, "record_too_large")
    return Record(place, content, fields, problem)


def _codings(http: Sequence[tuple[str, str]]) -> list[str]:
    """Up to _MOST_CODINGS that HTTP headers name, the one that was put on last first: transfer, then content."""
    found = list[str]()
    for wanted in ("content-encoding", "transfer-encoding"):
        for _, value in (header for header in http if header[0].lower() == wanted):
            found += [name.strip().lower() for name in value.split(",")]
    return found[::-1][:_MOST_CODINGS]


def _undone(content: bytes, codings: Iterable[str], limit: int) -> bytes:
    """`content` without its codings, or a little more than `limit` bytes of it.

    One that the content does not show is passed over.
    """
    from fastwarc import stream_io

    def packed(reader: Callable[[io.BytesIO], _Reader]) -> bytes | None:
        try:
            return _bounded(reader(io.BytesIO(content)), limit)
        except (OSError, ValueError):
            return None

    for coding in codings:
        found: bytes | None = None
        if coding == "chunked":
            found = _unchunked(content)
        elif coding in ("gzip", "x-gzip"):  # RFC 9110, 8.4.1.3: the same
            found = packed(stream_io.GzipReader)
        elif coding == "deflate":
            found = packed(partial(stream_io.GzipReader, zlib=True))
            found = _inflated(content, limit) if found is None else found
        elif coding == "br":
            found = packed(stream_io.BrotliReader)
        elif coding == "zstd":
            found = packed(stream_io.ZstdReader)
        content = content if found is None else found
        if len(content) > limit:
            break
    return content


def _unchunked(data: bytes) -> bytes | None:
    """The chunks of `data`, though the last may be cut; None where there are none (RFC 9112, 7.1).

    >>> _unchunked(b"5\\r\\nhello\\r\\n6;a=b\\r\\n world\\r\\n0\\r\\n\\r\\n"), _unchunked(b"2020\\r\\nhello")
    (b'hello world', None)
    """
    chunks, position = list[bytes](), 0
    while (line := _CHUNK_SIZE.match(data, position)) and (size := int(line[1], 16)):
        chunks.append(data[line.end() : line.end() + size])
        position = line.end() + size
        if position > len(data) and len(chunks) == 1:  # more likely a text that starts with a number
            return None
        if not b"\r\n".startswith(data[position : position + 2]):
            return None
        position += 2
    if line is None and (not chunks or position < len(data)):
        return None
    return b"".join(chunks) if chunks or not data[line.end() :].strip() else None


def _inflated(data: bytes, limit: int) -> bytes | None:
    """Deflated `data` without the header of zlib, as some servers send it; None where it is not that, as a whole."""
    inflate = zlib.decompressobj(wbits=-15)
    try:
        found = inflate.decompress(data, limit + 1)
    except zlib.error:
        return None
    return found if inflate.eof or len(found) > limit else None


def _bounded(reader: _Reader, limit: int) -> bytes:
    """All that `reader` gives, or a little more than `limit` bytes. In pieces: it allocates what it is asked for."""
    content = bytearray()
    while len(content) <= limit and (piece := reader.read(_PIECE)):
        content += piece
    return bytes(content)


def _refusal(kind: str, http: object, media: str) -> str | None:
    if kind not in ("response", "resource", "conversion"):
        return "not_a_document"
    status = getattr(http, "status_code", None)
    if kind == "response" and http is not None and not (status and 200 <= status < 300):
        return "http_status"
    return None if media in TEXT_TYPES else "not_text"


def is_html(media: str) -> bool:
    """Whether a media type is a page's; plain text is the other one in TEXT_TYPES."""
    return media in _HTML


def forbids_indexing(x_robots_tag: str) -> bool:
    """Whether the HTTP header of this name forbids some robot to index or to keep the page.

    >>> forbids_indexing("googlebot: noindex, nofollow"), forbids_indexing("max-snippet: 20")
    (True, False)
    """
    return bool(_FORBIDS.search(x_robots_tag))
