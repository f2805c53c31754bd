"""docs/sources.md: every snippet reads what it says, in every compression its glob allows."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from pyspark.sql import Row, SparkSession

from corpus_pipeline.run import sources
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.stages import collect
from corpus_pipeline.stages.collect import Params
from tests.web_archives import page, wet, write_warc

pytestmark = pytest.mark.spark
ROOT = Path(__file__).resolve().parents[2]
SNIPPETS = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "sources.md").read_text(encoding="utf-8"), re.DOTALL)
WIKI = """<mediawiki xml:lang="ko"><siteinfo><sitename>위키</sitename></siteinfo>
  <page><title>민법 개론</title><ns>0</ns><id>1</id><revision><id>9</id><timestamp>2020-01-01T00:00:00Z</timestamp>
  <text>'''민법'''은 [[법률|법]]이다.{{각주}}</text></revision></page>
  <page><title>가</title><ns>0</ns><id>2</id><redirect title="민법"/><revision><text>#redirect</text></revision></page>
  <page><title>토론:민법</title><ns>1</ns><id>3</id><revision><text>토론이다</text></revision></page>
</mediawiki>
"""


def compressed(path: Path, content: bytes) -> None:
    """`content` as `path`, and in each compression beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.with_name("z" + path.name + ".gz").write_bytes(gzip.compress(content))
    path.with_name("b" + path.name + ".bz2").write_bytes(bz2.compress(content))
    with pa.CompressedOutputStream(str(path.with_name("s" + path.name + ".zst")), "zstd") as stream:
        stream.write(content)


def excel(rows: list[list[Any]]) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def make_input(folder: Path) -> None:
    def lines(*records: dict[str, Any]) -> bytes:
        return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records).encode()

    cells = [
        {"cell_type": "markdown", "source": ["# 텐서\n", "텐서를 소개한다"]},
        {"cell_type": "code", "source": "x = 1"},
    ]
    two = [{"id": "1", "body": "첫째 글이다"}, {"id": "2", "body": "둘째 글이다"}]
    compressed(
        folder / "lines/a.jsonl",
        lines({"id": "1", "post": {"title": "제목", "body": "본문이다"}, "tags": ["가", "나"], "open": True}),
    )
    for name, content in {
        "list/a.json": json.dumps(two, ensure_ascii=False, indent=1),
        "nested/a.json": json.dumps({"board": "자유 게시판", "posts": two}, ensure_ascii=False, indent=1),
    }.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(content, encoding="utf-8")
    (folder / "csv").mkdir()
    (folder / "csv/a.csv").write_bytes('id,body\n1,"줄이\n둘이다"\n2,똠방각하\n'.encode("cp949"))
    compressed(folder / "tsv/a.tsv", '1\t첫째 글이다\n2\t"따옴표\n'.encode())
    (folder / "parquet").mkdir()
    pq.write_table(pa.table({"id": ["1"], "body": ["본문이다"]}), folder / "parquet/a.parquet")
    compressed(folder / "sentences/a.txt", "첫째 문장이다\n".encode())
    compressed(folder / "books/a.txt", "점순네 수탉이 우리 수탉을 함부로 해내는 것이다.".encode("cp949"))
    compressed(folder / "posts/a.md", "---\ntitle: 제목\ntags: [가, 나]\ndate: 2020-01-01\n---\n본문이다".encode())
    compressed(folder / "pages/deep/a.html", page("민법은 법이다").encode("cp949"))
    compressed(folder / "notebooks/a.ipynb", json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}).encode())
    compressed(
        folder / "crawl/a.warc",
        write_warc([("http://a.kr/1", page("첫째 글").encode("cp949"), "text/html; charset=utf-8")]),
    )
    (folder / "wet").mkdir()
    (folder / "wet/a.warc.wet.gz").write_bytes(
        wet([("http://a.kr/1", "첫째 글이다"), ("http://a.kr/2", "둘째 글이다")])
    )
    compressed(folder / "wiki/a.xml", WIKI.encode())
    (folder / "sheets").mkdir()
    (folder / "sheets/a.xlsx").write_bytes(
        excel([["제목", "내용", "점수"], ["첫째", "좋은 글이다", 3], [None, None, None], ["둘째", "나쁜 글이다", 4.5]])
    )


