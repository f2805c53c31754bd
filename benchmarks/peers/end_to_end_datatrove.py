"""datatrove's pipeline for Korean pre-training text: IN OUT TOKENIZER ko|en WORKERS, then OUT/steps.json.

What it has for the work of our chain, in the order of its own FineWeb-2 example: read, mask e-mail and IP addresses,
three filters with the limits for Korean (classify_datatrove.py; ko takes words from Kiwi, en cuts at spaces), four
MinHash steps with their defaults, a tokenizer made beforehand, documents shuffled over all files. MinHash cuts at
spaces in both: with Kiwi it would get letters taken apart (dedup_datatrove.py).
steps.json: step -> seconds; "tokens" written.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.peers.classify_datatrove import steps as filters

EOD = "<|endoftext|>"


def run(source: Path, out: Path, tokenizer: str, language: str, workers: int) -> dict[str, float]:
    executor = import_module("datatrove.executor").LocalPipelineExecutor
    import_module("loguru").logger.remove()
    files = len(list(source.rglob("*.jsonl")))
    spent: dict[str, float] = {}
    for name, pipeline, tasks in _pipelines(source, out, tokenizer, language, files):
        started = time.monotonic()
        executor(
            pipeline=pipeline, tasks=tasks, workers=min(workers, tasks), logging_dir=str(out / "logs" / name)
        ).run()
        spent[name] = round(time.monotonic() - started, 2)
    return spent


def _pipelines(source: Path, out: Path, tokenizer: str, language: str, files: int) -> list[tuple[str, list[Any], int]]:
    dedup = import_module("datatrove.pipeline.dedup.minhash")
    reader = import_module("datatrove.pipeline.readers").JsonlReader
    writer = import_module("datatrove.pipeline.writers.jsonl").JsonlWriter
    pii = import_module("datatrove.pipeline.formatters").PIIFormatter
    tokens = import_module("datatrove.pipeline.tokens")
    english = import_module("datatrove.utils.typeshelper").Languages.english
    work = {name: str(out / name) for name in ("filtered", "signatures", "buckets", "removed", "kept", "ids", "shards")}
    config = dedup.MinhashConfig()
    read = reader(str(source), glob_pattern="**/*.jsonl")
    sign = dedup.MinhashDedupSignature(work["signatures"], config=config, language=english)
    buckets = dedup.MinhashDedupBuckets(work["signatures"], work["buckets"], config=config)
    filtered, kept = reader(work["filtered"]), reader(work["kept"])
    return [
        ("filter", [read, pii(), *filters(language), writer(work["filtered"], compression=None)], files),
        ("signatures", [filtered, sign], files),
        ("buckets", [buckets], config.num_buckets),
        ("clusters", [dedup.MinhashDedupCluster(work["buckets"], work["removed"], config=config)], 1),
        ("keep", [filtered, dedup.MinhashDedupFilter(work["removed"]), writer(work["kept"], compression=None)], files),
        ("tokenize", [kept, tokens.DocumentTokenizer(work["ids"], tokenizer, eos_token=EOD, seed=1)], files),
        ("shuffle", [tokens.DocumentTokenizerMerger(work["ids"], work["shards"], "shard", seed=1, progress=False)], 1),
    ]


def main() -> None:
    source, out, tokenizer, language, workers = sys.argv[1:]
    shutil.rmtree(out, ignore_errors=True)
    Path(out).mkdir(parents=True)
    steps = run(Path(source), Path(out), tokenizer, language, int(workers))
    size = sum(path.stat().st_size for path in (Path(out) / "shards").rglob("*.ds"))
    (Path(out) / "steps.json").write_text(json.dumps({"steps": steps, "tokens": size // 2}), encoding="utf-8")


if __name__ == "__main__":
    main()
