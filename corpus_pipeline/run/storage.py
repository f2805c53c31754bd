"""Files of a run through Hadoop's FileSystem, so that a folder, HDFS and an object store look alike.

Only small files and names pass here (manifests, renames, listings): data is read and written by Spark.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from py4j.protocol import Py4JJavaError
from pyarrow import fs as arrow_fs
from pyspark.sql import SparkSession

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.run.arrow_files import open_file_system, settings_of

CORRUPT = "ChecksumException"  # Hadoop's name for a file that is not what was written


class Storage:
    """Paths may be relative (to the working directory), absolute, or URIs."""

    def __init__(self, spark: SparkSession) -> None:
        self._conf: Any = spark._jsc.hadoopConfiguration()
        java: Any = spark._jvm
        # asked for once: each part of such a name is a question, and Java looks for a class in three hundred archives
        self._path: Any = java.org.apache.hadoop.fs.Path
        self._streams: Any = java.org.apache.commons.io.IOUtils

    def qualified(self, path: str) -> str:
        """`path` as an absolute path with its scheme, as Hadoop writes it."""
        return str(self._do(path, "a path", lambda fs, at: fs.makeQualified(at).toString()))

    def uri(self, path: str) -> str:
        """`path` as an absolute URI in ASCII, as Arrow's file systems want it."""
        return str(self._do(path, "a path", lambda fs, at: fs.makeQualified(at).toUri().toASCIIString()))

    def settings(self, path: str) -> dict[str, str]:
        """What a Python worker needs beside `uri` to open the file system of `path` (run/arrow_files.py)."""
        return settings_of(self._conf, self.uri(path))

    def arrow(self, path: str) -> tuple[arrow_fs.FileSystem, str]:
        """Arrow's file system of `path`, and the path in it."""
        return open_file_system(self.uri(path), self.settings(path))

    def exists(self, path: str) -> bool:
        return bool(self._do(path, "a path to look at", lambda fs, at: fs.exists(at)))

    def names(self, folder: str) -> list[str]:
        """Names of the files right in `folder`, sorted; folders are left out."""
        listed = self._do(folder, "a readable folder", lambda fs, at: fs.listStatus(at))
        return sorted(one.getPath().getName() for one in listed if one.isFile())

    def folders(self, pattern: str) -> list[str]:
        """The folders that a glob matches, sorted; none when nothing does."""
        found = self._do(pattern, "a glob of readable folders", lambda fs, at: fs.globStatus(at))
        return sorted(one.getPath().toString() for one in found or () if one.isDirectory())

    def has_folders(self, folder: str) -> bool:
        """Whether there are folders in `folder`."""
        counted = self._do(folder, "a readable folder", lambda fs, at: fs.getContentSummary(at))
        return int(counted.getDirectoryCount()) > 1

    def size(self, folder: str) -> int:
        """Bytes of all files in `folder` and below."""
        return int(self._do(folder, "a readable folder", lambda fs, at: fs.getContentSummary(at).getLength()))

    def read_text(self, path: str) -> str:
        """The UTF-8 text of a small file. Raises ResourceError, got=CORRUPT when its checksum is wrong."""
        return self.read_bytes(path).decode("utf-8")

    def read_bytes(self, path: str) -> bytes:
        """A small file. Raises ResourceError, got=CORRUPT when its checksum is wrong."""
        stream = self._do(path, "a readable file", lambda fs, at: fs.open(at))
        try:
            return bytes(_told(path, "the file as it was written", lambda: self._streams.toByteArray(stream)))
        finally:
            stream.close()

    def write_bytes(self, path: str, content: bytes) -> None:
        """Write a small file aside and rename it, so that it is there whole or not at all."""
        aside = path + ".part"
        stream = self._do(aside, "a writable folder", lambda fs, at: fs.create(at, True))
        stream.write(content)
        stream.close()
        self.delete(path)
        self.rename(aside, path)

    def create(self, path: str) -> None:
        """An empty file. Raises ResourceError, also when it is there."""
        self._do(path, "a writable folder", lambda fs, at: fs.create(at, False)).close()

    def make_folder(self, path: str) -> None:
        if not self._do(path, "a writable folder", lambda fs, at: fs.mkdirs(at)):
            raise ResourceError(path, "a writable folder", "one that cannot be made", "Choose another output.")

    def delete(self, path: str) -> None:
        """Delete a file or a folder with all in it; nothing happens where there is none."""
        self._do(path, "a writable folder", lambda fs, at: fs.delete(at, True))

    def rename(self, old: str, new: str) -> None:
        if not self._do(new, "a writable folder", lambda fs, at: fs.rename(self._path(old), at)):
            raise ResourceError(
                new, f"{old} under this name", "a refused rename", "Look for another run on this output."
            )

    def _do(self, path: str, expected: str, action: Callable[[Any, Any], Any]) -> Any:
        """`action` of the file system of `path`, and the path there."""
        at = _told(path, "a path", lambda: self._path(path))
        fs = _told(path, "a known file system", lambda: at.getFileSystem(self._conf))
        return _told(path, expected, lambda: action(fs, at))


def _told(path: str, expected: str, action: Callable[[], Any]) -> Any:
    """What `action` returns. Raises ResourceError for what Java says against it."""
    try:
        return action()
    except Py4JJavaError as error:
        kind = error.java_exception.getClass().getSimpleName()
        raise ResourceError(path, expected, kind, "Check the path and its permissions.") from None
