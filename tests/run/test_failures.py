"""Errors of Spark become ours: short, without a stack trace, without text of a document."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus_pipeline.errors import ContractError, CorpusError, ResourceError
from corpus_pipeline.run.failures import translate

READ = (
    "An error occurred while calling o1.parquet.\n: org.apache.spark.SparkException: Job aborted due to stage failure: "
    "[FAILED_READ_FILE.NO_HINT] Encountered error while reading file file:///d/a.json.gz.  SQLSTATE: KD001\n\tat x\n"
    "Caused by: java.io.EOFException: Unexpected end of input stream\n\tat y"
)


def test_an_unreadable_file_is_named() -> None:
    error = translate(RuntimeError(READ), "log")
    assert isinstance(error, ResourceError)
    assert (error.where, error.got) == ("file:///d/a.json.gz", "EOFException")


def test_an_unreadable_part_of_a_table_is_made_again_by_its_stage() -> None:
    text = READ.replace("file:///d/a.json.gz", "hdfs://a/out/documents/part-00001-x.zstd.parquet")
    assert translate(RuntimeError(text), "log").todo.startswith("Run `make scrub ARGS=--force`")
    for source in ("hdfs://a/in/part-00001.parquet", "hdfs://a/documents/a.parquet", "file:///d/a.json.gz"):
        assert translate(RuntimeError(READ.replace("file:///d/a.json.gz", source)), "log").todo.startswith("Replace")


def test_our_error_survives_the_worker() -> None:
    inner = ContractError("kernels.x", "columns ['a']", "['b']", "Return exactly these names.")
    error = translate(
        RuntimeError(f"PythonException: Traceback ...\ncorpus_pipeline.errors.ContractError: {inner}\n\tat java"), "log"
    )
    assert type(error) is ContractError
    assert str(error) == str(inner)


@pytest.mark.parametrize(
    "text",
    [
        "java.io.IOException: No space left on device",
        "java.io.IOException: File too large",
        "java.lang.OutOfMemoryError: Java heap space",
    ],
)
def test_resources_that_ran_out(text: str) -> None:
    assert isinstance(translate(RuntimeError(text), "log"), ResourceError)


def test_a_java_that_is_gone_is_told_by_its_log(tmp_path: Path) -> None:
    log = tmp_path / "spark.log"
    lost = ConnectionRefusedError(111, "Connection refused")
    assert "no Java any more" in str(translate(lost, str(log)))
    log.write_text("x\n" * 10_000 + "java.lang.OutOfMemoryError: Java heap space\n")
    error = translate(lost, str(log))
    assert isinstance(error, ResourceError)
    assert (error.where, error.got) == ("memory", "OutOfMemoryError")


def test_anything_else_shows_its_kind_only() -> None:
    error = translate(RuntimeError("secret text of a document 010-0000-0000\n\tat org.apache"), "spark.log")
    assert type(error) is CorpusError
    assert "secret" not in str(error)
    assert "spark.log" in str(error)
