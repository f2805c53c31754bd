"""Pre-processing as Megatron-LM does it, per document and in one process: TOKENIZER FOLDER.

A line of JSON -> ids by a Hugging Face tokenizer -> end-of-document id -> numpy array -> `.bin`, and `.idx` at the
end. Its `preprocess_data.py` does this in a pool and passes the ids between processes; a pool of one would only cost
more here, and so does `transformers` around the tokenizer. Both are left out in its favour.
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from benchmarks.peers.worker import Writer, serve

EOD = "<|endoftext|>"


class Builder:
    """An indexed dataset, written document by document."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._data = path.with_suffix(".bin").open("wb")
        self._lengths: list[int] = []
        self._documents = [0]

    def add_document(self, ids: list[int]) -> None:
        self._data.write(np.array(ids, dtype=np.uint16).tobytes(order="C"))
        self._lengths.append(len(ids))
        self._documents.append(len(self._lengths))

    def finalize(self) -> int:
        """-> tokens"""
        self._data.close()
        offsets, place = [], 0
        for length in self._lengths:
            offsets.append(place)
            place += length * 2
        with self._path.with_suffix(".idx").open("wb") as index:
            index.write(b"MMIDIDX\x00\x00" + struct.pack("<QBQQ", 1, 8, len(self._lengths), len(self._documents)))
            index.write(np.array(self._lengths, dtype=np.int32).tobytes(order="C"))
            index.write(np.array(offsets, dtype=np.int64).tobytes(order="C"))
            index.write(np.array(self._documents, dtype=np.int64).tobytes(order="C"))
        return place // 2


def load() -> Writer:
    tokenizer = Tokenizer.from_file(sys.argv[1])
    tokenizer.encode_special_tokens = True
    eod = tokenizer.get_vocab()[EOD]

    def write(section: Path, folder: Path) -> int:
        builder = Builder(folder / "megatron")
        with section.open(encoding="utf-8") as lines:
            for line in lines:
                ids = tokenizer.encode(json.loads(line)["text"], add_special_tokens=False).ids
                ids.append(eod)
                builder.add_document(ids)
        return builder.finalize()

    return Writer(write)


if __name__ == "__main__":
    serve(load, Path(sys.argv[2]))
