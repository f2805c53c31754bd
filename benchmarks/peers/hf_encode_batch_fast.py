"""Hugging Face `encode_batch_fast` on whole documents, without morphemes: TOKENIZER FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path

from tokenizers import Tokenizer

from benchmarks.peers.worker import Encoder, serve


def load() -> Encoder:
    tokenizer = Tokenizer.from_file(sys.argv[1])
    tokenizer.encode_special_tokens = True
    return Encoder(
        prepare=lambda texts: texts,
        encode=lambda texts: tokenizer.encode_batch_fast(texts, add_special_tokens=False),
        ids=lambda encodings: (encoding.ids for encoding in encodings),
    )


if __name__ == "__main__":
    serve(load, Path(sys.argv[2]))
