"""Files of a run through Hadoop's FileSystem, so that a folder, HDFS and an object store look alike.

Only small files and names pass here (manifests, renames, listings): data is read and written by Spark.
"""

from __future__ import annotations

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
        self._jvm: Any = spark._jvm
        self._conf: Any = spark._jsc.hadoopConfiguration()

    def qualified(self, path: str) -> str:
        """`path` as an absolute path with its scheme, as Hadoop writes it."""
        return str(self._fs(path).makeQualified(self._path(path)).toString())

    def uri(self, path: str) -> str:
        """`path` as an absolute URI in ASCII, as Arrow's file systems want it."""
        return str(self._fs(path).makeQualified(self._path(path)).toUri().toASCIIString())

    def settings(self, path: str) -> dict[str, str]:
        """What a Python worker needs beside `uri` to open the file system of `path` (run/arrow_files.py)."""
        return settings_of(self._conf, self.uri(path))

    def arrow(self, path: str) -> tuple[arrow_fs.FileSystem, str]:
        """Arrow's file system of `path`, and the path in it."""
        return open_file_system(self.uri(path), self.settings(path))

    def exists(self, path: str) -> bool:
        return bool(self._do(path, "a path to look at", lambda: self._fs(path).exists(self._path(path))))

    def names(self, folder: str) -> list[str]:
        """Names of the files right in `folder`, sorted; folders are left out."""
        listed = self._do(folder, "a readable folder", lambda: self._fs(folder).listStatus(self._path(folder)))
        return sorted(one.getPath().getName() for one in listed if one.isFile())

    def size(self, folder: str) -> int:
        """Bytes of all files in `folder` and below."""
        path = self._path(folder)
        return int(self._do(folder, "a readable folder", lambda: self._fs(folder).getContentSummary(path).getLength()))

    def read_text(self, path: str) -> str:
        """The UTF-8 text of a small file. Raises ResourceError, got=CORRUPT when its checksum is wrong."""
        return self.read_bytes(path).decode("utf-8")

    def read_bytes(self, path: str) -> bytes:
        """A small file. Raises ResourceError, got=CORRUPT when its checksum is wrong."""
        stream = self._do(path, "a readable file", lambda: self._fs(path).open(self._path(path)))
        read = self._jvm.org.apache.commons.io.IOUtils.toByteArray
        try:
            return bytes(self._do(path, "the file as it was written", lambda: read(stream)))
        finally:
            stream.close()

    def write_bytes(self, path: str, content: bytes) -> None:
        """Write a small file aside and rename it, so that it is there whole or not at all."""
        aside = path + ".part"
        stream = self._do(path, "a writable folder", lambda: self._fs(path).create(self._path(aside), True))
        stream.write(content)
        stream.close()
        self.delete(path)
        self.rename(aside, path)

    def create(self, path: str) -> None:
        """An empty file. Raises ResourceError, also when it is there."""
        self._do(path, "a writable folder", lambda: self._fs(path).create(self._path(path), False)).close()

    def make_folder(self, path: str) -> None:
        if not self._do(path, "a writable folder", lambda: self._fs(path).mkdirs(self._path(path))):
            raise ResourceError(path, "a writable folder", "one that cannot be made", "Choose another output.")

    def delete(self, path: str) -> None:
        """Delete a file or a folder with all in it; nothing happens where there is none."""
        self._do(path, "a writable folder", lambda: self._fs(path).delete(self._path(path), True))

    def rename(self, old: str, new: str) -> None:
        if not self._do(new, "a writable folder", lambda: self._fs(old).rename(self._path(old), self._path(new))):
            raise ResourceError(
                new, f"{old} under this name", "a refused rename", "Look for another run on this output."
            )

    def _path(self, path: str) -> Any:
        return self._jvm.org.apache.hadoop.fs.Path(path)

    def _fs(self, path: str) -> Any:
        return self._do(path, "a known file system", lambda: self._path(path).getFileSystem(self._conf))

    def _do(self, path: str, expected: str, action: Any) -> Any:
        try:
            return action()
        except Py4JJavaError as error:
            kind = error.java_exception.getClass().getSimpleName()
            raise ResourceError(path, expected, kind, "Check the path and its permissions.") from None
