"""Documents to leave out by name: those of a list of doc_ids, and those of whole sources. Used by mix.

For requests to remove a text (docs/howto/remove_a_document.md). The list is small enough to be sent to every executor:
a million ids are 50 MB.
"""

from __future__ import annotations

import re
from pathlib import Path

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from corpus_pipeline.errors import ConfigError, ResourceError

REMOVED = "removed"  # the drop_reason
_ID = re.compile(r"[0-9a-f]{32}")


def ids_in(path: str) -> list[str]:
    """The doc_ids in a text file, sorted, each once: one a line; empty lines and what follows a `#` do not count.

    Raises ResourceError for a file that cannot be read, ConfigError for a line that holds anything else.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        where = f"mix.removed_ids: {path}"
        raise ResourceError(where, "a readable text file", type(error).__name__, "Check the path.") from None
    found = set()
    for number, line in enumerate(lines, 1):
        written = line.partition("#")[0].strip()
        if written and not _ID.fullmatch(written):
            where, todo = f"mix.removed_ids: {path}:{number}", "Write one doc_id a line, a note after a #."
            raise ConfigError(where, "a doc_id, 32 hex digits", f"{len(written)} other characters", todo)
        found |= {written} if written else set()
    return sorted(found)


def mark(documents: DataFrame, path: str | None, sources: tuple[str, ...]) -> DataFrame:
    """`documents` with boolean `removed`. documents: doc_id, source."""
    by_source: Column = F.col("source").isin(*sources) if sources else F.lit(False)
    if path is None:
        return documents.withColumn("removed", by_source)
    listed = documents.sparkSession.createDataFrame([(one,) for one in ids_in(path)], "doc_id string")
    listed = listed.withColumn("listed", F.lit(True))
    joined = documents.join(F.broadcast(listed), "doc_id", how="left")  # each id once
    return joined.withColumn("removed", by_source | F.coalesce("listed", F.lit(False))).drop("listed")
