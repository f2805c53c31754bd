"""The direction of imports, read from the syntax tree: jobs -> run -> pipeline -> stages -> kernels -> resources."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LEAVES = {"schemas", "errors"}
# what a layer may import of the package, and whether it may import Spark
MAY_IMPORT = {
    "resources": ({"errors", "resources"}, False),
    "kernels": ({"resources", "errors", "kernels"}, False),
    "stages": ({"kernels", "stages", *LEAVES}, True),
    "pipeline": ({"stages", *LEAVES}, True),
    "run": ({"run", "pipeline", "stages", "resources", *LEAVES}, True),
    "jobs": ({"run"}, False),
    "schemas": ({"errors"}, False),
    "errors": (set[str](), False),
}
# a stage module may use these and no other stage
SHARED_STAGE_MODULES = {
    "arrow",
    "boilerplate",
    "budget",
    "candidates",
    "classifier_fit",
    "clusters",
    "duplicate_report",
    "kept",
    "leaks",
    "on_driver",
    "params",
    "profanity",
    "quotas",
    "published",
    "removal",
    "signatures",
    "verification",
    "read_files",
    "components",
    "counting",
    "drawing",
    "curve",
    "decontamination",
    "shapes",
    "source",
    "verdicts",
    "vocabulary",
    "what_if",
}


def layer_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return "jobs" if parts[0] == "jobs" else parts[1]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


MODULES = sorted(p for folder in ("corpus_pipeline", "jobs") for p in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    layer = layer_of(path)
    if layer == "__init__":
        return
    allowed, spark = MAY_IMPORT[layer]
    for name in imported(path):
        top, _, rest = name.partition(".")
        assert spark or top not in ("pyspark", "py4j"), f"{layer} imports {name}"
        if top == "corpus_pipeline" and rest:
            other = rest.split(".")[0]
            if layer == "run" and rest.startswith(("kernels.megatron", "kernels.packing")):
                continue  # the byte layout of shards
            if other not in {"__version__"}:
                assert other in allowed, f"{layer} imports {name}"
            if layer == "stages" and other == "stages":
                module = rest.split(".")[1] if "." in rest else ""
                assert not module or module in SHARED_STAGE_MODULES, f"a stage imports the stage {name}"


def test_kernels_hold_no_clock_and_no_random_state() -> None:
    for path in (ROOT / "corpus_pipeline" / "kernels").glob("*.py"):
        assert not {"time", "datetime", "random", "secrets", "uuid"} & set(imported(path)), path.name


def test_the_map_names_every_job_and_contract() -> None:
    from corpus_pipeline.pipeline import AUXILIARY, PIPELINE
    from corpus_pipeline.schemas import tables

    jobs = {p.stem for p in (ROOT / "jobs").glob("*.py")}
    others = {
        "pipeline",
        "report",
        "provenance",
        "train_domain_model",
        "train_plausibility",
        "train_hate",
        "train_profanity",
        "train_region_model",
        "verify",
    }
    assert jobs == {stage.name for stage in (*PIPELINE, *AUXILIARY)} | others
    written = {table for stage in (*PIPELINE, *AUXILIARY) for table in stage.writes}
    assert written | {"records", "quality_report"} == set(tables())
    known: set[str] = set()
    for stage in PIPELINE:
        assert set(stage.reads) <= known, f"{stage.name} reads what is not written before it"
        known |= set(stage.writes)
