"""Our dedup stage beside its peers: whole processes on two cores, and what each found beside the exact answer.

    python benchmarks/texts.py --input FOLDER --out out/bench/data
    python benchmarks/dedup.py --data out/bench/data --out out/bench [--mb 200] [--quick] [--curve 100,500]

Every contender is a command, timed from its start to its end, with the memory of all its processes. Ours is
`jobs/dedup.py` on a published `documents` table: Java's start, reading, writing and the report are in it. Peers read
jsonl or Parquet. Results: OUT/dedup.json; README.md describes contenders and fields.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import dedup_scores
from benchmarks.dedup_contenders import CORES, NOTES, OURS, PEERS, measure_ours, measure_peer
from benchmarks.dedup_texts import make, write_letters
from benchmarks.environments import ENVIRONMENTS
from benchmarks.measure import machine, versions
from benchmarks.set_options import asked_of, run
from corpus_pipeline.stages.dedup import Params

MEMORY = 6 * 1024  # MiB
RUNS = 3  # of ours: the first of a machine waits for its disk, and one run is a tenth of a peer's


def measure_all(asked: argparse.Namespace) -> dict[str, Any]:
    folder, made = the_set(asked, asked.mb)
    size = made["bytes"]
    ours = measured_often(folder, size)
    print(f"ours: {ours['seconds']} s, the median of {ours['runs']}", flush=True)
    started = time.monotonic()
    truth = dedup_scores.truth_of(folder)
    print(f"the exact answer: {time.monotonic() - started:.0f} s, {len(truth.a):,} pairs from 0.7", flush=True)
    out = folder / "run" / OURS / "out"
    ids = pa.concat_tables(pq.read_table(f, columns=["id"]) for f in sorted((folder / "parquet").iterdir()))["id"]
    ids = ids.combine_chunks()
    labels, found = (
        dedup_scores.our_labels(pq.read_table(out / "duplicates"), ids),
        pq.read_table(out / "duplicate_pairs"),
    )
    ours |= dedup_scores.scores(labels, truth)
    ours["verified"] = dedup_scores.verified(found, labels, ids, truth, Params().banding())
    peers = {}
    write_letters(folder)
    for peer in PEERS:
        if asked.peers is None or peer.name in asked.peers:
            peers[peer.name] = measure_peer(peer, folder, size, asked.out / "envs", truth)
            print(f"{peer.name}: {peers[peer.name].get('seconds', peers[peer.name].get('error'))} s", flush=True)
    if asked.curve:
        ours["curve"] = curve(asked, {asked.mb: (size, ours)})
    used = {peer.environment for peer in PEERS if peer.name in peers}
    pinned = [item for name in sorted(used) for item in ENVIRONMENTS[name] if "==" in item]
    return {
        "ours": ours,
        "peers": peers,
        "ratios": ratios(ours, peers),
        "checks": checks(ours, peers, asked.quick),
        "notes": NOTES,
        "versions": versions(["pyspark", "numpy", "pyarrow"], pinned),
        "machine": machine() | {"cores_used": CORES},
        "text": {name: made[name] for name in ("mb", "bytes", "documents", "parts", "planted")},
    }


def measured_often(folder: Path, size: float) -> dict[str, Any]:
    """The run of median time of RUNS, with the seconds of all in order; the last one's tables stay."""
    done = [measure_ours(folder, size) for _ in range(RUNS)]
    middle = sorted(done, key=lambda one: float(one["seconds"]))[RUNS // 2]
    return middle | {"runs": [one["seconds"] for one in done], "peak_mib": max(one["peak_mib"] for one in done)}


def the_set(asked: argparse.Namespace, megabytes: float) -> tuple[Path, dict[str, Any]]:
    folder = (asked.data / "dedup" / f"{megabytes:g}").absolute()
    made = make(asked.data / "texts", asked.input, folder, megabytes)
    print(f"{made['bytes'] / 1e6:.0f} MB, {made['documents']:,} documents in {folder}", flush=True)
    return folder, made


def curve(asked: argparse.Namespace, known: Mapping[float, tuple[float, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Ours alone on sets of other sizes; beyond the distinct text they go on with replicas (dedup_texts.py)."""
    found = []
    for megabytes in asked.curve:
        if megabytes in known:
            size, ours = known[megabytes]
        else:
            folder, made = the_set(asked, megabytes)
            size, ours = made["bytes"], measure_ours(folder, made["bytes"])
        cost = {"s_per_mb": round(ours["seconds"] / (size / 1e6), 4)}
        names = ("mb_per_s", "seconds", "cpu_seconds", "peak_mib")
        found.append({"mb": megabytes, **cost, **{name: ours[name] for name in names}})
    return found


def ratios(ours: Mapping[str, Any], peers: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """MB/s of ours / MB/s of the peer, as they ran; rensa's once more per core."""
    done = {name: one for name, one in peers.items() if "error" not in one}
    found = {name: ours["mb_per_s"] / one["mb_per_s"] for name, one in done.items()}
    if "rensa" in done:
        found["rensa_per_core"] = ours["mb_per_s_per_core"] / done["rensa"]["mb_per_s_per_core"]
    return {name: round(value, 2) for name, value in found.items()}


def checks(ours: Mapping[str, Any], peers: Mapping[str, Mapping[str, Any]], quick: bool) -> dict[str, bool]:
    """What a run must show; on a quick set Spark's start is most of the time, so speed is not judged."""
    faster, deciles = ratios(ours, peers), ours["verified"]["deciles"]
    found = {
        "precision_is_1": ours["precision"] == 1.0,
        "similarity_equals_oracle": ours["verified"]["wrong"] == 0,
        "recall_as_the_bands_predict": all(one["recall"] >= one["predicted"] - one["three_sigma"] for one in deciles),
        "recall_0.99_from_0.85": (ours["recall_near_from_0.85"] or 0) >= 0.99,
        "memory_below_6_gib": max([ours["peak_mib"], *(one["peak_mib"] for one in ours.get("curve", []))]) < MEMORY,
    }
    if not quick:
        found |= {f"{limit}x_{n}": faster.get(n, 0) >= limit for n, limit in (("datatrove", 12), ("text_dedup", 3))}
    if len(ours.get("curve", [])) > 1:
        cost = [one["s_per_mb"] for one in sorted(ours["curve"], key=lambda one: one["mb"])]
        found["cost_per_mb_at_most_1.15x"] = cost[-1] <= 1.15 * cost[0]
    return found


def table(result: Mapping[str, Any]) -> str:
    """The results to read."""
    titles = {"s": 8, "MB/s": 8, "/core": 8, "/CPU s": 8, "MiB": 7, "recall": 8, "0.80-": 7, "0.85-": 7, "0.90-": 7}
    titles |= {"0.95-": 7, "copies": 7, "precision": 10, "at 0.7": 8, "ours is": 9}
    lines = [f"{'':24}" + "".join(f"{title:>{width}}" for title, width in titles.items())]
    for name, one in {OURS: result["ours"], **result["peers"]}.items():
        if "error" in one:
            lines.append(f"{name:24}  {one['error']}")
            continue
        row = f"{name:24}{one['seconds']:8.1f}{one['mb_per_s']:8.2f}{one['mb_per_s_per_core']:8.2f}"
        row += f"{one['mb_per_cpu_s']:8.2f}{one['peak_mib']:7,}"
        if "recall" in one:
            shares = [one["recall"], *one["recall_by_similarity"].values(), one["recall_copies"]]
            widths = (8, 7, 7, 7, 7, 7, 10, 8)
            shares += [one["precision"], one["precision_at_0.7"]]
            row += "".join(f"{'-' if s is None else f'{s:.4f}':>{w}}" for s, w in zip(shares, widths, strict=True))
        else:
            row += " " * 61
        lines.append(row + (f"{result['ratios'][name]:7.2f} x" if name in result["ratios"] else ""))
    lines.append("\nours by similarity:   pairs  verified    recall  predicted")
    lines += [
        f"{one['from']:10.2f}-{one['to']:.2f}{one['pairs']:12,}"
        f"{one['verified']:10.4f}{one['recall']:10.4f}{one['predicted']:11.4f}"
        for one in result["ours"]["verified"]["deciles"]
    ]
    lines += [
        f"{one['mb']:g} MB: {one['seconds']} s, {one['s_per_mb']} s/MB, {one['peak_mib']} MiB"
        for one in result["ours"].get("curve", [])
    ]
    lines += [f"{name}: {value}" for name, value in result["checks"].items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(run("dedup", asked_of(__doc__, 20, [100.0, 500.0]), measure_all, table))
