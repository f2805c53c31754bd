"""A made-up run for tests of pages: small tables and manifests in a folder, a hostile source among them; no Spark."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs as arrow_fs

from corpus_pipeline.pipeline import STAGES
from corpus_pipeline.run.config import Config, check
from corpus_pipeline.run.fingerprint import shown
from corpus_pipeline.run.manifest import FILE, Manifest
from corpus_pipeline.schemas import contract

HOSTILE = "<script>alert('1')</script>"
KOREAN = "국민청원, 2019=a/b"  # the signs that keys of metrics are made of


class Local:
    """Local files in place of Storage: what the config calls `out` is `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, path: str) -> Path:
        first, _, rest = path.partition("/")
        return self.folder / rest if first == "out" else self.folder.parent / path

    def arrow(self, path: str) -> tuple[arrow_fs.FileSystem, str]:
        return arrow_fs.LocalFileSystem(), str(self.path(path))

    def exists(self, path: str) -> bool:
        return self.path(path).exists()

    def read_text(self, path: str) -> str:
        return self.path(path).read_text(encoding="utf-8")

    def make_folder(self, path: str) -> None:
        self.path(path).mkdir(parents=True, exist_ok=True)

    def write_bytes(self, path: str, content: bytes) -> None:
        self.path(path).write_bytes(content)

    def delete(self, path: str) -> None:
        self.path(path).unlink(missing_ok=True)


def config_of(*sources: str, **more: Any) -> Config:
    one = {"format": "html", "path": "x", "doc_type": "web", "licence": "CC0", "name": HOSTILE}
    return check({"name": "시험 <run>", "output": "out", "sources": dict.fromkeys(sources, one), **more}, "test")


CONFIG = config_of(HOSTILE, KOREAN)


FIXED = [
    (0.01, 7, "all", "chosen", 1.0), (0.01, 7, "all", "bytes_asked", 5000.0), (0.01, 7, "all", "bytes", 5001.0),
    (0.01, 7, "all", "documents", 12.0), (0.01, 7, "doc_type=<b>news", "bytes_asked", 5000.0),
    (0.01, 7, "doc_type=<b>news", "bytes", 5001.0), (0.01, 7, "doc_type=<b>news", "documents", 12.0),
]  # fmt: skip


def figure(*row: Any) -> dict[str, Any]:
    return dict(zip(contract("duplicate_summary").columns, row, strict=True))


def pair(similarity: float, excerpt_a: str, excerpt_b: str, **more: Any) -> dict[str, Any]:
    row = ("0a", "0b", similarity, HOSTILE, KOREAN, 1200, excerpt_a, excerpt_b)
    return dict(zip(contract("duplicate_samples").columns, row, strict=True)) | more


SUMMARY = [
    figure("cluster_size", "1", "", 930, 930, None, None), figure("cluster_size", "2", "", 25, 50, None, None),
    figure("cluster_size", "8", "", 1, 10, None, None), figure("similarity", "0.96", "", None, None, 0, 9),
    figure("similarity", "1.00", "", None, None, 23, 1), figure("sources", HOSTILE, HOSTILE, None, None, 20, 0),
    figure("sources", HOSTILE, KOREAN, None, None, 3, 10),
]  # fmt: skip


def planned(doc_type: str, source: str, *figures: Any) -> dict[str, Any]:
    return dict(zip(contract("mixture_plan").columns, (doc_type, source, *figures), strict=True))


def left(*row: Any) -> dict[str, Any]:
    return dict(zip(contract("mixture_what_if").columns, row, strict=True))


PLAN = [
    planned("news", KOREAN, 90, 80, 8000, 24000, 200, 24000.0, "supply", 16000.0, 80, 160, 16000, 48000, 2.0),
    planned("web", HOSTILE, 800, 700, 70000, 21e4, 300, 36000.0, None, 26000.0, 260, 260, 25900, 78000, 0.37),
    planned("web", "other", 100, 90, 10000, 3e4, 300, 36000.0, None, 10000.0, 90, 90, 10000, 30000, 1.0),
    planned("none", "empty", 5, 0, 0, 0, 0, 0.0, None, 0.0, 0, 0, 0, 0, None),
]
WHAT_IF = [
    left("as_set", "", "news", 80, 8000, 24000), left("as_set", "", "web", 790, 80000, 240000),
    left("min_quality_score", "0.5", "web", 400, 44000, 120000),
    left("without_rule", "<b>rule", "web", 900, 96800, 300000),
]  # fmt: skip
SAMPLES = [pair(0.95, "가 나 다", "가 라 다"), pair(0.81, f"{HOSTILE} 하나", f"{HOSTILE} 둘", doc_a="00")]


def tokenizers(fraction: float, weighted: float, fertility: float, floor: float | None, met: float) -> list[Any]:
    """The curve's rows of one fraction; the change of fertility is twice as large in one source."""
    values = {"weighted_overlap": weighted, "overlap": 0.8, "jaccard": 0.7, "vocab_size": 300.0, "zipf_slope": -1.0}
    values |= {"distinct_pieces": 9000 * fraction, "meets_overlap": met, "meets_source_fertility": met}
    rows = [(fraction, 7, "all", metric, value) for metric, value in values.items()]
    by_part = [("all", fertility), (f"source={KOREAN}", 2 * fertility - 2), (f"source={HOSTILE}", 2.0)]
    rows += [(fraction, 7, part, "fertility", value) for part, value in by_part]
    rows += [(fraction, 8, "all", "zipf_slope", -9.0)]
    return rows + ([] if floor is None else [(fraction, 8, "all", "floor_weighted_overlap", floor)])


AUTO = [
    *tokenizers(1.0, 1.0, 2.0, None, 1.0), *tokenizers(0.1, 0.99, 2.05, 0.95, 1.0), *FIXED,
    *tokenizers(0.01, 0.9, 2.2, 0.9, 0.0), (1.0, 7, "all", "overlap_needed", 0.95),
    (1.0, 7, "all", "heaps_exponent", 0.64),
]  # fmt: skip


def dropped(reason: str, position: int, text: str, **more: Any) -> dict[str, Any]:
    row = (reason, position, "0c", HOSTILE, "web", "ko", "제목", text, 5000, 0.25, 0.5, ["x"])
    rest: tuple[Any, ...] = ([{"name": "links", "value": 0.125}], [], None)
    return dict(zip(contract("drop_samples").columns, (*row, *rest), strict=True)) | more


def measured(variant: str, size: int, part: str, **figures: float) -> list[dict[str, Any]]:
    names = contract("tokenizer_comparison").columns
    return [dict(zip(names, (variant, size, part, *pair, "1"), strict=True)) for pair in figures.items()]


DROPPED = [
    *(dropped("near_duplicate", i, f"글 {i}", features=[], kept_id="0d") for i in range(7, 0, -1)),
    dropped("quality:x", 1, f"{HOSTILE} \u202e\0끝", text_bytes=len(f"{HOSTILE} \u202e\0끝".encode())),
]
SHARDS = [
    {"shard": f"shard-{i:05}", "dtype": "uint16", "documents": 400 + i, "sequences": 40, "tokens": 10**6 * (i + 1),
     "bytes": 2 * 10**6, "files": [], "source_tokens": []}
    for i in range(2)
]  # fmt: skip
COMPARED = [
    *measured("byte", 1000, "all", vocab_size_actual=1000, tokens_per_eojeol=3.5, unknown_share=0.0),
    *measured("byte", 4000, "all", vocab_size_actual=3990, tokens_per_eojeol=2.25, unknown_share=0.0012),
    *measured("byte", 4000, f"source={KOREAN}", tokens_per_eojeol=2.125),
]
TABLES = {
    "duplicate_summary": SUMMARY, "duplicate_samples": SAMPLES, "mixture_plan": PLAN, "mixture_what_if": WHAT_IF,
    "drop_samples": DROPPED, "shard_index": SHARDS, "tokenizer_comparison": COMPARED,
}  # fmt: skip


def write_curve(folder: Path, rows: list[tuple[float, int, str, str, float]]) -> None:
    names = ("fraction", "seed", "slice", "metric", "value")
    write_table(folder / "tokenizer_curve", [dict(zip(names, row, strict=True)) for row in rows])


def write_table(folder: Path, rows: list[dict[str, Any]], count: int | None = None) -> None:
    """The first `count` of `rows`, as Spark leaves a table."""
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows).slice(0, count), folder / "part-0.parquet")


def split(metric: str, first: float, second: float) -> dict[str, float]:
    """A metric in all and of the two sources."""
    return {
        f"all/{metric}": first + second,
        f"source={HOSTILE}/{metric}": first,
        f"source={KOREAN}/{metric}": second,
    }


METRICS: dict[str, dict[str, float]] = {
    "raw_documents": split("documents", 900, 90) | split("records", 900, 90) | split("text_bytes", 9e6, 1e6),
    "rejected_records": split("rejected", 0, 10) | {f"source={KOREAN},reason={HOSTILE}/rows": 10},
    "documents": split("documents", 900, 90) | split("masked_phone", 3, 0) | split("profanity", 1, 1),
    "duplicates": {"all/documents": 990, "all/exact": 40, "all/near": 20},
    "duplicate_pairs": {"all/pairs": 33},
    "tags": split("documents", 900, 90)
    | split("text_bytes", 9e6, 1e6)
    | {f"source={HOSTILE},language=ko/rows": 900, f"source={KOREAN},language=en/rows": 90}
    | {f"source={HOSTILE},length_class=tiny/rows": 850, f"source={HOSTILE},length_class=long/rows": 50}
    | {f"source={KOREAN},length_class=tiny/rows": 90},
    "mixture": split("kept", 800, 80)
    | split("dropped", 100, 10)
    | split("text_bytes_kept", 8e6, 9e5)
    | split("planned_tokens", 2e6, 3e5)
    | {f"source={HOSTILE},drop_reason=quality:x/rows": 100, f"source={KOREAN},drop_reason=near_duplicate/rows": 10}
    | {f"source={HOSTILE},decision=kept,quality_from=0.9/rows": 800}
    | {f"source={HOSTILE},decision=dropped,quality_from=0.0/rows": 100}
    | {f"source={KOREAN},decision=kept,quality_from=0.3/rows": 80}
    | {f"source={KOREAN},decision=dropped,quality_from=0.3/rows": 10},
    "shard_documents": split("tokens", 2e6, 2e5),
    "shard_index": {"all/shards": 1, "all/documents": 880, "all/tokens": 2.2e6, "all/bytes": 4.4e6},
}


def chain(config: Config = CONFIG) -> dict[str, Manifest]:
    """A manifest for every table of the map, each made of the others as they are."""
    return {
        table: Manifest(
            table=table,
            stage=stage.name,
            version=1,
            fingerprint="f" * 64,
            rows=990,
            digest=f"digest of {table}",
            keys_digest="0",
            metrics=METRICS.get(table, {}),
            params=shown(config.stages[stage.name]),
            inputs={read: f"digest of {read}" for read in stage.reads},
            versions={"python": "3.11", "pyspark": "4.3.0", "numpy": "2.4"},
        )
        for stage in STAGES.values()
        for table in stage.writes
    }


def publish(folder: Path, manifests: dict[str, Manifest], card: str = '{"vocab_size": 16000}') -> None:
    """Put these manifests, and no others, into `folder`, and the tokenizer's card."""
    for old in folder.glob(f"*/{FILE}"):
        old.unlink()
    for table, one in manifests.items():
        (folder / table).mkdir(parents=True, exist_ok=True)
        (folder / table / FILE).write_text(json.dumps(asdict(one)), encoding="utf-8")
    (folder / "tokenizer").mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer" / "card.json").write_text(card, encoding="utf-8")


def write_tables(folder: Path) -> None:
    """Every small table that the report reads."""
    write_curve(folder, FIXED)
    for table, rows in TABLES.items():
        write_table(folder / table, rows)
