"""Formats that Spark has no reader for: pages, front matter, text in any charset, notebooks, web archives, wiki dumps,
spreadsheets.

run/sources.py cuts the input into records (RAW): whole files, or the records of an archive, a dump or a sheet. Here
they become text (COLUMNS), whose columns the config's SQL expressions can use: a row for a row. Cost: linear in bytes;
one record must fit a worker (collect.max_file_bytes).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa
from pyspark.sql import DataFrame

from corpus_pipeline.kernels import frontmatter, html, notebook, table, warc, wikitext
from corpus_pipeline.kernels.compression import codec, unpack
from corpus_pipeline.kernels.decode import decode
from corpus_pipeline.kernels.json_values import several_values
from corpus_pipeline.stages.arrow import ddl, map_batches

WHOLE_FILES = ("html", "frontmatter", "text_file", "notebook")  # a file is a record
FORMATS = (*WHOLE_FILES, "warc", "mediawiki", "xlsx")
RAW = "_path string, record_id string, content binary, front map<string,string>, problem string"
COLUMNS = (
    "_path string, record_id string, body string, title string, front map<string,string>, url string, "
    "created_at string, noindex boolean, problem string"
)
_FRONT = pa.map_(pa.string(), pa.string())
_RAW_ARROW = pa.struct(
    [
        *((name, pa.string()) for name in ("_path", "record_id", "problem")),
        ("content", pa.binary()),
        ("front", _FRONT),
    ]
)
_ARROW = pa.struct(
    [
        *((name, pa.string()) for name in ("_path", "record_id", "body", "title", "url", "created_at", "problem")),
        ("front", _FRONT),
        ("noindex", pa.bool_()),
    ]
)
_BATCH_BYTES, _BATCH_ROWS = 8 << 20, 1000
_HEAD_BYTES = 1 << 20


class How(NamedTuple):
    """How the records of a source are read; the fields of the same names of source.Source and collect.Params."""

    format: str
    encoding: str = "auto"
    extractor: str = "model"
    max_file_bytes: int = 64 << 20


def read_files(records: DataFrame, how: How) -> DataFrame:
    """`records` (RAW) as COLUMNS.

    record_id  the path; in an archive the record's own id, in a dump the page's, in a workbook path#sheet!row
    body       main text (html, warc), text after the header (frontmatter), article (mediawiki), cells (notebook), text
    front      header fields (frontmatter); WARC headers and, as `http-...`, HTTP's (warc); cells by name (xlsx)
    noindex    true when a page or its HTTP header forbids indexing or archiving
    problem    reject reason: of kernels/decode.py, html.py, notebook.py, warc.py, wikitext.py, compression.py; or
               file_too_large
    """
    return map_batches(records, partial(read_batch, how=how), list(_RAW_ARROW.names), ddl(COLUMNS))


def read_batch(batch: pa.RecordBatch, *, how: How) -> pa.RecordBatch:
    """The kernel of read_files: RecordBatch(RAW) -> RecordBatch(COLUMNS), a row for a row."""
    columns = [batch.column(name) for name in ("_path", "record_id", "content", "front", "problem")]
    rows: list[dict[str, Any]] = []
    places: list[int] = []  # in `rows`, of those that are pages

    def pages() -> Iterator[str]:  # a scalar at a time: pages are large
        for path, record_id, content, front, problem in zip(*columns, strict=True):
            row = _Row(path.as_py(), record_id.as_py(), content.as_py(), dict(front.as_py() or ()), problem.as_py())
            known, text = _read(row, how)
            rows.append({"_path": row.path, "record_id": row.record_id, **known})
            if text is not None:
                places.append(len(rows) - 1)
                yield text

    for number, page in enumerate(html.extract_all(pages(), how.extractor)):  # many at a time cost half
        known = rows[places[number]]
        noindex = page.noindex or known.get("noindex", False)
        found = page._replace(url=known.get("url", page.url), noindex=noindex)._asdict()
        known.update((name, value) for name, value in found.items() if value is not None)
    return pa.RecordBatch.from_struct_array(pa.array(rows, _ARROW))


class _Row(NamedTuple):
    path: str
    record_id: str | None
    content: bytes | None
    front: dict[str, str]
    problem: str | None


def _read(row: _Row, how: How) -> tuple[dict[str, Any], str | None]:
    """The values of a record; of a page those that are known without it, and its text."""
    front: dict[str, Any] = {"front": list(row.front.items())} if row.front else {}
    known = {"url": row.front.get("warc-target-uri"), "created_at": row.front.get("warc-date")}
    start = front | known if how.format == "warc" else front
    if row.problem is not None or how.format == "xlsx":
        return {**start, "problem": row.problem}, None
    if row.content is None:
        return {**start, "problem": "file_too_large"}, None
    content: bytes | None = row.content
    problem: str | None = None
    if how.format in WHOLE_FILES:
        content, problem = unpack(row.content, row.path, how.max_file_bytes)
    if content is None:
        return {**start, "problem": problem}, None
    text, _, problem = decode(content, "utf-8" if how.format == "mediawiki" else how.encoding, row.front.get("charset"))
    if text is None:
        return {**start, "problem": problem}, None
    text = text.replace("\r\n", "\n")
    if how.format == "warc":
        start["noindex"] = warc.forbids_indexing(row.front.get("http-x-robots-tag", ""))
    if how.format == "html" or (how.format == "warc" and warc.is_html(row.front["media-type"])):
        return start, text
    found = _PARSERS[how.format](text)
    return start | {name: value for name, value in found.items() if value is not None}, None


def _with_header(text: str) -> dict[str, Any]:
    front, body = frontmatter.split(text)
    return {"front": list(front.items()), "body": body, "title": front.get("title")}


def _article(text: str) -> dict[str, Any]:
    found = wikitext.article(text)
    names = {"record_id": found.page_id, "created_at": found.changed_at}
    return names | {"title": found.title, "body": found.body, "problem": found.problem}


_PARSERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "warc": lambda text: {"body": text},
    "frontmatter": _with_header,
    "mediawiki": _article,
    "notebook": lambda text: notebook.extract(text)._asdict(),
    "text_file": lambda text: {"body": text},
}


def archive_records(file: BinaryIO, path: str, start: int, end: int, limit: int) -> Iterator[pa.RecordBatch]:
    """The records of a WARC file that start in [start, end), as batches of RAW."""
    rows: list[dict[str, Any]] = []
    size = 0
    for record in warc.records(file, codec(path), start, end, limit):
        record_id = record.fields.get("warc-record-id") or f"{path}@{record.place}"
        rows.append(
            {"_path": path, "record_id": record_id, "content": record.content, "problem": record.problem}
            | {"front": list(record.fields.items())}
        )
        size += len(record.content or b"")
        if size > _BATCH_BYTES or len(rows) == _BATCH_ROWS:
            yield _raw(rows)
            rows, size = [], 0
    if rows:
        yield _raw(rows)


def has_several_values(file: BinaryIO, path: str) -> bool:
    """Whether the first megabyte of a JSON file, unpacked, shows more than one value."""
    kind, head = codec(path), bytearray()
    stream = pa.CompressedInputStream(file, kind) if kind else file
    with suppress(OSError):  # who reads all of it will tell
        while len(head) < _HEAD_BYTES and (chunk := stream.read(_HEAD_BYTES - len(head))):
            head += chunk
    return several_values(bytes(head))


def sheet_records(files: DataFrame, max_file_bytes: int) -> DataFrame:
    """The rows of spreadsheets: RAW, a file a row -> RAW, a record a row."""
    kernel = partial(sheet_batch, limit=max_file_bytes)
    return map_batches(files, kernel, list(_RAW_ARROW.names), ddl(RAW))


def sheet_batch(batch: pa.RecordBatch, *, limit: int) -> pa.RecordBatch:
    """The kernel of sheet_records."""
    rows = []
    for path, content in zip(batch.column("_path"), batch.column("content"), strict=True):
        name, data = path.as_py(), content.as_py()
        unpacked, problem = (None, "file_too_large") if data is None else unpack(data, name, limit)
        found = [table.Row("", {}, problem)] if unpacked is None else table.rows(unpacked, limit)
        for one in found:
            record_id = f"{name}#{one.place}" if one.place else name
            rows.append(
                {"_path": name, "record_id": record_id, "front": list(one.cells.items()), "problem": one.problem}
            )
    return _raw(rows)


def _raw(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_struct_array(pa.array(rows, _RAW_ARROW))
