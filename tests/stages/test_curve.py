"""fraction: auto on real text, against samples cut, tokenizers trained and tokens counted by Hugging Face's library."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from pyspark.sql import SparkSession
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels.morphemes import pieces
from corpus_pipeline.schemas import ALL
from corpus_pipeline.stages import sample
from corpus_pipeline.stages.curve import Figures
from corpus_pipeline.stages.drawing import draw, find_edges
from corpus_pipeline.stages.sample import Params
from tests.real_documents import Documents, tables, texts

pytestmark = pytest.mark.spark
VOCABULARY, FRACTIONS = 500, (1.0, 0.6, 0.1)
# so loose that the middle one passes: which one it is, is computed again below
RULE = {"weighted_overlap": 0.9, "fertility_within": 0.03, "source_fertility_within": 0.06}
PARAMS = Params(
    fraction="auto", fractions=FRACTIONS, vocab_size=VOCABULARY, max_token_bytes=0, max_repeated=0, max_digits=3,
    rule=RULE,
)  # fmt: skip


@pytest.fixture(scope="module")
def documents() -> Documents:
    """120 petitions and 12 pages of an encyclopedia, 0 to 3 copies."""
    read = texts(120, 4000)
    return {f"{i:032x}": (source, text, i % 4) for i, (source, text) in enumerate(read) if text}


def run(spark: SparkSession, documents: Documents, partitions: int) -> dict[str, list[Any]]:
    result = sample.transform(tables(spark, documents, partitions), PARAMS)
    return {table: sorted(df.collect()) for table, df in result.items()}


@pytest.fixture(scope="module")
def result(spark: SparkSession, documents: Documents) -> dict[str, list[Any]]:
    return run(spark, documents, 2)


@pytest.fixture(scope="module")
def figures(result: dict[str, list[Any]]) -> Figures:
    return {
        (row["fraction"], row["seed"], row["slice"], row["metric"]): row["value"] for row in result["tokenizer_curve"]
    }


class Oracle:
    """One sample: its pieces counted in Python, and the library's tokenizer of them."""

    def __init__(self, texts: list[tuple[str, int]]) -> None:
        self.counts: Counter[str] = Counter()
        for text, copies in texts:
            for piece in pieces([text]):
                self.counts[piece] += copies
        self.tokenizer = Tokenizer(models.BPE())
        self.tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, initial_alphabet=alphabet, show_progress=False)
        self.tokenizer.train_from_iterator(list(self.counts.elements()), trainer)

    @property
    def vocabulary(self) -> set[str]:
        return set(self.tokenizer.get_vocab())

    def tokens(self, counts: Mapping[str, int]) -> Counter[str]:
        found: Counter[str] = Counter()
        for piece, n in counts.items():
            for token in self.tokenizer.encode(piece).tokens:
                found[token] += n
        return found


@pytest.fixture(scope="module")
def oracles(spark: SparkSession, documents: Documents) -> dict[tuple[float, int], Oracle]:
    """Of each sample, drawn by itself."""
    kept = tables(spark, documents, 1)["mixture"].where("copies > 0")
    found = {}
    for fraction, seed in [*((f, PARAMS.seed) for f in FRACTIONS), (0.6, PARAMS.second_seed)]:
        texts = []
        for row in draw(kept, find_edges(kept, (fraction,), seed), seed).collect():
            text = documents[row["doc_id"]][1].encode()[: row["taken"][0]].decode("utf-8", "ignore")
            texts.append((text, row["copies"]))
        found[fraction, seed] = Oracle(texts)
    return found


def weighted(reference: Oracle, other: Oracle, counts: Mapping[str, int]) -> float:
    tokens = reference.tokens(counts)
    return sum(n for token, n in tokens.items() if token in other.vocabulary) / tokens.total()


