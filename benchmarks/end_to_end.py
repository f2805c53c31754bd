"""Our whole chain beside a datatrove pipeline that does as much of the same work as it can, on two cores, in one run.

    python benchmarks/texts.py --input FOLDER --out out/bench/data
    python benchmarks/end_to_end.py --data out/bench/data --out out/bench [--mb 200] [--quick] [--curve 50,100,250,500]

Ours is `jobs/pipeline.py` from raw jsonl to shards, timed from its start to its end, Java's start and the training of
the tokenizer in it; then `jobs/verify.py`, not timed, reads it all again. The peer gets our tokenizer ready-made, and
lacks most kinds of personal data, verification of pairs, choice by quality, tags, mix and morphemes
(peers/end_to_end_datatrove.py). `datatrove` takes words from Kiwi, as it does for Korean, on one document in so many
(KOREAN); `datatrove_en` cuts at spaces, on all of them: its fastest way, whose verdicts mean little. A ratio is ours /
peer in MB/s of raw text. `stages` are Spark's own meters (spark_events.py). Results: OUT/end_to_end.json.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from benchmarks import dedup_texts, end_to_end_texts, spark_events
from benchmarks.dedup_contenders import CORES, OURS, rates, timed
from benchmarks.environments import ENVIRONMENTS, python_of
from benchmarks.measure import ONE_THREAD, ROOT, machine, versions
from benchmarks.set_options import asked_of, run

ENVIRONMENT = "end_to_end"
PEERS = {"datatrove": "ko", "datatrove_en": "en"}
KOREAN = 20  # a document in so many goes to Kiwi: at its 0.03 MB/s all of them would take hours
MEMORY = 6 * 1024  # MiB
SPARK = {"master": f"local[{CORES}]", "driver_memory": "1g", "partitions": 8}
SETTINGS = {"sample": {"fraction": 0.05}, "train_tokenizer": {"vocab_size": 32_000}}
DONE = re.compile(r"^(\w+): .* rows in ([\d.]+) s$", re.MULTILINE)


def measure_all(asked: argparse.Namespace) -> dict[str, Any]:
    folder, made = the_set(asked, asked.mb)
    ours = measure_ours(folder, made["bytes"])
    print(f"ours: {ours['seconds']} s", flush=True)
    tokenizer = folder / "run" / OURS / "out" / "tokenizer" / "tokenizer.json"
    peers = {}
    for name in PEERS:
        if asked.peers is None or name in asked.peers:
            peers[name] = measure_peer(name, asked, tokenizer)
            print(f"{name}: {peers[name].get('seconds', peers[name].get('error'))} s", flush=True)
    ours["curve"] = [point(megabytes, ours if megabytes == asked.mb else None, asked) for megabytes in asked.curve]
    done = {name: one for name, one in peers.items() if "error" not in one}
    return {
        "ours": ours,
        "peers": peers,
        "ratios": {name: round(ours["mb_per_s"] / one["mb_per_s"], 2) for name, one in done.items()},
        "checks": checks(ours, peers, asked.quick),
        "versions": versions(["pyspark", "numpy", "pyarrow"], [i for i in ENVIRONMENTS[ENVIRONMENT] if "==" in i]),
        "machine": machine() | {"cores_used": CORES},
        "text": {name: made[name] for name in ("documents", "bytes", "types")},
    }


def the_set(asked: argparse.Namespace, megabytes: float, every: int = 1) -> tuple[Path, dict[str, Any]]:
    texts = (asked.data / "dedup" / f"{megabytes:g}").absolute()
    dedup_texts.make(asked.data / "texts", asked.input, texts, megabytes)
    name = f"{megabytes:g}" if every == 1 else f"{megabytes:g}-{every}"
    folder = (asked.data / "end_to_end" / name).absolute()
    made = end_to_end_texts.make(texts, folder, every)
    print(f"{made['bytes'] / 1e6:.0f} MB, {made['documents']:,} documents in {folder}", flush=True)
    return folder, made


def settings(folder: Path, made: Mapping[str, Any], work: Path) -> dict[str, Any]:
    """Our config: a source for each type of document."""
    columns = {"record_id": "id", "text": "text"}
    shape = {"format": "json", "fields": "id string, text string", "licence": "various", "columns": columns}
    events = {**spark_events.SETTINGS, "spark.eventLog.dir": (work / "events").as_uri()}
    return {
        "name": "end_to_end",
        "output": str(work / "out"),
        "spark": {**SPARK, "conf": events},
        "sources": {
            kind: {**shape, "path": str(folder / "texts" / kind / "*.jsonl"), "doc_type": kind}
            for kind in made["types"]
        },
        **SETTINGS,
    }


def measure_ours(folder: Path, size: float) -> dict[str, Any]:
    made = json.loads((folder / "made.json").read_text(encoding="utf-8"))
    work = folder / "run" / OURS
    shutil.rmtree(work, ignore_errors=True)
    (work / "events").mkdir(parents=True)
    config = work / "config.yaml"
    config.write_text(yaml.safe_dump(settings(folder, made, work), allow_unicode=True), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    job = ["--config", str(config), "--log-dir", str(work / "logs")]
    measured = timed([sys.executable, "jobs/pipeline.py", *job], work / "log.txt", environment)
    if "error" in measured:
        raise RuntimeError(f"{OURS}: {measured['error']}")
    meters = spark_events.by_stage(work / "events")  # before verify adds its own
    verified = subprocess.run([sys.executable, "jobs/verify.py", *job], cwd=ROOT, env=environment, check=False)
    said = dict(DONE.findall((work / "log.txt").read_text(encoding="utf-8")))
    stages = {name: {"seconds": float(seconds), **meters.get(name, {})} for name, seconds in said.items()}
    return rates(measured, size, CORES) | {"verified": verified.returncode == 0, "stages": stages}


def measure_peer(name: str, asked: argparse.Namespace, tokenizer: Path) -> dict[str, Any]:
    folder, made = the_set(asked, asked.mb, KOREAN if PEERS[name] == "ko" and not asked.quick else 1)
    python = python_of(ENVIRONMENT, asked.out / "envs")
    work = folder / "run" / name
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    job = ["-m", "benchmarks.peers.end_to_end_datatrove", str(folder / "texts"), str(work / "out")]
    environment = {**os.environ, **ONE_THREAD, "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
    measured = timed([str(python), *job, str(tokenizer), PEERS[name], str(CORES)], work / "log.txt", environment)
    if "error" in measured:
        return measured
    told = json.loads((work / "out" / "steps.json").read_text(encoding="utf-8"))
    told |= {"bytes": made["bytes"], "documents": made["documents"]}
    return {**rates(measured, made["bytes"], CORES), **told}


def point(megabytes: float, known: Mapping[str, Any] | None, asked: argparse.Namespace) -> dict[str, Any]:
    """A point of the curve: ours alone on a set of another size."""
    folder, made = the_set(asked, megabytes)
    one = known or measure_ours(folder, made["bytes"])
    print(f"{megabytes:g} MB: {one['seconds']} s", flush=True)
    names = ("mb_per_s", "seconds", "cpu_seconds", "peak_mib", "verified", "stages")
    return {"mb": megabytes, "s_per_mb": round(one["seconds"] / (made["bytes"] / 1e6), 4)} | {n: one[n] for n in names}


def checks(ours: Mapping[str, Any], peers: Mapping[str, Mapping[str, Any]], quick: bool) -> dict[str, bool]:
    """What a run must show; on a quick set Spark's start is most of the time, so speed is not judged."""
    runs = [ours, *ours["curve"]]
    found = {
        "verified": all(one["verified"] for one in runs),
        "memory_below_6_gib": max(one["peak_mib"] for one in runs) < MEMORY,
        "all_peers_ran": not any("error" in one for one in peers.values()),
    }
    if not quick and "mb_per_s" in peers.get("datatrove", {}):
        found["10x_datatrove"] = ours["mb_per_s"] >= 10 * peers["datatrove"]["mb_per_s"]
    cost = {one["mb"]: one["s_per_mb"] for one in ours["curve"]}
    if {100, 500} <= cost.keys():
        found["cost_per_mb_500_at_most_1.1x_100"] = cost[500] <= 1.1 * cost[100]
    return found


