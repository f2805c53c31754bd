"""The whole chain on the bundled sample, as users run it: two runs with other partitions and cores, one result."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from tokenizers import Tokenizer

from corpus_pipeline.kernels.pii import PERSONAL
from corpus_pipeline.pipeline import PIPELINE
from corpus_pipeline.schemas import contract

pytestmark = pytest.mark.spark
ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / "conf" / "sample.yaml"
RAW = ("raw_documents", "rejected_records")
VARIANTS = ((16, 2), (1, 1))  # partitions of every shuffle, cores
TABLES = [t for stage in PIPELINE for t in stage.writes if contract(t).format == "parquet"]


def job(name: str, output: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, f"jobs/{name}.py", "--config", str(CONFIG), "--output", str(output), *arguments]
    command += ["--log-dir", str(output / "logs")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, str]]:
    """Output folder and what was printed, for each of VARIANTS."""
    done = []
    for partitions, cores in VARIANTS:
        output = tmp_path_factory.mktemp(f"run{partitions}") / "out"
        result = job(
            "pipeline", output, "--set", f"spark.master=local[{cores}]", "--set", f"spark.partitions={partitions}"
        )
        assert result.returncode == 0, result.stderr
        done.append((output, result.stdout + result.stderr))
    return done


@pytest.fixture(scope="session")
def out(runs: list[tuple[Path, str]]) -> Path:
    return runs[0][0]


def sql(query: str) -> list[tuple[Any, ...]]:
    return duckdb.execute(query).fetchall()


def rows(out: Path, table: str, columns: str = "*") -> list[dict[str, Any]]:
    found = duckdb.execute(f"select {columns} from '{out}/{table}/*.parquet'")
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def count(out: Path, table: str, where: str = "true") -> int:
    return int(sql(f"select count(*) from '{out}/{table}/*.parquet' where {where}")[0][0])


def test_shards_are_the_same_bytes_whatever_the_partitions_and_cores(runs: list[tuple[Path, str]]) -> None:
    def digests(out: Path) -> dict[str, str]:
        return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted((out / "shards").glob("shard-*"))}

    one, other = (digests(out) for out, _ in runs)
    assert len(one) >= 4
    assert one == other


@pytest.mark.parametrize("table", TABLES)
def test_tables_have_the_same_rows_whatever_the_partitions_and_cores(runs: list[tuple[Path, str]], table: str) -> None:
    one, other = (out for out, _ in runs)
    for a, b in ((one, other), (other, one)):
        assert sql(f"select * from '{a}/{table}/*.parquet' except all select * from '{b}/{table}/*.parquet'") == []


def test_java_has_no_complaint(runs: list[tuple[Path, str]]) -> None:
    """Seen once: the cache of compiled code full, and Java gone."""
    assert all("VM warning" not in printed for _, printed in runs)


def test_tokenizer_files_are_the_same_bytes(runs: list[tuple[Path, str]]) -> None:
    assert len({(out / "tokenizer" / "tokenizer.json").read_bytes() for out, _ in runs}) == 1


def records_in_the_files() -> dict[str, int]:
    """Records per source, counted without Spark and without the pipeline's readers."""
    found: Counter[str] = Counter()
    for name, source in yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["sources"].items():
        patterns = [source["path"]] if isinstance(source["path"], str) else source["path"]
        for path in sorted(p for pattern in patterns for p in ROOT.glob(pattern)):
            data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            if source["format"] not in ("json", "csv"):
                found[name] += 1
            elif source["format"] == "csv" and path.suffix == ".tsv":
                found[name] += sum(1 for line in data.decode().splitlines() if line)
            elif source["format"] == "csv":
                found[name] += len(list(csv.DictReader(data.decode("utf-8-sig").splitlines(keepends=True))))
            elif (source.get("options") or {}).get("multiLine"):
                found[name] += len(json.loads(data))
            else:
                found[name] += len(data.decode().splitlines())  # a question with its answers is one
    return dict(found)


def test_every_record_is_a_document_or_a_reject(out: Path) -> None:
    expected = records_in_the_files()
    kept = Counter(row["source"] for row in rows(out, "raw_documents", "source"))
    rejected = Counter(row["source"] for row in rows(out, "rejected_records", "source"))
    assert {name: kept[name] + rejected[name] for name in expected} == expected
    assert count(out, "rejected_records", "reason is null or reason = ''") == 0


def test_every_document_is_in_every_table_and_has_one_decision(out: Path) -> None:
    ids = {row["doc_id"] for row in rows(out, "raw_documents", "doc_id")}
    for table in ("documents", "duplicates", "quality", "tags", "mixture"):
        found = [row["doc_id"] for row in rows(out, table, "doc_id")]
        assert len(found) == len(ids), table
        assert set(found) == ids, table
    assert count(out, "mixture", "(copies > 0) <> (drop_reason is null)") == 0
    copies = sql(f"select sum(copies) from '{out}/mixture/*.parquet'")[0][0]
    assert count(out, "shard_documents") == copies


def test_shards_pass_the_independent_checker(out: Path) -> None:
    checker = ROOT.parent / "shared" / "check" / "read_megatron.py"
    if checker.exists():  # stands beside the project where it is developed; tests.read_shards reads the format too
        command = [
            sys.executable,
            str(checker),
            "--verify",
            "--eod",
            "0",
            "--one-sequence",
            "--no-empty",
            str(out / "shards"),
        ]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout
    named = {one["name"]: one["sha256"] for row in rows(out, "shard_index") for one in row["files"]}
    found = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in (out / "shards").glob("shard-*")}
    assert found == named


