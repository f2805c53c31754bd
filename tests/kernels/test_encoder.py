"""Encoding: equal to the library's on lists of morphemes, and exact both ways on any text."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from corpus_pipeline.errors import ContractError, ResourceError
from corpus_pipeline.kernels import encoder, split
from corpus_pipeline.kernels.morphemes import morphemes, pieces, runs
from tests.small_tokenizer import EOD, TEXT, card, trained

JSON = trained()
ENCODER = encoder.Encoder(JSON, card(JSON), EOD)
LIBRARY = Tokenizer.from_str(JSON)
REFERENCE = Tokenizer.from_str(JSON)
REFERENCE.normalizer = None
REFERENCE.encode_special_tokens = True
EOD_ID = LIBRARY.token_to_id(EOD)


def ids_of(texts: list[str], own: encoder.Encoder = ENCODER) -> list[list[int]]:
    """Ids of each text without the EOD that ends it."""
    found = [np.frombuffer(ids, own.dtype).tolist() for ids in own.encode(pa.array(texts, pa.string())).to_pylist()]
    assert [ids[-1] for ids in found] == [EOD_ID] * len(texts)
    return [ids[:-1] for ids in found]


def reference(text: str) -> list[int]:
    ids: list[int] = REFERENCE.encode(pieces([text]), is_pretokenized=True, add_special_tokens=False).ids
    return ids


any_text = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("가각 힣ㄱㅋ\n\t 12aZ.")), max_size=80
)


@settings(max_examples=300)
@given(st.lists(any_text, max_size=5))
@example(["<|endoftext|> 글 안의 특수 토큰 <|pad|>", "", "<|endoftext|>"])
@example(["\u1112\u1161\u11ab NFD 한글", "\u3131\u314f"])
@example(["\x00\x01 \ue000 \U0001f468\u200d\U0001f469", "\U0010ffff\ufffe"])
@example(["가  나   다\n\n\n라 \t 마", " ", "\n"])
def test_ids_are_the_librarys_and_decode_to_the_text(texts: list[str]) -> None:
    found = ids_of(texts)
    assert found == [reference(text) for text in texts]
    assert [LIBRARY.decode(ids, skip_special_tokens=False) for ids in found] == texts


def test_a_text_longer_than_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(5)
    parts = ["가나다", " ", "  ", "\n", "1234567", "abc", " 한국어", "。", "=" * 70, " " * 70, "🙂", "\t", "서울에서"]
    texts = ["".join(rng.choices(parts, k=rng.randint(1, 150))) for _ in range(60)]
    monkeypatch.setattr(split, "WINDOW", 300)
    assert ids_of(texts) == [reference(text) for text in texts]


def test_text_without_a_space_costs_no_more_than_other_text() -> None:
    """2 MB without a border would be one MeCab lattice of gigabytes, and one BPE word of a million symbols."""
    for text in ("가나다라마바사" * 100_000, "a" * 2_000_000, "=" * 2_000_000, " " * 2_000_000, "7" * 2_000_000):
        (ids,) = ids_of([text])
        assert LIBRARY.decode(ids) == text


def test_memory_stays_under_the_bound_with_full_caches_and_a_text_of_100_mb() -> None:
    """In a process of its own: long runs that never come again, then 100 MB without a space."""
    code = """
import random
import pyarrow as pa
from corpus_pipeline.kernels.encoder import Encoder
from tests.small_tokenizer import EOD, card, trained
own = Encoder(json := trained(), card(json), EOD, memory_mib=600)
rng = random.Random(1)
letters = [chr(0x4E00 + i) for i in range(3000)]
for _ in range(12):  # 240,000 runs of 64 Han letters, about 150 MB in the caches
    own.encode(pa.array([" ".join("".join(rng.choices(letters, k=64)) for _ in range(200)) for _ in range(100)]))
