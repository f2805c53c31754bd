"""Archives opened by workers: ranges, names, schemes; and what Spark's own readers are asked for wikis and charsets."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.run import record_files, sources
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.stages.collect import Params
from corpus_pipeline.stages.source import Source
from tests.web_archives import page, write_warc


def read(spark: SparkSession, **source: Any) -> Any:
    common: dict[str, Any] = {"doc_type": "web", "licence": "CC0-1.0"}
    params = Params(sources={"a": Source(**(common | source))}, max_file_bytes=1 << 20)
    return sources.read(spark, Storage(spark), params)["a"]


@pytest.mark.spark
def test_ranges_of_a_large_archive_are_tasks_of_their_own(spark: SparkSession, tmp_path: Path) -> None:
    pages = [(f"http://a.kr/{n}", page(f"글 {n} 번").encode(), "text/html") for n in range(40)]
    archive = tmp_path / "가 나%20+#.warc.gz"
    archive.write_bytes(write_warc(pages, gz=True, requests=False))
    (tmp_path / "empty.warc").write_bytes(b"")
    files = spark.createDataFrame(
        [("file:" + str(path), path.name, path.stat().st_size) for path in sorted(tmp_path.iterdir())],
        "path string, _path string, length long",
    )
    frame = record_files.read(files, 1 << 20, split=2000)
    rows = frame.select("record_id", "content", F.spark_partition_id().alias("task")).collect()
    assert sorted(row["record_id"] for row in rows) == sorted(f"<urn:test:{url}>" for url, _, _ in pages)
    assert {bytes(row["content"]) for row in rows} == {body for _, body, _ in pages}
    assert len({row["task"] for row in rows}) > 3


@pytest.mark.spark
@pytest.mark.parametrize("ending", ["", ".bz2"])
def test_a_dump_is_read_in_parts_and_every_page_once(spark: SparkSession, tmp_path: Path, ending: str) -> None:
    pages = [
        f"<page><title>표제 {n}</title><id>{n}</id><revision><text>{'글 ' * (n % 97)}</text></revision></page>\n"
        for n in range(3000)
    ]
    dump = ("<mediawiki><siteinfo/>\n" + "".join(pages) + "</mediawiki>\n").encode()
    half = len(dump) // 2
    content = bz2.compress(dump[:half]) + bz2.compress(dump[half:]) if ending else dump
    (tmp_path / f"a.xml{ending}").write_bytes(content)
    old = {
        key: str(spark.conf.get(key))
        for key in ("spark.sql.files.maxPartitionBytes", "spark.sql.files.openCostInBytes")
    }
    try:
        for key, value in zip(old, (str(len(content) // 4), "1"), strict=True):
            spark.conf.set(key, value)
        frame = read(spark, format="mediawiki", path=str(tmp_path / f"a.xml{ending}"))
        ids = F.regexp_extract(F.decode("content", "utf-8"), r"<id>(\d+)</id>", 1)
        rows: list[Row] = frame.select(ids.alias("id"), F.spark_partition_id().alias("task")).collect()
    finally:
        for key, value in old.items():
            spark.conf.set(key, value)
    assert sorted(int(row["id"]) for row in rows) == list(range(3000))
    assert len({row["task"] for row in rows}) >= 2  # a bz2 block holds 900 kB


@pytest.mark.spark
def test_the_rest_of_a_cut_dump_is_a_record(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a.xml.gz").write_bytes(gzip.compress("<page><id>1</id></page><page><title>잘린".encode()))
    rows = read(spark, format="mediawiki", path=str(tmp_path / "*.xml.gz")).collect()
    assert [bytes(row["content"]).decode() for row in rows] == ["<page><id>1</id></page>", "<page><title>잘린</page>"]


@pytest.mark.spark
@pytest.mark.parametrize("charset", ["cp949", "EUC-KR", "ms949"])
def test_csv_in_a_korean_charset(spark: SparkSession, tmp_path: Path, charset: str) -> None:
    (tmp_path / "a.csv").write_bytes("id,body\n1,똠방각하 펲시\n".encode("cp949") + b"2,\xb0\xff\n")
    options = {"header": True, "encoding": charset}
    fields, columns = "id string, body string", {"record_id": "id", "text": "body"}
    path = str(tmp_path / "a.csv")
    rows = read(spark, format="csv", path=path, options=options, fields=fields, columns=columns).collect()
    assert rows[0]["body"] == "똠방각하 펲시"
    assert "\ufffd" in rows[1]["body"]  # collect rejects it as undecodable


def test_files_by_hadoops_names(tmp_path: Path) -> None:
    path = tmp_path / "한글 이름%20+#.txt"
    path.write_bytes(b"1")
    assert record_files.open_file(f"file:{path}").read() == b"1"
    assert record_files.open_file(str(path)).read() == b"1"
    with pytest.raises(ResourceError) as caught:
        record_files.open_file(f"file:{tmp_path}/none")
    assert caught.value.where.endswith("/none")
