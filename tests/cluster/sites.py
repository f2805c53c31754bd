"""Hadoop's settings for the clusters of tests; ${cluster.*} is said by each daemon's command line."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

from tests.cluster.daemons import HOSTS

Sites = dict[str, dict[str, str]]  # file -> name -> value

PORTS = ("namenode", "namenode_http", "rm", "rm_scheduler", "rm_tracker", "rm_admin", "resourcemanager_http")
SECURE_PORTS = (*PORTS, "namenode0", "namenode1", "namenode0_http", "namenode1_http", "kdc")
SERVICE, REALM, KEYTAB = "corpus", "EXAMPLE.COM", "all.keytab"
_NODE_MEMORY = 4096  # MB that a NodeManager lends; promised, not used: the machine has less than both together

LOG = """log4j.rootLogger=INFO, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{ISO8601} %p %c: %m%n
"""


def plain(folder: Path, at: dict[str, str]) -> Sites:
    """One NameNode, and whoever comes is who he says he is. at: name of PORTS -> address."""
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


def secure(folder: Path, at: dict[str, str]) -> Sites:
    """Kerberos, encryption on all ways, and two NameNodes called `corpus`. at: name of SECURE_PORTS -> address."""
    sites = plain(folder, at)
    sites["core"] |= {
        "fs.defaultFS": f"hdfs://{SERVICE}",
        "hadoop.security.authentication": "kerberos",
        "hadoop.security.authorization": "true",
        "hadoop.rpc.protection": "privacy",
    }
    del sites["hdfs"]["dfs.namenode.http-address"]
    sites["hdfs"] |= {
        "dfs.nameservices": SERVICE,
        f"dfs.ha.namenodes.{SERVICE}": "nn0,nn1",
        "dfs.ha.namenode.id": "nn${cluster.node}",
        **{f"dfs.namenode.rpc-address.{SERVICE}.nn{n}": at[f"namenode{n}"] for n in (0, 1)},
        **{f"dfs.namenode.http-address.{SERVICE}.nn{n}": at[f"namenode{n}_http"] for n in (0, 1)},
        "dfs.namenode.shared.edits.dir": f"file://{folder}/data/shared",
        "dfs.ha.fencing.methods": "shell(/bin/true)",
        f"dfs.client.failover.proxy.provider.{SERVICE}": (
            "org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider"
        ),
        "dfs.block.access.token.enable": "true",
        "dfs.data.transfer.protection": "privacy",
        "dfs.encrypt.data.transfer.cipher.suites": "AES/CTR/NoPadding",  # without it 3DES, at a few MB/s
        "ignore.secure.ports.for.testing": "true",  # pages without TLS
        "dfs.web.authentication.kerberos.principal": principal("HTTP"),
        **_logins(folder, "dfs", "hdfs", {"namenode": "kerberos.principal", "datanode": "kerberos.principal"}, ".file"),
    }
    sites["yarn"] |= _logins(folder, "yarn", "yarn", {"resourcemanager": "principal", "nodemanager": "principal"})
    return sites


def principal(name: str) -> str:
    """A service's name for Kerberos."""
    return f"{name}/localhost@{REALM}"


def _logins(folder: Path, group: str, user: str, daemons: dict[str, str], ending: str = "") -> dict[str, str]:
    names = {f"{group}.{daemon}.{key}": principal(user) for daemon, key in daemons.items()}
    return names | {f"{group}.{daemon}.keytab{ending}": f"{folder}/{KEYTAB}" for daemon in daemons}


def xml(settings: dict[str, str]) -> str:
    rows = [f"<property><name>{key}</name><value>{escape(value)}</value></property>" for key, value in settings.items()]
    return "\n".join(["<configuration>", *rows, "</configuration>", ""])
