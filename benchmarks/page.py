"""docs/benchmarks.md from the results in out/bench.

    python benchmarks/page.py [--out out/bench] [--page docs/benchmarks.md]

Ratios, what failed, versions, the machine and the day of each run, as the files of results have them; only what a peer
does not do is written here (LACKS). A benchmark without results keeps what the page says of it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measure import machine

BENCHES = {
    "end_to_end": "The whole chain, raw jsonl to shards, on two cores: MB of raw text per second.",
    "collect": "Main text of pages: pages per second of CPU time, on one core.",
    "scrub": "Personal data: MB of text per second of CPU time, on one core.",
    "dedup": "Near-duplicates, whole processes on two cores: MB of text per second.",
    "classify": "Quality: MB of text per second of CPU time, on one core.",
    "tokenizer": "Training of a byte-level BPE: seconds, and peak memory where the name says so.",
    "serialize": "Text to token ids and shards: MB of text per second, on one core.",
    "driver_memory": "Memory of the driver that trains the tokenizer.",
}
LACKS = {
    "end_to_end": {
        "datatrove": "Personal numbers but e-mail and IP addresses; verified pairs, choice by quality, tags, mix, "
        "morphemes; it got our tokenizer ready-made. Its filters run with Kiwi, on a part of the documents.",
        "datatrove_en": "As above, and no words either: it cuts Korean at spaces, so its verdicts mean little.",
    },
    "collect": {
        "trafilatura": "Most lines of code, on some templates.",
        "resiliparse": "Pages in CP949 without a right declaration; no figures on tables.",
        "readability": "A text: it gives HTML, which is counted by its text.",
    },
    "scrub": {
        "presidio": "Five of the fourteen kinds, and most obfuscated forms.",
        "ko_pii": "Login names and representative numbers.",
        "korean_pii": "Seven of the fourteen kinds, and most obfuscated forms.",
    },
    "dedup": {
        "datatrove": "No verification of pairs.",
        "text_dedup": "No verification of pairs; documents under five words are dropped unseen.",
        "datasketch": "No verification of pairs; one process indexes.",
        "rensa": "No verification of pairs; all in memory, on one core.",
        "rensa_rho": "No clusters: a flag a document.",
    },
    "classify": {
        "datatrove": "Fewer features; no models of quality, junk or profanity. Words by Kiwi.",
        "datatrove_en": "As above, and words are cut at spaces.",
    },
    "tokenizer": {"hf_bpe_trainer": "Counts made elsewhere: it counts on one machine, and pairs in 32 bits."},
    "serialize": {
        "mecab_encode": "Nothing: the same morphemes and ids, a document at a time, without our cache.",
        "hf_encode_batch_fast": "No morphemes.",
        "megatron_loop": "No morphemes, no shuffle.",
        "datatrove": "No morphemes, no shuffle.",
        "tiktoken": "No morphemes, no shards: ids alone. A ceiling.",
        "kitoken": "No morphemes, no shards: ids alone. A ceiling.",
        "gigatoken": "No morphemes, no shards: ids alone. A ceiling.",
        "tokie": "No morphemes, no shards: ids alone. A ceiling.",
    },
}
LIBRARIES = {
    "datatrove": "datatrove",
    "readability": "readability-lxml",
    "presidio": "presidio-analyzer",
    "ko_pii": "ko-pii",
    "korean_pii": "korean-pii",
    "text_dedup": "text-dedup",
    "hf": "tokenizers",
    "mecab_encode": "mecab-python3",
    "megatron_loop": "tokenizers",
}
HEAD = """# Benchmarks

