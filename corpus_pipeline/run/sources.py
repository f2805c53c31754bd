"""Open the sources of the config with Spark's readers, and say what they hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from corpus_pipeline.errors import ConfigError, ResourceError
from corpus_pipeline.run import record_files
from corpus_pipeline.run.config_file import unknown
from corpus_pipeline.run.failures import condition
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.stages.collect import CORRUPT, PATH, Params
from corpus_pipeline.stages.read_files import FORMATS, sheet_records
from corpus_pipeline.stages.source import LISTING_OPTIONS, Source, listing_option

_NEEDS_FIELDS = ("json", "csv", "xml")
_OPTIONS = {  # format -> the object of Spark's that lists its options, below org.apache.spark.sql
    "csv": "catalyst.csv.CSVOptions$",
    "json": "catalyst.json.JSONOptions$",
    "orc": "execution.datasources.orc.OrcOptions$",
    "parquet": "execution.datasources.parquet.ParquetOptions$",
    "text": "execution.datasources.text.TextOptions$",
    "xml": "catalyst.xml.XmlOptions$",
}
PAGE_END = "</page>"
# Java's cp949 is IBM's table, and its EUC-KR lacks the syllables that Windows added.
_JAVA_CHARSETS = dict.fromkeys(("cp949", "ms949", "uhc", "euc-kr", "euc_kr"), "x-windows-949") | {
    "cp932": "windows-31j"
}
_GLOB = re.compile(r"[*?\[{\\]")
_Place = tuple[list[str], dict[str, str | int | bool]]


def listings(spark: SparkSession, storage: Storage, sources: Mapping[str, Source]) -> dict[str, str]:
    """By source, a digest of the names, sizes and times of its files, in any order; Spark lists them and opens none.

    Raises ResourceError when the paths of a source match nothing.
    """
    facts = F.xxhash64("path", "length", "modificationTime")
    sums = (F.count(F.lit(1)), F.bit_xor(facts), F.sum(F.shiftrightunsigned(facts, 32)))
    listed = {name: _listed(spark, storage, source) for name, source in sources.items()}
    files = [df.withColumn("source", F.lit(name)) for name, df in listed.items() if df is not None]
    rows = reduce(DataFrame.unionByName, files).groupBy("source").agg(*sums).collect() if files else []
    found = {row[0]: "-".join(str(part) for part in row[1:]) for row in rows}
    for name, source in sources.items():
        if name not in found:
            where, todo = ", ".join(source.path), "Check the path, from the folder you run in."
            expected = "files that are not empty, with names that do not begin with _ or ."
            raise ResourceError(f"sources.{name}: {where}", expected, "none", todo)
    return {name: found[name] for name in sorted(sources)}


def _listed(spark: SparkSession, storage: Storage, source: Source) -> DataFrame | None:
    """path, length, modificationTime; None for a path that is not there."""
    paths, options = _place(storage, source)
    chosen = {key: value for key, value in options.items() if listing_option(key)}
    try:
        files = spark.read.format("binaryFile").options(**chosen).load(paths)
        return files.select("path", "length", "modificationTime")  # no columns of folders such as year=2020
    except (PySparkException, Py4JJavaError) as error:
        if condition(error) != "PATH_NOT_FOUND":
            raise
        return None


def read(spark: SparkSession, storage: Storage, params: Params) -> dict[str, DataFrame]:
    """Source name -> what its reader gives, plus `_path` (from the source's folder on)."""
    return {name: _read(spark, storage, name, source, params) for name, source in params.sources.items()}


def _read(spark: SparkSession, storage: Storage, name: str, source: Source, params: Params) -> DataFrame:
    paths, options = _place(storage, source)
    base = storage.qualified(_base(source.path)).rstrip("/") + "/"
    _known_options(spark, name, source)
    if source.format in FORMATS:
        return _records(spark, (paths, options), source.format, base, params.max_file_bytes)
    for key in [one for one in options if one.lower() in ("encoding", "charset")]:
        options[key] = _JAVA_CHARSETS.get(str(options[key]).lower(), options[key])
    given = {key.lower(): str(value).lower() for key, value in options.items()}
    if source.format == "json" and given.get("multiline") == "true":
        _one_value_each(spark, name, (paths, options))
    reader = spark.read.format(source.format).options(**options)
    if source.format in _NEEDS_FIELDS:
        if source.fields is None:
            raise ConfigError(
                f"sources.{name}.fields",
                f"the columns of the {source.format} as DDL",
                "none",
                "Write e.g. fields: 'id string, body string'.",
            )
        reader = reader.option("mode", "PERMISSIVE").option("columnNameOfCorruptRecord", CORRUPT)
        if source.format == "csv":  # a header that is not the one in `fields` is an error, not a lost record
            reader = reader.option("enforceSchema", str(source.options.get("enforceSchema", False)).lower())
    try:
        if source.fields is not None:
            corrupt = f", {CORRUPT} string" if source.format in _NEEDS_FIELDS else ""
            reader = reader.schema(source.fields + corrupt)
        frame = reader.load(paths)
        return frame.withColumn(PATH, _below(base, _decoded(F.col("_metadata.file_path"))))
    except (PySparkException, Py4JJavaError) as error:
        if (condition(error) or "").startswith("FAILED_READ_FILE"):  # names the file
            raise
        raise _refused(name, source.format, condition(error) or "an error") from None


def _refused(name: str, kind: str, got: str) -> ConfigError:
    """For what Spark's reader does not take."""
    if got == "DATA_SOURCE_NOT_FOUND":
        known = ", ".join(sorted([*FORMATS, *_OPTIONS]))
        return ConfigError(f"sources.{name}.format", f"one of {known}", kind, "JSON Lines are json, TSV is csv.")
    if got in ("INVALID_IDENTIFIER", "PARSE_SYNTAX_ERROR", "UNSUPPORTED_DATATYPE"):
        todo = "Write e.g. 'id string, n bigint'; a name in other letters than a to z in backticks: `본문` string."
        return ConfigError(f"sources.{name}.fields", "columns as DDL", got, todo)
    todo = "Check format, options, and fields: of parquet, they may name those columns alone that are used."
    return ConfigError(f"sources.{name}", f"what Spark's {kind} reader takes", got, todo)


def _known_options(spark: SparkSession, name: str, source: Source) -> None:
    """Raises ConfigError for an option that Spark does not list for this reader: it would pass over it."""
    if source.options and source.format in _OPTIONS:
        companion: Any = spark._jvm
        for part in ["org", "apache", "spark", "sql", *_OPTIONS[source.format].split("."), "MODULE$"]:
            companion = getattr(companion, part)
        names = str(companion.getAllOptions().mkString(" ")).split()
        known = [*names, *LISTING_OPTIONS, "basePath"]
        for key in source.options:
            if key.lower() not in map(str.lower, known):
                raise unknown(f"sources.{name}.options", key, known)


def _one_value_each(spark: SparkSession, name: str, place: _Place) -> None:
    """Raises ConfigError for files of several JSON values: with multiLine, Spark reads the first and no other."""
    paths, options = place
    chosen = {key: value for key, value in options.items() if listing_option(key)}
    files = spark.read.format("binaryFile").options(**chosen).load(paths).select("path")
    if several := record_files.of_several_values(files).take(1):
        raise ConfigError(
            f"sources.{name}.options.multiLine",
            "one JSON value a file",
            f"several in {several[0]['path']}, and maybe in others",
            "Leave multiLine out: this is JSON Lines. If a value goes over several lines, write each on one.",
        )


def _records(spark: SparkSession, place: _Place, kind: str, base: str, limit: int) -> DataFrame:
    """The records of a format of ours: the columns of read_files.RAW."""
    paths, options = place
    content, problem = F.col("content"), F.lit(None).cast("string").alias("problem")
    if kind == "mediawiki":  # Spark cuts files, bz2 too, at any text; its XML reader takes a file as a whole
        pages = spark.read.options(**options).text(paths, lineSep=PAGE_END)
        path = _decoded(F.col("_metadata.file_path"))
        whole = F.concat(F.col("value"), F.lit(PAGE_END)).cast("binary")
        files = pages.where(~F.trim(F.col("value"), F.lit(" \r\n")).isin("", "</mediawiki>")).select(
            path.alias("path"), whole.alias("content"), F.length(whole).alias("length")
        )
    else:
        files = spark.read.format("binaryFile").options(**options).load(paths)
    files = files.withColumn(PATH, _below(base, F.col("path")))
    if kind == "warc":
        return record_files.read(files.select("path", PATH, "length"), limit)
    bounded = F.when(F.col("length") <= limit, content).alias("content")
    if kind != "mediawiki":  # two scans: Spark loads what a `when` reads
        large = files.where(F.col("length") > limit).withColumn("content", F.lit(None).cast("binary"))
        files, bounded = files.where(F.col("length") <= limit).unionByName(large), content
    front = F.lit(None).cast("map<string,string>").alias("front")
    records = files.select(PATH, F.col(PATH).alias("record_id"), bounded, front, problem)
    return sheet_records(records, limit) if kind == "xlsx" else records


def _place(storage: Storage, source: Source) -> _Place:
    """Paths and options for Spark: `folder/*.json` as a folder and a filter of names, where that is the same.

    A glob makes every file a root of its own, and Spark lists roots one by one: 21 s for 7,400 files, measured.
    A folder with folders in it stays a glob: Spark would take `year=2020` in it for a column, and leave files out.
    """
    asked = list(source.path), dict(source.options)
    folders, names = zip(*[pattern.rpartition("/")[::2] for pattern in source.path], strict=True)
    plain = any(key.lower() in ("pathglobfilter", "recursivefilelookup") for key in source.options)
    cut = any(folder.count("{") != folder.count("}") for folder in folders)  # {a/x,b/y}.json
    if plain or cut or len(set(names)) > 1 or not _GLOB.search(names[0]) or not all(folders):
        return asked
    found = [one for folder in folders for one in storage.folders(folder)]
    if not found or any(_GLOB.search(one) or storage.has_folders(one) for one in found):
        return asked
    return found, {**source.options, "pathGlobFilter": names[0]}


def _base(patterns: Sequence[str]) -> str:
    """The folder that all globs share, without wildcards.

    >>> _base(["data/sample/law/*.md"]), _base(["data/a.json"]), _base(["d/law/*.md", "d/law_revisions/*.md"])
    ('data/sample/law', 'data', 'd')
    """
    folders = []
    for pattern in patterns:
        parts = pattern.split("/")[:-1]
        plain = next((i for i, part in enumerate(parts) if _GLOB.search(part)), len(parts))
        folders.append(parts[:plain])
    levels = list(zip(*folders, strict=False))
    shared = next((i for i, level in enumerate(levels) if len(set(level)) > 1), len(levels))
    return "/".join(folders[0][:shared]) or ("/" if patterns[0].startswith("/") else ".")


def _below(base: str, path: Column) -> Column:
    """The path below `base`: the same wherever the data stands."""
    simple = re.sub(r"^(\w+):/+", r"\1:/", base)
    return F.regexp_replace(F.regexp_replace(path, r"^(\w+):/+", "$1:/"), "^" + re.escape(simple), "")


def _decoded(path: Column) -> Column:
    """`_metadata.file_path` is percent-encoded; a path that only looks so stays."""
    return F.coalesce(F.try_url_decode(F.replace(path, F.lit("+"), F.lit("%2B"))), path)
