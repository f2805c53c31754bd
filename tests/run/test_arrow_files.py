"""Which client opens which file system, and with which of Hadoop's settings."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest import mock

import pytest
from pyarrow import fs as arrow_fs

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.run import arrow_files
from corpus_pipeline.run.arrow_files import open_file_system, settings_of


class Hadoop:
    """As Hadoop's Configuration: the prefix is cut off."""

    def __init__(self, **settings: str) -> None:
        self._settings = {key.replace("_", "."): value for key, value in settings.items()}

    def getPropsWithPrefix(self, prefix: str) -> dict[str, str]:
        return {key.removeprefix(prefix): value for key, value in self._settings.items() if key.startswith(prefix)}


def test_the_settings_of_hdfs_are_taken_and_no_others() -> None:
    conf = Hadoop(dfs_nameservices="ns", dfs_ha_namenodes_ns="a,b", dfs_replication="3", fs_s3a_secret_key="x")
    assert settings_of(conf, "hdfs://ns/out") == {"dfs.nameservices": "ns", "dfs.ha.namenodes.ns": "a,b"}
    assert settings_of(conf, "file:/out") == {}


def test_a_folder_is_arrows_own(tmp_path: Path) -> None:
    fs, path = open_file_system((tmp_path / "한 글").as_uri())
    assert isinstance(fs, arrow_fs.LocalFileSystem)
    assert path == str(tmp_path / "한 글")


def test_hdfs_without_its_client_says_what_to_install() -> None:
    with (
        mock.patch.dict(sys.modules, {"hdfs_native.fsspec": None}),
        pytest.raises(ResourceError, match=r"corpus-pipeline\[hdfs\]"),
    ):
        open_file_system("hdfs://node:1/out")


def test_a_path_is_quoted_for_its_file_system(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, object]] = []

    def opened(uri: str, told: object) -> tuple[None, str]:
        asked.append((uri, told))
        return None, ""

    monkeypatch.setattr(arrow_files, "open_file_system", opened)
    arrow_files.file_system_of("s3a://bucket/가 나.warc.gz")
    arrow_files.file_system_of("hdfs://host:8020/a", {"dfs.nameservices": "x"})
    assert asked == [
        ("s3a://bucket/%EA%B0%80%20%EB%82%98.warc.gz", {}),
        ("hdfs://host:8020/a", {"dfs.nameservices": "x"}),
    ]
