"""What benchmarks share: contenders in processes of their own on one core, spread of repeats, the file of results."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[1]
ONE_THREAD = {
    "RAYON_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}


@dataclass(frozen=True)
class Contender:
    """A module run with `python -m`, that serves requests as benchmarks/peers/serving.py says."""

    name: str
    python: Path
    module: str
    arguments: tuple[str, ...]


class Process:
    """A contender at work on core `core`; what it prints goes to `log`. Ends with the `with` block."""

    def __init__(self, contender: Contender, core: int, log: Path) -> None:
        with log.open("wb") as errors:
            self._start(contender, errors)
        os.sched_setaffinity(self._child.pid, {core})  # before it has read a request, so before it loads a library

    def _start(self, contender: Contender, errors: IO[bytes]) -> None:
        self._child = subprocess.Popen(
            [str(contender.python), "-m", contender.module, *contender.arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
            cwd=ROOT,
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT)},
        )

    def ask(self, **request: Any) -> dict[str, Any]:
        """The answer, or {"error": why}."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        try:
            print(json.dumps(request), file=self._child.stdin, flush=True)
            line = self._child.stdout.readline()
        except BrokenPipeError:
            line = ""
        answer: dict[str, Any] = json.loads(line) if line else {"error": f"ended with code {self._child.wait()}"}
        return answer

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child.wait()


def spread(values: Sequence[float], digits: int = 3) -> dict[str, float]:
    """
    >>> spread([1.0, 4.0, 2.0])
    {'median': 2.0, 'min': 1.0, 'max': 4.0}
    """
    found = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return {name: round(value, digits) for name, value in found.items()}


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Ours / theirs, section by section: the median, to two decimals.

    >>> median_ratio([4.0, 9.0, 8.0], [1.0, 3.0, 2.0])
    4.0
    """
    return round(statistics.median(a / b for a, b in zip(ours, theirs, strict=True)), 2)


def peak_mib(process: int) -> int:
    """Most memory the process had so far, MiB. Not ru_maxrss: that is inherited from the parent over exec."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) // 1024


def machine() -> dict[str, Any]:
    """Cores of this machine and the model of its processor."""
    model = "unknown"
    information = Path("/proc/cpuinfo")
    if information.exists():
        lines = information.read_text(encoding="utf-8").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    return {"cores": os.cpu_count(), "cpu": model, "system": platform.system(), "python": platform.python_version()}


def versions(packages: Iterable[str], pinned: Iterable[str] = ()) -> dict[str, str]:
    """Package -> version: installed here, and those of other environments as `name==version`."""
    return {name: version(name) for name in packages} | dict(item.split("==") for item in pinned)


def write_json(path: Path, value: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
