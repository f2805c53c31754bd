"""How well scrub finds synthetic personal data: `make eval-pii`, or

    python benchmarks/pii_evaluation.py [--clean FOLDER ...] [--check] [--no-held-out] [--show 3]

Prints a table and writes out/eval/pii.json (docs/personal_data_evaluation.md explains both). With --check the exit code
is 1 when a bound does not hold. Nothing generated is written; --show prints synthetic examples of what went wrong, from
the carriers that are not held out, and of --clean text only file, place and kind.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.measure import write_json
from benchmarks.pii_documents import FOLDERS, READERS, SAMPLE, Document, Settings, documents
from benchmarks.pii_scores import Found, Scores, known
from benchmarks.pii_values import KINDS
from corpus_pipeline.kernels import pii

PIECE = 4_000  # characters of the documents timed: what a page has
TIMED = 4e6  # bytes
AT_MOST = {
    "leak_rate": 0.005,
    "ordinary": 0.02,
    "obfuscated": 0.10,
    "changed_lookalikes": 0.005,
    "false_masks_per_mb": 1,
}
AT_LEAST = {"precision": 0.99, "permitted_kept": 0.99, "mb_per_cpu_s": 10}
MASKED = frozenset(pii.KINDS)


def evaluate(texts: Iterable[Document]) -> Scores:
    scores = Scores()
    for document in texts:
        masked, _ = pii.mask(document.text, MASKED)
        spans = pii.find(document.text, MASKED)
        scores.add(document, masked, [Found(span.start, span.end, span.kind) for span in spans])
    return scores


def real_texts(folder: Path) -> Iterator[tuple[Path, str]]:
    """File and text, in the order of the paths; of the sample only its Korean folders."""
    inside = [folder / name for name in FOLDERS] if folder == SAMPLE else [folder]
    for path in sorted(path for place in inside for path in place.rglob("*") if path.suffix in READERS):
        for text in READERS[path.suffix](path):
            yield path, text


def pieces(texts: Iterable[str]) -> list[str]:
    """Documents of about PIECE characters, TIMED bytes or less in all."""
    found, piece, size = list[str](), "", 0
    for text in texts:
        for start in range(0, len(text), PIECE):
            piece += text[start : start + PIECE] + "\n"
            if len(piece) >= PIECE:
                found.append(piece)
                size += len(piece.encode())
                piece = ""
            if size >= TIMED:
                return found
    return [*found, piece] if piece else found


def speed(texts: list[str], runs: int = 3) -> float:
    """MB (10^6 bytes, UTF-8) per second of CPU time of one core; the median of `runs`, after one to warm up."""
    size = sum(len(text.encode()) for text in texts)
    rates = []
    for _ in range(runs + 1):
        started = time.process_time()
        for text in texts:
            pii.mask(text, MASKED)
        rates.append(size / 1e6 / (time.process_time() - started))
    return round(statistics.median(rates[1:]), 2)


def clean(folders: list[Path], show: int) -> dict[str, Any]:
    """Masks per MB of text that nobody put a value into. All count as false, also what may be a real number."""
    found, sizes = Counter[tuple[str, str]](), Counter[str]()
    for folder in folders:
        for path, text in real_texts(folder):
            sizes[str(folder)] += len(text.encode())
            for span in pii.find(text, MASKED):
                key = str(folder), span.kind
                found[key] += 1
                if found[key] <= show:
                    print(f"  {span.kind} at characters {span.start} to {span.end} of {path}")
    mb = max(sizes.total() / 1e6, 1e-9)
    return {
        "mb": round(mb, 1),
        "false_masks_per_mb": round(found.total() / mb, 3),
        "by_kind": {k: round(sum(n for (_, own), n in found.items() if own == k) / mb, 3) for _, k in sorted(found)},
        "by_folder": {
            Path(folder).name: {
                "mb": round(size / 1e6, 1),
                "masks": {kind: n for (own, kind), n in sorted(found.items()) if own == folder},
            }
            for folder, size in sizes.items()
        },
    }


def bounds(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """name -> {"value", "bound", "holds"}; what was not measured has no entry."""
    values = {
        name: result["scores"][name] for name in ("leak_rate", "precision", "changed_lookalikes", "permitted_kept")
    }
    values["held_out leak_rate"] = result["scores"]["held_out"]["leak_rate"]
    for kind, one in result["scores"]["kinds"].items():
        values |= {f"{kind} {group}": one[group]["leak_rate"] for group in ("ordinary", "obfuscated")}
    values["mb_per_cpu_s"] = result["mb_per_cpu_s"]["real_text"]
    if result["clean"]:
        values["false_masks_per_mb"] = result["clean"]["false_masks_per_mb"]
    found = {}
    for name, value in values.items():
        last = name.split()[-1]
        if value is not None:
            bound = AT_MOST.get(last, AT_LEAST.get(last))
            found[name] = {
                "value": value,
                "bound": bound,
                "holds": value <= bound if last in AT_MOST else value >= bound,
            }
    return found


def table(result: dict[str, Any]) -> str:
    """The result to read."""
    scores, lines = result["scores"], []
    columns = ("values", "recall", "leak_rate", "permitted_kept")
    lines.append(f"{'kind':16}{'form':12}" + "".join(f"{name.replace('_', ' '):>16}" for name in columns))
    for kind, one in scores["kinds"].items():
        lines += [
            f"{kind:16}{group:12}" + "".join(_cell(one[group][name]) for name in columns)
            for group in ("ordinary", "obfuscated")
        ]
    for title, row in (("all", scores), ("held-out carriers", scores["held_out"])):
        lines.append(f"{title:28}" + "".join(_cell(row[name]) for name in columns))
    lines.append("\nprecision by what the span is called: " + _shares(scores["precision_by_span_kind"]))
    lines.append(f"precision: {_cell(scores['precision']).strip()}")
    changed = {name: value for name, value in scores["changed_by_lookalike"].items() if value}
    all_changed = _cell(scores["changed_lookalikes"]).strip()
    lines.append(f"changed of {scores['lookalikes']:,} look-alikes: {all_changed} {_shares(changed)}")
    lines.append(f"MB per second of CPU time: {result['mb_per_cpu_s']}")
    lines.append(f"untouched text: {result['clean'] or 'not measured; give --clean FOLDER'}")
    if result["skipped"]:
        lines.append(f"SKIPPED, since the detector has no such kind: {', '.join(result['skipped'])}")
    failed = [
        f"{name} is {one['value']}, bound {one['bound']}" for name, one in result["bounds"].items() if not one["holds"]
    ]
    lines.append("\n" + ("\n".join(["bounds that do not hold:", *failed]) if failed else "all bounds hold"))
    return "\n".join(lines)


def _cell(value: float | int | None) -> str:
    return f"{'-':>16}" if value is None else f"{value:>16,}" if isinstance(value, int) else f"{value:>16.2%}"


def _shares(shares: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.2%}" for name, value in shares.items())


def run(settings: Settings, folders: list[Path], show: int) -> dict[str, Any]:
    there, skipped = known(settings.kinds, pii.KINDS)
    settings = replace(settings, kinds=there)
    made = list(documents(settings))
    scores = evaluate(made)
    for name, examples in sorted(scores.examples.items()) if show else ():
        print(f"{name}: {len(examples)}", *(f"    {example!r}" for example in examples[:show]), sep="\n")
    result: dict[str, Any] = {
        "settings": {"seed": settings.seed, "held_out": settings.held_out, "documents": len(made)},
        "text_mb": round(sum(len(document.text.encode()) for document in made) / 1e6, 2),
        "skipped": list(skipped),
        "scores": scores.summary(),
        "mb_per_cpu_s": {
            "real_text": speed(pieces(text for _, text in real_texts(settings.text))),
            "generated": speed(pieces(document.text for document in made)),
        },
        "clean": clean(folders, show) if folders else None,
    }
    return result | {"bounds": bounds(result)}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--values", type=int, default=Settings.values, help="at least as many (default 21000)")
    parser.add_argument("--lookalikes", type=int, default=Settings.lookalikes)
    parser.add_argument("--seed", type=int, default=Settings.seed)
    parser.add_argument(
        "--held-out", action=argparse.BooleanOptionalAction, default=True, help="use those carriers too"
    )
    parser.add_argument("--text", type=Path, default=SAMPLE, help="folder of real sentences (default data/sample)")
    parser.add_argument("--clean", type=Path, nargs="*", default=[], help="folders of untouched text")
    parser.add_argument("--out", type=Path, default=Path("out/eval/pii.json"))
    parser.add_argument("--show", type=int, default=0, help="examples of each kind of mistake")
    parser.add_argument("--check", action="store_true", help="exit code 1 when a bound does not hold")
    args = parser.parse_args()
    settings = Settings(args.values, args.lookalikes, args.seed, args.held_out, tuple(KINDS), args.text)
    result = run(settings, args.clean, args.show)
    write_json(args.out, result)
    print(table(result))
    return int(args.check and not all(bound["holds"] for bound in result["bounds"].values()))


if __name__ == "__main__":
    sys.exit(main())
