"""Unpack a zip or tar archive into a folder, so that a source can name its files:

    python -m corpus_pipeline.run.unpack data/corpus.zip data/corpus

Archive and folder are paths or URIs (a folder, HDFS, S3). Members stream through a small buffer, and are never all in
memory. Nothing is written outside the folder: a member with an absolute name, `..`, or that is a link or a device ends
the work with an error, and so does an archive that unpacks to more than it should. Names of zip files made on Korean
Windows (CP949) are decoded. A file is written aside and renamed when it is whole.
"""

from __future__ import annotations

import argparse
import re
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import IO

import pyarrow as pa
from pyarrow import fs as arrow_fs

from corpus_pipeline.errors import CorpusError, ResourceError
from corpus_pipeline.run.arrow_files import file_system_of

_CHUNK = 1 << 20
_ASIDE = ".unpacking"  # the end of a name until the file is whole
_DRIVE = re.compile(r"^[A-Za-z]:")
_CODECS = {".gz": "gzip", ".tgz": "gzip", ".bz2": "bz2", ".zst": "zstd"}


@dataclass(frozen=True)
class Limits:
    """What an archive may hold: bytes in all, files, and bytes out for one byte in (beyond the first 100 MB)."""

    total_bytes: int = 1 << 40
    files: int = 10_000_000
    ratio: int = 200  # text packs 3 to 20 to one; the known bombs 1,000 and more


class Member:
    """A file of an archive: its name, and its content in chunks."""

    def __init__(self, name: str, stream: IO[bytes]) -> None:
        self.name, self.stream = name, stream

    def chunks(self) -> Iterator[bytes]:
        while chunk := self.stream.read(_CHUNK):
            yield chunk


def unpack(archive: str, folder: str, limits: Limits = Limits()) -> int:
    """Write every file of `archive` into `folder`. Returns how many. Raises ResourceError; whole files stay.

    A name that comes twice is an error too: one of the two would be lost.
    """
    source, path = file_system_of(archive)
    target, root = file_system_of(folder)
    packed = source.get_file_info(path).size
    written = total = 0
    seen: set[str] = set()
    try:
        with source.open_input_file(path) as file:
            for member in _members(archive, path, file):
                name = _safe(archive, member.name)
                written += 1
                if written > limits.files or name in seen:
                    _refuse(archive, "every name once" if name in seen else f"at most {limits.files} files", "more")
                seen.add(name)
                total = _write(archive, member, (target, f"{root}/{name}"), total, _allowed(packed or 0, limits))
    except (
        OSError,
        EOFError,
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
        RuntimeError,
        pa.ArrowException,
    ) as error:
        raise ResourceError(archive, "an archive that can be read", type(error).__name__, "Replace the file.") from None
    return written


def _allowed(packed: int, limits: Limits) -> int:
    return min(limits.total_bytes, 100_000_000 + limits.ratio * packed)


def _write(archive: str, member: Member, place: tuple[arrow_fs.FileSystem, str], total: int, allowed: int) -> int:
    """Write one file; the bytes written so far. Raises ResourceError when they are more than `allowed`."""
    fs, path = place
    fs.create_dir(path.rpartition("/")[0], recursive=True)
    aside = f"{path}{_ASIDE}"
    try:
        with fs.open_output_stream(aside) as stream:
            for chunk in member.chunks():
                total += len(chunk)
                if total > allowed:
                    _refuse(archive, f"at most {allowed} bytes of content", "more")
                stream.write(chunk)
    except BaseException:
        fs.delete_file(aside)
        raise
    fs.move(aside, path)
    return total


def _members(archive: str, path: str, file: pa.NativeFile) -> Iterator[Member]:
    if path.lower().endswith(".zip"):
        with zipfile.ZipFile(file) as opened:
            for info in opened.infolist():
                if not info.is_dir():
                    _plain(archive, (info.external_attr >> 16) & 0o170000 in (0, 0o100000))
                    with opened.open(info) as stream:
                        yield Member(_zip_name(info), stream)
        return
    codec = next((one for ending, one in _CODECS.items() if path.lower().endswith(ending)), None)
    stream = pa.CompressedInputStream(file, codec) if codec else file
    with closing(tarfile.open(fileobj=stream, mode="r|")) as tape:
        for entry in tape:
            if not entry.isdir():
                _plain(archive, entry.isreg())
                content = tape.extractfile(entry)
                if content is not None:
                    yield Member(entry.name, content)


def _zip_name(info: zipfile.ZipInfo) -> str:
    """The name; without the flag for UTF-8 it is CP949 where that can be, else what zip says (CP437)."""
    if info.flag_bits & 0x800 or info.filename.isascii():
        return info.filename
    try:
        return info.filename.encode("cp437").decode("cp949")
    except UnicodeError:
        return info.filename


def _plain(archive: str, is_file: bool) -> None:
    if not is_file:
        _refuse(archive, "files and folders", "a link or a device")


def _safe(archive: str, name: str) -> str:
    """`name` as a path below the folder."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    if name.startswith(("/", "\\")) or ".." in parts or _DRIVE.match(name) or "\0" in name or not parts:
        _refuse(archive, "names below its own folder", "one that leads out of it")
    if parts[-1].endswith(_ASIDE):
        _refuse(archive, f"no name that ends in {_ASIDE}", "one")
    return "/".join(parts)


def _refuse(archive: str, expected: str, got: str) -> None:
    raise ResourceError(archive, expected, got, "Do not trust this archive; unpack by hand what you need.")


def main(arguments: list[str] | None = None) -> int:
    """The command. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="corpus_pipeline.run.unpack", description="unpack a zip or tar archive")
    parser.add_argument("archive")
    parser.add_argument("folder")
    options = parser.parse_args(arguments)
    try:
        written = unpack(options.archive, options.folder)
    except CorpusError as error:
        print(f"error: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(f"{written} files in {options.folder}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
