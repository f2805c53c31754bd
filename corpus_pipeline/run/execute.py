"""Plan and run stages: skip what is up to date, publish what is not."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from corpus_pipeline import schemas
from corpus_pipeline.errors import ResourceError
from corpus_pipeline.pipeline import STAGES, Stage
from corpus_pipeline.run import (
    conserve,
    earlier,
    evaluation,
    manifest,
    progress,
    quality_report,
    shards,
    sources,
    timings,
)
from corpus_pipeline.run.config import Config
from corpus_pipeline.run.fingerprint import digest, files_digest, fingerprint, shown, versions
from corpus_pipeline.run.manifest import Manifest
from corpus_pipeline.run.publish import STAGING, Aside, Written, make_visible, read_parquet
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.stages.arrow import struct_of
from corpus_pipeline.stages.params import Params
from corpus_pipeline.stages.published import Published

Say = Callable[[str], None]
_SETTLING = 10.0  # seconds


@dataclass(frozen=True)
class Run:
    """What every step of a run needs."""

    spark: SparkSession
    storage: Storage
    config: Config
    say: Say

    @property
    def output(self) -> str:
        return self.config.output

    def params(self, stage: Stage) -> Params:
        found: Params = self.config.stages[stage.name]
        return found


def plan(run: Run, stages: tuple[Stage, ...], force: bool) -> list[tuple[Stage, str | None]]:
    """Each stage with the reason to run it; None when it is up to date."""
    planned: list[tuple[Stage, str | None]] = []
    made: set[str] = set()
    for stage in stages:
        waiting = [table for table in stage.reads if table in made]
        reason = f"reads {waiting[0]}, which is made anew" if waiting else _reason(run, stage, force)
        if reason:
            made |= set(stage.writes)
        planned.append((stage, reason))
    return planned


def execute(run: Run, stage: Stage, force: bool, ours: Callable[[], None] = lambda: None) -> None:
    """Run `stage` if its fingerprint changed. Raises CorpusError, and then publishes nothing.

    ours  raises when the output is no longer this run's to write (run/lease.py)
    """
    reason = _reason(run, stage, force)
    if reason is None:
        published = [_published(run, table) for table in stage.writes]
        if not quality_report.is_of(run.storage, run.config, stage, published):  # a run was killed between the two
            quality_report.write(run.storage, run.config, stage, published)
        run.say(f"{stage.name}: up to date")
        return
    run.say(f"{stage.name}: runs ({reason})")
    started = time.monotonic()
    ours()
    run.spark.sparkContext.setJobGroup(stage.name, stage.name)  # in Spark's UI and event log
    staging = sorted({f"{root}/{STAGING}" for root in (run.output, *map(run.config.root, stage.writes))})
    try:
        for folder in staging:
            run.storage.delete(folder)
            run.storage.make_folder(folder)
        inputs = _input_digests(run, stage)
        mark = fingerprint(stage, run.params(stage), inputs)
        run.spark.sparkContext.setCheckpointDir(run.storage.qualified(f"{run.output}/{STAGING}/checkpoints"))
        reads = [_published(run, table) for table in stage.reads]
        with (
            progress.shown(run.spark.sparkContext.statusTracker(), stage.name, reads),
            Aside(run.spark, lambda table: f"{run.config.root(table)}/{STAGING}", slices(run.config)) as aside,
        ):
            result = stage.transform(_inputs(run, stage, aside), run.params(stage))
            written = _write(run, stage, result, aside)
        _conserved(run, stage, result, written)
        _unchanged(run, stage, mark)
        manifests = {table: _manifest(run, stage, table, one, (mark, inputs)) for table, one in written.items()}
        ours()
        quality_report.write(run.storage, run.config, stage, [manifests[table] for table in stage.writes])
        make_visible(run.storage, run.config, manifests)
    except BaseException:
        _settled(run.spark)
        raise
    finally:
        for folder in staging:
            run.storage.delete(folder)
        run.spark.catalog.clearCache()
    seconds = time.monotonic() - started
    timings.keep(run.storage, run.output, stage.name, seconds)
    rows = ", ".join(f"{table} {manifests[table].rows:,}" for table in stage.writes)
    run.say(f"{stage.name}: {rows} rows in {seconds:.1f} s")
    for table in stage.writes:
        for check in manifests[table].failed:
            run.say(f"{stage.name}: warning: {table}: check {check} does not hold")


def _settled(spark: SparkSession) -> None:
    """Wait, some seconds at most, for tasks that were told to end: they may write for a moment more."""
    until = time.monotonic() + _SETTLING
    with suppress(Exception):  # Java may be what ended
        tracker: Any = spark.sparkContext._jsc.sc().statusTracker()
        while any(one.numRunningTasks() for one in tracker.getExecutorInfos()) and time.monotonic() < until:
            time.sleep(0.1)


def _unchanged(run: Run, stage: Stage, mark: str) -> None:
    """The inputs are those the fingerprint was taken of. Raises ResourceError."""
    if fingerprint(stage, run.params(stage), _input_digests(run, stage)) != mark:
        raise ResourceError(
            f"{stage.name}: input", "files and tables that stay as they are", "a change meanwhile", "Run again."
        )


def _reason(run: Run, stage: Stage, force: bool) -> str | None:
    """Why `stage` must run; None when every table it writes has its fingerprint."""
    if force:
        return "--force"
    found = [manifest.read(run.storage, run.config.root(table), table) for table in stage.writes]
    missing = [table for table, one in zip(stage.writes, found, strict=True) if one is None]
    if missing:
        return f"{missing[0]} is not there"
    inputs = _input_digests(run, stage)
    mark = fingerprint(stage, run.params(stage), inputs)
    for one in found:
        if one and one.fingerprint != mark:
            return _changed(one, run.params(stage), inputs)
    return None


def _changed(old: Manifest, params: Params, inputs: Mapping[str, str]) -> str:
    now = shown(params)
    settings = sorted(k for k in now.keys() | old.params.keys() if now.get(k) != old.params.get(k))
    tables = sorted(k for k in inputs.keys() | old.inputs.keys() if inputs.get(k) != old.inputs.get(k))
    libraries = sorted(k for k, v in versions().items() if old.versions.get(k) != v)
    for what, names in (("settings", settings), ("input", tables), ("versions", libraries)):
        if names:
            return f"changed {what}: {', '.join(names)}"
    return "changed code, contracts, resources or models"


def _input_digests(run: Run, stage: Stage) -> dict[str, str]:
    """Table (or source) -> digest of its content."""
    if not stage.reads:
        return sources.listings(run.spark, run.storage, run.config.sources)
    own = {table: _published(run, table).digest for table in stage.reads}
    own |= earlier.digests(run.storage, run.config, stage)
    return own | evaluation.digests(run.storage, run.params(stage))


def _published(run: Run, table: str) -> Manifest:
    """The manifest of a table that must be there."""
    return manifest.require(run.storage, run.config.root(table), table, _maker(table))


def _maker(table: str) -> str:
    """Name of the stage that writes `table`."""
    return next(stage.name for stage in STAGES.values() if table in stage.writes)


def _inputs(run: Run, stage: Stage, aside: Aside) -> dict[str, DataFrame]:
    if not stage.reads:
        return sources.read(run.spark, run.storage, run.config.stages[stage.name])
    rows = {table: _published(run, table).rows for table in stage.reads}
    own = Published({table: _read(run, table) for table in stage.reads})
    own.rows = rows
    own.write = aside.now
    own.update(earlier.tables(run.spark, run.config, stage))
    own.update(evaluation.tables(run.spark, run.storage, run.params(stage)))
    return own


def read_table(run: Run, table: str) -> DataFrame:
    """A published table. Raises ResourceError when it is not published."""
    _published(run, table)
    return _read(run, table)


def _read(run: Run, table: str) -> DataFrame:
    folder = f"{run.config.root(table)}/{table}"
    if schemas.contract(table).format == "files":
        names = [n for n in run.storage.names(folder) if n.endswith(".json") and n != manifest.FILE]
        texts = [(n, run.storage.read_text(f"{folder}/{n}")) for n in names]
        return run.spark.createDataFrame(texts, struct_of(table))
    return read_parquet(run.spark, table, folder)


def _write(run: Run, stage: Stage, result: dict[str, DataFrame], aside: Aside) -> dict[str, Written]:
    """Every table of the stage, written aside."""
    if "shards" in result:
        target = run.storage.uri(f"{run.output}/{STAGING}/shards")
        result.update(shards.write(result.pop("shards"), target, run.config.stages[stage.name].layout))
    kinds = {table: schemas.contract(table).format for table in stage.writes}
    written = aside.all({table: result[table] for table, kind in kinds.items() if kind == "parquet"})
    for table in (table for table, kind in kinds.items() if kind == "files"):
        written[table] = _write_files(run.storage, result[table], table, f"{run.config.root(table)}/{STAGING}")
    if "shards" in stage.writes:
        index = written["shard_index"]
        _drop_attempts(run.storage, f"{run.output}/{STAGING}/shards")
        written["shards"] = Written(schemas.contract("shards"), index.rows, index.digest, index.keys_digest, {})
    return written


def _drop_attempts(storage: Storage, folder: str) -> None:
    """Delete what killed attempts left: files whose name starts with a dot (run/shard_files.py)."""
    for name in storage.names(folder):
        if name.startswith("."):
            storage.delete(f"{folder}/{name}")


def _write_files(storage: Storage, df: DataFrame, table: str, folder: str) -> Written:
    rows = {row["name"]: row["content"] for row in df.collect()}  # a few files, models or cards
    contents = {name: c.encode() if isinstance(c, str) else bytes(c) for name, c in sorted(rows.items())}
    for name, content in contents.items():
        storage.write_bytes(f"{folder}/{table}/{name}", content)
    mark = files_digest(contents)
    return Written(schemas.contract(table), len(rows), mark, digest(sorted(rows)), {"all/files": float(len(rows))})


def slices(config: Config) -> dict[str, list[str]]:
    """Column -> the values by which metrics are split."""
    return {
        "source": sorted(config.sources),
        "doc_type": sorted({source.doc_type for source in config.sources.values()}),
    }


def _conserved(run: Run, stage: Stage, result: Mapping[str, DataFrame], written: Mapping[str, Written]) -> None:
    conserve.same_keys(run.storage, run.config, written)
    if "records_read" in result:
        for warning in conserve.all_records(result["records_read"], run.config.sources, written):
            run.say(f"{stage.name}: warning: {warning}")
    if "shard_documents" in written:
        mixture = _published(run, "mixture")
        conserve.all_copies(mixture.metrics["all/copies"], written)


def _manifest(run: Run, stage: Stage, table: str, one: Written, made_of: tuple[str, dict[str, str]]) -> Manifest:
    return Manifest(
        table=table,
        stage=stage.name,
        version=one.contract.version,
        fingerprint=made_of[0],
        rows=one.rows,
        digest=one.digest,
        keys_digest=one.keys_digest,
        metrics=one.metrics,
        failed=one.failed,
        params=shown(run.params(stage)),
        inputs=made_of[1],
        versions=versions(),
    )
