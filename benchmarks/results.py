"""What the contenders of benchmarks/serialize.py did: rates, ratios, the curve, and the table to read."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.measure import spread

KERNEL, SHARD = "ours", "ours_shard"
# peers that start from a file and write one; the others go from texts in memory to ids
WRITERS = ("megatron_loop", "datatrove", "datatrove_ds")
CEILINGS = ("tiktoken", "kitoken", "gigatoken", "tokie")
REFERENCE = "hf_plain"  # the library's ids for what the ceilings encode


class Section(NamedTuple):
    path: Path
    bytes: int  # of text, UTF-8
    documents: int


@dataclass
class Record:
    """What a contender did in the measured sections."""

    answers: list[dict[str, Any]] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)  # MB/s
    cpu_rates: list[float] = field(default_factory=list)  # MB per second of CPU time
    error: str | None = None

    def add(self, section: Section, answer: dict[str, Any]) -> None:
        if "error" in answer:
            self.error = answer["error"]
            return
        self.answers.append(answer)
        self.rates.append(section.bytes / 1e6 / answer["seconds"])
        self.cpu_rates.append(section.bytes / 1e6 / answer["cpu_seconds"])

    def summary(self, sections: list[Section]) -> dict[str, Any]:
        if self.error:
            return {"error": self.error}
        return {
            "mb_per_s_per_core": spread(self.rates),
            "mb_per_cpu_s": round(statistics.median(self.cpu_rates), 3),
            "tokens": sum(answer["tokens"] for answer in self.answers),
            "bytes": sum(section.bytes for section in sections),
            # CPU time / time: below 0.9 the core was not the contender's alone, and MB/s is too low
            "core_share": round(min(answer["cpu_seconds"] / answer["seconds"] for answer in self.answers), 3),
            "peak_mib": round(self.answers[-1]["peak_mib"]),
        }


def points(curve: list[dict[str, Any]], sections: list[Section], step: float) -> list[dict[str, float]]:
    """MB of text seen so far; over the `step` MB before: MB/s, ms per MB, share of runs found in the cache."""
    found: list[dict[str, float]] = []
    seen = size = seconds = cpu_seconds = 0.0
    before = {"runs": 0, "analysed": 0}
    for left, answer, section in zip(reversed(range(len(sections))), curve, sections, strict=True):
        seen, size = seen + section.bytes, size + section.bytes
        seconds, cpu_seconds = seconds + answer["seconds"], cpu_seconds + answer["cpu_seconds"]
        if left and size < step * 1e6 * 0.99:
            continue
        runs, new = answer["runs"] - before["runs"], answer["analysed"] - before["analysed"]
        found.append(
            {
                "mb": round(seen / 1e6, 1),
                "mb_per_s": round(size / 1e6 / seconds, 3),
                "mb_per_cpu_s": round(size / 1e6 / cpu_seconds, 3),
                "ms_per_mb": round(seconds / (size / 1e9), 1),
                "hit_rate": round(1 - new / max(1, runs), 4),
                "peak_mib": round(answer["peak_mib"]),
            }
        )
        before, size, seconds, cpu_seconds = answer, 0.0, 0.0, 0.0
    return found


def ratios(records: dict[str, Record], by_cpu_time: bool = False) -> dict[str, float]:
    """Ours over each peer, kernel to kernel and file to file: the median of the ratios in each measured section."""
    found = {}
    for name, record in records.items():
        if name in (KERNEL, SHARD, REFERENCE) or record.error:
            continue
        own = records[SHARD if name in WRITERS else KERNEL]
        ours, peer = (own.cpu_rates, record.cpu_rates) if by_cpu_time else (own.rates, record.rates)
        found[name] = round(statistics.median(o / p for o, p in zip(ours, peer, strict=True)), 3)
    return found


def agreement(records: dict[str, Record]) -> dict[str, Any]:
    """Documents of the first measured section in which a ceiling's ids are not the library's."""
    expected = records[REFERENCE].answers[0]["digests"]
    found = {}
    for name in CEILINGS:
        if name in records and not records[name].error:
            given = records[name].answers[0]["digests"]
            differing = [i for i, (a, b) in enumerate(zip(expected, given, strict=True)) if a != b]
            found[name] = {"documents": len(expected), "differing": len(differing), "first_differing": differing[:5]}
    return found


def table(result: dict[str, Any]) -> str:
    """The results to read."""
    ours, lines = result["ours"], []
    rows = {"ours (kernel)": ours, "ours (jsonl to shard)": ours["shard"], **result["peers"]}
    columns = {"MB/s": 8, "min": 8, "max": 8, "/CPU s": 8, "tokens": 12, "MiB": 7, "core": 6, "ours is": 10}
    lines.append(f"{'one core':24}" + "".join(f"{title:>{width}}" for title, width in columns.items()))
    for name, row in rows.items():
        if "error" in row:
            lines.append(f"{name:24}  {row['error']}")
            continue
        ratio = f"{result['ratios'][name]:.2f} x" if name in result["ratios"] else ""
        rates = "".join(f"{rate:8.2f}" for rate in (*row["mb_per_s_per_core"].values(), row["mb_per_cpu_s"]))
        lines.append(f"{name:24}{rates}{row['tokens']:12,}{row['peak_mib']:7}{row['core_share']:6.2f}{ratio:>10}")
    lines.append("\nours by text seen:   MB    MB/s  /CPU s   ms/MB    hits     MiB")
    lines += [
        f"{p['mb']:23.1f}{p['mb_per_s']:8.2f}{p['mb_per_cpu_s']:8.2f}{p['ms_per_mb']:8.1f}{p['hit_rate']:8.4f}{p['peak_mib']:8}"
        for p in ours["curve"]
    ]
    lines.append(f"with full caches: {ours['peak_mib_caches_full']} MiB")
    if ours["spark_stage"]:
        rates = ours["spark_stage"]["mb_per_s_per_core"].values()
        lines.append("the whole stage under Spark, one core: " + "".join(f"{rate:8.2f}" for rate in rates) + " MB/s")
    lines.append(f"\n1.96 TB: {result['core_hours_1_96_tb']} core hours")
    lines += [f"{name}: {value}" for name, value in result["checks"].items()]
    return "\n".join(lines)
