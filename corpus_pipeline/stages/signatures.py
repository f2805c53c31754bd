"""Signatures: what dedup keeps of each document, so that later runs need not read its text again."""

from __future__ import annotations

from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator
from pyspark.sql import DataFrame

from corpus_pipeline.kernels.minhash import band_keys, optimal_bands
from corpus_pipeline.kernels.shingle import Unit
from corpus_pipeline.kernels.sketch import Shingling, describe
from corpus_pipeline.stages.arrow import map_batches, struct_of
from corpus_pipeline.stages.params import Params


class Signing(Params):
    """The settings that decide which pairs are found; those of runs that are compared must be equal.

    threshold    verified Jaccard similarity from which two documents are near-duplicates
    unit, ngram  a shingle is `ngram` of `unit`: character (without spaces), character_and_space, eojeol, morpheme
    fold_digits  1-9 count as 0: texts that differ in numbers alone are then exact duplicates
    permutations places that bands x rows may take; bands, rows: both or none; none = the best for `miss_weight`
    bucket_representatives  members of a bucket that the others are compared with
    max_shingles            above it, similarity is estimated on that many smallest hashes
    """

    threshold: float = Field(default=0.8, gt=0, le=1)
    unit: Unit = "character"
    ngram: int = Field(default=5, ge=1, le=64)
    fold_digits: bool = False
    permutations: int = Field(default=128, ge=1, le=4096)
    bands: int | None = Field(default=None, ge=1)
    rows: int | None = Field(default=None, ge=1)
    # 17 bands of 7: finds 0.982 at J = 0.8 and 0.999 at 0.85. Even weights (9 of 13) find 0.399 and 0.683.
    miss_weight: float = Field(default=0.98, ge=0, le=1)
    bucket_representatives: int = Field(default=8, ge=1)
    max_shingles: int = Field(default=200_000, ge=1)  # 1.6 MB a document; the estimate's error is 0.001 there

    @model_validator(mode="after")
    def _bands_fit(self) -> Signing:
        if (self.bands is None) != (self.rows is None):
            raise ValueError("bands and rows are set together, or neither")
        bands, rows = self.banding()
        if bands * rows > self.permutations:
            raise ValueError(f"{bands} bands of {rows} rows need {bands * rows} permutations, not {self.permutations}")
        return self

    def banding(self) -> tuple[int, int]:
        """(bands, rows) in use."""
        if self.bands and self.rows:
            return self.bands, self.rows
        return optimal_bands(self.threshold, self.permutations, self.miss_weight)

    def shingling(self) -> Shingling:
        """How texts become sets."""
        return Shingling(self.unit, self.ngram, self.fold_digits)

    def scheme(self) -> str:
        """What the band keys of these settings mean, and which pairs were kept."""
        bands, rows = self.banding()
        digits = "-digits" if self.fold_digits else ""
        unit = f"{self.ngram} {self.unit}{digits}"
        return f"2: {unit}, {bands}x{rows}, {self.threshold}, {self.bucket_representatives}, {self.max_shingles}"


def sign(documents: DataFrame, params: Signing) -> DataFrame:
    """(doc_id, source, text) -> the table `signatures`, a row for a row. Narrow: one pass over the text."""
    schema = struct_of("signatures")
    return map_batches(documents, partial(sign_batch, params=params), ["doc_id", "source", "text"], schema)


def sign_batch(batch: pa.RecordBatch, *, params: Signing) -> pa.RecordBatch:
    """(doc_id, source, text) -> signatures; content and bands are null for the empty form."""
    bands, rows = params.banding()
    contents, signatures = describe(batch.column("text"), params.shingling(), bands * rows)
    keys = band_keys(signatures, bands, rows).astype("<i8", copy=False)
    size = keys.shape[1] * 8
    packed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(size), len(keys), [None, pa.py_buffer(keys)])
    content = pa.array(contents, pa.binary())
    columns = {
        "doc_id": batch.column("doc_id"),
        "source": batch.column("source"),
        "content": content,
        "bands": pc.if_else(content.is_valid(), packed.cast(pa.binary()), pa.scalar(None, pa.binary())),
        "scheme": pa.repeat(params.scheme(), batch.num_rows),
    }
    return pa.RecordBatch.from_pydict(columns)
