"""Tokens of texts by a given tokenizer: what `serialize` would write for them, headers aside.

With the card.json that train_tokenizer wrote of a byte-level tokenizer, text is cut as `serialize` cuts it
(kernels/encoder.py), and counts are exact for its shards. Any other tokenizer.json is taken as its library applies it,
whatever card lies beside it.

Cost on one core: 10 MB/s of Korean pages with a card; 1.4 without, which is the library's own speed.
"""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels.encoder import Encoder

_MEMORY_MIB = 600  # of a worker with full caches


class TokenCounter:
    """One per worker."""

    def __init__(self, tokenizer_json: str, card_json: str | None = None) -> None:
        """Raises ResourceError when tokenizer_json is none, or a card of ours is another's or of another version."""
        try:
            self._tokenizer = Tokenizer.from_str(tokenizer_json)
        except Exception as error:  # the library raises bare Exception
            what = "the tokenizer.json of the `tokenizers` library"
            raise ResourceError("tag.tokenizer", what, type(error).__name__, "Name another file.") from None
        self._tokenizer.encode_special_tokens = True  # "<|endoftext|>" in a text is text
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        byte_level = isinstance(self._tokenizer.decoder, decoders.ByteLevel)  # Encoder knows no other
        ours = card_json is not None and byte_level and _is_ours(card_json)
        self._encoder = self._own(tokenizer_json, card_json or "") if ours else None

    def _own(self, tokenizer_json: str, card_json: str) -> Encoder:
        special = [token.content for token in self._tokenizer.get_added_tokens_decoder().values() if token.special]
        return Encoder(
            tokenizer_json, card_json, next(iter(special), ""), memory_mib=_MEMORY_MIB
        )  # any will be counted

    def count(self, texts: pa.StringArray) -> NDArray[np.int64]:
        """[n] tokens of each text (no nulls), its end-of-document token included."""
        if self._encoder is not None:
            size = pc.binary_length(self._encoder.encode(texts)).to_numpy(zero_copy_only=False).astype(np.int64)
            return np.asarray(size // np.dtype(self._encoder.dtype).itemsize)
        found = self._tokenizer.encode_batch_fast(texts.to_pylist(), add_special_tokens=False)
        return np.array([len(one) + 1 for one in found], np.int64)


def _is_ours(card_json: str) -> bool:
    """Whether the card is one of train_tokenizer's."""
    try:
        card = json.loads(card_json)
    except ValueError:
        return False
    return isinstance(card, dict) and "segmentation" in card
