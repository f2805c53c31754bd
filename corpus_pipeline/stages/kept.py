"""Results that several steps of a stage read: worked out once, and cut off from how they came about.

A query's plan repeats that of each table it reads, so that of a long stage grows with every step, and planning takes
longer than the work. A kept table has no past. It is written to the checkpoint folder of the session, so the loss of
an executor costs nothing; a session without one keeps it on the executors' disks.
"""

from __future__ import annotations

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

_FEW = 500_000  # rows of a few ids each: 100 MB or less


def kept(df: DataFrame) -> DataFrame:
    """`df`, worked out now."""
    if df.sparkSession.sparkContext.getCheckpointDir() is None:
        return df.localCheckpoint(eager=True, storageLevel=StorageLevel.DISK_ONLY)
    return df.checkpoint(eager=True)


def few(df: DataFrame, rows: int | None = None) -> DataFrame:
    """`df`, narrow rows, to be broadcast in joins while they are few.

    rows  a bound of their number where it is known; else they are counted, for which `df` should be a kept table
    """
    return F.broadcast(df) if (df.count() if rows is None else rows) <= _FEW else df
