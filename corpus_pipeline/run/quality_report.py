"""The quality report as a table: one Parquet file per stage under `<output>/quality_report/`, one row per figure.

It is worked out from the manifests alone, so it costs no scan and never differs from them. Names of columns and
metrics stay as they are from version to version: `tests/run/test_quality_report.py` pins them.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql.pandas.types import to_arrow_schema

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.pipeline import Stage
from corpus_pipeline.run.config import Config
from corpus_pipeline.run.manifest import Manifest
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.schemas import ALL, contract
from corpus_pipeline.stages.arrow import struct_of

FOLDER = "quality_report"
_PLAIN = {"numerator": None, "denominator": None, "severity": "info"}


def rows(run: str, stage: str, one: Manifest) -> list[dict[str, object]]:
    """The figures of one table in the columns of schemas/quality_report.json: metrics, ratios, checks.

    A ratio whose denominator is 0 says nothing and has no row.
    """
    base = {"run": run, "stage": stage, "table": one.table}
    return [base | figure for part in (_metrics(one), _ratios(one), _checks(one)) for figure in part]


def _metrics(one: Manifest) -> Iterator[dict[str, Any]]:
    units = {metric.name: metric.unit for metric in contract(one.table).metrics}
    for key, value in one.metrics.items():
        part, _, name = key.rpartition("/")
        yield {"slice": part, "metric": name, "value": value, "unit": units.get(name, "rows"), **_PLAIN}


def _ratios(one: Manifest) -> Iterator[dict[str, Any]]:
    for ratio in contract(one.table).ratios:
        for key, numerator in one.metrics.items():
            part, _, name = key.rpartition("/")
            denominator = one.metrics.get(f"{part}/{ratio.denominator}")
            if name == ratio.numerator and denominator:
                yield {
                    "slice": part,
                    "metric": ratio.name,
                    "value": numerator / denominator,
                    "unit": ratio.unit,
                    "numerator": numerator,
                    "denominator": denominator,
                    "severity": "info",
                }


def _checks(one: Manifest) -> Iterator[dict[str, Any]]:
    for check in contract(one.table).checks:
        holds = check.name not in one.failed
        severity = "info" if holds else check.level
        figure = {"slice": ALL, "metric": f"check:{check.name}", "value": float(holds), "unit": "1 = holds"}
        yield figure | _PLAIN | {"severity": severity}


def write(storage: Storage, config: Config, stage: Stage, manifests: list[Manifest]) -> None:
    """Replace the stage's part of the report."""
    sink = io.BytesIO()
    pq.write_table(_figures(config, stage, manifests), sink, compression="zstd")
    storage.make_folder(f"{config.output}/{FOLDER}")
    storage.write_bytes(_path(config, stage), sink.getvalue())


def is_of(storage: Storage, config: Config, stage: Stage, manifests: list[Manifest]) -> bool:
    """Whether the stage's part of the report is that of these manifests."""
    try:
        there = pq.read_table(pa.BufferReader(storage.read_bytes(_path(config, stage))))
    except (ResourceError, OSError, pa.ArrowException):  # none, or a damaged one
        return False
    return bool(there.equals(_figures(config, stage, manifests)))


def _path(config: Config, stage: Stage) -> str:
    return f"{config.output}/{FOLDER}/{stage.name}.parquet"


def _figures(config: Config, stage: Stage, manifests: list[Manifest]) -> pa.Table:
    figures = [row for one in manifests for row in rows(config.name, stage.name, one)]
    figures.sort(key=lambda row: [str(row[name]) for name in ("table", "slice", "metric")])
    return pa.Table.from_pylist(figures, schema=to_arrow_schema(struct_of("quality_report")))
