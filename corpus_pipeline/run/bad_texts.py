"""Ten kinds of bad text, made from clean ones: to train the network of plausibility.py, and to measure classify.

Each kind is a function of a clean text and gives a bad one of about its length, or None where the kind cannot be
had from it (four words cannot be shuffled to harm). Strengths are own choices, stated with each kind; a text is
drawn anywhere between the weakest and the strongest. Phrases stand in ko/bad_texts.tsv, two thirds of them open, for
training, a third held out, for the measurement: with `held_out` only those are used. Same texts and seed, same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from corpus_pipeline.resources import read_tsv
from corpus_pipeline.run.plain_texts import Text

FEW_WORDS = 6  # eojeol: fewer cannot be shuffled or repeated in a way that anyone would call bad
FEW_SENTENCES = 4  # fewer cannot be a mixture
LONGEST = 8_000  # characters of a bad text: that of plain_texts, so that length tells nothing
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")  # of a keyboard, and the same keys in its Korean layout
KOREAN_ROWS = ("ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ", "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ", "ㅋㅌㅊㅍㅠㅜㅡ")
SENTENCE = re.compile(r"[^\n]+?(?:[.!?…]+(?=\s|$)|(?<=[다요죠까])(?=\s*$)|\n|$)")
_PARTICLE = re.compile(
    r"(?:에서는|에서|에게|으로|까지|부터|처럼|보다|이나|에는|은|는|이|가|을|를|의|에|로|와|과|도|만)$"
)
_NOUN = re.compile(r"[가-힣]{2,6}")
_VERBAL = re.compile(r"(?:다|요|죠|까|며|고|서|면|니|지|게|한|할|된|될|던|해|된|인|적|라)$")


@dataclass(frozen=True)
class Pool:
    """What bad texts are made of beside their clean text. sentences: by document type, in order of the documents."""

    sentences: dict[str, list[str]]
    phrases: dict[str, list[str]]
    ks_syllables: str


Kind = Callable[[Text, Pool, Random], str | None]


def pool(texts: Iterable[Text], held_out: bool) -> Pool:
    """Sentences of `texts`, and the open or the held-out phrases."""
    found: dict[str, list[str]] = {}
    for text in texts:
        found.setdefault(text.doc_type, []).extend(sentences(text.text))
    return Pool(found, phrases(held_out), ks_x_1001())


def sentences(text: str) -> list[str]:
    """Stripped sentences of a text of LONGEST characters; lines end one."""
    return [one for match in SENTENCE.finditer(text[:LONGEST]) if len(one := match[0].strip()) >= 5]


@cache
def phrases(held_out: bool) -> dict[str, list[str]]:
    """Slot or kind -> phrases of bad_texts.tsv."""
    found: dict[str, list[str]] = {}
    for name, group, phrase in read_tsv("ko/bad_texts.tsv"):
        if (group == "held_out") == held_out:
            found.setdefault(name, []).append(phrase)
    return found


@cache
def ks_x_1001() -> str:
    """The 2,350 syllables of KS X 1001: those that have a code in EUC-KR."""
    every = (chr(code) for code in range(0xAC00, 0xD7A4))
    return "".join(one for one in every if _encodable(one))


def _encodable(one: str) -> bool:
    try:
        return len(one.encode("euc-kr")) == 2
    except UnicodeEncodeError:
        return False


def bad_texts(texts: Sequence[Text], seed: int, held_out: bool, per_kind: int) -> Iterator[tuple[str, Text]]:
    """(kind, bad text with the source and type of its clean one): up to `per_kind` of each kind and document type.

    Of Korean texts only: a tenth of Hangul at least.
    """
    korean = [text for text in texts if 10 * len(re.findall("[가-힣]", text.text)) >= len(text.text)]
    stock = pool(korean, held_out)
    by_type: dict[str, list[Text]] = {}
    for text in korean:
        by_type.setdefault(text.doc_type, []).append(text)
    for kind, make in KINDS.items():
        for doc_type, clean in sorted(by_type.items()):
            made = 0
            for at, text in enumerate(clean):
                bad = make(text, stock, Random(f"{seed} {kind} {doc_type} {at}"))
                if bad is not None and bad.strip() != text.text.strip():
                    yield kind, Text(text.source, doc_type, bad.strip())
                    made += 1
                if made == per_kind:
                    break


def mash(text: Text, pool: Pool, rng: Random) -> str:
    """Keys struck at random: of one row as fingers rest, or of all; Latin, jamo or syllables; 60-100 % of the words."""
    share, style = rng.uniform(0.6, 1), rng.choice(("latin", "jamo", "syllables"))
    rows = ROWS if style == "latin" else KOREAN_ROWS
    keys = rng.choice(rows) if rng.random() < 0.5 else "".join(rows)

    def struck(length: int) -> str:
        if style == "syllables":
            return "".join(_syllable(rng) for _ in range(length))
        return "".join(rng.choice(keys) for _ in range(max(2, 2 * length)))

    words = text.text[:LONGEST].split()
    return " ".join(struck(min(len(word), 8)) if rng.random() < share else word for word in words)


def _syllable(rng: Random) -> str:
    """Any of the 11,172, the final consonant missing half of the time."""
    final = 0 if rng.random() < 0.5 else rng.randrange(28)
    return chr(0xAC00 + (rng.randrange(19) * 21 + rng.randrange(21)) * 28 + final)


def repeated_words(text: Text, pool: Pool, rng: Random) -> str | None:
    """One to five words over and over: in turn, or in any order; after at most 30 % of the text."""
    words = text.text[:LONGEST].split()
    if len(words) < FEW_WORDS:
        return None
    kept = int(len(words) * rng.uniform(0, 0.3))
    few = rng.sample(words, rng.randint(1, min(5, len(words) // 3)))
    in_turn = rng.random() < 0.7
    rest = [few[at % len(few)] if in_turn else rng.choice(few) for at in range(len(words) - kept)]
    return " ".join(words[:kept] + rest)


def repeated_sentences(text: Text, pool: Pool, rng: Random) -> str | None:
    """One to three sentences over and over, three times at least; after at most 30 % of the text."""
    found = sentences(text.text)
    if not found:
        return None
    few = [rng.choice(found) for _ in range(rng.randint(1, min(3, len(found))))]
    kept = found[: int(len(found) * rng.uniform(0, 0.3))]
    times = max(3, (min(len(text.text), LONGEST) - len(" ".join(kept))) // max(1, len(" ".join(few))))
    return rng.choice((" ", "\n")).join(kept + few * times)


def ad_spam(text: Text, pool: Pool, rng: Random) -> str:
    """Advertisements of one trade with made-up names and numbers; up to 40 % sentences of the text between them."""
    trade = rng.choice(sorted(name for name in pool.phrases if name.startswith("ad_")))
    own, share = sentences(text.text), rng.uniform(0, 0.4)
    parts: list[str] = []
    while not parts or sum(map(len, parts)) < min(len(text.text), LONGEST):
        line = (
            rng.choice(own)
            if own and rng.random() < share and parts
            else filled(rng.choice(pool.phrases[trade]), pool, rng)
        )
        parts.append(line)
    return rng.choice((" ", "\n")).join(parts)


def filled(phrase: str, pool: Pool, rng: Random) -> str:
    """`phrase` with its slots filled; all numbers are made up."""

    def value(slot: re.Match[str]) -> str:
        if slot[1] == "phone":
            return f"010-0{_digits(3, rng)}-{_digits(4, rng)}"
        if slot[1][1:].isdigit():
            return _digits(int(slot[1][1:]), rng)
        return rng.choice(pool.phrases[slot[1]])

    return re.sub(r"\{(\w+)\}", value, phrase)


def _digits(many: int, rng: Random) -> str:
    return "".join(rng.choice("0123456789") for _ in range(many))


def keyword_list(text: Text, pool: Pool, rng: Random) -> str | None:
    """Nouns of the text, or search words of one place, in a row: spaces, commas, hash signs or lines between them."""
    if rng.random() < 0.5:
        nouns = [noun for word in text.text[:LONGEST].split() if (noun := _noun(word))]
        if len(nouns) < FEW_WORDS:
            return None
        rng.shuffle(nouns)
    else:
        place, nouns = rng.choice(pool.phrases["place"]), []
        while sum(map(len, nouns)) + len(nouns) < min(len(text.text), LONGEST) or len(nouns) < FEW_WORDS:
            word = rng.choice(pool.phrases["search"])
            nouns.append(f"{place}{word}" if rng.random() < 0.6 else word)
    return {"#": " #"}.get(gap := rng.choice((" ", " ", ", ", "#", "\n", "/")), gap).join(nouns)


def _noun(word: str) -> str | None:
    found = _NOUN.match(word)
    if not found or _VERBAL.search(found[0]):
        return None
    bare = _PARTICLE.sub("", found[0])
    return bare if len(bare) >= 2 and not _VERBAL.search(bare) else None


def shuffled_words(text: Text, pool: Pool, rng: Random) -> str | None:
    """All words of the text in any order, or those of each sentence or line."""
    words = text.text[:LONGEST].split()
    if len(words) < FEW_WORDS:
        return None
    if rng.random() < 0.5:
        rng.shuffle(words)
        return " ".join(words)
    mixed = []
    for one in sentences(text.text):
        order = one.split()
        rng.shuffle(order)
        mixed.append(" ".join(order))
    return rng.choice((" ", "\n")).join(mixed)


def mixed_sentences(text: Text, pool: Pool, rng: Random) -> str | None:
    """Sentences of the text and of others in turn: each of another document; half of the time of any type."""
    own = sentences(text.text)
    if len(own) < FEW_SENTENCES:
        return None
    types = sorted(pool.sentences)
    same_type = rng.random() < 0.5
    share = rng.uniform(0.5, 1)  # of foreign sentences
    mixed = [
        rng.choice(pool.sentences[text.doc_type if same_type else rng.choice(types)]) if rng.random() < share else one
        for one in own
    ]
    return rng.choice((" ", "\n")).join(mixed)


def wrong_encoding(text: Text, pool: Pool, rng: Random) -> str:
    """Bytes of one encoding read as another, what cannot be read dropped or marked; at least half of the text."""
    written, read = rng.choice(
        (("utf-8", "cp949"), ("utf-8", "cp1252"), ("utf-8", "latin-1"), ("cp949", "latin-1"), ("cp949", "utf-8"),
         ("utf-8", "gbk"), ("cp949", "gbk"), ("cp949", "cp932"), ("utf-8", "big5"))
    )  # fmt: skip
    errors, lines = rng.choice(("ignore", "replace")), text.text[:LONGEST].split("\n")
    broken = [line.encode(written, "ignore").decode(read, errors) for line in lines]
    if len(lines) > 3 and rng.random() < 0.25:
        whole = set(rng.sample(range(len(lines)), len(lines) // 2))
        broken = [line if at in whole else bad for at, (line, bad) in enumerate(zip(lines, broken, strict=True))]
    return "\n".join(broken)


def replaced_syllables(text: Text, pool: Pool, rng: Random) -> str:
    """10-50 % of the syllables replaced: by any of KS X 1001, or, as often, by one from elsewhere in the text."""
    share, cut = rng.uniform(0.1, 0.5), text.text[:LONGEST]
    own = re.sub("[^가-힣]", "", cut)
    stock = pool.ks_syllables if rng.random() < 0.5 or not own else own
    return "".join(rng.choice(stock) if "가" <= one <= "힣" and rng.random() < share else one for one in cut)


def boilerplate(text: Text, pool: Pool, rng: Random) -> str:
    """Menus, footers, notices of terms and of copyright; up to 30 % sentences of the text between them."""
    own, share = sentences(text.text), rng.uniform(0, 0.3)
    parts: list[str] = []
    while not parts or sum(map(len, parts)) < min(len(text.text), LONGEST):
        name = rng.choice(("menu", "footer", "terms"))
        if name == "menu":
            words = [rng.choice(pool.phrases["menu"]) for _ in range(rng.randint(4, 12))]
            parts.append(rng.choice((" | ", " ", "\n", " > ", " · ")).join(words))
        else:
            parts.append(filled(rng.choice(pool.phrases[name]), pool, rng))
        if own and rng.random() < share:
            parts.append(rng.choice(own))
    return rng.choice((" ", "\n")).join(parts)


KINDS: dict[str, Kind] = {
    one.__name__: one
    for one in (
        mash, repeated_words, repeated_sentences, ad_spam, keyword_list, shuffled_words, mixed_sentences,
        wrong_encoding, replaced_syllables, boilerplate,
    )
}  # fmt: skip
