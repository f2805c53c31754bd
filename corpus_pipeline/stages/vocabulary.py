"""From counted pieces to vocabularies: what training sees and how it is limited. Used by several stages.

The driver holds at most `max_pieces` distinct pieces, whatever the size of the corpus: the least count that is kept
rises until they fit.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pydantic import Field, field_validator, model_validator
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels import bpe
from corpus_pipeline.kernels.morphemes import LONGEST_DIGITS
from corpus_pipeline.stages.params import Params

BYTES = 256  # the alphabet of a byte-level vocabulary
# An ASCII letter or Hangul together with an ASCII mark: PIECE always cuts between the two, so no merge makes the token
_SPECIAL = re.compile(r"(?=\S*[A-Za-z가-힣])(?=\S*[!-/:-@\[-`{-~])\S+")


class Limits(Params):
    """What bounds a training.

    max_token_bytes   longest token, max_repeated most equal characters in a row in it, max_digits most digits; 0: any
    min_count         pieces seen fewer times are left out
    max_pieces        most distinct pieces the driver holds
    """

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

    @property
    def caps(self) -> bpe.Caps:
        """The limits on a single token."""
        return bpe.Caps(token_bytes=self.max_token_bytes, repeated=self.max_repeated, digits=self.max_digits)


class Training(Limits):
    """What every training of a tokenizer for use is told besides its size.

    special_tokens    ids 0, 1, ...
    unk_token         added to them where the alphabet is characters
    characters        most characters of such an alphabet
    """

    special_tokens: tuple[str, ...] = Field(default=("<|endoftext|>", "<|pad|>"), min_length=1)
    unk_token: str = "<|unk|>"
    characters: int = Field(default=6_000, gt=0)

    @model_validator(mode="after")
    def _special_tokens_usable(self) -> Training:
        if len(set(self.special_tokens)) < len(self.special_tokens):
            raise ValueError("special_tokens: the same token twice")
        for token in (*self.special_tokens, self.unk_token):
            if not _SPECIAL.fullmatch(token):
                raise ValueError(f"special token {token!r}: write letters with marks and no space, as in <|name|>")
        return self

    def special(self, mode: str) -> tuple[str, ...]:
        """The special tokens in order of their ids; in mode `character` the unknown token is one of them."""
        wanted = (*self.special_tokens, self.unk_token) if mode == "character" else self.special_tokens
        return tuple(dict.fromkeys(wanted))

    def least_size(self, mode: str) -> int:
        """Of a vocabulary: special tokens and alphabet."""
        return len(self.special(mode)) + (1 if mode == "character" else BYTES)


class Counted(NamedTuple):
    """The pieces that training sees, in code point order, and what it does not see.

    pieces  distinct strings; counts int64, > 0, as many; facts for the card
    """

    pieces: pa.ChunkedArray
    counts: np.ndarray
    facts: dict[str, int | float]


def frequent(counts: DataFrame, settings: Limits, where: str) -> Counted:
    """Prune `counts` (piece string, n long > 0) on the executors: only the kept pieces come to the driver.

    Pieces of equal count are kept or left out together, so nothing has to be sorted to find the border. `counts` is
    read twice: persist it. Raises ResourceError, with the table `where`, when there is nothing to train on.
    """
    by_count = counts.groupBy("n").agg(
        F.count(F.lit(1)).alias("distinct"), F.sum(F.col("n") * F.octet_length("piece")).alias("bytes")
    )
    # different counts are few: k of them need k * k / 2 pieces of text at least
    tally = by_count.toArrow().sort_by("n")
    n, distinct, size = (tally[name].to_numpy() for name in ("n", "distinct", "bytes"))
    if not len(n):
        todo = (
            "Train on more (sample.fraction, compare_tokenizers.held_out), or look why nothing is left: drop_reason in "
        )
        todo += "mixture, reason in rejected_records."
        raise ResourceError(where, "documents with text", "none", todo)
    kept = (n >= settings.min_count) & (np.cumsum(distinct[::-1])[::-1] <= settings.max_pieces)
    if not kept.any():
        got, todo = f"none of {distinct.sum()}", "Lower min_count, or raise max_pieces."
        raise ResourceError(where, "pieces that min_count and max_pieces let pass", got, todo)
    rarest = int(n[kept][0])
    table = counts.where(F.col("n") >= rarest).select("piece", "n").toArrow().sort_by("piece")  # at most max_pieces
    facts = {
        "bytes": int(size.sum()),
        "pieces": int((n * distinct).sum()),
        "distinct_pieces": int(distinct.sum()),
        "distinct_pieces_used": table.num_rows,
        "distinct_pieces_pruned": int(distinct[~kept].sum()),
        "rarest_count_used": rarest,
        "pieces_used_share": round(float((n * distinct)[kept].sum() / (n * distinct).sum()), 6),
        "bytes_used_share": round(float(size[kept].sum() / size.sum()), 6),
        "min_count": settings.min_count,
        "max_pieces": settings.max_pieces,
    }
    return Counted(table["piece"], table["n"].to_numpy(), facts)


def train(counted: Counted, mode: str, vocab_size: int, settings: Training) -> bpe.Trained:
    """A vocabulary of `vocab_size`, or smaller where the counts give no more merges."""
    special = settings.special(mode)
    alphabet = None
    if mode == "character":
        alphabet = bpe.characters(counted.pieces, counted.counts, min(settings.characters, vocab_size - len(special)))
    return bpe.train(counted.pieces, counted.counts, vocab_size, special, caps=settings.caps, alphabet=alphabet)
