"""What tokenizers make of the same text: sums that add up over batches, and the figures that follow from them.

A batch is cut into runs; every tokenizer encodes a distinct run once, and what it gave is kept for later batches. A
token crosses a morpheme border when the analyser, eojeol by eojeol, puts one strictly inside it. A document is exact
when every run of it decodes to itself. Figures are ratios of integers, so they do not depend on how text is batched.

Cost: about 10 us for a distinct run and tokenizer. Memory: about 60 bytes for each run that is kept and tokenizer.
Bias: crossing is measured with the analyser that morpheme tokenizers are trained with, so it favours them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tokenizers import Tokenizer

from corpus_pipeline.kernels.bpe import Trained
from corpus_pipeline.kernels.morphemes import cut
from corpus_pipeline.kernels.split import split

Array = np.ndarray[Any, Any]

# Alpha of the Renyi entropy that agreed best with BLEU in Zouhar et al. 2023, Tokenization and the Noiseless Channel
ALPHA = 2.5
TEXT = -1  # `tokenizer` of the rows on the text itself
# `token` of the rows that are no count of a token
DOCUMENTS, EOJEOL, BYTES, CROSSING, UNKNOWN, EXACT = range(-1, -7, -1)
SUMS = pa.schema([("tokenizer", pa.int32()), ("source", pa.string()), ("token", pa.int32()), ("n", pa.int64())])
_KEPT = 200_000  # distinct runs
_WORD = r"[^\t-\r\x{85}\p{Z}]+"  # an eojeol: no Unicode white space (RE2's \s knows ASCII's alone)
_ENCODED = pa.schema([("ids", pa.list_(pa.int32())), ("crossing", pa.int32()), ("exact", pa.bool_())])


class Candidate(NamedTuple):
    """A tokenizer to measure. by_morpheme: it is given lists of morphemes, else runs."""

    tokenizer_json: str
    by_morpheme: bool


def shorten(trained: Trained, vocab_size: int) -> Trained:
    """What training to `vocab_size` gives: BPE is greedy, so a smaller vocabulary is the start of a larger one.

    >>> shorten(Trained({"a": 0, "b": 1, "ab": 2, "aba": 3}, [("a", "b"), ("ab", "a")]), 3)
    Trained(vocab={'a': 0, 'b': 1, 'ab': 2}, merges=[('a', 'b')])
    """
    if vocab_size >= len(trained.vocab):
        return trained
    vocab = {token: i for token, i in trained.vocab.items() if i < vocab_size}
    last = [i for i, pair in enumerate(trained.merges) if trained.vocab["".join(pair)] == vocab_size - 1]
    return Trained(vocab, trained.merges[: last[0] + 1 if last else 0])


def measure(batch: pa.RecordBatch, candidates: tuple[Candidate, ...]) -> pa.RecordBatch:
    """RecordBatch(source string, text string, copies int) -> RecordBatch(SUMS); every document counts `copies` times.

    Of TEXT: DOCUMENTS, EOJEOL and BYTES (UTF-8). Of each tokenizer, by its place in `candidates`: every token id with
    its count, and how many tokens are CROSSING and UNKNOWN and how many documents EXACT. Zeros are left out.
    """
    text, copies = batch.column("text"), batch.column("copies").to_numpy().astype(np.int64)
    names = batch.column("source").dictionary_encode()
    sources, of_text = names.dictionary.to_pylist(), names.indices.to_numpy()
    runs = split(text)
    of_run = np.repeat(np.arange(len(text)), np.diff(runs.ends, prepend=0))  # the text of each run
    counts = _by_source(of_text[of_run], runs.indices, copies[of_run], (len(sources), len(runs.distinct)))
    rows = _Rows(sources)
    for kind, n in (
        (DOCUMENTS, np.ones(len(text), np.int64)),
        (EOJEOL, pc.count_substring_regex(text, _WORD).to_numpy()),
        (BYTES, pc.binary_length(text).to_numpy()),
    ):
        rows.add_sums(TEXT, kind, _by_source(of_text, 0, n * copies, (len(sources), 1))[:, 0])
    encoded = _readers(candidates).encode(runs.distinct.to_pylist())
    for number, (reader, table) in enumerate(encoded):
        lengths = pc.list_value_length(table["ids"]).to_numpy()
        ids = pc.list_flatten(table["ids"]).to_numpy()
        tokens = np.stack([np.bincount(ids, np.repeat(own, lengths), reader.size) for own in counts]).astype(np.int64)
        inexact = np.append(0, np.cumsum(~table["exact"].to_numpy()[runs.indices]))
        exact = inexact[runs.ends] == inexact[np.append(0, runs.ends[:-1])]
        rows.add_tokens(number, tokens)
        rows.add_sums(number, CROSSING, counts @ table["crossing"].to_numpy().astype(np.int64))
        rows.add_sums(number, EXACT, _by_source(of_text, 0, exact * copies, (len(sources), 1))[:, 0])
        if reader.unknown is not None:
            rows.add_sums(number, UNKNOWN, tokens[:, reader.unknown])
    return rows.batch()


def _by_source(source: Array, item: Array | int, n: Array, shape: tuple[int, int]) -> Array:
    """int64 [sources, items]: sums of `n`. As floats on the way, exact below 2^53, which no batch comes to."""
    places = np.asarray(source * shape[1] + item, np.int64)
    flat = np.bincount(places, n, shape[0] * shape[1])
    return flat.astype(np.int64).reshape(shape)


class _Rows:
    """Rows of SUMS."""

    def __init__(self, sources: Sequence[str]) -> None:
        self._sources = np.array(sources, object)
        self._parts: list[pa.RecordBatch] = []

    def add_tokens(self, tokenizer: int, n: Array) -> None:
        """n  int64 [sources, tokens]"""
        source, token = np.nonzero(n)
        self._add(tokenizer, source, token, n[source, token])

    def add_sums(self, tokenizer: int, kind: int, n: Array) -> None:
        """n  int64 [sources]"""
        (source,) = np.nonzero(n)
        self._add(tokenizer, source, np.full(len(source), kind), n[source])

    def _add(self, tokenizer: int, source: Array, token: Array, n: Array) -> None:
        names = pa.array(self._sources[source], pa.string())
        number = np.full(len(source), tokenizer, np.int32)
        self._parts.append(pa.record_batch([number, names, token.astype(np.int32), n], schema=SUMS))

    def batch(self) -> pa.RecordBatch:
        return pa.concat_batches(self._parts)


class _Reader:
    """One tokenizer. size: of its vocabulary; unknown: id of the token for unknown characters, if it has one."""

    def __init__(self, candidate: Candidate) -> None:
        self._tokenizer = Tokenizer.from_str(candidate.tokenizer_json)
        self._tokenizer.normalizer = None  # text is NFC
        self._by_morpheme = candidate.by_morpheme
        unk = self._tokenizer.model.unk_token
        self._bytes = unk is None
        self.unknown = None if unk is None else self._tokenizer.token_to_id(unk)
        self.size = self._tokenizer.get_vocab_size()
        self._widths = np.ones(self.size, np.int64)  # of each token in bytes, or characters; an unknown one is one
        for token, i in self._tokenizer.get_vocab().items():
            if i != self.unknown:
                self._widths[i] = len(token)  # a byte-level token has one letter for each byte

    def encode(self, runs: Sequence[str], morphemes: Sequence[Sequence[str]]) -> pa.Table:
        """Table(_ENCODED), a row for each run. crossing: tokens with a morpheme border strictly inside."""
        given = [list(one) for one in morphemes] if self._by_morpheme else list(runs)
        found = self._tokenizer.encode_batch_fast(given, is_pretokenized=self._by_morpheme, add_special_tokens=False)
        lists = [one.ids for one in found]
        decoded = self._tokenizer.decode_batch(lists, skip_special_tokens=False)
        ids = np.fromiter(chain.from_iterable(lists), np.int32)
        ends = np.cumsum(self._widths[ids])
        pieces = chain.from_iterable(morphemes)
        borders = np.cumsum([len(piece.encode()) if self._bytes else len(piece) for piece in pieces])
        inside = np.searchsorted(borders, ends, "left") - np.searchsorted(borders, ends - self._widths[ids], "right")
        upto = np.append(0, np.cumsum(inside > 0))
        offsets = np.append(0, np.cumsum([len(one) for one in lists])).astype(np.int32)
        columns = [
            pa.ListArray.from_arrays(pa.array(offsets), pa.array(ids)),
            np.diff(upto[offsets]).astype(np.int32),
            np.array([text == run for text, run in zip(decoded, runs, strict=True)], bool),
        ]
        return pa.table(columns, schema=_ENCODED)


class _Readers:
    """All tokenizers and, for up to _KEPT distinct runs, what each made of them."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._readers = [_Reader(one) for one in candidates]
        self._forget()

    def _forget(self) -> None:
        self._places: dict[bytes, int] = {}
        self._tables = [_ENCODED.empty_table() for _ in self._readers]

    def encode(self, runs: list[bytes]) -> Iterator[tuple[_Reader, pa.Table]]:
        """Each tokenizer with its Table(_ENCODED) of the distinct `runs`, in their order."""
        new = [run for run in runs if run not in self._places]
        if len(self._places) + len(new) > _KEPT:
            self._forget()
            new = runs
        self._places |= {run: i for i, run in enumerate(new, len(self._places))}
        texts = [run.decode() for run in new]
        morphemes = cut(texts)
        places = pa.array([self._places[run] for run in runs], pa.int64())
        for i, reader in enumerate(self._readers):
            if new:
                more = reader.encode(texts, morphemes)
                self._tables[i] = pa.concat_tables([self._tables[i], more]).combine_chunks()
            yield reader, self._tables[i].take(places)


