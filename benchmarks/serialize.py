"""Our serializer beside its peers, in one run, on one core, on the same text; results as ratios.

    python benchmarks/texts.py --input FOLDER --out out/bench/data
    python benchmarks/serialize.py --data out/bench/data --out out/bench [--quick]

The text (mixed.jsonl) is cut into sections. Every contender is a process of its own on the same core. It sees the
first sections to fill its caches, unmeasured; then each measured section goes to all of them in turn, so that what
disturbs the machine hits all alike. A ratio is the median over sections of ours / peer. At the end ours alone goes
on through all the text: the curve. Results: OUT/serialize.json; README.md describes contenders and fields.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.environments import ENVIRONMENTS, python_of
from benchmarks.equality import compare
from benchmarks.measure import ONE_THREAD, ROOT, Contender, Process, machine, versions, write_json
from benchmarks.results import CEILINGS, KERNEL, REFERENCE, SHARD, Record, Section, agreement, points, ratios, table
from benchmarks.train import tokenizer_files

CORPUS_MB = 1_960_000  # 1.96 TB, the corpus of HyperCLOVA
POINT_MB = 25  # text between points of the curve
# they keep nothing from run to run, so one section is enough to warm them up
DATATROVE = {"datatrove": "MegatronDocumentTokenizer", "datatrove_ds": "DocumentTokenizer"}


@dataclass(frozen=True)
class Settings:
    """Sizes in MB of text."""

    section: float = 12.5
    warm: float = 50
    rounds: int = 3
    train: float = 60
    vocab_size: int = 32_000
    check: float = 100
    fill: int = 3_000_000  # distinct words to fill our caches with: more than they hold
    environments: bool = True

    @property
    def warm_sections(self) -> int:
        return max(1, round(self.warm / self.section))


QUICK = Settings(section=0.1, warm=0.1, rounds=2, train=0.2, vocab_size=500, check=0.1, fill=10_000, environments=False)


def cut_sections(mixed: Path, folder: Path, megabytes: float) -> list[Section]:
    """The text as files of about `megabytes` each; a rest of less than half of it is left out."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.jsonl"):
        old.unlink()
    sections: list[Section] = []
    lines: list[str] = []
    size = 0
    with mixed.open(encoding="utf-8") as file:
        for line in itertools.chain(file, [""]):
            if size >= megabytes * 1e6 or (not line and size >= megabytes * 0.5e6):
                path = folder / f"{len(sections):03d}.jsonl"
                path.write_text("".join(lines), encoding="utf-8", newline="\n")
                sections.append(Section(path, size, len(lines)))
                lines, size = [], 0
            if line:
                lines.append(line)
                size += len(json.loads(line)["text"].encode())
    return sections


def filler(words: int, folder: Path) -> Iterator[Path]:
    """Files of made-up words of 2 to 6 syllables, hardly any of them twice."""
    rng = np.random.default_rng(0)
    while words > 0:
        count = min(words, 250_000)  # a file a quarter the size of a section: little memory besides the caches
        lengths = rng.integers(2, 7, count)
        syllables = "".join(map(chr, rng.integers(0xAC00, 0xD7A4, int(lengths.sum())).tolist()))
        ends = np.cumsum(lengths).tolist()
        found = [syllables[start:end] for start, end in itertools.pairwise([0, *ends])]
        documents = [" ".join(found[i : i + 1000]) for i in range(0, count, 1000)]
        path = folder / "filler.jsonl"
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in documents), encoding="utf-8")
        yield path
        words -= count


