"""Byte-level BPE trained from counts of pieces, merge for merge as Hugging Face `tokenizers` does it.

Counts are Python integers, so no pair overflows (the library counts in int32 and loses a pair seen 2.2e9 times).
Cost: memory grows with the distinct pieces (about 1 KB each), not with the corpus; time with distinct pieces
times merges that touch them: 190k pieces and 32k merges take seconds.
"""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

Pair = tuple[int, int]


class Trained(NamedTuple):
    """`vocab`: token -> id (special tokens, bytes, merges, in this order); `merges` in order of rank."""

    vocab: dict[str, int]
    merges: list[tuple[str, str]]


def byte_alphabet() -> dict[int, str]:
    """Byte -> the printable character that stands for it in a byte-level vocabulary (the GPT-2 table).

    Printable Latin-1 bytes stand for themselves; the others follow from U+0100 on, in order.

    >>> byte_alphabet()[32], byte_alphabet()[65]
    ('Ġ', 'A')
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in printable]
    return {b: chr(b) for b in printable} | {b: chr(0x100 + i) for i, b in enumerate(others)}


_ALPHABET = byte_alphabet()


def to_byte_characters(piece: str) -> str:
    """
    >>> to_byte_characters(" 가")
    'Ġê°Ģ'
    """
    return "".join(_ALPHABET[b] for b in piece.encode("utf-8", "surrogatepass"))


def train(counts: Mapping[str, int], vocab_size: int, special_tokens: list[str], min_frequency: int = 1) -> Trained:
    """Vocabulary and merges from `counts` (piece -> how often it occurs, > 0).

    The pair with the highest count is merged first; equal counts go to the pair with the smaller ids. A merge
    seen fewer than `min_frequency` times ends the training, as does a full vocabulary. Deterministic: the order
    of `counts` does not matter.

    >>> train({"가": 3, "각": 1}, 259, ["<|endoftext|>"]).merges
    [('ê', '°'), ('ê°', 'Ģ')]
    """
    vocab = {token: i for i, token in enumerate([*special_tokens, *sorted(_ALPHABET.values())])}
    tokens = list(vocab)
    words = [([vocab[c] for c in to_byte_characters(piece)], n) for piece, n in sorted(counts.items())]
    pair_counts, places = _count_pairs(words)
    queue = [(-n, pair) for pair, n in pair_counts.items()]
    heapq.heapify(queue)
    merges: list[tuple[str, str]] = []
    while len(vocab) < vocab_size and queue:
        negative, pair = heapq.heappop(queue)
        count = pair_counts.get(pair, 0)
        if count != -negative:  # the entry is stale: the true count comes later in the queue
            if count > 0 and -negative > count:
                heapq.heappush(queue, (-count, pair))
            continue
        if count < max(1, min_frequency):
            break
        joined = tokens[pair[0]] + tokens[pair[1]]
        merges.append((tokens[pair[0]], tokens[pair[1]]))
        if joined not in vocab:
            vocab[joined] = len(tokens)
            tokens.append(joined)
        changed = _apply(pair, vocab[joined], words, pair_counts, places)
        for new in changed:
            if pair_counts[new] > 0:
                heapq.heappush(queue, (-pair_counts[new], new))
    return Trained(vocab, merges)


def _count_pairs(words: list[tuple[list[int], int]]) -> tuple[dict[Pair, int], dict[Pair, set[int]]]:
    counts: dict[Pair, int] = defaultdict(int)
    places: dict[Pair, set[int]] = defaultdict(set)
    for index, (symbols, n) in enumerate(words):
        for pair in itertools.pairwise(symbols):
            counts[pair] += n
            places[pair].add(index)
    return counts, places


def _apply(
    pair: Pair, new: int, words: list[tuple[list[int], int]], counts: dict[Pair, int], places: dict[Pair, set[int]]
) -> set[Pair]:
    """Merge `pair` into `new` in every word that holds it; returns the pairs that became more frequent."""
    grown: set[Pair] = set()
    for index in places.pop(pair):
        symbols, n = words[index]
        merged = _merge(symbols, pair, new)
        for old in itertools.pairwise(symbols):
            counts[old] -= n
        for fresh in itertools.pairwise(merged):
            counts[fresh] += n
            if new in fresh:
                places[fresh].add(index)
                grown.add(fresh)
        words[index] = (merged, n)
    counts.pop(pair, None)
    return grown


def _merge(symbols: list[int], pair: Pair, new: int) -> list[int]:
    """`symbols` with each `pair`, from the left, replaced by `new`."""
    merged: list[int] = []
    i, last = 0, len(symbols) - 1
    while i <= last:
        if i < last and symbols[i] == pair[0] and symbols[i + 1] == pair[1]:
            merged.append(new)
            i += 2
        else:
            merged.append(symbols[i])
            i += 1
    return merged
