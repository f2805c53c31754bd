"""Web archives written by warcio, whole and damaged: every record is there once, with its text or a reason."""

from __future__ import annotations

import bz2
import gzip
import io
import tracemalloc
import zlib
from typing import BinaryIO, cast

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_pipeline.kernels.warc import Record, records
from tests.web_archives import page, write_warc

URLS = [f"http://a.kr/{number}" for number in range(6)]
PAGES = [(url, page(f"글 {url[-1]} 번").encode("cp949"), "text/html; charset=euc-kr") for url in URLS]
PLAIN, GZIP = write_warc(PAGES, requests=False), write_warc(PAGES, gz=True, requests=False)
END = 1 << 40


def read(data: bytes, codec: str | None = None, limit: int = 1 << 20) -> list[Record]:
    return list(records(io.BytesIO(data), codec, 0, END, limit))


def ranges(data: bytes, step: int) -> list[Record]:
    starts = range(0, len(data), step)
    return [one for start in starts for one in records(io.BytesIO(data), "gzip", start, start + step, 1 << 20)]


def found(data: bytes, codec: str | None = None) -> list[tuple[str | None, str | None]]:
    return [(one.fields.get("warc-target-uri"), one.problem) for one in read(data, codec)]


def members(data: bytes) -> list[int]:
    """Where gzip members start, by the library's own unpacking."""
    starts, position = [], 0
    while position < len(data):
        starts.append(position)
        inflate = zlib.decompressobj(wbits=31)
        inflate.decompress(data[position:])
        position = len(data) - len(inflate.unused_data)
    return starts


STARTS = members(GZIP)


def zstd(data: bytes) -> bytes:
    target = pa.BufferOutputStream()
    with pa.CompressedOutputStream(target, "zstd") as stream:
        stream.write(data)
    return bytes(target.getvalue())


@pytest.mark.parametrize(
    ("data", "codec"),
    [
        (PLAIN, None),
        (GZIP, "gzip"),
        (gzip.compress(PLAIN), "gzip"),
        (bz2.compress(PLAIN), "bz2"),
        (zstd(PLAIN), "zstd"),
    ],
)
def test_every_page_of_a_whole_archive(data: bytes, codec: str | None) -> None:
    got = read(data, codec)
    assert [(one.content, one.problem) for one in got] == [(body, None) for _, body, _ in PAGES]
    assert {(one.fields["media-type"], one.fields["charset"]) for one in got} == {("text/html", "euc-kr")}


def test_what_is_no_page_has_a_reason() -> None:
    kinds = [("http://a.kr/a.png", b"\x89PNG", "image/png"), *PAGES[:1]]
    reasons = [(one.fields["warc-type"], one.problem) for one in read(write_warc(kinds))]
    other = [("request", "not_a_document"), ("metadata", "not_a_document")]
    assert reasons == [other[0], ("response", "not_text"), other[1], other[0], ("response", None), other[1]]
    missing = PLAIN.replace(b"HTTP/1.1 200 OK", b"HTTP/1.1 404 No", 1)
    assert [one.problem for one in read(missing)] == ["http_status"] + [None] * 5


@settings(max_examples=40)
@given(st.integers(1, len(GZIP) + 10))
def test_ranges_give_each_record_once(step: int) -> None:
    assert ranges(GZIP, step) == read(GZIP, "gzip")


@settings(max_examples=40)
@given(st.integers(0, 5), st.integers(20, 200), st.integers(1, 255), st.integers(50, 5000))
def test_a_damaged_member_costs_one_record(number: int, at: int, flip: int, step: int) -> None:
    damaged = bytearray(GZIP)
    damaged[STARTS[number] + at] ^= flip
    whole = read(bytes(damaged), "gzip")
    expected: list[tuple[str | None, str | None]] = [(url, None) for url in URLS]
    got = [(one.fields.get("warc-target-uri"), one.problem) for one in whole]
    assert got[:number] == expected[:number]
    assert got[number + 1 :] == expected[number + 1 :]
    assert got[number][1] is not None
    assert ranges(bytes(damaged), step) == whole


def pieces(size: int) -> bytes:
    """The archive in gzip members of `size` bytes each, cut at any place, and an empty one, as of bgzip."""
    cut = [gzip.compress(PLAIN[at : at + size], mtime=0) for at in range(0, len(PLAIN), size)]
    return b"".join([*cut, gzip.compress(b"", mtime=0)])


@settings(max_examples=40)
@given(st.integers(60, len(PLAIN)), st.integers(200, 20_000))
def test_members_cut_elsewhere_than_between_records_lose_none(size: int, step: int) -> None:
    data = pieces(size)
    assert [(one.content, one.problem) for one in read(data, "gzip")] == [(body, None) for _, body, _ in PAGES]
    assert [one.fields["warc-target-uri"] for one in ranges(data, step)] == URLS


