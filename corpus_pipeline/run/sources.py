"""Open the sources of the config with Spark's readers, and say what they hold."""

from __future__ import annotations

import re

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from corpus_pipeline.errors import ConfigError, ResourceError
from corpus_pipeline.run.fingerprint import digest
from corpus_pipeline.run.storage import Entry, Storage
from corpus_pipeline.stages.collect import CORRUPT, Params, Source
from corpus_pipeline.stages.read_files import FORMATS

_NEEDS_FIELDS = ("json", "csv", "xml")
_GLOB = re.compile(r"[*?\[{]")


def listing(storage: Storage, name: str, source: Source) -> str:
    """Digest of the source's files: names, sizes and times. Raises ResourceError when a path matches nothing."""
    entries: list[Entry] = []
    for pattern in source.path:
        found = storage.glob(pattern)
        if not found:
            raise ResourceError(
                f"sources.{name}: {pattern}", "files", "no match", "Check the path, from the folder you run in."
            )
        entries += found
    return digest(entries)


def read(spark: SparkSession, storage: Storage, params: Params) -> dict[str, DataFrame]:
    """Source name -> what its reader gives, plus `path` (from the source's folder on)."""
    return {name: _read(spark, storage, name, source, params) for name, source in params.sources.items()}


def _read(spark: SparkSession, storage: Storage, name: str, source: Source, params: Params) -> DataFrame:
    base = storage.qualified(_base(source.path[0])).rstrip("/") + "/"
    if source.format in FORMATS:
        files = spark.read.format("binaryFile").options(**source.options).load(list(source.path))
        small = files.where(F.col("length") <= params.max_file_bytes).withColumn("content", F.col("content"))
        large = files.where(F.col("length") > params.max_file_bytes).withColumn("content", F.lit(None).cast("binary"))
        return small.unionByName(large).select(_below(base, F.col("path")).alias("path"), "content")
    reader = spark.read.format(source.format).options(**source.options)
    if source.format in _NEEDS_FIELDS:
        if source.fields is None:
            raise ConfigError(
                f"sources.{name}.fields",
                f"the columns of the {source.format} as DDL",
                "none",
                "Write e.g. fields: 'id string, body string'.",
            )
        reader = reader.option("mode", "PERMISSIVE").option("columnNameOfCorruptRecord", CORRUPT)
    try:
        if source.fields is not None:
            corrupt = f", {CORRUPT} string" if source.format in _NEEDS_FIELDS else ""
            reader = reader.schema(source.fields + corrupt)
        frame = reader.load(list(source.path))
        return frame.select("*", _below(base, F.col("_metadata.file_path")).alias("path"))
    except PySparkException as error:
        raise ConfigError(
            f"sources.{name}",
            f"what Spark's {source.format} reader takes",
            error.getCondition() or "an error",
            "Check format, fields, options.",
        ) from None


def _base(pattern: str) -> str:
    """The folder part of a glob that holds no wildcard.

    >>> _base("data/sample/law/*.md"), _base("data/a.json")
    ('data/sample/law', 'data')
    """
    parts = pattern.split("/")
    plain = next((i for i, part in enumerate(parts[:-1]) if _GLOB.search(part)), len(parts) - 1)
    return "/".join(parts[:plain]) or ("/" if pattern.startswith("/") else ".")


def _below(base: str, path: F.Column) -> F.Column:  # type: ignore[name-defined]
    """The path below `base`, percent-decoded: the same wherever the data stands."""
    simple = re.sub(r"^(\w+):/+", r"\1:/", base)
    decoded = F.url_decode(F.replace(path, F.lit("+"), F.lit("%2B")))
    return F.regexp_replace(F.regexp_replace(decoded, r"^(\w+):/+", "$1:/"), "^" + re.escape(simple), "")
