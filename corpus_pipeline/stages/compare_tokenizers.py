"""compare_tokenizers: train tokenizers of several kinds and sizes, and measure all of them on the same held-out text.

Held-out documents are drawn by a keyed hash, the same share of every document type (stages/drawing.py); no tokenizer
is trained on them. Each copy of a document counts, in training and in measuring. Pieces are counted once for all
sizes, and each size is cut out of the largest vocabulary (kernels/comparison.py), so sizes cost next to nothing.

Cost: a few passes over narrow columns, one over the text that is trained on, and for each variant a count of distinct
pieces and a training at the largest size. Then one pass over the held-out text: with the three variants and three
sizes of the default 1 s of a core per MB of statutes and 4 s per MB of an encyclopedia, which repeats its runs less.
The driver holds the distinct pieces of one variant, at most `max_pieces`; a worker of the last pass about 0.9 GiB.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from pydantic import Field, field_validator, model_validator
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.storagelevel import StorageLevel

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels import bpe, comparison, tokenizer_files
from corpus_pipeline.kernels.bpe_table import MOST_TOKENS
from corpus_pipeline.kernels.comparison import Candidate
from corpus_pipeline.schemas import ALL
from corpus_pipeline.stages.arrow import map_batches, struct_of
from corpus_pipeline.stages.counting import count_pieces, cut_counts, cut_texts
from corpus_pipeline.stages.drawing import draw, find_edges
from corpus_pipeline.stages.params import Seed, once
from corpus_pipeline.stages.vocabulary import BYTES, Counted, Training, frequent, train

AS_TEXT = "morpheme_as_text"  # the tokenizer of `morpheme`, given text: what a reader without the analyser gets
_UNITS = {
    "tokens_per_eojeol": "tokens per eojeol", "bytes_per_token": "bytes per token", "renyi_efficiency": "ratio",
    "tokens": "tokens", "documents": "documents", "eojeol": "eojeol", "bytes": "bytes", "vocab_size_actual": "tokens",
    "distinct_pieces_used": "pieces",
}  # fmt: skip
_TEXT = {"documents": comparison.DOCUMENTS, "eojeol": comparison.EOJEOL, "bytes": comparison.BYTES}


class Params(Training):
    """Give the settings of training the values of train_tokenizer: a stage cannot see another's.

    variants        kinds of tokenizer; `morpheme` is measured twice, with the analyser and without (AS_TEXT)
    sizes           of the vocabularies
    held_out        share of the volume of each document type that nothing is trained on; 0.99 trains on 1 %
    held_out_bytes  most bytes of it that are measured
    """

    variants: tuple[Literal["character", "byte", "morpheme"], ...] = Field(
        default=("character", "byte", "morpheme"), min_length=1
    )
    sizes: tuple[Annotated[int, Field(le=MOST_TOKENS)], ...] = Field(default=(8_000, 32_000, 64_000), min_length=1)
    held_out: float = Field(default=0.1, gt=0, lt=1)
    held_out_bytes: int = Field(default=32_000_000, gt=0)
    seed: Seed = 20215

    _once = field_validator("variants", "sizes")(once)

    @model_validator(mode="after")
    def _room_for_the_alphabets(self) -> Params:
        least = max(self.least_size(mode) for mode in self.variants)
        if min(self.sizes) < least:
            raise ValueError(f"sizes: at least {least} are needed for special tokens and alphabet")
        return self


class _Made(NamedTuple):
    """A tokenizer to compare. facts: more figures on it, by metric."""

    variant: str
    asked: int
    trained: bpe.Trained
    facts: Mapping[str, float]


class _Measured(NamedTuple):
    """What comparison.figures takes. text: by slice; sums and tallies: by number of the tokenizer and slice."""

    text: dict[str, dict[int, int]]
    sums: dict[tuple[int, str], dict[int, int]]
    tallies: dict[tuple[int, str], list[tuple[int, int]]]


def transform(tables: Mapping[str, DataFrame], params: Params) -> dict[str, DataFrame]:
    """documents, mixture -> tokenizer_comparison. Counts, trains and measures at once."""
    kept = tables["mixture"].where((F.col("copies") > 0) & (F.col("text_bytes") > 0))
    held, rest = _divide(kept.select("doc_id", "source", "doc_type", "text_bytes", "copies"), params)
    documents = tables["documents"].select("doc_id", "text")
    # doc_id is the checked key of both tables
    made = list(_train(documents.join(rest, "doc_id", how="inner"), params))
    made += [one._replace(variant=AS_TEXT) for one in made if one.variant == "morpheme"]
    measured = _measure(documents.join(held, "doc_id", how="inner"), made, params)
    rows = [(*key, float(value), _UNITS.get(key[3], "share")) for key, value in _figures(made, measured, params)]
    return {"tokenizer_comparison": documents.sparkSession.createDataFrame(rows, struct_of("tokenizer_comparison"))}


def _divide(kept: DataFrame, params: Params) -> tuple[DataFrame, DataFrame]:
    """What is measured (with `sampled_bytes`: only so much from the start of each text), and what is trained on."""
    volume = kept.agg(F.sum(F.col("text_bytes") * F.col("copies"))).collect()[0][0]
    if not volume:
        raise ResourceError("mixture", "documents with text", "none", "Look at drop_reason in mixture.")
    fractions = sorted({min(params.held_out, params.held_out_bytes / volume), params.held_out})
    drawn = draw(kept, find_edges(kept, fractions, params.seed), params.seed)
    held = drawn.withColumn("sampled_bytes", F.col("taken")[0]).where("sampled_bytes > 0")
    rest = drawn.where(F.element_at("taken", -1) == 0)
    return held.select("doc_id", "source", "copies", "sampled_bytes"), rest.select("doc_id", "copies")


def _train(texts: DataFrame, params: Params) -> Iterator[_Made]:
    """Every variant in every size. Characters and bytes share one count of runs; morphemes are cut out of it."""
    runs = count_pieces(texts, [], cut=False).persist(StorageLevel.DISK_ONLY)
    by_run = [variant for variant in params.variants if variant != "morpheme"]
    if by_run:
        yield from _train_sizes(frequent(runs, params, "mixture"), by_run, params)
    if "morpheme" in params.variants:
        pieces = cut_counts(runs).persist(StorageLevel.DISK_ONLY)
        yield from _train_sizes(frequent(pieces, params, "mixture"), ["morpheme"], params)
        pieces.unpersist()
    runs.unpersist()


def _train_sizes(counted: Counted, variants: Sequence[str], params: Params) -> Iterator[_Made]:
    facts = {name: counted.facts[name] for name in ("distinct_pieces_used", "pieces_used_share")}
    for variant in variants:
        by_alphabet: dict[int, bpe.Trained] = {}  # a small vocabulary has room for fewer characters, so it is no part
        for size in sorted(params.sizes, reverse=True):
            room = min(params.characters, size - len(params.special(variant))) if variant == "character" else BYTES
            if room not in by_alphabet:
                by_alphabet[room] = train(counted, variant, size, params)
            trained = comparison.shorten(by_alphabet[room], size)
            yield _Made(variant, size, trained, {**facts, "vocab_size_actual": len(trained.vocab)})


def _measure(texts: DataFrame, made: Sequence[_Made], params: Params) -> _Measured:
    candidates = tuple(_candidate(one, params) for one in made)
    kernel = partial(measure_batch, candidates=candidates)
    columns = ["source", "text", "copies", "sampled_bytes"]
    sums = map_batches(texts, kernel, columns, from_arrow_schema(comparison.SUMS))
    slices = F.explode(F.array(F.lit(ALL), F.concat(F.lit("source="), "source"))).alias("slice")
    by_token = sums.select("tokenizer", slices, "token", "n").groupBy("tokenizer", "slice", "token")
    summed = by_token.agg(F.sum("n").alias("n")).withColumn("kind", F.least("token", F.lit(0)))
    # tokenizers x slices x different counts: of k there are k * k / 2 tokens at least, and no more than the vocabulary
    rows = summed.groupBy("tokenizer", "slice", "kind", "n").agg(F.count(F.lit(1)).alias("ids")).toArrow()
    found = _Measured({}, {}, {})
    for row in rows.sort_by([(name, "ascending") for name in ("tokenizer", "slice", "kind", "n")]).to_pylist():
        key = (row["tokenizer"], row["slice"])
        if row["kind"] == 0:
            found.tallies.setdefault(key, []).append((row["n"], row["ids"]))
        elif row["tokenizer"] == comparison.TEXT:
            found.text.setdefault(row["slice"], {})[row["kind"]] = row["n"]
        else:
            found.sums.setdefault(key, {})[row["kind"]] = row["n"]
    return found


def _candidate(one: _Made, params: Params) -> Candidate:
    unk = params.unk_token if one.variant == "character" else None
    return Candidate(tokenizer_files.to_json(one.trained, params.special(one.variant), unk), one.variant == "morpheme")


def measure_batch(batch: pa.RecordBatch, *, candidates: tuple[Candidate, ...]) -> pa.RecordBatch:
    """RecordBatch(source, text, copies, sampled_bytes) -> RecordBatch(comparison.SUMS)."""
    return comparison.measure(cut_texts(batch), candidates)


def _figures(
    made: Sequence[_Made], measured: _Measured, params: Params
) -> Iterator[tuple[tuple[str, int, str, str], float]]:
    """(variant, vocab_size, slice, metric), value."""
    for number, one in enumerate(made):
        yield from (((one.variant, one.asked, ALL, name), value) for name, value in one.facts.items())
        sizes = (len(one.trained.vocab), len(one.trained.vocab) - len(params.special(one.variant)))
        for part, text in measured.text.items():
            key = (number, part)
            tallies = np.array(measured.tallies.get(key, []), np.int64).reshape(-1, 2)
            found = comparison.figures(text, measured.sums.get(key, {}), tallies, sizes)
            found |= {name: text.get(kind, 0) for name, kind in _TEXT.items()}
            yield from (((one.variant, one.asked, part, name), value) for name, value in found.items())
