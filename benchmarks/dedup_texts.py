"""Text for benchmarks/dedup.py: real documents, real versions of one another, and planted edits, of N MB together.

TEXTS/<corpus>.txt    what benchmarks/texts.py wrote: three fifths of the set, in the order of their hash, none twice
INPUT/*.tar.zst       revisions of laws and five versions of PowerShell's manual: a fifth, whole groups
planted               a fifth: edited copies of the first part's documents, chosen by length (LENGTHS) and edit (EDITS)

OUT/parquet/NN.parquet, OUT/jsonl/NN.jsonl   id, source, text, in the order of the ids, which are hashes
OUT/chars/...                                the same in letters set apart, for peers that cut at spaces alone
OUT/planted.parquet                          id, origin (the document it is an edit of), edit, rate, length
OUT/made.json                                what it was made of, and counts

Where a part needs more text than there is, it goes on with replicas: three in ten of the Korean word forms, another
choice for each replica, are replaced by other words, alike in all versions of a document. A replica of a group of
versions is such a group again, and no near-duplicate of its model: at most three in five of its shingles are left.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, count, islice, pairwise
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.dedup_edits import EDITS, edited, pick
from benchmarks.dedup_oracle import form
from benchmarks.measure import write_json
from benchmarks.texts import SEPARATOR, corpus_of

VERSION = 3  # of what is written; a change makes sets anew
FILES = 16
SHARES = {"base": 0.6, "versions": 0.2, "planted": 0.2}
# characters of an original from, to -> share of the planted bytes
LENGTHS = {"short": (10, 150, 0.15), "medium": (150, 2_000, 0.35), "long": (2_000, 200_000, 0.5)}
VERSIONS = {
    "dedup_law_revisions": re.compile(r".*/data/(\d{4})__.*\.md"),
    "msdocs_powershell": re.compile(r".*/data/(?:reference/)?[\d.]+/(.*\.md)"),
}
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
KOREAN = re.compile("[가-힣]{2,}")
REPLACED, LEAST_REPLACED = 0.3, 0.2  # of the word forms of a replica; of the words of each of its documents
VOCABULARY = 20_000  # most frequent Korean words, which edits put in


class Document(NamedTuple):
    """id: 32 hex digits. origin, edit, rate, length: of planted ones."""

    id: str
    source: str
    text: str
    origin: str | None = None
    edit: str | None = None
    rate: float | None = None
    length: str | None = None


def plant(base: Iterable[Document], budget: float, lexicon: Sequence[str]) -> Iterator[Document]:
    """Edited copies of documents of `base`, `budget` bytes: mostly one of an original, now and then up to 200.

    Three in ten edits are of the last edit, not of the original, so that some clusters hold pairs far apart.
    """
    left = {name: share * budget for name, (_, _, share) in LENGTHS.items()}
    for original in base:
        fits = (n for n, (low, high, _) in LENGTHS.items() if low <= len(original.text) < high and left[n] > 0)
        length = next(fits, None)
        if length is None:
            if max(left.values()) <= 0:
                return
            continue
        rng = Random(original.id)
        model, copies = (
            original.text,
            1 + int(rng.paretovariate(1.2)) if length == "short" else 1 + int(rng.random() * 3),
        )
        for number in range(min(copies, 200)):
            edit, rate = pick(rng, EDITS), math.exp(rng.uniform(math.log(0.004), math.log(0.2)))
            text = edited(model, edit, rate, rng, lexicon).strip()
            if not text or (text == model and edit != "copy"):
                continue
            name = hashlib.blake2b(f"{original.id} {number}".encode(), digest_size=16).hexdigest()
            yield Document(name, f"planted_{length}", text, original.id, edit, rate, length)
            left[length] -= len(text.encode())
            model = text if rng.random() < 0.3 else original.text


def groups_of_versions(archive: Path) -> Iterator[list[str]]:
    """The versions of each document, without front matter; groups in the order of their names' hash."""
    found: dict[str, list[str]] = defaultdict(list)
    pattern = VERSIONS[corpus_of(archive)]
    with pa.input_stream(archive, compression="zstd") as stream, tarfile.open(fileobj=stream, mode="r|") as files:
        for member in files:
            match, file = pattern.fullmatch(member.name), files.extractfile(member)
            if match and file:
                text = file.read().decode("utf-8-sig", "ignore").replace("\r\n", "\n")
                found[match[1]].append(FRONT_MATTER.sub("", text).strip())
    for name in sorted(found, key=lambda name: hashlib.blake2b(name.encode()).digest()):
        yield [text for text in found[name] if text]


def base_texts(folder: Path) -> Iterator[tuple[str, str]]:
    """(corpus, text) of every corpus but those of VERSIONS, in the order of the text's hash, none twice."""
    found: dict[bytes, tuple[str, bytes]] = {}
    for file in sorted(folder.glob("*.txt")):
        if file.stem in VERSIONS:
            continue
        with file.open(encoding="utf-8", newline="\n") as lines:
            for text in lines.read().split(SEPARATOR):
                data = text.encode()
                if data:
                    found.setdefault(hashlib.blake2b(data, digest_size=16).digest(), (file.stem, data))
    for key in sorted(found):
        yield found[key][0], found[key][1].decode()


