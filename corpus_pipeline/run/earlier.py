"""Tables of earlier runs: what dedup compares a new batch of documents with."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.pipeline import Stage
from corpus_pipeline.run import manifest
from corpus_pipeline.run.config import Config
from corpus_pipeline.run.manifest import Manifest
from corpus_pipeline.run.publish import read_parquet
from corpus_pipeline.run.storage import Storage

_PREFIX = "earlier_"


def digests(storage: Storage, config: Config, stage: Stage) -> dict[str, str]:
    """<folder>/<table> -> digest, of the tables of earlier runs that `stage` reads.

    Raises ResourceError when one is not there, ConfigError when a run was not compared with those before it.
    """
    own = storage.qualified(config.output)
    if stage.earlier and own in map(storage.qualified, config.earlier):
        raise ConfigError("earlier", "outputs of other runs", f"that of this one, {own}", "Leave it out.")
    found = {
        f"{folder}/{table}": _manifest(storage, folder, table).digest
        for folder in (config.earlier if stage.earlier else ())
        for table in stage.earlier
    }
    for place, folder in enumerate(config.earlier if stage.earlier else ()):
        compared = set(_manifest(storage, folder, stage.earlier[0]).inputs.values())
        for before in config.earlier[:place]:
            if found[f"{before}/{stage.earlier[0]}"] not in compared:
                raise ConfigError(
                    f"earlier: {folder}",
                    f"a run that was compared with {before}",
                    "one that was not, or with another state of it",
                    f"List the runs oldest first, and run `{stage.name}` of {folder} with `earlier: [{before}]`.",
                )
    return found


def tables(spark: SparkSession, config: Config, stage: Stage) -> dict[str, DataFrame]:
    """earlier_<table> -> its rows in all earlier runs together, with the number of their `run`; nothing without one."""
    if not config.earlier:
        return {}
    return {
        f"{_PREFIX}{table}": reduce(
            DataFrame.unionByName,
            (
                read_parquet(spark, table, f"{folder}/{table}").withColumn("run", F.lit(number))
                for number, folder in enumerate(config.earlier)
            ),
        )
        for table in stage.earlier
    }


def _manifest(storage: Storage, folder: str, table: str) -> Manifest:
    return manifest.require(storage, folder, table, "dedup")
