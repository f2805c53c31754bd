"""Our serializer as a contender: TOKENIZER CARD FOLDER kernel|shard.

kernel  Arrow batches of text -> ids, as a worker of the stage does it
shard   a jsonl file -> the same -> one `.bin` and `.idx`
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import json as arrow_json

from benchmarks.peers import worker
from corpus_pipeline.kernels.encoder import Encoder
from corpus_pipeline.kernels.megatron import index_bytes

EOD = "<|endoftext|>"
BATCH = 2_000  # documents, as in run/spark_conf.py
BLOCK = 16 << 20  # bytes of JSON read at once


def encoder(tokenizer: Path, card: Path) -> Encoder:
    """The encoder of the stage, with its default memory."""
    return Encoder(tokenizer.read_text(encoding="utf-8"), card.read_text(encoding="utf-8"), EOD)


def ours(own: Encoder, batches: list[pa.StringArray]) -> list[pa.BinaryArray]:
    """Ids of every text with EOD: what is timed as the kernel."""
    return [own.encode(batch) for batch in batches]


def prepare(texts: list[str]) -> list[pa.StringArray]:
    return [pa.array(texts[i : i + BATCH], pa.string()) for i in range(0, len(texts), BATCH)]


def ids_of(own: Encoder, encoded: list[pa.BinaryArray]) -> Iterator[Any]:
    """Ids of each text, without EOD."""
    for batch in encoded:
        for one in batch:
            yield np.frombuffer(one.as_buffer(), own.dtype)[:-1]


def write_shard(own: Encoder, section: Path, folder: Path) -> int:
    """-> tokens"""
    lengths = [np.zeros(0, np.int64)]
    options = arrow_json.ReadOptions(use_threads=False, block_size=BLOCK)
    with (folder / "ours.bin").open("wb") as data, arrow_json.open_json(section, read_options=options) as records:
        for record in records:
            encoded = own.encode(record.column("text"))
            offsets = np.frombuffer(encoded.buffers()[1], np.int32)[: len(encoded) + 1]
            data.write(memoryview(encoded.buffers()[2])[int(offsets[0]) : int(offsets[-1])])
            lengths.append(np.diff(offsets) // np.dtype(own.dtype).itemsize)
    sizes = np.concatenate(lengths)
    (folder / "ours.idx").write_bytes(index_bytes(sizes, own.dtype))
    return int(sizes.sum())


def load() -> worker.Encoder | worker.Writer:
    own = encoder(Path(sys.argv[1]), Path(sys.argv[2]))

    def facts() -> dict[str, float]:
        return {"runs": own.runs, "analysed": own.analysed}

    if sys.argv[4] == "kernel":
        return worker.Encoder(prepare, lambda batches: ours(own, batches), lambda found: ids_of(own, found), facts)
    return worker.Writer(lambda section, folder: write_shard(own, section, folder), facts)


if __name__ == "__main__":
    worker.serve(load, Path(sys.argv[3]))
