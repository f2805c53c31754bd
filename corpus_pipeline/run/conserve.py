"""Nothing is lost: what a stage read is what it kept and what it rejected, counted apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pyspark.sql import DataFrame

from corpus_pipeline.errors import ConservationError, ResourceError
from corpus_pipeline.run import manifest
from corpus_pipeline.run.config import Config
from corpus_pipeline.run.publish import Written
from corpus_pipeline.run.storage import Storage

TODO = "This is a defect or a changed input: run the stage again, and report it if it stays."


def same_keys(storage: Storage, config: Config, written: Mapping[str, Written]) -> None:
    """Every table has the keys its contract says it conserves. Raises ConservationError."""
    for table, one in written.items():
        source = one.contract.conserves
        if source is None:
            continue
        other = manifest.read(storage, config.root(source), source)
        if other is None or other.keys_digest != one.keys_digest:
            expected = f"the keys of {source}, {other.rows if other else 0} rows"
            raise ConservationError(table, expected, f"others, {one.rows} rows", TODO)


def all_records(read: DataFrame, sources: Iterable[str], written: Mapping[str, Written]) -> Iterator[str]:
    """Per source: records read (records_read, a scan of its own) = records in documents + rejected.

    Yields a warning for a source of which no record became a document. Raises ConservationError; ResourceError for a
    source without a single record.
    """
    counted = {row["source"]: row["records"] for row in read.collect()}  # one row per source
    for source in sources:
        records = counted.get(source, 0)
        if records == 0:
            raise ResourceError(
                f"sources.{source}", "at least one record", "none", "Check its path and format, or remove the source."
            )
        kept = written["raw_documents"].metrics[f"source={source}/records"]
        rejected = written["rejected_records"].metrics[f"source={source}/rejected"]
        if kept + rejected != records:
            raise ConservationError(
                f"sources.{source}", f"{records} records", f"{kept:.0f} kept + {rejected:.0f} rejected", TODO
            )
        if kept == 0:
            part = f"source={source},reason="
            by_reason = {
                key.removeprefix(part).removesuffix("/rows"): rows
                for key, rows in written["rejected_records"].metrics.items()
                if key.startswith(part)
            }
            most = max(sorted(by_reason), key=lambda reason: by_reason[reason], default="?")
            yield f"sources.{source}: none of its {records:,} records is a document; most are {most}"


def all_copies(copies: float, written: Mapping[str, Written]) -> None:
    """The shards hold every copy that mix decided on. Raises ConservationError."""
    got = written["shard_documents"].rows
    if got != copies:
        raise ConservationError("shard_documents", f"{copies:.0f} document copies, as mixture says", str(got), TODO)
