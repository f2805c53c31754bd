"""The tokenizers of the serializer benchmark: byte-level BPE by the project's own trainer, from counts of pieces.

tokenizer.json, card.json   on morphemes, as the pipeline makes them
peer.json                   tokenizer.json less its NFC normalizer: the text is NFC, and peers need not pay for it
plain.json                  on GPT-2's pieces, without morphemes: what every fast encoder supports
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import regex
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from benchmarks.peers.ceilings import GPT2
from corpus_pipeline.kernels.bpe import Trained, train
from corpus_pipeline.kernels.morphemes import cut, runs
from corpus_pipeline.kernels.tokenizer_files import segmentation, sha256, to_card, to_json

EOD = "<|endoftext|>"
SPECIAL_TOKENS = [EOD, "<|pad|>"]


def tokenizer_files(mixed: Path, folder: Path, megabytes: float, vocab_size: int) -> None:
    """Write the files to `folder` unless they are there, trained on the last `megabytes` of text in `mixed`.

    The documents stand in the order of a hash, so the last are as good a sample as any; measurements begin at the
    first, and see text that the tokenizer was not trained on.
    """
    wanted = {"segmentation": segmentation(morphemes=True), "of": [mixed.stat().st_size, megabytes, vocab_size]}
    made = folder / "made.json"
    if made.exists() and json.loads(made.read_text(encoding="utf-8")) == wanted:
        return
    texts = _last(mixed, megabytes)
    tokenizer_json = to_json(_by_morphemes(texts, vocab_size), SPECIAL_TOKENS)
    card = to_card({"segmentation": segmentation(morphemes=True), "tokenizer_sha256": sha256(tokenizer_json)})
    files = {
        "tokenizer.json": tokenizer_json,
        "card.json": card,
        "peer.json": json.dumps({**json.loads(tokenizer_json), "normalizer": None}, ensure_ascii=False),
        "plain.json": _plain(_by_gpt2(texts, vocab_size)),
        "made.json": json.dumps(wanted),  # last: it says that the others are whole
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8", newline="\n")


def _by_morphemes(texts: Iterable[str], vocab_size: int) -> Trained:
    seen = Counter[str]()
    for text in texts:
        seen.update(runs(text))
    counts = Counter[str]()
    for n, pieces in zip(seen.values(), cut([*seen]), strict=True):
        for piece in pieces:
            counts[piece] += n
    return _train(counts, vocab_size)


def _by_gpt2(texts: Iterable[str], vocab_size: int) -> Trained:
    pattern, counts = regex.compile(GPT2), Counter[str]()
    for text in texts:
        counts.update(pattern.findall(text))
    return _train(counts, vocab_size)


def _train(counts: Counter[str], vocab_size: int) -> Trained:
    return train(pa.array(counts.keys(), pa.string()), np.array([*counts.values()]), vocab_size, SPECIAL_TOKENS)


def _plain(trained: Trained, special_tokens: Sequence[str] = SPECIAL_TOKENS) -> str:
    tokenizer = Tokenizer(models.BPE(vocab=trained.vocab, merges=trained.merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special_tokens])
    return tokenizer.to_str()


def _last(mixed: Path, megabytes: float) -> list[str]:
    """About so much text from the end of a jsonl file."""
    with mixed.open("rb") as file:
        file.seek(max(0, mixed.stat().st_size - int(megabytes * 1e6)))
        if file.tell():
            file.readline()
        return [json.loads(line)["text"] for line in file]
