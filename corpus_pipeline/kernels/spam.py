"""Spam and promotion in Korean text: phrases of gambling, adult, loan and other offers, also in disguise, and contacts.

Two looks. The first finds phrases that only an offer uses (먹튀검증, 당일대출, 사은품증정), and words whose spelling
hides them (카.지.노, 토 토, ㅋr지노). Only in texts that have one, the second counts the words that offers share with
articles (카지노, 대출, 할인). So an article on gambling has a ratio of 0, or a small one where it quotes an offer.
The phrases are data: resources/ko/spam.tsv. Bias: keep when unsure; a ratio, never a verdict by one hit.

Rule: spam, spam_ratio over 0.05, all types alike. Measured on 66 MB of clean text of 12 types: over it are 20 of 50,463
documents (spoken 6 of 10,000, comment 6 of 10,792, review 4 of 6,000, encyclopedia 2 of 6,960, news 1, dialogue 1), and
84 % of 2,123 advertisements made of the held-out phrases of ko/bad_texts.tsv.
Rule: contacts, over 0.02 contacts per eojeol where there are 2 or more, all types alike. Measured: 0 of 9,343 petitions
and news, blog and technical pages. Not measured on real advertisements: there were none.

Cost: texts are laid end to end, and the places where a phrase may start are found with numpy by the hash of their
letters; expressions look only there. 48 MB/s (measured, on a loaded machine), and 0.3 s once per worker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus_pipeline.kernels.chunks import chunks
from corpus_pipeline.kernels.jamo import is_syllable, keys
from corpus_pipeline.kernels.unicode import code_points
from corpus_pipeline.resources import read_tsv

__all__ = ["KINDS", "spam_columns"]

KINDS = ("gambling", "adult", "loan", "promotion")
SHORT = 3  # letters; a phrase of so few must start a word, and end one where it is split
CHUNK_CHARS = 1_000_000  # own choice: temporaries of a chunk stay under 30 MB
_VOWELS = {"ㅏ": "ㅏr", "ㅣ": "ㅣl"}  # as they are typed to look alike
_PHONE = r"(?:\+82|0\d{1,2}|1[568]\d\d)[-.) ]{0,2}[\d*]{3,4}[-. ]?[\d*]{3,4}"
_ADDRESS = r"https?://|www\.|open\.kakao|pf\.kakao|t\.me/|\*{3}|[\w.]{1,40}@"  # stars: what scrub writes
_CALLS = ("문의", "상담", "예약", "연락", "주문", "신청")
_SERVICES = ("카톡", "카카오톡", "텔레그램", "텔레", "라인", "위챗", "오픈채팅", "옵챗", "디엠")
_CONTACT = re.compile(
    rf"(?:{'|'.join(_CALLS)})[^\n]{{0,16}}?(?:{_PHONE}|{_ADDRESS})"
    rf"|(?<![가-힣])(?:{'|'.join(_SERVICES)}) ?(?:(?:아이디|[iI][dD]|[:：@]) ?[:：@]? ?[a-zA-Z0-9_*]{{3,30}}|@?\*{{3}})"
    r"|open\.kakao\.com/|pf\.kakao\.com/|(?<![a-z])t\.me/"
)
_SIGN = re.compile(r"[\d*@:：/]|www|아이디|[iI][dD]")  # every contact has one within 30 characters of its start
_CONTACT_STARTS = (*_CALLS, *_SERVICES, "openkakao", "pfkakao", "tme")
_HASH_BITS = 18
_MULTIPLY, _MIX = np.uint32(0x9E3779B1), np.uint32(0x85EBCA6B)  # odd; no other property is needed


class Phrase(NamedTuple):
    """A row of spam.tsv; allowed: words with the phrase in them that are no hit, and where it stands in them."""

    text: str
    kind: str
    strength: str
    allowed: tuple[tuple[str, int], ...]


class Offer(NamedTuple):
    start: int
    end: int
    kind: str


def spam_columns(texts: Sequence[str]) -> dict[str, NDArray[np.float64] | NDArray[np.int64]]:
    """Columns of each text, in order. Never raises.

    spam_ratio  float64, 0 to 1: characters inside phrases of spam.tsv / non-space characters
    spam_gambling, spam_adult, spam_loan, spam_promotion  int64: phrases of the kind that only an offer uses
    contacts    int64: calls to get in touch with a number, address, id or the mask of one

    >>> found = spam_columns(["카.지.노 첫충 30% 문의 010-****-****", "카지노 규제법이 국회를 통과했다."])
    >>> found["spam_gambling"].tolist(), found["contacts"].tolist(), found["spam_ratio"].round(2).tolist()
    ([2, 0], [1, 0], [0.36, 0.0])
    """
    counts = np.zeros((len(texts), len(KINDS) + 1), np.int64)
    ratio = np.zeros(len(texts))
    first = 0
    for chunk in chunks(texts, CHUNK_CHARS):
        starts = np.cumsum([0, *(len(text) + 1 for text in chunk)])
        offers, contacts = _found("\n".join(chunk))
        by_text: dict[int, list[tuple[int, int]]] = {}
        for start, end, kind in offers:
            at = int(np.searchsorted(starts, start, "right")) - 1
            counts[first + at, KINDS.index(kind)] += 1
            by_text.setdefault(at, []).append((start - int(starts[at]), end - int(starts[at])))
        for start in contacts:
            counts[first + int(np.searchsorted(starts, start, "right")) - 1, -1] += 1
        for at, spans in by_text.items():
            ratio[first + at] = _ratio(chunk[at], spans)
        first += len(chunk)
    names = [*(f"spam_{kind}" for kind in KINDS), "contacts"]
    return {"spam_ratio": ratio, **{name: counts[:, at] for at, name in enumerate(names)}}


def _found(text: str) -> tuple[list[Offer], list[int]]:
    """Offers, in order and apart; starts of contacts, likewise."""
    offers: list[Offer] = []
    contacts: list[int] = []
    done = reached = 0
    for at, begin in _candidates(text):
        if at >= done:
            for phrase in (*_offers().get(begin, ()), *_offers().get(begin[:2], ())):
                match = _disguised(phrase).match(text, at)
                if match and _stands(text, match, phrase):
                    offers.append(Offer(*match.span(), phrase.kind))
                    done = match.end()
                    break
        if at >= reached and _SIGN.search(text, at, at + 30) and (contact := _CONTACT.match(text, at)):
            contacts.append(at)
            reached = contact.end()
    return offers, contacts


def _candidates(text: str) -> Iterator[tuple[int, str]]:
    """Places where an offer or contact may start, and the three letters there, without the signs between them."""
    points = code_points(text)
    places = np.flatnonzero(_letters()[points])
    points = points[places]
    pairs, triples = _begins()
    hashed = points[:-1] * _MULTIPLY + points[1:]
    begins = pairs[_slot(hashed)]
    begins[:-1] |= triples[_slot(hashed[:-1] * _MULTIPLY + points[2:])]
    at = np.flatnonzero(begins)
    letters = (places[np.minimum(at + offset, len(places) - 1)].tolist() for offset in range(3))
    for first, second, third in zip(*letters, strict=True):
        yield first, text[first] + text[second] + text[third]


def _slot(hashed: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return (hashed * _MIX) >> np.uint32(32 - _HASH_BITS)


@cache
def _letters() -> NDArray[np.bool_]:
    """By code point: letters of Korean and of ASCII, and the newline, which ends every phrase."""
    table = np.zeros(0x110000, bool)
    for first, last in ("가힣", "ㄱㅣ", "az", "AZ", "\n\n"):
        table[ord(first) : ord(last) + 1] = True
    return table


@cache
def _begins() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """[2**_HASH_BITS] each: hashes of the first two letters of what has only two, of the first three of the rest."""
    pairs, triples = np.zeros((2, 2**_HASH_BITS), bool)
    for begin in {*_offers(), *(start[:3] for start in _CONTACT_STARTS)}:
        points = np.array([ord(letter) for letter in begin], np.uint32)
        hashed = points[:1] * _MULTIPLY + points[1:2]
        if len(points) == 2:
            pairs[_slot(hashed)] = True
        else:
            triples[_slot(hashed * _MULTIPLY + points[2:])] = True
    return pairs, triples


def _ratio(text: str, offers: Sequence[tuple[int, int]]) -> float:
    """Share of the non-space characters inside offers and, as there are offers, inside topics."""
    pattern, phrases = _topics()
    matches = pattern.finditer(text)
    topics = [match.span() for match in matches if _stands(text, match, phrases[match.group()])]
    covered, reached = 0, 0
    for start, end in sorted([*offers, *topics]):
        covered += _solid(text[max(start, reached) : end])
        reached = max(end, reached)
    return covered / _solid(text)


def _solid(text: str) -> int:
    return sum(map(len, text.split()))


def _stands(text: str, match: re.Match[str], phrase: Phrase) -> bool:
    """Whether a match is a word of its own, and not one of the allowed."""
    start, end = match.span()
    if "\n" in match.group():
        return False
    if start and is_syllable(text[start - 1]) and len(phrase.text) <= SHORT:
        return False
    if match.group() == phrase.text:
        return not any(start >= offset and text.startswith(word, start - offset) for word, offset in phrase.allowed)
    if start and text[start - 1].isalnum():
        return False
    return len(phrase.text) > SHORT or not is_syllable(text[end : end + 1])


def _spellings(letter: str, hide: bool) -> list[tuple[str, ...]]:
    """Ways to type a letter, key by key with look-alikes: 카 -> 카, ㅋ and one of ㅏr."""
    typed = keys(letter)
    return [(letter,), tuple(_VOWELS.get(key, key) for key in typed)] if hide and len(typed) > 1 else [(letter,)]


@cache
def _disguised(phrase: Phrase) -> re.Pattern[str]:
    """An offer with signs between its letters; promotion with spaces alone. Compiled when first needed."""
    hide = phrase.kind != "promotion"
    letters = [
        "(?:" + "|".join("".join(f"[{key}]" for key in keys) for keys in _spellings(letter, hide)) + ")"
        for letter in phrase.text
    ]
    pattern = (r"[\W\d_]{0,2}" if hide else " ?").join(letters)
    return re.compile(rf"(?!{phrase.text}){pattern}" if phrase.strength == "masked" else pattern)


@cache
def _offers() -> dict[str, tuple[Phrase, ...]]:
    """First two letters of phrases of two, first three of others, as they may be typed -> phrases, longest first."""
    found: dict[str, list[Phrase]] = {}
    for phrase in _rows("strong", "masked"):
        heads = (
            "".join(keys)
            for spelled in product(*(_spellings(letter, phrase.kind != "promotion") for letter in phrase.text[:3]))
            for keys in product(*(key for keys in spelled for key in keys))
        )
        for begin in dict.fromkeys(head[: 2 if len(head) == 2 else 3] for head in heads):
            found.setdefault(begin, []).append(phrase)
    return {begin: tuple(phrases) for begin, phrases in found.items()}


@cache
def _topics() -> tuple[re.Pattern[str], dict[str, Phrase]]:
    phrases = {phrase.text: phrase for phrase in _rows("topic", "masked")}
    return re.compile("|".join(map(re.escape, phrases))), phrases


def _rows(*strengths: str) -> list[Phrase]:
    """Phrases of these strengths, the longest first."""
    rows = sorted(read_tsv("ko/spam.tsv"), key=lambda row: (-len(row[0]), row))
    return [
        Phrase(text, kind, strength, tuple((word, word.index(text)) for word in allow.split()))
        for text, kind, strength, allow in rows
        if strength in strengths
    ]
