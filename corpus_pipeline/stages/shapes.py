"""The shape of a source's records: what one document is made of, and what is left out of it.

qna       a question and its answers: the best accepted answer becomes `item`; without one the record is rejected
dialogue  turns in an array: text with speaker ids
thread    records of one thread (comments, utterances): one document, in order
article   a text with a title: what its publisher put around it goes (kernels/news.py)

A source without a shape gives a document a record, as its SQL says. What a shape leaves out is counted in the column
`removed_bytes`; records that became one document in `records`. Cost: qna, dialogue and article are narrow; a thread is
one shuffle and sort of its source, kept on disk because two things are read from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Annotated, Literal, NamedTuple
from unicodedata import category, normalize

import pyarrow as pa
from pydantic import Field, field_validator
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.kernels import dialogue, news
from corpus_pipeline.kernels.mojibake import is_mojibake
from corpus_pipeline.kernels.unicode import nfc
from corpus_pipeline.stages.params import Params as StageParams
from corpus_pipeline.stages.verdicts import badness

TURNS = "array<struct<speaker string, text string>>"
PROBLEM = "_shape_problem"
LEFT_OUT = "_left_out"
UNSEEN = r"(?U)[\s\p{Cc}\p{Cf}\p{Z}]+"  # white space, control and zero-width characters, in Java's regex
_STRING = re.compile(r"'(?:[^'\\]|\\.)*'" + r'|"(?:[^"\\]|\\.)*"')
_CLOCK = re.compile(
    r"(?i)\b(?:current_(?:date|time|timestamp|user|database|catalog|schema)|localtimestamp|curdate|session_user)\b"
    r"|\b(?:now|unix_timestamp|user)\s*\(\s*\)"
)
_nfc = partial(normalize, "NFC")
_WRITTEN = ("source_name", "title", "text", "category")


class Qna(StageParams):
    """One question with one answer. All but `answers` and `min_reputation` are SQL over `item`, an answer.

    An answer counts if it is adopted by the asker or by an expert, and its author's reputation is at least
    min_reputation (unknown: 0). The first of these wins: adopted; by an expert; higher reputation; earlier
    (answered_at as it is written, so write it as ISO dates are); the smaller text by code points.
    Reject reasons: no_answer, not_adopted, low_reputation.
    """

    kind: Literal["qna"]
    answers: str
    answer: str
    adopted: str = "false"
    expert: str = "false"
    reputation: str = "0"
    answered_at: str = "NULL"
    min_reputation: int = 0


class Dialogue(StageParams):
    """turns: SQL of an array, in order; speaker and text: SQL over `item`, a turn. A turn without text is none."""

    kind: Literal["dialogue"]
    turns: str
    speaker: str = "item.speaker"
    text: str = "item.text"


class Thread(StageParams):
    """key: SQL; records with the same one are a document (null: rejected, missing_thread). order: SQL to sort them by.
    speaker: SQL; with it the text has speaker ids, without it a line a record. Ties: by record_id, then by text.
    A thread longer than collect.max_record_chars becomes several documents: none is lost, and memory has a bound.
    """

    kind: Literal["thread"]
    key: str
    order: str
    speaker: str | None = None


class Article(StageParams):
    """rules: which of kernels/news.py RULES apply; title: sentences of the body that repeat the title."""

    kind: Literal["article"]
    rules: tuple[str, ...] = news.RULES

    @field_validator("rules")
    @classmethod
    def _known(cls, rules: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(rules) - set(news.RULES))
        if unknown:
            raise ValueError(f"unknown rules {unknown}; known: {', '.join(news.RULES)}")
        return rules


Shape = Annotated[Qna | Dialogue | Thread | Article, Field(discriminator="kind")]


def seen(text: Column) -> Column:
    """Whether there is anything to see in a text."""
    return ~fewer_seen(text, 1)


def fewer_seen(text: Column, count: int) -> Column:
    """Whether a text has fewer characters than `count` that can be seen; nearly always its beginning says no."""
    head = F.substring(text, 1, 2 * count + 30)
    few, all_few = (F.length(F.regexp_replace(part, UNSEEN, "")) < count for part in (head, text))
    return few & all_few


class Tried(NamedTuple):
    """A setting: its place, SQL over the columns of the source, and what is made of its value."""

    where: str
    sql: str
    use: Callable[[Column], Column] = F.struct


def checked(where: str, df: DataFrame, sql: str, use: Callable[[Column], Column] = F.struct) -> Column:
    """`sql` over the columns of `df`; see checked_all."""
    return checked_all("", df, [Tried(where, sql, use)])[0]


def checked_all(where: str, df: DataFrame, tried: Sequence[Tried]) -> list[Column]:
    """Each SQL over the columns of `df`, tried now as `use` makes of it: so the error names the place in the config.

    It must give one value per row: beside other columns, no aggregate and no generator stands. And the same value in
    every run: no chance, no clock. Spark takes 10 ms a try.
    """
    from pyspark.errors import PySparkException

    try:
        found = [F.expr(one.sql) for one in tried]
        shown = df.select("*", *(F.struct(one.use(value)) for one, value in zip(tried, found, strict=True)))
        same = shown._jdf.queryExecution().analyzed().deterministic()
        if not same or any(_CLOCK.search(_STRING.sub("", one.sql)) for one in tried):
            if len(tried) > 1:
                return [checked_all(where, df, [one])[0] for one in tried]
            raise ConfigError(
                f"{where}{tried[0].where}: {tried[0].sql}",
                "an expression of the record alone, with the same value in every run",
                "one of chance, of the time, or of the partition",
                "Use the record's own columns, or `_path`; draw by a hash: pmod(xxhash64(id), 100) < 50.",
            )
    except PySparkException as error:
        if len(tried) > 1:
            return [checked_all(where, df, [one])[0] for one in tried]
        raise ConfigError(
            f"{where}{tried[0].where}: {tried[0].sql}",
            f"a SQL expression over {', '.join(df.columns)}, of a type that can stand here",
            error.getCondition() or "an error",
            "Correct the expression; a name in other letters than a to z stands in backticks: `본문`.",
        ) from None
    return found


def choose(name: str, df: DataFrame, shape: Qna) -> DataFrame:
    """`df` with the chosen answer as `item` (null: none), the reject reason and the bytes of the other answers."""
    where = f"sources.{name}.shape"
    checked(f"{where}.answers", df, f"transform({shape.answers}, item -> item)", F.array_sort)
    facts = {
        "later": f"NOT coalesce(cast(({shape.adopted}) AS boolean), false)",
        "no_expert": f"NOT coalesce(cast(({shape.expert}) AS boolean), false)",
        "unknown": f"-coalesce(cast(({shape.reputation}) AS bigint), 0)",
        "at": f"coalesce(cast(({shape.answered_at}) AS string), '\uffff')",
        "text": f"cast(({shape.answer}) AS string)",
        "item": "item",
    }
    ranked = ", ".join(f"'{key}', {sql}" for key, sql in facts.items())
    answers = checked(where, df, f"transform({shape.answers}, item -> named_struct({ranked}))")
    found = df.withColumn("_answers", F.filter(answers, lambda a: seen(a["text"])))
    accepted = F.filter("_answers", lambda a: ~a["later"] | ~a["no_expert"])
    trusted = F.filter(accepted, lambda a: -a["unknown"] >= shape.min_reputation)
    found = found.withColumns({"_best": F.array_min(trusted), "_accepted": F.size(accepted)})
    total = F.aggregate("_answers", F.lit(0).cast("long"), lambda sum_, a: sum_ + F.octet_length(a["text"]))
    reason = (
        F.when(F.coalesce(F.size("_answers"), F.lit(0)) <= 0, "no_answer")
        .when(F.col("_accepted") == 0, "not_adopted")
        .when(F.col("_best").isNull(), "low_reputation")
    )
    left_out = F.when(F.col("_best").isNull(), 0).otherwise(total - F.octet_length("_best.text")).cast("long")
    shaped = found.withColumns({"item": F.col("_best.item"), PROBLEM: reason, LEFT_OUT: left_out})
    return shaped.drop("_answers", "_best", "_accepted")


def turns_of(name: str, df: DataFrame, shape: Dialogue) -> Column:
    """The turns with text, as TURNS."""
    said = f"named_struct('speaker', cast(({shape.speaker}) AS string), 'text', cast(({shape.text}) AS string))"
    turns = checked(f"sources.{name}.shape", df, f"transform({shape.turns}, item -> {said})")
    return F.filter(turns, lambda turn: seen(turn["text"])).cast(TURNS)


def joined(turns: Column) -> Column:
    """What was said, a line a turn; null for no turn."""
    return F.when(F.size(turns) > 0, F.array_join(F.transform(turns, lambda turn: turn["text"]), "\n"))


def place_in_thread(name: str, df: DataFrame, shape: Thread) -> dict[str, Column]:
    """The columns that `group` reads: thread, order, speaker."""
    where = f"sources.{name}.shape"

    def text(value: Column) -> Column:
        return value.cast("string")

    return {
        "thread": checked(f"{where}.key", df, shape.key, text).cast("string"),
        "order": checked(f"{where}.order", df, shape.order, lambda order: F.array_sort(F.array(order))),
        "speaker": checked(f"{where}.speaker", df, shape.speaker or "NULL", text).cast("string"),
    }


def group(records: DataFrame, shape: Thread, limit: int) -> DataFrame:
    """Good records of one thread as one record; the rejected stay. limit: characters of a document, roughly.

    Other columns come from the first record of the thread, but the service's verdict is the worst one. The same record
    again is rejected (repeated_record).
    """
    known = [
        c
        for c in ("doc_type", "licence", "title", "url", "category", "created_at", "path", "source_name")
        if c in records.columns
    ]
    said = F.struct("order", "record_id", "speaker", "text", *known)
    good = F.col("problem").isNull()
    alone = F.xxhash64("record_id", "path", "excerpt").cast("string")  # spreads the rejected over the tasks
    by_thread = Window.partitionBy(good, F.when(good, F.col("thread")).otherwise(alone), "doc_type", "licence")
    in_order = by_thread.orderBy(said, badness(F.col("service_verdict")).desc())  # of equal ones the worst is kept
    so_far = F.sum(F.length("text") + 1).over(in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow))
    again = good & F.lag(said).over(in_order).eqNullSafe(said)
    numbered = records.withColumns({"part": F.floor(so_far / limit), "again": again})
    numbered = numbered.withColumn("problem", F.when(F.col("again"), "repeated_record").otherwise(F.col("problem")))
    numbered = numbered.persist(StorageLevel.DISK_ONLY)
    first = {
        column: F.min_by(column, said).alias(column)
        for column in records.columns
        if column not in ("source", "doc_type", "licence", "thread", "order", "speaker", "turns")
    }
    together = F.array_sort(F.collect_list(said))
    first["records"] = F.count(F.lit(1)).cast("int").alias("records")
    first["path"] = F.min("path").alias("path")
    bad = badness(F.col("service_verdict"))
    first["service_verdict"] = F.max_by("service_verdict", bad).alias("service_verdict")
    grouped = numbered.where(F.col("problem").isNull()).groupBy("source", "doc_type", "licence", "thread", "part")
    documents = grouped.agg(*first.values(), together.alias("turns"))
    turns = F.transform("turns", lambda one: F.struct(one["speaker"], one["text"])).cast(TURNS)
    number = F.when(F.col("part") > 0, F.concat(F.lit("#"), F.col("part") + 1)).otherwise("")
    documents = documents.withColumns({"record_id": F.concat("thread", number), "text": joined(F.col("turns"))})
    documents = documents.withColumn("turns", turns if shape.speaker else F.lit(None).cast(TURNS))
    rejected = numbered.where(F.col("problem").isNotNull())
    return rejected.select(*_without_place(records)).unionByName(documents.select(*_without_place(records)))


def _without_place(records: DataFrame) -> list[str]:
    return [column for column in records.columns if column not in ("thread", "order", "speaker")]


def shape_batch(batch: pa.RecordBatch, *, rules: Mapping[str, frozenset[str]], min_chars: int = 1) -> pa.RecordBatch:
    """NFC, speaker ids, and articles without what stands around them; a row for a row, without `turns`.

    An article of which less than min_chars stays is too_short. A text in mojibake gets that problem, unless it is
    several records in one: those were read, and are not lost.

    rules: source -> names in kernels/news.py RULES, for sources that are articles.
    """
    columns = {name: batch.column(name) for name in batch.schema.names}
    columns |= {name: nfc(columns[name]) for name in _WRITTEN}
    turns = columns.pop("turns")
    sources = columns["source"].to_pylist()
    if turns.null_count < len(turns) or not rules.keys().isdisjoint(sources):
        titles, texts, speakers = (columns[name].to_pylist() for name in ("title", "text", "speakers"))
        removed, problems = columns["removed_bytes"].to_pylist(), columns["problem"].to_pylist()
        for i, source in enumerate(sources):
            if turns[i].is_valid and texts[i] is not None:
                said = [(_nfc(turn["speaker"] or ""), _nfc(turn["text"])) for turn in turns[i].as_py()]
                texts[i], speakers[i] = dialogue.anonymise(said)
                titles[i] = titles[i] and dialogue.anonymise_title(titles[i], said)
            if source in rules and texts[i] is not None:
                titles[i], texts[i], gone = news.strip(titles[i], texts[i], rules[source])
                removed[i] += gone
                if problems[i] is None and _fewer_than(min_chars, texts[i]):
                    problems[i] = "too_short"
        changed = {
            "title": titles, "text": texts, "speakers": speakers, "removed_bytes": removed, "problem": problems,
        }  # fmt: skip
        columns |= {name: pa.array(values, columns[name].type) for name, values in changed.items()}
        columns["text"] = nfc(columns["text"])
    facts = zip(*(columns[name].to_pylist() for name in ("problem", "records", "text")), strict=True)
    found = ["mojibake" if not bad and n == 1 and text and is_mojibake(text) else bad for bad, n, text in facts]
    columns["problem"] = pa.array(found, pa.string())
    return pa.RecordBatch.from_pydict(columns)


def _fewer_than(count: int, text: str) -> bool:
    """Whether a text has fewer characters than `count` that can be seen."""
    shown = (c for c in text if not c.isspace() and category(c) not in ("Cc", "Cf", "Zs", "Zl", "Zp"))
    return next(islice(shown, count - 1, None), None) is None
