"""HDFS and YARN on loopback, each daemon a process of its own: `python -m tests.cluster.hadoop up FOLDER`, or `down`.

A NameNode, two DataNodes, a ResourceManager and two NodeManagers, with small heaps. Their classes are those of Hadoop's
minicluster, of the version that pyspark was built with; Maven fetches them once, beside the environment. On a real
cluster all this is there already: nothing here is needed to use one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path

import pyspark

from corpus_pipeline.run.java import find_java
from tests.cluster import sites
from tests.cluster.daemons import HOSTS, Daemons, free_ports, told

SPARK_HOME = Path(pyspark.__file__).parent
_POM = Path(__file__).with_name("pom.xml")
_HEAP = ("-Xmx200m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
DAEMONS: Mapping[str, tuple[str, int]] = {  # name -> class, place of its node in HOSTS
    "namenode": ("org.apache.hadoop.hdfs.server.namenode.NameNode", 0),
    "datanode-0": ("org.apache.hadoop.hdfs.server.datanode.DataNode", 0),
    "datanode-1": ("org.apache.hadoop.hdfs.server.datanode.DataNode", 1),
    "resourcemanager": ("org.apache.hadoop.yarn.server.resourcemanager.ResourceManager", 0),
    "nodemanager-0": ("org.apache.hadoop.yarn.server.nodemanager.NodeManager", 0),
    "nodemanager-1": ("org.apache.hadoop.yarn.server.nodemanager.NodeManager", 1),
}


class Hadoop(Daemons):
    """A cluster in `folder`: conf/, data/ and containers/ of the nodes, logs/."""

    daemons: Mapping[str, tuple[str, int]] = DAEMONS
    namenodes: tuple[str, ...] = ("namenode",)
    port_names: tuple[str, ...] = sites.PORTS

    @property
    def conf(self) -> Path:
        """HADOOP_CONF_DIR for clients."""
        return self.folder / "conf"

    @property
    def hdfs(self) -> str:
        """fs.defaultFS."""
        return f"hdfs://{HOSTS[0]}:{self.ports()['namenode']}"

    @property
    def container_logs(self) -> Path:
        """<application>/<container>/stderr of either node."""
        return self.folder / "containers" / "logs"

    def up(self) -> None:
        """Start what does not run, on empty disks when nothing does. Raises RuntimeError when one does not come."""
        if not self.running():
            shutil.rmtree(self.folder, ignore_errors=True)
            self._configure()
            self._first()
        for name in self.daemons:
            self.start_one(name)
        self.wait("HDFS", lambda: self.live_datanodes() == len(HOSTS))
        metrics = f"{self.ports()['resourcemanager_http']}/ws/v1/cluster/metrics"
        self.wait("YARN", lambda: told(metrics, "activeNodes") == len(HOSTS))

    def start_one(self, name: str) -> None:
        """Start the daemon unless it runs."""
        if name not in self.running():
            main, node = self.daemons[name]
            self.start(name, [*self._java(node), main], self._environment())

    def client(self, superuser: bool = False) -> dict[str, str]:
        """Environment of a client on this machine."""
        return {"HADOOP_CONF_DIR": str(self.conf), "JAVA_HOME": find_java()}

    def spark_settings(self) -> dict[str, str]:
        """What spark-submit is told beside that."""
        return {}

    def run(self, main: str, *arguments: str) -> None:
        """One of the superuser's commands. Raises CalledProcessError."""
        command = [*self._java(0), main, *arguments]
        subprocess.run(command, env={**self._environment(), **self.client(True)}, check=True, capture_output=True)

    def killed_containers(self, application: str) -> int:
        """How many containers of an application ended by SIGKILL, by the nodes' own logs."""
        number = application.removeprefix("application_")
        logs = [path.read_text(errors="replace") for path in (self.folder / "logs").glob("nodemanager-*.log")]
        return sum(len(re.findall(rf"Exit code from container container_{number}\S* is : 137", log)) for log in logs)

    def live_datanodes(self) -> int:
        """As the NameNodes count them."""
        state = "jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState"
        return min(told(f"{self.ports()[f'{name}_http']}/{state}", "NumLiveDataNodes") for name in self.namenodes)

    def shell(self, *arguments: str, superuser: bool = False) -> str:
        """What Hadoop's own client prints, as `hadoop fs`. Raises CalledProcessError."""
        command = [str(SPARK_HOME / "bin" / "spark-class"), "org.apache.hadoop.fs.FsShell", *arguments]
        environment = {**os.environ, **self.client(superuser), "LC_ALL": "C.UTF-8"}
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    def ports(self) -> dict[str, int]:
        """Of what listens."""
        found: dict[str, int] = json.loads((self.folder / "ports.json").read_text())
        return found

    def _environment(self) -> dict[str, str]:
        """A bare one, so that no package of the environment at hand is there by chance for what nodes start."""
        return {
            "PATH": "/usr/bin:/bin",
            "JAVA_HOME": find_java(),
            "LC_ALL": "C.UTF-8",
            "HADOOP_CONF_DIR": str(self.conf),
        }

    def _java(self, node: int) -> list[str]:
        settings = [f"-Dcluster.node={node}", f"-Dcluster.host={HOSTS[node]}", f"-Dhadoop.log.dir={self.folder}/logs"]
        opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in ("java.lang", "java.util")]
        return [f"{find_java()}/bin/java", *_HEAP, *opened, *settings, "-cp", f"{self.conf}:{_classes()}"]

    def _first(self) -> None:
        """Before the first start, on empty disks."""
        self.run(DAEMONS["namenode"][0], "-format", "-nonInteractive")

    def _configure(self) -> None:
        ports = dict(zip(self.port_names, free_ports(len(self.port_names)), strict=True))
        self.conf.mkdir(parents=True)
        (self.folder / "ports.json").write_text(json.dumps(ports))
        (self.conf / "log4j.properties").write_text(sites.LOG)
        for name, settings in self.settings().items():
            (self.conf / f"{name}-site.xml").write_text(sites.xml(settings))

    def settings(self) -> sites.Sites:
        """Hadoop's settings."""
        return sites.plain(self.folder, self.addresses())

    def addresses(self) -> dict[str, str]:
        """Of what listens, on the first host."""
        return {name: f"{HOSTS[0]}:{port}" for name, port in self.ports().items()}


