"""A run of dedup in which each kernel ends its Python worker once: `python -m tests.dedup_with_deaths TEXTS RESULT`.

TEXTS is a pickled dict of doc_id -> text, RESULT gets the pickled tables. A session of its own: only its master says
how often a task is tried.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

from pyspark.sql import SparkSession

from corpus_pipeline.stages import candidates, signatures, verification
from tests import quick_java
from tests.dedup_texts import run

KERNELS = ((signatures, "sign_batch"), (candidates, "link"), (verification, "compare"))


def mortal(module: str, name: str, marker: Path) -> Callable[..., Any]:
    """The kernel of that name, but its first call ends the process, after it has begun its work."""

    def dying(batches: Any, **settings: Any) -> Any:
        result = getattr(import_module(module), name)(batches, **settings)  # the worker's, which nobody patched
        if not marker.exists():
            if isinstance(result, Iterator):
                next(result, None)
            marker.touch()
            os._exit(1)
        return result

    return dying


def main(texts: Path, result: Path) -> None:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[2,4]").config("spark.driver.memory", "1g")
    builder = builder.config(quick_java.OPTION, quick_java.options())
    session = builder.config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "3").getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    markers = [result.parent / name for _, name in KERNELS]
    for (module, name), marker in zip(KERNELS, markers, strict=True):
        mock.patch.object(module, name, mortal(module.__name__, name, marker)).start()
    tables = run(session, pickle.loads(texts.read_bytes()), partitions=5, driver_rows=0)
    assert all(marker.exists() for marker in markers)
    result.write_bytes(pickle.dumps(tables))
    session.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