@pytest.fixture(scope="module")
def made(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Row], list[Row], dict[str, int]]:
    folder = tmp_path_factory.mktemp("sources")
    make_input(folder / "in")
    raw = yaml.safe_load("\n".join(SNIPPETS))
    for source in raw.values():
        source["path"] = str(folder / source["path"])
    params = Params(sources=raw)
    spark.conf.set("spark.sql.shuffle.partitions", 2)
    tables = collect.transform(sources.read(spark, Storage(spark), params), params)
    documents, rejected = tables["raw_documents"].collect(), tables["rejected_records"].collect()
    read = {row["source"]: row["records"] for row in tables["records_read"].collect()}
    spark.catalog.clearCache()
    return documents, rejected, read


def of(rows: list[Row], source: str, column: str) -> list[Any]:
    return sorted({row[column] for row in rows if row["source"] == source})


def test_every_record_is_a_document_or_has_a_reason(made: Any) -> None:
    documents, rejected, read = made
    found = Counter(row["source"] for row in (*documents, *rejected))
    assert found == read
    assert len(read) == 15
    assert {row["source"] for row in documents} == set(read)


def test_every_compression_gives_the_same_text(made: Any) -> None:
    documents, rejected, read = made
    texts = {
        "lines": ["본문이다"],
        "list": ["둘째 글이다", "첫째 글이다"],
        "nested": ["둘째 글이다", "첫째 글이다"],
        "csv": ["똠방각하", "줄이\n둘이다"],
        "tsv": ['"따옴표', "첫째 글이다"],
        "parquet": ["본문이다"],
        "sentences": ["첫째 문장이다"],
        "books": ["점순네 수탉이 우리 수탉을 함부로 해내는 것이다."],
        "posts": ["본문이다"],
        "notebooks": ["# 텐서\n텐서를 소개한다\n\n```python\nx = 1\n```"],
        "wet": ["둘째 글이다", "첫째 글이다"],
        "wiki": ["민법은 법이다."],
        "sheets": ["나쁜 글이다", "좋은 글이다"],
    }
    assert {source: of(documents, source, "text") for source in texts} == texts
    assert {source: read[source] for source in ("lines", "tsv", "books", "pages", "wiki", "crawl")} == {
        "lines": 4, "tsv": 8, "books": 4, "pages": 4, "wiki": 12, "crawl": 4 * 3,
    }  # fmt: skip
    reasons = Counter((row["source"], row["reason"]) for row in rejected)
    repeats = {("lines", 3), ("tsv", 6), ("sentences", 3), ("crawl", 3), ("wiki", 3)}  # the same record in each file
    assert {key: n for key, n in reasons.items() if key[1] != "repeated_record"} == {
        ("wiki", "redirect"): 4, ("wiki", "not_an_article"): 4, ("crawl", "not_a_document"): 8,
    }  # fmt: skip
    assert {(source, n) for (source, reason), n in reasons.items() if reason == "repeated_record"} == repeats


def test_what_a_source_says_of_its_records(made: Any) -> None:
    documents, _, _ = made
    assert of(documents, "pages", "record_id") == [
        f"pages/deep/{x}" for x in ("a.html", "ba.html.bz2", "sa.html.zst", "za.html.gz")
    ]
    assert of(documents, "crawl", "url") == ["http://a.kr/1"]
    assert of(documents, "crawl", "source_name") == ["a.kr"]
    assert of(documents, "wiki", "url") == ["https://ko.wikipedia.org/wiki/민법_개론"]
    assert of(documents, "nested", "source_name") == ["자유 게시판"]
    assert of(documents, "lines", "category") == ["가,나"]
    assert of(documents, "posts", "category") == ["가, 나"]
    assert of(documents, "notebooks", "title") == ["텐서"]
    assert of(documents, "sheets", "record_id") == ["a.xlsx#Sheet!2", "a.xlsx#Sheet!4"]
    assert all("첫째 글" in text for text in of(documents, "crawl", "text"))
