"""The whole serialize stage on one core: Parquet -> join -> ids -> shuffle -> sorted shards, Spark and all.

`python -m benchmarks.spark_stage TOKENIZER CARD FOLDER WARM JSONL...` prints JSON: rates, bytes of text, tokens.
The first WARM files start Spark and fill the worker's caches; the others, in ROUNDS parts, are text it has not seen.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession

from benchmarks.measure import spread
from corpus_pipeline.run import shards
from corpus_pipeline.run.java import find_java
from corpus_pipeline.stages import serialize

ROUNDS = 3
Tables = dict[str, DataFrame]


def tables(spark: SparkSession, files: dict[str, str], sections: list[Path], folder: Path) -> tuple[Tables, int]:
    """The sections as the tables that the stage reads, one file each; and the bytes of their text."""
    folder.mkdir()
    total = 0
    for i, section in enumerate(sections):
        texts = [json.loads(line)["text"] for line in section.open(encoding="utf-8")]
        sizes = [len(text.encode()) for text in texts]
        ids = [f"{i:08x}{j:024x}" for j in range(len(texts))]
        table = pa.table({"doc_id": ids, "text": texts, "copies": pa.array([1] * len(texts), pa.int32())})
        estimate = pa.array([size // 4 for size in sizes], pa.int64())
        pq.write_table(table.append_column("token_estimate", estimate), folder / f"{i:03d}.parquet", compression="zstd")
        total += sum(sizes)
    every = spark.read.parquet(str(folder))
    others = ["'s' AS source", "'web' AS doc_type", "CAST(null AS string) AS title", "'n' AS source_name"]
    return {
        "documents": every.selectExpr("doc_id", "text", *others, "CAST(null AS string) AS category"),
        "mixture": every.select("doc_id", "copies", "token_estimate"),
        "tokenizer": spark.createDataFrame(list(files.items()), "name string, content string"),
    }, total


def write(read: Tables, target: Path) -> tuple[float, int]:
    """Run the stage; seconds and tokens."""
    started = time.monotonic()
    params = serialize.Params(shard_tokens=10_000_000)
    result = shards.write(serialize.transform(read, params)["shards"], target.as_uri(), params.layout)
    tokens = int(result["shard_index"].selectExpr("sum(tokens)").collect()[0][0])
    result["shard_index"].sparkSession.catalog.clearCache()
    return time.monotonic() - started, tokens


def main(tokenizer: Path, card: Path, folder: Path, warm: int, sections: list[Path]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["JAVA_HOME"], os.environ["PYSPARK_PYTHON"] = find_java(), sys.executable
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.driver.memory", "1g")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "2000")
        .config("spark.sql.execution.arrow.maxBytesPerBatch", "16m")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    files = {"tokenizer.json": tokenizer.read_text(encoding="utf-8"), "card.json": card.read_text(encoding="utf-8")}
    parts = [sections[:warm], *(sections[warm + i :: ROUNDS] for i in range(ROUNDS))]
    rates, size, tokens = [], 0, 0
    for i, part in enumerate(parts):
        read, own = tables(spark, files, part, folder / f"tables-{i}")
        seconds, found = write(read, folder / f"shards-{i}")
        if i:
            rates.append(own / 1e6 / seconds)
            size, tokens = size + own, tokens + found
    print(json.dumps({"mb_per_s_per_core": spread(rates), "tokens": tokens, "bytes": size}))
    spark.stop()


if __name__ == "__main__":
    own, card_file, scratch = (Path(name) for name in sys.argv[1:4])
    main(own, card_file, scratch, int(sys.argv[4]), [Path(name) for name in sys.argv[5:]])