def contenders(data: Path, settings: Settings) -> list[Contender]:
    """Ours first. The stage in Spark at local[1] would be one more here: a Writer in a module of its own."""
    here, out = Path(sys.executable), str(data / "written")
    own = (str(data / "tokenizer.json"), str(data / "card.json"), out)
    peer, plain = (str(data / "peer.json"), out), (str(data / "plain.json"), out)
    found = [
        Contender(KERNEL, here, "benchmarks.ours", (*own, "kernel")),
        Contender(SHARD, here, "benchmarks.ours", (*own, "shard")),
        *(Contender(n, here, f"benchmarks.peers.{n}", peer) for n in ("mecab_encode", "hf_encode_batch_fast")),
        Contender("megatron_loop", here, "benchmarks.peers.megatron_loop", peer),
        Contender(REFERENCE, here, "benchmarks.peers.hf_encode_batch_fast", plain),
    ]
    if settings.environments:
        found += _in_environment("datatrove", data, "datatrove_tokenizer", peer, DATATROVE)
        found += _in_environment("encoders", data, "ceilings", plain, {name: name for name in CEILINGS})
    return found


def _in_environment(
    name: str, data: Path, module: str, arguments: tuple[str, ...], last: dict[str, str]
) -> list[Contender]:
    try:
        python = python_of(name, data.parent / "envs")
    except (subprocess.CalledProcessError, OSError) as error:
        print(f"warning: no environment {name} ({type(error).__name__}); its peers are left out")
        return []
    return [Contender(peer, python, f"benchmarks.peers.{module}", (*arguments, word)) for peer, word in last.items()]


def measure(
    found: list[Contender], sections: list[Section], settings: Settings, core: int
) -> tuple[dict[str, Record], list[dict[str, Any]], list[dict[str, Any]]]:
    """-> record of each contender, the answers of ours for all sections, and then for words that fill its caches."""
    warm = settings.warm_sections
    records = {one.name: Record() for one in found}
    curve: list[dict[str, Any]] = []
    logs = sections[0].path.parent
    with ExitStack() as stack:
        processes = {one.name: stack.enter_context(Process(one, core, logs / f"{one.name}.log")) for one in found}
        for name, process in processes.items():
            print(f"warming up {name}", flush=True)
            first = {REFERENCE: warm, **dict.fromkeys(DATATROVE, warm - 1)}.get(name, 0)
            for section in sections[first:warm]:
                answer = process.ask(section=str(section.path))
                records[name].error = records[name].error or answer.get("error")
                if name == KERNEL:
                    curve.append(answer)
        for number, section in enumerate(sections[warm : warm + settings.rounds]):
            for name, process in processes.items():
                if records[name].error or (name == REFERENCE and number):
                    continue
                digests = number == 0 and (name == REFERENCE or name in CEILINGS)
                records[name].add(section, process.ask(section=str(section.path), digests=digests))
            curve += records[KERNEL].answers[-1:]
            print(f"section {number + 1} of {settings.rounds} measured", flush=True)
        for section in sections[warm + settings.rounds :]:
            curve.append(processes[KERNEL].ask(section=str(section.path)))
        print("filling the caches", flush=True)
        filled = [processes[KERNEL].ask(section=str(path)) for path in filler(settings.fill, logs)]
    return records, curve, filled


