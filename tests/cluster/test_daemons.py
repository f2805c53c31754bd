"""What was started is stopped, and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.cluster.daemons import Daemons

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


def test_only_what_was_started_is_stopped(tmp_path: Path) -> None:
    other = subprocess.Popen(SLEEP)
    ours = Daemons(tmp_path)
    ours.start("one", SLEEP, os.environ)
    ours.start("two", SLEEP, os.environ)
    pid = ours.running()["one"]
    assert list(ours.running()) == ["one", "two"]
    ours.kill("two")
    assert Daemons(tmp_path).stop() == ["one"]  # by another process, too: the folder knows
    assert os.waitpid(pid, 0)[1] == signal.SIGTERM
    assert other.poll() is None
    other.kill()


def test_a_number_that_another_process_has_now_is_left_alone(tmp_path: Path) -> None:
    other = subprocess.Popen(SLEEP)
    (tmp_path / "daemons.json").write_text(json.dumps({"one": [other.pid, "1"]}))
    assert Daemons(tmp_path).stop() == []
    assert other.poll() is None
    other.kill()
