"""The contenders of benchmarks/dedup.py: our stage and its peers, whole processes on CORES cores, timed and scored."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import yaml

from benchmarks import dedup_scores, peak_memory
from benchmarks.dedup_oracle import Pairs
from benchmarks.environments import python_of
from benchmarks.measure import ONE_THREAD, ROOT

CORES = 2
INTERVAL = 1.0  # s between two looks at the processes; a look takes 70 ms and holds up their memory
LIMIT = 5400  # s for one contender
OURS = "ours"
SOURCE = {"format": "text_file", "path": "unused", "doc_type": "web", "licence": "none"}
SPARK = {"master": f"local[{CORES}]", "driver_memory": "1g", "partitions": 8}
# `documents` beyond what the set holds: constants of the right type
FILLED = {"doc_type": "'web'", "licence": "'none'", "text_bytes": "octet_length(text)"}


@dataclass(frozen=True)
class Peer:
    """A module of benchmarks/peers, in one of ENVIRONMENTS, with UNIT and the number of processes it may use."""

    name: str
    environment: str
    module: str
    unit: str
    cores: int


PEERS = [
    Peer("datatrove", "dedup_datatrove", "dedup_datatrove", "word", 2),
    Peer("text_dedup", "dedup_text_dedup", "dedup_text_dedup", "word", 2),
    Peer("datasketch", "dedup_sketches", "dedup_datasketch", "word", 2),
    Peer("datasketch_one_process", "dedup_sketches", "dedup_datasketch", "word", 1),
    Peer("rensa", "dedup_sketches", "dedup_rensa", "word", 1),
    Peer("rensa_rho", "dedup_sketches", "dedup_rensa", "rho", 1),
    Peer("datatrove_char", "dedup_datatrove", "dedup_datatrove", "char", 2),
    Peer("text_dedup_char", "dedup_text_dedup", "dedup_text_dedup", "char", 2),
    Peer("datasketch_char", "dedup_sketches", "dedup_datasketch", "char", 2),
    Peer("rensa_char", "dedup_sketches", "dedup_rensa", "char", 1),
]
NOTES = {
    "datatrove": "4 MinHash steps, defaults: 14 bands of 8, five words; no verification; writes the kept documents",
    "text_dedup": "defaults: 25 bands of 10, five words; no verification; drops documents under five words unseen",
    "datasketch": "MinHashLSH, 14 bands of 9, five words; two processes hash, one indexes; no verification",
    "rensa": "one core; R-MinHash and its LSH, 16 bands of 8, five words; in memory, no verification",
    "rensa_rho": "one core; samples words; a flag a document, no clusters",
    "*_char": "the same on character 5-grams of texts prepared beforehand: for recall and precision, not for speed",
}


class Watch(threading.Thread):
    """Looks at a process and all it started, until it ends: highest sum of memory (PSS), CPU time of all."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.peak: Counter[str] = Counter()
        self._cpu: dict[int, float] = {}
        self._process = process
        self.start()

    def run(self) -> None:
        try:
            root = psutil.Process(self._process)
            while root.is_running():
                now = peak_memory.sample(root)
                self.peak = max(self.peak, now, key=lambda counter: counter.total())
                for one in [root, *root.children(recursive=True)]:
                    try:
                        times = one.cpu_times()
                        self._cpu[one.pid] = times.user + times.system
                    except psutil.Error:
                        continue
                time.sleep(INTERVAL)
        except psutil.Error:
            return  # it ended between two lines

    @property
    def cpu_seconds(self) -> float:
        """Less up to INTERVAL for each process."""
        return sum(self._cpu.values())


def timed(command: list[str], log: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """Seconds, CPU seconds and peak memory of a command on CORES cores; {"error"} when it failed."""
    log.parent.mkdir(parents=True, exist_ok=True)
    cores = ",".join(str(core) for core in sorted(os.sched_getaffinity(0))[:CORES])
    with log.open("wb") as file:
        started = time.monotonic()
        child = subprocess.Popen(
            ["taskset", "-c", cores, *command], stdout=file, stderr=file, cwd=ROOT, env=dict(environment)
        )
        watch = Watch(child.pid)
        try:
            code = child.wait(LIMIT)
        except subprocess.TimeoutExpired:
            for one in [*psutil.Process(child.pid).children(recursive=True), child]:
                one.kill()
            return {"error": f"not done in {LIMIT} s"}
        seconds = time.monotonic() - started
    watch.join()
    if code:
        return {"error": f"ended with code {code}; see {log.name}: {_last_line(log)}"}
    peak = watch.peak
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(watch.cpu_seconds, 1),
        "peak_mib": round(peak.total() / 2**20),
        "peak_by_program_mib": {name: round(size / 2**20) for name, size in peak.most_common(4)},
    }


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else ""


