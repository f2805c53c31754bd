"""train_tokenizer: count pieces with Spark in 64 bits, train BPE on the counts, write the tokenizer's files.

Three ways to cut and spell, `mode`: `morpheme` (byte-level BPE inside MeCab morphemes, the default), `byte`
(byte-level BPE inside runs) and `character` (BPE on characters inside runs, with an unknown token).

Cost: one pass over the sample (or the whole mixture) in the workers, after a join by doc_id. The driver holds at most
`max_pieces` distinct pieces, whatever the size of the corpus: the least count that is kept rises until they fit. The
card says where it stands, and how much of the text is left out by it.

Measured: 566 MB of mixed Korean text, markup and code have 1.40 million distinct morphemes, 0.43 million of them seen
twice or more (99.3 % of all occurrences). Training 32,000 tokens on all of them takes 12 s and 0.65 GiB. At the default
bound of 2.5 million it is 21 s and 1.15 GiB, which leaves 0.85 of 2 GiB to the JVM. That is about 1.3 GB of such
text with every piece kept, 7 GB with those seen twice (distinct pieces grew with the 0.71th power of the text).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, field_validator, model_validator
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels import bpe, tokenizer_files
from corpus_pipeline.kernels.morphemes import LONGEST_DIGITS
from corpus_pipeline.stages.arrow import struct_of
from corpus_pipeline.stages.counting import count_pieces
from corpus_pipeline.stages.params import Params as StageParams

_BYTES = 256
_SEED = 20214  # of the corpus fingerprint's hashes; any number, but always the same
# An ASCII letter or Hangul together with an ASCII mark: PIECE always cuts between the two, so no merge makes the token
_SPECIAL = re.compile(r"(?=\S*[A-Za-z가-힣])(?=\S*[!-/:-@\[-`{-~])\S+")
_ENCODE_WITH = {
    "morpheme": "lists of morphemes, is_pretokenized=True; tokenizer.json alone cuts Hangul into eojeol only",
    "byte": "text",
    "character": "text",
}


class Params(StageParams):
    """source: `sample` (tokenizer_sample) or `all` (every document the mixture keeps). Each copy of a text counts.

    special_tokens    ids 0, 1, ...; `eos_token` and `pad_token` (or null) name two of them for `transformers`
    unk_token         added to them in mode `character`
    characters        most characters of the alphabet in mode `character`
    max_token_bytes   longest token, max_repeated most equal characters in a row in it, max_digits most digits; 0: any
    min_count         pieces seen fewer times are left out
    max_pieces        most distinct pieces the driver holds
    """

    source: Literal["sample", "all"] = "sample"
    mode: Literal["morpheme", "byte", "character"] = "morpheme"
    vocab_size: int = Field(default=32_000, gt=0)
    special_tokens: tuple[str, ...] = Field(default=("<|endoftext|>", "<|pad|>"), min_length=1)
    eos_token: str = "<|endoftext|>"
    pad_token: str | None = "<|pad|>"
    unk_token: str = "<|unk|>"
    characters: int = Field(default=6_000, gt=0)
    max_token_bytes: int = Field(default=48, ge=0)
    max_repeated: int = Field(default=16, ge=0)
    max_digits: int = Field(default=LONGEST_DIGITS, ge=1)
    min_count: int = Field(default=1, ge=1)
    max_pieces: int = Field(default=2_500_000, gt=0)

    @field_validator("max_digits")
    @classmethod
    def _digits_as_cut(cls, value: int) -> int:
        if value > LONGEST_DIGITS:
            raise ValueError(f"text is cut after {LONGEST_DIGITS} digits (kernels/morphemes.py), so no token has more")
        return value

    @model_validator(mode="after")
    def _special_tokens_usable(self) -> Params:
        if len(set(self.special_tokens)) < len(self.special_tokens):
            raise ValueError("special_tokens: the same token twice")
        for token in self.all_special:
            if not _SPECIAL.fullmatch(token):
                raise ValueError(f"special token {token!r}: write letters with marks and no space, as in <|name|>")
        for role, token in self.roles.items():
            if token not in self.all_special:
                raise ValueError(f"{role} {token!r} is not in special_tokens: add it there, or name another")
        return self

    @model_validator(mode="after")
    def _room_for_the_alphabet(self) -> Params:
        least = len(self.all_special) + (1 if self.mode == "character" else _BYTES)
        if self.vocab_size < least:
            raise ValueError(f"vocab_size: at least {least} are needed for special tokens and alphabet")
        return self

    @property
    def all_special(self) -> tuple[str, ...]:
        """The special tokens in order of their ids, the unknown token with them if there is one."""
        wanted = (*self.special_tokens, self.unk_token) if self.mode == "character" else self.special_tokens
        return tuple(dict.fromkeys(wanted))

    @property
    def roles(self) -> dict[str, str]:
        """Name of a token's role in `transformers` -> the token."""
        unk = self.unk_token if self.mode == "character" else None
        found = {"eos_token": self.eos_token, "pad_token": self.pad_token, "unk_token": unk}
        return {role: token for role, token in found.items() if token is not None}

    @property
    def caps(self) -> bpe.Caps:
        """The limits on a single token."""
        return bpe.Caps(token_bytes=self.max_token_bytes, repeated=self.max_repeated, digits=self.max_digits)


