"""Counts by Spark equal counts by hand, the library's trainer agrees, and the card says what was left out."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels.morphemes import pieces, runs
from corpus_pipeline.stages import train_tokenizer
from corpus_pipeline.stages.counting import cut_texts
from corpus_pipeline.stages.train_tokenizer import Params
from tests.refusal import assert_refused

TEXTS = [f"{i}번째 학교에서 배운 것을 집에서 다시 읽었습니다. The {i} books, 학교에서!" for i in range(40)]
SIZES = [len(text.encode()) for text in TEXTS]
COPIES = [i % 3 for i in range(40)]  # the mixture's: every third document is dropped
SPECIAL = ["<|endoftext|>", "<|pad|>"]
MODES = ("morpheme", "byte", "character")


def trained(spark: SparkSession, partitions: int = 2, drawn: int = 40, **params: Any) -> dict[str, str]:
    """The files; `drawn` documents are in the sample, once each and whole."""
    rows = [(f"d{i:02}", text) for i, text in enumerate(TEXTS)]
    sample = [(f"d{i:02}", 1, SIZES[i]) for i in range(drawn)]
    return files(spark, rows, sample, partitions=partitions, **params)


def files(
    spark: SparkSession, texts: list[tuple[str, str]], sample: list[tuple[str, int, int]], **params: Any
) -> dict[str, str]:
    partitions = params.pop("partitions", 2)
    mixture = [(f"d{i:02}", copies, SIZES[i]) for i, copies in enumerate(COPIES)]
    tables = {
        "documents": spark.createDataFrame(texts, "doc_id string, text string").repartition(partitions),
        "tokenizer_sample": spark.createDataFrame(sample, "doc_id string, copies int, sampled_bytes long"),
        "mixture": spark.createDataFrame(mixture, "doc_id string, copies int, text_bytes long"),
    }
    rows = train_tokenizer.transform(tables, Params(**{"vocab_size": 330, **params}))["tokenizer"].collect()
    return {row["name"]: row["content"] for row in rows}


def card(made: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(made["card.json"])
    return found


def by_library(cut: list[str], mode: str, vocab_size: int, characters: int) -> tuple[dict[str, int], list[Any]]:
    """Vocabulary and merges of the library's own trainer on pieces."""
    tokenizer = Tokenizer(models.BPE())
    if mode == "character":
        options: dict[str, Any] = {"special_tokens": [*SPECIAL, "<|unk|>"], "limit_alphabet": characters}
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        options = {"special_tokens": SPECIAL, "initial_alphabet": pre_tokenizers.ByteLevel.alphabet()}
    tokenizer.train_from_iterator(cut, trainers.BpeTrainer(vocab_size=vocab_size, show_progress=False, **options))
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], model["merges"]


@pytest.mark.spark
@pytest.mark.parametrize("mode", MODES)
def test_the_librarys_trainer_makes_the_same_tokenizer(spark: SparkSession, mode: str) -> None:
    vocab_size = 90 if mode == "character" else 330
    made = trained(spark, mode=mode, vocab_size=vocab_size, characters=1000)
    cut = pieces(TEXTS) if mode == "morpheme" else [run for text in TEXTS for run in runs(text)]
    vocab, merges = by_library(cut, mode, vocab_size, 1000)
    model = json.loads(made["tokenizer.json"])["model"]
    assert model["vocab"] == vocab
    assert model["merges"] == merges
    assert len(merges) > 10
    facts = card(made)
    assert (facts["mode"], facts["segmentation"]["morphemes"]) == (mode, mode == "morpheme")
    assert (facts["pieces"], facts["distinct_pieces"]) == (len(cut), len(set(cut)))
    assert (facts["documents"], facts["copies"], facts["bytes"]) == (40, 40, sum(SIZES))
    assert facts["tokenizer_sha256"] == hashlib.sha256(made["tokenizer.json"].encode()).hexdigest()
    tokenizer = Tokenizer.from_str(made["tokenizer.json"])
    tokens = sum(len(tokenizer.encode([piece], is_pretokenized=True).ids) for piece in cut)
    assert facts["metrics"]["tokens"] == tokens
    assert facts["metrics"]["bytes_per_token"] == pytest.approx(sum(SIZES) / tokens, abs=1e-6)
    assert facts["metrics"]["tokens_per_piece"] == pytest.approx(tokens / len(cut), abs=1e-6)
    assert (facts["metrics"]["unknown_share"], facts["warnings"]) == (0, [])
    pair = {"vocab.json", "merges.txt"} if mode != "character" else set()
    assert made.keys() == {"tokenizer.json", "tokenizer_config.json", "card.json", *pair}


