"""The README is true: its commands run, its queries answer, its length is bounded."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

pytestmark = pytest.mark.spark
ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```bash\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
PAGES = [README, *((ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8") for page in ("dedup", "mixing"))]
QUERIES = re.findall(r"```sql\n(.*?)```", "\n".join(PAGES), re.DOTALL)
RUNS_ALREADY = ("make test", "make test-fast", "make check")  # this very test, a part of it, and what CI runs before it


def run(command: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MAKEFLAGS", "MAKELEVEL")}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    return subprocess.run(command, shell=True, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_every_command_runs_in_the_readmes_order() -> None:
    assert len(COMMANDS) >= 10
    assert set(RUNS_ALREADY) <= set(COMMANDS)
    assert "\nmake check\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for command in COMMANDS:
        result = run(f"{command} --dry-run" if command in RUNS_ALREADY else command)
        assert result.returncode == 0, f"{command}\n{result.stdout[-2000:]}\n{result.stderr[-2000:]}"


def test_every_query_answers() -> None:
    assert len(QUERIES) == 6
    run("make corpus")
    for query in QUERIES:
        assert duckdb.execute(query.replace("out/sample", str(ROOT / "out/sample"))).fetchall()


def test_help_names_every_stage() -> None:
    from corpus_pipeline.pipeline import PIPELINE

    printed = run("make help").stdout
    for name in [stage.name.removeprefix("train_") for stage in PIPELINE]:
        assert re.search(rf"\b{name}\b", printed), name


def test_it_is_short() -> None:
    assert len(README.splitlines()) < 200


def test_the_tree_names_what_is_there() -> None:
    tree = README.split("## The tree")[1].split("```")[1]
    folder = ""
    for line in tree.strip().splitlines():
        indent, name = len(line) - len(line.lstrip()), line.split()[0]
        if indent == 0:
            folder = name if name.endswith("/") else ""
            assert (ROOT / name).exists(), name
        elif indent == 2:
            assert (ROOT / folder / name).exists(), name
            nested = folder + name
        else:
            assert (ROOT / nested / name).exists(), name


def test_the_documented_python_runs() -> None:
    run("make corpus")
    for page in (ROOT / "docs").glob("*.md"):
        for code in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            command = [sys.executable, "-c", code]
            result = subprocess.run(
                command,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                capture_output=True,
                text=True,
                check=False,
            )
            assert result.returncode == 0, result.stderr
