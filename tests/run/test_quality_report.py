"""The figures of a table as rows: units from the contracts, ratios with their parts, and names that stay."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest
from pyspark.sql.pandas.types import to_arrow_schema

from corpus_pipeline.pipeline import AUXILIARY, PIPELINE
from corpus_pipeline.run.manifest import Manifest
from corpus_pipeline.run.quality_report import rows
from corpus_pipeline.schemas import contract, tables
from corpus_pipeline.stages.arrow import struct_of

MIXTURE = Manifest(
    "mixture", "mix", 2, "f", 10, "d", "k",
    {
        "all/documents": 10.0, "all/kept": 4.0, "all/copies": 6.0,
        "source=a/b=c/documents": 8.0, "source=a/b=c/kept": 2.0,
        "source=empty/documents": 0.0, "source=empty/kept": 0.0,
        "source=a/b=c,drop_reason=language/rows": 6.0,
    },
)  # fmt: skip
# Saved queries and charts name these. To rename one is to break them: say so in CHANGELOG.md.
COLUMNS = [
    ("run", pa.string()), ("stage", pa.string()), ("table", pa.string()), ("slice", pa.string()),
    ("metric", pa.string()), ("value", pa.float64()), ("unit", pa.string()),
    ("numerator", pa.float64()), ("denominator", pa.float64()), ("severity", pa.string()),
]  # fmt: skip
METRICS = {
    "raw_documents": {"documents", "text_bytes", "removed_bytes", "records", "unknown_verdicts"},
    "rejected_records": {"rejected"},
    "documents": {"documents", "text_bytes", "masked_phone", "unsure_phone", "profanity", "boilerplate_share"},
    "duplicates": {"documents", "exact", "near", "exact_share", "near_share"},
    "quality": {"documents", "with_reason", "with_reason_share", "quality_score", "mean_quality_score"},
    "tags": {"documents", "text_bytes", "korean_bytes", "korean_share", "token_estimate", "contaminated"},
    "mixture": {"documents", "kept", "dropped", "text_bytes_kept", "planned_tokens", "copies", "kept_share"},
    "mixture_plan": {"supply_tokens", "planned_tokens", "tokens", "drawn_share"},
    "tokenizer_sample": {"documents", "text_bytes", "sampled_bytes"},
    "shard_documents": {"documents", "tokens", "mean_tokens"},
    "shard_index": {"shards", "documents", "sequences", "tokens", "bytes"},
}


def figures(one: Manifest) -> dict[tuple[str, str], dict[str, object]]:
    found = rows("r", "mix", one)
    assert {(row["run"], row["stage"], row["table"]) for row in found} == {("r", "mix", "mixture")}
    keyed = {(str(row["slice"]), str(row["metric"])): row for row in found}
    assert len(keyed) == len(found)
    return keyed


def test_columns_are_those_of_the_contract_and_stay() -> None:
    assert [(field.name, field.type) for field in to_arrow_schema(struct_of("quality_report"))] == COLUMNS
    assert all(set(row) == {name for name, _ in COLUMNS} for row in rows("r", "mix", MIXTURE))


@pytest.mark.parametrize("table", METRICS)
def test_names_of_metrics_stay(table: str) -> None:
    promise = contract(table)
    assert METRICS[table] <= {one.name for one in promise.metrics} | {one.name for one in promise.ratios}


def test_ratios_are_of_metrics_of_their_table() -> None:
    for table in tables():
        promise = contract(table)
        metrics, ratios = {one.name for one in promise.metrics}, [one.name for one in promise.ratios]
        assert {name for one in promise.ratios for name in (one.numerator, one.denominator)} <= metrics, table
        assert len(set(ratios)) == len(ratios)
        assert not metrics & set(ratios), table


def test_figures_have_units_and_ratios_their_parts() -> None:
    found = figures(MIXTURE)
    kept = found["all", "kept"]
    assert (kept["value"], kept["unit"], kept["numerator"], kept["severity"]) == (4.0, "documents", None, "info")
    share = found["source=a/b=c", "kept_share"]
    assert (share["value"], share["numerator"], share["denominator"]) == (0.25, 2.0, 8.0)
    assert share["unit"] == "share 0-1"
    assert found["all", "copies_per_kept"]["value"] == 1.5
    assert ("source=empty", "kept_share") not in found  # a share of nothing
    assert found["source=a/b=c,drop_reason=language", "rows"]["unit"] == "rows"


def test_severity_comes_from_the_checks() -> None:
    warned = replace(MIXTURE, table="mixture_plan", metrics={}, failed=["plan_is_met"])
    found = {row["metric"]: (row["value"], row["severity"]) for row in rows("r", "mix", warned)}
    levels = {check.name: check.level for check in contract("mixture_plan").checks}
    assert levels["plan_is_met"] == "warn"
    assert found == {f"check:{name}": (1.0, "info") for name in levels} | {"check:plan_is_met": (0.0, "warn")}


def test_every_metric_of_every_table_has_a_unit() -> None:
    for stage in (*PIPELINE, *AUXILIARY):
        for table in stage.writes:
            units = [one.unit for one in contract(table).metrics] + [one.unit for one in contract(table).ratios]
            assert all(unit.strip() for unit in units), table