class Counted(NamedTuple):
    """The pieces that training sees, in code point order, and what it does not see.

    pieces  distinct strings; counts int64, > 0, as many; facts for the card
    """

    pieces: pa.ChunkedArray
    counts: np.ndarray
    facts: dict[str, object]


def transform(tables: Mapping[str, DataFrame], params: Params) -> dict[str, DataFrame]:
    """documents, tokenizer_sample, mixture -> tokenizer (one row per file). Trains at once."""
    if params.source == "sample":
        chosen = tables["tokenizer_sample"].select("doc_id", "copies", "sampled_bytes")
    else:
        chosen = tables["mixture"].where("copies > 0").selectExpr("doc_id", "copies", "text_bytes AS sampled_bytes")
    # doc_id is the checked key of both tables
    texts = tables["documents"].select("doc_id", "text").join(chosen, "doc_id", how="inner")
    counted = _count(texts, params)
    trained = _train(counted, params)
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


def _count(texts: DataFrame, params: Params) -> Counted:
    """Count, and prune on the executors: only the kept pieces come to the driver.

    Pieces of equal count are kept or left out together, so nothing has to be sorted to find the border.
    """
    counts = count_pieces(texts, [], cut=params.mode == "morpheme").persist(StorageLevel.DISK_ONLY)
    by_count = counts.groupBy("n").agg(
        F.count(F.lit(1)).alias("distinct"), F.sum(F.col("n") * F.octet_length("piece")).alias("bytes")
    )
    # different counts are few: k of them need k * k / 2 pieces of text at least
    tally = by_count.toArrow().sort_by("n")
    n, distinct, size = (tally[name].to_numpy() for name in ("n", "distinct", "bytes"))
    where = "tokenizer_sample" if params.source == "sample" else "mixture"
    if not len(n):
        todo = "Raise sample.fraction, or look in mixture at what was dropped."
        raise ResourceError(where, "documents with text", "none", todo)
    kept = (n >= params.min_count) & (np.cumsum(distinct[::-1])[::-1] <= params.max_pieces)
    if not kept.any():
        got, todo = f"none of {distinct.sum()}", "Lower train_tokenizer.min_count, or raise max_pieces."
        raise ResourceError(where, "pieces that min_count and max_pieces let pass", got, todo)
    rarest = int(n[kept][0])
    table = counts.where(F.col("n") >= rarest).select("piece", "n").toArrow().sort_by("piece")  # at most max_pieces
    counts.unpersist()
    facts: dict[str, object] = {
        "bytes": int(size.sum()),
        "pieces": int((n * distinct).sum()),
        "distinct_pieces": int(distinct.sum()),
        "distinct_pieces_used": table.num_rows,
        "distinct_pieces_pruned": int(distinct[~kept].sum()),
        "rarest_count_used": rarest,
        "pieces_used_share": round(float((n * distinct)[kept].sum() / (n * distinct).sum()), 6),
        "bytes_used_share": round(float(size[kept].sum() / size.sum()), 6),
        "min_count": params.min_count,
        "max_pieces": params.max_pieces,
    }
    return Counted(table["piece"], table["n"].to_numpy(), facts)


def _train(counted: Counted, params: Params) -> bpe.Trained:
    alphabet = None
    if params.mode == "character":
        limit = min(params.characters, params.vocab_size - len(params.all_special))
        alphabet = bpe.characters(counted.pieces, counted.counts, limit)
    return bpe.train(
        counted.pieces, counted.counts, params.vocab_size, params.all_special, caps=params.caps, alphabet=alphabet
    )


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
