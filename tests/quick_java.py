"""What Java starts with in tests: the options of run/session.py on one machine, and the archive of classes."""

from __future__ import annotations

from corpus_pipeline.run import class_archive, session

OPTION = "spark.driver.extraJavaOptions"


def options() -> str:
    return " ".join([*session.JAVA, session.QUICK, class_archive.options()])
