"""A Spark standalone cluster on loopback: hosts of their own are what speculation and a driver alone need."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyspark

from corpus_pipeline.run.java import find_java

HOSTS = ("127.0.0.1", "127.0.0.2")


@contextmanager
def cluster(logs: Path, hosts: Sequence[str] = HOSTS, memory: str = "800m") -> Iterator[str]:
    """A master and a worker of one core on each host; yields the master's address. The daemons log to `logs`."""
    with socket.socket() as free:
        free.bind((HOSTS[0], 0))
        port = free.getsockname()[1]
    home = Path(pyspark.__file__).parent
    deploy = [str(home / "bin" / "spark-class"), "org.apache.spark.deploy"]
    address = f"spark://{HOSTS[0]}:{port}"
    at = ["--host", HOSTS[0], "--port", str(port), "--webui-port", "0"]
    commands = [[deploy[0], f"{deploy[1]}.master.Master", *at]]
    for host in hosts:
        own = ["--host", host, "--webui-port", "0", "--cores", "1", "--memory", memory, "--work-dir", str(logs / host)]
        commands.append([deploy[0], f"{deploy[1]}.worker.Worker", *own, address])
    environment = {**os.environ, "SPARK_HOME": str(home), "JAVA_HOME": find_java(), "SPARK_DAEMON_MEMORY": "256m"}
    started = []
    try:
        for i, command in enumerate(commands):
            with (logs / f"daemon-{i}.log").open("wb") as log:
                started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        yield address
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)
