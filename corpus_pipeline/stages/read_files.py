"""Whole files that Spark has no reader for: HTML pages, front matter, text in any charset.

The input is Spark's `binaryFile` (_path, content); the output has the columns of COLUMNS, which the config's
SQL expressions can use. Cost: linear in bytes; one file must fit a worker (collect.max_file_bytes).
"""

from __future__ import annotations

from functools import partial

import pyarrow as pa
from pyspark.sql import DataFrame

from corpus_pipeline.kernels import frontmatter, html
from corpus_pipeline.kernels.decode import decode
from corpus_pipeline.stages.arrow import ddl, map_batches

FORMATS = ("html", "frontmatter", "text_file")
COLUMNS = (
    "_path string, body string, title string, front map<string,string>, url string, "
    "created_at string, noindex boolean, problem string"
)
_ARROW = pa.struct(
    [
        ("_path", pa.string()),
        ("body", pa.string()),
        ("title", pa.string()),
        ("front", pa.map_(pa.string(), pa.string())),
        ("url", pa.string()),
        ("created_at", pa.string()),
        ("noindex", pa.bool_()),
        ("problem", pa.string()),
    ]
)


def read_files(files: DataFrame, file_format: str, encoding: str) -> DataFrame:
    """`files` (_path, content; content is null for a file over the size limit) as COLUMNS.

    body     main text (html), text after the header (frontmatter), the text (text_file)
    front    header fields (frontmatter)
    noindex  true when an HTML page forbids indexing or archiving
    problem  reject reason: undecodable, nul_bytes, no_main_text, unparsable_html, file_too_large
    """
    kernel = partial(read_batch, file_format=file_format, encoding=encoding)
    return map_batches(files, kernel, ["_path", "content"], ddl(COLUMNS))


def read_batch(batch: pa.RecordBatch, *, file_format: str, encoding: str) -> pa.RecordBatch:
    """The kernel of read_files: RecordBatch(_path, content) -> RecordBatch(COLUMNS), a row for a row."""
    rows = [
        {"_path": path, **_read(content, file_format, encoding)}
        for path, content in zip(batch.column("_path").to_pylist(), batch.column("content").to_pylist(), strict=True)
    ]
    return pa.RecordBatch.from_struct_array(pa.array(rows, _ARROW))


def _read(content: bytes | None, file_format: str, encoding: str) -> dict[str, object]:
    if content is None:
        return {"problem": "file_too_large"}
    text, _, problem = decode(content, encoding)
    if text is None:
        return {"problem": problem}
    text = text.replace("\r\n", "\n")
    if file_format == "html":
        return html.extract(text)._asdict()
    if file_format == "frontmatter":
        front, body = frontmatter.split(text)
        return {"front": list(front.items()), "body": body, "title": front.get("title")}
    return {"body": text}
