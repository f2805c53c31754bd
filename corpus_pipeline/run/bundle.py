"""Make the zip for `spark-submit --py-files`: the package and its contracts, the same bytes every time."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold


def bundle(target: str) -> int:
    """Write `target`; returns the number of files in it."""
    parts = [p for folder in ("corpus_pipeline", "schemas") for p in sorted((_ROOT / folder).rglob("*")) if p.is_file()]
    files = [p for p in parts if p.suffix != ".pyc"]
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            entry = zipfile.ZipInfo(str(path.relative_to(_ROOT)), _EPOCH)
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return len(files)


if __name__ == "__main__":
    print(f"{sys.argv[1]}: {bundle(sys.argv[1])} files")
