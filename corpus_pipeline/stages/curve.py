"""Measure how much of the mixture a tokenizer needs: samples of several sizes, a tokenizer of each. Used by sample.

Cost: one pass over all text that cuts it into pieces, each document counted once, under the smallest sample it is
in; one over it in SQL that counts eojeol; then a training per sample and seed, and one pass over the distinct pieces
that encodes them with every tokenizer. The driver holds the distinct pieces of one sample, at most `max_pieces`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.storagelevel import StorageLevel

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels import bpe, zipf
from corpus_pipeline.kernels.bpe_table import MOST_TOKENS
from corpus_pipeline.schemas import ALL
from corpus_pipeline.stages.arrow import stream_batches
from corpus_pipeline.stages.counting import count_pieces
from corpus_pipeline.stages.drawing import draw, find_edges
from corpus_pipeline.stages.params import Seed
from corpus_pipeline.stages.vocabulary import Limits, frequent

LEVELS = ("level", "second_level")  # of the first and of the second seed
_EOJEOL = r"(?U)\S+"  # Java's \S knows ASCII white space alone without (?U)

Figures = dict[tuple[float, int, str, str], float]  # (fraction, seed, slice, metric) -> value
Sums = Mapping[tuple[int, int, str], int]  # (tokenizer, vocabulary, source) -> tokens


class Settings(Limits):
    """vocab_size, mode and the limits are those of train_tokenizer: run/config.py takes them over.

    fractions    of the mixture's volume; the largest is what the others are measured against
    second_seed  of the samples that say how far two samples of one size agree
    """

    seed: Seed = 20212
    second_seed: Seed = 20213
    fractions: tuple[float, ...] = Field(default=(1.0, 0.5, 0.25, 0.1, 0.05, 0.02, 0.01), min_length=2)
    vocab_size: int = Field(default=32_000, ge=257, le=MOST_TOKENS)
    mode: Literal["morpheme", "byte"] = "morpheme"

    @field_validator("fractions")
    @classmethod
    def _shares(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not all(0 < one <= 1 for one in value) or len(set(value)) < len(value):
            raise ValueError("each above 0, at most 1, and once")
        return value


class Tokenizers(NamedTuple):
    """By sample, from the smallest on. second: of the second seed, without a fraction of 1 (the same texts)."""

    first: list[bpe.Trained]
    second: list[bpe.Trained]


def measure(documents: DataFrame, kept: DataFrame, settings: Settings) -> Figures:
    """Figures of all `fractions`. Counts and trains at once. Raises ResourceError where a sample has no text.

    kept  (doc_id, source, doc_type, text_bytes > 0, copies > 0)

    Under the first seed: pieces, distinct_pieces, vocab_size, zipf_slope, heaps_exponent (at the largest fraction),
    overlap, jaccard and weighted_overlap with the largest fraction's tokenizer, fertility (tokens per eojeol of the
    whole mixture, in all and by source). Under the second: floor_overlap, floor_jaccard and floor_weighted_overlap of
    its tokenizer with the first seed's of the same fraction. Where both samples hold most of the mixture they hold
    the same documents, and the floor is too high.
    """
    fractions = sorted(settings.fractions)
    counts = _count(documents, kept, settings).persist(StorageLevel.DISK_ONLY)
    by_piece = _by_fraction(counts, len(fractions)).persist(StorageLevel.DISK_ONLY)
    figures = _laws(by_piece, fractions, settings.seed)
    trained = Tokenizers([], [])
    for seed, level, tokenizers in zip((settings.seed, settings.second_seed), LEVELS, trained, strict=True):
        for i, fraction in enumerate(fractions, 1):
            if level == LEVELS[0] or fraction < 1:
                one, slope = _train(by_piece, f"{level}_{i}", settings)
                tokenizers.append(one)
                figures[fraction, seed, ALL, "vocab_size"] = len(one.vocab)
                figures |= {} if slope is None else {(fraction, seed, ALL, "zipf_slope"): slope}
    sums = _token_sums(counts, trained)
    figures |= _overlaps(fractions, trained, sums, settings)
    figures |= _fertility(fractions, sums, _eojeol(documents, kept), settings.seed)
    for table in (by_piece, counts):
        table.unpersist()
    return figures


def _count(documents: DataFrame, kept: DataFrame, settings: Settings) -> DataFrame:
    """(source, level, second_level, piece, n): pieces under the number, from 1, of the smallest sample they are in.

    A number is null in rows that count for the other seed alone. n may be negative (see _parts): only sums over
    all levels up to a sample's are counts of its pieces.
    """
    fractions = sorted({*settings.fractions, 1.0})
    drawn = kept
    for seed, level in zip((settings.seed, settings.second_seed), LEVELS, strict=True):
        drawn = draw(drawn, find_edges(kept, fractions, seed), seed, f"taken_{level}")
    # doc_id is the checked key of documents; parts has several rows of a few
    texts = documents.select("doc_id", "text").join(_parts(drawn), "doc_id", how="inner")
    return count_pieces(texts, ["source", *LEVELS], cut=settings.mode == "morpheme")


def _parts(drawn: DataFrame) -> DataFrame:
    """(doc_id, source, level, second_level, sampled_bytes, copies), for count_pieces.

    Nearly every document is whole in the smallest sample it is in, of either seed: one row. One that a sample cuts
    would have a piece cut too, so the larger sample takes back what the smaller one counted (copies < 0) and
    counts its own part: sums are exactly the counts of the texts as each sample cuts them.
    """
    uncut = [F.forall(f"taken_{level}", lambda part: part.isin(0) | (part == F.col("text_bytes"))) for level in LEVELS]
    levels = [F.array_position(f"taken_{level}", F.col("text_bytes")).cast("int").alias(level) for level in LEVELS]
    whole = F.array(F.struct(*levels, F.col("text_bytes").alias("sampled_bytes"), "copies"))
    parts = F.when(uncut[0] & uncut[1], whole).otherwise(F.concat(*[_steps(level) for level in LEVELS]))
    return drawn.select("doc_id", "source", F.inline(parts)).where("sampled_bytes > 0")


def _steps(level: str) -> Column:
    """Array of (level, second_level, sampled_bytes, copies): two for each sample of the seed, 0 bytes for nothing."""
    taken = F.col(f"taken_{level}")

    def step(part: Column, i: Column) -> Column:
        before = F.coalesce(F.get(taken, i - 1), F.lit(0).cast("long"))
        number = [(i + 1 if name == level else F.lit(None).cast("int")).alias(name) for name in LEVELS]
        signed = ((part, F.col("copies")), (before, -F.col("copies")))
        rows = [
            F.struct(*number, F.when(part > before, size).otherwise(0).alias("sampled_bytes"), copies.alias("copies"))
            for size, copies in signed
        ]
        return F.array(*rows)

    return F.flatten(F.transform(taken, step))


def _by_fraction(counts: DataFrame, fractions: int) -> DataFrame:
    """(piece, level_1, ..., second_level_1, ...): how often a piece stands in each sample of each seed."""
    sums = [
        F.coalesce(F.sum(F.when(F.col(level) <= i, F.col("n"))), F.lit(0)).alias(f"{level}_{i}")
        for level in LEVELS
        for i in range(1, fractions + 1)
    ]
    return counts.groupBy("piece").agg(*sums)


def _laws(by_piece: DataFrame, fractions: Sequence[float], seed: int) -> Figures:
    """Pieces, distinct pieces and Heaps' exponent. Raises ResourceError where there is no text."""
    every = by_piece.columns[1:]
    sums = [F.sum(column).alias(column) for column in every]
    distinct = [F.count_if(F.col(column) > 0).alias(f"distinct_{column}") for column in every]
    row = by_piece.agg(*sums, *distinct).collect()[0]
    columns = every[: len(fractions)]  # of the first seed
    if not all(row[column] for column in every):
        raise ResourceError(
            "sample.fractions",
            "samples with text",
            f"none in {fractions[0]:g} of the mixture",
            "Leave out the smallest, or look in mixture at what was dropped.",
        )
    figures: Figures = {}
    for fraction, column in zip(fractions, columns, strict=True):
        figures[fraction, seed, ALL, "pieces"] = row[column]
        figures[fraction, seed, ALL, "distinct_pieces"] = row[f"distinct_{column}"]
    exponent = zipf.heaps_exponent([row[c] for c in columns], [row[f"distinct_{c}"] for c in columns])
    if exponent is not None:
        figures[fractions[-1], seed, ALL, "heaps_exponent"] = exponent
    return figures


