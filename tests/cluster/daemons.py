"""Processes that outlive the command which started them: a folder remembers them, and ends no other."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

HOSTS = ("127.0.0.1", "127.0.0.2")  # two names of one machine: Spark speculates, and excludes, by host
_PATIENCE = 120  # s, on a machine that does other things, too


class Daemons:
    """Daemons whose logs and process ids are in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._book = self.folder / "daemons.json"

    def running(self) -> dict[str, int]:
        """Name -> process id, of those that still run."""
        known = json.loads(self._book.read_text()) if self._book.exists() else {}
        return {name: pid for name, (pid, born) in known.items() if _born(pid) == born}

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start a daemon in a session of its own; it logs to <folder>/logs/<name>.log."""
        (self.folder / "logs").mkdir(parents=True, exist_ok=True)
        with (self.folder / "logs" / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        known = json.loads(self._book.read_text()) if self._book.exists() else {}
        self._book.write_text(json.dumps({**known, name: [process.pid, _born(process.pid)]}))

    def kill(self, name: str) -> None:
        """SIGKILL, as when a machine is gone."""
        self._end(self.running()[name], signal.SIGKILL)
        self._until(lambda: name not in self.running())

    def stop(self) -> list[str]:
        """End all that were started here and wait for it. Returns their names."""
        names = list(self.running())
        for name in reversed(names):
            self._end(self.running().get(name), signal.SIGTERM)
        if not self._until(lambda: not self.running(), seconds=20):
            for pid in self.running().values():
                self._end(pid, signal.SIGKILL)
        self._book.unlink(missing_ok=True)
        return names

    def wait(self, what: str, ready: Callable[[], bool]) -> None:
        """Until `ready`. Raises RuntimeError when a daemon ends before that, or when it takes too long."""
        names = set(json.loads(self._book.read_text()))
        if not self._until(lambda: ready() or names != self.running().keys()) or not ready():
            gone = sorted(names - self.running().keys()) or "none"
            raise RuntimeError(f"{what} is not there; ended: {gone}; logs are in {self.folder}/logs")

    def _until(self, ready: Callable[[], bool], seconds: float = _PATIENCE) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if ready():
                return True
            time.sleep(0.3)
        return False

    def _end(self, pid: int | None, how: signal.Signals) -> None:
        if pid is not None:
            try:
                os.kill(pid, how)
            except ProcessLookupError:
                return


def _born(pid: int) -> str | None:
    """When the process was started, in ticks since boot; None for one that is gone or waits for its parent.

    A number comes back to another process one day; together with this it does not.
    """
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state == "Z" else rest[18]


def told(page: str, name: str) -> int:
    """The number that `name` has in a page of JSON on the first loopback address; 0 while it does not answer.

    page  port and path, `8080/json/`
    """
    try:
        with urllib.request.urlopen(f"http://{HOSTS[0]}:{page}", timeout=10) as answer:
            found = re.search(rf'"{name}"\s*:\s*(\d+)', answer.read().decode())
    except OSError:
        return 0
    return int(found[1]) if found else 0


def free_ports(count: int) -> list[int]:
    """Ports of the first loopback address that nothing listens on."""
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in held:
            one.bind((HOSTS[0], 0))
        return [one.getsockname()[1] for one in held]
