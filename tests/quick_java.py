"""What Java starts with in tests, as run/session.py has it on one machine: one compiler, and the archive of classes."""

from __future__ import annotations

from corpus_pipeline.run import class_archive

OPTION = "spark.driver.extraJavaOptions"


def options() -> str:
    return f"-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=512m {class_archive.options()}"
