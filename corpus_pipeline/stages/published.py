"""What a stage that runs has beside the rows of its input."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pyspark import StorageLevel
from pyspark.sql import DataFrame


class Published(dict[str, DataFrame]):
    """Tables that were read where they are published.

    rows   how many rows they have, by name
    write  writes a table of the stage's result at once, and gives it back as it reads from there
    """

    rows: Mapping[str, int] = {}
    write: Callable[[str, DataFrame], DataFrame] | None = None


def rows_of(tables: Mapping[str, DataFrame], name: str) -> int:
    """How many rows a table has; they are counted where nobody knows."""
    known = tables.rows if isinstance(tables, Published) else {}
    return known[name] if name in known else tables[name].count()


def written(tables: Mapping[str, DataFrame], name: str, df: DataFrame) -> DataFrame:
    """The table `name` of the stage's result, for the stage to read, too: worked out once.

    It is written where it will be published from, and checked while the stage goes on; where nobody publishes, it is
    kept on the executors' disks.
    """
    if isinstance(tables, Published) and tables.write:
        return tables.write(name, df)
    return df.persist(StorageLevel.DISK_ONLY)
