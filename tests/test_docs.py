"""The documentation is true: its snippets run, its links lead somewhere, and what it names is there."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from pyspark.sql import SparkSession

from corpus_pipeline.kernels.rules import REASONS
from corpus_pipeline.pipeline import STAGES
from corpus_pipeline.schemas import contract
from tests.documentation import ROOT, assert_runs, blocks, clone_to, restore, run_page

DOCS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
HOWTO = sorted((ROOT / "docs" / "howto").glob("*.md"))
OTHERS = ("first_hour", "remove_a_document")  # run by tests of their own
RUN = [ROOT / "docs" / "reports.md", *(page for page in HOWTO if page.stem not in OTHERS)]
FIRST_HOUR = ROOT / "docs" / "howto" / "first_hour.md"
STEPS = ("make corpus", "conf/mine.yaml", "mix.min_quality_rank", "make report", "BASE=out/mine", "make provenance")
REMOVED = ROOT / "docs" / "howto" / "remove_a_document.md"
PACKAGE = ("kernels", "stages", "run", "resources")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of this checkout in which `make corpus` has run: what the pages of docs/ start from."""
    folder = tmp_path_factory.mktemp("newcomer") / "clone"
    clone_to(folder)
    assert_runs(["make", "corpus"], folder, "make corpus in a clone")
    return folder


@pytest.fixture
def sample(clone: Path) -> Path:
    """The clone with the code and the run of the sample as they were at first; links, so that no byte is copied."""
    saved, own = clone / "out" / "saved", clone / "out" / "sample"
    if not saved.exists():
        shutil.copytree(own, saved, copy_function=lambda a, b: Path(b).hardlink_to(a))
    shutil.rmtree(own)
    shutil.copytree(saved, own, copy_function=lambda a, b: Path(b).hardlink_to(a))
    restore(clone)
    return clone


def test_the_first_hour_has_every_step() -> None:
    text = "".join(f"{block.argument}\n{block.text}" for block in blocks(FIRST_HOUR))
    assert [step for step in STEPS if step not in text] == []


@pytest.mark.spark
def test_the_first_hour(clone: Path) -> None:
    """A newcomer's steps as written, in a fresh clone."""
    printed = run_page(FIRST_HOUR, clone)

    def asked(query: str) -> list[tuple[Any, ...]]:
        return duckdb.execute(query.replace("out/", f"{clone}/out/")).fetchall()

    notes = asked("SELECT record_id FROM 'out/mine/raw_documents/*.parquet' WHERE source = 'notes' ORDER BY 1")
    assert notes == [("1",), ("2",)]
    kept = "SELECT count(*) FILTER (copies > 0), count(*) FROM 'out/{}/mixture/*.parquet'"
    (before, whole), (after, same) = asked(kept.format("mine"))[0], asked(kept.format("tuned"))[0]
    assert whole == same == 302
    assert 0 < after < before
    # the other run is as it was, though the copy shares its files
    shards = asked("SELECT sum(documents) FROM 'out/mine/shard_index/*.parquet'")[0][0]
    assert shards == before
    assert asked("SELECT sum(documents) FROM 'out/tuned/shard_index/*.parquet'")[0][0] == after
    assert "places in the shards: 1" in printed
    page = (clone / "out" / "tuned" / "report" / "compare.html").read_text(encoding="utf-8")
    assert "out/mine" in page
    restore(clone)


@pytest.mark.spark
@pytest.mark.parametrize("page", RUN, ids=name)
def test_snippets_run(sample: Path, spark: SparkSession, page: Path) -> None:
    run_page(page, sample, spark)


@pytest.mark.spark
def test_removing_a_document_changes_the_shards_that_held_it_and_no_other(sample: Path) -> None:
    run_page(REMOVED, sample)
    before, after = (digests(sample / "out" / run / "shards") for run in ("saved", "sample"))
    ids = [line.split()[0] for block in blocks(REMOVED) if block.kind == "text" for line in block.text.splitlines()]
    held = "SELECT DISTINCT shard FROM '{}/out/{}/shard_documents/*.parquet' WHERE doc_id IN {}"
    shards = {row[0] for row in duckdb.execute(held.format(sample, "saved", tuple(ids))).fetchall()}
    assert len(before) > len(shards) * 2
    assert {file for file in before if before[file] != after[file]} == {
        f"{shard}.{ending}" for shard in shards for ending in ("bin", "idx")
    }
    assert duckdb.execute(held.format(sample, "sample", tuple(ids))).fetchall() == []


def digests(shards: Path) -> dict[str, str]:
    """Name -> SHA-256 of the files of shards."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(shards.glob("shard-*"))}


def test_there_are_ten_queries_and_all_howtos() -> None:
    kinds = [(block.kind, block.argument) for block in blocks(ROOT / "docs" / "reports.md")]
    assert kinds.count(("sql", "")) >= 10
    assert kinds.count(("sql", "spark")) >= 5
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in HOWTO if f"docs/howto/{page.name}" not in readme] == []


@pytest.mark.parametrize("page", DOCS, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not target.startswith(("http://", "https://")):
            path, _, anchor = target.partition("#")
            linked = (page.parent / path).resolve() if path else page
            assert linked.exists(), target
            assert not anchor or anchor in anchors(linked), target


def anchors(page: Path) -> set[str]:
    """The headings of a page as the names that links use."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", DOCS, ids=name)
def test_files_that_are_named_are_there(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    folders = "|".join((*PACKAGE, "corpus_pipeline", "tests", "jobs", "schemas", "docs", "conf", "benchmarks", "data"))
    for path in re.findall(rf"`((?:{folders})/[\w./]+\.(?:py|json|md|tsv|yaml|npz|ftz))", text):
        root = ROOT / "corpus_pipeline" if path.split("/")[0] in PACKAGE else ROOT
        made = {argument for block in blocks(page) if (argument := block.argument)}
        assert (root / path).exists() or path in made, path


@pytest.mark.parametrize("page", DOCS, ids=name)
def test_settings_and_targets_that_are_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for stage, key in re.findall(rf"`({'|'.join(STAGES)})\.([a-z_]+)", text):
        if key not in ("py", "json", "md", "npz", "ftz", "tsv"):
            assert key in STAGES[stage].params.model_fields, f"{stage}.{key}"
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w -]+):(?!=)", makefile, re.MULTILINE))
    known = {target for line in targets for target in line.split()}
    for command in re.findall(r"(?:^|`)make((?: [a-z][\w-]*)+)", text, re.MULTILINE):
        assert not set(command.split()) - known, command


def test_the_tables_of_quality_name_its_columns_and_its_rules() -> None:
    rows = re.findall(r"^\| (`.*?`) \|", (ROOT / "docs" / "quality.md").read_text(encoding="utf-8"), re.MULTILINE)
    named = {one for row in rows for one in re.findall(r"`([a-z_0-9]+)`", row)}
    assert named - set(contract("quality").columns) - set(REASONS) == set()
    assert set(REASONS) - named == set()


@pytest.mark.parametrize("page", DOCS, ids=name)
def test_yaml_that_is_shown_is_yaml(page: Path) -> None:
    for block in blocks(page):
        if block.kind == "yaml":
            assert yaml.safe_load(block.text), block.place
