"""collect: real formats in, one row per record out: a document, or a rejected record with its reason.

Each source of the config names a reader and, per contract column, a SQL expression (schemas/records.json).
Reject reasons, in the order they are tried (the first that holds is kept):

malformed_record    the reader could not parse the record (JSON, CSV)
<reader's problem>  undecodable, no_main_text, broken_gzip, ... (docs/sources.md lists them by format)
not_permitted       `permitted` is false or null, or the page says noindex
missing_licence     the source maps `licence`, and the record has none
<shape's reasons>   no_answer, not_adopted, low_reputation (stages/shapes.py)
<source's rules>    the names under `reject:` in the config
missing_record_id, missing_thread, missing_text, record_too_large, undecodable, nul_bytes
too_short           under min_chars, of an article also when that is all its rules leave
mojibake            readable bytes, unreadable text: it was decoded with a wrong charset before it came here
repeated_record     the same record again: equal id, title, text, url, category and date; of several that with the worst
                    verdict of its service is kept

Cost: one pass over the input, a scan without Python that counts it, and one shuffle of the extracted text by
doc_id. The shuffle makes ids unique and gives every later stage even partitions, whatever the input's files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import partial, reduce
from pathlib import Path

from pydantic import Field
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import BooleanType, DataType, StringType
from pyspark.storagelevel import StorageLevel

from corpus_pipeline.schemas import contract
from corpus_pipeline.stages import read_files, shapes
from corpus_pipeline.stages.arrow import map_batches, struct_of
from corpus_pipeline.stages.params import Params as StageParams
from corpus_pipeline.stages.source import Source, column_names
from corpus_pipeline.stages.verdicts import badness, verdict

CORRUPT = "_corrupt_record"
PATH = "_path"
EXCERPT_CHARS = 200
_REST = (
    "path",
    "problem",
    "doc_type",
    "licence",
    "source_name",
    "speakers",
    "text_bytes",
    "excerpt",
    "removed_bytes",
    "records",
)
_IDENTITY = ("source", "record_id", "title", "text", "url", "category", "created_at")


class Params(StageParams):
    """sources: by name. max_record_chars, max_file_bytes: bounds of memory. min_chars: shortest document.

    id_key_file: a secret that goes into every doc_id. Without one, someone who knows the rest of a short document
    could try all values of a masked number until its doc_id fits. Keep it with the raw tables.
    """

    sources: dict[str, Source] = Field(default_factory=dict)
    id_key_file: str | None = None
    max_record_chars: int = Field(default=10_000_000, gt=0)  # about 30 MB of Hangul: several fit a 1 GiB worker
    max_file_bytes: int = Field(default=64 << 20, gt=0)
    min_chars: int = Field(default=2, ge=1)


def transform(tables: Mapping[str, DataFrame], params: Params) -> dict[str, DataFrame]:
    """tables: source name -> what its reader gave. -> raw_documents, rejected_records, records_read.

    records_read (source, records; no row for a source without one) is counted by a scan of its own, so that
    conservation is checked against something that did not go through this stage.
    """
    exploded = {name: _explode(name, tables[name], source) for name, source in params.sources.items()}
    mapped = {name: _map_source(name, exploded[name], source, params) for name, source in params.sources.items()}
    threads = {name: s.shape for name, s in params.sources.items() if isinstance(s.shape, shapes.Thread)}
    records = [
        shapes.group(_judged(mapped[name], params), shape, params.max_record_chars) for name, shape in threads.items()
    ]
    if alone := [df for name, df in mapped.items() if name not in threads]:  # together: Spark plans the same steps once
        records.append(_judged(reduce(DataFrame.unionByName, alone), params))
    together = reduce(DataFrame.unionByName, records)
    marked = _mark_repeats(_shaped(together, params), _key(params)).persist(StorageLevel.DISK_ONLY)
    read = reduce(DataFrame.unionByName, (df.select(F.lit(name).alias("source")) for name, df in exploded.items()))
    return {
        "raw_documents": _documents(marked),
        "rejected_records": _rejected(marked),
        "records_read": read.groupBy("source").agg(F.count(F.lit(1)).alias("records")),
    }


def _map_source(name: str, df: DataFrame, source: Source, params: Params) -> DataFrame:
    """The records of one source in the columns of schemas/records.json, plus those of its shape and `unparsed`."""
    if source.format in read_files.FORMATS:
        how = read_files.How(source.format, source.encoding, source.extractor, params.max_file_bytes)
        df = read_files.read_files(df, how)
    shape = source.shape
    columns = _columns(name, df, _mapping(source))
    if "service_verdict" in source.columns:
        columns["service_verdict"] = verdict(columns["service_verdict"]).alias("service_verdict")
    turns = shapes.turns_of(name, df, shape) if isinstance(shape, shapes.Dialogue) else None
    if turns is not None:
        columns["text"] = shapes.joined(turns).alias("text")
    place = shapes.place_in_thread(name, df, shape) if isinstance(shape, shapes.Thread) else {}
    return df.select(
        F.lit(name).alias("source"),
        *columns.values(),
        *[column.alias(key) for key, column in place.items()],
        (F.lit(None).cast(shapes.TURNS) if turns is None else turns).alias("turns"),
        (F.col(shapes.LEFT_OUT) if shapes.LEFT_OUT in df.columns else F.lit(0).cast("long")).alias("removed_bytes"),
        F.lit(1).alias("records"),
        _source_problem(name, df, source, columns).alias("problem"),
        (F.col(CORRUPT) if CORRUPT in df.columns else F.lit(None).cast("string")).alias("unparsed"),
    )


def _judged(mapped: DataFrame, params: Params) -> DataFrame:
    """`mapped` with the first problem that each record has, its `excerpt` then, and nothing that is no UTF-8."""
    text, raw = F.col("text"), F.coalesce("unparsed", "text")
    problem = _first_reason(
        [
            (F.col("problem") == "malformed_record", "malformed_record"),
            (F.col("problem").isNotNull(), F.col("problem")),
            (F.col("record_id").isNull(), "missing_record_id"),
            (F.col("thread").isNull() if "thread" in mapped.columns else F.lit(False), "missing_thread"),
            (text.isNull(), "missing_text"),
            (F.length(text) > params.max_record_chars, "record_too_large"),
            (_undecodable("text") | _undecodable("title"), "undecodable"),
            (F.contains(text, F.lit("\0")), "nul_bytes"),
            (shapes.fewer_seen(text, params.min_chars), "too_short"),
        ]
    )
    excerpt = F.translate(F.make_valid_utf8(F.substring(raw, 1, EXCERPT_CHARS)), "\0", " ")
    safe = {
        c: F.when(F.col("problem").isNull(), F.col(c)) if c in ("title", "text") else F.make_valid_utf8(F.col(c))
        for c in ("title", "text", "record_id", "category", "source_name", "created_at", "url")
    }
    marked = mapped.withColumn("problem", problem).withColumn("excerpt", F.when(F.col("problem").isNotNull(), excerpt))
    sized = marked.withColumn("text_bytes", F.octet_length(raw).cast("long")).drop("unparsed")
    named = F.transform("turns", lambda turn: F.struct(F.make_valid_utf8(turn["speaker"]), turn["text"]))
    safe["turns"] = F.when(F.col("problem").isNull(), named.cast(shapes.TURNS))
    return sized.withColumns(safe)


def _explode(name: str, df: DataFrame, source: Source) -> DataFrame:
    if isinstance(source.shape, shapes.Qna):
        return shapes.choose(name, df, source.shape)
    if source.explode is None:
        return df
    many = shapes.checked(f"sources.{name}: explode", df, source.explode, lambda array: F.get(array, F.lit(0)))
    return df.select("*", F.explode_outer(many).alias("item"))


def _mapping(source: Source) -> dict[str, str]:
    """SQL per contract column, the source's constants and sensible defaults filled in."""
    file_format = source.format in read_files.FORMATS
    defaults = dict.fromkeys([*column_names(), "speakers"], "NULL")  # a shape fills it, with ids for names
    defaults |= {
        "doc_type": _quoted(source.doc_type),
        "licence": _quoted(source.licence),
        "source_name": "NULL" if source.name is None else _quoted(source.name),
        "permitted": "true",
    }
    if file_format:
        defaults |= {name: name for name in ("record_id", "title", "url", "created_at")} | {"text": "body"}
    return {**defaults, **source.columns, "path": PATH}