def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) // 1024
print(peak(), len(own._cache._old))
text = "가나다라마바사" * (100_000_000 // 21)
before = peak()
found = own.encode(pa.array([text]))
print(peak() - before, len(found[0].as_buffer()))
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (full, old), (more, ids) = (map(int, line.split()) for line in done.stdout.splitlines())
    assert old  # the caches were full
    assert full < 600
    assert ids > 50_000_000
    assert more < 700  # MiB, of which 100 are the text


def test_no_merge_crosses_a_morpheme() -> None:
    cut = pieces(["학교에서 배웠다"])
    assert cut[:2] == ["학교", "에서"]
    tokens = [LIBRARY.decode([i]) for i in ids_of(["학교에서"])[0]]
    assert not any("교에" in token for token in tokens)


def test_without_the_analyser_runs_are_encoded_whole() -> None:
    plain = encoder.Encoder(JSON, card(JSON, cut=False), EOD)
    text = TEXT + " 학교에서 서울에서"
    expected = REFERENCE.encode(runs(text), is_pretokenized=True, add_special_tokens=False).ids
    assert ids_of([text], plain) == [expected] == [REFERENCE.encode(text, add_special_tokens=False).ids]


def test_a_full_cache_changes_nothing() -> None:
    small = encoder.Encoder(JSON, card(JSON), EOD)
    small._cache = encoder._Cache(6 * 250)
    texts = [TEXT, "다른 글이다", TEXT, "", TEXT]
    assert [ids_of(texts, small) for _ in range(2)] == [[reference(text) for text in texts]] * 2
    assert len(small._cache._young) + len(small._cache._old) <= 8


def test_every_run_is_counted_and_known_ones_are_not_analysed_again() -> None:
    own = encoder.Encoder(JSON, card(JSON), EOD)
    ids_of([TEXT, TEXT], own)
    assert (own.runs, own.analysed) == (2 * len(runs(TEXT)), len(set(runs(TEXT))))
    ids_of([TEXT], own)
    assert own.analysed == len(set(runs(TEXT)))


def test_morphemes_are_lossless_on_odd_hangul() -> None:
    for run in ("ㅋㅋㅋㅋ", " ㅠㅠ", "뷁쉙", "가" * 5000, " 갔겠더라구요"):
        assert "".join(morphemes(run)) == run


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("not json", "a tokenizer of the `tokenizers` library"),
        ("{}", "a tokenizer of the `tokenizers` library"),
        (json.dumps({**json.loads(JSON), "decoder": None}), "a byte-level BPE, which loses no text"),
        (trained(300), "the card of this tokenizer.json"),
    ],
)
def test_a_wrong_file_is_refused(text: str, expected: str) -> None:
    with pytest.raises(ResourceError) as caught:
        encoder.Encoder(text, card(JSON), EOD)
    assert caught.value.expected == expected


def test_another_segmentation_is_refused() -> None:
    other = json.loads(card(JSON))
    other["segmentation"]["dictionary"] = "python-mecab-ko-dic 1.0"
    with pytest.raises(ResourceError, match="other dictionary"):
        encoder.Encoder(JSON, json.dumps(other), EOD)


def test_a_missing_eod_token_is_refused() -> None:
    with pytest.raises(ResourceError) as caught:
        encoder.Encoder(JSON, card(JSON), "<|end|>")
    assert caught.value.got == "a vocabulary without it"


def test_bytes_that_are_no_text_are_named_and_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    half = b"abc \xed\xa0\x80"  # half of a surrogate pair
    for text, window in ((half, 1000), (b"abc " * 20 + half, 30)):  # the second is longer than a window
        monkeypatch.setattr(split, "WINDOW", window)
        offsets = pa.py_buffer(np.array([0, len(text)], np.int32).tobytes())
        with pytest.raises(ContractError) as caught:
            ENCODER.encode(pa.StringArray.from_buffers(1, offsets, pa.py_buffer(text)))
        assert "abc" not in str(caught.value)
        assert caught.value.expected == "UTF-8"


def test_an_id_that_the_dtype_cannot_hold_is_refused() -> None:
    large = Tokenizer.from_str(JSON)
    large.add_tokens([f"token {i}" for i in range(66_000)])
    text = large.to_str()
    assert encoder.Encoder(text, card(text), EOD).dtype == "int32"
    with pytest.raises(ResourceError) as caught:
        encoder.Encoder(text, card(text), EOD, dtype="uint16")
    assert caught.value.expected == "ids that fit uint16"
