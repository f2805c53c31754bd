"""documents -> tags: what each document is: languages, script, register, domain, origin, size. It only describes.

One pass over the text, no shuffle. Cost per core: 15 MB/s of Korean pages, 3 of one-liners. docs/tags.md says how good
each tag is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field
from pyspark.sql import DataFrame

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels import scripts
from corpus_pipeline.kernels.contamination import Index
from corpus_pipeline.kernels.domain import domains
from corpus_pipeline.kernels.language import languages
from corpus_pipeline.kernels.register import registers
from corpus_pipeline.kernels.token_count import TokenCounter
from corpus_pipeline.stages.arrow import map_batches, struct_of
from corpus_pipeline.stages.decontamination import Decontamination, index_from, sets_column
from corpus_pipeline.stages.params import Params as BaseParams

KEPT = ("doc_id", "source", "source_name", "doc_type", "category", "licence", "created_month", "text_bytes")
INPUT = (*KEPT, "title", "text", "speakers")
LENGTHS = (100, 1_000, 10_000, 100_000)  # characters; the contract's
LENGTH_CLASSES = np.array(["tiny", "short", "medium", "long", "huge"])
CJK_BYTES = 3  # UTF-8 bytes of a Hangul, Han or kana letter in the basic plane
SHARES = {"hangul": scripts.HANGUL, "latin": scripts.LATIN, "han": scripts.HAN, "kana": scripts.KANA}


class BytesPerToken(BaseParams):
    """UTF-8 bytes that one token covers, by script, where no tokenizer is given.

    3.5 is the published figure for HyperCLOVA's Korean corpus (1.96 TB, 560 B tokens). By script it was not
    published and is unknown here; a tokenizer trained on Korean spends more tokens on Han and kana than this says.
    """

    hangul: float = Field(3.5, gt=0)
    latin: float = Field(3.5, gt=0)
    han: float = Field(3.5, gt=0)
    kana: float = Field(3.5, gt=0)
    other: float = Field(3.5, gt=0)  # digits, marks, space and all other letters


class Params(BaseParams):
    """Settings of the tag stage.

    tokenizer        path of a tokenizer.json on the machine that starts the run; tokens are counted with it, exactly,
                     and as `serialize` cuts text if train_tokenizer's card.json lies beside it. null: an estimate
    bytes_per_token  for the estimate
    domains          category of a source -> domain, any name; of other Korean documents the domain is predicted
    decontamination  evaluation sets to look for, and what counts as a match
    """

    tokenizer: str | None = None
    bytes_per_token: BytesPerToken = BytesPerToken()
    domains: dict[str, str] = Field(default_factory=dict)
    decontamination: Decontamination = Decontamination()

    @property
    def tokenizer_card(self) -> str | None:
        """Path of the card beside the tokenizer; null where there is none."""
        card = None if self.tokenizer is None else Path(self.tokenizer).with_name("card.json")
        return str(card) if card is not None and card.is_file() else None


def transform(tables: Mapping[str, DataFrame], params: Params) -> dict[str, DataFrame]:
    """tables["documents"] -> {"tags"}: one row per document, in the columns of schemas/tags.json.

    Raises ResourceError when the tokenizer cannot be read.
    """
    files = (_read(params.tokenizer), _read(params.tokenizer_card))
    if files[0] is not None:
        _counter(*files)  # a wrong tokenizer ends the job here, not in every worker
    index = index_from(tables, params.decontamination)
    kernel = partial(describe, params=params, files=files, index=index)
    return {"tags": map_batches(tables["documents"], kernel, INPUT, struct_of("tags"))}


def describe(
    batch: pa.RecordBatch,
    params: Params,
    files: tuple[str | None, str | None] = (None, None),
    index: Index | None = None,
) -> pa.RecordBatch:
    """The tags of one batch with the columns INPUT.

    files: the text of tokenizer.json and of its card; index: of the evaluation sets, if there are any.
    """
    texts = batch.column("text").to_pylist()
    found = languages(texts)
    register, register_share = registers(texts)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    return pa.RecordBatch.from_pydict(
        {
            **{name: batch.column(name) for name in KEPT},
            "language": pa.array(found.main, pa.string()),
            "languages": _lists(found.shares),
            **_script_shares(found.letters),
            "register": pa.array(register, pa.string()),
            "register_share": pa.array(register_share),
            **_domains(batch, texts, found.main, params.domains),
            "speakers": pa.array([len(set(s or ())) for s in batch.column("speakers").to_pylist()], pa.int32()),
            "length_class": pa.array(LENGTH_CLASSES[np.searchsorted(LENGTHS, lengths, side="right")], pa.string()),
            **_tokens(batch, found.letters, params.bytes_per_token, files),
            "evaluation_sets": sets_column(batch.column("title"), batch.column("text"), index),
        }
    )


def _lists(shares: Sequence[Sequence[tuple[str, float]]]) -> pa.ListArray:
    """list<struct<language, share>>"""
    flat = [one for several in shares for one in several]
    columns = [pa.array([name for name, _ in flat], pa.string()), pa.array([share for _, share in flat], pa.float64())]
    ends = np.cumsum([0, *map(len, shares)])
    return pa.ListArray.from_arrays(
        pa.array(ends, pa.int32()), pa.StructArray.from_arrays(columns, ["language", "share"])
    )


def _domains(
    batch: pa.RecordBatch, texts: list[str], main: list[str], carried: Mapping[str, str]
) -> dict[str, pa.Array]:
    """domain and domain_score: 1 where carried from the source's category, null where there is no domain."""
    names = [carried.get(category) for category in batch.column("category").to_pylist()]
    scores: list[float | None] = [None if name is None else 1.0 for name in names]
    asked = [at for at, name in enumerate(names) if name is None and main[at] == "ko"]
    found, sure = domains([texts[at] for at in asked])
    for at, name, score in zip(asked, found, sure.tolist(), strict=True):
        names[at], scores[at] = name, score if name is not None else None
    return {"domain": pa.array(names, pa.string()), "domain_score": pa.array(scores, pa.float64())}


