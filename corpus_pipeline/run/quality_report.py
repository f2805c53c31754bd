"""The quality report as a table: one Parquet file per stage under `<output>/quality_report/`, one row per figure."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql.pandas.types import to_arrow_schema

from corpus_pipeline.pipeline import Stage
from corpus_pipeline.run.config import Config
from corpus_pipeline.run.manifest import Manifest
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.arrow import struct_of

FOLDER = "quality_report"


def rows(run: str, stage: str, one: Manifest) -> list[dict[str, object]]:
    """The figures of one table in the columns of schemas/quality_report.json."""
    promise = contract(one.table)
    units = {metric.name: metric.unit for metric in promise.metrics}
    base = {"run": run, "stage": stage, "table": one.table}
    found: list[dict[str, object]] = []
    for key, value in one.metrics.items():
        part, _, name = key.rpartition("/")
        found.append(
            {**base, "slice": part, "metric": name, "value": value, "unit": units.get(name, "rows"), "severity": "info"}
        )
    for check in promise.checks:
        holds = check.name not in one.failed
        found.append(
            {
                **base,
                "slice": "all",
                "metric": f"check:{check.name}",
                "value": float(holds),
                "unit": "1 = holds",
                "severity": "info" if holds else check.level,
            }
        )
    return found


def write(storage: Storage, config: Config, stage: Stage, manifests: list[Manifest]) -> None:
    """Replace the stage's part of the report."""
    figures = [row for one in manifests for row in rows(config.name, stage.name, one)]
    table = pa.Table.from_pylist(figures, schema=to_arrow_schema(struct_of("quality_report")))
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    storage.make_folder(f"{config.output}/{FOLDER}")
    storage.write_bytes(f"{config.output}/{FOLDER}/{stage.name}.parquet", sink.getvalue())
