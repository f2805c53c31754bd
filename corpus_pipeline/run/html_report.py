"""The report as one page, `<output>/report/index.html`, from the manifests and from tables that are small by contract.

The page needs no network and holds no script: figures, names and settings. Of documents it shows excerpts of scrubbed
text: of at most 50 near-duplicate pairs (duplicate_samples) and of 5 documents a drop reason (drop_samples). Equal
tables, timings and config give equal bytes. Where a table is not there, its section says what to run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from corpus_pipeline.pipeline import PIPELINE, Stage
from corpus_pipeline.run import (
    comparison,
    curve_plot,
    distribution_view,
    duplicates_view,
    figures,
    mixture_view,
    page,
    samples_view,
    shard_view,
    small_files,
    timings,
    tokenizer_view,
)
from corpus_pipeline.run.config import Config
from corpus_pipeline.run.figures import Figures, largest_first
from corpus_pipeline.run.fingerprint import shown
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.schemas import contract

_SOURCES = 3  # named beside a reason; all of them are in the table after it
_NONE = "–"

View = dict[str, Any]  # a row as the template shows it
Views = Mapping[str, Callable[[list[small_files.Row]], Any]]
_SMALL: Views = {
    "duplicate_summary": duplicates_view.summary,
    "duplicate_samples": duplicates_view.samples,
    "mixture_plan": mixture_view.plan,
    "mixture_what_if": mixture_view.what_if,
    "drop_samples": samples_view.dropped,
    "shard_index": shard_view.shards,
    "tokenizer_comparison": tokenizer_view.variants,
}


def write(storage: Storage, config: Config, run: Figures, compared: comparison.Comparison | None = None) -> str:
    """Render the pages of `run`, that of the comparison too where there is one. Returns the path of the report."""
    if compared:
        page.write(
            storage, config.output, "compare", {"config": config, "compared": compared, "cells": comparison.cells}
        )
    else:
        page.remove(storage, config.output, "compare")
    return page.write(storage, config.output, "index", values(storage, config, run) | {"compared": compared})


def values(storage: Storage, config: Config, run: Figures) -> View:
    """What the template `pages/index.html` shows."""
    small = _small(run, storage, config)
    return {
        "config": config,
        "run": run,
        "reasons": _reasons(run),
        "masked": _masked(run),
        "quality": distribution_view.quality(run),
        "lengths": distribution_view.lengths(run),
        "languages": sorted(run.sums("tags", "source", "language").items(), key=largest_first),
        "small": small,
        "in_shards": mixture_view.in_shards(
            small.get("mixture_plan", []), run.parts("shard_documents", "source", "tokens")
        ),
        "card": _card(run, storage, config),
        "curve": _curve(run, storage, config),
        "tables": [_table(run, stage, table, config) for stage in PIPELINE for table in stage.writes],
        "failed": _failed(run),
        "settings": _settings(run),
        "versions": list(run.versions().items()),
        "times": _times(run, timings.read(storage, config.output)),
    }


def _reasons(run: Figures) -> View:
    """rows: by reason, with its largest sources; pairs: (step, source, reason, n). Largest first."""
    pairs = [(*names, n) for names, n in run.not_kept().items()]
    pairs.sort(key=lambda pair: (-pair[3], pair[1], pair[2], pair[0]))
    by_reason: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for step, source, reason, n in pairs:
        by_reason.setdefault((step, reason), []).append((source, n))
    rows = [
        {"step": step, "reason": reason, "n": sum(n for _, n in of), "sources": of[:_SOURCES], "more": of[_SOURCES:]}
        for (step, reason), of in by_reason.items()
    ]
    return {"rows": sorted(rows, key=lambda row: (-row["n"], row["step"], row["reason"])), "pairs": pairs}


def _masked(run: Figures) -> View:
    """kinds: (kind, values masked), largest first; rows: (source, values by kind); without: sources that had none."""
    kinds = list(run.masked().items())
    rows = [(s, [run.value("documents", f"masked_{kind}", s) or 0 for kind, _ in kinds]) for s in run.sources]
    return {
        "kinds": kinds,
        "rows": [(source, values) for source, values in rows if any(values)],
        "without": [source for source, values in rows if not any(values)],
    }


def _small(run: Figures, storage: Storage, config: Config) -> View:
    """What the page shows of each small table; left out where it is not there or cannot be read."""
    shown: View = {}
    for table, view in _SMALL.items():
        if table in run.found:
            rows = small_files.rows(storage, f"{config.root(table)}/{table}", table)
            shown |= {} if rows is None else {table: view(rows)}
    return shown


def _card(run: Figures, storage: Storage, config: Config) -> list[tuple[str, str]]:
    """The facts of the tokenizer's card, as they are there; none where it cannot be read."""
    facts = tokenizer_view.card(storage, config.output) if "tokenizer" in run.found else {}
    return [(key.replace("_", " "), page.number(v) if type(v) is int else page.shown(v)) for key, v in facts.items()]


def _curve(run: Figures, storage: Storage, config: Config) -> View:
    """The tokenizer's curve; empty where it is not there or cannot be read."""
    if "tokenizer_curve" not in run.found:
        return {}
    return curve_plot.view(curve_plot.read(storage, f"{config.root('tokenizer_curve')}/tokenizer_curve"))


def _table(run: Figures, stage: Stage, table: str, config: Config) -> View:
    """One table, and whether it still fits the config and the tables it was made of."""
    promise, one = contract(table), run.found.get(table)
    view: View = {"table": table, "stage": stage.name, "grain": promise.grain, "checks": len(promise.checks), "of": one}
    if one:
        now = shown(config.stages[stage.name])
        view["not_of"] = [t for t in stage.reads if t in run.found and run.found[t].digest != one.inputs.get(t)]
        view["made_with"] = sorted(k for k in now.keys() | one.params.keys() if now.get(k) != one.params.get(k))
    return view


def _failed(run: Figures) -> list[tuple[str, str, str]]:
    """(table, check, condition) of `warn` checks that do not hold; a table with a broken `fail` check is not there."""
    conditions = {(table, check.name): check.sql for table in run.found for check in contract(table).checks}
    names = [(table, name) for table, one in run.found.items() for name in one.failed]
    return [(table, name, conditions.get((table, name), _NONE)) for table, name in names]


def _settings(run: Figures) -> list[tuple[str, list[tuple[str, str]]]]:
    """By stage, as its tables were made. Not the sources: the options of a reader may hold a password."""
    return [
        (stage, [(key, page.shown(params[key])) for key in sorted(params) if key != "sources"])
        for stage, params in run.settings().items()
    ]


def _times(run: Figures, seconds: Mapping[str, float]) -> list[tuple[str, float, float | None, float | None]]:
    """(stage, seconds, documents a second, bytes of text a second), the slowest first; of documents before any drop."""
    documents, size = run.value("raw_documents", "documents"), run.value("raw_documents", "text_bytes")
    ordered = sorted(seconds.items(), key=largest_first)
    return [(stage, took, figures.share(documents, took), figures.share(size, took)) for stage, took in ordered]
