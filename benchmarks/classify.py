"""Our classify stage beside datatrove's filters, in one run, on one core, on the same Korean text; results as ratios.

    python benchmarks/classify.py --data out/bench/data --out out/bench [--quick]

Ours is everything that stage does in a worker: features, rules, models. datatrove's are its Gopher repetition, FineWeb
and Gopher quality filters with FineWeb-2's limits for Korean, once with its Korean tokenizer (`datatrove`) and once
with its English one (`datatrove_en`). Every contender is a process of its own on the same core; each section goes to
all of them in turn, after one to warm up. Rates are MB of UTF-8 per second of CPU time, of judging alone; a ratio is
the median over sections of ours / peer. `steady` is ours on STEADY MB more, its cache of eojeol filled.
Results: OUT/classify.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.environments import ENVIRONMENTS, python_of
from benchmarks.measure import Contender, Process, machine, median_ratio, spread, versions, write_json
from corpus_pipeline.schemas import contract

OURS, ENVIRONMENT = "ours", "classify"
PEERS = {"datatrove": "ko", "datatrove_en": "en"}
ROUNDS = 3
STEADY = 20  # MB
PAGE = 300  # characters; under it a text is a one-liner
KINDS = ("mixed", "one_liners")
Rates = dict[str, dict[str, list[float]]]


def korean(path: Path) -> Iterator[str]:
    """Texts of a jsonl file with `text`, a third Hangul syllables at least."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            text: str = json.loads(line)["text"]
            if 3 * sum("가" <= letter <= "힣" for letter in text) >= len(text):
                yield text


def section(texts: Iterator[str], path: Path, megabytes: float) -> Path:
    size = 0
    with path.open("w", encoding="utf-8") as file:
        while size < megabytes * 1e6 and (text := next(texts, None)) is not None:
            file.write(json.dumps(text) + "\n")
            size += len(text.encode())
    return path


def sections(data: Path, folder: Path, megabytes: float, steady: float) -> dict[str, list[Path]]:
    """Kind -> one section to warm up and ROUNDS to measure; under `steady` one of so many MB more. No text twice."""
    texts = korean(data / "mixed.jsonl")
    short = (text for text in korean(data / "mixed.jsonl") if len(text) < PAGE)
    found = {"mixed": [section(texts, folder / f"mixed{i}.jsonl", megabytes) for i in range(ROUNDS + 1)]}
    found["one_liners"] = [section(short, folder / f"one{i}.jsonl", megabytes / 4) for i in range(ROUNDS + 1)]
    return found | {"steady": [section(texts, folder / f"steady{i}.jsonl", steady / 4) for i in range(4)]}


def contenders(folder: Path, wanted: list[str]) -> list[Contender]:
    found = [Contender(OURS, Path(sys.executable), "benchmarks.peers.classify_ours", ())]
    for name in wanted:
        python = python_of(ENVIRONMENT, folder)
        found.append(Contender(name, python, "benchmarks.peers.classify_datatrove", (PEERS[name],)))
    return found


def measure(work: dict[str, list[Path]], contenders: list[Contender], core: int, folder: Path) -> dict[str, Any]:
    rates: Rates = {one.name: {} for one in contenders}
    rows: dict[str, dict[str, Any]] = {one.name: {"kept": {}} for one in contenders}
    with ExitStack() as stack:
        processes = {
            one.name: stack.enter_context(Process(one, core, folder / f"{one.name}.log")) for one in contenders
        }
        for kind, paths in work.items():
            for i, path in enumerate(paths):
                for name, process in processes.items():
                    if "error" in rows[name] or (kind == "steady" and name != OURS):
                        continue
                    answer = process.ask(texts=str(path))
                    if "error" in answer:
                        rows[name] = answer
                    elif i:
                        rates[name].setdefault(kind, []).append(answer["bytes"] / 1e6 / answer["cpu_seconds"])
                        kept = rows[name]["kept"].setdefault(kind, [])
                        kept.append(answer["kept"] / max(1, answer["texts"]))
                        rows[name]["peak_mib"] = answer["peak_mib"]
    for name, row in rows.items():
        if "error" not in row:
            row["mb_per_cpu_s"] = {kind: spread(values) for kind, values in rates[name].items()}
            row["kept"] = {kind: round(statistics.mean(values), 4) for kind, values in row["kept"].items()}
    return result(rows, rates)


def result(rows: dict[str, dict[str, Any]], rates: Rates) -> dict[str, Any]:
    ours, peers = rows[OURS], {name: row for name, row in rows.items() if name != OURS}
    if "error" in ours:
        raise SystemExit(f"error: our own stage failed: {ours['error']}")
    columns = contract("quality").columns
    ratios = {
        name if kind == "mixed" else f"{name}.{kind}": median_ratio(rates[OURS][kind], rates[name][kind])
        for name, row in peers.items()
        if "error" not in row
        for kind in KINDS
    }
    return {
        "ours": ours | {"columns": len(columns) - 2},  # without doc_id and doc_type
        "peers": peers,
        "ratios": ratios,
        "checks": {
            "all_peers_ran": not any("error" in row for row in peers.values()),
            "ten_times_datatrove": "datatrove" not in peers or ratios.get("datatrove", 0) >= 10,
            "4_mb_per_cpu_s": ours["mb_per_cpu_s"]["steady"]["median"] >= 4,
        },
        "versions": versions(("numpy", "pyarrow", "mecab-python3"), pinned(peers)) | machine(),
    }


def pinned(peers: dict[str, dict[str, Any]]) -> list[str]:
    return [item for item in ENVIRONMENTS[ENVIRONMENT] if "==" in item] if peers else []


def table(found: dict[str, Any]) -> str:
    """The results to read."""
    kinds = (*KINDS, "steady")
    lines = [f"{'MB per CPU s, one core':24}" + "".join(f"{kind:>12}" for kind in kinds) + f"{'kept':>10}{'MiB':>7}"]
    for name, row in {OURS: found["ours"], **found["peers"]}.items():
        if "error" in row:
            lines.append(f"{name:24}  {row['error']}")
            continue
        speeds = (row["mb_per_cpu_s"].get(kind) for kind in kinds)
        cells = "".join(f"{speed['median']:>12.3f}" if speed else f"{'':12}" for speed in speeds)
        lines.append(f"{name:24}{cells}{row['kept']['mixed']:>10.2%}{row['peak_mib']:>7}")
    lines += [f"ours is {ratio} x as fast as {name}" for name, ratio in found["ratios"].items()]
    return "\n".join([*lines, *(f"{name}: {value}" for name, value in found["checks"].items())])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("out/bench/data"), help="folder with mixed.jsonl")
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    parser.add_argument("--mb", type=float, help="MB of a section (default 1)")
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--peers", type=lambda text: text.split(",") if text else [], default=list(PEERS))
    parser.add_argument("--quick", action="store_true", help="little text")
    args = parser.parse_args()
    size = args.mb or (0.2 if args.quick else 1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        work = sections(args.data, folder, size, size * STEADY)
        found = measure(work, contenders(args.out / "envs", args.peers), args.core, folder)
    write_json(args.out / "classify.json", found)
    print(table(found))
    return 0 if all(found["checks"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
