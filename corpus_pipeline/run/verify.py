"""Look at a finished run again: are its tables what their manifests say, and do they belong together?

Of every table of the map: it is there, it was made of the inputs that are there now, its rows and keys have the digests
of its manifest, and it keeps its contract. Of all: keys are conserved, shards have the bytes and the checksums that
shard_index says and the documents of shard_documents, no other file is beside them, no personal number is readable in
what scrub wrote, and the quality report has the figures of the manifests.

What is wrong does not end the check; each finding says what to run. Cost: every table and every shard is read once, by
the executors, and the scrubbed text a second time by the detector.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import pyarrow as pa
from pyarrow import fs as arrow_fs
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from corpus_pipeline.errors import ConservationError, ContractError, CorpusError, ResourceError
from corpus_pipeline.pipeline import PIPELINE, Stage
from corpus_pipeline.run import conserve, manifest, quality_report
from corpus_pipeline.run.arrow_files import open_file_system
from corpus_pipeline.run.execute import Run, read_table, slices
from corpus_pipeline.run.failures import translate
from corpus_pipeline.run.fingerprint import files_digest
from corpus_pipeline.run.manifest import Manifest
from corpus_pipeline.run.publish import Written, checked
from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.arrow import ddl, map_batches
from corpus_pipeline.stages.leaks import leaks

SCRUBBED = {
    "documents": ("title", "text", "source_name", "category", "licence"),
    "boilerplate_lines": ("line",),
    "duplicate_samples": ("excerpt_a", "excerpt_b"),
}
_PIECE = 8 << 20  # bytes of a shard read at a time

Findings = list[CorpusError]


def verify(run: Run, log: str) -> Findings:
    """What is wrong with the run, in the order of the map; nothing, when all is as it was published."""
    found: Findings = []
    written: dict[str, Written] = {}
    tables = [(stage, table) for stage in PIPELINE for table in stage.writes]
    manifests = {table: manifest.read(run.storage, run.config.root(table), table) for _, table in tables}
    for stage, table in tables:
        before = len(found)
        one = manifests[table]
        if one is None:
            missing = ResourceError(
                f"{run.config.root(table)}/{table}", "a published table", "no whole manifest", _again(stage)
            )
            found.append(missing)
        else:
            found += _outdated(stage, table, one, manifests)
            found += _guarded(log, partial(_table, run, stage, one, written))
        run.say(f"verify: {table}: {'as published' if len(found) == before else 'NOT as published'}")
    for check in (_conserved, _shards, _private, _figures):
        found += _guarded(log, partial(check, run, written))
        run.say(f"verify: {check.__name__.strip('_')}: checked")
    return found


def _guarded(log: str, check: Callable[[], Iterator[CorpusError]]) -> Iterator[CorpusError]:
    """What `check` finds, and what ends it."""
    try:
        yield from check()
    except Exception as error:
        yield translate(error, log)


def _again(stage: Stage) -> str:
    return f"Run `make {stage.name} ARGS=--force`, and the stages after it."


def _outdated(
    stage: Stage, table: str, one: Manifest, manifests: Mapping[str, Manifest | None]
) -> Iterator[CorpusError]:
    for read in stage.reads:
        other = manifests[read]
        if other and one.inputs.get(read) != other.digest:
            yield ResourceError(
                table, f"made of the {read} that is there", "made of another", f"Run `make {stage.name}`."
            )


def _table(run: Run, stage: Stage, one: Manifest, written: dict[str, Written]) -> Iterator[CorpusError]:
    """The table's rows and keys against its manifest, and its contract."""
    table = one.table
    folder = f"{run.config.root(table)}/{table}"
    if table == "shards":
        return  # _shards looks at them file by file
    if contract(table).format == "files":
        names = [name for name in run.storage.names(folder) if name != manifest.FILE]
        try:
            digest = files_digest({name: run.storage.read_bytes(f"{folder}/{name}") for name in names})
        except ResourceError as error:  # its checksum is wrong
            yield ResourceError(error.where, error.expected, error.got, _again(stage))
            return
    else:
        written[table] = checked(table, read_table(run, table), slices(run.config))
        digest = written[table].digest
    if digest != one.digest or (table in written and not _says_so(one, written[table])):
        yield ResourceError(folder, "the content of its manifest", "another", _again(stage))


def _says_so(one: Manifest, now: Written) -> bool:
    """Whether the figures of a manifest are those of the table; of the metrics, those of slices that both have."""
    both = one.metrics.keys() & now.metrics.keys()
    same = all(math.isclose(one.metrics[name], now.metrics[name], rel_tol=1e-9, abs_tol=1e-9) for name in both)
    return same and (one.rows, one.keys_digest, one.failed) == (now.rows, now.keys_digest, now.failed)


