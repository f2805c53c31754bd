"""How well the rules of classify tell bad text from clean: `make eval-quality`, or

    python benchmarks/quality_evaluation.py [--clean FOLDER ...] [--check] [--texts 400] [--bad 40]

Bad texts of ten kinds (run/bad_texts.py) are made from clean ones that the bundled models were not trained on: those of
the test parts by their hash, of data/sample or, with --clean, of unpacked corpora; with the held-out phrases. All go
through stages/classify.assess. A text counts as caught, or lost, when it breaks any rule but those of NOT_ABOUT_THIS:
people do swear in real comments. Prints a table and writes out/eval/quality.json. With --check the exit code is 1 when
a bound does not hold.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.measure import write_json
from corpus_pipeline.run.bad_texts import KINDS, bad_texts
from corpus_pipeline.run.plain_texts import Text, plain_texts
from corpus_pipeline.run.plausibility_training import PARTS, TEST, UNSEEN, capped
from corpus_pipeline.stages.classify import INPUT, Params, assess

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data/sample"
SETTINGS = Params(limits_by_type={"literature_ja": {"max_mean_eojeol_length": None}})  # Japanese has no spaces
NOT_ABOUT_THIS = {"profanity", "hate"}
CHARACTERS = 3_000_000  # of each source: as in training, so that the parts are the same
BATCH = 500
ENOUGH = 100  # clean texts of a type, for its loss to be held to the bound
CAUGHT, LOST, MB_PER_CPU_S = 0.9, 0.02, 4.0


def unseen_texts(folders: Sequence[Path], most: int) -> list[Text]:
    """At most `most` texts of each type that no training saw."""
    found = [text for folder in folders for text in plain_texts(folder, CHARACTERS)]
    return capped([text for text in found if text.source in UNSEEN or text.part(PARTS) in TEST], most)


def reasons_of(texts: Sequence[Text], params: Params) -> list[list[str]]:
    """The broken rules of each text."""
    found: list[list[str]] = []
    for at in range(0, len(texts), BATCH):
        broken = assess(batch_of(texts[at : at + BATCH]), params).column("reasons").to_pylist()
        found += [[reason for reason in reasons if reason not in NOT_ABOUT_THIS] for reasons in broken]
    return found


def batch_of(texts: Sequence[Text]) -> pa.RecordBatch:
    """What assess reads; columns of other stages have their values for untouched text."""
    given: dict[str, Any] = {
        "doc_id": pa.array([str(at) for at in range(len(texts))]),
        "doc_type": pa.array([text.doc_type for text in texts]),
        "text": pa.array([text.text.encode("utf-8", "replace").decode() for text in texts]),
        "profanity": pa.array([0] * len(texts), pa.int32()),
    }
    return pa.RecordBatch.from_pydict({name: given.get(name, pa.nulls(len(texts), pa.string())) for name in INPUT})


def shares(names: Sequence[tuple[str, str]], found: Sequence[list[str]]) -> dict[tuple[str, str], tuple[int, int]]:
    """(kind, type) -> texts with a reason, texts."""
    hits, every = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for name, reasons in zip(names, found, strict=True):
        every[name] += 1
        hits[name] += bool(reasons)
    return {name: (hits[name], every[name]) for name in every}


def speed(texts: Sequence[Text], params: Params, runs: int) -> float:
    """MB (10^6 bytes, UTF-8) of assess per second of CPU time of one core; the median of `runs`."""
    size = sum(len(text.text.encode("utf-8", "replace")) for text in texts)
    rates = []
    for _ in range(runs):
        started = time.process_time()
        reasons_of(texts, params)
        rates.append(size / 1e6 / (time.process_time() - started))
    return round(statistics.median(rates), 2)


def run(folders: Sequence[Path], texts: int, bad: int, seed: int, runs: int) -> dict[str, Any]:
    params = SETTINGS
    clean = unseen_texts(folders, texts)
    if not clean:
        raise SystemExit(f"no known source in {', '.join(map(str, folders))}; see corpus_pipeline/run/plain_texts.py")
    made = list(bad_texts(clean, seed, True, bad))
    lost_reasons, caught_reasons = reasons_of(clean, params), reasons_of([text for _, text in made], params)
    lost = shares([("clean", text.doc_type) for text in clean], lost_reasons)
    caught = shares([(kind, text.doc_type) for kind, text in made], caught_reasons)
    types = sorted({text.doc_type for text in clean})
    kinds = {kind: _total(caught, [(kind, name) for name in types]) for kind in KINDS}
    result: dict[str, Any] = {
        "settings": {"seed": seed, "clean": len(clean), "bad": len(made), "folders": [path.name for path in folders]},
        "caught": {
            "mean": round(statistics.mean(value for value in kinds.values() if value is not None), 4),
            "by_kind": kinds,
            "by_kind_and_type": {k: {t: _total(caught, [(k, t)]) for t in types} for k in KINDS},
            "reasons": _counted([kind for kind, _ in made], caught_reasons),
        },
        "lost": {
            "by_type": {name: _total(lost, [("clean", name)]) for name in types},
            "texts": {name: lost["clean", name][1] for name in types},
            "reasons": _counted([text.doc_type for text in clean], lost_reasons),
        },
        "mb_per_cpu_s": speed(clean, params, runs) if runs else None,
    }
    return result | {"bounds": bounds(result)}


def _total(found: dict[tuple[str, str], tuple[int, int]], names: Sequence[tuple[str, str]]) -> float | None:
    hits, every = (sum(found.get(name, (0, 0))[at] for name in names) for at in (0, 1))
    return round(hits / every, 4) if every else None


def _counted(names: Sequence[str], found: Sequence[list[str]]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for name, reasons in zip(names, found, strict=True):
        counts.setdefault(name, Counter()).update(reasons)
    return {name: dict(count.most_common()) for name, count in counts.items()}


def bounds(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """name -> {"value", "bound", "holds"}."""
    rows = {"caught": (result["caught"]["mean"], CAUGHT, 1)}
    if result["mb_per_cpu_s"] is not None:
        rows["mb_per_cpu_s"] = (result["mb_per_cpu_s"], MB_PER_CPU_S, 1)
    for name, share in result["lost"]["by_type"].items():
        if result["lost"]["texts"][name] >= ENOUGH:
            rows[f"lost {name}"] = (share, LOST, -1)
    return {
        name: {"value": value, "bound": bound, "holds": sign * value >= sign * bound}
        for name, (value, bound, sign) in rows.items()
    }


def table(result: dict[str, Any]) -> str:
    """The result to read."""
    types = list(result["lost"]["by_type"])
    lines = [f"{'caught':20}{'all':>8}" + "".join(f"{name[:9]:>10}" for name in types)]
    for kind, share in result["caught"]["by_kind"].items():
        row = result["caught"]["by_kind_and_type"][kind]
        lines.append(f"{kind:20}{_cell(share):>8}" + "".join(f"{_cell(row[name]):>10}" for name in types))
    lines.append(f"{'mean of the kinds':20}{_cell(result['caught']['mean']):>8}")
    lines.append("")
    lines.append(f"{'clean texts':28}" + "".join(f"{result['lost']['texts'][name]:>10,}" for name in types))
    lines.append(f"{'lost':28}" + "".join(f"{_cell(result['lost']['by_type'][name]):>10}" for name in types))
    lines += [f"  {name}: {_listed(result['lost']['reasons'][name])}" for name in types]
    lines.append(f"MB per second of CPU time: {result['mb_per_cpu_s']}")
    failed = [f"{name} is {b['value']}, bound {b['bound']}" for name, b in result["bounds"].items() if not b["holds"]]
    lines.append("\n" + ("\n".join(["bounds that do not hold:", *failed]) if failed else "all bounds hold"))
    return "\n".join(lines)


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "nothing"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--clean", type=Path, nargs="*", default=[], help="unpacked corpora (default data/sample)")
    parser.add_argument("--texts", type=int, default=400, help="clean texts of a type, at most")
    parser.add_argument("--bad", type=int, default=40, help="bad texts of a kind and type, at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3, help="of the measurement of speed; 0: none")
    parser.add_argument("--out", type=Path, default=Path("out/eval/quality.json"))
    parser.add_argument("--check", action="store_true", help="exit code 1 when a bound does not hold")
    args = parser.parse_args()
    result = run(args.clean or [SAMPLE], args.texts, args.bad, args.seed, args.runs)
    write_json(args.out, result)
    print(table(result))
    return int(args.check and not all(bound["holds"] for bound in result["bounds"].values()))


if __name__ == "__main__":
    sys.exit(main())
