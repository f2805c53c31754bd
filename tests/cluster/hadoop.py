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
from pathlib import Path
from xml.sax.saxutils import escape

import pyspark

from corpus_pipeline.run.java import find_java
from tests.cluster.daemons import HOSTS, Daemons, free_ports, told

SPARK_HOME = Path(pyspark.__file__).parent
_POM = Path(__file__).with_name("pom.xml")
_NODE_MEMORY = 4096  # MB that a NodeManager lends; promised, not used: the machine has less than both together
_HEAP = ("-Xmx200m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_DAEMONS = {  # name -> class, place of its node in HOSTS
    "namenode": ("org.apache.hadoop.hdfs.server.namenode.NameNode", 0),
    "datanode-0": ("org.apache.hadoop.hdfs.server.datanode.DataNode", 0),
    "datanode-1": ("org.apache.hadoop.hdfs.server.datanode.DataNode", 1),
    "resourcemanager": ("org.apache.hadoop.yarn.server.resourcemanager.ResourceManager", 0),
    "nodemanager-0": ("org.apache.hadoop.yarn.server.nodemanager.NodeManager", 0),
    "nodemanager-1": ("org.apache.hadoop.yarn.server.nodemanager.NodeManager", 1),
}


class Hadoop(Daemons):
    """A cluster in `folder`: conf/, data/ and containers/ of the nodes, logs/."""

    @property
    def conf(self) -> Path:
        """HADOOP_CONF_DIR for clients."""
        return self.folder / "conf"

    @property
    def hdfs(self) -> str:
        """fs.defaultFS."""
        return f"hdfs://{HOSTS[0]}:{self._ports()['namenode']}"

    @property
    def container_logs(self) -> Path:
        """<application>/<container>/stderr of either node."""
        return self.folder / "containers" / "logs"

    def up(self) -> None:
        """Start what does not run, on empty disks when nothing does. Raises RuntimeError when one does not come."""
        classes = _classes()
        if not self.running():
            shutil.rmtree(self.folder, ignore_errors=True)
            self._configure()
            subprocess.run(
                [*self._java(classes, 0), _DAEMONS["namenode"][0], "-format", "-nonInteractive"],
                env=self._environment(),
                check=True,
                capture_output=True,
            )
        for name in _DAEMONS:
            self.start_one(name, classes)
        self.wait("HDFS", lambda: self.live_datanodes() == len(HOSTS))
        metrics = f"{self._ports()['resourcemanager_http']}/ws/v1/cluster/metrics"
        self.wait("YARN", lambda: told(metrics, "activeNodes") == len(HOSTS))

    def start_one(self, name: str, classes: str | None = None) -> None:
        """Start the daemon unless it runs."""
        if name not in self.running():
            main, node = _DAEMONS[name]
            self.start(name, [*self._java(classes or _classes(), node), main], self._environment())

    def killed_containers(self, application: str) -> int:
        """How many containers of an application ended by SIGKILL, by the nodes' own logs."""
        number = application.removeprefix("application_")
        logs = [path.read_text(errors="replace") for path in (self.folder / "logs").glob("nodemanager-*.log")]
        return sum(len(re.findall(rf"Exit code from container container_{number}\S* is : 137", log)) for log in logs)

    def live_datanodes(self) -> int:
        """As the NameNode counts them."""
        state = "jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState"
        return told(f"{self._ports()['namenode_http']}/{state}", "NumLiveDataNodes")

    def shell(self, *arguments: str) -> str:
        """What Hadoop's own client prints, as `hadoop fs`. Raises CalledProcessError."""
        command = [str(SPARK_HOME / "bin" / "spark-class"), "org.apache.hadoop.fs.FsShell", *arguments]
        environment = {**os.environ, "HADOOP_CONF_DIR": str(self.conf), "JAVA_HOME": find_java(), "LC_ALL": "C.UTF-8"}
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    def _ports(self) -> dict[str, int]:
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

    def _java(self, classes: str, node: int) -> list[str]:
        settings = [f"-Dcluster.node={node}", f"-Dcluster.host={HOSTS[node]}", f"-Dhadoop.log.dir={self.folder}/logs"]
        opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in ("java.lang", "java.util")]
        return [f"{find_java()}/bin/java", *_HEAP, *opened, *settings, "-cp", f"{self.conf}:{classes}"]

    def _configure(self) -> None:
        names = ("namenode", "namenode_http", "rm", "rm_scheduler", "rm_tracker", "rm_admin", "resourcemanager_http")
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        self.conf.mkdir(parents=True)
        (self.folder / "ports.json").write_text(json.dumps(ports))
        (self.conf / "log4j.properties").write_text(_LOG)
        at = {key: f"{HOSTS[0]}:{port}" for key, port in ports.items()}
        for name, settings in _settings(self.folder, at).items():
            (self.conf / f"{name}-site.xml").write_text(_xml(settings))


