"""The files of a shard, in every format and packing, against readers that know the formats only."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.local import LocalFileSystem
from pyarrow import fs as arrow_fs

from corpus_pipeline.kernels.packing import Layout
from corpus_pipeline.run import shard_files

Packing = Literal["none", "document", "stream"]
CHECKER = Path(__file__).resolve().parents[3] / "shared" / "check" / "read_megatron.py"
LENGTH = 16


def documents(seed: int, dtype: str) -> list[np.ndarray[Any, Any]]:
    """Random ids, 0 (EOD) at the end and nowhere else."""
    rng = np.random.default_rng(seed)
    made = [rng.integers(1, 60_000, rng.integers(0, 90)) for _ in range(70)]
    return [np.append(ids, 0).astype(dtype) for ids in made]


def write(
    folder: Path, ids: list[np.ndarray[Any, Any]], packing: Packing, dtype: str, steps: int
) -> list[shard_files.Written]:
    """One shard in all formats, its documents handed over `steps` at a time."""
    folder.mkdir(exist_ok=True)
    layout = Layout(("megatron", "parquet", "datatrove"), packing, LENGTH)
    fs = arrow_fs.LocalFileSystem()
    made = shard_files.formats(
        lambda name: shard_files.File(fs, str(folder), name, "attempt"), "shard-00000", dtype, layout
    )
    for start in range(0, len(ids), steps):
        part = ids[start : start + steps]
        names = pa.array([f"d{i}" for i in range(start, start + len(part))])
        for one in made:
            one.append(names, np.array([len(x) for x in part], np.int32), pa.py_buffer(np.concatenate(part).tobytes()))
    lengths = np.array([len(x) for x in ids])
    return [written for one in made for written in one.finish(lengths)]


def expected(ids: list[np.ndarray[Any, Any]], packing: Packing) -> list[tuple[str, list[int]]]:
    """Each sequence with the document it starts in, by plain loops."""
    if packing == "none":
        return [(f"d{i}", x.tolist()) for i, x in enumerate(ids)]
    if packing == "document":
        return [(f"d{i}", x[at : at + LENGTH].tolist()) for i, x in enumerate(ids) for at in range(0, len(x), LENGTH)]
    every = [(f"d{i}", token) for i, x in enumerate(ids) for token in x.tolist()]
    return [(every[at][0], [t for _, t in every[at : at + LENGTH]]) for at in range(0, len(every), LENGTH)]


@pytest.mark.parametrize("packing", get_args(Packing))
@pytest.mark.parametrize("dtype", ["uint16", "int32"])
def test_all_formats_hold_the_same_sequences(tmp_path: Path, packing: Packing, dtype: str) -> None:
    ids = documents(1, dtype)
    written = write(tmp_path / "a", ids, packing, dtype, 9)
    folder, name = tmp_path / "a", "shard-00000"
    assert sorted(p.name for p in folder.iterdir()) == sorted(one.name for one in written)
    for one in written:
        content = (folder / one.name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (one.bytes, one.sha256)
    want = expected(ids, packing)

    rows = pq.read_table(folder / f"{name}.parquet").to_pylist()
    assert [(row["doc_id"], row["input_ids"]) for row in rows] == want

    tokens = np.fromfile(folder / f"{name}.ds", dtype)  # as datatrove reads it: ids, and where each sequence ends
    ends = np.fromfile(folder / f"{name}.ds.index", "<u8").astype(int)
    assert [x.tolist() for x in np.split(tokens, ends[:-1])] == [x for _, x in want]
    assert (folder / f"{name}.bin").read_bytes() == (folder / f"{name}.ds").read_bytes()

    index = (folder / f"{name}.idx").read_bytes()
    count = int.from_bytes(index[18:26], "little")
    assert np.frombuffer(index, "<i4", count, 34).tolist() == [len(x) for _, x in want]
    borders = np.frombuffer(index, "<i8", -1, 34 + 12 * count).tolist()
    if CHECKER.exists():  # stands beside the project where it is developed
        rules = ["--no-empty"] if packing == "stream" else ["--no-empty", "--eod", "0"]
        command = [sys.executable, str(CHECKER), "--verify", *rules, str(folder)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout
    if packing == "document":
        assert np.diff(borders).tolist() == [-(-len(x) // LENGTH) for x in ids]
    else:
        assert borders == list(range(len(want) + 1))


@pytest.mark.parametrize("group", [1, 10, LENGTH, 100_000])
def test_row_groups_of_any_size_hold_all(tmp_path: Path, group: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Smaller than a sequence, than a document; a stream that ends with a group; one group for all."""
    monkeypatch.setattr(shard_files, "_ROW_GROUP", group)
    ids = [x for x in documents(8, "uint16") if len(x) % LENGTH == 0] + documents(9, "uint16")
    for packing in get_args(Packing):
        write(tmp_path / packing, ids, packing, "uint16", 5)
        file = pq.ParquetFile(tmp_path / packing / "shard-00000.parquet")
        assert [(r["doc_id"], r["input_ids"]) for r in file.read().to_pylist()] == expected(ids, packing)
        assert all(file.metadata.row_group(i).num_rows for i in range(file.num_row_groups))


