"""tokenizer.json: made from trained merges, and used to encode text, morpheme by morpheme.

The file is a plain byte-level BPE that `tokenizers` and `transformers` read. They cut text by PIECE alone;
`Encoder` cuts Hangul into morphemes too, as at training, by handing the library lists of pieces
(`is_pretokenized=True`). No marker character is put into the text, so decoding gives the exact text back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels.bpe import Trained
from corpus_pipeline.kernels.megatron import token_dtype
from corpus_pipeline.kernels.morphemes import PIECE, morphemes, runs

LONGEST_CACHED = 64  # characters; longer runs (base64, text without spaces) hardly come again
CACHED_RUNS = 500_000  # about 100 MB in a worker; a full cache is emptied, results do not depend on it


def to_json(trained: Trained, special_tokens: Sequence[str]) -> str:
    """The text of tokenizer.json. NFC is stated as its normalizer for readers outside the pipeline."""
    tokenizer = Tokenizer(models.BPE(vocab=trained.vocab, merges=trained.merges))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECE), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special_tokens])
    return tokenizer.to_str(pretty=True)


class Encoder:
    """Text -> token ids as little-endian bytes, with a cache of runs. One per worker.

    dtype    numpy name of an id: uint16 or int32
    eod      id of the end-of-document token
    """

    def __init__(self, tokenizer_json: str, eod_token: str) -> None:
        """Raises ResourceError when the JSON is no tokenizer, not byte-level, or lacks `eod_token`."""
        self._tokenizer = _load(tokenizer_json)
        eod = self._tokenizer.token_to_id(eod_token)
        special = {token.content for token in self._tokenizer.get_added_tokens_decoder().values() if token.special}
        if eod is None or eod_token not in special:
            raise ResourceError(
                "tokenizer.json",
                f"the special token {eod_token}",
                "a vocabulary without it",
                "Set serialize.eod_token to one of its special tokens.",
            )
        self.dtype = token_dtype(self._tokenizer.get_vocab_size())
        self.eod = np.array([eod], dtype=self.dtype).tobytes()
        self._tokenizer.normalizer = None  # text is NFC; nothing may change what is decoded
        self._tokenizer.encode_special_tokens = True  # a raw "<|endoftext|>" in a text stays text
        self._cache: dict[str, bytes] = {}

    def encode(self, text: str) -> bytes:
        """Ids of `text` without EOD; empty for an empty text. Equal to the library's on `pieces([text])`."""
        keys = runs(text)
        cache = self._cache
        if len(cache) > CACHED_RUNS:
            cache.clear()
        new = [key for key in dict.fromkeys(keys) if key not in cache]
        if new:
            lists = [list(morphemes(key)) for key in new]
            encoded = self._tokenizer.encode_batch(lists, is_pretokenized=True, add_special_tokens=False)
            cache.update(
                (key, np.array(e.ids, dtype=self.dtype).tobytes()) for key, e in zip(new, encoded, strict=True)
            )
        ids = b"".join([cache[key] for key in keys])
        for key in new:
            if len(key) > LONGEST_CACHED:
                del cache[key]
        return ids


def _load(tokenizer_json: str) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_str(tokenizer_json)
        layout = json.loads(tokenizer_json)
    except Exception as error:  # the library raises bare Exception
        raise ResourceError(
            "tokenizer.json",
            "a tokenizer of the `tokenizers` library",
            type(error).__name__,
            "Train one (make tokenizer).",
        ) from None
    if layout["model"].get("type") != "BPE" or (layout.get("decoder") or {}).get("type") != "ByteLevel":
        raise ResourceError(
            "tokenizer.json", "a byte-level BPE", str(layout["model"].get("type")), "Train one (make tokenizer)."
        )
    return tokenizer
