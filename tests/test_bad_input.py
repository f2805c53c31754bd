"""Bad input and bad surroundings: a clear error of ours, nothing half-published, no Java stack trace."""

from __future__ import annotations

import bz2
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyspark.sql import SparkSession

from corpus_pipeline.errors import ConfigError, ConservationError, ResourceError
from corpus_pipeline.pipeline import STAGES
from corpus_pipeline.run import java, manifest
from corpus_pipeline.run.config import check
from corpus_pipeline.run.execute import Run, execute, plan
from corpus_pipeline.run.failures import translate
from corpus_pipeline.run.storage import Storage
from tests.web_archives import page, write_warc

pytestmark = pytest.mark.spark
ROOT = Path(__file__).resolve().parents[1]


TOPICS = [
    "바다를 건너온 바람이 불었다",
    "산길에는 안개가 끼었다",
    "시장에서 생선을 샀다",
    "기차는 늦게 도착했다",
    "아이들이 골목에서 놀았다",
    "도서관 불이 꺼졌다",
    "감나무에 열매가 달렸다",
    "편지를 부치러 갔다",
    "우물가에 사람이 모였다",
    "겨울은 길고 추웠다",
    "새벽에 눈이 내렸다",
    "할머니가 이야기를 들려주었다",
    "배는 항구를 떠났다",
    "논에 물을 댔다",
    "학교 종이 울렸다",
    "꽃이 피고 졌다",
    "강물이 얼어붙었다",
    "장터에 소리꾼이 왔다",
    "별이 쏟아질 듯했다",
    "밥을 짓는 연기가 올랐다",
    "문을 두드리는 소리가 났다",
    "책장을 천천히 넘겼다",
    "빨래가 바람에 날렸다",
    "고양이가 담을 넘었다",
    "버스를 놓치고 걸었다",
    "비가 그치자 무지개가 떴다",
    "오래된 사진을 꺼냈다",
    "다리를 건너 마을로 갔다",
    "등잔불이 흔들렸다",
    "보리밭이 누렇게 익었다",
    "나루터에서 배를 기다렸다",
]