Made by `make bench` from the results in `out/bench`: do not edit. Ours beside its peers, in one run, on the same text
and cores; a ratio above 1 says ours is faster. `benchmarks/README.md` describes the contenders and every field.
"""


def page(folder: Path, before: str = "") -> str:
    """The page, from FOLDER/<bench>.json, and where there is no such file from the page as it was before."""
    known = {part.partition("\n")[0]: part for part in before.split("\n## ")[1:]}
    parts = [HEAD]
    for name, what in BENCHES.items():
        file = folder / f"{name}.json"
        if not file.exists() and name in known:
            parts.append(f"## {known[name].strip()}\n")
            continue
        parts.append(f"## {name}\n\n{what}\n")
        if not file.exists():
            parts.append(f"No result: `make bench ONLY={name}`.\n")
            continue
        result = json.loads(file.read_text(encoding="utf-8"))
        parts += [*_ratios(name, result), *_stages(result), *_curve(result), *_checks(result), _run(result, file)]
    return "\n".join(parts)


def flat(ratios: Mapping[str, Any]) -> dict[str, tuple[float, str]]:
    """Name -> (ratio, what else there is to say); a ratio of many kinds of text is that of all, with the range.

    >>> flat({"a": 2.0, "b": {"all": 3.0, "x": 1.0, "y": 5.0}})
    {'a': (2.0, ''), 'b': (3.0, '1.0 to 5.0 by kind')}
    """
    found: dict[str, tuple[float, str]] = {}
    for name, value in ratios.items():
        if isinstance(value, dict):
            rest = [one for kind, one in value.items() if kind != "all"]
            found[name] = (value["all"], f"{min(rest)} to {max(rest)} by kind" if rest else "")
        else:
            found[name] = (value, "")
    return found


def lacks(bench: str, name: str) -> str:
    """What the peer of a ratio does not do: of the longest name in LACKS that the ratio's begins with.

    >>> lacks("dedup", "rensa_per_core")
    'No verification of pairs; all in memory, on one core.'
    """
    known = LACKS.get(bench, {})
    return known.get(max((peer for peer in known if name.startswith(peer)), key=len, default=""), "")


def library(name: str, versions: Mapping[str, Any]) -> str:
    """The library behind a peer, with its version."""
    known = max((peer for peer in LIBRARIES if name.startswith(peer)), key=len, default="")
    found = LIBRARIES.get(known, name.partition(".")[0].partition("_")[0])
    return f"{found} {versions[found]}" if found in versions else found


def _ratios(bench: str, result: Mapping[str, Any]) -> Iterator[str]:
    if not result["ratios"]:
        return
    yield "| peer | ours is | library | what it does not do |\n|---|---|---|---|"
    for name, (ratio, note) in flat(result["ratios"]).items():
        shown = f"{ratio:.2f} x" + (f" ({note})" if note else "")
        yield f"| `{name}` | {shown} | {library(name, result['versions'])} | {lacks(bench, name)} |"
    yield ""


def _stages(result: Mapping[str, Any]) -> Iterator[str]:
    """Spark's meters by stage, per byte of raw text."""
    largest = max([result["ours"], *result["ours"].get("curve", [])], key=lambda one: one.get("seconds", 0))
    if "stages" not in largest:
        return
    size = 1e6 * largest["mb_per_s"] * largest["seconds"]
    yield f"{size / 1e6:,.0f} MB, by stage; bytes are per byte of raw text.\n"
    yield "| stage | s | read | shuffled | written | spilled |\n|---|---:|---:|---:|---:|---:|"
    for stage, meters in largest["stages"].items():
        shares = (f"{meters.get(name, 0) / size:.3f}" for name in ("read", "shuffled", "written", "spilled"))
        yield f"| {stage} | {meters['seconds']:.1f} | {' | '.join(shares)} |"
    yield ""


def _curve(result: Mapping[str, Any]) -> Iterator[str]:
    """Cost by size, where the benchmark measures it for whole runs."""
    curve = result["ours"].get("curve", [])
    if not curve or "s_per_mb" not in curve[0]:
        return
    yield "| MB | s | s/MB | peak MiB |\n|---:|---:|---:|---:|"
    for one in curve:
        yield f"| {one['mb']:g} | {one['seconds']:.1f} | {one['s_per_mb']:.3f} | {one['peak_mib']:,} |"
    yield ""


def _checks(result: Mapping[str, Any]) -> Iterator[str]:
    judged = {name: value for name, value in result["checks"].items() if isinstance(value, bool)}
    failed = [f"`{name}`" for name, value in judged.items() if not value]
    if failed:
        yield f"{len(judged) - len(failed)} of {len(judged)} checks hold. Not: {', '.join(failed)}.\n"
    else:
        yield f"All {len(judged)} checks hold.\n"


def _run(result: Mapping[str, Any], file: Path) -> str:
    """When and where."""
    where = {**result["versions"], **result.get("machine", {})}
    day = datetime.fromtimestamp(file.stat().st_mtime, UTC).date()
    parts = [f"{where[name]}" for name in ("cpu", "system") if name in where]
    parts += [f"{name} {where[name]}" for name in ("python", "pyspark", "numpy", "pyarrow") if name in where]
    return f"{day}; {where.get('cores', machine()['cores'])} cores, {', '.join(parts)}.\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out/bench"), help="folder of results")
    parser.add_argument("--page", type=Path, default=Path("docs/benchmarks.md"))
    asked = parser.parse_args()
    before = asked.page.read_text(encoding="utf-8") if asked.page.exists() else ""
    asked.page.write_text(page(asked.out, before), encoding="utf-8")
    print(f"{asked.page}: from the results in {asked.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
