"""The jobs that train bundled models: one set of options, and a file with the digest that its card names."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from corpus_pipeline.run.training import MODELS, training_parser, write_model

ROOT = Path(__file__).resolve().parents[2]


def test_the_bundled_model_is_what_is_written_unless_told_otherwise() -> None:
    options = training_parser("train", "", "regions.json", "print figures").parse_args(["--data", "x", "--evaluate"])
    assert (options.data, options.out, options.evaluate) == (Path("x"), MODELS / "regions.json", True)
    assert (ROOT / options.out).is_file()
    with pytest.raises(SystemExit):
        training_parser("train", "", "regions.json").parse_args(["--data", "x", "--evaluate"])


def test_what_is_said_of_a_model_is_what_stands_on_disk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_model(tmp_path / "a.npz", b"weights")
    told = capsys.readouterr().err
    assert hashlib.sha256((tmp_path / "a.npz").read_bytes()).hexdigest() in told
    assert "7 bytes" in told
