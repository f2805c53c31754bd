"""A small real run: each answer against the .idx read with numpy, the decoded .bin, and DuckDB over the tables."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import yaml
from pyspark.sql import SparkSession
from tokenizers import Tokenizer

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.pipeline import PIPELINE, STAGES
from corpus_pipeline.run import job, manifest
from corpus_pipeline.run.config import check
from corpus_pipeline.run.execute import Run, execute
from corpus_pipeline.run.provenance import Provenance, Tables, locate, main, of_document, of_token
from corpus_pipeline.run.provenance_page import page
from corpus_pipeline.run.shard_text import ShardText
from corpus_pipeline.run.storage import Storage
from tests.read_shards import Shard

pytestmark = pytest.mark.spark
ROOT = Path(__file__).resolve().parents[2]
RRN, PHONE = "940825-1642185", "010-5550-1234"  # synthetic
WORDS = ["바다", "바람", "산길", "안개", "시장", "생선", "기차", "골목", "도서관", "감나무", "열매", "편지", "우물"]
DROPPED = {"short": "quality:too_short", "again": "exact_duplicate"}


def records() -> list[dict[str, str]]:
    """Twelve different texts, one of them twice and one with planted numbers, and one too short."""
    texts = {
        f"d{i:02d}": " ".join(WORDS[(i * k + k * k * k) % 13] + "에 갔다." for k in range(1, 60)) for i in range(12)
    }
    texts["planted"] = f"주민등록번호 {RRN} 이고 휴대폰은 {PHONE} 입니다. " + texts["d03"][::-1]
    texts["again"] = texts["d05"]
    texts["short"] = "짧은 글"
    return [{"id": key, "title": f"제목 {key}", "body": text} for key, text in texts.items()]


def config(folder: Path) -> dict[str, Any]:
    source = {
        "format": "json", "path": str(folder / "a.jsonl"), "fields": "id string, title string, body string",
        "doc_type": "web", "licence": "CC0-1.0", "name": "시험",
        "columns": {"record_id": "id", "title": "if(id = 'planted', concat(title, ' 010-5550-1234'), title)",
                    "text": "body", "url": "concat('https://example.org/', id)"},
    }  # fmt: skip
    return {
        "name": "t",
        "output": str(folder / "out"),
        "raw_output": str(folder / "raw"),
        "sources": {"a": source},
        "mix": {"drop_rules": ["too_short"], "budget_tokens": 1_000_000, "epoch_cap": 2},
        "sample": {"fraction": 0.5},
        "train_tokenizer": {"vocab_size": 400},
        "serialize": {"shard_tokens": 4000},
    }


class Made:
    """A finished run. out, raw: folders of its tables. run: as the commands see it."""

    def __init__(self, spark: SparkSession, settings: dict[str, Any]) -> None:
        self.spark, self.settings = spark, settings
        self.out, self.raw = Path(settings["output"]), Path(settings["raw_output"])

    @property
    def run(self) -> Run:
        return Run(self.spark, Storage(self.spark), check(self.settings, "t.yaml"), lambda line: None)

    def make(self, *stages: str) -> None:
        for stage in stages:
            execute(self.run, STAGES[stage], False)

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        return duckdb.execute(query.replace("OUT", str(self.out)).replace("RAW", str(self.raw))).fetchall()

    def doc_id(self, record: str) -> str:
        found = self.sql(f"select doc_id from 'RAW/raw_documents/*.parquet' where record_id = '{record}'")
        return str(found[0][0])

    def tokenizer(self) -> Tokenizer:
        return Tokenizer.from_file(str(self.out / "tokenizer" / "tokenizer.json"))

    def full_text(self, doc_id: str) -> str:
        """Header and text, the header of the default template written out again."""
        title, text = self.sql(f"select title, text from 'OUT/documents/*.parquet' where doc_id = '{doc_id}'")[0]
        return f"Title: {title}, Body: {text}"


@pytest.fixture(scope="module")
def made(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("provenance")
    lines = [json.dumps(record, ensure_ascii=False) for record in records()]
    (folder / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    before = spark.conf.get("spark.sql.shuffle.partitions")
    spark.conf.set("spark.sql.shuffle.partitions", 2)
    one = Made(spark, config(folder))
    one.make(*[stage.name for stage in PIPELINE])
    yield one
    spark.conf.set("spark.sql.shuffle.partitions", before or "4")


def decision(found: Provenance, stage: str) -> Any:
    return next(one for one in found.decisions if one.stage == stage)


def test_first_last_and_border_tokens_stand_in_the_sequence_that_the_idx_says(made: Made) -> None:
    shards = sorted((made.out / "shards").glob("*.idx"))
    assert len(shards) > 1
    tables = Tables(made.run)
    tokenizer = made.tokenizer()
    for path in shards:
        shard = Shard(path)
        ends = np.cumsum(shard.lengths)
        assert len(ends) > 2
        for offset in (0, int(ends[0]) - 1, int(ends[0]), int(ends[-1]) - 1):
            place = locate(tables, path.stem, offset)
            position = int(np.searchsorted(ends, offset, side="right"))
            assert place["position"] == position
            assert place["byte_offset"] == shard.offsets[position]
            assert place["tokens"] == shard.lengths[position]
            data = path.with_suffix(".bin").read_bytes()[place["byte_offset"] :][: place["bytes"]]
            ids = np.frombuffer(data, shard.dtype).tolist()
            assert ids[-1] == tokenizer.token_to_id("<|endoftext|>")
            assert tokenizer.decode(ids[:-1], skip_special_tokens=False) == made.full_text(place["doc_id"])


def test_a_token_is_shown_with_its_part_and_what_stands_around_it(made: Made) -> None:
    path = min((made.out / "shards").glob("*.idx"))
    shard, tokenizer = Shard(path), made.tokenizer()
    tables = Tables(made.run)
    start, end = int(shard.lengths[0]), int(shard.lengths[0] + shard.lengths[1])
    place = locate(tables, path.stem, start)
    text = ShardText(tables.run, tables.manifests["shard_documents"], tables.manifests["tokenizer"])
    header = len(made.full_text(place["doc_id"]).partition("Body: ")[0].encode()) + len("Body: ")

    def decoded(first: int, last: int) -> str:
        return str(tokenizer.decode(shard.tokens[first:last].tolist(), skip_special_tokens=False))

    parts = []
    for offset in range(start, end):
        token = text.token(place, offset)
        assert token["id"] == shard.tokens[offset]
        assert token["before"] == decoded(max(start, offset - 20), offset)
        assert token["text"] == decoded(offset, offset + 1)
        assert token["after"] == decoded(offset + 1, min(end, offset + 21))
        parts.append(token["part"])
        until, after = decoded(start, offset), decoded(start, offset + 1)
        if "\ufffd" not in until + after and offset < end - 1:
            inside, outside = len(after.encode()) <= header, len(until.encode()) >= header
            assert token["part"] == ("header" if inside else "text" if outside else "header and text")
    assert text.problem is None
    assert parts[0] == "header"
    assert parts[-2:] == ["text", "end of document"]


def test_the_page_of_a_token_agrees_with_the_tables(made: Made) -> None:
    shard, offset, doc_id = made.sql("select shard, token_offset + 5, doc_id from 'OUT/shard_documents/*.parquet'")[3]
    found = of_token(made.run, shard, offset)
    assert found.doc_id == doc_id
    assert found.token is not None
    assert (found.token["offset"], found.token["in_document"]) == (offset, 5)
    deciding = [stage.name for stage in PIPELINE if stage.name != "drop_samples"]  # it shows, and decides nothing
    assert [one.stage for one in found.decisions] == deciding
    for table, stage in (("documents", "scrub"), ("duplicates", "dedup"), ("quality", "classify"), ("mixture", "mix")):
        rows = duckdb.execute(f"select * from '{made.out}/{table}/*.parquet' where doc_id = '{doc_id}'")
        names = [column[0] for column in rows.description or ()]
        expected = dict(zip(names, rows.fetchall()[0], strict=True))
        shown = decision(found, stage).rows[0]
        assert shown == {name: value for name, value in expected.items() if name in shown}
        assert set(expected) - set(shown) <= {"text", "speakers"}
    drawn = made.sql(f"select count(*) from 'OUT/tokenizer_sample/*.parquet' where doc_id = '{doc_id}'")[0][0]
    assert decision(found, "sample").state == ("done" if drawn else "not drawn")
    assert decision(found, "train_tokenizer").rows == [{"source": "sample", "read": bool(drawn)}]
    collected = {"record_id", "path", "url", "created_at", "records", "removed_bytes"}
    assert set(decision(found, "collect").rows[0]) == collected
    text = page(asdict(found))
    for words in (doc_id, f"token {offset} of {shard}", found.token["text"], "https://example.org/", "CC0-1.0"):
        assert words in text


def test_every_place_of_a_document_is_listed(made: Made) -> None:
    for record in ("d00", "d07", "planted"):
        doc_id = made.doc_id(record)
        found = of_document(made.run, doc_id)
        places = decision(found, "serialize").rows
        assert [place["copy"] for place in sorted(places, key=lambda place: place["copy"])] == [0, 1]
        cut = [
            (made.out / "shards" / f"{place['shard']}.bin").read_bytes()[place["byte_offset"] :][: place["bytes"]]
            for place in places
        ]
        assert cut[0] == cut[1]
        ids = np.frombuffer(cut[0], "<u2").tolist()
        assert made.tokenizer().decode(ids[:-1], skip_special_tokens=False) == made.full_text(doc_id)
        assert found.verdict == "places in the shards: 2"
        assert found.begins
        assert made.full_text(doc_id).startswith(found.begins.rstrip("\ufffd"))


@pytest.mark.parametrize("record", sorted(DROPPED))
def test_a_dropped_document_says_why(made: Made, record: str) -> None:
    ids = {made.doc_id("again"), made.doc_id("d05")}
    kept = made.sql(f"select doc_id from 'OUT/mixture/*.parquet' where copies > 0 and doc_id in {tuple(sorted(ids))}")
    survivor = str(kept[0][0])
    doc_id = made.doc_id(record) if record == "short" else next(iter(ids - {survivor}))
    found = of_document(made.run, doc_id)
    assert found.verdict == f"in no shard: dropped by mix: {DROPPED[record]}"
    assert decision(found, "serialize").state == "in no shard"
    if record == "short":
        assert found.cluster is None
        return
    assert found.cluster is not None
    assert (found.cluster["survivor"], found.cluster["documents"]) == (survivor, 2)
    member = found.cluster["members"][0]
    assert member["doc_id"] == survivor
    assert len(member["places"]) == member["copies"] == 2
    assert of_document(made.run, survivor).cluster["members"][0]["doc_id"] == doc_id  # type: ignore[index]


def test_no_personal_number_of_the_source_is_shown(made: Made) -> None:
    doc_id = made.doc_id("planted")
    raw = made.sql(f"select title, text from 'RAW/raw_documents/*.parquet' where doc_id = '{doc_id}'")[0]
    assert (RRN in raw[1], PHONE in raw[0], PHONE in raw[1]) == (True, True, True)
    place = decision(of_document(made.run, doc_id), "serialize").rows[0]
    for offset in (place["token_offset"] + 25, place["token_offset"] + 60):
        answer = asdict(of_token(made.run, place["shard"], offset))
        shown = page(answer) + json.dumps(answer, ensure_ascii=False)
        assert doc_id in shown
        for value in (RRN, PHONE, RRN[-7:], PHONE[-4:]):
            assert value not in shown
    assert decision(of_document(made.run, doc_id), "scrub").rows[0]["masked_rrn"] == 1


def test_what_was_not_run_or_cannot_be_read_is_said(made: Made, tmp_path: Path) -> None:
    doc_id = made.doc_id("d01")
    for table in ("documents", "duplicates"):
        shutil.copytree(made.out / table, tmp_path / "out" / table)
    half = Made(made.spark, {**made.settings, "output": str(tmp_path / "out"), "raw_output": str(tmp_path / "none")})
    found = of_document(half.run, doc_id)
    assert {one.stage: one.state for one in found.decisions} == {
        "collect": "not readable", "scrub": "done", "dedup": "done", "classify": "not run", "tag": "not run",
        "mix": "not run", "sample": "not run", "train_tokenizer": "not run", "serialize": "not run",
    }  # fmt: skip
    assert found.verdict == "in no shard; mix: not run"
    with pytest.raises(ResourceError) as caught:
        of_token(half.run, "shard-00000", 0)
    assert caught.value.todo == "Run `make serialize` first."


def test_tables_of_different_runs_are_noticed(made: Made, tmp_path: Path) -> None:
    shutil.copytree(made.out, tmp_path / "out")
    other = Made(made.spark, {**made.settings, "output": str(tmp_path / "out")})
    place = decision(of_document(other.run, other.doc_id("d01")), "serialize").rows[0]
    (other.out / "shards" / f"{place['shard']}.bin").write_bytes(b"")
    found = of_token(other.run, place["shard"], place["token_offset"])
    assert found.notes == [f"no text: {place['file']} ends too early"]
    assert found.token is not None
    assert (found.token["text"], found.token["part"]) == (None, "header or text")
    other.settings["mix"] = {**made.settings["mix"], "epoch_cap": 1}
    other.make("mix")
    notes = of_document(other.run, other.doc_id("d01")).notes
    assert "serialize was run on another mixture than the one that is there now" in notes
    assert "sample was run on another mixture than the one that is there now" in notes


def test_what_is_not_there_says_what_is(made: Made, tmp_path: Path) -> None:
    shards = sorted(path.stem for path in (made.out / "shards").glob("*.bin"))
    tokens = len(Shard(made.out / "shards" / shards[0]).tokens)
    with pytest.raises(ResourceError, match=f"one of {len(shards)} shards, {shards[0]} to {shards[-1]}"):
        of_token(made.run, "shard-99999", 0)
    for offset in (-1, tokens):
        with pytest.raises(ResourceError, match=f"0 to {tokens - 1}, the tokens of {shards[0]}, got {offset}"):
            of_token(made.run, shards[0], offset)
    with pytest.raises(ResourceError, match=f"none of {len(records())} documents"):
        of_document(made.run, "0" * 32)
    empty = Made(made.spark, {**made.settings, "output": str(tmp_path / "a"), "raw_output": str(tmp_path / "b")})
    with pytest.raises(ResourceError, match="Run `make collect` first"):
        of_document(empty.run, "0" * 32)


def test_the_command_prints_one_json_object(made: Made, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump(made.settings, allow_unicode=True), encoding="utf-8")
    doc_id = made.doc_id("d02")
    command = [sys.executable, "jobs/provenance.py", "--config", str(path), "--log-dir", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [*command, "--json", "--doc", doc_id], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == json.loads(json.dumps(asdict(of_document(made.run, doc_id))))


def test_an_error_is_one_line_and_exit_code_1(
    made: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    @contextmanager
    def opened(options: object, log: str) -> Iterator[Run]:
        yield made.run

    monkeypatch.setattr(job, "opened", opened)  # the tests' session, which must not be stopped
    code = main(["--config", "x", "--log-dir", str(tmp_path), "--shard", "shard-99999", "--token", "0"])
    printed = capsys.readouterr()
    assert (code, printed.out) == (1, "")
    assert printed.err.startswith("error: ResourceError: --shard shard-99999: expected one of ")
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [("--shard", "shard-00000"), ("--token", "0"), ("--doc", "a", "--token", "0"), ()]
)
def test_half_a_question_is_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--config", "none.yaml", *arguments])
    assert caught.value.code == 2


def test_shards_without_a_file_of_plain_ids_have_no_byte_range(made: Made, tmp_path: Path) -> None:
    """As serialize.formats: [parquet] says; the tables alone are needed."""
    shutil.copytree(made.out, tmp_path / "out")
    other = Made(made.spark, {**made.settings, "output": str(tmp_path / "out")})
    path = other.out / "shard_documents" / manifest.FILE
    content = json.loads(path.read_text(encoding="utf-8"))
    content["params"]["formats"] = ["parquet"]
    path.write_text(json.dumps(content), encoding="utf-8")
    (path.parent / f".{path.name}.crc").unlink()
    found = of_token(other.run, "shard-00000", 0)
    assert found.notes == ["no text: the shards are in a format without a file of plain ids"]
    place = decision(found, "serialize").rows[0]
    assert (place["file"], place["byte_offset"], place["bytes"]) == (None, None, None)
    assert f"tokens {place['token_offset']} to" in page(asdict(found))


def test_a_table_of_another_contract_is_named_and_left_out(made: Made, tmp_path: Path) -> None:
    shutil.copytree(made.out, tmp_path / "out")
    other = Made(made.spark, {**made.settings, "output": str(tmp_path / "out")})
    path = other.out / "tags" / manifest.FILE
    path.write_text(path.read_text(encoding="utf-8").replace('"version": 2', '"version": 0'), encoding="utf-8")
    (path.parent / f".{path.name}.crc").unlink()
    found = of_document(other.run, other.doc_id("d01"))
    assert decision(found, "tag").state == "made under another contract"
    assert decision(found, "mix").state == "done"