def test_a_damaged_piece_costs_the_records_in_it() -> None:
    data = bytearray(pieces(500))
    starts = members(bytes(data))
    data[starts[len(starts) // 2] + 30] ^= 255
    got = found(bytes(data), "gzip")
    kept = [url for url, problem in got if problem is None]
    assert kept[0] == URLS[0]
    assert kept == [url for url in URLS if url in kept]
    assert {problem for _, problem in got if problem} <= {"broken_gzip", "wrong_content_length", "malformed_record"}


@settings(max_examples=40)
@given(st.binary(max_size=400), st.integers(0, 5))
def test_garbage_between_members_is_told_once(garbage: bytes, number: int) -> None:
    cut = STARTS[number]
    got = found(GZIP[:cut] + garbage + GZIP[cut:], "gzip")
    assert [url for url, problem in got if problem is None] == URLS
    assert len([one for one in got if one[1]]) == bool(garbage)


def test_a_cut_archive_names_the_record_that_was_cut() -> None:
    assert found(GZIP[: STARTS[3] + 200], "gzip") == [(url, None) for url in URLS[:3]] + [(None, "broken_gzip")]
    assert found(PLAIN[:-300])[-1] == (URLS[-1], "wrong_content_length")
    assert found(bz2.compress(PLAIN)[:-20], "bz2")[-1][1] == "broken_compression"


@pytest.mark.parametrize("length", [0, 10, 400, 1300, 40_000, 10**9, 10**17])
def test_a_wrong_length_costs_that_record_alone(length: int) -> None:
    start = PLAIN.index(b"Content-Length: ", PLAIN.index(URLS[2].encode()))
    wrong = PLAIN[:start] + b"Content-Length: %d" % length + PLAIN[PLAIN.index(b"\r\n", start) :]
    got = found(wrong)
    assert [url for url, problem in got if problem is None] == [url for url in URLS if url != URLS[2]]
    reasons = {problem for _, problem in got if problem}
    assert reasons <= {"wrong_content_length", "record_too_large", "malformed_record"}
    assert len(got) == 6


@pytest.mark.parametrize("length", [b"abc", b"-5", b"", b"9" * 30])
def test_a_length_that_is_no_number(length: bytes) -> None:
    start = PLAIN.index(b"Content-Length: ", PLAIN.index(URLS[2].encode()))
    wrong = PLAIN[:start] + b"Content-Length: " + length + PLAIN[PLAIN.index(b"\r\n", start) :]
    assert [problem for _, problem in found(wrong)] == [None, None, "malformed_record", None, None, None]


def test_what_is_no_archive() -> None:
    assert found(b"") == []
    assert found(b"hello\r\n\r\nworld") == [(None, "malformed_record")]
    assert found(gzip.compress("문서".encode()), "gzip")[0][1] == "malformed_record"


def test_a_body_packed_by_http_is_unpacked_in_bounds() -> None:
    media = "text/html\r\nContent-Encoding: gzip"
    bomb = gzip.compress(bytes(10_000_000))
    data = write_warc([(URLS[0], gzip.compress(PAGES[0][1]), media), (URLS[1], bomb, media)], requests=False)
    first, second = read(data)
    assert first.content == PAGES[0][1]
    assert second.problem == "record_too_large"


TEXT = page("글").encode()
PACKED = gzip.compress(TEXT, mtime=0)
OF_GZIP, OF_CHUNKS = "Content-Encoding: gzip", "Transfer-Encoding: chunked"


def chunked(body: bytes, size: int = 100, end: bytes = b"0\r\n\r\n") -> bytes:
    parts = (body[at : at + size] for at in range(0, len(body), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + end


def deflated(body: bytes) -> bytes:
    """Without the header of zlib."""
    deflate = zlib.compressobj(wbits=-15)
    return deflate.compress(body) + deflate.flush()


def answer(body: bytes, *headers: str) -> Record:
    (only,) = read(write_warc([(URLS[0], body, "\r\n".join(["text/html", *headers]))], requests=False))
    return only


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        pytest.param(PACKED, ["Content-Encoding: x-gzip"], id="x-gzip"),
        pytest.param(deflated(TEXT), ["Content-Encoding: deflate"], id="deflate without zlib"),
        pytest.param(PACKED, [OF_GZIP, OF_CHUNKS], id="gzip, chunks undone"),
        pytest.param(chunked(TEXT), [OF_GZIP, OF_CHUNKS], id="chunks, gzip undone"),
        pytest.param(chunked(PACKED), [OF_GZIP, OF_CHUNKS], id="both"),
        pytest.param(TEXT, [OF_GZIP, OF_CHUNKS], id="both undone"),
        pytest.param(PACKED, ["content-encoding: GZIP"], id="gzip"),
        pytest.param(gzip.compress(TEXT[:99]) + gzip.compress(TEXT[99:]), [OF_GZIP], id="gzip, two members"),
        pytest.param(TEXT, ["Content-Encoding: x-gzip"], id="x-gzip undone"),
        pytest.param(zlib.compress(TEXT), ["Content-Encoding: deflate"], id="deflate"),
        pytest.param(TEXT, ["Content-Encoding: deflate"], id="deflate undone"),
        pytest.param(gzip.compress(deflated(TEXT)), ["Content-Encoding: deflate, gzip"], id="two of the content"),
        pytest.param(gzip.compress(deflated(TEXT)), ["Content-Encoding: deflate", OF_GZIP], id="two headers"),
        pytest.param(chunked(PACKED), ["Transfer-Encoding: gzip, chunked"], id="two of the transfer"),
        pytest.param(zstd(TEXT), ["Content-Encoding: zstd"], id="zstd"),
        pytest.param(TEXT, ["Content-Encoding: br"], id="br undone"),
        pytest.param(TEXT, ["Content-Encoding: identity"], id="none"),
        pytest.param(chunked(TEXT), [OF_CHUNKS], id="chunks"),
        pytest.param(TEXT, [OF_CHUNKS], id="chunks undone"),
        pytest.param(chunked(TEXT, end=b""), [OF_CHUNKS], id="chunks without an end"),
        pytest.param(chunked(TEXT, end=b"0\r\nX-Time: 1\r\n\r\n"), [OF_CHUNKS], id="a trailer"),
        pytest.param(chunked(TEXT).replace(b"64\r\n", b"64;a=b\r\n"), [OF_CHUNKS], id="extensions of chunks"),
        pytest.param(chunked(TEXT).replace(b"64\r\n", b"00000064  \r\n"), [OF_CHUNKS], id="padded sizes"),
    ],
)
def test_codings_are_undone_by_what_the_content_shows(body: bytes, headers: list[str]) -> None:
    only = answer(body, *headers)
    assert (only.content, only.problem) == (TEXT, None)


@pytest.mark.parametrize("text", ["2020\r\n년의 기록", "2020", "a\r\nb\r\nc", "1\n2\n3\n", "", "가"])
def test_a_text_that_only_looks_coded_is_kept(text: str) -> None:
    for headers in ([OF_CHUNKS], [OF_GZIP], ["Content-Encoding: deflate"], ["Content-Encoding: br, zstd, compress"]):
        assert answer(text.encode(), *headers).content == text.encode()


@settings(max_examples=200)
@given(st.binary(max_size=60), st.lists(st.sampled_from(["gzip", "deflate", "br", "zstd", "chunked"]), max_size=3))
def test_no_content_is_lost_to_codings(body: bytes, names: list[str]) -> None:
    only = answer(body, f"Transfer-Encoding: {', '.join(names)}")
    assert only.problem is None
    assert only.content is not None


def test_a_cut_answer_gives_what_is_there() -> None:
    cut = answer(chunked(TEXT)[:-300], OF_CHUNKS).content
    assert cut
    assert TEXT.startswith(cut)
    assert len(TEXT) - len(cut) < 300


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (gzip.compress(bytes(10_000_000)), ["Content-Encoding: x-gzip"]),
        (deflated(bytes(10_000_000)), ["Content-Encoding: deflate"]),
        (zlib.compress(bytes(10_000_000)), ["Content-Encoding: deflate"]),
        (chunked(gzip.compress(bytes(10_000_000))), [OF_GZIP, OF_CHUNKS]),
        (gzip.compress(gzip.compress(bytes(100_000_000))), [OF_GZIP, OF_GZIP]),
        (gzip.compress(gzip.compress(bytes(10_000_000)) + bytes(10_000_000)), [OF_GZIP, OF_GZIP]),
    ],
)
def test_bombs_are_not_unpacked(body: bytes, headers: list[str]) -> None:
    tracemalloc.start()
    assert answer(body, *headers).problem == "record_too_large"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20


def test_memory_follows_the_record_and_not_the_file() -> None:
    class Endless(io.RawIOBase):
        """300 MB of archive that is never there as a whole."""

        def __init__(self) -> None:
            self.position = 0

        def read(self, size: int = -1) -> bytes:
            self.position += size
            if self.position < 2 * size:
                return PLAIN[:100] + b"\r\nContent-Length: 9999999999\r\n\r\n" + bytes(size)
            return bytes(size) if self.position < 300 << 20 else b""

        def seek(self, position: int, whence: int = 0) -> int:
            self.position = position
            return position

    tracemalloc.start()
    assert [one.problem for one in records(cast(BinaryIO, Endless()), None, 0, END, 1 << 20)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20