def replicated(groups: Iterable[list[tuple[str, str]]], budget: float, lexicon: Sequence[str]) -> Iterator[Document]:
    """Documents of whole groups of (source, text) up to `budget` bytes; after the last group, replicas of them."""
    kept: list[list[tuple[str, str]]] = []
    for replica in count():
        before = budget
        for number, group in enumerate(groups if replica == 0 else kept):
            if replica == 0:
                kept.append(group)
            for place, (source, text) in enumerate(group):
                new = text if replica == 0 else substituted(text, replica, lexicon)
                if new is None:
                    continue
                data = new.encode()
                key = f"{source} {replica} {number} {place}".encode()  # versions may be equal, and are documents each
                name = hashlib.blake2b(data, digest_size=16, salt=hashlib.md5(key).digest()).hexdigest()
                yield Document(name, source, new)
                budget -= len(data)
            if budget <= 0:
                return
        if budget == before:
            raise RuntimeError("no text to make replicas of: the folder of texts is empty or holds no Korean")


def substituted(text: str, replica: int, lexicon: Sequence[str]) -> str | None:
    """`text` with the word forms replaced that this replica replaces; None where too few are."""
    words = KOREAN.findall(text)
    changed = {word: other for word in set(words) if (other := _other(word, replica, lexicon)) is not None}
    if sum(word in changed for word in words) < LEAST_REPLACED * len(words) or not changed:
        return None
    return KOREAN.sub(lambda match: changed.get(match[0], match[0]), text)


def _other(word: str, replica: int, lexicon: Sequence[str]) -> str | None:
    value = int.from_bytes(hashlib.blake2b(f"{replica} {word}".encode(), digest_size=8).digest(), "big")
    return lexicon[value // 1000 % len(lexicon)] if value % 1000 < 1000 * REPLACED else None


def make(texts: Path, archives: Path, out: Path, megabytes: float) -> dict[str, Any]:
    """The set in `out`, unless it is there; returns made.json."""
    inputs = sorted([*texts.glob("*.txt"), *(archives / f"{name}.tar.zst" for name in VERSIONS)])
    made_of = {"version": VERSION, "mb": megabytes, "inputs": {path.name: path.stat().st_size for path in inputs}}
    made = out / "made.json"
    if made.exists():
        found: dict[str, Any] = json.loads(made.read_text(encoding="utf-8"))
        if {name: found.get(name) for name in made_of} == made_of:
            return found
    made.unlink(missing_ok=True)
    real = base_texts(texts)
    budgets = {name: share * megabytes * 1e6 for name, share in SHARES.items()}
    first = list(islice(real, VOCABULARY))
    words = Counter(word for _, text in first for word in KOREAN.findall(text))
    lexicon = [word for word, _ in sorted(words.most_common(VOCABULARY), key=lambda item: (-item[1], item[0]))]
    base = list(replicated(([one] for one in chain(first, real)), budgets["base"], lexicon))
    versions = []
    for name in VERSIONS:  # equal parts
        groups = groups_of_versions(archives / f"{name}.tar.zst")
        each = budgets["versions"] / len(VERSIONS)
        versions += list(replicated(([(name, text) for text in group] for group in groups), each, lexicon))
    planted = list(plant(base, budgets["planted"], lexicon))
    found = made_of | write(out, base, versions, planted)
    write_json(made, found)
    return found


def write_letters(folder: Path) -> None:
    """FOLDER/chars: the same documents, each its comparison form with a space between any two letters."""
    out = folder / "chars"
    if (out / ".made").exists() and (out / ".made").stat().st_mtime >= (folder / "made.json").stat().st_mtime:
        return
    _empty(out)
    for number, file in enumerate(sorted((folder / "parquet").iterdir())):
        table = pq.read_table(file, columns=["id", "text"])
        letters = [" ".join(form(text)) for text in table["text"].to_pylist()]
        _write_file(out, number, {"id": table["id"].to_pylist(), "text": letters})
    (out / ".made").touch()


def _empty(out: Path) -> None:
    for part in ("parquet", "jsonl"):
        (out / part).mkdir(parents=True, exist_ok=True)
        for old in (out / part).iterdir():
            old.unlink()


def _write_file(out: Path, number: int, columns: Mapping[str, list[str]]) -> None:
    pq.write_table(pa.table(columns), out / "parquet" / f"{number:02d}.parquet", compression="zstd")
    with (out / "jsonl" / f"{number:02d}.jsonl").open("w", encoding="utf-8", newline="\n") as file:
        for name, text in zip(columns["id"], columns["text"], strict=True):
            file.write(json.dumps({"id": name, "text": text}, ensure_ascii=False) + "\n")


def write(out: Path, base: list[Document], versions: list[Document], planted: list[Document]) -> dict[str, Any]:
    _empty(out)
    documents = sorted((*base, *versions, *planted))
    for number, (begin, end) in enumerate(pairwise(len(documents) * i // FILES for i in range(FILES + 1))):
        some = documents[begin:end]
        _write_file(out, number, {name: [getattr(one, name) for one in some] for name in ("id", "source", "text")})
    names = ("id", "origin", "edit", "rate", "length")
    pq.write_table(pa.table({n: [getattr(one, n) for one in planted] for n in names}), out / "planted.parquet")
    parts = {"base": base, "versions": versions, "planted": planted}
    return {
        "documents": len(documents),
        "bytes": sum(len(one.text.encode()) for one in documents),
        "parts": {n: {"documents": len(p), "bytes": sum(len(d.text.encode()) for d in p)} for n, p in parts.items()},
        "planted": dict(sorted(Counter(f"{one.length} {one.edit}" for one in planted).items())),
    }
