"""BPE training against Hugging Face's trainer: `python benchmarks/tokenizer.py --data FOLDER --out out/bench`.

Reads FOLDER/texts/*.txt (benchmarks/texts.py) up to --mb, and writes OUT/tokenizer.json. Three comparisons, each
measurement in a process of its own, so that its peak memory is its own:

pieces      morphemes, counted before. The library takes no counts: it is given each piece as often as it occurs, and
            only the time after the last one counts as training. Merges must be equal.
end_to_end  from text to merges, on runs (PIECE) without morphemes. Merges must be equal.
synthetic   ours alone on 2.5 million distinct pieces: a piece is some letters, Hangul or Latin, drawn by Zipf's law.

Seconds are medians of --runs. cpu_seconds are those of the whole process, reading too; peak_mib is its highest
resident memory, base_mib that before training.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from benchmarks.measure import peak_mib
from corpus_pipeline.kernels import bpe
from corpus_pipeline.kernels.morphemes import PIECE, cut
from corpus_pipeline.kernels.split import split

EOD = "<|endoftext|>"
BATCH = 4 << 20  # characters given to split() at once
SYNTHETIC = 2_500_000
Numbers = dict[str, Any]


def documents(folder: Path, megabytes: float) -> Iterator[str]:
    """Documents of all corpora, the same share of bytes from each file, `megabytes` in all."""
    files = sorted((folder / "texts").glob("*.txt"))
    share = min(1.0, megabytes * 1e6 / max(1, sum(file.stat().st_size for file in files)))
    for file in files:
        data = file.read_bytes()
        yield from data[: int(len(data) * share)].decode("utf-8", "ignore").split("\n\f\n")


def run_counts(texts: Iterator[str]) -> pa.Table:
    """piece string, n int64: distinct runs."""
    parts = []
    for batch in _batches(texts):
        found = split(pa.array(batch, pa.string()))
        n = np.bincount(found.indices, minlength=len(found.distinct)).astype(np.int64)
        parts.append(pa.table({"piece": found.distinct, "n": n}))
        if len(parts) >= 16:  # keep few copies of the frequent runs
            parts = [_summed(pa.concat_tables(parts))]
    table = _summed(pa.concat_tables(parts))
    return table.set_column(0, "piece", table["piece"].cast(pa.string()))


def _batches(texts: Iterator[str]) -> Iterator[list[str]]:
    batch, size = list[str](), 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size > BATCH:
            yield batch
            batch, size = [], 0
    yield batch


def morpheme_counts(runs: pa.Table) -> pa.Table:
    pieces = cut(runs["piece"].to_pylist())
    sizes = np.fromiter(map(len, pieces), np.int64, len(pieces))
    flat = pa.array([piece for of_run in pieces for piece in of_run], pa.string())
    return _summed(pa.table({"piece": flat, "n": np.repeat(runs["n"].to_numpy(), sizes)}))


def _summed(table: pa.Table) -> pa.Table:
    return table.group_by("piece").aggregate([("n", "sum")]).rename_columns(["piece", "n"])


def synthetic_counts(pieces: int) -> pa.Table:
    """piece string, n int64: `pieces` distinct ones, five of six Hangul, of 1 to 6 letters, most frequent first."""
    rng = np.random.default_rng(0)
    drawn = np.zeros((pieces * 3, 6), np.uint32)
    latin = np.arange(len(drawn)) % 6 == 0
    for rows, first, letters in ((latin, ord("a"), 26), (~latin, ord("가"), 2350)):
        share = 1 / np.arange(1, letters + 1)
        drawn[rows] = first + rng.choice(letters, (rows.sum(), 6), p=share / share.sum())
    drawn[np.arange(6) >= rng.integers(2, 7, len(drawn))[:, None]] = 0
    distinct = np.unique(np.ascontiguousarray(drawn).view("<U6").ravel())
    rng.shuffle(distinct)
    chosen = np.char.encode(distinct[:pieces], "utf-8")
    counts = np.maximum(1, 5e7 / np.arange(1, len(chosen) + 1)).astype(np.int64)
    return pa.table({"piece": pa.array(chosen.tolist(), pa.binary()).cast(pa.string()), "n": counts})


def _numbers(merges: list[tuple[str, str]], started: float, **more: Any) -> Numbers:
    digest = hashlib.sha256(json.dumps(merges).encode()).hexdigest()
    return {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time(),  # of all threads, since the process started
        "peak_mib": peak_mib(os.getpid()),
        "merges": len(merges),
        "sha256": digest,
        **more,
    }


def train_ours(table: pa.Table, vocab_size: int) -> Numbers:
    base, started = peak_mib(os.getpid()), time.perf_counter()
    trained = bpe.train(table["piece"], table["n"].to_numpy(), vocab_size, [EOD])
    return _numbers(trained.merges, started, base_mib=base, pieces=table.num_rows)


def train_library(texts: Iterator[str], vocab_size: int, pre_tokenizer: pre_tokenizers.PreTokenizer) -> Numbers:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[EOD],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
        min_frequency=0,
    )
    base, started, fed = peak_mib(os.getpid()), time.perf_counter(), [0.0]

    def watched() -> Iterator[str]:
        yield from texts
        fed[0] = time.perf_counter()

    tokenizer.train_from_iterator(watched(), trainer)
    merges = [(a, b) for a, b in json.loads(tokenizer.to_str())["model"]["merges"]]
    found = _numbers(merges, started, base_mib=base, feeding_seconds=fed[0] - started)
    return {**found, "training_seconds": found["seconds"] - found["feeding_seconds"]}


def byte_level() -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)


def count_job(args: argparse.Namespace) -> Numbers:
    started = time.perf_counter()
    runs = run_counts(documents(args.data, args.mb))
    counted = time.perf_counter()
    table = morpheme_counts(runs)
    ended = time.perf_counter()
    pq.write_table(table, args.scratch / "pieces.parquet")
    pq.write_table(synthetic_counts(SYNTHETIC), args.scratch / "synthetic.parquet")
    size = sum(len(text.encode()) for text in documents(args.data, args.mb))
    return {"text_mb": size / 1e6, "runs_seconds": counted - started, "morphemes_seconds": ended - counted}


def ours_end_to_end(args: argparse.Namespace) -> Numbers:
    started = time.perf_counter()
    table = run_counts(documents(args.data, args.mb))
    counting = time.perf_counter() - started
    trained = train_ours(table, args.vocab)
    return {**trained, "counting_seconds": counting, "seconds": trained["seconds"] + counting}


def library_pieces(args: argparse.Namespace) -> Numbers:
    table = pq.read_table(args.scratch / "pieces.parquet").to_pydict()
    each = (piece for piece, n in zip(table["piece"], table["n"], strict=True) for _ in range(n))
    return train_library(each, args.vocab, byte_level())


def library_end_to_end(args: argparse.Namespace) -> Numbers:
    pre = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(PIECE), "isolated"), byte_level()])
    return train_library(documents(args.data, args.mb), args.vocab, pre)


JOBS: dict[str, Callable[[argparse.Namespace], Numbers]] = {
    "count": count_job,
    "ours.pieces": lambda args: train_ours(pq.read_table(args.scratch / "pieces.parquet"), args.vocab),
    "ours.end_to_end": ours_end_to_end,
    "ours.synthetic": lambda args: train_ours(pq.read_table(args.scratch / "synthetic.parquet"), args.vocab),
    "hf_bpe_trainer.pieces": library_pieces,
    "hf_bpe_trainer.end_to_end": library_end_to_end,
}


def measured(job: str, args: argparse.Namespace, runs: int) -> Numbers:
    """Medians of the numbers of `runs` processes; the digest of the merges must not change."""
    command = [sys.executable, __file__, "--data", args.data, "--mb", args.mb, "--vocab", args.vocab]
    command += ["--scratch", args.scratch, "--job", job]
    found = [json.loads(subprocess.check_output([*map(str, command)])) for _ in range(runs)]
    if len({numbers.get("sha256") for numbers in found}) > 1:
        raise SystemExit(f"{job}: merges differ from run to run")
    kept = {name: value for name, value in found[0].items() if isinstance(value, str)}
    kept |= {name: round(statistics.median(n[name] for n in found), 3) for name in found[0] if name not in kept}
    print(job, json.dumps(kept), file=sys.stderr)
    return kept


def compare(args: argparse.Namespace) -> Numbers:
    counting = measured("count", args, 1)
    ours = {name: measured(f"ours.{name}", args, args.runs) for name in ("pieces", "end_to_end", "synthetic")}
    library = {name: measured(f"hf_bpe_trainer.{name}", args, args.runs) for name in ("pieces", "end_to_end")}
    both = ("pieces", "end_to_end")
    return {
        "ours": {**ours, "counting": counting},
        "peers": {"hf_bpe_trainer": library},
        "ratios": {  # how many times as fast, and how many times the memory of ours the library takes
            "hf_bpe_trainer": round(library["pieces"]["training_seconds"] / ours["pieces"]["seconds"], 2),
            "hf_bpe_trainer_end_to_end": round(library["end_to_end"]["seconds"] / ours["end_to_end"]["seconds"], 2),
            **{f"hf_bpe_trainer_peak_{k}": round(library[k]["peak_mib"] / ours[k]["peak_mib"], 2) for k in both},
        },
        "checks": {
            "merges_equal": ours["pieces"]["sha256"] == library["pieces"]["sha256"],
            "merges_equal_end_to_end": ours["end_to_end"]["sha256"] == library["end_to_end"]["sha256"],
            "vocabulary_full": ours["pieces"]["merges"] == args.vocab - 257,
            "synthetic_below_1_gib": ours["synthetic"]["peak_mib"] < 1024,
        },
        "versions": {
            **{name: version(name) for name in ("tokenizers", "numpy", "pyarrow")},
            "python": platform.python_version(),
            "cores": len(os.sched_getaffinity(0)),  # the library uses all of them, ours one
        },
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with texts/*.txt")
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    parser.add_argument("--mb", type=float, default=100, help="text to use, in MB (default 100)")
    parser.add_argument("--vocab", type=int, default=32_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--job", choices=JOBS, help=argparse.SUPPRESS)  # this process is one measurement
    parser.add_argument("--scratch", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.job:
        print(json.dumps(JOBS[args.job](args)))
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        args.scratch = Path(scratch)
        found = compare(args)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "tokenizer.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps({"ratios": found["ratios"], "checks": found["checks"]}, indent=2))
    return 0 if all(found["checks"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
