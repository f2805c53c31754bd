"""BPE trained from counts of pieces, merge for merge as Hugging Face `tokenizers` does it, in bounded memory.

Counts are int64 and exact (the library counts in int32 and loses a pair seen 2.2e9 times). Only pairs above a floor
wait in the queue with their places; when it is empty, all pairs are counted again and the floor is lowered. Memory is
about 20 bytes per symbol (a byte or a character) of the distinct pieces, whatever the size of the corpus: 2.5 million
pieces and 32k merges take 0.6 GiB besides the pieces themselves, and 14 to 17 s (benchmarks/tokenizer.py). Where merges
go on until pairs are seen a few times only, most of them wait at once: 70 bytes per symbol (64,000 tokens from 285,000
made-up pieces).
"""

from __future__ import annotations

import heapq
import itertools
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.kernels.bpe_table import MOST_TOKENS, Pair, Table, chunks, code_points, lay_out

Array = np.ndarray[Any, Any]


class Trained(NamedTuple):
    """`vocab`: token -> id (special tokens, alphabet, merges, in this order); `merges` in order of rank."""

    vocab: dict[str, int]
    merges: list[tuple[str, str]]


@dataclass(frozen=True)
class Caps:
    """What no merge may make; 0 = no limit.

    token_bytes  longest token, in UTF-8 bytes of the text it stands for
    repeated     most times one character may stand in a row inside a token
    digits       most decimal digits (Unicode category Nd) in a row inside a token

    A byte-level token may begin or end inside a character; only its whole characters count for the last two.
    """

    token_bytes: int = 0
    repeated: int = 0
    digits: int = 0

    def allow(self, text: bytes) -> bool:
        """
        >>> Caps(digits=2).allow("제12회".encode()), Caps(digits=2).allow("제123회".encode())
        (True, False)
        """
        if 0 < self.token_bytes < len(text):
            return False
        if not (self.repeated or self.digits):
            return True
        characters = text.decode("utf-8", "surrogateescape")  # a lone byte becomes U+DC80..U+DCFF: no whole character
        whole = [None if "\udc80" <= c <= "\udcff" else c for c in characters]
        same = max((len(list(run)) for c, run in itertools.groupby(whole) if c), default=0)
        digits = [c is not None and unicodedata.category(c) == "Nd" for c in whole]
        numbers = max((len(list(run)) for digit, run in itertools.groupby(digits) if digit), default=0)
        return not (0 < self.repeated < same or 0 < self.digits < numbers)


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
_BYTES = {c: b for b, c in _ALPHABET.items()}
_LETTERS = "".join(_ALPHABET[b] for b in range(256))  # as a table for str.translate


def to_byte_characters(piece: str) -> str:
    """
    >>> to_byte_characters(" 가")
    'Ġê°Ģ'
    """
    return piece.encode("utf-8", "surrogatepass").decode("latin-1").translate(_LETTERS)


def characters(pieces: pa.Array | pa.ChunkedArray, counts: Array, limit: int) -> list[str]:
    """The `limit` most frequent characters, most frequent first; equal counts: the smaller code point first.

    `pieces` string [n], `counts` int64 [n] as in `train`. The alphabet for character-level training.

    >>> characters(pa.array(["나무", "나", "a"]), np.array([1, 1, 5]), 2)
    ['a', '나']
    """
    totals = np.zeros(0x110000, np.int64)
    for chunk, weights in chunks(pieces, counts):
        points, lengths = code_points(chunk)
        np.add.at(totals, points, np.repeat(weights, lengths))
    seen = np.flatnonzero(totals)
    order = np.argsort(-totals[seen], kind="stable")
    return [chr(point) for point in seen[order[:limit]].tolist()]


def train(  # noqa: PLR0913
    pieces: pa.Array | pa.ChunkedArray,
    counts: Array,
    vocab_size: int,
    special_tokens: Sequence[str],
    *,
    caps: Caps = Caps(),
    alphabet: Sequence[str] | None = None,
    min_frequency: int = 1,
) -> Trained:
    """Vocabulary and merges from `pieces` (string [n]) and how often each occurs (`counts`, int64 [n], > 0).

    A piece may come more than once; the order of pieces does not matter. Without `alphabet` the training is
    byte-level. With it, it is character-level: a character outside it is left out of its piece and its neighbours
    become adjacent, as in the library with `limit_alphabet`.

    The pair with the highest count is merged first; equal counts go to the pair with the smaller ids. A merge
    seen fewer than `min_frequency` times ends the training, as does a full vocabulary. A pair whose merge `caps`
    forbid never merges. A merge that spells a special token takes its id, as in the library.

    Raises ContractError when pieces are no strings or null, when counts are not int64 above 0 for each piece, or when
    a pair is seen 2^63 times; ConfigError when `vocab_size` is above 2^21.

    >>> train(pa.array(["가", "각"]), np.array([3, 1]), 259, ["<|endoftext|>"]).merges
    [('ê', '°'), ('ê°', 'Ģ')]
    """
    if vocab_size > MOST_TOKENS:
        raise ConfigError("vocab_size", f"at most {MOST_TOKENS}", f"{vocab_size}", "Lower it.")
    byte_level = alphabet is None
    base = sorted(_BYTES if alphabet is None else alphabet)
    vocab = {token: i for i, token in enumerate(dict.fromkeys([*special_tokens, *base]))}
    ids = np.full(256 if byte_level else 0x110000, -1, np.int32)
    ids[[_BYTES[c] if byte_level else ord(c) for c in base]] = [vocab[c] for c in base]
    table = lay_out(pieces, counts, ids, byte_level)

    def allowed(token: str) -> bool:
        return caps.allow(_text(token, byte_level))

    return Trained(vocab, _merge(table, vocab, vocab_size, max(1, min_frequency), allowed))


def _merge(
    table: Table, vocab: dict[str, int], vocab_size: int, lowest: int, allowed: Callable[[str], bool]
) -> list[tuple[str, str]]:
    """The merges, in order, down to the count `lowest`; fills `vocab`."""
    tokens, merges = list(vocab), list[tuple[str, str]]()
    floor = 1 << 63
    queue: list[tuple[int, Pair]] = []  # (-count, pair); the count is an upper bound until the places are read again
    places: dict[Pair, Array] = {}  # of the pairs in the queue: all where the pair stands, and some where it stood
    while len(tokens) < vocab_size:
        if not queue:
            if floor == lowest:
                break
            floor, found = table.frequent(floor, lowest)
            places = {pair: at for pair, _, at in found}
            queue = [(-count, pair) for pair, count, _ in found]
            heapq.heapify(queue)
            continue
        negative, pair = heapq.heappop(queue)
        left, right = tokens[pair[0]], tokens[pair[1]]
        at, count = table.where(pair, places.pop(pair), len(left))
        if count != -negative:
            if count >= floor:
                places[pair] = at
                heapq.heappush(queue, (-count, pair))
            continue
        joined = left + right
        if not allowed(joined):
            continue
        merges.append((left, right))
        # No two merges spell the same token: where no token crosses the borders of a string, it always merges alike.
        if joined not in vocab:  # so only a special token can be there
            vocab[joined] = len(tokens)
            tokens.append(joined)
        merged = table.merge(pair, at, (len(left), len(right)), vocab[joined])
        for pair, count, at in table.around(vocab[joined], merged, len(joined), floor):
            places[pair] = at
            heapq.heappush(queue, (-count, pair))
    return merges


def _text(token: str, byte_level: bool) -> bytes:
    """The UTF-8 bytes that a token stands for."""
    return bytes(_BYTES[c] for c in token) if byte_level else token.encode("utf-8", "surrogatepass")
