"""Which shingle tells copies of Korean texts from different texts of one template: `unit` and `ngram` of dedup.

    python -m benchmarks.shingles --input FOLDER --out out/bench [--documents 48000]

FOLDER holds the development text, packed (<corpus>.tar.zst) or unpacked (<corpus>/data/...). The pairs are labelled
(benchmarks/shingle_pairs.py). Their similarity is the exact Jaccard of their shingle sets, with the project's own
comparison form and shingles. Results: OUT/shingles.json; docs/dedup.md says what follows from them.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import machine, peak_mib, versions, write_json
from benchmarks.shingle_edits import KINDS, SPACING
from benchmarks.shingle_pairs import CORPORA, SEED, SHORT_TEXTS, planted, revisions, templated
from benchmarks.shingle_sets import SHINGLES, Mask, Measured, Values, measured
from corpus_pipeline.kernels.minhash import detection

DEFAULT = "char-5"
THRESHOLD = 0.8  # the stage's default
BANDS = ("17x7", "28x9", "14x8")  # bands x rows: the stage's default, that of 256 permutations, datatrove's
FALSE_RATES = (0.01, 0.001)  # of negatives, at a shingle's own threshold
LIGHT = 0.1  # share of eojeol edited up to which a planted copy counts as light


def spread(values: Values) -> dict[str, Any]:
    p5, median, p95 = np.quantile(values, [0.05, 0.5, 0.95]).round(3).tolist() if len(values) else [None] * 3
    return {"pairs": len(values), "p5": p5, "median": median, "p95": p95}


def area(positive: Values, negative: Values) -> float:
    """Area under the ROC curve: how often a positive lies above a negative, ties counted half.

    >>> area(np.array([0.5, 0.9]), np.array([0.1, 0.5]))
    0.875
    """
    order = np.sort(negative)
    below, upto = np.searchsorted(order, positive, "left"), np.searchsorted(order, positive, "right")
    return float((below + upto).mean() / 2 / len(negative))


def own_threshold(negatives: Sequence[Values], rate: float) -> float:
    """The smallest similarity that at most `rate` of the negatives reach, each collection of them weighing the same.

    >>> round(own_threshold([np.array([0.1, 0.2, 0.7]), np.array([0.3])], 0.5), 3)
    0.3
    """
    values = np.concatenate(negatives)
    weights = np.concatenate([np.full(len(one), 1 / len(one) / len(negatives)) for one in negatives])
    order = np.argsort(-values)
    reached = np.cumsum(weights[order])
    first = int(np.searchsorted(reached, rate + 1e-12, side="right"))  # with it, too many would reach the threshold
    return float(np.nextafter(values[order[first]], 2.0)) if first < len(values) else 0.0


def described(one: Measured) -> dict[str, Any]:
    """Spread of the similarities of each kind of pair, and of edited copies by the share that was edited."""
    groups: dict[str, Mask] = {kind: one.kind == kind for kind in sorted(set(one.kind.tolist()))}
    if one.collection.name == SHORT_TEXTS:
        for low, high in ((0.0, 0.05), (0.05, 0.1), (0.1, 0.2), (0.2, np.inf)):
            groups[f"edited {low:g} to {high:g}"] = (one.share > low) & (one.share <= high)
        groups |= {f"light {kind}": (one.kind == kind) & (one.share <= LIGHT) for kind in KINDS}
    kinds = {
        group: {name: spread(v[mask]) | {"found": share(v[mask], THRESHOLD)} for name, v in one.similarity.items()}
        for group, mask in groups.items()
    }
    texts = one.collection.texts
    return {"texts": len(texts), "characters": sum(map(len, texts)), "cost": one.cost, "kinds": kinds}


def compared(name: str, every: Sequence[Measured], bands: Sequence[str]) -> dict[str, Any]:
    """How well one shingle tells positives from different texts of one template; each collection weighs the same."""
    edits, laws, *templates = every
    negatives = {one.collection.name: one.similarity[name][one.different] for one in templates}
    light = edits.same & (edits.share <= LIGHT)
    wanted = {
        "edits": (edits, edits.same),
        "light_edits": (edits, light),
        "light_words": (edits, light & ~np.isin(edits.kind, [*SPACING, "punctuation"])),
        "revisions": (laws, laws.same),
    }
    own = {str(rate): own_threshold(list(negatives.values()), rate) for rate in FALSE_RATES}
    positives = {}
    for group, (one, mask) in wanted.items():
        values, default = one.similarity[name][mask], one.similarity[DEFAULT][mask]
        positives[group] = {
            "pairs": len(values),
            "area": round(float(np.mean([area(values, each) for each in negatives.values()])), 4),
            "found": share(values, THRESHOLD),
            "found_of_those_char_5_finds": share(values[default >= THRESHOLD], THRESHOLD),
            "found_at_own": {rate: share(values, limit) for rate, limit in own.items()},
            "bands": {one: expected(values, *map(int, one.split("x"))) for one in bands},
        }
    false = {group: share(values, THRESHOLD) for group, values in negatives.items()}
    return {
        "false_rate": false | {"mean": round(sum(false.values()) / len(false), 4)},
        "own_threshold": {rate: round(limit, 3) for rate, limit in own.items()},
        "positives": positives,
    }


def expected(values: Values, bands: int, rows: int) -> dict[str, float]:
    """Share of pairs that the bands are expected to nominate, and to nominate and to be at the threshold."""
    odds = np.array([detection(value, bands, rows) for value in values.tolist()])
    return {"nominated": round(float(odds.mean()), 4), "found": round(float((odds * (values >= THRESHOLD)).mean()), 4)}


def share(values: Values, limit: float) -> float:
    """Of the values that reach `limit`; nan of none."""
    return round(float((values >= limit).mean()), 4) if len(values) else float("nan")


def table(result: dict[str, Any]) -> str:
    """The results to read."""
    groups, rate = ("edits", "light_edits", "revisions"), str(FALSE_RATES[0])
    titles = (
        "edits",
        "light",
        "laws",
        "false",
        "own at 1 %",
        "edits",
        "light",
        "laws",
        "area",
        "per letter",
        "under n",
    )
    lines = [f"{'found at 0.8, then at its own':30}" + "".join(f"{title:>11}" for title in titles)]
    for name, row in result["shingles"].items():
        cost = result["collections"][SHORT_TEXTS]["cost"][name]
        cells = [row["positives"][group]["found"] for group in groups]
        cells += [row["false_rate"]["mean"], row["own_threshold"][rate]]
        cells += [row["positives"][group]["found_at_own"][rate] for group in groups]
        cells += [row["positives"]["edits"]["area"], cost["hashes_per_letter"], cost["texts_under_n"]]
        lines.append(f"{name:30}" + "".join(f"{cell:11.4f}" for cell in cells))
    return "\n".join(lines)


def measure(folder: Path, documents: int, seed: int, bands: Sequence[str] = BANDS) -> dict[str, Any]:
    laws, error = revisions(folder)
    every = [measured(one) for one in chain([planted(folder, documents, seed), laws], templated(folder, seed))]
    return {
        "seed": seed,
        "threshold": THRESHOLD,
        "largest_difference_from_pairs_tsv": round(error, 6),
        "shingles": {name: compared(name, every, bands) for name in SHINGLES},
        "collections": {one.collection.name: described(one) for one in every},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", type=Path, required=True, help="folder of <corpus>/ or <corpus>.tar.zst")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--documents", type=int, default=48_000, help="short texts (default 48,000)")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--bands", nargs="+", default=BANDS, metavar="BANDSxROWS", help=f"default {' '.join(BANDS)}")
    asked = parser.parse_args()
    missing = [one for one in CORPORA if not any((asked.input / name).exists() for name in (one, f"{one}.tar.zst"))]
    if missing:
        print(f"error: no {', '.join(missing)} in {asked.input}; give the folder of the development text as --input")
        return 1
    started = time.monotonic()
    result = measure(asked.input, asked.documents, asked.seed, asked.bands)
    run = {"seconds": round(time.monotonic() - started, 1), "peak_mib": round(peak_mib(os.getpid()))}
    asked.out.mkdir(parents=True, exist_ok=True)
    write_json(asked.out / "shingles.json", result | run | {"machine": machine(), "versions": versions(["numpy"])})
    print(table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
