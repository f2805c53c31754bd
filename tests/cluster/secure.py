"""The cluster as companies run it: Kerberos, all ways encrypted, and two NameNodes of which one stands by."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from tests.cluster import sites
from tests.cluster.daemons import HOSTS
from tests.cluster.hadoop import DAEMONS, Hadoop

USER = "corpus"
_NAMENODE = DAEMONS["namenode"][0]
_HA = "org.apache.hadoop.hdfs.tools.DFSHAAdmin"
_KDC = "org.apache.hadoop.minikdc.MiniKdc"


class Secure(Hadoop):
    """A Hadoop with a KDC of its own, in `folder`; its clients are USER."""

    daemons: Mapping[str, tuple[str, int]] = {"namenode": (_NAMENODE, 0), "namenode-1": (_NAMENODE, 1), **DAEMONS}
    namenodes = ("namenode0", "namenode1")
    port_names = sites.SECURE_PORTS

    @property
    def hdfs(self) -> str:
        return f"hdfs://{sites.SERVICE}"

    def up(self) -> None:
        super().up()
        self.activate(0)
        self.shell("-chown", USER, "/", superuser=True)

    def activate(self, node: int) -> None:
        """Make a NameNode the active one; the other must stand by, or be dead."""
        self.run(_HA, "-transitionToActive", "--forceactive", f"nn{node}")

    def client(self, superuser: bool = False) -> dict[str, str]:
        user = sites.principal("hdfs") if superuser else USER
        own = {"KRB5PRINCIPAL": user, "KRB5KEYTAB": str(self.folder / sites.KEYTAB), **self._realm()}
        return {**super().client(superuser), **own}

    def spark_settings(self) -> dict[str, str]:
        """A login by keytab; nodes know their realm by /etc/krb5.conf, these here are told."""
        where = ("spark.yarn.appMasterEnv", "spark.executorEnv")
        told = {f"{one}.{key}": value for one in where for key, value in self._realm().items()}
        return {**told, "spark.kerberos.principal": USER, "spark.kerberos.keytab": str(self.folder / sites.KEYTAB)}

    def _realm(self) -> dict[str, str]:
        return {"JAVA_TOOL_OPTIONS": f"-Djava.security.krb5.conf={self.folder}/krb5.conf"}

    def _environment(self) -> dict[str, str]:
        return {**super()._environment(), **self._realm()}

    def _first(self) -> None:
        kdc = {
            "org.name": "EXAMPLE",
            "org.domain": "COM",
            "kdc.bind.address": HOSTS[0],
            "kdc.port": self.ports()["kdc"],
        }
        (self.folder / "kdc.properties").write_text("".join(f"{key}={value}\n" for key, value in kdc.items()))
        names = [USER, *(f"{name}/localhost" for name in ("hdfs", "yarn", "HTTP"))]
        keytab, log = self.folder / sites.KEYTAB, self.folder / "logs" / "kdc.log"
        where = [str(self.folder), str(self.folder / "kdc.properties"), str(keytab)]
        self.start("kdc", [*self._java(0), _KDC, *where, *names], super()._environment())
        self.wait("the KDC", lambda: "Running" in log.read_text())
        super()._first()
        shutil.copytree(self.folder / "data" / "0" / "name", self.folder / "data" / "1" / "name")

    def settings(self) -> sites.Sites:
        return sites.secure(self.folder, self.addresses())
