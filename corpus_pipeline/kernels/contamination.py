"""Contamination: which evaluation sets a text holds items of, by n-grams of morphemes that they share.

The rule is GPT-3's (Brown et al. 2020, appendix C: 13-grams, shorter ones for short items), on the comparison form
(kernels/normalise.py), so case, width, punctuation and NFD do not matter. Items are cut into morphemes as the tokenizer
cuts them, Han and kana into characters. An item under n morphemes is one gram as a whole, when it has at least
`shortest`; a shorter one cannot be told from ordinary speech and is left out. So is a gram of figures: with fewer than
LETTERS letters it stands in any table. An item that is one gram as a whole counts as often as it is given, so that the
stem of two hundred questions is a set phrase; a longer one counts once, since contexts repeat with every question.

Texts are not cut. A gram is looked for as its characters without spaces: who shares its morphemes shares those, and a
copy that is spaced otherwise, which MeCab would cut otherwise, is found too. A gram has at least HEAD characters, since
each morpheme has one. The heads of all grams are a bitmap and a sorted array; a rolling hash looks up every place of
every text, and only where a head is found the whole gram is compared, by a 64-bit hash.

Bias: flag when unsure. One gram is enough, also where text and item both quote a third text, and it may end inside a
word. An odd match by collision of hashes has odds of 2^-64 a place.

Cost: 45 ns a character, the comparison form 25 of them. Memory: 40 bytes a character, of PIECE characters at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from unicodedata import category

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import regex

from corpus_pipeline.kernels.morphemes import pieces
from corpus_pipeline.kernels.normalise import PIECE, comparison_form, comparison_forms, form_pieces
from corpus_pipeline.kernels.rolling import Block, Letters, Places, blocks
from corpus_pipeline.kernels.shingle import Hashes, Ragged, units

__all__ = ["HEAD", "LETTERS", "Counts", "Index", "Rule", "build", "evaluation_sets"]

Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int32]

HEAD = 13  # characters; measured: a text of KorQuAD's language shares fewer than 1 in 10,000 places with it by chance
LETTERS = 5  # of a gram (Unicode L) at least; own choice: "x = [0, 0, ...]" has one
_SPARSE, _LEAST_BITS, _MOST_BITS = 64, 16, 26  # bits of the bitmap for each head; 8 MB of them at most
_UNIT = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]|[^\p{Han}\p{Hiragana}\p{Katakana}\s]+")


class Rule(NamedTuple):
    """What a match is.

    n            morphemes of a gram (13: GPT-3)
    shortest     morphemes of the shortest item that counts, as a whole (8: GPT-3's smallest n)
    max_items    a gram that more items of its set share is a set phrase and does not count (own choice). Items are
                 different ones, but a gram that is a whole item has as many as it is given
    min_matches  different grams of a set that a text must hold (1: GPT-3)
    """

    n: int = 13
    shortest: int = 8
    max_items: int = 10
    min_matches: int = 1


class Counts(NamedTuple):
    """Of one set: different items, those of them without a gram, grams, and grams that too many items share."""

    items: int
    unusable: int
    grams: int
    common: int


class Index(NamedTuple):
    """Evaluation sets, ready to look texts up in: 29 bytes a gram.

    names    of the sets, ascending; counts: the same
    heads    uint64 [grams], ascending: hash of the first HEAD characters of each gram
    lengths  int32 [grams], characters; grams: uint64 [grams], hash of all of them; owners: int32 [grams], its set
    bitmap   uint8 [2^k]: bit h >> (61 - k) of it is set for every h in `heads`
    """

    names: tuple[str, ...]
    counts: tuple[Counts, ...]
    heads: Hashes
    lengths: Numbers
    grams: Hashes
    owners: Numbers
    bitmap: npt.NDArray[np.uint8]
    min_matches: int


def build(sets: Mapping[str, Sequence[str]], rule: Rule | None = None) -> Index:
    """The index of the items of sets, by name. Equal items of a set count once, but for max_items (Rule).

    >>> item = "세종대왕은 조선의 제4대 국왕이며 훈민정음을 창제하여 백성이 쉽게 글을 쓰게 하였다."
    >>> build({"quiz": [item, item + "!", "누구인가?"]}).counts
    (Counts(items=2, unusable=1, grams=15, common=0),)
    """
    rule = rule or Rule()
    names = tuple(sorted(sets))
    read = [_read(sets[name], rule) for name in names]
    heads = np.concatenate([np.empty(0, np.uint64), *(one.heads for one in read)])
    order = np.argsort(heads, kind="stable")
    heads = heads[order]
    bits = min(_MOST_BITS, max(_LEAST_BITS, (_SPARSE * len(heads)).bit_length()))
    bitmap = np.zeros(1 << bits, np.bool_)
    bitmap[heads >> np.uint64(64 - bits)] = True
    owners = np.repeat(np.arange(len(read), dtype=np.int32), [len(one.heads) for one in read])
    return Index(
        names,
        tuple(one.counts for one in read),
        heads,
        np.concatenate([np.empty(0, np.int32), *(one.lengths for one in read)])[order],
        np.concatenate([np.empty(0, np.uint64), *(one.grams for one in read)])[order],
        owners[order],
        np.packbits(bitmap, bitorder="little"),
        rule.min_matches,
    )


def evaluation_sets(texts: pa.Array, index: Index) -> list[list[str]]:
    """Names of the sets of which each text holds an item, ascending. texts: Arrow strings, none null.

    >>> item = "세종대왕은 조선의 제4대 국왕이며 훈민정음을 창제하여 백성이 쉽게 글을 쓰게 하였다."
    >>> text = "그런데 세종 대왕은 조선의 제 4대 국왕이며, '훈민정음'을 창제하여 백성이 쉽게 글을 쓰게 했다고 한다."
    >>> evaluation_sets(pa.array([text, "세종대왕은 조선의 제4대 국왕이며 시인이었다."]), build({"quiz": [item]}))
    [['quiz'], []]
    """
    result: list[list[str]] = [[] for _ in range(len(texts))]
    first = 0
    for letters, offsets in _letters(texts) if len(index.heads) else ():
        for row, owner in _enough(list(_hits(letters, offsets, index)), index.min_matches):
            result[first + row].append(index.names[owner])
        first += len(offsets) - 1
    return result


def _letters(texts: pa.Array) -> Iterator[Ragged]:
    """Comparison forms without spaces, of texts of up to PIECE characters together or of one longer text."""
    ends = np.cumsum(pc.utf8_length(texts).to_numpy(zero_copy_only=False), dtype=np.int64)
    begin = 0
    while begin < len(texts):
        before = int(ends[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, before + PIECE, side="right")))
        if ends[end - 1] - before <= PIECE:
            yield units(comparison_forms(texts.slice(begin, end - begin)))
        else:
            parts = [part[part != ord(" ")] for part in form_pieces(texts[begin].as_py())]
            letters = np.concatenate(parts)
            yield Ragged(letters, np.array([0, len(letters)]))
        begin = end


class _Hits(NamedTuple):
    """Different grams that were found, ascending: the text, the set, the gram."""

    rows: Places
    owners: Numbers
    grams: Hashes


def _hits(letters: Letters, offsets: Places, index: Index) -> Iterator[_Hits]:
    """What the texts hold of the index, a block of places at a time."""
    shift = np.uint64(61 - (len(index.bitmap).bit_length() - 1))
    for block in blocks(letters, HEAD, int(index.lengths.max())):
        heads = block.all_hashes(HEAD)
        slots = heads >> shift
        bits = index.bitmap[slots >> np.uint64(3)] >> (slots & np.uint64(7)).astype(np.uint8)
        likely = np.flatnonzero(bits & np.uint8(1))
        likely = likely[_member(heads[likely], index.heads)]
        if len(likely):
            yield _whole(block, likely, heads[likely], offsets, index)


def _whole(block: Block, places: Places, heads: Hashes, offsets: Places, index: Index) -> _Hits:
    """The grams that stand, whole and in one text, where their head was found."""
    first = np.searchsorted(index.heads, heads)
    several = np.searchsorted(index.heads, heads, side="right") - first
    nth = np.arange(several.sum()) - np.repeat(np.cumsum(several) - several, several)
    entry = np.repeat(first, several) + nth
    place = np.repeat(places, several)
    row = np.searchsorted(offsets, block.begin + place, side="right") - 1
    inside = block.begin + place + index.lengths[entry] <= offsets[row + 1]
    row, entry, place = row[inside], entry[inside], place[inside]
    same = block.hashes(place, index.lengths[entry]) == index.grams[entry]
    return _different([_Hits(row[same], index.owners[entry[same]], index.grams[entry[same]])])


def _enough(hits: Sequence[_Hits], least: int) -> Iterator[tuple[int, int]]:
    """(text, set), ascending, with `least` different grams or more."""
    if hits:
        rows, owners, _ = _different(hits)
        start = _groups(rows, owners)
        enough = start[np.diff(start, append=len(rows)) >= least]
        yield from zip(rows[enough].tolist(), owners[enough].tolist(), strict=True)


def _different(hits: Sequence[_Hits]) -> _Hits:
    rows, owners, grams = (np.concatenate(column) for column in zip(*hits, strict=True))
    order = np.lexsort((grams, owners, rows))
    order = order[_groups(rows[order], owners[order], grams[order])]
    return _Hits(rows[order], owners[order], grams[order])


def _groups(*columns: npt.NDArray[Any]) -> Places:
    """Places where a row of sorted columns differs from the one before."""
    differs = np.zeros(len(columns[0]), np.bool_)
    differs[:1] = True
    for column in columns:
        differs[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(differs)


def _member(values: Hashes, known: Hashes) -> Flags:
    """Which of `values` are in `known` (ascending, not empty)."""
    places = np.searchsorted(known, values)
    places[places == len(known)] = 0
    found: Flags = known[places] == values
    return found


class _Set(NamedTuple):
    counts: Counts
    heads: Hashes
    lengths: Numbers
    grams: Hashes


def _read(items: Sequence[str], rule: Rule) -> _Set:
    """The grams of one set, in the order of their hashes."""
    given = Counter(map(comparison_form, items))
    texts = list(given)
    rows = [[len(m) for m in pieces(_UNIT.findall(text))] for text in texts]
    sizes = np.array([len(row) for row in rows], np.int64)
    upto = np.concatenate([[0], np.cumsum([n for row in rows for n in row], dtype=np.int64)])  # characters
    counts = np.where(sizes >= rule.n, sizes - rule.n + 1, sizes >= min(rule.shortest, rule.n))  # grams of each item
    item = np.repeat(np.arange(len(rows)), counts)
    nth = np.arange(len(item)) - np.repeat(np.cumsum(counts) - counts, counts)
    place = np.repeat(np.cumsum(sizes) - sizes, counts) + nth  # the first morpheme of each gram
    start = upto[place]
    lengths = upto[place + np.minimum(sizes[item], rule.n)] - start
    letters = units(comparison_forms(pa.array(texts, pa.large_string()))).values
    long = (lengths >= HEAD) & (_letter_counts(letters, start, lengths) >= LETTERS)
    item, start, lengths = item[long], start[long], lengths[long]
    heads, grams = _heads_and_grams(letters, start, lengths)
    order = np.lexsort((item, grams))
    item, lengths, heads, grams = item[order], lengths[order], heads[order], grams[order]
    first, pairs = _groups(grams), _groups(grams, item)
    times = np.where(sizes < rule.n, np.fromiter(given.values(), np.int64, len(given)), 1)  # that each item counts
    upto = np.concatenate([[0], np.cumsum(times[item[pairs]])])
    sharing = np.diff(upto[np.searchsorted(pairs, first)], append=upto[-1])
    rare = sharing <= rule.max_items
    kept = first[rare]
    usable = len(np.unique(item[np.repeat(rare, np.diff(first, append=len(grams)))]))
    found = Counts(len(texts), len(texts) - usable, len(kept), len(first) - len(kept))
    return _Set(found, heads[kept], lengths[kept].astype(np.int32), grams[kept])


def _letter_counts(letters: Letters, start: Places, lengths: Places) -> Places:
    """Characters of category L among `lengths` of them from each start on."""
    times = np.bincount(letters)  # of each code point
    known = np.zeros(len(times), np.bool_)
    known[[point for point in np.flatnonzero(times).tolist() if category(chr(point)).startswith("L")]] = True
    upto = np.concatenate([[0], np.cumsum(known[letters], dtype=np.int64)])
    found: Places = upto[start + lengths] - upto[start]
    return found


def _heads_and_grams(letters: Letters, start: Places, lengths: Places) -> tuple[Hashes, Hashes]:
    """Hashes of HEAD and of `lengths` characters from each start on (ascending), in all texts end to end."""
    heads, grams = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)]
    for block in blocks(letters, HEAD, int(lengths.max(initial=HEAD))):
        begin, end = np.searchsorted(start, [block.begin, block.begin + block.places])
        heads.append(block.hashes(start[begin:end] - block.begin, HEAD))
        grams.append(block.hashes(start[begin:end] - block.begin, lengths[begin:end]))
    return np.concatenate(heads), np.concatenate(grams)
