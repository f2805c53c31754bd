"""Find a Java that Spark runs on. `python -m corpus_pipeline.run.java` prints its JAVA_HOME."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from corpus_pipeline.errors import ResourceError

VERSIONS = (17, 21, 25)  # what Spark 4.2 and later run on
INSTALLED = Path("/usr/lib/jvm")


def find_java() -> str:
    """JAVA_HOME of the variable's, the PATH's, or an installed Java. Raises ResourceError when none fits."""
    candidates = [os.environ.get("JAVA_HOME", "")]
    if on_path := shutil.which("java"):
        candidates.append(str(Path(on_path).resolve().parents[1]))
    candidates += [str(p) for p in sorted(INSTALLED.glob("*")) if (p / "bin" / "java").is_file()]
    seen: dict[str, int | None] = {}
    for home in filter(None, candidates):
        seen[home] = _version(home)
        if seen[home] in VERSIONS:
            return home
    found = ", ".join(f"Java {v} in {h}" for h, v in seen.items() if v) or "none"
    raise ResourceError(
        "JAVA_HOME",
        "Java 17, 21 or 25",
        found,
        "Install it (Debian: apt-get install default-jre-headless), or set JAVA_HOME.",
    )


def _version(home: str) -> int | None:
    java = Path(home) / "bin" / "java"
    try:
        told = subprocess.run([str(java), "-version"], capture_output=True, text=True, timeout=60, check=False).stderr
    except OSError:
        return None
    match = re.search(r'version "(\d+)', told)
    return int(match[1]) if match else None


if __name__ == "__main__":
    try:
        print(find_java())
    except ResourceError as error:
        sys.exit(f"error: {error}")
