"""Our extractor of web pages beside others, in one run, on one core, on the same pages; results as ratios.

    python benchmarks/collect.py --input FOLDER --data out/bench/data --out out/bench [--quick]

FOLDER has the corpora (*.tar.zst) that the model of regions is trained on. Every extractor is a process of its own on
the same core; the pages of each site go to all of them in turn, ROUNDS times after one round to warm up. Speed is pages
per second of CPU time. Our figures of quality here are on pages the model was trained on: those of sites left out are
in resources/models/regions.md. Results: OUT/collect.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tarfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.environments import ENVIRONMENTS, python_of
from benchmarks.measure import Contender, Process, machine, versions, write_json
from corpus_pipeline.kernels.page_blocks import parse
from corpus_pipeline.kernels.region_labels import KINDS
from corpus_pipeline.run.region_pages import FILLED, labelled
from corpus_pipeline.stages.regions import MANY_SITES, Figures, Page, measured

OURS, REFERENCE = "model", "trafilatura"
PEERS = ("resiliparse", "readability")
MODULE = "benchmarks.peers.collect_page"
AS_FOUND = ("html_ko_pytorch", "docs_md_pytorch_kr", "html_ko_blog_jongmin92", "html_readability_gold")
ALSO = ("petitions", "news_sci50", "comments_hate_kocohub")  # what surrounds articles
ROUNDS = 3


def unpacked(archives: Path, folder: Path) -> Path:
    """The corpora that labelled pages are made of, under `folder`; what is there stays."""
    names = {*AS_FOUND, *ALSO, *(name for corpora in FILLED.values() for name in corpora)}
    for name in sorted(names):
        archive = archives / f"{name}.tar.zst"
        if archive.exists() and not (folder / name).exists():
            with (
                pa.input_stream(archive, compression="zstd") as stream,
                tarfile.open(fileobj=stream, mode="r|") as files,
            ):
                files.extractall(folder, filter="data")
    return folder


def pages_of(root: Path, each: int) -> dict[str, list[Page]]:
    """site -> up to `each` of its pages, taken evenly."""
    found: dict[str, list[Page]] = {}
    for one in labelled(root, each):
        found.setdefault(one.site, []).append(Page(*one, disguise=False))
    return {site: pages[:: max(len(pages) // each, 1)][:each] for site, pages in found.items()}


def contenders(environments: Path, peers: bool) -> list[Contender]:
    found = [Contender(name, Path(sys.executable), MODULE, (name,)) for name in (OURS, REFERENCE)]
    try:
        python = python_of("collect", environments) if peers else None
    except (subprocess.CalledProcessError, OSError) as error:
        print(f"warning: no environment collect ({type(error).__name__}); its peers are left out")
        return found
    return found + [Contender(name, python, MODULE, (name,)) for name in PEERS if python]


def measure(sites: dict[str, list[Page]], found: list[Contender], folder: Path, core: int) -> dict[str, Any]:
    """contender -> {site -> {"cpu": seconds of each round, "figures": of each page}}, or its error."""
    rows: dict[str, Any] = {one.name: {} for one in found}
    with ExitStack() as stack:
        processes = {one.name: stack.enter_context(Process(one, core, folder / f"{one.name}.log")) for one in found}
        for site, pages in sites.items():
            path = folder / f"{site}.jsonl"
            path.write_text("".join(json.dumps(page.html) + "\n" for page in pages), encoding="utf-8")
            golds = [parse(page.gold) for page in pages]
            for turn in range(ROUNDS + 1):
                for name, process in processes.items():
                    if "error" in rows[name]:
                        continue
                    texts = folder / f"{name}.{site}.texts"
                    answer = process.ask(pages=str(path), texts=str(texts))
                    if "error" in answer:
                        rows[name] = answer
                        continue
                    row = rows[name].setdefault(site, {"cpu": []})
                    row["cpu"] += [answer["cpu_seconds"]] if turn else []
                    row["peak_mib"] = answer["peak_mib"]
                    if turn == ROUNDS:
                        lines = texts.read_text(encoding="utf-8").splitlines()
                        each = zip(pages, golds, lines, strict=True)
                        row["figures"] = [measured(page, gold, json.loads(line)) for page, gold, line in each]
            print(f"{site}: {len(pages)} pages", flush=True)
    return rows


def result(rows: dict[str, Any], sites: dict[str, list[Page]]) -> dict[str, Any]:
    """Figures of each contender, and ratios ours / peer."""
    found = {name: _figures(row, sites) for name, row in rows.items()}
    ours = found.pop(OURS)
    if "error" in ours:
        raise RuntimeError(f"ours failed: {ours['error']}")
    ratios = {name: _ratios(rows[OURS], rows[name], sites) for name, peer in found.items() if "error" not in peer}
    reached = ratios.get(REFERENCE, {}).get("all", 0)
    checks = {"eight_times_trafilatura": reached >= 8, "korean_f1": ours["korean_f1"] >= 0.97}
    return {"ours": ours, "peers": found, "ratios": ratios, "checks": checks}


def _figures(row: dict[str, Any], sites: dict[str, list[Page]]) -> dict[str, Any]:
    if "error" in row:
        return row
    f1 = {site: round(float(np.mean([one.f1 for one in row[site]["figures"]])), 4) for site in sites}
    korean = [one for site in sites if site != MANY_SITES for one in row[site]["figures"]]
    return {
        "pages_per_cpu_s": round(sum(map(len, sites.values())) / _seconds(row, sites), 1),
        "korean_f1": round(float(np.mean([f1[site] for site in sites if site != MANY_SITES])), 4),
        "f1": f1,
        "kept_korean": _kept(korean),
        "peak_mib": max(row[site]["peak_mib"] for site in sites),
    }


def _kept(found: Iterable[Figures]) -> dict[str, float]:
    pages = list(found)
    totals = {kind: [sum(one.kept[kind][index] for one in pages) for index in (0, 1)] for kind in KINDS}
    return {kind: round(kept / max(wanted, 1), 4) for kind, (wanted, kept) in totals.items()}


def _seconds(row: dict[str, Any], sites: Iterable[str]) -> float:
    return float(sum(statistics.median(row[site]["cpu"]) for site in sites))


def _ratios(ours: dict[str, Any], peer: dict[str, Any], sites: dict[str, list[Page]]) -> dict[str, float]:
    by_site = {site: round(_seconds(peer, [site]) / _seconds(ours, [site]), 2) for site in sites}
    return {"all": round(_seconds(peer, sites) / _seconds(ours, sites), 2), **by_site}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", type=Path, default=Path("../shared/data"), help="folder of *.tar.zst")
    parser.add_argument("--data", type=Path, default=Path("out/bench/data"))
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    parser.add_argument("--pages", type=int, default=24, help="of each site")
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="two pages of each site, no other environments")
    args = parser.parse_args()
    folder = args.data / "collect"
    folder.mkdir(parents=True, exist_ok=True)
    sites = pages_of(unpacked(args.input, args.data / "corpora"), 2 if args.quick else args.pages)
    if not sites:
        raise SystemExit(f"{args.input}: expected *.tar.zst with labelled pages, got none. Set --input.")
    rows = measure(sites, contenders(args.out / "envs", not args.quick), folder, args.core)
    pinned = [] if args.quick else [one for one in ENVIRONMENTS["collect"] if "==" in one]
    found = result(rows, sites)
    found |= {"machine": machine(), "versions": versions(["trafilatura", "lxml", "numpy"], pinned)}
    write_json(args.out / "collect.json", found)
    for name, one in {OURS: found["ours"], **found["peers"]}.items():
        print(name, {key: one[key] for key in one if key != "f1"})
    print("ours / peer:", {name: one["all"] for name, one in found["ratios"].items()})


if __name__ == "__main__":
    main()
