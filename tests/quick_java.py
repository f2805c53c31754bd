"""What Java starts with in tests: the options of run/spark_conf.py on one machine, and the archive of classes."""

from __future__ import annotations

from corpus_pipeline.run import class_archive, spark_conf

OPTION = "spark.driver.extraJavaOptions"


def options() -> str:
    return " ".join([*spark_conf.JAVA, spark_conf.QUICK, class_archive.options()])
