"""Our judge: all of the classify stage in a worker, features, rules and models, on batches as Spark sends them."""

from __future__ import annotations

import pyarrow as pa

from benchmarks.peers.classify_worker import Judge, serve
from corpus_pipeline.stages.classify import INPUT, Params, assess

ROWS, BYTES = 8_000, 16_000_000  # a batch of the session (run/spark_conf.py) ends at either
DEFAULTS: dict[str, str | int] = {"doc_type": "web", "profanity": 0}


def load() -> Judge:
    params = Params()
    assess(batch(["한국어"]), params)  # models and tables are read
    return lambda texts: sum(judge(part, params) for part in batches(texts))


def judge(texts: list[str], params: Params) -> int:
    return sum(not reasons for reasons in assess(batch(texts), params).column("reasons").to_pylist())


def batches(texts: list[str]) -> list[list[str]]:
    found: list[list[str]] = [[]]
    size = 0
    for text in texts:
        if found[-1] and (len(found[-1]) == ROWS or size >= BYTES):
            found.append([])
            size = 0
        found[-1].append(text)
        size += len(text.encode())
    return found


def batch(texts: list[str]) -> pa.RecordBatch:
    own = {"doc_id": [f"{at:032x}" for at in range(len(texts))], "text": texts}
    others = {name: [DEFAULTS.get(name)] * len(texts) for name in INPUT if name not in own}
    return pa.RecordBatch.from_pydict(own | others)


if __name__ == "__main__":
    serve(load)
