"""Text to token ids, a batch at a time: the costly work once per distinct run, the rest as copies of bytes.

A batch is cut into runs with numpy (split.py) and Arrow finds the distinct ones. Those the cache does not know are
cut into morphemes by MeCab and merged by `tokenizers`; then Arrow gathers the ids of all runs in order. The result
is, token for token, that of `tokenizer.encode(pieces([text]), is_pretokenized=True)`, and decodes to the exact text.

Cost: linear in the text; a run never seen before costs about as much as a hundred known ones, most of it in MeCab,
and the share of such runs falls as more text is seen (Zipf). Memory: `memory_mib` with full caches.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels.bpe import to_byte_characters
from corpus_pipeline.kernels.megatron import token_dtype
from corpus_pipeline.kernels.morphemes import cut
from corpus_pipeline.kernels.split import split
from corpus_pipeline.kernels.tokenizer_files import check

WINDOW = 2 << 20  # bytes of text that are cut at once; they take about 30 times as much memory while it lasts
_FIXED_MIB = 450  # interpreter, libraries, pages of the dictionary, one window
_ENTRY_BYTES = 240  # a cached run: two `bytes` and a place in a dict
_PIECES = 200_000  # morphemes whose ids are kept, about 40 MB


class Encoder:
    """One per worker.

    dtype     numpy name of an id: uint16 or int32
    eod       the end-of-document id as bytes
    runs      runs encoded so far; `analysed` of them were not in the cache
    """

    def __init__(
        self, tokenizer_json: str, card_json: str, eod_token: str, dtype: str = "auto", memory_mib: int = 1024
    ) -> None:
        """Raises ResourceError when the files are not a byte-level tokenizer of this pipeline with `eod_token`, or
        when an id does not fit `dtype`."""
        tokenizer = check(tokenizer_json, card_json)
        special = {token.content for token in tokenizer.get_added_tokens_decoder().values() if token.special}
        if eod_token not in special:
            raise ResourceError(
                "tokenizer.json",
                f"the special token {eod_token}",
                "a vocabulary without it",
                "Set serialize.eod_token to one of its special tokens.",
            )
        size = tokenizer.get_vocab_size()
        self.dtype = token_dtype(size) if dtype == "auto" else dtype
        if size - 1 > np.iinfo(self.dtype).max:
            raise ResourceError("tokenizer.json", f"ids that fit {dtype}", f"{size} tokens", "Set dtype: auto.")
        self.eod = np.array([tokenizer.token_to_id(eod_token)], self.dtype).tobytes()
        self._cut = bool(json.loads(card_json)["segmentation"]["morphemes"])
        self._cache = _Cache(max(memory_mib - _FIXED_MIB, 16) * (1 << 20) // _ENTRY_BYTES)
        self._pieces = _Pieces(tokenizer, self.dtype)
        self.runs = self.analysed = 0

    def encode(self, texts: pa.StringArray) -> pa.BinaryArray:
        """The ids of each text (string [n], no nulls), then EOD -> binary [n], `dtype`, little-endian."""
        parts = [self._encode_long(part[0].as_buffer()) if long else self._encode(part) for part, long in _parts(texts)]
        return pa.concat_arrays(parts) if parts else pa.array([], pa.binary())

    def _encode(self, texts: pa.StringArray) -> pa.BinaryArray:
        distinct, indices, ends = split(texts)
        self.runs += len(indices)
        values = pa.array([*self._ids(distinct.to_pylist()), self.eod], pa.binary())
        with_eod = np.insert(indices, ends, len(values) - 1)
        gathered = values.take(pa.array(with_eod))
        starts = np.frombuffer(gathered.buffers()[1], np.int32)
        borders = np.concatenate(([0], ends + np.arange(1, len(ends) + 1)))
        offsets = pa.py_buffer(np.ascontiguousarray(starts[borders]))
        return pa.BinaryArray.from_buffers(pa.binary(), len(texts), [None, offsets, gathered.buffers()[2]])

    def _encode_long(self, text: Any) -> pa.BinaryArray:
        """One text, WINDOW by WINDOW. The last run of a window may go on in the next: it is encoded there."""
        found, done = [], 0
        view = memoryview(text)
        while done < len(view):
            end = min(done + WINDOW, len(view))
            while end < len(view) and view[end] & 0xC0 == 0x80:  # inside a character
                end -= 1
            distinct, indices, _ = split(pa.array([str(view[done:end], "utf-8")], pa.string()))
            if end < len(view):
                end -= len(distinct[indices[-1]].as_buffer())
                indices = indices[:-1]
            self.runs += len(indices)
            ids = self._ids(distinct.to_pylist())
            found.append(b"".join([ids[i] for i in indices.tolist()]))
            done = end
        return pa.array([b"".join([*found, self.eod])], pa.binary())

    def _ids(self, runs: list[bytes]) -> list[bytes]:
        """The ids of distinct runs."""
        found = self._cache.look_up(runs)
        new = [i for i, ids in enumerate(found) if ids is None]
        self.analysed += len(new)
        for i, ids in zip(new, self._analyse([runs[i].decode() for i in new]), strict=True):
            found[i] = ids
            self._cache.add(runs[i], ids)
        return found  # type: ignore[return-value]  # no None is left

    def _analyse(self, runs: list[str]) -> list[bytes]:
        known = self._pieces
        if len(known) > _PIECES:
            known.clear()
        lists: Sequence[Sequence[str]] = cut(runs) if self._cut else [(run,) for run in runs]
        # a run of one piece is kept as a run already
        return [
            b"".join([known[piece] for piece in pieces]) if len(pieces) > 1 else known.merge(pieces[0])
            for pieces in lists
        ]


class _Pieces(dict[str, bytes]):
    """Piece -> its ids, merged when it is first asked for."""

    def __init__(self, tokenizer: Tokenizer, dtype: str) -> None:
        super().__init__()
        self._model, self._code = tokenizer.model, {"uint16": "H", "int32": "i"}[dtype]

    def __missing__(self, piece: str) -> bytes:
        self[piece] = ids = self.merge(piece)
        return ids

    def merge(self, piece: str) -> bytes:
        """By the library's model alone: the piece is cut already, and nothing in it is a special token."""
        return array(self._code, [token.id for token in self._model.tokenize(to_byte_characters(piece))]).tobytes()


class _Cache:
    """Run -> ids, in two generations: when the young one is full the old one goes, and who is asked for stays."""

    def __init__(self, entries: int) -> None:
        self._limit = max(1, entries // 2)
        self._young: dict[bytes, bytes] = {}
        self._old: dict[bytes, bytes] = {}

    def look_up(self, runs: list[bytes]) -> list[bytes | None]:
        found = list(map(self._young.get, runs))
        if self._old:
            for i, ids in enumerate(found):
                if ids is None and (kept := self._old.get(runs[i])) is not None:
                    found[i] = kept
                    self.add(runs[i], kept)
        return found

    def add(self, run: bytes, ids: bytes) -> None:
        if len(self._young) >= self._limit:
            self._old, self._young = self._young, {}
        self._young[run] = ids


def _parts(texts: pa.StringArray) -> Iterator[tuple[pa.StringArray, bool]]:
    """`texts` in slices of at most WINDOW bytes; a longer text comes alone, marked True."""
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
    start = 0
    while start < len(texts):
        end = int(np.searchsorted(offsets, int(offsets[start]) + WINDOW, side="right")) - 1
        yield texts[start : max(end, start + 1)], end <= start
        start = max(end, start + 1)
