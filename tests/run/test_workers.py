"""Python workers of a local run: forked from a parent that has loaded what they need, without the zip of pyspark."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import json, os, sys
from corpus_pipeline.run import session
from corpus_pipeline.run.config import check

source = {"format": "text_file", "path": "unused", "doc_type": "web", "licence": "none"}
raw = {"name": "t", "output": sys.argv[1], "sources": {"s": source}, "spark": {"master": "local[2]", "conf": CONF}}
spark = session.start(check(raw, "t.yaml"), sys.argv[1] + "/log")
parent = spark.sparkContext.parallelize([0], 1).map(lambda _: os.getppid()).first()

def loaded(batches):
    import pyarrow, pyspark
    names = sorted({"pandas", "corpus_pipeline.pipeline"} & sys.modules.keys())
    kept = os.environ.get("MALLOC_TRIM_THRESHOLD_")
    for batch in batches:
        found = json.dumps([names, ".zip" in pyspark.__file__, kept, batch.num_rows, os.getppid() == parent])
        yield pyarrow.RecordBatch.from_pydict({"found": [found]})

rows = spark.range(4, numPartitions=2).mapInArrow(loaded, "found string").collect()
print(json.dumps([json.loads(row["found"]) for row in rows]))
session.stop(spark)
"""


@pytest.mark.spark
@pytest.mark.parametrize(
    ("conf", "expected"),
    [
        ({}, [["corpus_pipeline.pipeline", "pandas"], False, "268435456", 2, True]),
        ({"spark.python.daemon.module": "pyspark.daemon"}, [[], True, "268435456", 2, False]),
    ],
)
def test_what_a_worker_begins_with(conf: dict[str, str], expected: list[object], tmp_path: Path) -> None:
    """Spark's own parent, which a setting brings back, has none of it. Ours is one for queries and for the first task,
    which starts it."""
    command = [sys.executable, "-c", SCRIPT.replace("CONF", repr(conf)), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == [expected, expected]