def test_every_sequence_decodes_to_header_and_text(out: Path) -> None:
    """Headers are written out here again, from the config, with plain string formatting."""
    from tests.read_shards import Shard

    headers = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["serialize"]["headers"]
    tokenizer = Tokenizer.from_file(str(out / "tokenizer" / "tokenizer.json"))
    eod = tokenizer.token_to_id("<|endoftext|>")
    documents = {row["doc_id"]: row for row in rows(out, "documents")}
    shards = {p.stem: Shard(p) for p in (out / "shards").glob("*.idx")}
    placed = rows(out, "shard_documents")
    for row in placed:
        document = documents[row["doc_id"]]
        templates = headers.get(document["doc_type"], headers["default"])
        fitting = [t for t in templates if all(document[f] for f in ("title", "source_name") if f"{{{f}}}" in t)]
        head = fitting[0].format(**{f: document[f] for f in ("title", "source_name")}) if fitting else ""
        shard = shards[row["shard"]]
        ids = shard.sequence(row["position"])
        assert ids[-1] == eod
        assert len(ids) == row["tokens"]
        assert shard.offsets[row["position"]] == row["token_offset"] * shard.dtype.itemsize
        assert tokenizer.decode(ids[:-1].tolist(), skip_special_tokens=False) == head + document["text"]
    assert len(placed) == sum(len(shard.lengths) for shard in shards.values())


def planted_values() -> dict[str, set[str]]:
    """Every synthetic personal value of the sample, as written; numbers of organisations are not masked by default."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / "data/sample/pii/pii_synthetic.jsonl").read_text(encoding="utf-8").splitlines():
        for one in json.loads(line)["planted"]:
            found.setdefault(one["kind"], set()).add(one["value"])
    return {kind: values for kind, values in found.items() if kind in PERSONAL}


def test_no_planted_number_is_in_any_output_but_the_raw_tables(runs: list[tuple[Path, str]]) -> None:
    planted = planted_values()
    assert planted.keys() == set(PERSONAL)
    values = sorted({value for kind in planted.values() for value in kind})
    assert len(values) > 80
    out, printed = runs[0]
    tokenizer = Tokenizer.from_file(str(out / "tokenizer" / "tokenizer.json"))
    texts = {"what was printed": printed}
    for path in sorted(p for p in out.rglob("*") if p.is_file()):
        name = str(path.relative_to(out))
        if name.split("/")[0].lstrip(".") in RAW:
            continue
        if path.suffix == ".parquet":
            texts[name] = json.dumps(sql(f"select * from '{path}'"), ensure_ascii=False, default=str)
        elif path.suffix == ".bin" and path.parent.name == "shards":
            from tests.read_shards import Shard

            shard = Shard(path)
            texts[name] = tokenizer.decode(shard.tokens.tolist(), skip_special_tokens=False)
        else:
            texts[name] = path.read_bytes().decode("utf-8", "replace")
    assert any(name.startswith("documents/") for name in texts)
    assert any(name.startswith("logs/") for name in texts)
    for name, text in texts.items():
        assert not [kind for kind, some in planted.items() for value in some if value in text], name
    raw = json.dumps([row["text"] for row in rows(out, "raw_documents", "text")], ensure_ascii=False)
    assert sum(value in raw for value in values) == len(values)  # the search can find what is there


def test_a_second_run_finds_everything_up_to_date_and_force_does_not(out: Path) -> None:
    again = job("pipeline", out)
    assert again.returncode == 0
    assert [line for line in again.stderr.splitlines() if line.endswith(": up to date")] == [
        f"{stage.name}: up to date" for stage in PIPELINE
    ]
    planned = job("mix", out, "--force", "--dry-run")
    assert "mix: would run: --force" in planned.stderr


def test_a_changed_setting_runs_its_stage_and_what_follows_alone(out: Path) -> None:
    planned = job("pipeline", out, "--dry-run", "--set", "mix.epoch_cap=3").stderr
    said = {line.split(":")[0]: line for line in planned.splitlines() if ": " in line}
    assert said["tag"] == "tag: up to date"
    assert said["mix"] == "mix: would run: changed settings: epoch_cap"
    assert said["serialize"].startswith("serialize: would run: reads mixture")


def test_the_summary_says_what_came_of_the_records(runs: list[tuple[Path, str]]) -> None:
    out, printed = runs[0]
    total = next(line.split() for line in printed.splitlines() if line.startswith("all "))
    numbers = [int(cell.replace(",", "")) for cell in total[1:6]]
    assert numbers == [
        sum(records_in_the_files().values()),
        count(out, "rejected_records"),
        count(out, "documents"),
        count(out, "mixture", "copies > 0"),
        count(out, "mixture", "copies = 0"),
    ]
    assert "not kept, by reason:" in printed
    assert "\x1b" not in printed  # plain lines where there is no terminal
    assert "\r" not in printed


def test_reports_hold_their_contract(out: Path) -> None:
    report = rows(out, "quality_report")
    assert {row["stage"] for row in report} == {stage.name for stage in PIPELINE}
    assert not [row for row in report if row["severity"] == "fail"]
    keys = [(row["run"], row["stage"], row["table"], row["slice"], row["metric"]) for row in report]
    assert len(set(keys)) == len(keys)
    masked = {
        row["metric"]: row["value"]
        for row in report
        if row["table"] == "documents" and row["slice"] == "source=personal"
    }
    assert masked["masked_rrn"] >= 15
    assert masked["masked_phone"] >= 22