def _columns(name: str, df: DataFrame, mapping: Mapping[str, str]) -> dict[str, Column]:
    """The columns of the contract. All are tried at once; where that fails, one by one for the name in the error."""
    kinds = {field.name: field.dataType for field in struct_of("records")} | {"path": StringType()}
    tried = [shapes.Tried(column, sql, partial(_as, wanted=kinds[column])) for column, sql in mapping.items()]
    found = shapes.checked_all(f"sources.{name}: ", df, tried)
    return {column: _as(value, kinds[column]).alias(column) for column, value in zip(mapping, found, strict=True)}


def _as(value: Column, wanted: DataType) -> Column:
    return value.cast(wanted)


def _source_problem(name: str, df: DataFrame, source: Source, columns: Mapping[str, Column]) -> Column:
    cases: list[tuple[Column, Column | str]] = []
    if CORRUPT in df.columns:
        cases.append((F.col(CORRUPT).isNotNull(), "malformed_record"))
    if source.format in read_files.FORMATS:
        cases.append((F.col("problem").isNotNull(), F.col("problem")))
    permitted = F.coalesce(columns["permitted"], F.lit(False))
    if "noindex" in df.columns:  # what the page says holds, whatever the mapping says
        permitted &= ~F.coalesce(F.col("noindex").cast("boolean"), F.lit(False))
    cases.append((~permitted, "not_permitted"))
    cases.append((F.coalesce(F.trim(columns["licence"]), F.lit("")) == "", "missing_licence"))
    if shapes.PROBLEM in df.columns:
        cases.append((F.col(shapes.PROBLEM).isNotNull(), F.col(shapes.PROBLEM)))
    whether = partial(_as, wanted=BooleanType())
    rejects = [shapes.Tried(f"reject.{reason}", sql, whether) for reason, sql in source.reject.items()]
    for reason, condition in zip(source.reject, shapes.checked_all(f"sources.{name}: ", df, rejects), strict=True):
        cases.append((F.coalesce(whether(condition), F.lit(False)), reason))
    return _first_reason(cases)


