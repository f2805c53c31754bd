"""Write a stage's tables aside, check them in the same pass, and make them visible together.

Counts, digests, null checks, contract checks and the report's metrics are observed while the rows are written.
Only what needs a shuffle (unique keys, breakdowns) reads the written table again, and of it a few narrow columns.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

from corpus_pipeline.errors import ContractError
from corpus_pipeline.run import manifest
from corpus_pipeline.run.config import Config
from corpus_pipeline.run.manifest import Manifest
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.schemas import Contract, contract
from corpus_pipeline.stages.arrow import struct_of

STAGING = "_staging"
_SEED = 42


@dataclass
class Written:
    """A table written aside."""

    contract: Contract
    rows: int
    digest: str
    keys_digest: str
    metrics: dict[str, float]
    failed: list[str] = field(default_factory=list)


def write_aside(df: DataFrame, table: str, folder: str, slices: Mapping[str, list[str]]) -> Written:
    """Write `df` as `table` to `folder`/`table`, observed and checked. Raises ContractError, publishes nothing.

    slices  column -> the values by which the contract's metrics are split
    """
    promise = contract(table)
    _same_columns(df, promise)
    observation = Observation()
    aggregates = _aggregates(promise, slices)
    df.observe(observation, *[column.alias(name) for name, column in aggregates.items()]).write.mode(
        "overwrite"
    ).parquet(f"{folder}/{table}")
    seen: dict[str, Any] = observation.get
    _no_nulls(promise, seen)
    failed = _checked(promise, seen)
    written = df.sparkSession.read.schema(struct_of(table)).parquet(f"{folder}/{table}")
    _unique(promise, written)
    metrics = {name[len("metric/") :]: float(value or 0) for name, value in seen.items() if name.startswith("metric/")}
    metrics |= _breakdown(promise, written)
    return Written(promise, int(seen["rows"]), _hex(seen, "digest"), _hex(seen, "keys"), metrics, failed)


def make_visible(storage: Storage, config: Config, manifests: Mapping[str, Manifest]) -> None:
    """Replace the published tables by those written aside: old manifests go first, new ones come last."""
    roots = {table: config.root(table) for table in manifests}
    for table, root in roots.items():
        storage.delete(f"{root}/{table}/{manifest.FILE}")
    for table, root in roots.items():
        storage.delete(f"{root}/{table}")
        storage.rename(f"{root}/{STAGING}/{table}", f"{root}/{table}")
    for table, root in roots.items():
        manifest.write(storage, root, manifests[table])


def _same_columns(df: DataFrame, promise: Contract) -> None:
    wanted = {f.name: f.dataType.simpleString() for f in struct_of(promise.table)}
    got = {f.name: f.dataType.simpleString() for f in df.schema}
    if wanted != got:
        wrong = sorted(set(wanted.items()) ^ set(got.items()))
        raise ContractError(
            f"schemas/{promise.table}.json",
            f"columns {list(wanted)}",
            f"differing: {wrong}",
            "Correct the stage or the contract.",
        )


def _aggregates(promise: Contract, slices: Mapping[str, list[str]]) -> dict[str, Column]:
    """Everything that is observed, by name."""
    found = {"rows": F.count(F.lit(1)), **_digest("digest", promise.columns), **_digest("keys", promise.keys)}
    found |= {f"null/{name}": F.count_if(F.col(name).isNull()) for name in promise.required}
    found |= {f"check/{check.name}": F.expr(check.sql) for check in promise.checks}
    for metric in promise.metrics:
        value = F.expr(metric.value)
        found[f"metric/all/{metric.name}"] = F.sum(value)
        if promise.slice:
            for one in slices.get(promise.slice, []):
                own = F.sum(F.when(F.col(promise.slice) == one, value))
                found[f"metric/{promise.slice}={one}/{metric.name}"] = own
    return found


def _digest(name: str, columns: tuple[str, ...]) -> dict[str, Column]:
    """Two order-free sums over row hashes; a sum of 32-bit parts holds for 2^31 rows."""
    marked = [part for name in columns for part in (F.col(name), F.isnull(name))]  # the hash alone skips nulls
    row = F.xxhash64(F.lit(_SEED), *marked)
    other = F.xxhash64(F.lit(_SEED + 1), *marked)
    return {f"{name}_xor": F.bit_xor(row), f"{name}_sum": F.sum(F.shiftrightunsigned(other, 32))}


def _hex(seen: Mapping[str, Any], name: str) -> str:
    mask = (1 << 64) - 1
    return f"{(seen[f'{name}_xor'] or 0) & mask:016x}{(seen[f'{name}_sum'] or 0) & mask:016x}{seen['rows']:x}"


def _no_nulls(promise: Contract, seen: Mapping[str, Any]) -> None:
    for name in promise.required:
        if seen[f"null/{name}"]:
            raise ContractError(
                f"{promise.table}.{name}",
                "no nulls",
                f"{seen[f'null/{name}']} of {seen['rows']} rows",
                "Correct the stage that writes it.",
            )


def _checked(promise: Contract, seen: Mapping[str, Any]) -> list[str]:
    """Names of `warn` checks that do not hold. Raises ContractError for a `fail` check."""
    broken = [check for check in promise.checks if not seen[f"check/{check.name}"]]
    for check in broken:
        if check.level == "fail":
            raise ContractError(
                f"{promise.table}: {check.name}",
                check.sql,
                f"otherwise, in {seen['rows']} rows",
                "Correct the stage that writes it.",
            )
    return [check.name for check in broken]


def _unique(promise: Contract, written: DataFrame) -> None:
    twice = written.groupBy(*promise.keys).count().where("count > 1").agg(F.count(F.lit(1))).collect()[0][0]
    if twice:
        raise ContractError(
            f"{promise.table}: {', '.join(promise.keys)}",
            f"one row per {promise.grain}",
            f"{twice} keys more than once",
            "Correct the stage that writes it.",
        )


def _breakdown(promise: Contract, written: DataFrame) -> dict[str, float]:
    """Row counts by the contract's breakdown columns: few, since they are names and reasons."""
    if not promise.breakdown:
        return {}
    counted = written.groupBy(*promise.breakdown).count().collect()
    found: dict[str, float] = {}
    for row in sorted(counted, key=lambda r: json.dumps(r.asDict(), default=str)):
        parts = [f"{name}={row[name]}" for name in promise.breakdown if row[name] is not None]
        if len(parts) == len(promise.breakdown):
            found[f"{','.join(parts)}/rows"] = float(row["count"])
    return found
