"""Records of our own formats as text: a row for a row, each with text or a reason. No JVM."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.stages.read_files import How, archive_records, read_batch, sheet_batch
from tests.web_archives import page, wet, write_warc

RAW = pa.schema(
    [
        *((name, pa.string()) for name in ("_path", "record_id", "problem")),
        ("content", pa.binary()),
        ("front", pa.map_(pa.string(), pa.string())),
    ]
)


def rows(how: How, *contents: bytes | None, name: str = "a") -> list[dict[str, Any]]:
    records = [{"_path": name, "record_id": name, "content": content} for content in contents]
    found: list[dict[str, Any]] = read_batch(pa.RecordBatch.from_pylist(records, RAW), how=how).to_pylist()
    return found


def archive(data: bytes, name: str = "a.warc", **how: Any) -> list[dict[str, Any]]:
    batches = archive_records(io.BytesIO(data), name, 0, 1 << 40, 1 << 20)
    return [row for batch in batches for row in read_batch(batch, how=How("warc", **how)).to_pylist()]


def test_files_packed_or_not() -> None:
    text = "점순네 수탉이 우리 수탉을 함부로 해내는 것이다."
    found = rows(
        How("text_file", max_file_bytes=1000), gzip.compress(text.encode("cp949")), b"?", None, name="a.txt.gz"
    )
    assert [(row["body"], row["problem"]) for row in found] == [
        (text, None), (None, "broken_compression"), (None, "file_too_large"),
    ]  # fmt: skip
    bomb = rows(How("text_file", max_file_bytes=1000), gzip.compress(bytes(10_000)), name="a.txt.gz")
    assert bomb[0]["problem"] == "file_too_large"


def test_pages_of_an_archive_in_any_charset_whatever_they_say() -> None:
    text = page("글이다")
    wrong = page("글이다", '<meta charset="utf-8">')
    cases = [
        (text.encode("cp949"), "text/html; charset=euc-kr"),
        (text.encode("cp949"), "text/html; charset=utf-8"),
        (wrong.encode("cp949"), "text/html"),
        (text.encode(), "text/html; charset=EUC-KR"),
        (text.encode("utf-16"), "text/html"),
        (text.encode("utf-16-le"), "application/xhtml+xml; charset=iso-8859-1"),
    ]
    pages = [(f"http://a.kr/{n}", body, media) for n, (body, media) in enumerate(cases)]
    found = archive(write_warc(pages, requests=False))
    assert [row["problem"] for row in found] == [None] * len(cases)
    assert len({row["body"] for row in found}) == 1
    assert {row["title"] for row in found} == {"동백꽃"}
    assert [row["url"] for row in found] == [url for url, _, _ in pages]
    assert {row["created_at"] for row in found} == {"2020-01-01T00:00:00Z"}
    assert dict(found[0]["front"])["http-content-type"] == "text/html; charset=euc-kr"


def test_pages_that_cannot_be_text() -> None:
    body = page("글이다")
    bad = [
        body.encode()[:-30] + b"\xff" + body.encode()[-30:],
        body.encode().replace(b"<body>", b"<body>\0"),
        b"<html></html>",
    ]
    bad.append(body.encode().decode("latin-1").encode())
    pages = [(f"http://a.kr/{n}", one, "text/html") for n, one in enumerate(bad)]
    found = archive(write_warc(pages, requests=False))
    assert [row["problem"] for row in found] == ["undecodable", "nul_bytes", "no_main_text", "mojibake"]
    assert [row["body"] for row in found] == [None] * 4
    assert [row["url"] for row in found] == [url for url, _, _ in pages]


def test_the_extractor_of_the_config_is_used() -> None:
    data = page("글이다").encode()
    assert [rows(How("html", extractor=one), data)[0]["problem"] for one in ("model", "trafilatura")] == [None, None]
    with pytest.raises(ConfigError):
        rows(How("html", extractor="none"), data)


def test_headers_that_forbid_indexing() -> None:
    media = "text/html\r\nX-Robots-Tag: noarchive"
    pages = [("http://a.kr/1", page("글이다").encode(), media), ("http://a.kr/2", page("글이다").encode(), "text/html")]
    assert [row["noindex"] for row in archive(write_warc(pages, requests=False))] == [True, False]


def test_wet_text_keeps_its_lines() -> None:
    found = archive(wet([("http://a.kr/1", "첫 줄\n둘째 줄\n")]), "a.wet.gz")
    assert [(row["body"], row["url"], row["problem"]) for row in found] == [("첫 줄\n둘째 줄\n", "http://a.kr/1", None)]


def test_records_without_an_id_are_named_by_their_place() -> None:
    data = write_warc([("http://a.kr/1", page("글").encode(), "text/html")], requests=False)
    assert [row["record_id"] for row in archive(data)] == ["<urn:test:http://a.kr/1>"]
    assert [row["record_id"] for row in archive(b"x" * 100 + b"\r\n" + data)] == ["a.warc@0"]


def test_a_sheet_is_a_record_a_row_and_a_broken_one_a_reason(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["내용"], ["글이다"], ["둘째"]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    contents = [(tmp_path / "a.xlsx").read_bytes(), b"?", None]
    records = [{"_path": "a.xlsx", "record_id": "a.xlsx", "content": content} for content in contents]
    raw = sheet_batch(pa.RecordBatch.from_pylist(records, RAW), limit=1 << 20)
    found = read_batch(raw, how=How("xlsx")).to_pylist()
    assert [(row["record_id"], row["front"], row["problem"]) for row in found] == [
        ("a.xlsx#Sheet!2", [("내용", "글이다")], None),
        ("a.xlsx#Sheet!3", [("내용", "둘째")], None),
        ("a.xlsx", None, "unparsable_table"),
        ("a.xlsx", None, "file_too_large"),
    ]
