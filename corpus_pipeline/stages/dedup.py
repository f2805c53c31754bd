"""dedup: which documents repeat others. Nothing is removed here; mix decides who stays.

1. exact       documents with one comparison form (kernels/normalise.py) form a group; its smallest doc_id stands
               for it. A document of empty form (no letter, mark or number) repeats nothing.
2. candidates  MinHash bands of the representatives; in a bucket each document is linked to the first
               `bucket_representatives` by the hash of the content, never all to all (stages/candidates.py).
3. verified    Jaccard similarity of the candidates' shingle sets; a pair under `threshold` is forgotten
               (stages/verification.py).
4. clusters    connected components of the verified pairs (stages/components.py).

kind: `exact` for a member of an exact group that is not its smallest; the smallest is `near` when it has a verified
pair with a document outside its group, else `exact`, too. partner_id is the best pair in duplicate_pairs, ties by
doc_id: of a member of an exact group its smallest doc_id, of that one usually the largest.

Bias: keep when unsure. No pair is reported that was not compared. Missed are pairs that share no band (`detection`)
and, in buckets with more members than `bucket_representatives`, documents that resemble none of the first ones.
Only `text` is compared, not the title.

Up to `driver_rows` documents the driver does 1, 2 and 4 in memory (stages/on_driver.py), with the same result.

Cost: one pass of the Python kernel over all text, one shuffle of 16 bytes a document and band, and for candidates
alone a second pass and a shuffle of their texts. No document is in more than bands x bucket_representatives pairs
as a member, so the work is linear in the worst case, too. Intermediate tables are kept (stages/kept.py) until the run
publishes the result. Steps 1 to 4 run when `transform` is called; the result is lazy from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pyarrow as pa
from pydantic import Field
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.stages import on_driver
from corpus_pipeline.stages.candidates import candidates
from corpus_pipeline.stages.clusters import annotated, copies, exact_groups, labelled
from corpus_pipeline.stages.duplicate_report import samples, summary
from corpus_pipeline.stages.kept import few, kept
from corpus_pipeline.stages.published import rows_of, written
from corpus_pipeline.stages.signatures import Signing, sign
from corpus_pipeline.stages.verification import EXCERPT, placed, verify

# What names a text while candidates are sought. It orders a bucket by content, so that more documents never bring one
# forward. The last bit says that the document is of an earlier run, and as good as never decides the order.
_NAME = "(xxhash64(content) & -2L) | int(earlier) AS name"
_TEXT = ("doc_id", "source", "text", "text_bytes")
_DRIVER_BYTES = 256 << 20  # of band keys; the defaults' million documents have 136 MB
_BOTH_EARLIER = "(leader & member & 1L) = 1"


class Params(Signing):
    """And beside those of the signatures: driver_rows, documents and pairs up to which the driver finds them alone."""

    driver_rows: int = Field(default=1_000_000, ge=0)


class _Found(NamedTuple):
    """Of this run: verified pairs as duplicate_pairs, `duplicates` of their documents, and what people look at."""

    pairs: DataFrame
    labels: DataFrame
    summary: DataFrame
    samples: DataFrame


def transform(tables: Mapping[str, DataFrame], params: Params) -> dict[str, DataFrame]:
    """documents -> signatures and duplicates (a row for a row), duplicate_pairs, and what people look at.

    With earlier_signatures, earlier_documents and earlier_duplicate_pairs, the tables of earlier runs with the number
    of the `run`, the result is that of one run on all documents, as the last run has them; earlier_duplicates has the
    rows of the earlier ones. A document that an earlier run has, too, is an exact duplicate of itself.
    """
    own = tables["documents"].select(*_TEXT)
    signatures = written(tables, "signatures", sign(own, params))
    signed, texts = signatures.withColumn("earlier", F.lit(False)), own.withColumn("earlier", F.lit(False))
    count = own_count = rows_of(tables, "documents")
    known = tables.get("earlier_signatures")
    pairs = None
    if known is not None:
        newest = F.max_by(F.struct(*signatures.columns), "run").alias("newest")
        known = known.groupBy("doc_id").agg(newest).select("newest.*")  # a document may be in several earlier runs
        _same_scheme(known, params)
        count += known.count()
        ids = known.select("doc_id")
        signed = signed.join(ids, "doc_id", how="left_anti").unionByName(known.withColumn("earlier", F.lit(True)))
        old = tables["earlier_documents"].select(*_TEXT, "run").withColumn("earlier", F.lit(True))
        texts = texts.join(ids, "doc_id", how="left_anti").unionByName(old, allowMissingColumns=True)
        pairs = tables["earlier_duplicate_pairs"].where("kind = 'near'").drop("kind", "run")
        count = max(count, pairs.count())
    named = signed.selectExpr("doc_id", "source", "content", "bands", "earlier", _NAME)
    data = _Data(signatures, named, texts, known, pairs, params)
    small = count <= params.driver_rows and count * params.banding()[0] * 8 <= _DRIVER_BYTES
    found = _on_driver(data, own_count) if small else None
    found = found or _on_cluster(data)
    return {
        "signatures": signatures,
        "duplicates": annotated(signatures, found.labels, known),
        "earlier_duplicates": found.labels.where("false") if known is None else _earlier(known, found.labels),
        "duplicate_pairs": found.pairs,
        "duplicate_summary": found.summary,
        "duplicate_samples": found.samples,
    }


class _Data(NamedTuple):
    """What both ways start from.

    signatures  of this run;  named  all documents with their names, each once;  texts  theirs
    known       signatures of earlier runs, or None;  verified  the near pairs of theirs, or None
    """

    signatures: DataFrame
    named: DataFrame
    texts: DataFrame
    known: DataFrame | None
    verified: DataFrame | None
    params: Params


def _on_cluster(data: _Data) -> _Found:
    params = data.params
    grouped = few(kept(exact_groups(data.named)))
    others = grouped.where("doc_id <> first").select("doc_id")
    alone = data.named.where("bands IS NOT NULL").join(others, "doc_id", how="left_anti")
    names = alone.select("doc_id", "name")
    pairs = kept(candidates(alone.select("name", "bands"), params.bucket_representatives))
    new = pairs.where(f"NOT {_BOTH_EARLIER}")
    count = new.count()
    where = few(kept(placed(new, names)), 2 * count)
    near = every = kept(_verified(where, data, count))
    if data.verified is not None:
        every = kept(near.unionByName(_known_pairs(pairs, names, data.verified), allowMissingColumns=True))
    labels, equal = labelled(grouped, every, data.known, params.driver_rows), copies(grouped)
    both = equal.unionByName(near.withColumn("kind", F.lit("near")).drop(*EXCERPT))
    return _Found(both, labels, summary(data.signatures, labels, near, equal), samples(near))


def _on_driver(data: _Data, documents: int) -> _Found | None:
    """The same where the driver holds what lies between the kernels; None when there are too many pairs."""
    params, spark = data.params, data.named.sparkSession
    signed = data.named.toArrow()
    grouped = on_driver.exact_groups(signed)
    alone = on_driver.alone(signed, grouped)
    pairs = on_driver.candidates(alone, params.bucket_representatives, params.driver_rows)
    if pairs is None:
        return None
    new = pairs[(pairs & 1).sum(axis=1) < 2]
    placed_ = on_driver.placed(new, alone)
    where = few(_frame(spark, placed_), len(placed_))
    near = every = _verified(where, data, len(new)).toArrow()
    ids = None
    if data.known is not None and data.verified is not None:
        ids = data.known.select("doc_id").toArrow()["doc_id"]
        every = pa.concat_tables(
            [near, on_driver.known_pairs(pairs, alone, data.verified.toArrow())], promote_options="default"
        )
    labels = on_driver.labelled(grouped, every, ids)
    both = on_driver.with_copies(near, grouped)
    own = labels if ids is None else on_driver.of_documents(labels, data.signatures.select("doc_id").toArrow())
    drawn = near.filter(near["excerpt_a"].is_valid())
    tables = (both, labels, on_driver.summary(documents, own, both), drawn)
    pairs_, labels_, summary_, drawn_ = (_frame(spark, table) for table in tables)
    return _Found(pairs_, labels_, summary_, samples(drawn_))


def _verified(where: DataFrame, data: _Data, count: int) -> DataFrame:
    texts = data.texts
    if data.known is not None:  # of a document of two earlier runs, the text that was signed
        newest = F.row_number().over(Window.partitionBy("doc_id").orderBy(F.desc("run")))
        wanted = texts.join(where.select("doc_id"), "doc_id", how="left_semi").withColumn("newest", newest)
        texts = wanted.where("newest = 1")
    return verify(where, texts, data.params, count)


def _frame(spark: SparkSession, table: pa.Table) -> DataFrame:
    """`table` in as many partitions as there are cores: Spark makes one of every batch."""
    return spark.createDataFrame(table).coalesce(spark.sparkContext.defaultParallelism)


def _earlier(known: DataFrame, labels: DataFrame) -> DataFrame:
    return annotated(known, labels, None).withColumn("earlier", F.lit(True))


def _same_scheme(known: DataFrame, params: Params) -> None:
    """Raises ConfigError unless the signatures of earlier runs were made with these settings."""
    schemes = sorted(row["scheme"] for row in known.select("scheme").distinct().limit(10).collect())
    if any(scheme != params.scheme() for scheme in schemes):
        raise ConfigError(
            "earlier: signatures",
            f"scheme {params.scheme()!r} (unit, ngram, bands, rows, threshold, bucket_representatives, max_shingles)",
            ", ".join(map(repr, schemes)),
            "Give dedup the settings of the earlier runs, or run their dedup again with the present ones.",
        )


def _known_pairs(pairs: DataFrame, names: DataFrame, near: DataFrame) -> DataFrame:
    """Those of `near`, verified by earlier runs, that are among `pairs`; the others it compared and refused.

    The order in a bucket is that of contents, so more documents push a content back and never forward. So every pair of
    earlier documents that is a candidate now was a candidate then.
    """
    for side in ("a", "b"):
        near = near.join(names.toDF(f"doc_{side}", f"name_{side}"), f"doc_{side}", how="inner")  # a key of names
    ordered = near.selectExpr("*", "least(name_a, name_b) AS leader", "greatest(name_a, name_b) AS member")
    both = pairs.where(_BOTH_EARLIER)
    return ordered.join(both, ["leader", "member"], how="left_semi").drop("leader", "member", "name_a", "name_b")
