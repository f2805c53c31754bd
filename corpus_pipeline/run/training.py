"""What the jobs that train bundled models share: their options, and the file they write."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

from corpus_pipeline.run.job import say

MODELS = Path("corpus_pipeline/resources/models")  # from the root of the project, where the jobs run


def training_parser(job: str, description: str | None, model: str, evaluate: str = "") -> argparse.ArgumentParser:
    """--data, --out (by default the bundled `model`), and where there is something to say of it --evaluate."""
    parser = argparse.ArgumentParser(prog=job, description=description)
    parser.add_argument("--data", type=Path, required=True, help="folder of unpacked corpora")
    parser.add_argument("--out", type=Path, default=MODELS / model)
    if evaluate:
        parser.add_argument("--evaluate", action="store_true", help=evaluate)
    return parser


def write_model(path: Path, content: bytes) -> None:
    """Write a model, and say what its card must say."""
    path.write_bytes(content)
    say(f"{path}: {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}")