def _figures(run: Run, written: Mapping[str, Written]) -> Iterator[CorpusError]:
    """The quality report is that of the manifests."""
    for stage in PIPELINE:
        found = [manifest.read(run.storage, run.config.root(table), table) for table in stage.writes]
        published = [one for one in found if one]
        if len(published) == len(found) and not quality_report.is_of(run.storage, run.config, stage, published):
            where, todo = f"{run.output}/{quality_report.FOLDER}", f"Run `make {stage.name}`: it writes them again."
            yield ResourceError(f"{where}/{stage.name}.parquet", "the figures of the manifests", "others", todo)


def _conserved(run: Run, written: Mapping[str, Written]) -> Iterator[CorpusError]:
    for table, one in written.items():
        try:
            conserve.same_keys(run.storage, run.config, {table: one})
        except ConservationError as error:
            yield error
    if {"mixture", "shard_documents"} <= written.keys():
        conserve.all_copies(written["mixture"].metrics["all/copies"], written)


def _shards(run: Run, written: Mapping[str, Written]) -> Iterator[CorpusError]:
    """Every file of a shard has its bytes; every shard its documents, in places without a gap."""
    if not {"shard_index", "shard_documents"} <= written.keys():
        return
    todo = "Run `make serialize ARGS=--force`."
    index = read_table(run, "shard_index")
    folder = f"{run.output}/shards"
    files = (
        index.select(F.explode("files").alias("file")).select("file.*").repartition(written["shard_index"].rows or 1)
    )
    kernel = partial(_wrong_files, folder=run.storage.uri(folder), settings=run.storage.settings(folder))
    listed = {row["name"] for row in files.select("name").collect()}  # some files a shard
    for name in sorted(set(run.storage.names(folder)) - listed - {manifest.FILE}):
        yield ResourceError(f"{folder}/{name}", "files of shard_index alone", "one more", "Remove it.")
    wrong = map_batches(files, kernel, ["name", "bytes", "sha256"], ddl("name string, got string"))
    for row in wrong.orderBy("name").collect():  # a row a damaged file
        yield ResourceError(f"{folder}/{row['name']}", "the bytes that shard_index says", row["got"], todo)
    for row in _wrong_shards(index, read_table(run, "shard_documents")).collect():  # a row a wrong shard
        expected = f"{row['documents']} documents and {row['tokens']} tokens, one after the other"
        yield ContractError(f"shard_documents: {row['shard']}", expected, "others", todo)


def _wrong_files(batch: pa.RecordBatch, *, folder: str, settings: Mapping[str, str]) -> pa.RecordBatch:
    fs, path = open_file_system(folder, settings)
    rows: dict[str, list[str]] = {"name": [], "got": []}
    for one in batch.to_pylist():
        try:
            size, sha = _content(fs, f"{path}/{one['name']}")
            got = f"{size} bytes" if size != one["bytes"] else "other bytes" if sha != one["sha256"] else ""
        except OSError:
            got = "no readable file"
        if got:
            rows["name"].append(one["name"])
            rows["got"].append(got)
    return pa.RecordBatch.from_pydict({name: pa.array(values, pa.string()) for name, values in rows.items()})


def _content(fs: arrow_fs.FileSystem, path: str) -> tuple[int, str]:
    """Size and SHA-256 of a file."""
    sha, size = hashlib.sha256(), 0
    with fs.open_input_stream(path) as stream:
        while piece := stream.read(_PIECE):
            sha.update(piece)
            size += len(piece)
    return size, sha.hexdigest()


def _wrong_shards(index: DataFrame, documents: DataFrame) -> DataFrame:
    """Rows of `index` whose documents are not those of `documents`."""
    there = documents.groupBy("shard").agg(
        F.count("*").alias("n"),
        F.sum("tokens").alias("sum"),
        F.max("position").alias("last"),
        F.max(F.col("token_offset") + F.col("tokens")).alias("end"),
    )
    joined = index.join(there, "shard", how="full")  # a row a shard on both sides
    right = "n = documents AND sum = tokens AND last = documents - 1 AND end = tokens"
    return joined.where(f"NOT coalesce({right}, false)").orderBy("shard")


def _private(run: Run, written: Mapping[str, Written]) -> Iterator[CorpusError]:
    kinds = run.config.stages["scrub"].model_dump()["kinds"]
    for table, columns in SCRUBBED.items():
        if table in written:
            for kind, n in leaks(read_table(run, table), columns, kinds).items():
                yield ContractError(
                    table, f"no readable {kind}", f"{n}", "Run `make scrub ARGS=--force`, and what follows."
                )
