"""Jobs by spark-submit, as docs/cluster.md says, and what they print; an executor can be killed meanwhile."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.hadoop import SPARK_HOME, Hadoop

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 900  # s, for a whole chain
_COMMON = {
    "spark.pyspark.python": "./environment/bin/python",
    "spark.executor.memory": "700m",
    "spark.executor.cores": "1",
    "spark.executorEnv.PATH": "/usr/bin:/bin",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.driver.memory": "1g",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=512m",
    "spark.ui.enabled": "false",
}
_YARN = {
    "spark.yarn.jars": f"local:{SPARK_HOME}/jars/*",
    "spark.yarn.maxAppAttempts": "1",
    "spark.yarn.appMasterEnv.SPARK_LOCAL_IP": "127.0.0.1",
    "spark.yarn.appMasterEnv.SPARK_LOCAL_HOSTNAME": "127.0.0.1",
    "spark.executor.instances": "2",
    "spark.executor.memoryOverhead": "700m",
    "spark.scheduler.maxRegisteredResourcesWaitingTime": "120s",  # a node unpacks the environment first
    "spark.task.maxFailures": "8",  # nodes die here on purpose
}
_STANDALONE = {
    "spark.pyspark.driver.python": sys.executable,
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}


@dataclass(frozen=True)
class Package:
    """code: of `make dist`; archive: of `make dist-env`, which executors get from `environment` (a URI).

    Without an archive nodes take the Python that is at hand here.
    """

    code: Path
    archive: Path | None = None
    environment: str = ""


class Job:
    """A job that was handed to spark-submit and runs."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("wb") as stream:
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=stream, stderr=stream)

    def said(self) -> str:
        """What the job printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def until(self, line: str) -> None:
        """Wait until the job printed `line`. Raises AssertionError when it ends before."""
        end = time.monotonic() + _PATIENCE
        while line not in self.said():
            assert self._process.poll() is None, f"ended before '{line}': {self.said()[-2000:]}"
            assert time.monotonic() < end, f"no '{line}' after {_PATIENCE} s"
            time.sleep(0.1)

    def done(self) -> str:
        """Wait for its end; what it printed. Raises AssertionError when it failed."""
        try:
            code = self._process.wait(_PATIENCE)
        finally:
            self._process.kill()
        assert code == 0, f"{self.said()[-3000:]}\n{self._log.read_text()[-3000:]}"
        return self.said()


class YarnJob(Job):
    """A job whose driver runs in a container: what it prints is in the node's logs."""

    def __init__(self, hadoop: Hadoop, *rest: object) -> None:
        super().__init__(*rest)  # type: ignore[arg-type]
        self._hadoop = hadoop

    @property
    def application(self) -> str:
        """YARN's id of it; empty before it has one."""
        found = re.search(r"Submitted application (\w+)", self._log.read_text())
        return found[1] if found else ""

    def said(self) -> str:
        logs = self._hadoop.container_logs / (self.application or "none")
        return "".join(path.read_text(errors="replace") for path in sorted(logs.glob("*_000001/std*")))

    def kill_executor(self) -> None:
        """SIGKILL one of its executors: the process that YARN started on a node."""
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue
            java = command[0].endswith("/java")
            if java and self.application in command and any("ExecutorBackend" in part for part in command):
                os.kill(int(folder.name), signal.SIGKILL)
                return
        raise AssertionError("no executor runs")


def yarn(hadoop: Hadoop, package: Package, config: Path, job: str, *arguments: str) -> YarnJob:
    """A job in YARN's cluster mode: nothing of it runs here but spark-submit."""
    where = ["--master", "yarn", "--deploy-mode", "cluster", "--files", str(config)]
    rest = [f"jobs/{job}.py", "--config", config.name, *arguments]
    command = [*_submit(where, {**_COMMON, **_YARN, **hadoop.spark_settings()}, package), *rest]
    return YarnJob(hadoop, command, _environment(hadoop), config.with_suffix(".log"))


def standalone(hadoop: Hadoop, master: str, package: Package, config: Path, job: str, *arguments: str) -> Job:
    """A job in client mode: its driver runs here, its executors on the workers."""
    rest = [f"jobs/{job}.py", "--config", str(config), *arguments]
    command = [*_submit(["--master", master], {**_COMMON, **_STANDALONE, **hadoop.spark_settings()}, package), *rest]
    return Job(command, _environment(hadoop), config.with_suffix(".log"))


def _submit(where: list[str], settings: dict[str, str], package: Package) -> list[str]:
    packed = ["--py-files", str(package.code)]
    if package.archive:
        packed += ["--archives", f"{package.environment}#environment"]
    else:
        settings = {**settings, "spark.pyspark.python": sys.executable}
    with_settings = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    return [str(SPARK_HOME / "bin" / "spark-submit"), *where, *with_settings, *packed]


def _environment(hadoop: Hadoop) -> dict[str, str]:
    """Of spark-submit: no PYTHONPATH, so that a driver here takes its code from the package, too."""
    own = {**hadoop.client(), "SPARK_HOME": str(SPARK_HOME)}
    return {**{k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYSPARK_PYTHON")}, **own}
