"""Labelled pairs for benchmarks/shingles.py: planted edits of short texts, revisions of laws, texts of one template.

A collection is a list of texts with an identity each. Two texts of one template and different identities are
different documents by construction: two judgments, two laws' articles, two cmdlets' pages, two press releases, two
filled-in forms. All choices are by hash or seed, so they do not depend on the order of files.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import tarfile
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import pyarrow as pa

from benchmarks.shingle_edits import KINDS, RATES, TEMPLATES, edited, filled
from benchmarks.texts import MARKDOWN, SPECIAL
from corpus_pipeline.kernels.normalise import comparison_form

SEED = 4
SHORT_TEXTS = "short"  # name of the collection of planted edits
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
SHORT = {  # type -> corpora, and whether a document is one line of theirs
    "review": (("movie_reviews_nsmc_raw",), False),
    "comment": (("comments_hate_kocohub", "comments_curse"), False),
    "question": (("dialogue_chatbot", "dedup_question_pair"), False),
    "utterance": (("dialogue_3i4k", "dialogue_sae4k"), False),
    "wiki": (("wikipedia_pages", "wikipedia_korquad_dev"), True),
    "press": (("gov_press_releases", "news_parallel", "news_sci50", "treebank_ud_gsd"), True),
}
CORPORA = (
    *(corpus for corpora, _ in SHORT.values() for corpus in corpora),
    *("dedup_law_revisions", "court_precedents", "law_statutes", "gov_press_releases", "msdocs_powershell"),
)
LONGEST_SHORT = 2_000  # characters
_KOREAN = re.compile("[가-힣]")
LEAST_EOJEOL = 3  # of a text that gets an edited copy: in a shorter one any edit makes another text
LIMITS = {"precedents": 5_000, "law_articles": 12_000}  # texts
LONGEST_TEMPLATED = 8_000  # characters: in longer judgments little is formula
FILLED = 150  # forms of a template
LINES = ((0.95, "95-100 % of lines", True), (0.9, "90-95 %", True), (0.8, "80-90 %", None), (0.0, "under 80 %", None))


class Pair(NamedTuple):
    """a, b: places in the texts. label: True the same document, False different ones, None neither. share: edited."""

    a: int
    b: int
    kind: str
    label: bool | None
    share: float | None = None


class Collection(NamedTuple):
    """Texts, and pairs known beforehand. Others are drawn within a `template` and sought among all texts that have
    one ("" is none); texts of equal `identity` are no pair. Without templates the given pairs are all.
    """

    name: str
    texts: list[str]
    pairs: list[Pair]
    template: list[str]
    identity: list[str]


# ---- reading


def files(folder: Path, corpus: str) -> Iterator[tuple[str, bytes]]:
    """(path from `corpus` on, content) of FOLDER/<corpus>/... or FOLDER/<corpus>.tar.zst."""
    unpacked = folder / corpus
    if unpacked.is_dir():
        for path in sorted(one for one in unpacked.rglob("*") if one.is_file()):
            yield path.relative_to(folder).as_posix(), path.read_bytes()
        return
    with (
        pa.CompressedInputStream(pa.OSFile(str(folder / f"{corpus}.tar.zst")), "zstd") as stream,
        tarfile.open(fileobj=stream, mode="r|") as archive,
    ):
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None:
                yield member.name, file.read()


def documents(folder: Path, corpus: str) -> Iterator[str]:
    """The documents of a corpus as benchmarks/texts.py cuts it, NFC."""
    kinds = SPECIAL.get(corpus, [MARKDOWN])
    for name, content in files(folder, corpus):
        kind = next((kind for kind in kinds if re.fullmatch(kind.pattern, name)), None)
        if kind is not None and name.startswith(f"{corpus}/data/"):
            for text in kind.read(content.decode(kind.encoding, "ignore").replace("\r\n", "\n")):
                yield unicodedata.normalize("NFC", text).strip()


def markdown(folder: Path, corpus: str, inside: str) -> Iterator[tuple[str, str]]:
    """(path, text without front matter) of the pages whose path matches `inside`."""
    for name, content in files(folder, corpus):
        if re.fullmatch(inside, name):
            yield name, FRONT_MATTER.sub("", content.decode("utf-8-sig", "ignore").replace("\r\n", "\n"))


def chosen(texts: Iterable[str], limit: int) -> list[str]:
    """Distinct texts, the first by hash."""
    return sorted(set(texts), key=_digest)[:limit]


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "ignore"), digest_size=16).digest()


# ---- (a) planted edits


def short_texts(folder: Path, count: int) -> tuple[list[str], list[str]]:
    """(texts, their types): as many of each type as possible, `count` in all, distinct."""
    found: dict[str, list[str]] = {}
    for name, (corpora, by_line) in SHORT.items():
        every = (text for corpus in corpora for text in documents(folder, corpus))
        lines = (line.strip() for text in every for line in (text.split("\n") if by_line else [text]))
        found[name] = chosen((line for line in lines if len(line) <= LONGEST_SHORT and _KOREAN.search(line)), count)
    texts, types = list[str](), list[str]()
    for left, name in zip(range(len(found), 0, -1), sorted(found, key=lambda name: len(found[name])), strict=True):
        some = found[name][: (count - len(texts)) // left]
        texts += some
        types += [name] * len(some)
    return texts, types


def planted(folder: Path, count: int, seed: int = SEED) -> Collection:
    """`count` short texts and an edited copy of each that has LEAST_EOJEOL, the kinds of edits in turn."""
    rng = Random(seed)
    originals, types = short_texts(folder, count)
    lexicon = [word for text in originals for word in text.split() if len(word) > 1]
    texts, identity, pairs = list(originals), list(originals), list[Pair]()
    for i, text in enumerate(originals):
        if len(text.split()) < LEAST_EOJEOL:
            continue
        for turn in range(len(KINDS)):
            kind = KINDS[(i + turn) % len(KINDS)]
            copy, share = edited(text, kind, rng.choice(RATES), rng, lexicon)
            if share and copy.strip() and copy != text:
                pairs.append(Pair(i, len(texts), kind, True, share))
                texts.append(copy)
                identity.append(text)
                break
    return Collection(SHORT_TEXTS, texts, pairs, [*types, *["" for _ in range(len(texts) - len(types))]], identity)


# ---- (b) revisions


def shared_lines(a: str, b: str) -> float:
    """Share of the lines of both texts together that both have; empty lines and white space left out.

    >>> shared_lines("a\\n\\nb \\nc\\nc", "c\\na")
    0.6666666666666666
    """
    one, other = (Counter(" ".join(line.split()) for line in text.split("\n") if line.strip()) for text in (a, b))
    return 2 * (one & other).total() / max(1, one.total() + other.total())


def stated_jaccard(a: str, b: str) -> float:
    """Jaccard of pairs.tsv: front matter left out, runs of white space made one space, signs and case kept.

    >>> stated_jaccard("abcdef", "abcdeg")
    0.3333333333333333
    """
    left, right = ({line[i : i + 5] for i in range(len(line) - 4)} for line in (re.sub(r"\s+", " ", t) for t in (a, b)))
    return len(left & right) / len(left | right)


def revisions(folder: Path) -> tuple[Collection, float]:
    """Versions of laws, and the largest difference of stated_jaccard from pairs.tsv (rounded to 4 digits there)."""
    pages = {name.rpartition("/")[2]: text for name, text in markdown(folder, "dedup_law_revisions", r".*\.md")}
    table = next(c for n, c in files(folder, "dedup_law_revisions") if n.endswith("pairs.tsv")).decode("utf-8-sig")
    places = {name: i for i, name in enumerate(pages)}
    pairs, error = list[Pair](), 0.0
    for row in csv.DictReader(io.StringIO(table), delimiter="\t"):
        a, b = row["doc_a"], row["doc_b"]
        error = max(error, abs(stated_jaccard(pages[a], pages[b]) - float(row["jaccard_char5"])))
        if row["group"] == "-1":
            pairs.append(Pair(places[a], places[b], "different laws", False))
            continue
        share = shared_lines(pages[a], pages[b])
        kind, label = next((kind, label) for least, kind, label in LINES if share >= least)
        pairs.append(Pair(places[a], places[b], kind, label, 1 - share))
    return Collection("revisions", list(pages.values()), pairs, [], []), error


# ---- (c) templates


def templated(folder: Path, seed: int = SEED) -> Iterator[Collection]:
    yield _collection("precedents", _precedents(folder))
    yield _collection("law_articles", _law_articles(folder))
    yield _collection("press", _press(folder))
    pages = markdown(folder, "msdocs_powershell", r".*/reference/7\.2/.*/[A-Z][a-z]+-\w+\.md")
    yield _collection("powershell", [("cmdlet", name.rpartition("/")[2], text) for name, text in pages])
    rng = Random(seed)
    made = [(one[:9], f"{n} {i}", filled(one, rng)) for n, one in enumerate(TEMPLATES) for i in range(FILLED)]
    yield _collection("forms", made)


def _collection(name: str, found: Iterable[tuple[str, str, str]]) -> Collection:
    """Of (template, identity, text); a text that occurs twice is taken once."""
    unique = {text: (template, identity) for template, identity, text in sorted(found) if text.strip()}
    texts = chosen(unique, LIMITS.get(name, len(unique)))
    return Collection(name, texts, [], *map(list, zip(*(unique[text] for text in texts), strict=True)))


def _precedents(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Judgments of one court in one kind of case; two case numbers are two documents."""
    for name, content in files(folder, "court_precedents"):
        if name.endswith(".md"):
            text = content.decode("utf-8-sig", "ignore").replace("\r\n", "\n")
            body, number = FRONT_MATTER.sub("", text), re.search(r"^사건번호: (.*)$", text, re.MULTILINE)
            if number and len(body) <= LONGEST_TEMPLATED:
                yield name.rpartition("/")[0], number[1].strip("'"), body


def _law_articles(folder: Path) -> list[tuple[str, str, str]]:
    """Articles of one heading (목적, 정의, 벌칙 ...) in different laws; a law and its decrees are one law."""
    heading = re.compile(r"^##### (제\d+조(?:의\d+)? ?\(([^)\n]*)\).*?)(?=^#|\Z)", re.MULTILINE | re.DOTALL)
    found = []
    for name, text in markdown(folder, "law_statutes", r".*\.md"):
        law = name.split("/")[-2]
        found += [(m[2], law, m[1]) for m in heading.finditer(text) if len(m[1]) <= LONGEST_TEMPLATED]
    common = Counter(title for title, _, _ in found)
    return [one for one in found if common[one[0]] >= 20]


def _press(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Releases of one office; two titles are two documents. A release comes again with a mark or a longer title."""
    csv.field_size_limit(1 << 30)
    for name, content in files(folder, "gov_press_releases"):
        if name.endswith(".csv"):
            for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig"))):
                title = comparison_form(re.sub("NEW|새글", "", row["title"])).replace(" ", "")
                yield row["source"], title[:12], row["content"]
