"""serialize: metadata header, text and EOD as token ids, in one global order that only the seed decides.

A copy's shard and its place there come from keyed hashes of doc_id and copy, so shards are the same bytes
whatever the partitions and retries. Cost: documents are joined with the mixture by doc_id (the one shuffle of
text), each is encoded once, and its ids (about 0.6 of the bytes of the text) are shuffled to their shards.
A worker holds one Arrow batch and its caches (`worker_memory_mib`), and six bytes for each byte of the longest text; a
task that writes, the lengths of one shard's documents.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, field_validator, model_validator
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels.encoder import Encoder
from corpus_pipeline.kernels.packing import Layout
from corpus_pipeline.schemas import contract
from corpus_pipeline.stages.arrow import ddl, stream_batches
from corpus_pipeline.stages.params import Params as StageParams
from corpus_pipeline.stages.params import Seed, once

DEFAULT = "default"
_HEADERS: dict[str, tuple[str, ...]] = {DEFAULT: ("Title: {title}, Body: ", "Body: ")}
FIELDS = ("title", "source_name", "category", "doc_type")
_ENCODED = "doc_id string, source string, doc_type string, header_bytes int, tokens int, ids binary"


class Params(StageParams):
    """headers: document type (or `default`) -> templates, tried in order: the first whose fields are all there.

    A template may use {title}, {source_name}, {category}, {doc_type}. The text follows it at once.
    Templates are made NFC, as the text is.
    """

    headers: dict[str, tuple[str, ...]] = Field(default_factory=lambda: dict(_HEADERS))
    eod_token: str = "<|endoftext|>"
    shard_tokens: int = Field(default=100_000_000, gt=0)  # about, by token_estimate; 200 MB of uint16
    seed: Seed = 20213
    formats: tuple[Literal["megatron", "parquet", "datatrove"], ...] = Field(default=("megatron",), min_length=1)
    packing: Literal["none", "document", "stream"] = "none"  # kernels/packing.py says what they are
    sequence_length: int = Field(default=2048, ge=2)  # tokens; counts where packing is not `none`
    dtype: Literal["auto", "uint16", "int32"] = "auto"  # auto: by the size of the vocabulary, as Megatron-LM does
    # of one Python worker, its caches full; changes no byte, so it is no part of the fingerprint
    worker_memory_mib: int = Field(default=1024, ge=600, lt=1 << 31, exclude=True)

    @property
    def layout(self) -> Layout:
        """What run/shards.py needs to know."""
        return Layout(self.formats, self.packing, self.sequence_length)

    _once = field_validator("formats")(once)

    @field_validator("headers")
    @classmethod
    def _with_default(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        own = {
            doc_type: tuple(unicodedata.normalize("NFC", template) for template in templates)
            for doc_type, templates in value.items()
        }
        return _HEADERS | own

    @model_validator(mode="after")
    def _fields_known(self) -> Params:
        for doc_type, templates in self.headers.items():
            for template in templates:
                unknown = set(re.findall(r"\{(.*?)\}", template)) - set(FIELDS)
                if unknown:
                    raise ValueError(
                        f"headers.{doc_type}: unknown fields {sorted(unknown)}; known: {', '.join(FIELDS)}"
                    )
        return self


def transform(tables: Mapping[str, DataFrame], params: Params) -> dict[str, DataFrame]:
    """documents, mixture, tokenizer -> shards (documents sorted inside each shard)."""
    files = {row["name"]: row["content"] for row in tables["tokenizer"].collect()}  # a few small files
    names = ("tokenizer.json", "card.json")
    settings = (params.eod_token, params.dtype, params.worker_memory_mib)
    make = partial(_encoder, *(files.get(name, "") for name in names), *settings)
    make()  # a wrong tokenizer ends the job here, not in every worker
    kept = tables["mixture"].where("copies > 0").select("doc_id", "copies", "token_estimate")
    planned = kept.agg(F.sum(F.col("copies") * F.col("token_estimate"))).collect()[0][0]
    if not planned:
        raise ResourceError(
            "mixture", "documents to serialize", "none with copies > 0", "Look at drop_reason in mixture."
        )
    shards = max(1, -(-int(planned) // params.shard_tokens))
    joined = tables["documents"].join(kept, "doc_id", how="inner")  # doc_id is the checked key of both
    kernel = partial(encode_batches, make=make, params=params)
    columns = ["doc_id", "source", "doc_type", "title", "source_name", "category", "text"]
    encoded = stream_batches(joined, kernel, [*columns, "copies"], ddl(f"{_ENCODED}, copies int"))
    copies = encoded.withColumn("copy", F.explode(F.sequence(F.lit(0), F.col("copies") - 1)))
    placed = copies.withColumns(
        {
            "shard": F.pmod(F.xxhash64(F.lit(params.seed), "doc_id", "copy"), F.lit(shards)).cast("int"),
            "order_key": F.xxhash64(F.lit(params.seed + 1), "doc_id", "copy"),
        }
    )
    ordered = placed.repartition("shard").sortWithinPartitions("shard", "order_key", "doc_id", "copy")
    return {"shards": ordered.select(*contract("shards").columns)}


def header(fields: Mapping[str, str | None], headers: Mapping[str, tuple[str, ...]]) -> str:
    """The metadata header of a document; "" when no template of its type fits.

    >>> header({"title": "세종", "doc_type": "wiki"}, {"default": ("{doc_type}, Title: {title}, Body: ", "Body: ")})
    'wiki, Title: 세종, Body: '
    """
    for template in headers.get(fields.get("doc_type") or "", headers.get(DEFAULT, ())):
        if all(fields.get(name) for name in re.findall(r"\{(.*?)\}", template)):
            return re.sub(r"\{(.*?)\}", lambda match: fields.get(match[1]) or "", template)
    return ""


def encode_batches(
    batches: Iterator[pa.RecordBatch], *, make: Callable[[], Encoder], params: Params
) -> Iterator[pa.RecordBatch]:
    """RecordBatch(doc_id, source, doc_type, FIELDS, text, copies) -> the same documents with header_bytes, tokens, ids.

    ids is header + text + EOD: never empty, since EOD is always there.
    """
    encoder = make()
    width = np.dtype(encoder.dtype).itemsize
    for batch in batches:
        rows = batch.select(FIELDS).to_pylist()
        headers = pa.array([header(row, params.headers) for row in rows], pa.string())
        ids = encoder.encode(pc.binary_join_element_wise(headers, batch.column("text"), ""))
        yield pa.RecordBatch.from_pydict(
            {
                **{name: batch.column(name) for name in ("doc_id", "source", "doc_type", "copies")},
                "header_bytes": pc.binary_length(headers),
                "tokens": pc.divide(pc.binary_length(ids), pa.scalar(width, pa.int32())),
                "ids": ids,
            }
        )


@lru_cache(maxsize=1)
def _encoder(tokenizer_json: str, card_json: str, eod_token: str, dtype: str, memory_mib: int) -> Encoder:
    """One per worker process, kept from task to task with its caches."""
    return Encoder(tokenizer_json, card_json, eod_token, dtype, memory_mib)
