"""Encoding: equal to the library's on lists of morphemes, and exact both ways on any text."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels import bpe, tokenizer
from corpus_pipeline.kernels.morphemes import morphemes, pieces, runs

EOD = "<|endoftext|>"
TEXT = "서울에서 부산까지 3시간이 걸렸다. The train was late; 학교에서 배운 것을 2021년에 다시 썼습니다!\n\n" * 3


def trained() -> str:
    counts: dict[str, int] = {}
    for piece in pieces([TEXT]):
        counts[piece] = counts.get(piece, 0) + 1
    return tokenizer.to_json(bpe.train(counts, 420, [EOD, "<|pad|>"]), [EOD, "<|pad|>"])


JSON = trained()
ENCODER = tokenizer.Encoder(JSON, EOD)
LIBRARY = Tokenizer.from_str(JSON)


def ids_of(text: str) -> list[int]:
    ids: list[int] = np.frombuffer(ENCODER.encode(text), dtype=ENCODER.dtype).tolist()
    return ids


any_text = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("가각 힣ㄱㅋ\n\t 12aZ.")), max_size=80
)


@settings(max_examples=300, deadline=None)
@given(any_text)
@example("<|endoftext|> 글 안의 특수 토큰 <|pad|>")
@example("\u1112\u1161\u11ab NFD 한글")
@example("\x00\x01 \ue000 \U0001f468\u200d\U0001f469")
@example("가  나   다\n\n\n라 \t 마")
def test_decoding_gives_the_exact_text_back(text: str) -> None:
    assert "".join(runs(text)) == text
    assert LIBRARY.decode(ids_of(text), skip_special_tokens=False) == text


@settings(max_examples=200, deadline=None)
@given(any_text)
@example("<|endoftext|>")
def test_ids_equal_the_librarys_on_lists_of_morphemes(text: str) -> None:
    reference = Tokenizer.from_str(JSON)
    reference.normalizer = None
    reference.encode_special_tokens = True
    cut = pieces([text])
    assert "".join(cut) == text
    assert ids_of(text) == reference.encode(cut, is_pretokenized=True, add_special_tokens=False).ids


def test_no_merge_crosses_a_morpheme() -> None:
    cut = pieces(["학교에서 배웠다"])
    assert cut[:2] == ["학교", "에서"]
    tokens = [LIBRARY.decode([i]) for i in ids_of("학교에서")]
    assert not any("교에" in token for token in tokens)


def test_a_full_cache_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ids_of(TEXT)
    monkeypatch.setattr(tokenizer, "CACHED_RUNS", 2)
    small = tokenizer.Encoder(JSON, EOD)
    assert [np.frombuffer(small.encode(TEXT), small.dtype).tolist() for _ in range(2)] == [before, before]


def test_morphemes_are_lossless_on_odd_hangul() -> None:
    for run in ("ㅋㅋㅋㅋ", " ㅠㅠ", "뷁쉙", "가" * 5000, " 갔겠더라구요"):
        assert "".join(morphemes(run)) == run


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("not json", "a tokenizer of the `tokenizers` library"),
        ("{}", "a tokenizer of the `tokenizers` library"),
        (json.dumps({**json.loads(JSON), "decoder": None}), "a byte-level BPE"),
    ],
)
def test_a_wrong_file_is_refused(text: str, expected: str) -> None:
    with pytest.raises(ResourceError) as caught:
        tokenizer.Encoder(text, EOD)
    assert caught.value.expected == expected


def test_a_missing_eod_token_is_refused() -> None:
    with pytest.raises(ResourceError) as caught:
        tokenizer.Encoder(JSON, "<|end|>")
    assert caught.value.got == "a vocabulary without it"