def _train(by_piece: DataFrame, column: str, settings: Settings) -> tuple[bpe.Trained, float | None]:
    """A tokenizer without special tokens, and the Zipf slope of the counts it was trained on."""
    n = F.col(column)
    counted = frequent(by_piece.where(n > 0).select("piece", n.alias("n")), settings, "sample.fractions")
    trained = bpe.train(counted.pieces, counted.counts, settings.vocab_size, (), caps=settings.caps)
    return trained, zipf.zipf_slope(np.sort(counted.counts)[::-1])


def _token_sums(counts: DataFrame, trained: Tokenizers) -> Sums:
    """Tokens of the whole mixture by (tokenizer of the first seed, vocabulary, source).

    vocabulary  zipf.TOKENS: all tokens; i: those of the last tokenizer that the first seed's i-th has too;
                len(first) + i: those of the i-th that the second seed's i-th has too
    """
    first, second = trained
    masks: list[dict[int, npt.NDArray[np.bool_]]] = [{} for _ in first]
    for i, (one, other) in enumerate(zip(first, second, strict=False)):
        masks[i][len(first) + i] = zipf.shared(one.vocab, other.vocab)
    masks[-1] |= {i: zipf.shared(first[-1].vocab, one.vocab) for i, one in enumerate(first)}
    measured = [zipf.Measured(*pair) for pair in zip(first, masks, strict=True)]
    by_source = counts.where(F.col(LEVELS[0]).isNotNull()).groupBy("piece", "source").agg(F.sum("n").alias("n"))
    together = by_source.where("n > 0").repartition("piece").sortWithinPartitions("piece", "source")
    kernel = partial(zipf.count_tokens, tokenizers=measured)
    schema = from_arrow_schema(zipf.TOKEN_COUNTS)
    sums = stream_batches(together, kernel, ["source", "piece", "n"], schema).groupBy("tokenizer", "against", "source")
    rows = sums.agg(F.sum("n").alias("n")).collect()  # tokenizers x vocabularies x sources
    return {(row["tokenizer"], row["against"], row["source"]): row["n"] for row in rows}


