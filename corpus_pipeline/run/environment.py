"""Make the archive for `spark-submit --archives`: all that executors need beside Spark, to be unpacked anywhere.

It holds the packages of setup.cfg with what they need, in the versions of the environment this runs in, the analyser's
dictionary, and this package with its models as files. Spark's jars stay out: Spark is on the cluster. So does Python
itself: `bin/python` is a link to an interpreter that every node must have at the same place (`make dist-env
PYTHON_PREFIX=/usr` for another place than here).
"""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import venv_pack
from packaging.requirements import Requirement

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.run.bundle import bundle

_ROOT = Path(__file__).resolve().parents[2]
_EXTRAS = ("hdfs", "xlsx")
_LEFT_OUT = ("pyspark", "jars")


def pack(target: str, python_prefix: str | None = None) -> int:
    """Write `target` (.tar.gz); returns the number of packages in it.

    python_prefix  where nodes have the same Python; null: where this machine has it
    """
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        prefix = Path(folder) / "environment"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(prefix)], check=True)
        site = next(prefix.glob("lib/python*/site-packages"))
        packages = needed(_required())
        for package in packages:
            _copy(package, site)
        zipped = Path(folder) / "package.zip"
        bundle(str(zipped))
        with zipfile.ZipFile(zipped) as archive:
            archive.extractall(site)
        venv_pack.pack(str(prefix), output=target, python_prefix=python_prefix, force=True)
    return len(packages)


def needed(requirements: list[str]) -> list[Distribution]:
    """The packages of `requirements` and of what those require, by name. Raises ResourceError for a missing one."""
    found: dict[tuple[str, str], Distribution] = {}  # by name and extra: each extra adds requirements of its own
    waiting = [Requirement(one) for one in requirements]
    while waiting:
        one = waiting.pop()
        name = re.sub(r"[-_.]+", "-", one.name).lower()
        for extra in {"", *one.extras}:
            if (name, extra) not in found:
                found[name, extra] = _installed(name)
                further = map(Requirement, found[name, extra].requires or ())
                waiting += [r for r in further if not r.marker or r.marker.evaluate({"extra": extra})]
    return [package for (_, extra), package in sorted(found.items()) if not extra]


def _installed(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError:
        raise ResourceError(name, "a package beside Python", "none", "Run `make setup` first.") from None


def _required() -> list[str]:
    """What setup.cfg asks for, with the extras of a cluster."""
    told = configparser.ConfigParser()
    told.read(_ROOT / "setup.cfg", encoding="utf-8")
    extras = told["options.extras_require"]
    parts = [told["options"]["install_requires"], *(extras[name] for name in _EXTRAS)]
    return [line for part in parts for line in part.split("\n") if line]


def _copy(package: Distribution, site: Path) -> None:
    """The package's files below site-packages; not its scripts."""
    for file in package.files or ():
        if ".." not in file.parts and file.parts[:2] != _LEFT_OUT:
            (site / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(str(file.locate()), site / file)


if __name__ == "__main__":
    try:
        count = pack(*sys.argv[1:])
    except ResourceError as error:
        sys.exit(f"error: {error}")
    print(f"{sys.argv[1]}: {count} packages, {Path(sys.argv[1]).stat().st_size >> 20} MB")
