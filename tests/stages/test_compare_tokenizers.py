"""The comparison on real text, against tokenizers trained and documents encoded one by one in plain Python."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import regex
from pyspark.sql import DataFrame, SparkSession
from tokenizers import Tokenizer

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels import bpe, tokenizer_files
from corpus_pipeline.kernels.morphemes import morphemes, pieces, runs
from corpus_pipeline.run.comparison_table import comparison_table
from corpus_pipeline.schemas import contract
from corpus_pipeline.stages import compare_tokenizers, vocabulary
from corpus_pipeline.stages.compare_tokenizers import Params
from corpus_pipeline.stages.drawing import draw, find_edges
from corpus_pipeline.stages.vocabulary import Counted
from tests.real_documents import Documents, tables, texts
from tests.refusal import assert_refused

SPECIAL, UNK = ["<|endoftext|>", "<|pad|>"], "<|unk|>"
SIZES, CHARACTERS, HELD_OUT = (400, 900), 600, 0.3  # in the smaller size there is no room for 600 characters
PARAMS = Params(sizes=SIZES, characters=CHARACTERS, held_out=HELD_OUT, max_token_bytes=20, max_repeated=3, max_digits=2)
CAPS = bpe.Caps(20, 3, 2)
Figures = dict[tuple[str, int, str, str], float]


def marker(i: int) -> str:
    """A word that stands in document number i alone."""
    return "qz" + "".join("abcdefghij"[int(digit)] for digit in f"{i:03}")


@pytest.fixture(scope="module")
def documents() -> Documents:
    """60 petitions and 12 pages of an encyclopedia, 0 to 2 copies, each with its marker in front."""
    read = texts(60, 3000)
    return {f"{i:032x}": (source, f"{marker(i)} {text}", i % 3) for i, (source, text) in enumerate(read)}


def compared(given: dict[str, DataFrame], params: Params) -> DataFrame:
    return compare_tokenizers.transform(given, params)["tokenizer_comparison"]


def as_figures(result: DataFrame) -> Figures:
    rows = result.collect()
    found = {(row["variant"], row["vocab_size"], row["slice"], row["metric"]): row["value"] for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.fixture(scope="module")
def published(spark: SparkSession, documents: Documents) -> DataFrame:
    return compared(tables(spark, documents, 1), PARAMS)


@pytest.fixture(scope="module")
def figures(published: DataFrame) -> Figures:
    return as_figures(published)


@pytest.fixture(scope="module")
def held(spark: SparkSession, documents: Documents) -> dict[str, str]:
    """doc_id -> the part of the text that is measured. tests/stages/test_sample.py holds `draw` to its word."""
    kept = tables(spark, documents, 1)["mixture"].where("copies > 0")
    drawn = draw(kept, find_edges(kept, [HELD_OUT], PARAMS.seed), PARAMS.seed).collect()
    taken = {row["doc_id"]: row["taken"][0] for row in drawn if row["taken"][0]}
    return {doc_id: documents[doc_id][1].encode()[:n].decode("utf-8", "ignore") for doc_id, n in taken.items()}


class Oracle:
    """One tokenizer, trained on the documents that are not held out."""

    def __init__(self, variant: str, size: int, texts: list[str]) -> None:
        self.by_morpheme, self.unknown = variant == "morpheme", variant == "character"
        trained_on = pieces if variant.startswith("morpheme") else lambda ts: [run for text in ts for run in runs(text)]
        counts = Counter(trained_on(texts))
        self.pieces = len(counts)
        columns = pa.array(counts.keys(), pa.string()), np.array(list(counts.values()), np.int64)
        special = [*SPECIAL, UNK] if self.unknown else SPECIAL
        alphabet = bpe.characters(*columns, min(CHARACTERS, size - 3)) if self.unknown else None
        trained = bpe.train(*columns, size, special, caps=CAPS, alphabet=alphabet)
        self.vocab, self.special = trained.vocab, len(special)
        self.tokenizer = Tokenizer.from_str(tokenizer_files.to_json(trained, special, UNK if self.unknown else None))
        self.tokenizer.encode_special_tokens = True

    def crossing(self, text: str, tokens: list[str]) -> int:
        ends = accumulate((1 if token == UNK else len(token) for token in tokens), initial=0)
        cut = [morpheme for run in runs(text) for morpheme in morphemes(run)]
        borders = list(accumulate(len(one) if self.unknown else len(one.encode()) for one in cut))
        return sum(any(start < border < end for border in borders) for start, end in pairwise(ends))

    def measure(self, texts: list[str]) -> dict[str, float]:
        """Every metric, the documents given as often as they have copies."""
        seen, crossing, exact = Counter[int](), 0, 0
        for text in texts:
            given: Any = pieces([text]) if self.by_morpheme else text
            encoded = self.tokenizer.encode(given, is_pretokenized=self.by_morpheme)
            seen.update(encoded.ids)
            crossing += self.crossing(text, encoded.tokens)
            exact += self.tokenizer.decode(encoded.ids, skip_special_tokens=False) == text
        total, size = seen.total(), sum(len(text.encode()) for text in texts)
        eojeol = sum(len(regex.findall(r"\P{White_Space}+", text)) for text in texts)
        moment = math.fsum((n / total) ** 2.5 for n in seen.values())
        return {
            "tokens": total, "bytes": size, "eojeol": eojeol, "documents": len(texts),
            "crossing_share": crossing / total, "tokens_per_eojeol": total / eojeol,
            "bytes_per_token": size / total, "exact_share": exact / len(texts),
            "unknown_share": seen[self.vocab[UNK]] / total if self.unknown else 0,
            "renyi_efficiency": math.log(moment) / (1 - 2.5) / math.log(len(self.vocab)),
            "vocabulary_used_share": sum(i >= self.special for i in seen) / (len(self.vocab) - self.special),
        }  # fmt: skip


@pytest.mark.spark
@pytest.mark.parametrize("variant", ["character", "byte", "morpheme", "morpheme_as_text"])
def test_every_figure_is_that_of_documents_one_by_one(
    variant: str, figures: Figures, documents: Documents, held: dict[str, str]
) -> None:
    rest = [text for doc_id, (_, text, n) in documents.items() if doc_id not in held for _ in range(n)]
    for size in SIZES:
        oracle = Oracle(variant, size, rest)
        facts = {"vocab_size_actual": size, "distinct_pieces_used": oracle.pieces, "pieces_used_share": 1}
        for part in ("all", "source=petitions", "source=encyclopedia"):
            chosen = [doc_id for doc_id in held if part in ("all", f"source={documents[doc_id][0]}")]
            texts = [held[doc_id] for doc_id in chosen for _ in range(documents[doc_id][2])]
            got = {key[3]: value for key, value in figures.items() if key[:3] == (variant, size, part)}
            assert got == pytest.approx({**oracle.measure(texts), **(facts if part == "all" else {})}, rel=1e-12), part


@pytest.mark.spark
def test_partitions_change_no_figure(spark: SparkSession, documents: Documents, figures: Figures) -> None:
    assert as_figures(compared(tables(spark, documents, 3), PARAMS)) == figures


@pytest.mark.spark
def test_what_the_variants_promise(figures: Figures) -> None:
    for size in SIZES:
        shown = {(key[0], key[3]): value for key, value in figures.items() if key[1:3] == (size, "all")}
        for variant in ("byte", "morpheme", "morpheme_as_text"):
            assert (shown[variant, "unknown_share"], shown[variant, "exact_share"]) == (0, 1)
        assert shown["character", "unknown_share"] > 0
        assert shown["character", "exact_share"] < 1
        assert shown["morpheme", "crossing_share"] == 0
        assert 0 < shown["morpheme_as_text", "crossing_share"] < shown["byte", "crossing_share"] / 2


@pytest.mark.spark
def test_nothing_is_trained_on_what_is_held_out_and_the_rest_of_it_is_not_measured(
    spark: SparkSession, documents: Documents, held: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    trained_on: list[set[str]] = []

    def spy(counted: Counted, *rest: Any) -> bpe.Trained:
        trained_on.append(set(counted.pieces.to_pylist()))
        return vocabulary.train(counted, *rest)

    monkeypatch.setattr(compare_tokenizers, "train", spy)
    limit = 5000
    params = PARAMS.model_copy(update={"held_out_bytes": limit, "sizes": (300,), "characters": 100})
    shown = as_figures(compared(tables(spark, documents, 2), params))
    assert len(trained_on) == 3
    kept = {doc_id for doc_id, (_, _, copies) in documents.items() if copies}
    for seen in trained_on:
        assert {doc_id for doc_id in documents if marker(int(doc_id, 16)) in seen} == kept - held.keys()
    measured = shown["byte", 300, "all", "bytes"]
    assert 0.9 * limit < measured < limit + 10 < sum(len(text.encode()) for text in held.values())
    assert shown["byte", 300, "all", "documents"] < sum(documents[doc_id][2] for doc_id in held)


@pytest.mark.spark
def test_a_vocabulary_that_cannot_be_filled_says_so(spark: SparkSession) -> None:
    small = {f"{i}": ("a", "학교에서 배운 것을", 1) for i in range(8)}
    params = Params(variants=("byte",), sizes=(300, 5000), held_out=0.5)
    shown = as_figures(compared(tables(spark, small, 1), params))
    full = shown["byte", 5000, "all", "vocab_size_actual"]
    assert 258 < full < 300
    assert shown["byte", 300, "all", "vocab_size_actual"] == full
    assert {key[0] for key in shown} == {"byte"}


@pytest.mark.spark
def test_nothing_to_compare_on(spark: SparkSession) -> None:
    with pytest.raises(ResourceError) as caught:
        compared(tables(spark, {"1": ("a", "학교", 0)}, 1), PARAMS)
    assert caught.value.where == "mixture"
    with pytest.raises(ResourceError) as caught:  # the only document is held out
        compared(tables(spark, {"1": ("a", "학교", 1)}, 1), PARAMS)
    assert caught.value.where == "mixture"


@pytest.mark.spark
def test_the_contract_holds_and_the_table_shows_it(published: DataFrame, figures: Figures) -> None:
    checks = {check.name: check.sql for check in contract("tokenizer_comparison").checks}
    row = published.selectExpr(*[f"{sql} AS {name}" for name, sql in checks.items()]).collect()[0]
    assert row.asDict() == dict.fromkeys(checks, True)
    table = comparison_table(published)
    assert f"{figures['byte', 400, 'all', 'bytes']:,.0f} bytes" in table.splitlines()[0]
    assert list(rows_of(table, "morpheme_as_text")) == [
        ["400", "400", *cells(figures, "morpheme_as_text", 400)],
        ["900", "900", *cells(figures, "morpheme_as_text", 900)],
    ]
    variants = ("byte", "character", "morpheme", "morpheme_as_text")
    by_source = [f"{figures[v, 900, 'source=petitions', 'tokens_per_eojeol']:.3f}" for v in variants]
    assert list(rows_of(table, "source=petitions")) == [by_source]


def rows_of(table: str, name: str) -> Iterator[list[str]]:
    for line in table.splitlines():
        if line.startswith(f"{name} "):
            yield line.split()[1:]


def cells(figures: Figures, variant: str, size: int) -> list[str]:
    def value(metric: str) -> float:
        return figures[variant, size, "all", metric]

    return [
        f"{value('tokens_per_eojeol'):.3f}", f"{value('bytes_per_token'):.3f}", f"{100 * value('unknown_share'):.4f}%",
        f"{100 * value('crossing_share'):.2f}%", f"{100 * value('exact_share'):.2f}%",
        f"{value('renyi_efficiency'):.4f}", f"{100 * value('vocabulary_used_share'):.1f}%",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sizes": [32000, 257]}, "at least 258"),
        ({"sizes": [8000, 8000]}, "twice"),
        ({"sizes": []}, "at least 1 item"),
        ({"variants": ["word"]}, "'character', 'byte' or 'morpheme'"),
        ({"held_out": 1.0}, "less than 1"),
        ({"special_tokens": ["a"]}, "letters with marks"),
    ],
)
def test_settings_that_cannot_work(settings: dict[str, Any], message: str) -> None:
    assert_refused(Params, "compare_tokenizers", settings, message)


def test_characters_alone_need_no_bytes() -> None:
    assert Params(variants=("character",), sizes=(4,)).least_size("character") == 4