def table(result: Mapping[str, Any]) -> str:
    """The results to read."""
    lines = [f"{'':16}{'s':>9}{'MB/s':>9}{'/CPU s':>9}{'MiB':>8}{'ours is':>11}"]
    for name, one in {OURS: result["ours"], **result["peers"]}.items():
        if "error" in one:
            lines.append(f"{name:16}  {one['error']}")
            continue
        ratio = f"{result['ratios'][name]:9.2f} x" if name in result["ratios"] else ""
        lines.append(
            f"{name:16}{one['seconds']:9.1f}{one['mb_per_s']:9.3f}{one['mb_per_cpu_s']:9.3f}{one['peak_mib']:8,}{ratio}"
        )
    for one in [{"mb": result["text"]["bytes"] / 1e6, **result["ours"]}, *result["ours"]["curve"]]:
        lines.append(f"\n{one['mb']:.0f} MB{'s':>18}" + "".join(f"{n:>14}" for n in spark_events.NAMES))
        for stage, meters in one["stages"].items():
            values = (meters.get(name, 0.0) for name in spark_events.NAMES)
            shown = (f"{v / 1e6:11.1f} MB" if abs(v) > 1e5 else f"{v:14.1f}" for v in values)
            lines.append(f"{stage:16}{meters['seconds']:8.1f}" + "".join(shown))
    lines += [
        f"{one['mb']:g} MB: {one['seconds']} s, {one['s_per_mb']} s/MB, {one['peak_mib']} MiB"
        for one in result["ours"]["curve"]
    ]
    return "\n".join([*lines, *(f"{name}: {value}" for name, value in result["checks"].items())])


if __name__ == "__main__":
    sys.exit(run("end_to_end", asked_of(__doc__, 5, [50.0, 100.0, 250.0, 500.0]), measure_all, table))
