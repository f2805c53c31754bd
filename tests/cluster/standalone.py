"""Spark standalone on loopback, a worker a host: `python -m tests.cluster.standalone up FOLDER`, or `down`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pyspark

from corpus_pipeline.run.java import find_java
from tests import quick_java
from tests.cluster.daemons import HOSTS, Daemons, free_ports, told

SPARK_HOME = Path(pyspark.__file__).parent
_PACKAGE = "org.apache.spark.deploy"


class Standalone(Daemons):
    """A master and workers of one core; what workers and executors write is in `folder`."""

    def up(self, hosts: Sequence[str] = HOSTS, memory: str = "800m") -> str:
        """Start them, `memory` for the executors of each. Returns the master's address."""
        port, page = free_ports(2)
        address = f"spark://{HOSTS[0]}:{port}"
        self._start("master", "master.Master", ["--host", HOSTS[0], "--port", str(port), "--webui-port", str(page)])
        for host in hosts:
            own = ["--host", host, "--webui-port", "0", "--cores", "1", "--memory", memory]
            self._start(f"worker-{host}", "worker.Worker", [*own, "--work-dir", str(self.folder / host), address])
        self.wait("Spark standalone", lambda: told(f"{page}/json/", "aliveworkers") == len(hosts))
        return address

    def _start(self, name: str, main: str, arguments: list[str]) -> None:
        environment = {  # a bare one, so that no package of the environment at hand is there by chance
            "PATH": "/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "SPARK_HOME": str(SPARK_HOME),
            "JAVA_HOME": find_java(),
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": quick_java.options(),
        }
        self.start(name, [str(SPARK_HOME / "bin" / "spark-class"), f"{_PACKAGE}.{main}", *arguments], environment)


if __name__ == "__main__":
    cluster = Standalone(Path(sys.argv[2]))
    if sys.argv[1] == "down":
        print("stopped:", ", ".join(cluster.stop()) or "nothing")
    elif cluster.running():
        print("runs already:", ", ".join(cluster.running()))
    else:
        print(cluster.up(memory="2g"))
