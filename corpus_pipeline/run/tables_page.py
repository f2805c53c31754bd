"""docs/tables.md from the contracts and the map: `make docs`, or python -m corpus_pipeline.run.tables_page <file>."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from corpus_pipeline.pipeline import AUXILIARY, PIPELINE, Stage
from corpus_pipeline.schemas import Contract, contract
from corpus_pipeline.stages.arrow import struct_of

_HEAD = """# Tables

Every table of a run: what a row is, its columns, what is checked, what is counted. This page is made from the contracts
(`schemas/*.json`) and the map (`corpus_pipeline/pipeline.py`) by `make docs`; change those, not this page.

A table is a folder of Parquet files under the run's `output` where no other format is named. It is there when its
`_manifest.json` is. Columns are required unless they say *null*. A check of level `fail` ends the stage before anything
is published, one of level `warn` is told and stands in the quality report. Metrics are sums over the rows of SQL
values, of the whole table (slice `all`) and of each part where the table is sliced; ratios are one metric over another.
Digests of the rows and of the keys are compared by `make verify`.
"""
_REPORT = "quality_report"  # written by every stage, so by none of the map
_RECORDS = "records"  # no table: what the config makes of a source


def page() -> str:
    """The Markdown of the whole page."""
    stages = [*PIPELINE, *AUXILIARY]
    parts = [_HEAD, "| table | grain | written by | read by |\n|---|---|---|---|"]
    parts[1] += "".join(
        f"\n| [`{table}`](#{table}) | {contract(table).grain} | {stage.name} | {', '.join(_readers(table))} |"
        for stage in stages
        for table in stage.writes
    )
    parts[1] += f"\n| [`{_REPORT}`](#{_REPORT}) | {contract(_REPORT).grain} | every stage | people |\n"
    parts += [_table(contract(table), stage.name) for stage in stages for table in stage.writes]
    parts.append(_table(contract(_REPORT), "every stage"))
    records = contract(_RECORDS)
    parts.append("\n".join([f"## {_RECORDS}\n", f"{records.description}\n", *_columns(records)]))
    return "\n".join(parts)


def _readers(table: str) -> list[str]:
    stages: tuple[Stage, ...] = (*PIPELINE, *AUXILIARY)
    own = [stage.name for stage in stages if table in stage.reads]
    return [*own, *(f"{stage.name} (of earlier runs)" for stage in stages if table in stage.earlier)]


def _table(of: Contract, writer: str) -> str:
    return "\n".join([f"## {of.table}\n", f"{of.description}\n", *_facts(of, writer), "", *_columns(of), *_rules(of)])


def _facts(of: Contract, writer: str) -> Iterator[str]:
    readers = ", ".join(_readers(of.table))
    yield f"- Grain: {of.grain}. Key: {_names(of.keys)}."
    yield f"- Written by {writer}; read by {readers or 'people alone'}. Version {of.version}, format {of.format}."
    if of.conserves:
        yield f"- It has the keys of `{of.conserves}`, all of them and no other."
    if of.slice:
        yield f"- Metrics are sliced by `{of.slice}`."
    for columns in of.breakdown:
        yield f"- Rows are counted by {', '.join(f'`{column}`' for column in columns)}."
    if of.restricted:
        yield "- **Restricted**: it holds personal data as it was found, and stands under `raw_output` if that is set."


def _columns(of: Contract) -> Iterator[str]:
    yield "| column | type | unit | meaning |\n|---|---|---|---|"
    for field in struct_of(of.table):
        null = "" if field.name in of.required else ", *null*"
        unit, meaning = (_cell(field.metadata.get(name, "")) for name in ("unit", "comment"))
        yield f"| `{field.name}` | {field.dataType.simpleString()}{null} | {unit} | {meaning} |"
    yield ""


def _rules(of: Contract) -> Iterator[str]:
    checks = [(check.name, check.level, f"`{check.sql}`") for check in of.checks]
    metrics = [(metric.name, metric.unit, f"sum of `{metric.value}`") for metric in of.metrics]
    ratios = [(ratio.name, ratio.unit, f"`{ratio.numerator}` / `{ratio.denominator}`") for ratio in of.ratios]
    for head, rows in (
        (("check", "level", "condition"), checks),
        (("metric", "unit", "what it is"), metrics + ratios),
    ):
        if rows:
            yield f"| {' | '.join(head)} |\n|---|---|---|"
            yield from (f"| `{name}` | {middle} | {_cell(sql)} |" for name, middle, sql in rows)
            yield ""


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _cell(text: str) -> str:
    """Text for a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
