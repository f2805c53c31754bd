"""The benchmark of the serializer: its text, its arithmetic, its peers, and a whole quick run."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import unicodedata
from pathlib import Path

import pyarrow as pa
import pytest
from tokenizers import Tokenizer

from benchmarks import equality, texts
from benchmarks.ours import encoder, ids_of
from benchmarks.peers.mecab_encode import morphemes, tagger
from benchmarks.peers.megatron_loop import Builder
from benchmarks.results import KERNEL, SHARD, Record, Section, points, ratios
from benchmarks.train import tokenizer_files

ROOT = Path(__file__).resolve().parents[1]


def pack(folder: Path, corpus: str, files: dict[str, bytes]) -> None:
    with (
        pa.CompressedOutputStream(str(folder / f"{corpus}.tar.zst"), "zstd") as stream,
        tarfile.open(fileobj=stream, mode="w|") as tar,
    ):
        for name, content in files.items():
            member = tarfile.TarInfo(f"{corpus}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def test_text_is_read_by_corpus_normalised_and_mixed_without_repeats(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "풀어 쓴 한글")
    pack(
        tmp_path, "blog_md_x", {"SOURCE.txt": b"no", "data/a.md": decomposed.encode(), "data/b.md": "둘\r\n셋".encode()}
    )
    pack(tmp_path, "bible_krv", {"data/KorRV_nt.txt": "하나\n둘\n셋\n\n둘\n풀어 쓴 한글\n".encode()})
    pack(tmp_path, "japanese_aozora", {"data/x.txt": "吾輩は猫である".encode("cp932"), "data/y.txt": b"\x81"})
    pack(tmp_path, "dedup_law_revisions", {"data/x.md": "법률".encode()})
    archives = sorted(tmp_path.glob("*.tar.zst"))
    found = texts.extract(archives, tmp_path / "texts")
    read = (tmp_path / "texts" / "blog_md_x.txt").read_text(encoding="utf-8")
    assert read.split("\n\f\n") == ["풀어 쓴 한글", "둘\n셋"]
    total = texts.mix(found, tmp_path / "mixed.jsonl", 1e9)
    mixed = [json.loads(line) for line in (tmp_path / "mixed.jsonl").read_text(encoding="utf-8").splitlines()]
    expected = ["풀어 쓴 한글", "둘\n셋", "하나", "둘", "셋", "吾輩は猫である"]
    assert [one["text"] for one in mixed] == sorted(
        expected, key=lambda text: hashlib.blake2b(text.encode(), digest_size=16).digest()
    )
    assert total == sum(len(text.encode()) for text in expected)
    assert texts.mix(texts.extract(archives[::-1], tmp_path / "again"), tmp_path / "less.jsonl", 30) <= 30
    first = (tmp_path / "less.jsonl").read_bytes()
    assert first
    assert (tmp_path / "mixed.jsonl").read_bytes().startswith(first)


def test_megatron_loop_writes_the_golden_vector(tmp_path: Path) -> None:
    """The bytes are from the description of the format."""
    builder = Builder(tmp_path / "x")
    builder.add_document([1, 2, 3])
    builder.add_document([4, 5])
    assert builder.finalize() == 5
    assert (tmp_path / "x.bin").read_bytes().hex() == "01000200030004000500"
    assert (tmp_path / "x.idx").read_bytes().hex() == (
        "4d4d4944494458000001000000000000000802000000000000000300000000000000030000000200000000000000000000000600000000"
        "000000000000000000000001000000000000000200000000000000"
    )


@pytest.mark.parametrize("text", ["나는  학교에\n간다 ", "abc 가나다\t!", " ", "가\x00나", "👨‍👩‍👧 ㅋㅋ\u3000끝"])
def test_the_morphemes_of_the_peer_lose_nothing(text: str) -> None:
    assert "".join(morphemes(tagger(), text)) == text


def test_ratios_and_curve_are_plain_arithmetic() -> None:
    sections = [Section(Path("x"), 2_000_000, 10)] * 3
    records = {name: Record() for name in (KERNEL, SHARD, "mecab_encode", "megatron_loop", "tokie")}
    for name, seconds in {
        KERNEL: (1, 2, 4),
        SHARD: (2, 2, 2),
        "mecab_encode": (4, 4, 4),
        "megatron_loop": (3, 5, 1),
    }.items():
        for section, taken in zip(sections, seconds, strict=True):
            records[name].add(section, {"seconds": taken, "cpu_seconds": 1, "tokens": 7, "peak_mib": 1})
    records["tokie"].add(sections[0], {"error": "no wheel"})
    assert ratios(records) == {"mecab_encode": 2.0, "megatron_loop": 1.5}
    assert ratios(records, by_cpu_time=True) == {"mecab_encode": 1.0, "megatron_loop": 1.0}
    assert records[KERNEL].summary(sections)["mb_per_s_per_core"] == {"median": 1.0, "min": 0.5, "max": 2.0}
    curve = [
        {"seconds": s, "runs": 100 * s, "analysed": a, "peak_mib": 9, "cpu_seconds": 1}
        for s, a in ((1, 50), (2, 60), (4, 80))
    ]
    assert points(curve, sections, 4) == [
        {"mb": 4.0, "mb_per_s": 1.333, "mb_per_cpu_s": 2.0, "ms_per_mb": 750.0, "hit_rate": 0.7, "peak_mib": 9},
        {"mb": 6.0, "mb_per_s": 0.5, "mb_per_cpu_s": 2.0, "ms_per_mb": 2000.0, "hit_rate": 0.9, "peak_mib": 9},
    ]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    sample = ROOT / "data" / "sample"
    files = sorted(path for kind in ("techdocs", "law", "blog_md") for path in (sample / kind).rglob("*.md"))
    with (folder / "mixed.jsonl").open("w", encoding="utf-8") as file:
        for path in files:
            text = unicodedata.normalize("NFC", path.read_text(encoding="utf-8"))
            file.write(json.dumps({"id": path.name, "text": text}, ensure_ascii=False) + "\n")
    return folder


def test_a_quick_run(data: Path, tmp_path: Path) -> None:
    command = [sys.executable, "benchmarks/serialize.py", "--data", str(data), "--out", str(tmp_path), "--quick"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((tmp_path / "serialize.json").read_text(encoding="utf-8"))
    assert set(result["peers"]) == set(result["ratios"]) == {"mecab_encode", "hf_encode_batch_fast", "megatron_loop"}
    assert result["core_hours_1_96_tb"] == pytest.approx(
        1.96e6 / result["ours"]["shard"]["mb_per_s_per_core"]["median"] / 3600, rel=0.02
    )
    measured = [
        json.loads(line)["text"]
        for number in (1, 2)
        for line in (data / "sections" / f"{number:03d}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert result["ours"]["bytes"] == sum(len(text.encode()) for text in measured)
    library = Tokenizer.from_file(str(data / "tokenizer.json"))
    library.encode_special_tokens = True
    tokens = sum(len(encoding.ids) for encoding in library.encode_batch(measured, add_special_tokens=False))
    assert result["peers"]["hf_encode_batch_fast"]["tokens"] == tokens
    assert result["peers"]["megatron_loop"]["tokens"] == tokens + len(measured)
    assert result["ours"]["curve"][-1]["mb"] == pytest.approx(result["text"]["bytes"] / 1e6, abs=0.1)


def test_a_wrong_id_is_found(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer_files(data / "mixed.jsonl", data / "small", 0.05, 300)
    section = data / "one.jsonl"
    section.write_text(json.dumps({"text": "학교에 간다"}), encoding="utf-8")
    paths = data / "small" / "tokenizer.json", data / "small" / "card.json"
    assert encoder(*paths).dtype == "uint16"
    right = equality._compare((section, True), *paths)
    assert right["documents"] == 1 + len(equality.adversarial(["학교에 간다"]))
    assert (right["differing"], right["not_exact"]) == (0, 0)
    monkeypatch.setattr(equality, "ids_of", lambda own, found: (ids[:-1] for ids in ids_of(own, found)))
    wrong = equality._compare((section, False), *paths)
    assert wrong == {"documents": 1, "bytes": 16, "differing": 1, "not_exact": 1}
