"""Our masking of personal data beside other detectors, in one run, on one core, on the same text; results as ratios.

    python benchmarks/scrub.py --data out/bench/data --out out/bench [--quick]

Every detector is a process of its own on the same core. Quality is that of benchmarks/pii_scores.py on the generator's
documents, held-out carriers among them. Speed is measured on pages of the generator's text, and on pages of real text
(DATA/mixed.jsonl, or else data/sample): each section goes to all detectors in turn, and a ratio is the median over
sections of ours / peer, by CPU time. Peers only find, so that a value counts as hidden where a span covers it. A peer
lacks some kinds: `by_its_kinds` are its figures on the kinds it has. Results: OUT/scrub.json.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.environments import ENVIRONMENTS, python_of
from benchmarks.measure import Contender, Process, machine, median_ratio, spread, versions, write_json
from benchmarks.pii_documents import SAMPLE, Document, Settings, documents
from benchmarks.pii_evaluation import pieces, real_texts
from benchmarks.pii_scores import Found, Scores, known, share
from benchmarks.pii_values import KINDS
from corpus_pipeline.kernels import pii

OURS = "ours"
SPEEDS = ("generated", "real_text")
ROUNDS = 3
PRESIDIO = ("card", "email", "ip", "business", "licence", "foreigner", "passport", "rrn", "phone")
KO_PII = (*PRESIDIO, "account", "address", "plate")
KOREAN_PII = ("account", "card", "email", "licence", "passport", "phone", "rrn")


@dataclass(frozen=True)
class Peer:
    """kinds: of the generator, that it has a rule for."""

    environment: str
    module: str
    argument: str
    kinds: tuple[str, ...]


PEERS = {
    "presidio": Peer("scrub_presidio", "scrub_presidio", "0", PRESIDIO),
    "presidio_0.4": Peer("scrub_presidio", "scrub_presidio", "0.4", PRESIDIO),
    "ko_pii": Peer("scrub_korean", "scrub_korean", "ko_pii", KO_PII),
    "korean_pii": Peer("scrub_korean", "scrub_korean", "korean_pii", KOREAN_PII),
}


def write_texts(path: Path, texts: Iterable[str]) -> Path:
    path.write_text("".join(json.dumps(text) + "\n" for text in texts), encoding="utf-8")
    return path


def sections(pages: list[str], folder: Path, name: str, megabytes: float) -> list[Path]:
    """ROUNDS files of about `megabytes` each, and one more before them to warm up; less where the text ends."""
    count = max(1, int(len(pages) * megabytes * 1e6 / max(1, sum(len(page.encode()) for page in pages))))
    return [
        write_texts(folder / f"{name}{i}.jsonl", pages[i * count : (i + 1) * count])
        for i in range(ROUNDS + 1)
        if pages[i * count : (i + 1) * count]
    ]


def mixed(data: Path) -> Iterator[str]:
    """Real text: the benchmarks' own, or the sample's."""
    path = data / "mixed.jsonl"
    if not path.exists():
        yield from (text for _, text in real_texts(SAMPLE))
        return
    with path.open(encoding="utf-8") as file:
        yield from (json.loads(line)["text"] for line in itertools.islice(file, 20_000))


def starred(text: str, spans: list[Found]) -> str:
    masked = list(text)
    for span in spans:
        masked[span.start : span.end] = "*" * (span.end - span.start)
    return "".join(masked)


def score(made: list[Document], found: Path, ours: bool) -> Scores:
    """Ours by what `mask` leaves; a peer by what its spans leave."""
    scores = Scores()
    with found.open(encoding="utf-8") as file:
        for document, line in zip(made, file, strict=True):
            spans = [Found(*span) for span in json.loads(line)]
            masked = pii.mask(document.text, frozenset(pii.KINDS))[0] if ours else starred(document.text, spans)
            scores.add(document, masked, spans)
    return scores


def quality(scores: Scores, kinds: tuple[str, ...]) -> dict[str, Any]:
    """On all kinds, and on those in `kinds`."""
    whole = scores.summary()
    names = ("values", "recall", "leak_rate", "precision", "changed_lookalikes")
    own = [scores.tally(kind=kind) for kind in kinds]
    leaked, values = sum(tally.leaked for tally in own), sum(tally.values for tally in own)
    by_kind = {kind: scores.tally(kind=kind).rates()["leak_rate"] for kind in whole["kinds"]}
    return {
        **{name: whole[name] for name in names},
        "leak_rate_by_its_kinds": share(leaked, values),
        "leak_rate_by_kind": by_kind,
        "ordinary": scores.tally(group="ordinary").rates(),
        "obfuscated": scores.tally(group="obfuscated").rates(),
    }


def contenders(folder: Path, wanted: list[str]) -> dict[str, Contender]:
    found = {OURS: Contender(OURS, Path(sys.executable), "benchmarks.peers.scrub_ours", ())}
    for name in wanted:
        peer = PEERS[name]
        python = python_of(peer.environment, folder)
        found[name] = Contender(name, python, f"benchmarks.peers.{peer.module}", (peer.argument,))
    return found


def measure(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    kinds, skipped = known(KINDS, pii.KINDS)
    made = list(documents(Settings(args.values, args.values, kinds=kinds)))
    work = {"documents": [write_texts(folder / "documents.jsonl", (document.text for document in made))]}
    pages = {"generated": pieces(document.text for document in made), "real_text": pieces(mixed(args.data))}
    work |= {name: sections(pages[name], folder, name, args.mb) for name in SPEEDS}
    rates: dict[str, dict[str, list[float]]] = {}
    rows: dict[str, dict[str, Any]] = {}
    with ExitStack() as stack:
        processes = {
            name: stack.enter_context(Process(one, args.core, folder / f"{name}.log"))
            for name, one in contenders(args.out / "envs", args.peers).items()
        }
        for kind, paths in work.items():
            for i, path in enumerate(paths):
                for name, process in processes.items():
                    if "error" in rows.get(name, {}):
                        continue
                    answer = process.ask(texts=str(path), spans=str(folder / f"{name}.{kind}.spans"))
                    if "error" in answer:
                        rows[name] = answer
                    elif kind in SPEEDS and (i or len(paths) == 1):
                        each = rates.setdefault(name, {}).setdefault(kind, [])
                        each.append(answer["bytes"] / 1e6 / answer["cpu_seconds"])
                    if "error" not in answer:
                        rows[name] = {"peak_mib": answer["peak_mib"]}
        for name in processes:
            if "error" not in rows[name]:
                own = PEERS[name].kinds if name in PEERS else kinds
                scores = score(made, folder / f"{name}.documents.spans", name == OURS)
                speed = {kind: spread(rates[name][kind]) for kind in SPEEDS}
                rows[name] = quality(scores, own) | {"mb_per_cpu_s": speed} | rows[name]
    return result(rows, rates, args.quick, skipped)


def result(
    rows: dict[str, dict[str, Any]], rates: dict[str, dict[str, list[float]]], quick: bool, skipped: tuple[str, ...]
) -> dict[str, Any]:
    ours, peers = rows[OURS], {name: row for name, row in rows.items() if name != OURS}
    if "error" in ours:
        raise SystemExit(f"error: our own detector failed: {ours['error']}")
    ratios = {
        f"{name}.{kind}": median_ratio(rates[OURS][kind], rates[name][kind])
        for name in peers
        if "error" not in peers[name]
        for kind in SPEEDS
    }
    checks: dict[str, bool] = {
        "leak_rate_at_most_0.005": ours["leak_rate"] <= 0.005,
        "precision_at_least_0.99": ours["precision"] >= 0.99,
        "changed_lookalikes_at_most_0.005": ours["changed_lookalikes"] <= 0.005,
        "all_peers_ran": not any("error" in row for row in peers.values()),
    }
    if not quick:
        checks["10_mb_per_cpu_s_on_real_text"] = ours["mb_per_cpu_s"]["real_text"]["median"] >= 10
        checks |= {f"faster_than_{name}": ratio > 1 for name, ratio in ratios.items() if name.startswith("presidio")}
    pinned = [item for name in sorted({PEERS[peer].environment for peer in peers}) for item in ENVIRONMENTS[name]]
    return {
        "ours": ours,
        "peers": peers,
        "ratios": ratios,
        "checks": checks,
        "skipped_kinds": list(skipped),
        "versions": versions(("numpy", "pyarrow"), pinned) | machine(),
    }


def table(found: dict[str, Any]) -> str:
    """The results to read."""
    titles = ("generated", "real text", "leak", "its kinds", "ordinary", "obfuscated", "precision", "changed", "MiB")
    lines = [f"{'MB per CPU s, one core':24}" + "".join(f"{title:>11}" for title in titles)]
    for name, row in {OURS: found["ours"], **found["peers"]}.items():
        if "error" in row:
            lines.append(f"{name:24}  {row['error']}")
            continue
        speed = "".join(f"{row['mb_per_cpu_s'][kind]['median']:>11.2f}" for kind in SPEEDS)
        leaks = (
            row["leak_rate"],
            row["leak_rate_by_its_kinds"],
            *(row[g]["leak_rate"] for g in ("ordinary", "obfuscated")),
        )
        shares = "".join(f"{one:>11.2%}" for one in (*leaks, row["precision"] or 0.0, row["changed_lookalikes"]))
        lines.append(f"{name:24}{speed}{shares}{row['peak_mib']:>11}")
    lines += [f"ours is {ratio} x as fast as {name}" for name, ratio in found["ratios"].items()]
    if found["skipped_kinds"]:
        lines.append(f"SKIPPED, since our detector has no such kind: {', '.join(found['skipped_kinds'])}")
    return "\n".join([*lines, *(f"{name}: {value}" for name, value in found["checks"].items())])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("out/bench/data"), help="folder with mixed.jsonl")
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    parser.add_argument("--values", type=int, help="values, and as many look-alikes (default 21000)")
    parser.add_argument("--mb", type=float, default=0.5, help="MB of each section that is timed")
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--peers", type=lambda text: text.split(",") if text else [], default=list(PEERS))
    parser.add_argument("--quick", action="store_true", help="few values, and no judgement of speed")
    args = parser.parse_args()
    args.values = args.values or (1_400 if args.quick else Settings.values)
    with tempfile.TemporaryDirectory() as folder:
        found = measure(args, Path(folder))
    write_json(args.out / "scrub.json", found)
    print(table(found))
    return 0 if all(found["checks"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
