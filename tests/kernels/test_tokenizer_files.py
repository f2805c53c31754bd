"""The files of a tokenizer, loaded by the libraries they are for."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels import bpe, tokenizer_files
from corpus_pipeline.kernels.morphemes import pieces, runs
from corpus_pipeline.kernels.tokenizer_files import check, segmentation, sha256, to_card, to_config, to_json, to_pair

SPECIAL = ["<|endoftext|>", "<|pad|>", "<|사용자|>"]
ROLES = {"eos_token": "<|endoftext|>", "pad_token": "<|pad|>"}
UNK = "<|unk|>"
TEXT = "서울에서 부산까지 3시간이 걸렸다. The train was late; 학교에서 배운 것을 2021년에 다시 썼습니다!\n\n" * 3
MODES = ("morpheme", "byte", "character")


def counted(mode: str) -> tuple[pa.Array, np.ndarray]:
    counts = Counter(pieces([TEXT]) if mode == "morpheme" else runs(TEXT))
    return pa.array(counts.keys(), pa.string()), np.array(list(counts.values()), np.int64)


def train(mode: str) -> bpe.Trained:
    found, counts = counted(mode)
    if mode != "character":
        return bpe.train(found, counts, 420, SPECIAL)
    return bpe.train(found, counts, 100, [*SPECIAL, UNK], alphabet=bpe.characters(found, counts, 60))


TRAINED = {mode: train(mode) for mode in MODES}
JSON = {mode: to_json(TRAINED[mode], SPECIAL) for mode in ("morpheme", "byte")}
JSON["character"] = to_json(TRAINED["character"], [*SPECIAL, UNK], UNK)
LIBRARY = {mode: Tokenizer.from_str(text) for mode, text in JSON.items()}
any_text = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("가각 힣ㄱㅋ\n\t 12aZ.")), max_size=60
)


@settings(max_examples=200)
@given(any_text)
@example("\u1112\u1161\u11ab NFD 한글  \n 두 칸\u3000")
@example("\x00\x01 \ue000 \U0001f468\u200d\U0001f469")
@pytest.mark.parametrize("mode", ["morpheme", "byte"])
def test_byte_level_decodes_to_the_exact_nfc_text(mode: str, text: str) -> None:
    plain = Tokenizer.from_str(JSON[mode])
    plain.encode_special_tokens = True
    ids = plain.encode(text).ids
    assert plain.decode(ids, skip_special_tokens=False) == unicodedata.normalize("NFC", text)


known = st.text(st.sampled_from([token for token in TRAINED["character"].vocab if len(token) == 1]), max_size=40)


@settings(max_examples=200)
@given(known)
def test_characters_that_are_known_decode_to_the_exact_text(text: str) -> None:
    plain = LIBRARY["character"]
    assert plain.decode(plain.encode(text).ids) == text


def test_each_unknown_character_is_one_unknown_token() -> None:
    plain = LIBRARY["character"]
    ids = plain.encode("서울龍龍에서").ids
    assert ids.count(TRAINED["character"].vocab[UNK]) == 2
    assert plain.decode(ids) == "서울에서"


@pytest.mark.parametrize("mode", MODES)
def test_merges_are_used_and_special_tokens_are_single_ids(mode: str) -> None:
    plain = LIBRARY[mode]
    assert len(plain.encode(TEXT).ids) < len(TEXT)  # byte-level too, where most characters are three bytes
    assert plain.encode("".join(SPECIAL)).ids == [0, 1, 2]
    assert plain.get_vocab() == TRAINED[mode].vocab


@pytest.mark.parametrize("mode", ["morpheme", "byte"])
def test_the_pair_of_files_gives_the_same_ids(mode: str, tmp_path: Path) -> None:
    pair = to_pair(TRAINED[mode])
    for name, content in pair.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    model = models.BPE.from_file(str(tmp_path / "vocab.json"), str(tmp_path / "merges.txt"))
    other = Tokenizer(model)
    assert pair["merges.txt"].startswith("#version: 0.2\n")
    other.pre_tokenizer, other.normalizer = LIBRARY[mode].pre_tokenizer, LIBRARY[mode].normalizer
    for text in (TEXT, "처음 보는 글 # ## 1,234 \u00e9 <b>&</b>"):
        assert other.encode(text).ids == LIBRARY[mode].encode(text).ids


@pytest.mark.parametrize("mode", MODES)
def test_transformers_loads_the_folder(mode: str, tmp_path: Path) -> None:
    tokens, roles = (SPECIAL, ROLES) if mode != "character" else ([*SPECIAL, UNK], {**ROLES, "unk_token": UNK})
    (tmp_path / "tokenizer.json").write_text(JSON[mode], encoding="utf-8")
    (tmp_path / "tokenizer_config.json").write_text(to_config(tokens, roles), encoding="utf-8")
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    untyped: Any = PreTrainedTokenizerFast
    bare = untyped(tokenizer_file=str(tmp_path / "tokenizer.json"))
    text = "서울에서 배운 것 , 2021 . 다시 !"  # a space before a mark: what "cleaning up" would lose
    ids = LIBRARY[mode].encode(text).ids
    assert loaded(text)["input_ids"] == bare(text)["input_ids"] == ids
    assert loaded.decode(ids) == LIBRARY[mode].decode(ids, skip_special_tokens=False)
    assert (loaded.eos_token_id, loaded.pad_token_id, loaded.vocab_size) == (0, 1, len(TRAINED[mode].vocab))
    assert loaded.unk_token == roles.get("unk_token")
    assert set(loaded.all_special_tokens) == set(tokens)


@pytest.mark.parametrize("mode", MODES)
def test_usage_counts_every_occurrence(mode: str) -> None:
    found, counts = counted(mode)
    weights = counts * 10**10  # over 2^31
    seen = Counter[int]()
    for piece, n in zip(found.to_pylist(), weights.tolist(), strict=True):
        for i in LIBRARY[mode].encode(piece).ids:
            seen[i] += n
    vocab = TRAINED[mode].vocab
    special = {vocab[token] for token in [*SPECIAL, UNK] if token in vocab}
    got = tokenizer_files.usage(JSON[mode], found, weights)
    assert got.tokens == seen.total()
    assert got.unknown == (seen[vocab[UNK]] if mode == "character" else 0)
    assert (got.ordinary, got.used) == (len(vocab) - len(special), len(seen.keys() - special))


def test_usage_of_more_pieces_than_fit_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    found, counts = counted("morpheme")
    whole = tokenizer_files.usage(JSON["morpheme"], found, counts)
    monkeypatch.setattr(tokenizer_files, "_AT_ONCE", 7)
    assert tokenizer_files.usage(JSON["morpheme"], found, counts) == whole
    assert tokenizer_files.usage(JSON["morpheme"], pa.chunked_array([found[:5], found[5:]]), counts) == whole


def card(**changed: object) -> str:
    cut = {**segmentation(True), **changed}
    return to_card({"segmentation": cut, "tokenizer_sha256": sha256(JSON["morpheme"])})


def test_a_tokenizer_that_cuts_as_here_passes() -> None:
    assert check(JSON["morpheme"], card()).get_vocab_size() == len(TRAINED["morpheme"].vocab)
    assert check(JSON["morpheme"], card(morphemes=False, analyser=None, dictionary=None))


@pytest.mark.parametrize(
    ("tokenizer_json", "card_json", "where", "got"),
    [
        ("not json", card(), "tokenizer.json", "Exception"),
        ("{}", card(), "tokenizer.json", "Exception"),
        (json.dumps({**json.loads(JSON["byte"]), "decoder": None}), card(), "tokenizer.json", "BPE decoded by None"),
        (JSON["character"], card(), "tokenizer.json", "BPE decoded by Fuse"),
        (JSON["morpheme"], "", "card.json", "JSONDecodeError"),
        (JSON["morpheme"], "[]", "card.json", "TypeError"),
        (JSON["morpheme"], "{}", "card.json", "KeyError"),
        (JSON["byte"], card(), "card.json", "that of another"),
        (JSON["morpheme"], card(pattern=r"\w+|\W+"), "card.json: segmentation", "other pattern"),
        (JSON["morpheme"], card(analyser=None, more=1), "card.json: segmentation", "other analyser, more"),
    ],
)
def test_another_tokenizer_is_refused(tokenizer_json: str, card_json: str, where: str, got: str) -> None:
    with pytest.raises(ResourceError) as caught:
        check(tokenizer_json, card_json)
    assert (caught.value.where, caught.value.got) == (where, got)
