"""The form in which texts are compared: what two copies of one text still share after typesetting.

Width, letter case, punctuation, symbols, emoji and the amount of white space are dropped; every letter, mark and
number of any script stays, and a word border stays a word border. The form is for comparing and is never written.

Nearly every character has a form of its own, whatever stands beside it, so a batch of texts is one look-up in a table.
The others (combining marks, conjoining jamo) send their text the long way round, through `unicodedata`.

Bias: keep when unsure. A text without a letter, mark or number has the empty form, which equals nothing
(`content_hashes` has None). Two texts that differ in symbols alone ("5 %" and "-5 %", "C" and "C++") do have one form.

Cost: linear; about 20 ns a character, 200 ns in a text with marks; 20 bytes of memory a character of the batch.
The classes are those of `unicodedata` (Unicode 14 in Python 3.11): every worker needs the same Python version.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from itertools import chain
from typing import NamedTuple
from unicodedata import category, combining, decomposition, normalize

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from corpus_pipeline.kernels.unicode import code_points

__all__ = ["Forms", "comparison_form", "comparison_forms", "content_hashes", "form_pieces", "narrow", "text_of"]

CodePoints = npt.NDArray[np.uint32]
Offsets = npt.NDArray[np.int64]

SPACE = 0x20
PIECE = 1 << 18  # characters in work at a time: 1 MB, which a core's cache holds; 1 << 20 took an eighth longer
_POINTS = 0x110000  # Unicode's range
# What the table says of characters without a form of one character; greater than every code point.
_MANY, _IGNORE, _BOUND = np.uint32(0xFFFFFFFD), np.uint32(0xFFFFFFFE), np.uint32(0xFFFFFFFF)
# NFKC turns a lone ㅋ into a conjoining ᄏ, and ㅎㅏ into 하. Letters typed apart stay apart: while text is normalised,
# U+3131-318E lie in the private use area, which has no meaning here and is emptied before.
_JAMO, _SHIELD, _JAMO_COUNT = 0x3131, 0xE000, 94
# Half-width jamo lie in the order of the full ones, in five rows with gaps (Unicode chart UFF00).
_HALF, _HALF_END = 0xFFA1, 0xFFDC
_HALF_ROWS = ((0xFFA1, 0x3131, 30), (0xFFC2, 0x314F, 6), (0xFFCA, 0x3155, 6), (0xFFD2, 0x315B, 6), (0xFFDA, 0x3161, 3))
# Letters by category that nobody sees: Hangul and Khmer fillers. Marks that choose a glyph: CGJ, variation selectors.
_FILLERS = (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
_ARAEA = 0x318D  # a letter by category; in today's text the middle dot of lists (소재ㆍ부품)
# Vowels and final consonants join the jamo or the syllable before them (Unicode, section 3.12).
_JOINING = (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))
_ASSIGNED = (range(0x40000), range(0xE0000, 0xE0200))  # elsewhere: nothing, or private use
_PLAIN = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xAC00, 0xD7A4), (0x20000, 0x2F800), (0x30000, 0x40000))  # NFKC: itself
_WORD = ("Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Nl", "No")  # categories of letters, marks, numbers
_GUARD = "a"  # a letter that nothing after a cut joins


class Forms(NamedTuple):
    """Texts in comparison form: text i is values[starts[i]:ends[i]], code points with one space between words."""

    values: CodePoints
    starts: Offsets
    ends: Offsets

    def rows(self) -> Iterator[CodePoints]:
        """Views, one a text."""
        return (self.values[start:end] for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True))


def comparison_form(text: str) -> str:
    """Words of letters, marks and numbers, one space between; NFC, folded case and width. Idempotent.

    >>> comparison_form("안녕하세요!!  ＫＯＲＥＡ 2021(ㅋㅋ)… 소재ㆍ부품")
    '안녕하세요 korea 2021 ㅋㅋ 소재 부품'
    >>> comparison_form("\\u1112\\u1161\\u11ab국\\u200b어"), comparison_form(" ?! ")
    ('한국어', '')
    """
    codes = code_points(text)
    return text_of(next(_forms(codes, np.array([0, len(codes)])).rows()))


def comparison_forms(texts: pa.Array, fold_digits: bool = False) -> Forms:
    """comparison_form of each of many texts (Arrow strings, none null). fold_digits: 1-9 become 0."""
    if not len(texts):
        return Forms(np.empty(0, np.uint32), np.empty(0, np.int64), np.empty(0, np.int64))
    _, bounds, data = texts.buffers()
    width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    used = np.frombuffer(bounds, width)[texts.offset : texts.offset + len(texts) + 1]
    joined = str(memoryview(data or b"")[used[0] : used[-1]], "utf-8")
    lengths = pc.utf8_length(texts).to_numpy(zero_copy_only=False)
    forms = _forms(code_points(joined), np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]))
    if fold_digits:
        forms.values[_within(forms.values, ord("1"), 9)] = ord("0")
    return forms


def form_pieces(text: str, fold_digits: bool = False, length: int = PIECE) -> Iterator[CodePoints]:
    """The form of a long text, worked out on about `length` of its characters at a time; end to end the pieces are it.

    A piece ends before a space or line feed when one is in its last tenth. It may be empty.

    >>> [text_of(piece) for piece in form_pieces("가나다 라마 ... 바", length=4)]
    ['가나다', ' 라마', ' 바']
    """
    begin, owed, written = 0, False, False  # owed: a border lies before the next word
    while begin < len(text):
        end = _cut(text, begin, begin + length)
        guarded = (_GUARD if begin else "") + text[begin:end] + _GUARD  # so that borders at the ends show
        form = text_of(next(comparison_forms(pa.array([guarded], pa.large_string()), fold_digits).rows()))
        inner = form[1 if begin else 0 : -1]
        words = inner.strip(" ")
        owed = written and (owed or inner.startswith(" "))
        yield code_points((" " if owed and words else "") + words)
        written = written or bool(words)
        owed = inner.endswith(" ") or (owed and not words)
        begin = end


def content_hashes(forms: Forms) -> list[bytes | None]:
    """16 bytes that are equal for equal comparison forms (BLAKE2b of UTF-16-LE); None for the empty form.

    128 bits: among 1e11 documents a chance collision has odds of 1e-17 (birthday bound).

    >>> a, b, c = content_hashes(comparison_forms(pa.array(["가, 나", "가 나!", "..."])))
    >>> len(a), a == b, c
    (16, True, None)
    """
    if len(forms.values) and forms.values.max() > 0xFFFF:
        rows = [narrow(form) for form in forms.rows()]
    else:
        data = forms.values.astype("<u2").tobytes()
        rows = [
            data[2 * start : 2 * end] for start, end in zip(forms.starts.tolist(), forms.ends.tolist(), strict=True)
        ]
    return [blake2b(row, digest_size=16).digest() if row else None for row in rows]


def narrow(form: CodePoints) -> bytes:
    """UTF-16-LE of a form: what is hashed."""
    return text_of(form).encode("utf-16-le", "surrogatepass")


def text_of(form: CodePoints) -> str:
    """Code points as a string."""
    return form.astype("<u4", copy=False).tobytes().decode("utf-32-le", "surrogatepass")


def _forms(codes: CodePoints, offsets: Offsets) -> Forms:
    """Forms of the texts codes[offsets[i]:offsets[i + 1]]."""
    folded = _table().single[codes]
    if len(folded) and folded.max() >= _MANY:
        folded, offsets = _settled(codes, folded, offsets)
    word = folded != SPACE
    kept = word.copy()
    kept[1:] |= word[:-1]  # the first separator after a word
    first = offsets[:-1][offsets[:-1] < offsets[1:]]
    kept[first] = word[first]
    offsets = offsets - np.searchsorted(np.flatnonzero(~kept), offsets)
    values, starts, ends = folded[kept], offsets[:-1], offsets[1:].copy()
    filled = np.flatnonzero(starts < ends)
    ends[filled] -= values[ends[filled] - 1] == SPACE
    return Forms(values, starts, ends)


def _settled(codes: CodePoints, folded: CodePoints, offsets: Offsets) -> tuple[CodePoints, Offsets]:
    """`folded` where every element is a code point: bound, many and ignored characters are done."""
    table = _table()
    special = np.flatnonzero(folded >= _MANY)
    bound = special[folded[special] == _BOUND]
    if len(bound):
        codes, folded, offsets = _bound_settled(codes, folded, offsets, bound)
        special = np.flatnonzero(folded >= _MANY)
    many = special[folded[special] == _MANY]
    if len(many):
        which = np.searchsorted(table.many, codes[many])
        lengths = table.lengths[which]
        before = np.concatenate([[0], np.cumsum(lengths - 1)])  # characters added before each of `many`
        places = many + before[:-1]
        own = np.ones(len(folded) + before[-1], np.bool_)
        for place in range(1, int(lengths.max())):
            own[places[lengths > place] + place] = False
        widened = np.empty(len(own), np.uint32)
        widened[own] = folded
        for place in range(int(lengths.max())):
            here = lengths > place
            widened[places[here] + place] = table.forms[table.first[which][here] + place]
        folded, offsets = widened, offsets + before[np.searchsorted(many, offsets)]
        special = np.flatnonzero(folded == _IGNORE)
    unseen = special[folded[special] == _IGNORE]
    if len(unseen):
        folded, offsets = np.delete(folded, unseen), offsets - np.searchsorted(unseen, offsets)
    return folded, offsets


def _bound_settled(
    codes: CodePoints, folded: CodePoints, offsets: Offsets, bound: Offsets
) -> tuple[CodePoints, CodePoints, Offsets]:
    """(codes, folded, offsets) with the texts that hold bound characters composed; the others as they are."""
    single = _table().single
    texts = np.searchsorted(offsets, bound, side="right") - 1
    lengths = np.diff(offsets)
    old, new, done = [], [], 0
    for i in texts[np.diff(texts, prepend=-1) > 0].tolist():
        start, end = offsets[i], offsets[i + 1]
        composed = _composed(codes[start:end])
        forms = single[composed]
        alone = forms == _BOUND
        forms[alone] = composed[alone]
        old += [codes[done:start], composed]
        new += [folded[done:start], forms]
        lengths[i], done = len(composed), end
    ends = np.concatenate([[0], np.cumsum(lengths)])
    return np.concatenate([*old, codes[done:]]), np.concatenate([*new, folded[done:]]), ends


def _composed(codes: CodePoints) -> CodePoints:
    """NFKC without ignored characters, case folded, in NFC; jamo as they were typed."""
    codes = codes[_table().single[codes] != _IGNORE]  # they may stand between a letter and its mark
    codes[_within(codes, _SHIELD, _JAMO_COUNT)] = SPACE
    half = _within(codes, _HALF, _HALF_END - _HALF + 1)
    codes[half] = _half_jamo()[codes[half] - _HALF]
    codes[_within(codes, _JAMO, _JAMO_COUNT)] += np.uint32(_SHIELD - _JAMO)
    codes = code_points(normalize("NFC", normalize("NFKC", text_of(codes)).casefold())).copy()
    codes[_within(codes, _SHIELD, _JAMO_COUNT)] -= np.uint32(_SHIELD - _JAMO)
    return codes


def _within(codes: CodePoints, start: int, count: int) -> npt.NDArray[np.bool_]:
    return codes - np.uint32(start) < count  # below `start` the difference wraps around to a large number


def _cut(text: str, begin: int, end: int) -> int:
    """Where a piece that starts at `begin` ends: before white space, or before a character of its own."""
    if end >= len(text):
        return len(text)
    reach = max(begin + 1, end - (end - begin) // 10)
    blank = max(text.rfind(" ", reach, end + 1), text.rfind("\n", reach, end + 1))
    if blank > begin:
        return blank
    single = _table().single
    while end < len(text) and single[ord(text[end])] >= _IGNORE:
        end += 1
    return end


class _Table(NamedTuple):
    """single: code point -> its form, or _MANY, _IGNORE, _BOUND (what it becomes depends on its neighbours).

    many[i], ascending, has the form forms[first[i]:first[i] + lengths[i]].
    """

    single: CodePoints
    many: CodePoints
    first: Offsets
    lengths: Offsets
    forms: CodePoints


@cache
def _table() -> _Table:
    """4.4 MB, made once per process in 0.1 s."""
    classes = _classes()
    single = np.where(classes, np.arange(_POINTS, dtype=np.uint32), np.uint32(SPACE))
    many: dict[int, list[int]] = {}
    bound = _bound()
    for code in _other():
        text = chr(code)
        if code not in bound and not decomposition(text) and text.casefold() == text:  # most: itself, soon seen
            continue
        folded = normalize("NFKC", text).casefold()
        if _JAMO <= code < _JAMO + _JAMO_COUNT:
            folded = text
        elif _HALF <= code <= _HALF_END:
            folded = chr(_half_jamo()[code - _HALF])
        if folded == text and code not in bound:
            continue
        form = [SPACE if not classes[ord(c)] else ord(c) for c in normalize("NFC", folded) if classes[ord(c)] != 2]
        form = [c for i, c in enumerate(form) if c != SPACE or i == 0 or form[i - 1] != SPACE]  # as good as all
        if any(c in bound for c in form):
            single[code] = _BOUND
        elif len(form) == 1:
            single[code] = form[0]
        else:
            single[code], many[code] = _MANY, form
    single[classes == 2] = _IGNORE
    codes = sorted(code for code in many if single[code] == _MANY)
    lengths = np.array([len(many[code]) for code in codes], np.int64)
    forms = np.array([c for code in codes for c in many[code]], np.uint32)
    return _Table(single, np.array(codes, np.uint32), np.cumsum(lengths) - lengths, lengths, forms)


def _other() -> Iterator[int]:
    """The assigned code points whose NFKC may be something else."""
    plain = bytearray(_ASSIGNED[-1].stop)
    for start, end in _PLAIN:
        plain[start:end] = b"\1" * (end - start)
    return (code for code in chain(*_ASSIGNED) if not plain[code])


def _bound() -> set[int]:
    """Characters that may join the one before: marks of a combining class, second halves of compositions, jamo."""
    found = set(_JOINING)
    for code in _other():
        text = chr(code)
        if combining(text):
            found.add(code)
        parts = decomposition(text).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            found.add(int(parts[1], 16))
    return found


@cache
def _half_jamo() -> CodePoints:
    """From U+FFA1: the full-width code point; the gaps stay."""
    table = np.arange(_HALF, _HALF_END + 1, dtype=np.uint32)
    for half, full, count in _HALF_ROWS:
        table[half - _HALF : half - _HALF + count] = np.arange(full, full + count)
    return table


@cache
def _classes() -> npt.NDArray[np.uint8]:
    """Code point -> 0 separator, 1 kept, 2 ignored."""
    table = np.zeros(_POINTS, np.uint8)
    # Format characters (ZWSP, soft hyphen, direction) split no word; an enclosing keycap is no letter.
    classes = {"Cf": 2, "Me": 2} | dict.fromkeys(_WORD, 1)
    for codes in _ASSIGNED:
        table[codes.start : codes.stop] = [classes.get(category(chr(code)), 0) for code in codes]
    table[list(_FILLERS)] = 2
    table[_ARAEA] = 0
    return table
