"""The parent of Spark's Python workers on a local master: what every worker needs is loaded before they are forked.

Spark's own parent reads pyspark from a zip, which holds no compiled files, and each worker loads numpy, pyarrow, pandas
and the kernels again: 2.7 s of CPU time for two workers. Here it is 0.8 s for any number, while the session starts.
A cluster's executors start theirs as ever.
"""

from __future__ import annotations

import sys
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark import SparkContext

MODULE = "corpus_pipeline.run.workers"


def call(context: SparkContext) -> None:
    """Have the parent started, without waiting for it. Does nothing on a cluster.

    A task of an RDD does not wait for the planner of queries, which takes longer to start than the parent.
    """
    if context.getConf().get("spark.python.daemon.module") == MODULE:
        context.environment["SPARK_SIMPLIFIED_TRACEBACK"] = "1"  # as queries have it; another has another parent
        Thread(target=_first_task, args=(context,), daemon=True).start()


def _first_task(context: SparkContext) -> None:
    try:
        context.parallelize([0], 1).count()
    except Exception:  # the run ended, or will say itself what is wrong with its workers
        return


if __name__ == "__main__":
    unzipped = [path for path in sys.path if not Path(path).match("pyspark.zip") and not Path(path).match("py4j-*.zip")]
    if any(Path(path, "pyspark").is_dir() for path in unzipped):
        sys.path[:] = unzipped

    import pandas  # noqa: F401  (mapInArrow asks for it)
    import pyspark.worker  # noqa: F401
    from pyspark.daemon import manager

    import corpus_pipeline.pipeline  # noqa: F401

    manager()
