"""Write a stage's tables aside, read back what was written and check it, and make the tables visible together.

One query checks a table: count, digests, nulls, the contract's checks, unique keys, and the report's metrics. It reads
what is on disk, so it also finds what a writer or a file system lost. Cost: a second scan of the table, and a shuffle
of its keys where its contract does not say whose they are, unless the table is small; the few narrow columns of its
metrics and breakdowns are read once more each. Observed during the write, the figures cost more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pyspark import inheritable_thread_target
from pyspark.sql import DataFrame, SparkSession

from corpus_pipeline.errors import ContractError, ResourceError
from corpus_pipeline.run import manifest
from corpus_pipeline.run.config import Config
from corpus_pipeline.run.manifest import Manifest
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.schemas import ALL, Contract, contract
from corpus_pipeline.stages.arrow import struct_of

STAGING = "_staging"
_SEED = 42
_AT_ONCE = 3  # tables at the same time: small ones in the gaps of a large one
_KEYS, _SLICE, _BREAKDOWN = "keys", "slice", "breakdown"  # parts of the answer, beside ALL
_SMALL = 16 << 20  # bytes: one task reads them before the stages of a shuffle have begun


@dataclass
class Written:
    """A table written aside."""

    contract: Contract
    rows: int
    digest: str
    keys_digest: str
    metrics: dict[str, float]
    failed: list[str] = field(default_factory=list)


class Aside:
    """Writes tables to `folder`(table)/table, and checks them there; publishes nothing.

    Several at a time, in the background. Leaving the context ends what still runs, as after an error or an interrupt.
    slices  column -> the values by which the contracts' metrics are split
    """

    def __init__(self, spark: SparkSession, folder: Callable[[str], str], slices: Mapping[str, list[str]]) -> None:
        self._spark, self._folder, self._slices = spark, folder, slices
        self._storage = Storage(spark)
        self._pool = ThreadPoolExecutor(_AT_ONCE)
        self._found: dict[str, Future[Written]] = {}

    def __enter__(self) -> Aside:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        while running := [future for future in self._found.values() if not future.done()]:
            self._spark.sparkContext.cancelAllJobs()
            wait(running, timeout=0.5)

    def now(self, table: str, df: DataFrame) -> DataFrame:
        """Write a table now; it is checked in the background. Returns it as it reads from there."""
        written = self._write(table, df)
        self._submit(table, lambda: self._checked(table, written))
        return written

    def all(self, tables: Mapping[str, DataFrame]) -> dict[str, Written]:
        """Write the tables but those written already. Raises ContractError for any of both."""
        for table, df in tables.items():
            if table not in self._found:
                self._submit(table, partial(self._both, table, df))
        done, _ = wait(self._found.values(), return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()  # raises what ended the wait
        return {table: self._found[table].result() for table in tables}

    def _submit(self, table: str, work: Callable[[], Written]) -> None:
        self._found[table] = self._pool.submit(inheritable_thread_target(self._spark)(work))

    def _both(self, table: str, df: DataFrame) -> Written:
        return self._checked(table, self._write(table, df))

    def _write(self, table: str, df: DataFrame) -> DataFrame:
        promise, path = contract(table), f"{self._folder(table)}/{table}"
        _same_columns(df, promise)
        unlike = {f"parquet.enable.dictionary#{key}": "false" for key in promise.keys}  # no use where rows differ
        df.write.mode("overwrite").options(**unlike).parquet(path)
        return read_parquet(self._spark, table, path)

    def _checked(self, table: str, written: DataFrame) -> Written:
        if self._storage.size(f"{self._folder(table)}/{table}") <= _SMALL:
            written = written.coalesce(1)
        return checked(table, written, self._slices)


def read_parquet(spark: SparkSession, table: str, path: str) -> DataFrame:
    """The table at `path`. Its pages are compared with their checksums, for no object store does it."""
    verified = {"parquet.page.verify-checksum.enabled": "true"}
    literal = re.sub(r"([\\\[\]{}*?])", r"\\\1", path)  # a reader takes a glob
    return spark.read.schema(struct_of(table)).options(**verified).parquet(literal)


def checked(table: str, written: DataFrame, slices: Mapping[str, list[str]]) -> Written:
    """What is in a table, by one query. Raises ContractError when it does not keep its contract."""
    promise = contract(table)
    answers = [(row["part"], json.loads(row["found"])) for row in _asked(promise, written, slices).collect()]
    seen = {name: value for part, found in answers if part in (ALL, _KEYS) for name, value in found.items()}
    _no_nulls(promise, seen)
    failed = _failed(promise, seen)
    _unique(promise, seen)
    metrics = _metrics(promise, [found for part, found in answers if part == _SLICE], slices)
    counted = [found for part, found in answers if part == _BREAKDOWN and None not in found.values()]
    for one in sorted(counted, key=lambda found: json.dumps(found)):
        parts = ",".join(f"{name}={value}" for name, value in one.items() if name != "count")
        metrics[f"{parts}/rows"] = float(one["count"])
    return Written(promise, int(seen["rows"]), _hex(seen, "digest"), _hex(seen, "keys"), metrics, failed)


def _asked(promise: Contract, written: DataFrame, slices: Mapping[str, list[str]]) -> DataFrame:
    """(part, found as JSON): a row for the whole table, one for its keys, and one for each slice and breakdown.

    One text for Spark: built call by call, it would be analysed as often as there are calls.
    """
    view = f"written_{promise.table}"
    aggregates = ", ".join(f"{_quoted(name)}, {sql}" for name, sql in _aggregates(promise).items())
    parts = [(ALL, f"named_struct({aggregates})", view)]
    if promise.metrics:  # grouped: a sum for each slice and metric side by side is too wide for Spark to compile
        by = promise.slice if promise.slice and promise.slice in slices else "NULL"
        sums = ", ".join(f"sum({metric.value}) AS metric_{at}" for at, metric in enumerate(promise.metrics))
        parts.append((_SLICE, "struct(*)", f"(SELECT {by} AS value, {sums} FROM {view} GROUP BY ALL)"))
    if promise.conserves is None:  # else the digest of its keys is that of a table whose keys are unique
        keys = ", ".join(f"`{key}`" for key in promise.keys)
        twice = f"(SELECT 1 FROM {view} GROUP BY {keys} HAVING count(1) > 1)"
        parts.append((_KEYS, "named_struct('twice', count(1))", twice))
    for columns in promise.breakdown:
        counted = f"(SELECT {', '.join(columns)}, count(1) AS count FROM {view} GROUP BY ALL)"
        parts.append((_BREAKDOWN, "struct(*)", counted))
    nulls = "map('ignoreNullFields', 'false')"
    queries = [f"SELECT '{part}' AS part, to_json({found}, {nulls}) AS found FROM {of}" for part, found, of in parts]
    written.createOrReplaceTempView(view)
    asked = written.sparkSession.sql(" UNION ALL ".join(queries))  # analysed here: it needs the name no more
    written.sparkSession.catalog.dropTempView(view)
    return asked


def make_visible(storage: Storage, config: Config, manifests: Mapping[str, Manifest]) -> None:
    """Replace the published tables by those written aside: old manifests go first, new ones come last.

    Nothing here has to be atomic: an object store renames a folder by copying file after file. Wherever this stops, the
    tables that are half-way have no manifest, so they are not there, and the next run makes them again.
    Raises ResourceError when a moved folder does not have the bytes that were checked.
    """
    roots = {table: config.root(table) for table in manifests}
    for table, root in roots.items():
        storage.delete(f"{root}/{table}/{manifest.FILE}")
    for table, root in roots.items():
        _move(storage, f"{root}/{STAGING}/{table}", f"{root}/{table}")
    for table, root in roots.items():
        manifest.write(storage, root, manifests[table])


def _move(storage: Storage, aside: str, place: str) -> None:
    size = storage.size(aside)
    storage.delete(place)  # Hadoop's rename would put one folder into the other
    storage.rename(aside, place)
    if (moved := storage.size(place)) != size:
        todo = "Run again. If it stays, another program writes there, or the file system loses files."
        raise ResourceError(place, f"the {size} bytes that were checked", f"{moved}", todo)


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


def _metrics(
    promise: Contract, slices_seen: Sequence[Mapping[str, Any]], slices: Mapping[str, list[str]]
) -> dict[str, float]:
    """ "<slice>/<metric>" -> sum, of all rows and of each slice that the config names; 0 where there is no row."""
    found: dict[str, float] = {}
    for at, metric in enumerate(promise.metrics):
        sums = {one["value"]: one[f"metric_{at}"] or 0 for one in slices_seen}
        found[f"{ALL}/{metric.name}"] = float(sum(sums.values()))
        for one in slices.get(promise.slice or "", []):
            found[f"{promise.slice}={one}/{metric.name}"] = float(sums.get(one, 0))
    return found


def _aggregates(promise: Contract) -> dict[str, str]:
    """What is asked of a whole table, SQL by name."""
    found = {
        "rows": "count(1)",
        **_digest("digest", promise, promise.columns),
        **_digest("keys", promise, promise.keys),
    }
    found |= {f"null/{name}": f"count_if(`{name}` IS NULL)" for name in promise.required}
    return found | {f"check/{check.name}": check.sql for check in promise.checks}


def _digest(name: str, promise: Contract, columns: tuple[str, ...]) -> dict[str, str]:
    """Two order-free sums over row hashes; a sum of 32-bit parts holds for 2^31 rows."""
    marks = [f"isnull(`{column}`)" for column in columns if column not in promise.required]  # the hash skips nulls
    row = f"xxhash64({_SEED}, {', '.join([*(f'`{column}`' for column in columns), *marks])})"
    return {f"{name}_xor": f"bit_xor({row})", f"{name}_sum": f"sum(shiftrightunsigned({row}, 32))"}


def _quoted(text: str) -> str:
    """A string in SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


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


def _failed(promise: Contract, seen: Mapping[str, Any]) -> list[str]:
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


def _unique(promise: Contract, seen: Mapping[str, Any]) -> None:
    if seen.get("twice"):
        raise ContractError(
            f"{promise.table}: {', '.join(promise.keys)}",
            f"one row per {promise.grain}",
            f"{seen['twice']} keys more than once",
            "Correct the stage that writes it.",
        )
