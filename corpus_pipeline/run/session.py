"""Start Spark, quietly, with the settings that the kernels rely on."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from threading import Thread

from pyspark import SparkConf, SparkContext
from pyspark.accumulators import AccumulatorTCPServer
from pyspark.sql import SparkSession

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.run import class_archive, workers
from corpus_pipeline.run.config import Config
from corpus_pipeline.run.java import find_java

_FIXED = {
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
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",  # the manifest is the mark
}
_LOCAL = {  # glibc: Python workers keep what they free; without, page faults took a sixth of a kernel's time
    "spark.executorEnv.MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "spark.executorEnv.MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "spark.python.daemon.module": workers.MODULE,
}
# Options of Java on one machine. One session compiles the queries of every stage: the 48 MB of a Java with one compiler
# were full at the third, which throws code away to compile it again, and once ended in a Java that was gone. The
# concurrent marking of G1, which is Java's own choice, took a twelfth of two cores.
JAVA = ("-XX:ReservedCodeCacheSize=512m", "-XX:+UseParallelGC")
QUICK = "-XX:TieredStopAtLevel=1"  # the second compiler took 20 of 70 s of CPU time, and gave back none


def start(config: Config, log: str) -> SparkSession:
    """The session of a run. Under spark-submit the running one's master and memory stay. Raises ResourceError."""
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    if not submitted:
        os.environ["JAVA_HOME"] = find_java()
        if os.environ.get("LC_ALL", os.environ.get("LANG", "C")) in ("", "C", "POSIX"):
            os.environ["LC_ALL"] = "C.UTF-8"  # else Java cannot name a file in Hangul
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    for noisy in ("SQLQueryContextLogger", "DataFrameQueryContextLogger", "root", "py4j"):  # they print stack traces
        logging.getLogger(noisy).setLevel(logging.CRITICAL + 1)
    AccumulatorTCPServer.handle_error = _no_trace  # type: ignore[assignment, method-assign]
    fixed = sorted(_FIXED.keys() & config.spark.conf.keys())
    if fixed:
        todo = "Remove them: the stages rely on their own."
        raise ConfigError("spark.conf", "settings that change no result", f"{fixed}", todo)
    settings = dict(_FIXED)
    if config.spark.partitions:
        settings["spark.sql.shuffle.partitions"] = str(config.spark.partitions)
        settings["spark.sql.adaptive.coalescePartitions.enabled"] = "false"
    if not submitted:
        settings |= {
            "spark.master": config.spark.master,
            "spark.driver.memory": config.spark.driver_memory,
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",  # run/progress.py says more
            "spark.driver.extraJavaOptions": _java_options(config, log),
        }
        if config.spark.master.partition("[")[0] == "local":
            settings |= _LOCAL
    settings |= {key: str(value) for key, value in config.spark.conf.items()}
    wanted = SparkConf().setAppName(f"corpus {config.name}").setAll(list(settings.items()))
    if submitted:
        spark = SparkSession.builder.config(conf=wanted).getOrCreate()
        spark.sparkContext.setLogLevel("FATAL")
        return spark
    with _java_writes_to(log):
        workers.call(SparkContext.getOrCreate(wanted))
        Thread(target=import_module, args=("pandas",)).start()  # mapInArrow asks for it; meanwhile Java makes a session
        return SparkSession.builder.config(conf=wanted).getOrCreate()


def stop(spark: SparkSession) -> None:
    """Stop Spark, without the second that it waits for its receiver of accumulators, of which we have none."""
    context = spark.sparkContext
    receiver, context._accumulatorServer = context._accumulatorServer, None  # type: ignore[assignment]
    spark.stop()
    Thread(target=receiver.shutdown, daemon=True).start()


@contextmanager
def _java_writes_to(log: str) -> Iterator[None]:
    """A Java that starts here writes to the log what it says beside Spark: warnings on its modules, why it ended."""
    sys.stderr.flush()
    ours = os.dup(2)
    try:
        with open(log, "ab") as file:
            os.dup2(file.fileno(), 2)
        yield
    finally:
        os.dup2(ours, 2)
        os.close(ours)


def _no_trace(*_: object) -> None:
    """Instead of a stack trace when Java is gone: the call that waits for Java fails, too, and is told as one line."""


def _java_options(config: Config, log: str) -> str:
    ours = [f'-Dlog4j2.configurationFile="{_log_settings()}"', f'-Dcorpus.log="{log}"', class_archive.options()]
    return " ".join(option for option in (*JAVA, *([QUICK] if config.spark.quick else []), *ours) if option)


def _log_settings() -> str:
    """A real path of log4j2.properties, also when the package is inside a zip."""
    content = files("corpus_pipeline.run").joinpath("log4j2.properties").read_bytes()
    target = Path(tempfile.gettempdir()) / f"corpus-log4j2-{os.getuid()}.properties"
    if not target.exists() or target.read_bytes() != content:
        target.write_bytes(content)
    return str(target)
