"""Peers from PyPI in environments of their own, so that none of them becomes a dependency of the project."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ENVIRONMENTS = {
    "encoders": [
        "gigatoken==0.10.0",
        "kitoken==0.11.1",
        "tiktoken==0.14.0",
        "tokie==0.1.4",
        "tokenizers==0.23.3",
        "numpy==2.4.6",
    ],
    "datatrove": ["datatrove==0.10.1", "orjson==3.11.4", "tokenizers==0.23.3"],
}


def python_of(name: str, folder: Path) -> Path:
    """The interpreter of an environment, made in `folder` unless it is there with the same packages.

    Wheels only: nothing is built. Raises CalledProcessError when pip cannot install them.
    """
    place = (folder / name).absolute()
    python, ready = place / "bin" / "python", place / ".ready"
    wanted = "\n".join(ENVIRONMENTS[name])
    if not ready.exists() or ready.read_text(encoding="utf-8") != wanted:
        print(f"making the environment {name}: {', '.join(ENVIRONMENTS[name])}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
        own = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}  # pip would see this project
        subprocess.run([*pip, *ENVIRONMENTS[name]], check=True, env=own)
        ready.write_text(wanted, encoding="utf-8")
    return python
