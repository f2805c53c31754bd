"""The fastest encoders for a plain byte-level tokenizer, without morphemes: TOKENIZER FOLDER NAME.

Each through its own fastest way to take a list of documents on one thread.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.peers.worker import Encoder, serve

# the pattern of GPT-2's ByteLevel pre-tokenizer, for a library that does not read tokenizer.json
GPT2 = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def tiktoken(path: str) -> Encoder:
    layout = json.loads(Path(path).read_text(encoding="utf-8"))
    special = {token["content"]: token["id"] for token in layout["added_tokens"]}
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in printable]
    byte_of = {chr(b): b for b in printable} | {chr(0x100 + i): b for i, b in enumerate(others)}
    ranks = {
        bytes(byte_of[c] for c in token): i for token, i in layout["model"]["vocab"].items() if token not in special
    }
    encoding = import_module("tiktoken").Encoding("plain", pat_str=GPT2, mergeable_ranks=ranks, special_tokens=special)
    return Encoder(
        prepare=lambda texts: texts,
        encode=lambda texts: [encoding.encode_to_numpy(text, disallowed_special=()) for text in texts],
        ids=lambda ids: ids,
    )


def kitoken(path: str) -> Encoder:
    encoder = import_module("kitoken").Kitoken.from_file(path)
    return Encoder(prepare=lambda texts: texts, encode=encoder.encode_all, ids=lambda ids: ids)


def gigatoken(path: str) -> Encoder:
    tokenizer = import_module("gigatoken").Tokenizer(path)
    return Encoder(
        prepare=lambda texts: texts,
        encode=lambda texts: tokenizer.encode_batch(texts, parallel=False),
        ids=lambda rows: rows.to_list(),
    )


def tokie(path: str) -> Encoder:
    tokenizer = import_module("tokie").Tokenizer.from_json(path)

    def rows(flat: Any) -> list[list[int]]:
        ids, ends = flat[0].tolist(), flat[1].cumsum().tolist()
        return [ids[start:end] for start, end in pairwise([0, *ends])]

    return Encoder(
        prepare=lambda texts: texts,
        encode=lambda texts: tokenizer.encode_batch_flat(texts, add_special_tokens=False),
        ids=rows,
    )


LOADERS = {"tiktoken": tiktoken, "kitoken": kitoken, "gigatoken": gigatoken, "tokie": tokie}

if __name__ == "__main__":
    serve(lambda: LOADERS[sys.argv[3]](sys.argv[1]), Path(sys.argv[2]))
