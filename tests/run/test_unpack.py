"""Archives into folders: all files, and nothing outside them."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.run.unpack import Limits, main, unpack

FILES = {"가/나.txt": "본문이다".encode(), "b.txt": b"b" * 3_000_000}


def make_zip(path: Path, files: dict[str, bytes] = FILES) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("folder")
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return path


def make_tar(path: Path, mode: str, files: dict[str, bytes] = FILES) -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def unpacked(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_kind_of_archive(tmp_path: Path) -> None:
    plain = make_tar(tmp_path / "a.tar", "w")
    zst = tmp_path / "a.tar.zst"
    with pa.CompressedOutputStream(str(zst), "zstd") as stream:
        stream.write(plain.read_bytes())
    archives = [plain, zst, make_tar(tmp_path / "a.tgz", "w:gz"), make_tar(tmp_path / "a.tar.bz2", "w:bz2")]
    for number, archive in enumerate([*archives, make_zip(tmp_path / "가 나.zip")]):
        assert unpack(str(archive), str(tmp_path / str(number))) == 2
        assert unpacked(tmp_path / str(number)) == FILES
    assert main([str(plain), (tmp_path / "uri").as_uri()]) == 0
    assert unpacked(tmp_path / "uri") == FILES


def test_names_of_korean_windows(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"BBBBBBBB.txt": b"1"})
    path.write_bytes(path.read_bytes().replace(b"BBBBBBBB", "한글이름".encode("cp949")))
    unpack(str(path), str(tmp_path / "out"))
    assert list(unpacked(tmp_path / "out")) == ["한글이름.txt"]


@pytest.mark.parametrize("name", ["../a.txt", "/etc/a.txt", "a/../../b.txt", "C:\\a.txt", "..\\a.txt", "\\a"])
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "in" / "deep"
    for archive in (make_zip(tmp_path / "a.zip", {name: b"x"}), make_tar(tmp_path / "a.tar", "w", {name: b"x"})):
        with pytest.raises(ResourceError) as caught:
            unpack(str(archive), str(inside))
        assert caught.value.got == "one that leads out of it"
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"a.zip", "a.tar"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        entry = tarfile.TarInfo("a")
        entry.type, entry.linkname = kind, "/etc/passwd"
        archive.addfile(entry)
    with pytest.raises(ResourceError) as caught:
        unpack(str(tmp_path / "a.tar"), str(tmp_path / "out"))
    assert caught.value.got == "a link or a device"


def test_bombs_repeats_and_broken_archives(tmp_path: Path) -> None:
    bomb = make_zip(tmp_path / "a.zip", {"a": bytes(30_000_000)})
    with pytest.raises(ResourceError) as caught:
        unpack(str(bomb), str(tmp_path / "out"), Limits(total_bytes=20_000_000))
    assert caught.value.expected == "at most 20000000 bytes of content"
    assert unpacked(tmp_path / "out") == {}
    with pytest.raises(ResourceError):
        unpack(str(make_zip(tmp_path / "b.zip")), str(tmp_path / "out"), Limits(files=1))
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a", b"2")
    with pytest.raises(ResourceError) as caught:
        unpack(str(tmp_path / "c.zip"), str(tmp_path / "out"))
    assert caught.value.expected == "every name once"
    whole = make_tar(tmp_path / "d.tgz", "w:gz").read_bytes()
    for name, content in {"e.tgz": whole[:-20], "f.zip": b"PK", "g.tar": b"hello" * 1000, "h.tgz": b""}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ResourceError) as caught:
            unpack(str(tmp_path / name), str(tmp_path / "out"))
        assert caught.value.expected == "an archive that can be read"
    assert main([str(tmp_path / "none.zip"), str(tmp_path / "out")]) == 1
