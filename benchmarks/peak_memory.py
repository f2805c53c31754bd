"""Peak memory of a command and of every process it starts: `python benchmarks/peak_memory.py make corpus`.

Sums the proportional set size (PSS: shared pages are divided among those that share them) of the whole process
tree ten times a second, and prints the highest sum and what it was made of, by program.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter

import psutil

INTERVAL = 0.1  # s


def sample(root: psutil.Process) -> Counter[str]:
    """Program -> PSS in bytes, now."""
    found: Counter[str] = Counter()
    for process in [root, *root.children(recursive=True)]:
        try:
            found[process.name()] += process.memory_full_info().pss
        except psutil.Error:
            continue  # it ended meanwhile
    return found


def main(command: list[str]) -> int:
    """Run `command`; returns its exit code."""
    started, peak = time.monotonic(), Counter[str]()
    child = subprocess.Popen(command)
    while child.poll() is None:
        now = sample(psutil.Process(child.pid))
        peak = max(peak, now, key=lambda counter: counter.total())
        time.sleep(INTERVAL)
    parts = ", ".join(f"{name} {size / 2**20:,.0f} MiB" for name, size in peak.most_common(4))
    print(f"peak of the process tree: {peak.total() / 2**20:,.0f} MiB ({parts}); {time.monotonic() - started:.0f} s")
    return child.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
