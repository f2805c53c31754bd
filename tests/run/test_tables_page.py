"""docs/tables.md is what the contracts say."""

from __future__ import annotations

from pathlib import Path

from markdown_it import MarkdownIt

from corpus_pipeline.pipeline import AUXILIARY, PIPELINE
from corpus_pipeline.run.tables_page import page
from corpus_pipeline.schemas import contract, tables

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")


def test_it_is_up_to_date() -> None:
    assert page() == PAGE, "run `make docs`"


def test_it_names_every_table_column_check_and_figure() -> None:
    """Read by a Markdown parser: a table of Markdown that is broken loses its rows."""
    sections: dict[str, list[str]] = {}
    cells: list[str] = []
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(PAGE)
    for at, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            cells = sections.setdefault(tokens[at + 1].content, [])
        if token.type == "td_open":
            cells.append(tokens[at + 1].content)
    assert sorted(sections) == tables()
    for table, found in sections.items():
        promise = contract(table)
        figures = {one.name for one in promise.metrics} | {one.name for one in promise.ratios}
        figures |= {one.name for one in promise.checks}
        for name in [*promise.columns, *(figures if table != "records" else ())]:
            assert f"`{name}`" in found, f"{table}: {name}"


def test_it_names_who_writes_and_who_reads() -> None:
    for stage in (*PIPELINE, *AUXILIARY):
        for table in stage.writes:
            section = PAGE.split(f"\n## {table}\n")[1].split("\n## ")[0]
            line = next(line for line in section.splitlines() if line.startswith("- Written by"))
            readers = {other.name for other in (*PIPELINE, *AUXILIARY) if table in (*other.reads, *other.earlier)}
            assert line.startswith(f"- Written by {stage.name};")
            assert all(reader in line for reader in readers), line
            assert ("people alone" in line) == (not readers)
