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

Cost: one pass of the Python kernel over all text, one shuffle of 16 bytes a document and band, and for candidates
alone a second pass and a shuffle of their shingles. No document is in more than bands x bucket_representatives pairs
as a member, so the work is linear in the worst case, too. Intermediate tables are kept (stages/kept.py) until the run
publishes the result. Steps 1 to 4 run when `transform` is called; the result is lazy from there.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field
from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.stages.candidates import candidates
from corpus_pipeline.stages.clusters import annotated, copies, exact_groups, labelled
from corpus_pipeline.stages.duplicate_report import samples, summary
from corpus_pipeline.stages.kept import few, kept
from corpus_pipeline.stages.signatures import Signing, sign
from corpus_pipeline.stages.verification import EXCERPT, verify

# What names a text while candidates are sought. It orders a bucket by content, so that more documents never bring one
# forward. The last bit says that the document is of an earlier run, and as good as never decides the order.
_NAME = "(xxhash64(content) & -2L) | int(earlier) AS name"
_BOTH_EARLIER = "(leader & member & 1L) = 1"


class Params(Signing):
    """And beside those of the signatures: driver_edges, verified pairs up to which the driver solves the components."""

    driver_edges: int = Field(default=1_000_000, ge=0)


def transform(tables: Mapping[str, DataFrame], params: Params) -> dict[str, DataFrame]:
    """documents -> signatures and duplicates (a row for a row), duplicate_pairs, and what people look at.

    With earlier_signatures, earlier_documents and earlier_duplicate_pairs, the tables of earlier runs, the result is
    that of one run on all documents; earlier_duplicates has the rows of the earlier ones. A document that an earlier
    run has, too, is an exact duplicate of itself.
    """
    own = tables["documents"].select("doc_id", "source", "text")
    signatures = sign(own, params).persist(StorageLevel.DISK_ONLY)  # a short plan, and read column by column
    signed, texts = signatures.withColumn("earlier", F.lit(False)), own.withColumn("earlier", F.lit(False))
    known = tables.get("earlier_signatures")
    if known is not None:
        known = known.dropDuplicates(["doc_id"])  # a document may be in several earlier runs
        _same_scheme(known, params)
        ids = known.select("doc_id")
        signed = signed.join(ids, "doc_id", how="left_anti").unionByName(known.withColumn("earlier", F.lit(True)))
        old = tables["earlier_documents"].select("doc_id", "source", "text")
        texts = texts.join(ids, "doc_id", how="left_anti").unionByName(old.withColumn("earlier", F.lit(True)))

    grouped = few(kept(exact_groups(signed)))
    others = grouped.where("doc_id <> first").select("doc_id")
    alone = signed.where("bands IS NOT NULL").join(others, "doc_id", how="left_anti")
    named = alone.selectExpr("doc_id", _NAME, "bands")
    names = named.select("doc_id", "name")
    pairs = kept(candidates(named.select("name", "bands"), params.bucket_representatives))
    near = kept(verify(pairs.where(f"NOT {_BOTH_EARLIER}"), names, texts, params))
    every = near
    if known is not None:
        known_pairs = _known_pairs(pairs, names, tables["earlier_duplicate_pairs"])
        every = kept(near.unionByName(known_pairs, allowMissingColumns=True))
    labels = labelled(grouped, every, known, params.driver_edges)
    own_copies = copies(grouped)
    return {
        "signatures": signatures,
        "duplicates": annotated(signatures, labels, known),
        "earlier_duplicates": labels.where("false") if known is None else _earlier(known, labels),
        "duplicate_pairs": own_copies.unionByName(near.withColumn("kind", F.lit("near")).drop(*EXCERPT)),
        "duplicate_summary": summary(signatures, labels, near, own_copies),
        "duplicate_samples": samples(near),
    }


def _earlier(known: DataFrame, labels: DataFrame) -> DataFrame:
    return annotated(known, labels, None).withColumn("earlier", F.lit(True))


def _same_scheme(known: DataFrame, params: Params) -> None:
    """Raises ConfigError unless the signatures of earlier runs were made with these settings."""
    schemes = sorted(row["scheme"] for row in known.select("scheme").distinct().limit(10).collect())
    if any(scheme != params.scheme() for scheme in schemes):
        raise ConfigError(
            "earlier: signatures",
            f"scheme {params.scheme()!r} (dedup's unit, ngram, fold_digits, permutations, bands and rows)",
            ", ".join(map(repr, schemes)),
            "Give dedup the settings of the earlier runs, or run their dedup again with the present ones.",
        )


def _known_pairs(pairs: DataFrame, names: DataFrame, earlier: DataFrame) -> DataFrame:
    """Those of `pairs` between earlier documents that their run verified; the others it compared and refused.

    The order in a bucket is that of contents, so more documents push a content back and never forward. So every pair of
    earlier documents that is a candidate now was a candidate then.
    """
    near = earlier.where("kind = 'near'").drop("kind")
    for side in ("a", "b"):
        near = near.join(names.toDF(f"doc_{side}", f"name_{side}"), f"doc_{side}", how="inner")  # a key of names
    ordered = near.selectExpr("*", "least(name_a, name_b) AS leader", "greatest(name_a, name_b) AS member")
    both = pairs.where(_BOTH_EARLIER)
    return ordered.join(both, ["leader", "member"], how="left_semi").drop("leader", "member", "name_a", "name_b")
