"""The figures of a run as its manifests hold them: what the pages and the comparison are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from corpus_pipeline.pipeline import PIPELINE, STAGES
from corpus_pipeline.run import manifest
from corpus_pipeline.run.config import Config
from corpus_pipeline.run.manifest import Manifest
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.schemas import ALL


@dataclass(frozen=True)
class Figures:
    """The manifests that are there, by table; `configured`: the names of the sources in the config."""

    found: Mapping[str, Manifest]
    configured: tuple[str, ...] = ()

    @property
    def sources(self) -> list[str]:
        """Sources of the config and of the tables: a source may have left the config since they were made."""
        return sorted({*self.parts("raw_documents", "source", "documents"), *self.configured})

    def metrics(self, table: str) -> Mapping[str, float]:
        """All figures of a table; none where it is not there."""
        return self.found[table].metrics if table in self.found else {}

    def value(self, table: str, metric: str, source: str | None = None) -> float | None:
        """A figure of one source, or of all; None where it is not known."""
        return self.metrics(table).get(f"{ALL if source is None else f'source={source}'}/{metric}")

    def parts(self, table: str, column: str, metric: str) -> dict[str, float]:
        """A metric by the values of the column by which the table's metrics are split."""
        start, end = f"{column}=", f"/{metric}"
        keys = [key for key in self.metrics(table) if key.startswith(start) and key.endswith(end)]
        return {key.removeprefix(start).removesuffix(end): self.metrics(table)[key] for key in sorted(keys)}

    def counted(self, table: str, *columns: str) -> Counter[tuple[str, ...]]:
        """Rows of a table by the values of one list of its breakdown."""
        counts: Counter[tuple[str, ...]] = Counter()
        for key, rows in self.metrics(table).items():
            rest, _, metric = key.rpartition("/")
            values: list[str] = []
            for column in reversed(columns[1:]):  # the first, the source, may hold any signs
                rest, found, value = rest.rpartition(f",{column}=")
                values += [value] if found else []
            if metric == "rows" and len(values) == len(columns) - 1 and rest.startswith(f"{columns[0]}="):
                counts[rest.removeprefix(f"{columns[0]}="), *reversed(values)] += int(rows)
        return counts

    def sums(self, table: str, *columns: str) -> Counter[str]:
        """Rows by the last of the columns alone."""
        totals: Counter[str] = Counter()
        for values, rows in self.counted(table, *columns).items():
            totals[values[-1]] += rows
        return totals

    def masked(self) -> dict[str, float]:
        """Kind of personal data -> values masked in all documents, largest first."""
        start = f"{ALL}/masked_"
        found = {key.removeprefix(start): n for key, n in self.metrics("documents").items() if key.startswith(start)}
        return dict(sorted(found.items(), key=largest_first))

    def not_kept(self) -> Counter[tuple[str, str, str]]:
        """Rows by (rejected or dropped, source, reason)."""
        steps = {"rejected": ("rejected_records", "reason"), "dropped": ("mixture", "drop_reason")}
        return Counter(
            {
                (step, source, reason): rows
                for step, (table, column) in steps.items()
                for (source, reason), rows in self.counted(table, "source", column).items()
            }
        )

    def todo(self, *tables: str) -> list[str]:
        """Stages to run for those of `tables` (none given: for all) that are not there, in order."""
        missing = [(s.name, t) for s in PIPELINE for t in s.writes if t not in self.found]
        return list(dict.fromkeys(stage for stage, table in missing if not tables or table in tables))

    def settings(self) -> dict[str, Mapping[str, Any]]:
        """Stage -> the settings its tables were made with, in the order of the map."""
        return {one.stage: one.params for one in self.found.values()}

    def versions(self) -> dict[str, str]:
        """Library -> version; Spark and Python first, several versions where tables were made by several."""
        seen: dict[str, set[str]] = {}
        for one in self.found.values():
            for library, version in one.versions.items():
                seen.setdefault(library, set()).add(version)
        ordered = sorted(seen, key=lambda library: (library != "pyspark", library != "python", library))
        return {name: ", ".join(sorted(seen[name])) for name in ordered}


def of_run(storage: Storage, config: Config) -> Figures:
    """The figures of the run that `config` describes."""
    return read(storage, config.root, tuple(config.sources))


def read(storage: Storage, root: Callable[[str], str], configured: tuple[str, ...] = ()) -> Figures:
    """The figures of the tables under `root`(table), in the order of the map. A table that is not there is no error."""
    tables = {t: manifest.read(storage, root(t), t) for stage in STAGES.values() for t in stage.writes}
    return Figures({table: one for table, one in tables.items() if one}, configured)


def largest_first(pair: tuple[str, float]) -> tuple[float, str]:
    """For `sorted`: by the number, then by the name."""
    return -pair[1], pair[0]


def share(part: float | None, whole: float | None) -> float | None:
    """None where it is not known, or a share of nothing."""
    return None if part is None or not whole else part / whole


def add(*values: float | None) -> float | None:
    """None where one of them is not known."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
