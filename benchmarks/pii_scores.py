"""What became of the values: leak rate, recall, the permitted part, precision, changed look-alikes.

leak       a value of which more than LEAK of the critical characters still stand in the output. A character stands if
           it is there in its place, in whatever form it was written, so that folding digits brings nothing back.
recall     share of values of which a span of their own kind covers at least half of the critical characters
permitted  share of values whose permitted characters all stand
precision  share of spans that overlap a value of any kind; by the kind of the span
changed    share of look-alikes with a character that does not stand
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from benchmarks.pii_documents import Document
from benchmarks.pii_forms import Value
from benchmarks.pii_lookalikes import LOOKALIKES

LEAK = 0.25  # one digit left of a registration number tells nobody who it is, half an account number may
NAMES = {  # kind of the generator -> what a detector may call it, the first that it knows
    "address": ("address", "street_address"),
    "business": ("business", "business_number", "brn"),
    "foreigner": ("foreigner", "rrn"),
    "ip": ("ip", "ip_address"),
    "licence": ("licence", "license"),
    "login_id": ("login_id", "login", "id", "account_id", "messenger"),
    "plate": ("plate", "vehicle", "vehicle_plate"),
    "representative": ("representative", "representative_number"),
}


class Found(NamedTuple):
    start: int
    end: int
    kind: str


@dataclass
class Tally:
    values: int = 0
    recalled: int = 0
    leaked: int = 0
    with_permitted: int = 0
    permitted_kept: int = 0

    def add(self, other: Tally) -> None:
        for name in vars(self):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def rates(self) -> dict[str, Any]:
        """Shares; None where there was nothing to count."""
        return {
            "values": self.values,
            "recall": share(self.recalled, self.values),
            "leak_rate": share(self.leaked, self.values),
            "permitted_kept": share(self.permitted_kept, self.with_permitted),
        }


@dataclass
class Scores:
    """by_form: (kind, group, form, held out) -> tally. examples: of leaks, from carriers that are not held out."""

    by_form: defaultdict[tuple[str, str, str, bool], Tally] = field(default_factory=lambda: defaultdict(Tally))
    spans: Counter[str] = field(default_factory=Counter)
    true_spans: Counter[str] = field(default_factory=Counter)
    lookalikes: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    examples: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, document: Document, masked: str, spans: Iterable[Found]) -> None:
        spans = list(spans)
        stands = standing(document.text, masked)
        for start, value in document.items:
            mine = stands[start : start + len(value.text)]
            if value.kind in LOOKALIKES:
                self.lookalikes[value.kind] += 1
                self.changed[value.kind] += not all(mine)
            else:
                tally = tally_of(start, value, mine, spans)
                self.by_form[(value.kind, value.group, value.form, document.held_out)].add(tally)
            wrong = not all(mine) if value.kind in LOOKALIKES else tally.leaked
            if wrong and not document.held_out:
                self.examples[f"{value.kind} / {value.form}"].append(_line(document.text, start, value))
        values = [(start, start + len(v.text)) for start, v in document.items if v.kind not in LOOKALIKES]
        for span in spans:
            self.spans[span.kind] += 1
            self.true_spans[span.kind] += any(span.start < end and start < span.end for start, end in values)

    def tally(self, **wanted: object) -> Tally:
        """The sum over forms; wanted: kind, group, form, held_out."""
        total = Tally()
        for key, tally in self.by_form.items():
            known = dict(zip(("kind", "group", "form", "held_out"), key, strict=True))
            if all(known[name] == value for name, value in wanted.items()):
                total.add(tally)
        return total

    def summary(self) -> dict[str, Any]:
        """All of it for JSON."""
        kinds = sorted({key[0] for key in self.by_form})
        forms = sorted({key[:3] for key in self.by_form})
        return {
            **self.tally().rates(),
            "precision": share(self.true_spans.total(), self.spans.total()),
            "lookalikes": self.lookalikes.total(),
            "changed_lookalikes": share(self.changed.total(), self.lookalikes.total()),
            "held_out": self.tally(held_out=True).rates(),
            "kinds": {
                kind: {
                    **{group: self.tally(kind=kind, group=group).rates() for group in ("ordinary", "obfuscated")},
                    "forms": {f: self.tally(kind=k, group=g, form=f).rates() for k, g, f in forms if k == kind},
                }
                for kind in kinds
            },
            "precision_by_span_kind": {k: share(self.true_spans[k], n) for k, n in sorted(self.spans.items())},
            "changed_by_lookalike": {k: share(self.changed[k], n) for k, n in sorted(self.lookalikes.items())},
        }


def tally_of(start: int, value: Value, stands: list[bool], spans: list[Found]) -> Tally:
    """What became of one value; stands: of each of its characters."""
    critical = [i for i, role in enumerate(value.roles) if role == "c"]
    permitted = [i for i, role in enumerate(value.roles) if role == "p"]
    own = [span for span in spans if span.kind in NAMES.get(value.kind, (value.kind,))]
    covered = sum(any(span.start <= start + i < span.end for span in own) for i in critical)
    return Tally(
        values=1,
        recalled=int(covered * 2 >= len(critical)),
        leaked=int(sum(stands[i] for i in critical) > LEAK * len(critical)),
        with_permitted=int(bool(permitted)),
        permitted_kept=int(bool(permitted) and all(stands[i] for i in permitted)),
    )


def standing(text: str, masked: str) -> list[bool]:
    """For each character of `text`: whether it stands in `masked`. Both are folded first (NFKC per character).

    >>> standing("전화 010-1234", "전화 010-****")
    [True, True, True, True, True, True, True, False, False, False, False]
    """
    before, after = ([unicodedata.normalize("NFKC", c) for c in one] for one in (text, masked))
    if len(before) == len(after):
        return [a == b for a, b in zip(before, after, strict=True)]
    head = next(i for i, (a, b) in enumerate(zip([*before, ""], [*after, " "], strict=False)) if a != b)
    most = min(len(before), len(after)) - head
    pairs = zip(reversed(before), reversed(after), strict=False)
    tail = next((i for i, (a, b) in enumerate(pairs) if a != b or i == most), most)
    found = [True] * head + [False] * (len(before) - head - tail) + [True] * tail
    middle = before[head : len(before) - tail], after[head : len(after) - tail]
    for block in SequenceMatcher(None, *middle, autojunk=False).get_matching_blocks():
        found[head + block.a : head + block.a + block.size] = [True] * block.size
    return found


def share(part: int, whole: int) -> float | None:
    return round(part / whole, 5) if whole else None


def known(kinds: Iterable[str], detected: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """-> kinds of the generator that the detector has a name for, and the others."""
    names = frozenset(detected)
    there = tuple(kind for kind in kinds if names.intersection(NAMES.get(kind, (kind,))))
    return there, tuple(kind for kind in kinds if kind not in there)


def _line(text: str, start: int, value: Value) -> str:
    first, end = text.rfind("\n", 0, start) + 1, text.find("\n", start + len(value.text))
    return text[max(first, start - 40) : min(len(text) if end < 0 else end, start + len(value.text) + 40)]
