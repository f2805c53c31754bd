"""How long each stage took when its tables were last made: `<output>/quality_report/_timings.json`.

A clock's figures are never the same twice, so they stand beside the tables and in no manifest or digest. Readers of
Parquet folders pass over a name with an underscore. Whoever deletes the file loses a section of the page, no more.
"""

from __future__ import annotations

import json
from contextlib import suppress

from corpus_pipeline.errors import CorpusError
from corpus_pipeline.run import small_files
from corpus_pipeline.run.quality_report import FOLDER
from corpus_pipeline.run.storage import Storage

FILE = f"{FOLDER}/_timings.json"


def read(storage: Storage, output: str) -> dict[str, float]:
    """Seconds by stage; empty where the file is not there or is not one of these."""
    found = small_files.facts(storage, f"{output}/{FILE}")
    return {stage: float(seconds) for stage, seconds in found.items() if type(seconds) in (int, float)}


def keep(storage: Storage, output: str, stage: str, seconds: float) -> None:
    """Note what `stage` took, in place of what it took before; its tables are there, so a failure ends nothing."""
    known = read(storage, output) | {stage: round(seconds, 2)}
    with suppress(CorpusError):
        storage.write_bytes(f"{output}/{FILE}", json.dumps(known, indent=1).encode())
