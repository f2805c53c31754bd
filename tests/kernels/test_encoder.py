"""Encoding: equal to the library's on lists of morphemes, and exact both ways on any text."""

from __future__ import annotations

import json
import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from corpus_pipeline.errors import ContractError, ResourceError
from corpus_pipeline.kernels import encoder
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


@settings(max_examples=300, deadline=None)
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
    monkeypatch.setattr(encoder, "WINDOW", 300)
    assert ids_of(texts) == [reference(text) for text in texts]


def test_text_without_a_space_costs_no_more_than_other_text() -> None:
    """2 MB without a border would be one MeCab lattice of gigabytes, and one BPE word of a million symbols."""
    for text in ("가나다라마바사" * 100_000, "a" * 2_000_000, "=" * 2_000_000, " " * 2_000_000, "7" * 2_000_000):
        (ids,) = ids_of([text])
        assert LIBRARY.decode(ids) == text


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
    small._cache = encoder._Cache(6)
    texts = [TEXT, "다른 글이다", TEXT, "", TEXT]
    assert [ids_of(texts, small) for _ in range(2)] == [[reference(text) for text in texts]] * 2
    assert len(small._cache._young) + len(small._cache._old) <= 6


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
        (json.dumps({**json.loads(JSON), "decoder": None}), "a byte-level BPE"),
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


def test_bytes_that_are_no_text_are_named_and_not_quoted() -> None:
    half = b"abc \xed\xa0\x80"  # half of a surrogate pair
    offsets = pa.py_buffer(np.array([0, len(half)], np.int32).tobytes())
    with pytest.raises(ContractError) as caught:
        ENCODER.encode(pa.StringArray.from_buffers(1, offsets, pa.py_buffer(half)))
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