def _script_shares(letters: scripts.Counts) -> dict[str, pa.Array]:
    total = np.maximum(1, letters.sum(axis=1))
    return {f"{name}_share": pa.array(letters[:, number] / total) for name, number in SHARES.items()}


def _tokens(
    batch: pa.RecordBatch, letters: scripts.Counts, rates: BytesPerToken, files: tuple[str | None, str | None]
) -> dict[str, pa.Array]:
    tokenizer_json, card_json = files
    if tokenizer_json is None:
        counts = estimate(letters, batch.column("text_bytes").to_numpy(zero_copy_only=False), rates)
    else:
        counts = _counter(tokenizer_json, card_json).count(batch.column("text"))
    exact = np.full(batch.num_rows, tokenizer_json is not None)
    return {"token_estimate": pa.array(counts), "tokens_exact": pa.array(exact)}


def estimate(letters: scripts.Counts, sizes: NDArray[np.int64], rates: BytesPerToken) -> NDArray[np.int64]:
    """Estimated tokens [n] of texts with these letters by script and UTF-8 bytes, the end-of-document tokens included.

    >>> text = "한국어 text"
    >>> estimate(scripts.scripts([text]), np.array([len(text.encode())]), BytesPerToken()).tolist()
    [5]
    """
    found, rest = np.zeros(len(sizes)), sizes.astype(np.int64)
    for name, number in SHARES.items():
        covered = letters[:, number] * (1 if name == "latin" else CJK_BYTES)
        found += covered / float(getattr(rates, name))
        rest = rest - covered
    return np.ceil(found + np.maximum(0, rest) / rates.other).astype(np.int64) + 1


def _read(path: str | None) -> str | None:
    try:
        return None if path is None else Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        what = "a readable tokenizer.json"
        raise ResourceError(
            f"tag.tokenizer: {path}", what, type(error).__name__, "Name one, or leave it unset."
        ) from None


@lru_cache(maxsize=1)
def _counter(tokenizer_json: str, card_json: str | None) -> TokenCounter:
    """One per worker process, kept from task to task with its caches."""
    return TokenCounter(tokenizer_json, card_json)