def _overlaps(fractions: Sequence[float], trained: Tokenizers, sums: Sums, settings: Settings) -> Figures:
    first, second = trained
    totals: dict[tuple[int, int], int] = {}
    for (tokenizer, against, _), n in sums.items():
        totals[tokenizer, against] = totals.get((tokenizer, against), 0) + n
    last = len(first) - 1
    found: Figures = {}

    def add(
        at: tuple[float, int, str], prefix: str, pair: tuple[bpe.Trained, bpe.Trained], key: tuple[int, int]
    ) -> None:
        plain, jaccard = zipf.overlap(pair[0].vocab, pair[1].vocab)
        found[*at, f"{prefix}overlap"], found[*at, f"{prefix}jaccard"] = plain, jaccard
        found[*at, f"{prefix}weighted_overlap"] = totals[key] / totals[key[0], zipf.TOKENS]

    for i, fraction in enumerate(fractions):
        add((fraction, settings.seed, ALL), "", (first[last], first[i]), (last, i))
        if i < len(second):
            add((fraction, settings.second_seed, ALL), "floor_", (first[i], second[i]), (i, len(first) + i))
    return found


def _eojeol(documents: DataFrame, kept: DataFrame) -> dict[str, int]:
    """Eojeol of each source, in all copies: runs of anything but Unicode white space."""
    words = documents.select("doc_id", F.regexp_count("text", F.lit(_EOJEOL)).cast("long").alias("eojeol"))
    # doc_id is the checked key of both
    joined = words.join(kept.select("doc_id", "source", "copies"), "doc_id", how="inner")
    rows = joined.groupBy("source").agg(F.sum(F.col("eojeol") * F.col("copies")).alias("n")).collect()  # sources
    return {row["source"]: row["n"] for row in rows if row["n"]}


def _fertility(fractions: Sequence[float], sums: Sums, eojeol: Mapping[str, int], seed: int) -> Figures:
    found: Figures = {}
    for i, fraction in enumerate(fractions):
        tokens = {source: sums.get((i, zipf.TOKENS, source), 0) for source in sorted(eojeol)}
        found[fraction, seed, ALL, "fertility"] = sum(tokens.values()) / sum(eojeol.values())
        found |= {(fraction, seed, f"source={s}", "fertility"): n / eojeol[s] for s, n in tokens.items()}
    return found
