"""Our ids against the library's on the same morphemes, token for token, and back to the exact text."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from benchmarks.ours import encoder, ids_of, ours, prepare
from benchmarks.peers.worker import texts_of
from corpus_pipeline.kernels.morphemes import pieces

# Latin, code, emoji, NFD, control characters, raw special tokens, private use, unassigned, noncharacters, odd spaces
ODD = [
    "naïve façade Ærøskøbing, Straße",
    "for (int i = 0; i < n; ++i) { a[i] <<= 2; } // 끝\n\treturn 0x1F;",
    "👨‍👩‍👧‍👦 🇰🇷 1️⃣ ☕️ 텍스트",
    unicodedata.normalize("NFD", "한글은 자모로 풀어 쓸 수 있다"),
    "\x00\x01\x02\x1b[31m빨강\x7f\x85",
    "<|endoftext|> 글 안의 <|pad|><|endoftext|>글",
    "\ue000\uf8ff\U000f0000\U0010fffd 사용자 영역",
    "\u0378\ufffe\uffff\U0001ffff",
    "\u3000전각\u00a0공백\u2003\u200b\ufeff끝 \u2028 줄\r\n줄\r",
    "１２３４５ 万葉 ひらがなカタカナ ﾊﾝｶｸ Ελλάδα Привет שלום",
    "ㅋㅋㅋㅋㅎㅎ ㅠㅠ ㄱㄴㄷ" * 20,
    "가" * 1000 + " " * 200 + "1" * 200 + "=" * 200,
]


def adversarial(texts: list[str]) -> list[str]:
    """ODD by itself, and put into real texts at half their length; real texts in NFD."""
    some = [text for text in texts if len(text) < 5_000][: 50 * len(ODD)]
    mixed = [text[: len(text) // 2] + ODD[i % len(ODD)] + text[len(text) // 2 :] for i, text in enumerate(some)]
    return [*ODD, *mixed, *(unicodedata.normalize("NFD", text) for text in some)]


def compare(sections: Iterable[tuple[Path, bool]], processes: int, tokenizer: Path, card: Path) -> dict[str, int]:
    """Sums over sections of (file, whether to add `adversarial` texts).

    documents, bytes  compared
    differing         documents whose ids are not the library's
    not_exact         documents that do not decode to the text
    """
    work = partial(_compare, tokenizer=tokenizer, card=card)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        total = Counter[str]()
        for found in pool.map(work, sections):
            total.update(found)
    return {name: total[name] for name in ("documents", "bytes", "differing", "not_exact")}


def _compare(section: tuple[Path, bool], tokenizer: Path, card: Path) -> dict[str, int]:
    path, odd = section
    texts = texts_of(path)
    texts += adversarial(texts) if odd else []
    own, library = encoder(tokenizer, card), Tokenizer.from_file(str(tokenizer))
    found = [ids.tolist() for ids in ids_of(own, ours(own, prepare(texts)))]
    decoded = library.decode_batch(found, skip_special_tokens=False)
    library.normalizer = None
    library.encode_special_tokens = True
    differing = 0
    for text, ids in zip(texts, found, strict=True):
        expected = library.encode(pieces([text]), is_pretokenized=True, add_special_tokens=False).ids
        differing += expected != ids
    return {
        "documents": len(texts),
        "bytes": sum(len(text.encode()) for text in texts),
        "differing": differing,
        "not_exact": int(np.sum([text != back for text, back in zip(texts, decoded, strict=True)])),
    }
