"""An archive of the Java classes that Spark loads, so that each run need not find, read and verify 15,000 of them.

`python -m corpus_pipeline.run.class_archive` (part of `make setup`) makes it beside the environment: 190 MB, once for a
version of Spark and of Java. A run that finds none, or one of another Java, starts as ever; the result is the same.
Measured on two cores: Spark is there after 3.3 s instead of 6.2 s, and a run takes 7 s less of CPU time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from corpus_pipeline.errors import CorpusError, ResourceError

_MODULE = "corpus_pipeline.run.class_archive"
_SILENT = "-Xshare:auto -Xlog:cds=off -Xlog:cds+dynamic=off"  # an archive that does not fit is no error


def options() -> str:
    """The Java options that use the archive; empty when there is none."""
    path = _path()
    return f'{_SILENT} -XX:SharedArchiveFile="{path}"' if path.exists() else ""


def make() -> None:
    """Make the archive unless it is there. Raises ResourceError when Java cannot."""
    target = _path()
    if target.exists():
        return
    print("archiving the classes of Spark, so that later runs start sooner (once)", flush=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    for old in target.parent.glob("*.jsa"):
        old.unlink()
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        made = Path(folder) / "classes.jsa"
        command = [sys.executable, "-m", _MODULE, "--use", folder, str(made)]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        if told.returncode or not made.exists():
            last = (told.stderr.strip().splitlines() or ["nothing"])[-1]
            raise ResourceError("archive of classes", str(target), last, "Runs work without it; they start slower.")
        made.rename(target)


def _path() -> Path:
    from importlib.metadata import version

    from corpus_pipeline.run.java import find_java

    java = Path(os.environ.get("JAVA_HOME") or find_java()).resolve().name
    return Path(sys.prefix) / "share" / "corpus_pipeline" / f"spark-{version('pyspark')}-{java}.jsa"


def _use_spark(folder: str, archive: str) -> None:
    """Do a little of all that stages do, so that its classes are loaded when Java ends and writes the archive."""
    from pyspark import StorageLevel
    from pyspark.sql import SparkSession, Window
    from pyspark.sql import functions as F

    from corpus_pipeline.run.java import find_java

    os.environ["JAVA_HOME"] = find_java()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.sql.shuffle.partitions", "2")
    builder = builder.config("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
    spark = builder.config("spark.driver.extraJavaOptions", f'-XX:ArchiveClassesAtExit="{archive}"').getOrCreate()
    spark.sparkContext.setCheckpointDir(f"{folder}/checkpoints")
    rows = spark.range(1000).withColumns({"text": F.sha2(F.col("id").cast("string"), 256), "key": F.col("id") % 10})
    rows.write.parquet(f"{folder}/rows")
    rows.write.json(f"{folder}/json")
    spark.read.schema("id long, text string, key long").json(f"{folder}/json").count()
    read = (
        spark.read.parquet(f"{folder}/rows")
        .mapInArrow(lambda batches: batches, "id long, text string, key long")
        .checkpoint()
    )
    ranked = read.withColumn("rank", F.row_number().over(Window.partitionBy("key").orderBy("text")))
    sums = read.groupBy("key").agg(F.count_distinct("text").alias("n"), F.collect_list("id").alias("ids"))
    joined = (
        ranked.join(sums, "key")
        .join(F.broadcast(sums.select("key")), "key", "left_anti")
        .union(ranked.join(sums, "key"))
    )
    joined.persist(StorageLevel.DISK_ONLY).orderBy("id").write.parquet(f"{folder}/joined")
    table = joined.select("id", "text", "key").toArrow()
    local = spark.createDataFrame(table).join(F.broadcast(joined.select("id")), "id")
    asked = (
        "to_json(named_struct('n', count(1), 'hash', bit_xor(xxhash64(id, text))), map('ignoreNullFields', 'false'))"
    )
    assert local.selectExpr("'all' AS part", asked).union(local.selectExpr("text", "to_json(struct(*))")).collect()
    spark.stop()


if __name__ == "__main__":
    if "--use" in sys.argv:
        _use_spark(*sys.argv[2:])
    else:
        try:
            make()
        except CorpusError as error:
            print(f"warning: {error}")
