"""datatrove's four MinHash steps: SET OUT word|char WORKERS. Signatures, buckets, clusters, filter; its defaults.

14 bands of 8, five words. The language is its default, English: its Korean tokenizer needs a model that is no wheel,
and its normalisation has taken the syllables apart (NFD) before any tokenizer sees them. English means spaCy's rules,
so words are eojeol. A text under five words has no shingle there, and stays.
char: `load_word_tokenizer` takes an object; this one gives the letters, without normalisation.
"""

from __future__ import annotations

import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.dedup_common import files_of


def language(unit: str) -> Any:
    words = import_module("datatrove.utils.word_tokenizers")
    if unit == "word":
        return import_module("datatrove.utils.typeshelper").Languages.english

    class Letters(words.WordTokenizer):  # type: ignore[misc, name-defined]
        def word_tokenize(self, text: str) -> list[str]:
            return text.split(" ") if text else []

        def sent_tokenize(self, text: str) -> list[str]:
            return [text]

        def span_tokenize(self, text: str) -> list[tuple[int, int]]:
            return [(0, len(text))]

    return Letters()


def run(folder: Path, out: Path, unit: str, workers: int) -> None:
    dedup = import_module("datatrove.pipeline.dedup.minhash")
    executor = import_module("datatrove.executor").LocalPipelineExecutor
    reader = import_module("datatrove.pipeline.readers").JsonlReader
    writer = import_module("datatrove.pipeline.writers.jsonl").JsonlWriter
    import_module("loguru").logger.remove()
    norm = import_module("datatrove.utils.text").TextNormConfig
    raw = dict.fromkeys(norm.__dataclass_fields__, False)
    config = dedup.MinhashConfig() if unit == "word" else dedup.MinhashConfig(norm_config=norm(**raw))
    files = files_of(folder, unit)
    work, read = out / "work", reader(str(files[0].parent), glob_pattern="*.jsonl")
    shutil.rmtree(work, ignore_errors=True)
    signature = dedup.MinhashDedupSignature(str(work / "signatures"), config=config, language=language(unit))
    buckets = dedup.MinhashDedupBuckets(str(work / "signatures"), str(work / "buckets"), config=config)
    cluster = dedup.MinhashDedupCluster(
        str(work / "buckets"), str(work / "removed"), config=config, save_cluster_id=True
    )
    kept = [read, dedup.MinhashDedupFilter(str(work / "removed")), writer(str(work / "kept"))]
    steps = [([read, signature], len(files)), ([buckets], config.num_buckets), ([cluster], 1), (kept, len(files))]
    for number, (pipeline, tasks) in enumerate(steps):
        logs = str(work / "logs" / str(number))
        executor(pipeline=pipeline, tasks=tasks, workers=min(workers, tasks), logging_dir=logs).run()
    save(files, work / "removed", out / "clusters.npy")


def save(files: list[Path], removed: Path, target: Path) -> None:
    """The step's own cluster files, (document, cluster) of each input file, as clusters.npy."""
    sizes = [sum(1 for _ in file.open("rb")) for file in files]
    labels = np.arange(sum(sizes), dtype=np.int64)
    first: dict[int, int] = {}
    for number, begin in enumerate(np.cumsum([0, *sizes[:-1]]).tolist()):
        file = removed / f"{number:06d}.clusters"
        for document, cluster in np.fromfile(file, "<u4").reshape(-1, 2).tolist() if file.exists() else []:
            labels[begin + document] = first.setdefault(cluster, begin + document)
    np.save(target, labels)


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
