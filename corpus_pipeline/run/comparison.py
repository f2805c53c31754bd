"""What changed between two runs: from their manifests, quality reports, tokenizers' cards and timings alone.

No table of documents is read, so the runs may be of any size, and one of them only partly there. The base's manifests
are looked for under its output; where a table stands under a root of its own (raw_output), its figures are taken from
the quality report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.run import figures, page, quality_report, small_files, timings, tokenizer_view
from corpus_pipeline.run.config import Config
from corpus_pipeline.run.figures import Figures, add, largest_first, share
from corpus_pipeline.run.manifest import Manifest
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.run.text_table import lay_out
from corpus_pipeline.schemas import contract, tables

_NONE = "–"
Value = float | str | None


class Change(NamedTuple):
    """One line: what it is, and its value in the base and now; None where it is not there."""

    name: str
    before: Value
    now: Value


class Part(NamedTuple):
    """Lines of one kind. kind: number, bytes, decimal, seconds or text; same: lines left out as they did not change.

    ours: whether the names of the lines are sentences of this module, not names of sources, reasons or settings.
    """

    title: str
    kind: str
    changes: list[Change]
    same: int
    ours: bool = False


@dataclass(frozen=True)
class Comparison:
    """base, now: outputs of the runs. parts: in the order of the page, those without a change included."""

    base: str
    now: str
    parts: list[Part]


@dataclass(frozen=True)
class _Side:
    figures: Figures
    card: Mapping[str, Any]
    seconds: Mapping[str, float]


def compare(storage: Storage, config: Config, run: Figures, base: str) -> Comparison:
    """`run`, made with `config`, against that at `base`. Raises ResourceError when no run is there."""
    before = _Side(_of_base(storage, base), tokenizer_view.card(storage, base), timings.read(storage, base))
    if not before.figures.found:
        raise ResourceError(base, "the output of another run", "no published table", "Correct --base.")
    now = _Side(run, tokenizer_view.card(storage, config.output), timings.read(storage, config.output))
    return Comparison(base, config.output, list(_parts(before, now)))


def as_text(of: Comparison) -> str:
    """Plain text for a terminal: every part with its changes; parts without one in a line at the end."""
    lines = [f"{of.now} against {of.base}"]
    for part in of.parts:
        if part.changes:
            rows = [[_cut(cell) for cell in (one.name, *cells(part.kind, one))] for one in part.changes]
            lines += ["", lay_out((part.title, "base", "now", "change"), rows)]
    unchanged = [part.title for part in of.parts if not part.changes]
    return "\n".join([*lines, *(["", f"No change: {'; '.join(unchanged)}."] if unchanged else [])])


def cells(kind: str, one: Change) -> tuple[str, str, str]:
    """(base, now, change) of a line as text.

    >>> cells("number", Change("kept", 1000.0, 900.0)), cells("text", Change("mode", "byte", None))
    (('1,000', '900', '-100 (-10.0 %)'), ('byte', '–', ''))
    """
    say = _SAY[kind]
    change = ""
    if isinstance(one.before, int | float) and isinstance(one.now, int | float) and one.before != one.now:
        sign = "+" if one.now > one.before else "-"
        change = sign + say(abs(one.now - one.before))
        relative = share(one.now - one.before, one.before)
        change += "" if relative is None else f" ({relative:+.1%})".replace("%", " %")
    return say(one.before), say(one.now), change


def _text(value: Value) -> str:
    return _NONE if value is None else str(value)


_SAY: Mapping[str, Callable[[Any], str]] = {
    "number": page.number,
    "bytes": page.size,
    "decimal": page.decimal,
    "seconds": lambda value: _NONE if value is None else f"{value:,.1f} s",
    "text": _text,
}


def _of_base(storage: Storage, base: str) -> Figures:
    """The manifests at `base`; a restricted table that stands elsewhere has one with figures of the report alone."""
    found = dict(figures.read(storage, lambda _: base).found)
    missing = {table for table in tables() if contract(table).restricted} - found.keys()
    if found and missing and storage.exists(f"{base}/{quality_report.FOLDER}"):
        columns = ("stage", "table", "slice", "metric", "value")
        for row in small_files.rows(storage, f"{base}/{quality_report.FOLDER}", "quality_report", columns) or ():
            table = row["table"]
            if table in missing:
                empty = Manifest(table, row["stage"], 0, "", 0, "", "", {})
                of = found.setdefault(table, empty)
                found[table] = replace(of, metrics={**of.metrics, f"{row['slice']}/{row['metric']}": row["value"]})
    return Figures(found)


def _parts(before: _Side, now: _Side) -> Iterator[Part]:
    old, new = before.figures, now.figures
    yield _part("Totals", "number", _totals(old), _totals(new))._replace(ours=True)
    yield _part("Text", "bytes", _sizes(old), _sizes(new))._replace(ours=True)
    both = {stage for stage in old.settings() if old.settings()[stage] and new.settings().get(stage)}
    yield _part("Settings", "text", _settings(old, both), _settings(new, both))
    yield _part("Sources", "text", _sources(old, both), _sources(new, both))
    yield _part("Versions", "text", old.versions(), new.versions())
    for title, table, column, metric in (
        ("Documents, by source", "raw_documents", "source", "documents"),
        ("Documents kept, by source", "mixture", "source", "kept"),
        ("Documents dropped, by source", "mixture", "source", "dropped"),
        ("Tokens in the shards, by source", "shard_documents", "source", "tokens"),
        ("Tokens drawn, by document type", "mixture_plan", "doc_type", "tokens"),
    ):
        yield _part(title, "number", old.parts(table, column, metric), new.parts(table, column, metric))
    yield _part("Not kept, by reason", "number", _reasons(old), _reasons(new))
    yield _part("Not kept, by source and reason", "number", _reasons(old, True), _reasons(new, True))
    yield _part("Quality", "decimal", _quality(old), _quality(new))
    yield _part("Tokenizer", "text", _facts(before.card), _facts(now.card))
    yield _part("Content of the tables", "text", _contents(old), _contents(new))
    yield _part("Time", "seconds", before.seconds, now.seconds)


def _part(title: str, kind: str, old: Mapping[str, Value], new: Mapping[str, Value]) -> Part:
    """Lines in the order of the later run, then those that only the base has."""
    names = list(dict.fromkeys([*new, *old]))
    every = [Change(name, old.get(name), new.get(name)) for name in names]
    changes = [one for one in every if one.before != one.now]
    return Part(title, kind, changes, len(every) - len(changes))


def _totals(of: Figures) -> dict[str, Value]:
    rejected, documents = of.value("rejected_records", "rejected"), of.value("raw_documents", "documents")
    masked = of.masked().values()
    return {
        "records": add(of.value("raw_documents", "records"), rejected),
        "records rejected": rejected,
        "documents": documents,
        "documents kept": of.value("mixture", "kept"),
        "documents dropped": of.value("mixture", "dropped"),
        "exact duplicates found": of.value("duplicates", "exact"),
        "near duplicates found": of.value("duplicates", "near"),
        "personal values masked": sum(masked) if masked else None,
        "tokens planned": of.value("mixture", "planned_tokens"),
        "document copies in the shards": of.value("shard_index", "documents"),
        "tokens in the shards": of.value("shard_index", "tokens"),
        "shards": of.value("shard_index", "shards"),
    }


def _sizes(of: Figures) -> dict[str, Value]:
    return {
        "text of the documents": of.value("raw_documents", "text_bytes"),
        "text kept": of.value("mixture", "text_bytes_kept"),
        "shards": of.value("shard_index", "bytes"),
    }


def _settings(of: Figures, stages: Set[str]) -> dict[str, Value]:
    """Settings of these stages by their place in the config, but for the sources."""
    made = {stage: params for stage, params in of.settings().items() if stage in stages}
    return {place: value for place, value in _flat("", made) if not place.startswith("collect.sources.")}


def _sources(of: Figures, stages: Set[str]) -> dict[str, Value]:
    """What each source is read with; its options, which may hold a password, as the digest that the manifest has."""
    return dict(_flat("", of.settings()["collect"].get("sources", {}))) if "collect" in stages else {}


def _flat(place: str, value: Any) -> Iterator[tuple[str, str]]:
    """(place, value as text) of every value in nested mappings."""
    if isinstance(value, dict) and value:
        for key in sorted(value):
            yield from _flat(f"{place}.{key}" if place else str(key), value[key])
    elif place:
        yield place, page.shown(value)


def _reasons(of: Figures, by_source: bool = False) -> dict[str, Value]:
    """Largest first."""
    counts: Counter[str] = Counter()
    for (_, source, reason), rows in of.not_kept().items():
        counts[f"{source}: {reason}" if by_source else reason] += rows
    return {name: float(n) for name, n in sorted(counts.items(), key=largest_first)}


def _quality(of: Figures) -> dict[str, Value]:
    """Mean score and documents that break a rule, of all and by document type."""
    metrics = of.metrics("quality")
    found: dict[str, Value] = {}
    for key, documents in sorted(metrics.items()):
        part, _, metric = key.rpartition("/")
        if metric == "documents" and documents:
            name = part.removeprefix("doc_type=")
            found[f"mean score, {name}"] = (metrics.get(f"{part}/quality_score", 0) / documents) / 1e6
            found[f"share that breaks a rule, {name}"] = metrics.get(f"{part}/with_reason", 0) / documents
    return found


def _facts(card: Mapping[str, Any]) -> dict[str, Value]:
    return dict(_flat("", card))


def _contents(of: Figures) -> dict[str, Value]:
    """Rows of a table and the beginning of the digest of its content."""
    return {table: f"{one.rows:,} rows, {one.digest[:12]}" for table, one in of.found.items() if one.digest}


def _cut(cell: str, width: int = 44) -> str:
    plain = "".join(one if one.isprintable() else " " for one in cell)
    return plain if len(plain) <= width else plain[: width - 1] + "…"
