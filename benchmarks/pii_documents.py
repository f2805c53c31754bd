"""Documents for the evaluation of scrub: synthetic values and look-alikes in carriers, between real sentences.

A document is a carrier with its slots filled, a real sentence or two before and one after. The same seed, text folder
and settings give the same bytes.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.pii_forms import Value
from benchmarks.pii_lookalikes import LOOKALIKES
from benchmarks.pii_numbers import words
from benchmarks.pii_values import KINDS

ROOT = Path(__file__).resolve().parents[1]
OPEN, HELD_OUT = (Path(__file__).with_name(f"pii_carriers{name}.tsv") for name in ("", "_held_out"))
SAMPLE = ROOT / "data/sample"
FOLDERS = ("encyclopedia", "law", "news", "petitions", "reviews", "techdocs")  # of the sample, in Korean
SLOT = re.compile(r"\{([a-z_]+)(!?)\}")  # with ! in its first form, where no word says what the value is
SENTENCE_END = re.compile(r"[^{<|\[\n][^\n]*[.!?요다]")
OBFUSCATED_SHARE = 1 / 3
MAX_DIGITS = 4  # in a real sentence: a year at most, so that no real number stands in it
SENTENCE = (15, 160)  # characters


@dataclass(frozen=True)
class Carrier:
    text: str
    held_out: bool

    @property
    def slots(self) -> list[str]:
        """Names of values and look-alikes in it."""
        return [name for name, _ in SLOT.findall(self.text) if name in KINDS or name in LOOKALIKES]


@dataclass(frozen=True)
class Document:
    """items: where in `text` each value or look-alike starts, in order."""

    text: str
    items: tuple[tuple[int, Value], ...]
    held_out: bool


@dataclass(frozen=True)
class Settings:
    """values, lookalikes: at least as many. kinds: of pii_values.KINDS. text: folder of real text."""

    values: int = 21_000
    lookalikes: int = 21_000
    seed: int = 0
    held_out: bool = True
    kinds: tuple[str, ...] = tuple(KINDS)
    text: Path = SAMPLE


def carriers(held_out: bool) -> list[Carrier]:
    """Those everyone may look at, and with `held_out` those kept for the test, too."""
    found = []
    for path in (OPEN, HELD_OUT) if held_out else (OPEN,):
        lines = path.read_text(encoding="utf-8").splitlines()
        texts = [line.split("\t")[1] for line in lines if not line.startswith("#")]
        found += [Carrier(text.replace("\\n", "\n").replace("\\t", "\t"), path == HELD_OUT) for text in texts]
    return found


def sentences(folder: Path) -> list[str]:
    """Korean sentences of the files in `folder`, sorted, none twice, none with a number that might be somebody's."""
    inside = [folder / name for name in FOLDERS] if folder == SAMPLE else [folder]
    files = sorted(path for place in inside for path in place.rglob("*") if path.suffix in READERS)
    found = {part.strip() for path in files for text in READERS[path.suffix](path) for part in _parts(text)}
    return sorted(part for part in found if _plain(part))


def _parts(text: str) -> list[str]:
    return re.split(r"\n|(?<=[다요음]\.)\s", text)


def _plain(part: str) -> bool:
    hangul = len(re.findall("[가-힣]", part))
    return (
        SENTENCE[0] <= len(part) <= SENTENCE[1]
        and hangul > len(part) / 2
        and len(re.findall(r"\d", part)) <= MAX_DIGITS
        and not re.search(r"[@＠]|://|www\.|아이디|계좌|카톡|여권|면허|차량", part)
    )


def _text(path: Path) -> Iterator[str]:
    yield path.read_text(encoding="utf-8", errors="ignore")


def _json(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8", errors="ignore")
    for record in [json.loads(text)] if path.suffix == ".json" else map(json.loads, text.splitlines()):
        yield from _strings(record)


def _strings(record: Any) -> Iterator[str]:
    if isinstance(record, str):
        yield record
    elif isinstance(record, list | dict):
        for one in record.values() if isinstance(record, dict) else record:
            yield from _strings(one)


def _csv(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8-sig", errors="ignore", newline="") as file:
        for row in csv.reader(file):
            yield from row


READERS = {".txt": _text, ".md": _text, ".json": _json, ".jsonl": _json, ".csv": _csv}


def documents(settings: Settings) -> Iterator[Document]:
    """Those made for a value, then those for a look-alike; each kind as often as the others.

    Raises ValueError when a kind has no carrier or the text no sentence.
    """
    rng = Random(settings.seed)
    real = sentences(settings.text)
    if not real:
        raise ValueError(f"no Korean sentence in {settings.text}; give a folder of .txt, .md, .json, .jsonl or .csv")
    usable = {*settings.kinds, *LOOKALIKES}
    by_slot: dict[str, list[Carrier]] = {name: [] for name in sorted(usable)}
    for carrier in carriers(settings.held_out):
        if usable.issuperset(carrier.slots):
            for name in sorted(set(carrier.slots)):
                by_slot[name].append(carrier)
    missing = sorted(name for name, found in by_slot.items() if not found)
    if missing:
        raise ValueError(f"no carrier for {', '.join(missing)}; add lines to {OPEN.name}")
    for wanted, names in ((settings.values, settings.kinds), (settings.lookalikes, tuple(LOOKALIKES))):
        for i in range(wanted):
            carrier = rng.choice(by_slot[names[i % len(names)]])
            yield _between(Filling(rng).fill(carrier), real, rng, carrier.held_out)


def _between(filled: tuple[str, list[tuple[int, Value]]], real: Sequence[str], rng: Random, held_out: bool) -> Document:
    """On lines of its own, or, if it is a sentence, every other time among the others."""
    text, items = filled
    gap = " " if SENTENCE_END.fullmatch(text) and rng.random() < 0.5 else "\n"
    before = " ".join(rng.choice(real) for _ in range(rng.randint(1, 2))) + gap
    return Document(
        before + text + gap + rng.choice(real), tuple((len(before) + at, value) for at, value in items), held_out
    )


@dataclass
class Filling:
    """The words and values of one document. context: its bank, and the groups of that bank's account numbers."""

    rng: Random
    context: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.context["bank"], self.context["groups"] = self.rng.choice(words("bank")).split()

    def fill(self, carrier: Carrier) -> tuple[str, list[tuple[int, Value]]]:
        """-> text; where each value starts in it."""
        text, items, done = "", list[tuple[int, Value]](), 0
        for slot in SLOT.finditer(carrier.text):
            text += carrier.text[done : slot.start()]
            done = slot.end()
            if slot[1] in KINDS or slot[1] in LOOKALIKES:
                value = self.value(slot[1], bool(slot[2]))
                items.append((len(text), value))
                text += value.text
            else:
                text += self.word(slot[1])
        return text + carrier.text[done:], items

    def value(self, name: str, plain: bool) -> Value:
        """plain: in the first of its forms."""
        if name in LOOKALIKES:
            text = LOOKALIKES[name](self.rng)
            return Value(text, "-" * len(text), name, name, "")
        kind = KINDS[name]
        obfuscated = self.rng.random() < OBFUSCATED_SHARE and not plain
        forms = kind.obfuscated if obfuscated else kind.ordinary[:1] if plain else kind.ordinary
        return kind.make(self.rng, self.rng.choice(forms), self.context)

    def word(self, name: str) -> str:
        if name == "bank":
            return self.context["bank"]
        if name == "name":
            return self.rng.choice(words("family")) + self.rng.choice(words("given"))
        return self.rng.choice(words(name))