def run(data: Path, out: Path, settings: Settings, core: int) -> dict[str, Any]:
    """Everything. Raises RuntimeError when ours fails, or there is too little text."""
    tokenizer_files(data / "mixed.jsonl", data, settings.train, settings.vocab_size)
    sections = cut_sections(data / "mixed.jsonl", data / "sections", settings.section)
    warm = settings.warm_sections
    measured = sections[warm : warm + settings.rounds]
    if len(measured) < settings.rounds:
        raise RuntimeError(f"too little text: {len(sections)} sections, {warm + settings.rounds} are needed")
    (data / "written").mkdir(exist_ok=True)
    records, curve, filled = measure(contenders(data, settings), sections, settings, core)
    for name in (KERNEL, SHARD, REFERENCE):
        errors = [records[name].error, *(answer.get("error") for answer in curve + filled)]
        if any(errors):
            raise RuntimeError(f"{name}: {next(filter(None, errors))}")
    checked = sections[: max(1, round(settings.check / settings.section))]
    print(f"comparing ids with the library's on {sum(s.bytes for s in checked) / 1e6:.0f} MB", flush=True)
    pairs = [(section.path, number == 0) for number, section in enumerate(checked)]
    equal = compare(pairs, os.cpu_count() or 1, data / "tokenizer.json", data / "card.json")
    kernel, shard = (records[name].summary(measured) for name in (KERNEL, SHARD))
    stage = spark_stage(data, sections, warm, core) if settings.environments else None
    step = POINT_MB if settings.section < POINT_MB <= len(sections) * settings.section else settings.section
    names = [name for name in records if name not in (KERNEL, SHARD, REFERENCE)]
    result = {
        "ours": {
            **kernel,
            "curve": points(curve, sections, step),
            "peak_mib": round(curve[-1]["peak_mib"]),
            "peak_mib_caches_full": round(filled[-1]["peak_mib"]),
            "shard": shard,
            "spark_stage": stage,
        },
        "peers": {name: records[name].summary(measured) for name in names},
        "ratios": ratios(records),
        "ratios_by_cpu_time": ratios(records, by_cpu_time=True),
        "checks": {
            "ids_equal_library": equal["differing"] == 0,
            "decode_exact": equal["not_exact"] == 0,
            "shard_equals_kernel": shard["tokens"] == kernel["tokens"] + sum(s.documents for s in measured),
            **({} if not settings.environments else targets(records, curve, filled, step, sections)),
            "compared": equal,
            "ceilings_against_library": agreement(records),
        },
        "core_hours_1_96_tb": round(CORPUS_MB / shard["mb_per_s_per_core"]["median"] / 3600, 1),
        "versions": versions(
            ["tokenizers", "mecab-python3", "python-mecab-ko-dic", "numpy", "pyarrow"],
            ENVIRONMENTS["encoders"] + ENVIRONMENTS["datatrove"] if settings.environments else [],
        ),
        "machine": machine() | {"core": core},
        "text": {"bytes": sum(s.bytes for s in sections), "documents": sum(s.documents for s in sections)},
    }
    write_json(out / "serialize.json", result)
    return result


def targets(
    records: dict[str, Record],
    curve: list[dict[str, Any]],
    filled: list[dict[str, Any]],
    step: float,
    sections: list[Section],
) -> dict[str, bool]:
    """What a full run must show: speed beside the two ways people do it, memory, and a cost that does not grow."""
    found = ratios(records)
    cost = [point["ms_per_mb"] for point in points(curve, sections, step) if point["mb"] > 50]
    half = len(cost) // 2
    return {
        "5x_mecab_encode": found.get("mecab_encode", 0) >= 5,
        "1.2x_hf_encode_batch_fast": found.get("hf_encode_batch_fast", 0) >= 1.2,
        "memory_below_1_gib": filled[-1]["peak_mib"] < 1024,
        "cost_per_mb_flat_or_falling": statistics.mean(cost[half:]) <= 1.05 * statistics.mean(cost[:half]),
    }


def spark_stage(data: Path, sections: list[Section], warm: int, core: int) -> dict[str, Any]:
    """The whole stage under Spark on the same core."""
    print("the whole stage, under Spark", flush=True)
    files = [str(data / name) for name in ("tokenizer.json", "card.json", "spark")]
    command = ["taskset", "-c", str(core), sys.executable, "-m", "benchmarks.spark_stage", *files, str(warm)]
    command += [str(section.path) for section in sections]
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with mixed.jsonl (benchmarks/texts.py)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="a trial on little text, without peers from PyPI")
    parser.add_argument("--check-mb", type=float, help="text compared with the library (default 100)")
    parser.add_argument("--rounds", type=int, help="measured sections (default 3)")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    asked = parser.parse_args()
    settings = QUICK if asked.quick else Settings()
    given = {"check": asked.check_mb, "rounds": asked.rounds}
    settings = Settings(**{**vars(settings), **{name: value for name, value in given.items() if value is not None}})
    if not (asked.data / "mixed.jsonl").exists():
        print(f"error: no mixed.jsonl in {asked.data}; run benchmarks/texts.py first")
        return 1
    result = run(asked.data.absolute(), asked.out, settings, asked.core)
    print(table(result))
    checks = result["checks"]
    return 0 if all(value for value in checks.values() if isinstance(value, bool)) else 1


if __name__ == "__main__":
    sys.exit(main())
