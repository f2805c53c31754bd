"""What other thresholds would leave: documents, tokens and bytes by document type, before the budget. Used by mix.

Each row of mixture_what_if changes one setting and leaves the others as they are. No text is read and no earlier stage
runs: clusters of a higher similarity are found among dedup's verified pairs, so only values above its threshold say
something.

knob               value
as_set             empty: the settings as they are
min_quality_rank   this rank for every document type
min_quality_score  this score for every document type
dedup_threshold    this similarity, with duplicates: drop; documents whose cluster, as dedup made it, repeats an earlier
                   run stay out
duplicates         exact_only, keep
without_rule       a rule of classify that drops nothing any more. What comes back may repeat other documents, so this
                   one is an upper bound

Cost: the documents are read once, into a few narrow columns on the executors' disks. One aggregate over all of these,
whatever the number of settings: a document is counted by which settings it passes, as the bits of a number, and the few
sums are added up on the driver. Over the members of clusters one aggregate for the filters and one for all other ways
to group them; and the components of each similarity (stages/components.py: on the driver while there are few pairs).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import add

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from corpus_pipeline.stages.arrow import struct_of
from corpus_pipeline.stages.components import components

Knob = tuple[str, str]  # knob, value
AS_SET: Knob = ("as_set", "")
RANK, SCORE = "min_quality_rank", "min_quality_score"
SIMILARITY, DUPLICATES, RULE = "dedup_threshold", "duplicates", "without_rule"
_OF = ["doc_type", "token_estimate", "text_bytes"]
Sums = dict[tuple[Knob, str], list[int]]  # knob and document type -> documents, tokens, text_bytes


def what_if(
    documents: DataFrame, passes: Mapping[Knob, Column], groups: Mapping[Knob, Column | DataFrame]
) -> DataFrame:
    """mixture_what_if, in the columns of schemas/mixture_what_if.json. The work happens when this is called.

    documents  doc_type, token_estimate, text_bytes; alone (boolean: repeats no other); group (one document of each
               stays) and cost (the smallest of those that pass; a struct that ends with doc_id, for ties); rule (the
               one rule that alone keeps it out, or null); and what `passes` and `groups` read. Read once
    passes     knob -> whether a document passes the filters; AS_SET is among them
    groups     knob -> other groups, with the filters of AS_SET, or its own where `passes` has some: a column of
               `documents`, or a table (doc_id, group) of those that are in one, doc_id its key
    """
    narrow = _narrow(documents, passes, groups).persist(StorageLevel.DISK_ONLY)
    try:
        counted = _sums(narrow, "alone", "bits", "rule").collect()  # a row a type, rule and combination of settings
        members = narrow.where("one IS NOT NULL")
        best = _survivors(members, [at for at, knob in enumerate(passes) if knob not in groups])
        if groups:
            best = best.unionByName(_regrouped(members, groups, [*passes]))
        chosen = _sums(best, "knob").collect()  # a row a type and setting
    finally:
        narrow.unpersist()
    found = _added_up(counted, chosen, [*passes], [*groups])
    rows = [(*knob, doc_type, *values) for (knob, doc_type), values in sorted(found.items())]
    return documents.sparkSession.createDataFrame(rows, struct_of("mixture_what_if")).coalesce(1)


def _narrow(
    documents: DataFrame, passes: Mapping[Knob, Column], groups: Mapping[Knob, Column | DataFrame]
) -> DataFrame:
    """_OF, alone, rule; bits: which of `passes` hold. Of documents that pass one and are not alone also one (cost and
    _OF), group, and group_<place> for each column of `groups`; of the others these are null."""
    bits = reduce(add, (F.when(one, F.lit(1 << at)).otherwise(0) for at, one in enumerate(passes.values())))
    member = F.expr("NOT alone AND bits > 0")
    of_members = {"one": F.struct("cost", *_OF), "group": F.col("group")}
    of_members |= {f"group_{at}": group for at, group in enumerate(groups.values()) if isinstance(group, Column)}
    return documents.withColumn("bits", bits).select(
        *_OF, "alone", "rule", "bits", *(F.when(member, one).alias(name) for name, one in of_members.items())
    )


def other_similarities(pairs: DataFrame, values: Sequence[float]) -> Iterator[tuple[Knob, DataFrame]]:
    """The groups at each similarity. pairs: duplicate_pairs"""
    for value in values:
        edges = pairs.where(F.col("similarity") >= value).selectExpr("doc_a AS a", "doc_b AS b")
        yield (SIMILARITY, f"{value:g}"), components(edges).toDF("doc_id", "group")


def _sums(documents: DataFrame, *by: str) -> DataFrame:
    return documents.groupBy("doc_type", *by).agg(
        F.count("*").alias("documents"),
        F.sum("token_estimate").alias("tokens"),
        F.sum("text_bytes").alias("text_bytes"),
    )


def _added_up(counted: Sequence[Row], chosen: Sequence[Row], passes: list[Knob], groups: list[Knob]) -> Sums:
    found: Sums = defaultdict(lambda: [0, 0, 0])

    def add_to(knob: Knob, row: Row) -> None:
        sums = found[knob, row["doc_type"]]
        sums[:] = map(add, sums, (row["documents"], row["tokens"], row["text_bytes"]))

    knobs = [*passes, *groups]
    for row in chosen:
        add_to(knobs[row["knob"]], row)
    for row in counted:
        if row["alone"]:
            passed = [knob for at, knob in enumerate(passes) if row["bits"] >> at & 1]
            others = [knob for knob in groups if knob not in passes] if AS_SET in passed else []
            for knob in passed + others:
                add_to(knob, row)
    there = [(doc_type, values) for (knob, doc_type), values in found.items() if knob == AS_SET]
    for rule in {row["rule"] for row in counted} - {None}:
        found |= {((RULE, rule), doc_type): list(values) for doc_type, values in there}
    for row in counted:
        if row["rule"] is not None:  # what comes back, on top of what is there as set
            add_to((RULE, row["rule"]), row)
    return found


def _survivors(members: DataFrame, settings: Sequence[int]) -> DataFrame:
    """knob (its place), and _OF of the best of each group under each of the settings."""
    best = [F.min(F.when(_passes(at), F.col("one"))).alias(f"_{at}") for at in settings]
    cases = F.array(*(F.struct(F.lit(at).alias("knob"), F.col(f"_{at}").alias("one")) for at in settings))
    chosen = members.groupBy("group").agg(*best).select(F.inline(cases)).where("one IS NOT NULL")
    return chosen.select("knob", *(f"one.{name}" for name in _OF))


def _regrouped(members: DataFrame, groups: Mapping[Knob, Column | DataFrame], passes: list[Knob]) -> DataFrame:
    """The same for other groups of the members that pass; who is in none stands alone."""
    doc_id = F.col("one.cost.doc_id")
    parts = []
    for at, (knob, group) in enumerate(groups.items()):
        passing = members.where(_passes(passes.index(knob if knob in passes else AS_SET)))
        if isinstance(group, DataFrame):
            narrow = passing.select(doc_id.alias("doc_id"), "one")
            joined = narrow.join(group, "doc_id", how="left").withColumn("group", F.coalesce("group", "doc_id"))
        else:
            joined = passing.withColumn("group", F.col(f"group_{at}"))
        parts.append(joined.select(F.lit(len(passes) + at).alias("knob"), "group", "one"))
    best = reduce(DataFrame.unionByName, parts).groupBy("knob", "group").agg(F.min("one").alias("one"))
    return best.select("knob", *(f"one.{name}" for name in _OF))


def _passes(setting: int) -> Column:
    return F.col("bits").bitwiseAND(1 << setting) > 0
