"""Text to token ids, a batch at a time: the costly work once per distinct run, the rest as copies of bytes.

A batch is cut into runs with numpy (split.py) and Arrow finds the distinct ones. Those the cache does not know are
cut into morphemes by MeCab and merged by `tokenizers`; then Arrow gathers the ids of all runs in order. The result
is, token for token, that of `tokenizer.encode(pieces([text]), is_pretokenized=True)` with the tokenizer's normalizer
off (text is NFC since collect), and decodes to the exact text.

Cost: linear in the text; a run never seen before costs about as much as 25 known ones, two thirds of it in MeCab,
and the share of such runs falls as more text is seen (Zipf). Memory: `memory_mib` with full caches, and six bytes
per byte of the longest text while it is encoded.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from tokenizers import Tokenizer

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels.bpe import to_byte_characters
from corpus_pipeline.kernels.megatron import token_dtype
from corpus_pipeline.kernels.morphemes import cut
from corpus_pipeline.kernels.split import Runs, windows
from corpus_pipeline.kernels.tokenizer_files import check

_FIXED_MIB = 450  # interpreter, libraries, pages of the dictionary, one window
_ENTRY_BYTES = 200  # of a cached run besides its bytes: two objects of 33 and a place in a dict that grows by doubling
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
        self._cache = _Cache(max(memory_mib - _FIXED_MIB, 16) << 20)
        self._pieces = _Pieces(tokenizer, self.dtype)
        self.runs = self.analysed = 0

    def encode(self, texts: pa.StringArray) -> pa.BinaryArray:
        """The ids of each text (string [n], no nulls), then EOD -> binary [n], `dtype`, little-endian."""
        found, open_text = list[pa.BinaryArray](), list[pa.Buffer]()
        for runs, _, whole in windows(texts):
            ids = self._encode(runs, whole)
            if whole and not open_text:
                found.append(ids)
                continue
            open_text.append(ids[0].as_buffer())
            if whole:
                data = pa.py_buffer(b"".join(open_text))
                open_text = []
                found.append(pa.BinaryArray.from_buffers(pa.binary(), 1, [None, _offsets([0, len(data)]), data]))
        if len(found) == 1:
            return found[0]
        return pa.concat_arrays(found) if found else pa.array([], pa.binary())

    def _encode(self, runs: Runs, whole: bool) -> pa.BinaryArray:
        """Ids of each text of a window, EOD after them where they are `whole`."""
        self.runs += len(runs.indices)
        values = pa.array([*self._ids(runs.distinct.to_pylist()), self.eod], pa.binary())
        ends, indices = runs.ends, runs.indices
        if whole:
            indices = np.insert(indices, ends, len(values) - 1)
            ends = ends + np.arange(1, len(ends) + 1)
        gathered = values.take(pa.array(indices))
        starts = np.frombuffer(gathered.buffers()[1], np.int32)
        offsets = _offsets(starts[np.concatenate(([0], ends))])
        return pa.BinaryArray.from_buffers(pa.binary(), len(ends), [None, offsets, gathered.buffers()[2]])

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


def _offsets(values: npt.ArrayLike) -> pa.Buffer:
    return pa.py_buffer(np.ascontiguousarray(values, np.int32))


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

    def __init__(self, size: int) -> None:
        """size  bytes of both generations together, as sys.getsizeof counts them"""
        self._limit, self._size = size // 2, 0
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
        if self._size >= self._limit:
            self._old, self._young, self._size = self._young, {}, 0
        self._young[run] = ids
        self._size += len(run) + len(ids) + _ENTRY_BYTES