def test_pieces_and_overlaps(figures: Figures, oracles: dict[tuple[float, int], Oracle]) -> None:
    whole = oracles[1.0, PARAMS.seed]
    for (fraction, seed), oracle in oracles.items():
        at = (fraction, seed, ALL)
        assert figures[*at, "vocab_size"] == len(oracle.vocabulary) == VOCABULARY
        if seed != PARAMS.seed:
            first, prefix = oracles[fraction, PARAMS.seed], "floor_"
        else:
            first, prefix = whole, ""
            assert figures[*at, "pieces"] == oracle.counts.total()
            assert figures[*at, "distinct_pieces"] == len(oracle.counts)
        common, either = first.vocabulary & oracle.vocabulary, first.vocabulary | oracle.vocabulary
        assert figures[*at, f"{prefix}overlap"] == len(common) / VOCABULARY
        assert figures[*at, f"{prefix}jaccard"] == len(common) / len(either)
        assert figures[*at, f"{prefix}weighted_overlap"] == pytest.approx(
            weighted(first, oracle, whole.counts), abs=1e-12
        )
    assert (1.0, PARAMS.second_seed, ALL, "floor_overlap") not in figures


def test_fertility_and_what_is_chosen(
    figures: Figures, result: dict[str, list[Any]], documents: Documents, oracles: dict[tuple[float, int], Oracle]
) -> None:
    fertility: dict[tuple[float, str], float] = {}
    for fraction in FRACTIONS:
        tokens, eojeol = Counter[str](), Counter[str]()
        for source, text, copies in documents.values():
            counts = Counter(pieces([text]))
            n = copies * oracles[fraction, PARAMS.seed].tokens(counts).total()
            words = copies * len(re.findall(r"\S+", text))
            tokens.update({source: n, ALL: n})
            eojeol.update({source: words, ALL: words})
        for part, n in tokens.items():
            fertility[fraction, part] = n / eojeol[part]
            name = part if part == ALL else f"source={part}"
            assert figures[fraction, PARAMS.seed, name, "fertility"] == pytest.approx(fertility[fraction, part])
    whole = oracles[1.0, PARAMS.seed]
    floor = weighted(oracles[0.6, PARAMS.seed], oracles[0.6, PARAMS.second_seed], whole.counts)
    met = []
    for fraction in sorted(FRACTIONS):
        off = {part: abs(fertility[fraction, part] / fertility[1.0, part] - 1) for _, part in fertility}
        near = weighted(whole, oracles[fraction, PARAMS.seed], whole.counts) >= min(RULE["weighted_overlap"], floor)
        sources = max(off["petitions"], off["encyclopedia"]) <= RULE["source_fertility_within"]
        met += [fraction] if near and sources and off[ALL] <= RULE["fertility_within"] else []
    assert met[0] == 0.6  # neither the smallest nor the largest
    assert figures[0.6, PARAMS.seed, ALL, "chosen"] == figures[0.6, PARAMS.seed, ALL, "rule_met"] == 1
    taken = sum(row["sampled_bytes"] * row["copies"] for row in result["tokenizer_sample"])
    volume = sum(len(text.encode()) * copies for _, text, copies in documents.values())
    assert taken == figures[0.6, PARAMS.seed, ALL, "bytes"] == pytest.approx(0.6 * volume, abs=8)


def test_more_text_is_nearer(figures: Figures) -> None:
    for metric in ("overlap", "jaccard", "weighted_overlap", "distinct_pieces"):
        values = [figures[fraction, PARAMS.seed, ALL, metric] for fraction in sorted(FRACTIONS)]
        assert values == sorted(set(values)), metric
    assert 0.4 < figures[1.0, PARAMS.seed, ALL, "heaps_exponent"] < 0.9
    assert -1.5 < figures[1.0, PARAMS.seed, ALL, "zipf_slope"] < -0.5


def test_partitions_change_nothing(spark: SparkSession, documents: Documents, result: dict[str, list[Any]]) -> None:
    assert run(spark, documents, 7) == result


def test_a_sample_without_text(spark: SparkSession, documents: Documents) -> None:
    with pytest.raises(ResourceError) as caught:
        sample.transform(
            tables(spark, dict.fromkeys(documents, ("s", "가", 1)), 1), Params(fraction="auto", fractions=(0.5, 0.001))
        )
    assert caught.value.where == "sample.fractions"