@pytest.mark.spark
def test_partitions_change_no_byte(spark: SparkSession) -> None:
    first = trained(spark, 1)
    assert all(trained(spark, n) == first for n in (3, 16))


@pytest.mark.spark
def test_a_copy_counts_like_a_document(spark: SparkSession) -> None:
    texts = [("a", TEXTS[0]), ("b", TEXTS[1])]
    thrice = files(spark, texts, [("a", 3, SIZES[0]), ("b", 1, SIZES[1])], vocab_size=300)
    spelled = [(f"a{i}", TEXTS[0]) for i in range(3)] + [texts[1]]
    apart = files(spark, spelled, [(name, 1, len(text.encode())) for name, text in spelled], vocab_size=300)
    assert thrice["tokenizer.json"] == apart["tokenizer.json"]
    assert card(thrice)["pieces"] == len(pieces([TEXTS[0]] * 3 + [TEXTS[1]])) == card(apart)["pieces"]
    assert card(thrice)["metrics"] == card(apart)["metrics"]
    assert card(thrice)["documents"] == 2
    assert card(thrice)["corpus_fingerprint"] != card(apart)["corpus_fingerprint"]


@pytest.mark.spark
def test_the_whole_mixture_is_weighed_by_its_copies(spark: SparkSession) -> None:
    facts = card(trained(spark, drawn=1, source="all"))
    copied = [text for text, copies in zip(TEXTS, COPIES, strict=True) for _ in range(copies)]
    assert (facts["pieces"], facts["copies"]) == (len(pieces(copied)), len(copied))
    assert (facts["documents"], facts["source"]) == (sum(n > 0 for n in COPIES), "all")


@pytest.mark.spark
def test_only_the_sampled_bytes_count(spark: SparkSession) -> None:
    text = "학교에서 배운 것을 다시"
    size = len("학교에서 배운".encode())
    made = card(files(spark, [("a", text), ("b", text)], [("a", 1, size + 2), ("b", 1, 10**6)], vocab_size=258))
    assert made["bytes"] == size + 1 + len(text.encode())  # of "것" one byte only was left: it is not in the sample
    assert made["pieces"] == len(pieces(["학교에서 배운 ", text]))


@given(st.lists(st.tuples(st.text(max_size=8), st.integers(0, 30)), min_size=1, max_size=6))
def test_texts_are_cut_on_character_borders(rows: list[tuple[str, int]]) -> None:
    texts, sizes = zip(*rows, strict=True)
    columns = {"text": pa.array(texts, pa.string()), "sampled_bytes": pa.array(sizes, pa.int64())}
    got = cut_texts(pa.RecordBatch.from_pydict(columns)).column("text").to_pylist()
    for text, size, cut in zip(texts, sizes, got, strict=True):
        longest = max(k for k in range(len(text) + 1) if len(text[:k].encode()) <= size)
        assert cut == text[:longest]


@pytest.mark.spark
def test_rare_pieces_are_left_out_as_the_card_says(spark: SparkSession) -> None:
    counts = Counter(pieces(TEXTS))
    facts = card(trained(spark, min_count=10))
    kept = {piece: n for piece, n in counts.items() if n >= 10}
    assert (facts["distinct_pieces_used"], facts["rarest_count_used"]) == (len(kept), min(kept.values()))
    assert facts["distinct_pieces_pruned"] == len(counts) - len(kept)
    assert facts["pieces_used_share"] == pytest.approx(sum(kept.values()) / counts.total(), abs=1e-6)
    size = sum(n * len(piece.encode()) for piece, n in kept.items())
    assert facts["bytes_used_share"] == pytest.approx(size / sum(SIZES), abs=1e-6)


