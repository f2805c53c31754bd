"""Read the table contracts, `schemas/<table>.json`. A leaf: no Spark, no JVM.

A contract is the JSON form of a Spark StructType (`schema`) with, around it:

grain    what one row is
keys     columns that identify a row (unique, not null)
format   `parquet`; `files` (rows become files); `megatron` (rows become token shards)
checks   SQL conditions over aggregates, `fail` or `warn`; evaluated on the table as it was written
metrics  per-row SQL values that are summed, in all and by `slice`, into the quality report
ratios   one metric over another, for the quality report: shares and means
slice    the column by whose values the metrics are split, if any; ALL names the figures of all rows
restricted  true for a table with personal data: it stands under the config's raw_output, if there is one
conserves  the table whose keys this one has, every one of them and no other
breakdown  lists of columns of few values, by each of which rows are counted; a column may be SQL, named by AS
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from corpus_pipeline.errors import ContractError

ALL = "all"


@dataclass(frozen=True)
class Check:
    """`sql` is true when the table is in order; `level` is `fail` or `warn`."""

    name: str
    level: str
    sql: str


@dataclass(frozen=True)
class Metric:
    """The sum of `value` (SQL, per row) in `unit`."""

    name: str
    value: str
    unit: str


@dataclass(frozen=True)
class Ratio:
    """Metric `numerator` over metric `denominator`, in `unit`."""

    name: str
    numerator: str
    denominator: str
    unit: str


@dataclass(frozen=True)
class Contract:
    """One table's promise. `schema` is Spark StructType JSON."""

    table: str
    version: int
    description: str
    grain: str
    keys: tuple[str, ...]
    format: str
    schema: dict[str, Any]
    checks: tuple[Check, ...]
    metrics: tuple[Metric, ...]
    ratios: tuple[Ratio, ...]
    slice: str | None
    breakdown: tuple[tuple[str, ...], ...]
    conserves: str | None
    restricted: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(field["name"] for field in self.schema["fields"])

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that may not be null."""
        return tuple(field["name"] for field in self.schema["fields"] if not field["nullable"])


def _folder() -> Any:
    """`schemas/` beside the package: in a checkout, in site-packages and inside a --py-files zip."""
    package: Any = files("corpus_pipeline")
    return package.parent / "schemas"


@cache
def contract(table: str) -> Contract:
    """The contract of `table`. Raises ContractError when there is none.

    >>> contract("documents").keys
    ('doc_id',)
    """
    path = _folder() / f"{table}.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ContractError(
            f"schemas/{table}.json", "a contract for the table", "no such file", f"Known tables: {', '.join(tables())}."
        ) from None
    return Contract(
        table=raw["table"],
        version=raw["version"],
        description=raw["description"],
        grain=raw["grain"],
        keys=tuple(raw["keys"]),
        format=raw.get("format", "parquet"),
        schema=raw["schema"],
        checks=tuple(Check(**check) for check in raw.get("checks", [])),
        metrics=tuple(Metric(**metric) for metric in raw.get("metrics", [])),
        ratios=tuple(Ratio(**ratio) for ratio in raw.get("ratios", [])),
        slice=raw.get("slice"),
        breakdown=tuple(tuple(columns) for columns in raw.get("breakdown", ())),
        conserves=raw.get("conserves"),
        restricted=raw.get("restricted", False),
    )


def tables() -> list[str]:
    """Names of all contracts, sorted."""
    return sorted(p.name[: -len(".json")] for p in _folder().iterdir() if p.name.endswith(".json"))