_LOG = """log4j.rootLogger=INFO, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{ISO8601} %p %c: %m%n
"""


def _settings(folder: Path, at: dict[str, str]) -> dict[str, dict[str, str]]:
    """File -> Hadoop's settings; ${cluster.*} is said by each daemon's command line."""
    own = f"{folder}/data/${{cluster.node}}"
    return {
        "core": {
            "fs.defaultFS": f"hdfs://{at['namenode']}",
            "hadoop.tmp.dir": f"{folder}/tmp/${{cluster.node}}",
            "hadoop.http.staticuser.user": "nobody",
        },
        "hdfs": {
            "dfs.replication": str(len(HOSTS)),
            "dfs.namenode.name.dir": f"{own}/name",
            "dfs.namenode.http-address": at["namenode_http"],
            "dfs.namenode.datanode.registration.ip-hostname-check": "false",
            "dfs.datanode.data.dir": f"{own}/blocks",
            "dfs.datanode.hostname": HOSTS[0],  # both: the NameNode would see the second come from there anyway
            **{f"dfs.datanode.{one}address": f"{HOSTS[0]}:0" for one in ("", "http.", "ipc.")},
            "dfs.heartbeat.interval": "1",  # s: a dead DataNode is known as such after 20 s, not 10 minutes
            "dfs.namenode.heartbeat.recheck-interval": "5000",
            "dfs.namenode.safemode.extension": "0",
        },
        "yarn": {
            "yarn.resourcemanager.hostname": HOSTS[0],
            "yarn.resourcemanager.address": at["rm"],
            "yarn.resourcemanager.scheduler.address": at["rm_scheduler"],
            "yarn.resourcemanager.resource-tracker.address": at["rm_tracker"],
            "yarn.resourcemanager.admin.address": at["rm_admin"],
            "yarn.resourcemanager.webapp.address": at["resourcemanager_http"],
            "yarn.resourcemanager.scheduler.class": (
                "org.apache.hadoop.yarn.server.resourcemanager.scheduler.fifo.FifoScheduler"
            ),
            "yarn.scheduler.minimum-allocation-mb": "256",
            "yarn.nodemanager.hostname": "${cluster.host}",
            "yarn.nodemanager.bind-host": "${cluster.host}",
            "yarn.nodemanager.address": "${cluster.host}:0",
            "yarn.nodemanager.localizer.address": "${cluster.host}:0",
            "yarn.nodemanager.webapp.address": "${cluster.host}:0",
            "yarn.nodemanager.resource.memory-mb": str(_NODE_MEMORY),
            "yarn.nodemanager.resource.cpu-vcores": "4",
            "yarn.nodemanager.pmem-check-enabled": "false",
            "yarn.nodemanager.vmem-check-enabled": "false",
            "yarn.nodemanager.local-dirs": f"{folder}/containers/${{cluster.node}}",
            "yarn.nodemanager.log-dirs": f"{folder}/containers/logs",
            "yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage": "100",
        },
    }


def _xml(settings: dict[str, str]) -> str:
    rows = [f"<property><name>{key}</name><value>{escape(value)}</value></property>" for key, value in settings.items()]
    return "\n".join(["<configuration>", *rows, "</configuration>", ""])


def _version() -> str:
    """Of the Hadoop inside pyspark."""
    jar = next((SPARK_HOME / "jars").glob("hadoop-client-api-*.jar"))
    return jar.stem.removeprefix("hadoop-client-api-")


def _classes() -> str:
    """The class path of the daemons, fetched when it is not there yet."""
    target = Path(sys.prefix) / "share" / "corpus_pipeline" / f"hadoop-{_version()}"
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
