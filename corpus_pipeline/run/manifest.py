"""The manifest: a table is there when, and only when, its `_manifest.json` is. It is written last.

It holds the fingerprint of what made the table, digests of its content and keys that do not depend on the
order of rows or files, its figures, and the outcome of its checks. No clock, no host: equal runs, equal text.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.run.storage import CORRUPT, Storage
from corpus_pipeline.schemas import contract

FORMAT = 2  # of the digests: those of another format compare with nothing
FILE = "_manifest.json"


@dataclass(frozen=True)
class Manifest:
    """One published table.

    digest, keys_digest  hex; equal for equal rows (or keys), in any order
    metrics  "<slice>/<metric>" -> value; slice is `all` or column=value
    failed   names of `warn` checks that did not hold
    """

    table: str
    stage: str
    version: int
    fingerprint: str
    rows: int
    digest: str
    keys_digest: str
    metrics: dict[str, float]
    failed: list[str] = field(default_factory=list)
    params: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT


def read(storage: Storage, output: str, table: str) -> Manifest | None:
    """The manifest of a table; None when there is none, or when it is not a whole one of this format."""
    path = f"{output}/{table}/{FILE}"
    if not storage.exists(path):
        return None
    try:
        content = json.loads(storage.read_text(path))
        return Manifest(**content) if content.get("format") == FORMAT else None
    except (ValueError, TypeError, AttributeError):
        return None
    except ResourceError as error:
        if error.got != CORRUPT:
            raise
        return None


def require(storage: Storage, output: str, table: str, made_by: str) -> Manifest:
    """The manifest of a table that must be there. Raises ResourceError."""
    found = read(storage, output, table)
    if found is None:
        raise ResourceError(f"{output}/{table}", "a published table", "no manifest", f"Run `make {made_by}` first.")
    wanted = contract(table).version
    if found.version != wanted:
        expected, got = f"version {wanted} of its contract", f"version {found.version}"
        raise ResourceError(f"{output}/{table}", expected, got, f"Run `make {made_by}` first.")
    return found


def write(storage: Storage, output: str, manifest: Manifest) -> None:
    """Makes the table visible."""
    text = json.dumps(asdict(manifest), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    storage.write_bytes(f"{output}/{manifest.table}/{FILE}", text.encode())
