"""Arrow's file system for a URI: a folder, HDFS or an object store, opened without Java.

Executors write shards this way. HDFS is spoken by hdfs-native (the extra `hdfs`): Arrow's own client needs libhdfs,
which no package index has. What Hadoop's configuration says of a file system is taken on the driver and travels with
the task, so executors need no Hadoop configuration of their own.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from pyarrow import fs as arrow_fs

from corpus_pipeline.errors import ResourceError

_NAMENODE_PORT = 8020  # Hadoop's default (HdfsClientConfigKeys)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)
# scheme -> prefixes of Hadoop's settings that its client is given
_SETTINGS = {
    "hdfs": (
        "dfs.nameservices",
        "dfs.ha.namenodes",
        "dfs.namenode.rpc-address",
        "dfs.client.",
        "dfs.data.transfer.",
        "hadoop.security.authentication",
        "hadoop.security.token.service.use_ip",
    ),
    "s3a": (
        "fs.s3a.access.key",
        "fs.s3a.secret.key",
        "fs.s3a.session.token",
        "fs.s3a.endpoint",  # and .region
        "fs.s3a.connection.ssl.enabled",
        "fs.s3a.path.style.access",
        "fs.s3a.bucket.",
    ),
}


def settings_of(hadoop_conf: Any, uri: str) -> dict[str, str]:
    """What Hadoop's configuration (a Java object) says of the file system of `uri`, by Hadoop's names."""
    found: dict[str, str] = {}
    for prefix in _SETTINGS.get(urlsplit(uri).scheme, ()):
        found |= {prefix + rest: value for rest, value in dict(hadoop_conf.getPropsWithPrefix(prefix)).items()}
    return found


def open_file_system(uri: str, settings: Mapping[str, str] = {}) -> tuple[arrow_fs.FileSystem, str]:
    """The file system of `uri`, and the path in it. Raises ResourceError where a client is missing.

    uri  absolute and quoted, as Storage.uri writes it;  settings  of settings_of

    >>> open_file_system("file:/data/%ED%95%9C%EA%B8%80")[1]
    '/data/한글'
    """
    parts = urlsplit(uri)
    if parts.scheme == "hdfs":
        return _hdfs(parts.netloc, settings), unquote(parts.path)
    if parts.scheme == "s3a":
        return _s3(parts.netloc, settings), unquote(parts.netloc + parts.path)
    fs, path = arrow_fs.FileSystem.from_uri(uri)
    return fs, path


def file_system_of(path: str, settings: Mapping[str, str] = {}) -> tuple[arrow_fs.FileSystem, str]:
    """The same for a path as Hadoop shows it, not quoted (`file:/a b`, `s3a://bucket/a`), or one without a scheme.

    >>> file_system_of("file:/data/한글 이름.warc.gz")[1]
    '/data/한글 이름.warc.gz'
    """
    scheme, rest = path.split(":", 1) if _SCHEME.match(path) else ("file", os.path.abspath(path))
    rest = rest if scheme != "file" else "/" + rest.lstrip("/")
    return open_file_system(f"{scheme}:{quote(rest, safe='/:@')}", settings)


def _hdfs(authority: str, settings: Mapping[str, str]) -> arrow_fs.FileSystem:
    try:
        from hdfs_native.fsspec import HdfsFileSystem
    except ImportError:
        todo = "Install corpus-pipeline[hdfs] there, or ship `make dist-env` by --archives."
        raise ResourceError(f"hdfs://{authority}", "hdfs-native beside Python", "none", todo) from None
    if settings.get("hadoop.security.authentication", "simple") != "simple":
        authority = _as_tokens_call_it(authority, settings)
    elif "SPARK_USER" in os.environ:
        os.environ.setdefault("HADOOP_USER_NAME", os.environ["SPARK_USER"])  # a container runs as YARN's own user
    options: dict[str, Any] = {"port": None, **settings}
    return arrow_fs.PyFileSystem(arrow_fs.FSSpecHandler(HdfsFileSystem(authority, **options)))


def _as_tokens_call_it(authority: str, settings: Mapping[str, str]) -> str:
    """How Hadoop's delegation tokens name a NameNode, by which hdfs-native looks for its token.

    The address and port, unless it is a name service or `use_ip` is off: so Hadoop's SecurityUtil.buildTokenService.

    >>> _as_tokens_call_it("localhost", {}), _as_tokens_call_it("corpus", {"dfs.ha.namenodes.corpus": "nn0,nn1"})
    ('127.0.0.1:8020', 'corpus')
    """
    if f"dfs.ha.namenodes.{authority}" in settings or settings.get("hadoop.security.token.service.use_ip") == "false":
        return authority
    host, _, port = authority.partition(":")
    return f"{socket.gethostbyname(host)}:{port or _NAMENODE_PORT}"


def _s3(bucket: str, settings: Mapping[str, str]) -> arrow_fs.FileSystem:
    """Keys that Hadoop's settings do not hold are looked for where AWS's clients do: environment, profile, role."""

    def setting(name: str) -> str | None:
        return settings.get(f"fs.s3a.bucket.{bucket}.{name}") or settings.get(f"fs.s3a.{name}") or None

    endpoint = setting("endpoint")
    scheme, _, address = (endpoint or "").rpartition("://")
    return arrow_fs.S3FileSystem(
        access_key=setting("access.key"),
        secret_key=setting("secret.key"),
        session_token=setting("session.token"),
        region=setting("endpoint.region"),
        endpoint_override=address or None,
        scheme=scheme or ("http" if setting("connection.ssl.enabled") == "false" else "https"),
        force_virtual_addressing=bool(endpoint) and setting("path.style.access") != "true",
    )