class Corpus:
    """A small corpus in a scratch folder, run stage by stage in the tests' session."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark, self.folder, self.lines = spark, folder, list[str]()
        self.input, self.output = folder / "a.jsonl", folder / "out"
        records = [
            {"id": str(i), "body": " ".join(TOPICS[(i * k) % 31] for k in range(1, 12)) + "."} for i in range(30)
        ]
        self.input.write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in records), encoding="utf-8")
        self.raw: dict[str, Any] = {
            "name": "t",
            "output": str(self.output),
            "sources": {
                "a": {
                    "format": "json", "path": str(self.input), "fields": "id string, body string",
                    "doc_type": "web", "licence": "CC0-1.0", "columns": {"record_id": "id", "text": "body"},
                }
            },
            "sample": {"fraction": 1},
            "train_tokenizer": {"vocab_size": 400},
        }  # fmt: skip

    @property
    def run(self) -> Run:
        return Run(self.spark, Storage(self.spark), check(self.raw, "t.yaml"), self.lines.append)

    def make(self, *stages: str, force: bool = False) -> None:
        """Run the stages; an error comes out as the user would see it."""
        self.spark.conf.set("spark.sql.shuffle.partitions", 2)
        try:
            for stage in stages:
                execute(self.run, STAGES[stage], force)
        except Exception as error:
            raise translate(error, "log") from error

    def manifest(self, table: str) -> Path:
        return self.output / table / manifest.FILE


@pytest.fixture
def corpus(spark: SparkSession, tmp_path: Path) -> Corpus:
    return Corpus(spark, tmp_path)


def test_a_truncated_gzip_names_the_file_and_publishes_nothing(corpus: Corpus) -> None:
    whole = gzip.compress(os.urandom(200_000).hex().encode() + b"\n")
    broken = corpus.folder / "b.jsonl.gz"
    broken.write_bytes(whole[: len(whole) // 2])
    corpus.raw["sources"]["a"]["path"] = [str(corpus.input), str(broken)]
    with pytest.raises(ResourceError) as caught:
        corpus.make("collect")
    assert caught.value.where.endswith("b.jsonl.gz")
    assert caught.value.got == "EOFException"
    assert not corpus.manifest("raw_documents").exists()
    assert plan(corpus.run, (STAGES["collect"],), False) == [(STAGES["collect"], "raw_documents is not there")]


def reasons(corpus: Corpus) -> dict[str, float]:
    """Rejected records of source `a` by reason, as published."""
    found = manifest.read(corpus.run.storage, str(corpus.output), "rejected_records")
    assert found is not None
    start, end = "source=a,reason=", "/rows"
    return {key[len(start) : -len(end)]: n for key, n in found.metrics.items() if key.startswith(start) and n}


def test_a_damaged_archive_loses_only_what_is_damaged(corpus: Corpus) -> None:
    pages = [(f"http://a.kr/{n}", page(f"글 {n} 번").encode("cp949"), "text/html") for n in range(6)]
    one, two = write_warc(pages, gz=True, requests=False), write_warc(pages, requests=False)
    damaged = bytearray(one)
    damaged[len(one) // 2] ^= 0xFF
    length = two.index(b"Content-Length: ") + len("Content-Length: ")
    (corpus.folder / "a.warc.gz").write_bytes(damaged + b"garbage")
    (corpus.folder / "b.warc").write_bytes(two[:length] + b"9" + two[length:-100])
    path = [str(corpus.folder / "*.warc.gz"), str(corpus.folder / "*.warc")]
    corpus.raw["sources"]["a"] = {
        "format": "warc", "path": path, "doc_type": "web", "licence": "CC0-1.0",
        "columns": {"record_id": "concat(record_id, _path)"},
    }  # fmt: skip
    corpus.make("collect")
    assert reasons(corpus) == {"broken_gzip": 2, "wrong_content_length": 2}
    found = manifest.read(corpus.run.storage, str(corpus.output), "raw_documents")
    assert found is not None
    assert found.rows == 5 + 4


def test_a_dump_cut_in_its_compression_names_the_file(corpus: Corpus) -> None:
    dump = "<page><title>가</title><id>1</id><revision><text>글</text></revision></page>\n" * 50_000
    broken = corpus.folder / "a.xml.bz2"
    whole = bz2.compress(dump.encode())
    broken.write_bytes(whole[: len(whole) // 2])
    corpus.raw["sources"]["a"] = {
        "format": "mediawiki", "path": str(broken), "doc_type": "encyclopedia", "licence": "CC0-1.0",
    }  # fmt: skip
    with pytest.raises(ResourceError) as caught:
        corpus.make("collect")
    assert caught.value.where.endswith("a.xml.bz2")
    assert not corpus.manifest("raw_documents").exists()


def test_an_empty_source_is_named(corpus: Corpus) -> None:
    for content in ("", "\n\n"):
        corpus.input.write_text(content, encoding="utf-8")
        with pytest.raises(ResourceError) as caught:
            corpus.make("collect")
        assert caught.value.where.startswith("sources.a")
        assert caught.value.got == "none"
    assert not corpus.manifest("raw_documents").exists()


def test_records_without_the_mapped_field_are_rejected(corpus: Corpus) -> None:
    corpus.input.write_text(
        '{"id": "1", "text": "다른 이름의 칸"}\n{"id": "2", "body": "제대로 된 글"}\n', encoding="utf-8"
    )
    corpus.make("collect")
    found = manifest.read(corpus.run.storage, str(corpus.output), "rejected_records")
    assert found is not None
    assert found.metrics["source=a,reason=missing_text/rows"] == 1
    corpus.input.write_text(
        '{"id": "1", "text": "다른 이름의 칸"}\n{"body": "번호 없는 글"}\n{"id": "2"}', encoding="utf-8"
    )
    corpus.make("collect")
    warning = "collect: warning: sources.a: none of its 3 records is a document; most are missing_text"
    assert warning in corpus.lines


def test_a_stage_whose_input_is_missing_says_what_to_make(corpus: Corpus) -> None:
    with pytest.raises(ResourceError) as caught:
        corpus.make("scrub")
    assert caught.value.todo == "Run `make collect` first."


def test_a_table_made_under_an_older_contract_is_not_read(corpus: Corpus) -> None:
    corpus.make("collect")
    path = corpus.manifest("raw_documents")
    path.write_text(path.read_text(encoding="utf-8").replace('"version": 2', '"version": 0'), encoding="utf-8")
    (path.parent / f".{path.name}.crc").unlink()
    with pytest.raises(ResourceError) as caught:
        corpus.make("scrub")
    assert (caught.value.expected, caught.value.got) == ("version 2 of its contract", "version 0")


def test_an_unknown_reader_names_its_key(corpus: Corpus) -> None:
    corpus.raw["sources"]["a"]["format"] = "jsn"
    with pytest.raises(ConfigError) as caught:
        corpus.make("collect")
    assert (caught.value.where, caught.value.got) == ("sources.a.format", "jsn")


def test_a_wrong_tokenizer_file_is_refused_before_any_work(corpus: Corpus) -> None:
    corpus.make("collect", "scrub", "dedup", "classify", "tag", "mix", "sample", "train_tokenizer")
    path = corpus.output / "tokenizer" / "tokenizer.json"
    good = path.read_text(encoding="utf-8")
    path.write_text(good[:1000], encoding="utf-8")
    with pytest.raises(ResourceError) as caught:
        corpus.make("serialize")
    assert (caught.value.expected, caught.value.got) == ("the file as it was written", "ChecksumException")
    (path.parent / f".{path.name}.crc").unlink()
    with pytest.raises(ResourceError) as caught:
        corpus.make("serialize")
    assert caught.value.where == "tokenizer.json"
    path.write_text(good, encoding="utf-8")
    corpus.raw["serialize"] = {"eod_token": "<|nope|>"}
    with pytest.raises(ResourceError) as caught:
        corpus.make("serialize")
    assert "<|nope|>" in caught.value.expected
    assert not corpus.manifest("shard_index").exists()


def test_a_missing_model_is_named(corpus: Corpus) -> None:
    corpus.raw["classify"] = {"model": str(corpus.folder / "none.ftz")}
    corpus.make("collect", "scrub")
    with pytest.raises(ResourceError) as caught:
        corpus.make("classify")
    assert caught.value.where.endswith("none.ftz")


def test_an_output_that_cannot_be_written_is_named(corpus: Corpus) -> None:
    file = corpus.folder / "file"
    file.write_text("", encoding="utf-8")
    corpus.raw["output"] = str(file / "out")
    with pytest.raises(ResourceError) as caught:
        corpus.make("collect")
    assert str(file) in caught.value.where
    corpus.raw["output"] = "/proc/no-such-folder"
    with pytest.raises(ResourceError) as caught:
        corpus.make("collect")
    assert caught.value.expected == "a writable folder"


@pytest.mark.parametrize("harm", ["delete", "halve", "empty"])
def test_a_table_without_a_whole_manifest_is_not_there(corpus: Corpus, harm: str) -> None:
    corpus.make("collect")
    path = corpus.manifest("raw_documents")
    whole = path.read_bytes()
    if harm == "delete":
        path.unlink()
    else:
        path.write_bytes(whole[: len(whole) // 2] if harm == "halve" else b"")
    with pytest.raises(ResourceError):
        corpus.make("scrub")
    corpus.make("collect")
    assert path.read_bytes() == whole


def test_a_failing_stage_leaves_the_published_table(corpus: Corpus) -> None:
    corpus.make("collect", "scrub", "dedup", "classify", "tag", "mix")
    before = corpus.manifest("mixture").read_bytes()
    corpus.raw["mix"] = {"weights": {"news": 1.0}}
    with pytest.raises(ConfigError):
        corpus.make("mix")
    assert corpus.manifest("mixture").read_bytes() == before


def test_lost_documents_end_the_run(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace
    from functools import wraps

    corpus.make("collect")
    scrub = STAGES["scrub"]

    @wraps(scrub.transform)
    def forgetful(tables: Any, params: Any) -> Any:
        found = scrub.transform(tables, params)
        return found | {"documents": found["documents"].limit(29)}

    losing = replace(scrub, transform=forgetful)
    monkeypatch.setitem(STAGES, "scrub", losing)
    with pytest.raises(ConservationError) as caught:
        corpus.make("scrub", force=True)
    assert (caught.value.expected, caught.value.got) == ("the keys of raw_documents, 30 rows", "others, 29 rows")
    assert not corpus.manifest("documents").exists()


def test_no_java_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "no"))
    monkeypatch.setattr(java, "INSTALLED", tmp_path)
    with pytest.raises(ResourceError) as caught:
        java.find_java()
    assert (caught.value.expected, caught.value.got) == ("Java 17, 21 or 25", "none")
    assert "default-jre-headless" in caught.value.todo


def test_what_java_says_itself_goes_to_the_log(tmp_path: Path) -> None:
    """Its reason not to start, and in a run that goes well its warning on modules."""
    for memory, code, expected in (("900x", 1, "Invalid maximum heap size"), ("1g", 0, "incubator modules")):
        log = tmp_path / memory / "spark-pipeline.log"
        asked = ["--config", "conf/sample.yaml", "--output", str(tmp_path / "out"), "--dry-run"]
        asked += ["--log-dir", str(log.parent), "--set", f"spark.driver_memory={memory}"]
        job = [sys.executable, "jobs/pipeline.py", *asked]
        ran = subprocess.run(job, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
        assert ran.returncode == code
        assert ran.stderr.startswith("error: ResourceError: Java: expected to start" if code else "run sample")
        assert expected in log.read_text(encoding="utf-8")
        assert expected not in ran.stderr


def test_an_input_that_changes_meanwhile_is_noticed(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    from corpus_pipeline.run import conserve

    counted = conserve.all_records

    def growing(*arguments: Any) -> Iterator[str]:
        yield from counted(*arguments)
        with corpus.input.open("a", encoding="utf-8") as file:
            file.write('\n{"id": "new", "body": "나중에 온 글이다"}')

    monkeypatch.setattr(conserve, "all_records", growing)
    with pytest.raises(ResourceError) as caught:
        corpus.make("collect")
    assert caught.value.got == "a change meanwhile"
    assert not corpus.manifest("raw_documents").exists()


def test_personal_tables_stand_under_a_root_of_their_own(corpus: Corpus) -> None:
    corpus.raw["raw_output"] = str(corpus.folder / "restricted")
    corpus.make("collect", "scrub")
    assert sorted(p.name for p in (corpus.folder / "restricted").iterdir()) == ["raw_documents", "rejected_records"]
    assert sorted(p.name for p in corpus.output.iterdir()) == ["boilerplate_lines", "documents", "quality_report"]
    assert plan(corpus.run, (STAGES["collect"], STAGES["scrub"]), False) == [
        (STAGES["collect"], None),
        (STAGES["scrub"], None),
    ]


def test_settings_the_stages_rely_on_cannot_be_changed(corpus: Corpus) -> None:
    from corpus_pipeline.run import session

    corpus.raw["spark"] = {"conf": {"spark.sql.files.ignoreCorruptFiles": True}}
    with pytest.raises(ConfigError) as caught:
        session.start(check(corpus.raw, "t.yaml"), "log")
    assert "ignoreCorruptFiles" in caught.value.got


def collect_job(corpus: Corpus, **environment: str) -> subprocess.CompletedProcess[str]:
    config = corpus.folder / "with space" / "c.yaml"
    config.parent.mkdir()
    config.write_text(yaml.safe_dump(corpus.raw, allow_unicode=True), encoding="utf-8")
    command = [sys.executable, "jobs/collect.py", "--config", str(config), "--log-dir", str(config.parent)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_a_line_of_200_mb_is_one_rejected_record(corpus: Corpus) -> None:
    with corpus.input.open("ab") as file:
        file.write(b'\n{"id": "long", "body": "')
        for _ in range(200):
            file.write(b"x" * 1_000_000)
        file.write('"}\n{"id": "last", "body": "끝이다"}\n'.encode())
    corpus.raw["spark"] = {"driver_memory": "2g"}  # Spark holds a line whole, in several copies: docs/sources.md
    result = collect_job(corpus)
    assert result.returncode == 0, result.stderr
    assert "raw_documents 31, rejected_records 1 rows" in result.stderr


def test_hangul_file_names_in_a_c_locale_and_spaces_in_paths(corpus: Corpus) -> None:
    renamed = corpus.input.rename(corpus.folder / "한글 이름.jsonl")
    corpus.raw["sources"]["a"]["path"] = str(renamed)
    result = collect_job(corpus, LC_ALL="C", LANG="C")
    assert result.returncode == 0, result.stderr
    assert "raw_documents 30, rejected_records 0 rows" in result.stderr


def test_the_log_says_where_and_not_what(corpus: Corpus) -> None:
    """Spark quotes the first line of a csv whose header is missing."""
    names = "홍길동,010-0000-0000\n김철수,010-0000-0001\n"
    (corpus.folder / "a.csv").write_text(names, encoding="utf-8")
    source = corpus.raw["sources"]["a"]
    source |= {"format": "csv", "path": str(corpus.folder / "a.csv"), "options": {"header": True}}
    assert collect_job(corpus).returncode == 1
    logged = "".join(path.read_text(encoding="utf-8") for path in corpus.folder.rglob("*.log"))
    assert "SparkException: [FAILED_READ_FILE.NO_HINT]\n\tat org.apache.spark" in logged  # a developer sees the place
    assert "길동" not in logged
    assert "010-" not in logged


@pytest.mark.parametrize("fault", ["gzip", "expression"])
def test_what_the_user_sees_is_one_line(corpus: Corpus, fault: str) -> None:
    if fault == "gzip":
        (corpus.folder / "b.jsonl.gz").write_bytes(gzip.compress(b"{}")[:-12])
        corpus.raw["sources"]["a"]["path"] = str(corpus.folder / "b.jsonl.gz")
    else:
        corpus.raw["sources"]["a"]["columns"]["text"] = "no_such_column"
    result = collect_job(corpus)
    assert result.returncode == 1
    printed = result.stdout + result.stderr
    assert "org.apache" not in printed
    assert "Traceback" not in printed
    errors = [line for line in printed.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert ("b.jsonl.gz" if fault == "gzip" else "sources.a: text") in errors[0]