def test_a_second_attempt_after_the_first_leaves_the_same_files(tmp_path: Path) -> None:
    ids = documents(7, "uint16")
    folder = tmp_path / "a"
    first = write(folder, ids, "none", "uint16", 9)
    assert write(folder, ids, "none", "uint16", 9) == first
    assert sorted(p.name for p in folder.iterdir()) == sorted(one.name for one in first)


@pytest.mark.parametrize("packing", get_args(Packing))
def test_bytes_do_not_depend_on_how_documents_come_in(
    tmp_path: Path, packing: Packing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shard_files, "_ROW_GROUP", 100)
    ids = documents(3, "uint16")
    random.Random(4).shuffle(ids)
    one, other = (write(tmp_path / str(steps), ids, packing, "uint16", steps) for steps in (1, 33))
    assert one == other
    file = pq.ParquetFile(tmp_path / "1" / "shard-00000.parquet")
    assert file.num_row_groups > 5
    assert [(r["doc_id"], r["input_ids"]) for r in file.read().to_pylist()] == expected(ids, packing)


def test_huggingface_datasets_loads_the_parquet_shard(tmp_path: Path) -> None:
    from datasets import load_dataset

    ids = documents(5, "uint16")
    write(tmp_path / "a", ids, "none", "uint16", 20)
    loaded = load_dataset(
        "parquet", data_files=str(tmp_path / "a" / "*.parquet"), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert [row["input_ids"] for row in loaded] == [x.tolist() for x in ids]


def test_datatrove_reads_its_own_format(tmp_path: Path) -> None:
    from datatrove.pipeline.tokens.merger import load_doc_ends

    ids = documents(6, "uint16")
    write(tmp_path / "a", ids, "none", "uint16", 20)
    with (tmp_path / "a" / "shard-00000.ds.index").open("rb") as stream:
        assert load_doc_ends(stream).tolist() == np.cumsum([len(x) for x in ids]).tolist()


class LikeHdfs(LocalFileSystem):  # type: ignore[misc]
    """Does not rename over a file; another attempt publishes `other` right before the rename."""

    cachable = False
    other: bytes | None = None

    def mv(self, path1: str, path2: str, **_: Any) -> None:
        if self.other is not None:
            Path(path2).write_bytes(self.other)
        if self.exists(path2):
            raise FileExistsError(path2)
        Path(path1).rename(path2)


def attempt(folder: Path, name: str, other: bytes | None = None) -> shard_files.Written:
    files = LikeHdfs()
    files.other = other
    file = shard_files.File(arrow_fs.PyFileSystem(arrow_fs.FSSpecHandler(files)), str(folder), "shard-00000.bin", name)
    file.write(b"ids")
    return file.finish()


def test_of_two_attempts_one_gets_the_name_where_rename_does_not_overwrite(tmp_path: Path) -> None:
    first, second = attempt(tmp_path, "one"), attempt(tmp_path, "two")
    assert first == second == ("shard-00000.bin", 3, hashlib.sha256(b"ids").hexdigest())
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"shard-00000.bin": b"ids"}


def test_an_attempt_that_comes_between_look_and_rename_is_accepted_when_it_is_whole(tmp_path: Path) -> None:
    attempt(tmp_path, "one", other=b"ids")
    assert [path.name for path in tmp_path.iterdir()] == ["shard-00000.bin"]
    other_folder = tmp_path / "other"
    other_folder.mkdir()
    with pytest.raises(FileExistsError):
        attempt(other_folder, "two", other=b"another size")
