"""text-dedup's minhash: SET OUT word|char WORKERS. Its command with its defaults: 250 hashes, threshold 0.7, 5 words.

It reads Parquet through `datasets`, and drops documents of under five words without comparing them (`min_length`);
that is kept, and counted apart. Its union-find, a global, is read once the command has saved what it keeps.
"""

from __future__ import annotations

import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.dedup_common import files_of


def run(folder: Path, out: Path, unit: str, workers: int) -> None:
    work = out / "work"
    shutil.rmtree(work, ignore_errors=True)
    minhash: Any = import_module("text_dedup.minhash")
    files = files_of(folder, unit, "parquet")
    options = {
        "path": "parquet",
        "data_files": str(files[0].parent / "*.parquet"),
        "split": "train",
        "cache_dir": str(work / "cache"),
        "output": str(work / "kept"),
        "column": "text",
        "num_proc": str(workers),
    }
    minhash.main([part for name, value in options.items() for part in (f"--{name}", value)], standalone_mode=False)
    save(minhash, import_module("datasets").load_from_disk(str(work / "kept"))["id"], files, out / "clusters.npy")


def save(minhash: Any, kept: Any, files: list[Path], target: Path) -> None:
    read = import_module("pyarrow.parquet").read_table
    ids = [name for file in files for name in read(file, columns=["id"])["id"].to_pylist()]
    labels = np.arange(len(ids), dtype=np.int64)
    known = list(minhash.uf.parent)  # only documents that share a band, or were asked for
    labels[known] = [minhash.uf.find(row) for row in known]
    survivors = set(kept)
    alone = np.bincount(labels, minlength=len(ids))[labels] == 1
    dropped = alone & ~np.array([name in survivors for name in ids])
    labels[dropped] = -1
    np.save(target, labels)


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
