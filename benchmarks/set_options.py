"""The command line of benchmarks that run on a set of benchmarks/dedup_texts.py."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.measure import write_json


def run(
    name: str,
    asked: argparse.Namespace,
    measure: Callable[[argparse.Namespace], dict[str, Any]],
    table: Callable[[dict[str, Any]], str],
) -> int:
    """Measure, write OUT/<name>.json and print the table. Returns the exit code: 1 where a check does not hold."""
    result = measure(asked)
    write_json(asked.out / f"{name}.json", result)
    print(table(result))
    return 0 if all(result["checks"].values()) else 1


def asked_of(doc: str | None, quick_mb: float, curve: list[float]) -> argparse.Namespace:
    """input, data, out (paths), mb (of the set), quick, curve (MB; empty when quick), peers (None: all).

    Ends the program when there are no texts to make a set of.
    """
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", type=Path, default=Path("../shared/data"), help="folder of *.tar.zst")
    parser.add_argument(
        "--data", type=Path, default=Path("out/bench/data"), help="folder with texts/ (benchmarks/texts.py)"
    )
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    parser.add_argument("--mb", type=float, help="text in the set, MB (default 200)")
    parser.add_argument("--quick", action="store_true", help=f"{quick_mb:g} MB, no curve, and no judgement of speed")
    shown = ",".join(f"{one:g}" for one in curve)
    parser.add_argument("--curve", type=_numbers, help=f"ours alone at these sizes, MB (default {shown})")
    parser.add_argument("--peers", type=_names, help="only these, e.g. datatrove,rensa")
    asked = parser.parse_args()
    asked.mb = asked.mb or (quick_mb if asked.quick else 200.0)
    asked.curve = asked.curve if asked.curve is not None else [] if asked.quick else curve
    if not (asked.data / "texts").is_dir():
        parser.error(f"no texts in {asked.data}; run benchmarks/texts.py first")
    return asked


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",") if part]


def _names(text: str) -> list[str]:
    return text.split(",") if text else []