def _first_reason(cases: list[tuple[Column, Column | str]]) -> Column:
    return F.coalesce(
        *[F.when(condition, F.lit(reason) if isinstance(reason, str) else reason) for condition, reason in cases]
    )


def _undecodable(column: str) -> Column:
    """Bytes that are no UTF-8, or U+FFFD: what a reader that replaces instead of refusing leaves behind."""
    return F.coalesce(~F.is_valid_utf8(F.col(column)) | F.contains(F.col(column), F.lit("\ufffd")), F.lit(False))


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _shaped(records: DataFrame, params: Params) -> DataFrame:
    articles = {name: s.shape for name, s in params.sources.items() if isinstance(s.shape, shapes.Article)}
    rules = {name: frozenset(shape.rules) for name, shape in articles.items()}
    result = records.drop("turns").schema
    return map_batches(
        records, partial(shapes.shape_batch, rules=rules, min_chars=params.min_chars), records.columns, result
    )


def _key(params: Params) -> str:
    """Hash of the secret for doc_ids; "" without one. Its absence is an error of run/fingerprint.py before this."""
    return "" if params.id_key_file is None else hashlib.sha256(Path(params.id_key_file).read_bytes()).hexdigest()


def _mark_repeats(records: DataFrame, key: str) -> DataFrame:
    """Adds doc_id (from content) and turns the second and later copies of a record into rejects."""
    content = F.to_json(F.struct(*_IDENTITY, F.coalesce("excerpt", F.lit("")).alias("excerpt")))
    identity = F.sha2(F.concat(F.lit(key), content), 256)
    worst_first = badness(F.col("service_verdict")).desc()
    numbered = records.withColumn("doc_id", F.substring(identity, 1, 32)).withColumn(
        "occurrence", F.row_number().over(Window.partitionBy("doc_id").orderBy(worst_first, *_REST))
    )
    repeated = F.when(F.col("occurrence") > 1, F.lit("repeated_record"))
    return numbered.withColumn("problem", F.coalesce("problem", repeated))


def _documents(marked: DataFrame) -> DataFrame:
    columns = contract("raw_documents").columns
    kept = marked.where(F.col("problem").isNull())
    return kept.withColumn("text_bytes", F.octet_length("text").cast("long")).select(*columns)


def _rejected(marked: DataFrame) -> DataFrame:
    key = F.concat_ws(":", "doc_id", F.col("occurrence").cast("string"))
    excerpt = F.coalesce("excerpt", F.substring("text", 1, EXCERPT_CHARS))
    return (
        marked.where(F.col("problem").isNotNull())
        .withColumn("reject_id", F.substring(F.sha2(key, 256), 1, 32))
        .withColumn("excerpt", excerpt)
        .withColumn("reason", F.col("problem"))
        .select(*contract("rejected_records").columns)
    )