@pytest.mark.spark
def test_the_limit_on_pieces_keeps_the_most_frequent_and_no_half_of_equals(spark: SparkSession) -> None:
    counts = Counter(pieces(TEXTS))
    for limit in (10, len(counts)):
        facts = card(trained(spark, max_pieces=limit, vocab_size=258))
        floor = min(n for n in counts.values() if sum(m >= n for m in counts.values()) <= limit)
        assert facts["rarest_count_used"] == floor
        assert facts["distinct_pieces_used"] == sum(n >= floor for n in counts.values()) <= limit


@pytest.mark.spark
def test_a_vocabulary_that_could_not_be_filled_is_a_warning(spark: SparkSession) -> None:
    facts = card(trained(spark, vocab_size=5000))
    assert facts["vocab_size"] < facts["vocab_size_asked"] == 5000
    assert str(facts["vocab_size"]) in facts["warnings"][0]


@pytest.mark.spark
def test_no_token_passes_the_caps(spark: SparkSession) -> None:
    text = "ㅋㅋㅋㅋㅋㅋㅋㅋㅋㅋ 123 456 accommodation 학교에서는 " * 9
    caps = {"max_repeated": 4, "max_digits": 2, "max_token_bytes": 9}
    made = files(spark, [("a", text)], [("a", 1, 10**6)], mode="byte", vocab_size=400, **caps)
    tokenizer = Tokenizer.from_str(made["tokenizer.json"])
    tokens = [tokenizer.decode([i]) for i in range(2, tokenizer.get_vocab_size())]
    assert [token for token in tokens if "\ufffd" not in token and len(token.encode()) > 9] == []
    assert [token for token in tokens if sum(c.isdigit() for c in token) > 2] == []
    assert [token for token in tokens if "ㅋㅋㅋㅋㅋ" in token] == []
    assert card(made)["caps"] == {"token_bytes": 9, "repeated": 4, "digits": 2}


@pytest.mark.spark
def test_nothing_to_train_on(spark: SparkSession) -> None:
    with pytest.raises(ResourceError) as caught:
        trained(spark, drawn=0)
    assert (caught.value.where, caught.value.got) == ("tokenizer_sample", "none")
    with pytest.raises(ResourceError) as caught:
        trained(spark, min_count=10**6, source="all")
    assert caught.value.where == "mixture"
    assert "min_count" in caught.value.todo


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"special_tokens": ["<|endoftext|>", "<|pad|>", "<|pad|>"]}, "twice"),
        ({"special_tokens": ["<|endoftext|>", "<|pad|>", ""]}, "letters with marks"),
        ({"special_tokens": ["<|endoftext|>", "<|pad|>", "a"]}, "letters with marks"),
        ({"special_tokens": ["<|endoftext|>", "<|pad|>", "Ġthe"]}, "letters with marks"),
        ({"special_tokens": ["<|endoftext|>", "<|pad|>", "<end of text>"]}, "no space"),
        ({"special_tokens": ["<|pad|>"]}, "eos_token '<|endoftext|>' is not in special_tokens"),
        ({"special_tokens": ["</s>"], "eos_token": "</s>"}, "pad_token"),
        ({"mode": "character", "unk_token": "?"}, "letters with marks"),
        ({"vocab_size": 257}, "at least 258"),
        ({"vocab_size": 2**21 + 1}, "less than or equal to 2097152"),
        ({"vocab_size": 3, "mode": "character"}, "at least 4"),
        ({"max_digits": 4}, "cut after 3 digits"),
        ({"mode": "word"}, "'morpheme', 'byte' or 'character'"),
    ],
)
def test_settings_that_cannot_work(settings: dict[str, Any], message: str) -> None:
    assert_refused(Params, "train_tokenizer", settings, message)


def test_settings_that_work() -> None:
    assert Params(special_tokens=("</s>", "<s>"), eos_token="</s>", pad_token=None).roles == {"eos_token": "</s>"}
    assert Params(vocab_size=2**21).vocab_size == 2**21
    character = Params(mode="character", vocab_size=4)
    assert character.all_special == (*SPECIAL, "<|unk|>")
    assert Params(mode="character", special_tokens=("<|unk|>", *SPECIAL)).all_special == ("<|unk|>", *SPECIAL)
