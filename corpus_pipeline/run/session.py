"""Start Spark, quietly, and stop it."""

from __future__ import annotations

import logging
import os
import sys
from importlib import import_module
from threading import Thread

from pyspark import SparkConf, SparkContext
from pyspark.accumulators import AccumulatorTCPServer
from pyspark.sql import SparkSession

from corpus_pipeline.run import gateway, workers
from corpus_pipeline.run.config import Config
from corpus_pipeline.run.spark_conf import spark_conf, submitted


def start(config: Config, log: str) -> SparkSession:
    """The session of a run. Under spark-submit the running one's master and memory stay.

    Raises ConfigError and ResourceError, as gateway.launch, which may have been called before.
    """
    for noisy in ("SQLQueryContextLogger", "DataFrameQueryContextLogger", "root", "py4j"):  # they print stack traces
        logging.getLogger(noisy).setLevel(logging.CRITICAL + 1)
    AccumulatorTCPServer.handle_error = _no_trace  # type: ignore[assignment, method-assign]
    settings = spark_conf(config.spark, log)
    wanted = SparkConf().setAppName(f"corpus {config.name}").setAll(list(settings.items()))
    if submitted():
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        spark = SparkSession.builder.config(conf=wanted).getOrCreate()
        spark.sparkContext.setLogLevel("FATAL")
        return spark
    gateway.launch(config.spark, log)
    with gateway.named():
        context = SparkContext.getOrCreate(wanted)
    workers.call(context)
    Thread(target=import_module, args=("pandas",)).start()  # mapInArrow asks for it; meanwhile Java makes a session
    return SparkSession.builder.config(conf=wanted).getOrCreate()


def stop(spark: SparkSession) -> None:
    """Stop Spark, without the second that it waits for its receiver of accumulators, of which we have none."""
    context = spark.sparkContext
    receiver, context._accumulatorServer = context._accumulatorServer, None  # type: ignore[assignment]
    spark.stop()
    Thread(target=receiver.shutdown, daemon=True).start()


def _no_trace(*_: object) -> None:
    """Instead of a stack trace when Java is gone: the call that waits for Java fails, too, and is told as one line."""
