"""By which signals a job is interrupted."""

from __future__ import annotations

import argparse
import os
import signal
from pathlib import Path

import pytest

from corpus_pipeline.run.job import guarded


@pytest.mark.parametrize("one", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_processes_is_an_interrupt(one: signal.Signals, tmp_path: Path) -> None:
    usual = signal.default_int_handler if one == signal.SIGINT else signal.SIG_DFL
    before = signal.signal(one, usual)  # the tests themselves may run under nohup
    try:
        code = guarded("test", argparse.Namespace(log_dir=tmp_path), lambda *_: os.kill(os.getpid(), one))
        assert (code, signal.getsignal(one)) == (130, usual)
    finally:
        signal.signal(one, before)


def test_what_is_ignored_stays_so(tmp_path: Path) -> None:
    """`nohup` ignores SIGHUP, so that the job outlives its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        hung_up = guarded("test", argparse.Namespace(log_dir=tmp_path), lambda *_: os.kill(os.getpid(), signal.SIGHUP))
    finally:
        signal.signal(signal.SIGHUP, before)
    assert hung_up == 0