@lru_cache(maxsize=1)
def _readers(candidates: tuple[Candidate, ...]) -> _Readers:
    """One per worker process, kept from task to task."""
    return _Readers(candidates)


def renyi_efficiency(counts: Array, ids: Array, vocab_size: int, alpha: float = ALPHA) -> float:
    """Renyi entropy of the tokens over that of a uniform vocabulary: 1 when all tokens are equally frequent.

    counts int64 [k], ids int64 [k]: `ids` tokens of the vocabulary occur `counts` times each.

    >>> renyi_efficiency(np.array([5]), np.array([4]), 4)
    1.0
    """
    shares = counts / int(counts @ ids)
    return math.log(float(ids @ shares**alpha)) / (1 - alpha) / math.log(vocab_size)


def figures(
    text: Mapping[int, int], sums: Mapping[int, int], tallies: Array, sizes: tuple[int, int]
) -> dict[str, float]:
    """Metric -> value, of one tokenizer on one text. What has nothing to be measured on is left out.

    text     DOCUMENTS, EOJEOL, BYTES; sums: CROSSING, UNKNOWN, EXACT; what is missing is 0
    tallies  int64 [k, 2]: a count, ascending, and how many tokens of the vocabulary have it
    sizes    of the vocabulary, and of it without special tokens
    """
    counts, ids = tallies.T
    tokens = int(counts @ ids)
    unknown = sums.get(UNKNOWN, 0)
    ratios = {
        "tokens_per_eojeol": (tokens, text.get(EOJEOL, 0)),
        "bytes_per_token": (text.get(BYTES, 0), tokens),
        "unknown_share": (unknown, tokens),
        "crossing_share": (sums.get(CROSSING, 0), tokens),
        "exact_share": (sums.get(EXACT, 0), text.get(DOCUMENTS, 0)),
        "vocabulary_used_share": (int(ids.sum()) - (unknown > 0), sizes[1]),
    }
    found = {name: part / whole for name, (part, whole) in ratios.items() if whole}
    if tokens:
        found["renyi_efficiency"] = renyi_efficiency(counts, ids, sizes[0])
    return {**found, "tokens": float(tokens)}