def _version() -> str:
    """Of the Hadoop inside pyspark."""
    jar = next((SPARK_HOME / "jars").glob("hadoop-client-api-*.jar"))
    return jar.stem.removeprefix("hadoop-client-api-")


def _classes() -> str:
    """The class path of the daemons, fetched when it is not there yet."""
    target = Path(sys.prefix) / "share" / "corpus_pipeline" / f"hadoop-{_version()}-{zlib.crc32(_POM.read_bytes()):08x}"
    if not target.is_dir():
        if not shutil.which("mvn"):
            raise RuntimeError("Maven is needed to fetch Hadoop's daemons; on Debian: apt-get install maven")
        print(f"fetching the daemons of Hadoop {_version()} (once)", flush=True)
        aside = target.with_suffix(".part")
        shutil.rmtree(aside, ignore_errors=True)
        command = ["mvn", "-q", "-B", "-f", str(_POM), f"-Dhadoop.version={_version()}", "dependency:copy-dependencies"]
        told = subprocess.run([*command, f"-DoutputDirectory={aside}"], capture_output=True, text=True, check=False)
        if told.returncode:
            raise RuntimeError(f"Maven could not fetch them: {told.stdout.strip().splitlines()[:1]}")
        aside.rename(target)
    return f"{target}/*"


if __name__ == "__main__":
    cluster = Hadoop(Path(sys.argv[2]))
    if sys.argv[1] == "up":
        cluster.up()
        print(f"{cluster.hdfs}\nexport HADOOP_CONF_DIR={cluster.conf}")
    else:
        print("stopped:", ", ".join(cluster.stop()) or "nothing")
