"""A Spark standalone cluster on loopback: hosts of their own are what speculation and a driver alone need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.daemons import HOSTS
from tests.cluster.standalone import Standalone

__all__ = ["HOSTS", "cluster"]


@contextmanager
def cluster(logs: Path, hosts: Sequence[str] = HOSTS, memory: str = "800m") -> Iterator[str]:
    """A master and a worker of one core on each host; yields the master's address. The daemons log to `logs`."""
    started = Standalone(logs)
    try:
        yield started.up(hosts, memory)
    finally:
        started.stop()
