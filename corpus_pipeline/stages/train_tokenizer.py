"""train_tokenizer: count pieces with Spark in 64 bits, train BPE on the counts, write the tokenizer's files.

Three ways to cut and spell, `mode`: `morpheme` (byte-level BPE inside MeCab morphemes, the default), `byte`
(byte-level BPE inside runs) and `character` (BPE on characters inside runs, with an unknown token).

Cost: one pass over the sample (or the whole mixture) in the workers, after a join by doc_id. The driver holds at most
`max_pieces` distinct pieces, whatever the size of the corpus: the least count that is kept rises until they fit
(stages/vocabulary.py). The card says where it stands, and how much of the text is left out by it.

Measured (benchmarks/driver_memory.py, benchmarks/tokenizer.py): 500 MB of mixed Korean text, markup and code have 0.84
million distinct morphemes; the driver that trains 32,000 tokens on all of them peaks at 0.5 GiB in Python and 0.55 in
a JVM with a heap of 768 MB. At the bound of 2.5 million pieces Python takes 0.9 GiB, 1.15 with the metrics: where
the driver has 2 GiB, leave the JVM a heap of 768 MB. Distinct pieces grew with the 0.7th power of the text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Literal

import numpy as np
import pyarrow.compute as pc
from pydantic import Field, model_validator
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from corpus_pipeline.kernels import bpe, tokenizer_files
from corpus_pipeline.kernels.bpe_table import MOST_TOKENS
from corpus_pipeline.stages.arrow import struct_of
from corpus_pipeline.stages.counting import count_pieces
from corpus_pipeline.stages.vocabulary import Counted, Training, frequent, train

_SEED = 20214  # of the corpus fingerprint's hashes; any number, but always the same
_ENCODE_WITH = {
    "morpheme": "lists of morphemes, is_pretokenized=True; tokenizer.json alone cuts Hangul into eojeol only",
    "byte": "text",
    "character": "text",
}


class Params(Training):
    """source: `sample` (tokenizer_sample) or `all` (every document the mixture keeps). Each copy of a text counts.

    `eos_token` and `pad_token` (or null) name two of the special tokens for `transformers`.
    """

    source: Literal["sample", "all"] = "sample"
    mode: Literal["morpheme", "byte", "character"] = "morpheme"
    vocab_size: int = Field(default=32_000, gt=0, le=MOST_TOKENS)
    eos_token: str = "<|endoftext|>"
    pad_token: str | None = "<|pad|>"

    @model_validator(mode="after")
    def _roles_and_size_usable(self) -> Params:
        for role, token in self.roles.items():
            if token not in self.all_special:
                raise ValueError(f"{role} {token!r} is not in special_tokens: add it there, or name another")
        least = self.least_size(self.mode)
        if self.vocab_size < least:
            raise ValueError(f"vocab_size: at least {least} are needed for special tokens and alphabet")
        return self

    @property
    def all_special(self) -> tuple[str, ...]:
        """The special tokens in order of their ids, the unknown token with them if there is one."""
        return self.special(self.mode)

    @property
    def roles(self) -> dict[str, str]:
        """Name of a token's role in `transformers` -> the token."""
        unk = self.unk_token if self.mode == "character" else None
        found = {"eos_token": self.eos_token, "pad_token": self.pad_token, "unk_token": unk}
        return {role: token for role, token in found.items() if token is not None}


def transform(tables: Mapping[str, DataFrame], params: Params) -> dict[str, DataFrame]:
    """documents, tokenizer_sample, mixture -> tokenizer (one row per file). Trains at once."""
    if params.source == "sample":
        chosen = tables["tokenizer_sample"].select("doc_id", "copies", "sampled_bytes")
    else:
        chosen = tables["mixture"].where("copies > 0").selectExpr("doc_id", "copies", "text_bytes AS sampled_bytes")
    # doc_id is the checked key of both tables
    texts = tables["documents"].select("doc_id", "text").join(chosen, "doc_id", how="inner")
    where = "tokenizer_sample" if params.source == "sample" else "mixture"
    counts = count_pieces(texts, [], cut=params.mode == "morpheme").persist(StorageLevel.DISK_ONLY)
    counted = frequent(counts, params, where)
    counts.unpersist()
    trained = train(counted, params.mode, params.vocab_size, params)
    unk = params.roles.get("unk_token")
    tokenizer_json = tokenizer_files.to_json(trained, params.all_special, unk)
    facts = {**_made(params, trained, tokenizer_json), **_corpus(chosen, params), **counted.facts}
    card = {**facts, "metrics": _metrics(tokenizer_json, counted, params), "warnings": _warnings(trained, params)}
    files = {
        "card.json": tokenizer_files.to_card(card),
        "tokenizer.json": tokenizer_json,
        "tokenizer_config.json": tokenizer_files.to_config(params.all_special, params.roles),
        **(tokenizer_files.to_pair(trained) if unk is None else {}),
    }
    return {"tokenizer": texts.sparkSession.createDataFrame(sorted(files.items()), struct_of("tokenizer"))}


def _made(params: Params, trained: bpe.Trained, tokenizer_json: str) -> dict[str, object]:
    """The card's facts on the tokenizer itself."""
    return {
        "mode": params.mode,
        "encode_with": _ENCODE_WITH[params.mode],
        "segmentation": tokenizer_files.segmentation(params.mode == "morpheme"),
        "tokenizer_sha256": tokenizer_files.sha256(tokenizer_json),
        "vocab_size": len(trained.vocab),
        "vocab_size_asked": params.vocab_size,
        "special_tokens": list(params.all_special),
        "caps": asdict(params.caps),
    }


def _corpus(chosen: DataFrame, params: Params) -> dict[str, object]:
    """The card's facts on the texts, from narrow columns. The fingerprint does not depend on order or partitions."""
    row = ["doc_id", "copies", "sampled_bytes"]
    found = chosen.agg(
        F.count(F.lit(1)).alias("documents"),
        F.sum("copies").alias("copies"),
        F.bit_xor(F.xxhash64(F.lit(_SEED), *row)).alias("xor"),
        # a sum of 32-bit parts holds for 2^31 rows
        F.sum(F.shiftrightunsigned(F.xxhash64(F.lit(_SEED + 1), *row), 32)).alias("sum"),
    ).collect()[0]
    fingerprint = f"{found['xor'] & (1 << 64) - 1:016x}{found['sum']:016x}"
    names = ("documents", "copies")
    return {"source": params.source, "corpus_fingerprint": fingerprint, **{name: found[name] for name in names}}


def _metrics(tokenizer_json: str, counted: Counted, params: Params) -> dict[str, int | float]:
    """On the counts that were trained on; every distinct piece is encoded once, at about 6 us."""
    usage = tokenizer_files.usage(tokenizer_json, counted.pieces, counted.counts)
    sizes = pc.binary_length(counted.pieces).to_numpy().astype(np.int64)
    return {
        "tokens": usage.tokens,
        "tokens_per_piece": round(usage.tokens / int(counted.counts.sum()), 6),
        "bytes_per_token": round(int(sizes @ counted.counts) / usage.tokens, 6),
        "unknown_share": round(usage.unknown / usage.tokens, 6),
        "vocabulary_used_share": round(usage.used / (usage.ordinary), 6),
    }


def _warnings(trained: bpe.Trained, params: Params) -> list[str]:
    if len(trained.vocab) == params.vocab_size:
        return []
    return [f"the counts gave {len(trained.vocab)} tokens of {params.vocab_size} asked: take more text or fewer tokens"]
