"""Pages of Markdown whose snippets are run as they stand, in a clone of this checkout.

What a fenced block is, its info string says:

bash           commands, run by bash from the root of the clone; none may fail
yaml PATH      a file (also json, jsonl, text, python): written to PATH
diff           a change of the code: applied by git
sql            a query of DuckDB, which must give rows;  `sql spark`: of Spark SQL
python         a program, run from the root
anything else  shown, not run
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from markdown_it import MarkdownIt
from pyspark.sql import SparkSession

ROOT = Path(__file__).resolve().parents[1]
FILES = ("yaml", "json", "jsonl", "text", "python")


@dataclass(frozen=True)
class Block:
    """A fenced block. place: page and line, for messages. kind, argument: of its info string."""

    place: str
    kind: str
    argument: str
    text: str


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    tokens = MarkdownIt().parse(page.read_text(encoding="utf-8"))
    found = []
    for token in (token for token in tokens if token.type == "fence"):
        kind, _, argument = token.info.strip().partition(" ")
        found.append(Block(f"{page.name}:{(token.map or [0])[0] + 1}", kind, argument, token.content))
    return found


def clone_to(target: Path) -> None:
    """A clone of this checkout with what is not committed yet, and this checkout's .venv."""
    _git(ROOT, "clone", "--quiet", str(ROOT), str(target))
    for name in _git(ROOT, "ls-files", "-z", "--modified", "--others", "--exclude-standard").split("\0"):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes((ROOT / name).read_bytes())
    for name in _git(ROOT, "ls-files", "-z", "--deleted").split("\0"):
        (target / name).unlink(missing_ok=True) if name else None
    (target / ".venv").symlink_to(Path(sys.prefix))
    with (target / ".git" / "info" / "exclude").open("a", encoding="utf-8") as exclude:
        exclude.write(".venv\n")
    os.utime(target / "requirements.lock", (0, 0))  # older than .venv/.ready: nothing to install
    _git(target, "add", "--all")
    _git(
        target,
        "-c",
        "user.name=tests",
        "-c",
        "user.email=tests@example.org",
        "commit",
        "-qm",
        "as tested",
        "--allow-empty",
    )


def restore(clone: Path) -> None:
    """Undo what a page changed of the code; what it made under out/ stays."""
    _git(clone, "checkout", "--quiet", ".")
    _git(clone, "clean", "--quiet", "--force", "-d")


def run_page(page: Path, clone: Path, spark: SparkSession | None = None) -> str:
    """Run every block of a page, in order; what its commands printed. Fails at the first that does not do its work."""
    with contextlib.chdir(clone):
        return "".join(run_block(block, clone, spark) for block in blocks(page))


def run_block(block: Block, root: Path, spark: SparkSession | None) -> str:
    """Run one block; relative paths in queries are from the working directory, which must be `root`."""
    if block.kind == "bash":
        return assert_runs(["bash", "-euo", "pipefail", "-c", block.text], root, block.place)
    if block.kind == "diff":
        patch = ["git", "apply", "-C1", "--whitespace=nowarn", "-"]
        result = subprocess.run(patch, cwd=root, input=block.text, capture_output=True, text=True, check=False)
        assert result.returncode == 0, f"{block.place}: {result.stderr}"
    elif block.kind == "sql" and block.argument == "spark":
        assert spark is not None, f"{block.place}: give run_page a session"
        query = block.text.rstrip().rstrip(";").replace("`out/", f"`{root}/out/")
        assert spark.sql(query).take(1), f"{block.place}: no rows"
    elif block.kind == "sql":
        assert duckdb.execute(block.text).fetchall(), f"{block.place}: no rows"
    elif block.kind in FILES and block.argument:
        (root / block.argument).parent.mkdir(parents=True, exist_ok=True)
        (root / block.argument).write_text(block.text, encoding="utf-8")
    elif block.kind == "python":
        return assert_runs([sys.executable, "-c", block.text], root, block.place)
    return ""


def assert_runs(command: list[str], root: Path, place: str) -> str:
    """Run a command as somebody in `root` would who has its .venv on the path; what it printed on standard output."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MAKEFLAGS", "MAKELEVEL")}
    environment |= {"PATH": f"{Path(sys.executable).parent}:{environment['PATH']}", "PYTHONPATH": str(root)}
    result = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{place}\n{result.stdout[-3000:]}\n{result.stderr[-3000:]}"
    return result.stdout


def _git(folder: Path, *arguments: str) -> str:
    result = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode:
        pytest.fail(f"git {arguments[0]}: {result.stderr}")
    return result.stdout
