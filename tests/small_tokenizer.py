"""A small tokenizer by the library's own trainer, and the card that goes with it."""

from __future__ import annotations

import hashlib
import json

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from corpus_pipeline.kernels.morphemes import PIECE, pieces
from corpus_pipeline.kernels.tokenizer_files import segmentation

EOD = "<|endoftext|>"
TEXT = "서울에서 부산까지 3시간이 걸렸다. The train was late; 학교에서 배운 것을 2021년에 다시 썼습니다!\n\n" * 3


def trained(vocab_size: int = 420) -> str:
    """A tokenizer by the library's own trainer."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECE), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[EOD, "<|pad|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(pieces([TEXT]), trainer)
    return tokenizer.to_str()


def card(tokenizer_json: str, cut: bool = True) -> str:
    return json.dumps(
        {"segmentation": segmentation(cut), "tokenizer_sha256": hashlib.sha256(tokenizer_json.encode()).hexdigest()}
    )
