"""The settings of Spark: what the kernels rely on, and what a run on one machine starts with."""

from __future__ import annotations

import os
import tempfile
from importlib.resources import files
from pathlib import Path

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.run import class_archive
from corpus_pipeline.run.config_file import SparkSettings

FIXED = {
    "spark.sql.ansi.enabled": "false",  # a value that cannot be cast is null, and a record with it is rejected
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.variable.substitute": "false",  # names of sources are names, whatever is in them
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.serializer": "org.apache.spark.serializer.KryoSerializer",  # kept tables: a third of Java's time
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.execution.arrow.useLargeVarTypes": "false",  # kernels read offsets of 32 bits
    "spark.sql.execution.arrow.maxRecordsPerBatch": "8000",
    "spark.sql.execution.arrow.maxBytesPerBatch": "16m",  # a batch becomes several times its size in Python
    "spark.sql.legacy.javaCharsets": "true",  # else csv knows seven charsets, none of them Korean
    "spark.sql.files.ignoreCorruptFiles": "false",  # true would lose documents silently
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.caseSensitive": "false",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",  # the manifest is the mark
}
_USUAL = {"spark.python.sql.dataFrameDebugging.enabled": "false"}  # for line numbers, a third of all questions to Java
_LOCAL = {  # glibc: Python workers keep what they free; without, page faults took a sixth of a kernel's time
    "spark.executorEnv.MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "spark.executorEnv.MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "spark.python.daemon.module": "corpus_pipeline.run.workers",
}
# Options of Java on one machine. One session compiles the queries of every stage: the 48 MB of a Java with one compiler
# were full at the third, which throws code away to compile it again, and once ended in a Java that was gone. The
# concurrent marking of G1, which is Java's own choice, took a twelfth of two cores.
JAVA = ("-XX:ReservedCodeCacheSize=512m", "-XX:+UseParallelGC")
QUICK = "-XX:TieredStopAtLevel=1"  # the second compiler took 20 of 70 s of CPU time, and gave back none


def submitted() -> bool:
    """Whether spark-submit started this program, and Java before it."""
    return "PYSPARK_GATEWAY_PORT" in os.environ


def spark_conf(spark: SparkSettings, log: str) -> dict[str, str]:
    """Spark's settings by name. Raises ConfigError for one that the kernels rely on.

    log  the file of Spark's own log. Under spark-submit master, memory and Java are those of the command line.
    """
    if fixed := sorted(key for key in spark.conf if key in FIXED or key.startswith("spark.sql.legacy.")):
        todo = "Remove them: the stages rely on their own."
        raise ConfigError("spark.conf", "settings that change no result", f"{fixed}", todo)
    settings = FIXED | _USUAL
    if spark.partitions:
        settings["spark.sql.shuffle.partitions"] = str(spark.partitions)
        settings["spark.sql.adaptive.coalescePartitions.enabled"] = "false"
    if not submitted():
        settings |= {
            "spark.master": spark.master,
            "spark.driver.memory": spark.driver_memory,
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",  # run/progress.py says more
            "spark.driver.extraJavaOptions": _java_options(spark, log),
        }
        if spark.master.partition("[")[0] == "local":
            settings |= _LOCAL
    return settings | {key: str(value) for key, value in spark.conf.items()}


def _java_options(spark: SparkSettings, log: str) -> str:
    ours = [f'-Dlog4j2.configurationFile="{_log_settings()}"', f'-Dcorpus.log="{log}"', class_archive.options()]
    return " ".join(option for option in (*JAVA, *([QUICK] if spark.quick else []), *ours) if option)


def _log_settings() -> str:
    """A real path of log4j2.properties, also when the package is inside a zip."""
    content = files("corpus_pipeline.run").joinpath("log4j2.properties").read_bytes()
    target = Path(tempfile.gettempdir()) / f"corpus-log4j2-{os.getuid()}.properties"
    if not target.exists() or target.read_bytes() != content:
        target.write_bytes(content)
    return str(target)