def rates(measured: dict[str, Any], size: float, cores: int) -> dict[str, Any]:
    """With MB/s of text, in all and per core given."""
    speed = size / 1e6 / measured["seconds"]
    found = {
        "mb_per_s": speed,
        "mb_per_s_per_core": speed / cores,
        "mb_per_cpu_s": size / 1e6 / measured["cpu_seconds"],
    }
    return {name: round(value, 3) for name, value in found.items()} | {"cores": cores} | measured


def publish(config: str, texts: str, log: str) -> None:
    """Publish the set's `documents` table in the output of `config`, with the project's own functions."""
    from pyspark.sql import functions as F

    from corpus_pipeline.run import manifest, session
    from corpus_pipeline.run.config import load
    from corpus_pipeline.run.publish import STAGING, Aside, make_visible
    from corpus_pipeline.run.storage import Storage
    from corpus_pipeline.stages.arrow import struct_of

    settings = load(config, ["spark.conf={spark.sql.files.openCostInBytes: 134217728}"])  # a task a file
    spark = session.start(settings, log)
    given = spark.read.parquet(texts).withColumnRenamed("id", "doc_id")
    empty = {"integer": "0", "long": "0", "double": "0", "boolean": "false", "string": "''", "array": "array()"}
    columns = []
    for one in struct_of("documents"):
        filled = "NULL" if one.nullable else empty[one.dataType.typeName()]
        value = F.col(one.name) if one.name in given.columns else F.expr(FILLED.get(one.name, filled))
        columns.append(value.cast(one.dataType).alias(one.name))
    root = settings.root("documents")
    with Aside(spark, lambda _: f"{root}/{STAGING}", {}) as aside:
        written = aside.all({"documents": given.select(*columns)})["documents"]
    version, digests = written.contract.version, (written.digest, written.keys_digest)
    table = manifest.Manifest("documents", "scrub", version, "bench", written.rows, *digests, written.metrics)
    make_visible(Storage(spark), settings, {"documents": table})
    spark.stop()


def measure_ours(folder: Path, size: float) -> dict[str, Any]:
    """The stage on the set in `folder`. `duplicates` and `duplicate_pairs` are left in FOLDER/run/ours."""
    work = folder / "run" / OURS
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    config, environment = work / "config.yaml", {**os.environ, "PYTHONPATH": str(ROOT)}
    settings = {"name": "bench", "output": str(work / "out"), "spark": SPARK, "sources": {"texts": SOURCE}}
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    asked = [str(config), str(folder / "parquet"), str(work / "publish.log")]
    subprocess.run([sys.executable, "-m", "benchmarks.dedup_contenders", *asked], cwd=ROOT, env=environment, check=True)
    job = ["jobs/dedup.py", "--config", str(config), "--log-dir", str(work / "logs")]
    measured = timed([sys.executable, *job], work / "log.txt", environment)
    if "error" in measured:
        raise RuntimeError(f"{OURS}: {measured['error']}")
    return rates(measured, size, CORES)


def measure_peer(peer: Peer, folder: Path, size: float, environments: Path, truth: Pairs) -> dict[str, Any]:
    """A peer on the set in `folder`, and its scores."""
    try:
        python = python_of(peer.environment, environments)
    except subprocess.CalledProcessError as error:
        return {"error": f"no environment {peer.environment}: {error}"}
    work = folder / "run" / peer.name
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    home = {"HF_HOME": str(work / "hf"), "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
    command = [str(python), "-m", f"benchmarks.peers.{peer.module}", str(folder), str(work), peer.unit, str(peer.cores)]
    measured = timed(command, work / "log.txt", {**os.environ, **ONE_THREAD, **home})
    if "error" in measured:
        return measured
    found = rates(measured, size, peer.cores)
    if (work / "clusters.npy").exists():
        return found | dedup_scores.scores(np.load(work / "clusters.npy"), truth)
    return found | {"flagged": int(np.load(work / "flags.npy").sum())}


if __name__ == "__main__":
    publish(*sys.argv[1:])
