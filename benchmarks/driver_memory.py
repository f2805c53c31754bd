"""Memory of the driver that trains a vocabulary on the counts of much text: `... --input FOLDER --mb 500`.

INPUT/*.tar.zst is cut into documents, whatever it is (markup and code too), and `train_tokenizer` runs with
`source: all` on a standalone cluster of one worker, so that nothing but the driver is in the driver: its JVM and the
Python that holds the counts. Writes OUT/driver_memory.json: seconds, the peak of each, distinct pieces. The trainers
themselves are compared on equal text by tokenizer.py.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measure import ROOT, machine, peak_mib, versions, write_json

PART = 20_000  # characters of a document
HEAP = "768m"
BINARY = (".gz", ".zip", ".png", ".jpg", ".gif", ".parquet", ".xlsx", ".pdf")


def documents(folder: Path, limit: int) -> Iterator[str]:
    """Parts of all files as UTF-8 or CP949 text, until `limit` bytes."""
    total = 0
    for archive in sorted(folder.glob("*.tar.zst")):
        with pa.input_stream(archive, compression="zstd") as stream, tarfile.open(fileobj=stream, mode="r|") as files:
            for file in files:
                content = files.extractfile(file) if not file.name.endswith(BINARY) else None
                data = content.read() if content else b""
                try:
                    text = data.decode("utf-8")
                except UnicodeDecodeError:
                    text = data.decode("cp949", "ignore")
                text = unicodedata.normalize("NFC", text).replace("\0", "")
                for start in range(0, len(text), PART):
                    part = text[start : start + PART]
                    total += len(part.encode())
                    yield part
                    if total >= limit:
                        return


def prepare(folder: Path, limit: int, target: Path) -> int:
    """Write the documents as a table; returns the bytes of text."""
    target.parent.mkdir(parents=True, exist_ok=True)
    texts = list(documents(folder, limit))
    sizes = [len(text.encode()) for text in texts]
    ids = [f"{i:032x}" for i in range(len(texts))]
    pq.write_table(pa.table({"doc_id": ids, "text": texts, "text_bytes": sizes}), target, row_group_size=1000)
    return sum(sizes)


def drive(master: str, table: Path) -> None:
    """What the driver does; prints its figures as JSON."""
    from pyspark.sql import SparkSession

    from corpus_pipeline.stages import train_tokenizer

    spark = (
        SparkSession.builder.master(master)
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.memory", HEAP)
        .config("spark.executor.memory", "1g")
        .config("spark.executorEnv.PYTHONPATH", str(ROOT))
        .config("spark.sql.execution.arrow.maxBytesPerBatch", "16m")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    read = spark.read.parquet(str(table))
    mixture = read.selectExpr("doc_id", "1 AS copies", "text_bytes")
    tables = {"documents": read, "mixture": mixture, "tokenizer_sample": mixture}
    started = time.monotonic()
    rows = train_tokenizer.transform(tables, train_tokenizer.Params(source="all"))["tokenizer"].collect()
    seconds = time.monotonic() - started
    card = json.loads(next(row["content"] for row in rows if row["name"] == "card.json"))
    gateway: Any = spark.sparkContext._gateway
    jvm, python = (peak_mib(pid) for pid in (gateway.proc.pid, os.getpid()))
    names = ("bytes", "distinct_pieces", "distinct_pieces_used", "vocab_size")
    found = {"seconds": round(seconds, 1), "jvm_peak_mib": jvm, "python_peak_mib": python}
    print(json.dumps({**found, "driver_peak_mib": jvm + python, "heap": HEAP, **{name: card[name] for name in names}}))


def main() -> int:
    from tests.standalone import cluster

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", type=Path, default=Path("../shared/data"))
    parser.add_argument("--data", type=Path, default=Path("out/bench/data"), help="where the text is put as a table")
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    parser.add_argument("--mb", type=int, default=500)
    parser.add_argument("--driver", nargs=2, metavar=("MASTER", "TABLE"), help="the driver itself, started by this")
    options = parser.parse_args()
    if options.driver:
        drive(options.driver[0], Path(options.driver[1]))
        return 0
    table = (options.data / "all.parquet").resolve()
    print(f"{prepare(options.input, options.mb * 1_000_000, table) / 1e6:.0f} MB of text")
    logs = (options.out / "logs").resolve()
    logs.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYSPARK_PYTHON": sys.executable}
    with cluster(logs, hosts=("127.0.0.1",), memory="1200m") as master:
        command = [sys.executable, __file__, "--driver", master, str(table)]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found = done.stdout.strip().splitlines()[-1]
    ours = json.loads(found)
    fits = ours["driver_peak_mib"] < 2048
    checks = {"driver_below_2_gib": fits, "vocabulary_full": ours["vocab_size"] == 32_000}
    named = versions(["pyspark", "pyarrow", "numpy"])
    result = {"ours": ours, "peers": {}, "ratios": {}, "checks": checks, "versions": named, "machine": machine()}
    write_json(options.out / "driver_memory.json", result)
    print(json.dumps(ours | checks, indent=2))
    return 0 if fits else 1


if __name__ == "__main__":
    sys.exit(main())
