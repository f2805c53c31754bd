"""Petitions and pages of the bundled sample as the tables that sampling and comparing read."""

from __future__ import annotations

import json
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

DATA = Path(__file__).resolve().parents[1] / "data" / "sample"
Documents = dict[str, tuple[str, str, int]]  # doc_id -> source, text, copies


def texts(petitions: int, characters: int) -> list[tuple[str, str]]:
    """(source, text) of so many petitions, and of 12 pages of an encyclopedia up to so many characters."""
    lines = (
        next(iter(sorted((DATA / "petitions").glob("*.jsonl")))).read_text(encoding="utf-8").splitlines()[:petitions]
    )
    pages = sorted((DATA / "encyclopedia").glob("*.txt"))[:12]
    found = [("petitions", json.loads(line)["content"]) for line in lines]
    return [*found, *(("encyclopedia", page.read_text(encoding="utf-8")[:characters]) for page in pages)]


def tables(spark: SparkSession, documents: Documents, partitions: int) -> dict[str, DataFrame]:
    """documents and mixture, each in so many partitions; a document type for each source."""
    rows = [(doc_id, text) for doc_id, (_, text, _) in documents.items()]
    mixed = [(doc_id, s, f"type of {s}", len(t.encode()), n) for doc_id, (s, t, n) in documents.items()]
    columns = "doc_id string, source string, doc_type string, text_bytes long, copies int"
    return {
        "documents": spark.createDataFrame(rows, "doc_id string, text string").repartition(partitions),
        "mixture": spark.createDataFrame(mixed, columns).repartition(partitions),
    }
