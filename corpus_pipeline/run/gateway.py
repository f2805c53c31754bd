"""Java, started before the rest of this program is loaded: each takes a second, and neither waits for the other.

pyspark would start it when the session is made. But it takes the Java that two variables name, as spark-submit does
for the programs it starts, and so does it take ours.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from weakref import finalize

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.run.config_file import SparkSettings
from corpus_pipeline.run.java import find_java
from corpus_pipeline.run.spark_conf import spark_conf, submitted

_LOOK = 0.01  # seconds between two looks for the address


class _Java:
    """A Java that waits for a session. It ends with this process: its standard input is a pipe from us.

    log  where it writes what it says beside Spark: warnings on its modules, why it ended
    """

    def __init__(self, conf: Mapping[str, str], log: str) -> None:
        folder = tempfile.mkdtemp(prefix="corpus-java-")
        self._address, self._log = Path(folder) / "address", log
        settings = [word for key, value in conf.items() for word in ("--conf", f"{key}={value}")]
        program = shlex.split(os.environ.get("PYSPARK_SUBMIT_ARGS", "pyspark-shell"))
        own = {"SPARK_CONNECT_MODE": "0", "_PYSPARK_DRIVER_CONN_INFO_PATH": str(self._address)}
        with open(log, "ab") as said:
            self._process = subprocess.Popen(
                [f"{_spark_home()}/bin/spark-submit", *settings, *program],
                stdin=subprocess.PIPE,
                stderr=said,
                env=os.environ | own,
                process_group=0,  # an interrupt is for this process, which then tells Spark to stop
            )
        self._unasked = finalize(self, _end, self._process, folder)  # an error in the config, an interrupt
        self._folder = folder

    @cached_property
    def variables(self) -> dict[str, str]:
        """What tells pyspark where it is, as soon as it is there. Raises ResourceError when it ended instead."""
        while not self._address.exists():  # Java moves it there, written
            if (code := self._process.poll()) is not None:
                got, todo = f"its end with code {code}", f"Its last words are in {self._log}."
                raise ResourceError("Java", "to start with the settings of `spark`", got, todo)
            time.sleep(_LOOK)
        written = self._address.read_bytes()
        self._unasked.detach()
        shutil.rmtree(self._folder)
        port, length = struct.unpack_from(">ii", written)
        return {"PYSPARK_GATEWAY_PORT": str(port), "PYSPARK_GATEWAY_SECRET": written[8 : 8 + length].decode()}


def _end(process: subprocess.Popen[bytes], folder: str) -> None:
    """Before it looks whether we are still there, it writes its address; if it cannot, it waits for ever."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    shutil.rmtree(folder, ignore_errors=True)


_java: _Java | None = None  # of this process, which has one session at a time, and one Java for all


def launch(spark: SparkSettings, log: str) -> None:
    """Start Java, once, and do not wait for it; under spark-submit it is there already.

    Raises ConfigError for a setting that is not the user's, ResourceError when there is no Java that fits.
    """
    global _java
    if _java or submitted():
        return
    os.environ["JAVA_HOME"] = find_java()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    if os.environ.get("LC_ALL", os.environ.get("LANG", "C")) in ("", "C", "POSIX"):
        os.environ["LC_ALL"] = "C.UTF-8"  # else Java cannot name a file in Hangul
    _java = _Java(spark_conf(spark, log), log)


@contextmanager
def named() -> Iterator[None]:
    """Here pyspark finds the Java that was launched. Raises ResourceError when it ended."""
    variables = _java.variables if _java else {}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]


def _spark_home() -> str:
    pyspark = find_spec("pyspark")
    return os.environ.get("SPARK_HOME") or str(Path(str(pyspark and pyspark.origin)).parent)
