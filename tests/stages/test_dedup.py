"""dedup: against all-pairs Jaccard on sets of strings, networkx and the contract's own checks."""

from __future__ import annotations

import random
from collections import Counter
from hashlib import sha256
from itertools import combinations
from typing import Any
from unicodedata import category, normalize

import networkx as nx
import pyarrow as pa
import pytest
from pydantic import ValidationError
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from corpus_pipeline.schemas import contract
from corpus_pipeline.stages import dedup
from corpus_pipeline.stages.arrow import struct_of

NOUNS, ENDINGS, VERBS = (
    line.split()
    for line in (
        "정부 국회 학교 시장 기업 환경 교육 경제 문화 기술 반도체 전기차 농민 주민 학생 교사 의사 환자 병원 도서관 "
        "지하철 버스 공항 항구 어촌 산불 태풍 장마 가뭄 물가 금리 주택 전세 월세 청년 노인 아이 가족 친구 이웃",
        "을 를 이 가 은 는 에서 에게 와 과 도 만 의 부터 까지",
        "늘었다 줄었다 밝혔다 나섰다 멈췄다 바뀌었다 시작했다 끝났다 모였다 떠났다 배웠다 가르쳤다 지었다 고쳤다",
    )
)
Found = tuple[dict[str, Row], dict[tuple[str, str], Row]]


def sentence(draw: random.Random) -> str:
    words = [draw.choice(NOUNS) + draw.choice(ENDINGS) for _ in range(draw.randrange(4, 9))]
    return " ".join([*words, draw.choice(VERBS)]) + "."


def doc_id(text: str, copy: int = 0) -> str:
    return sha256(f"{copy}\0{text}".encode()).hexdigest()[:32]


def edited(words: list[str], edits: int, draw: random.Random) -> list[str]:
    words = list(words)
    for _ in range(edits):
        words[draw.randrange(len(words))] = draw.choice(NOUNS) + draw.choice(ENDINGS)
    return words


def planted(count: int, seed: int = 7) -> dict[str, str]:
    """doc_id -> text: families of a base, edited copies of rising distance, retyped copies and copies of copies."""
    draw = random.Random(seed)
    texts: dict[str, str] = {}
    while len(texts) < count:
        words = " ".join(sentence(draw) for _ in range(draw.randrange(2, 12))).split()
        family = [
            words,
            *(edited(words, draw.randrange(1, 2 + len(words) // 16), draw) for _ in range(draw.randrange(4))),
        ]
        if draw.random() < 0.3:
            family.append(edited(family[-1], 2, draw))
        for member in family:
            text = " ".join(member)
            texts[doc_id(text)] = text
            if draw.random() < 0.2:
                texts[doc_id(text, 1)] = text.replace(". ", "!\n\n") + " ♥"
    return texts


def grams(text: str) -> set[str]:
    """Independent of the kernels: one character at a time, Python strings."""
    letters = "".join(c for c in normalize("NFKC", text).casefold() if category(c)[0] in "LMN")
    return {letters[i : i + 5] for i in range(len(letters) - 4)} or ({letters} if letters else set())


def words_of(text: str) -> str:
    return " ".join("".join(c if category(c)[0] in "LMN" else " " for c in text).split())


def similarities(texts: dict[str, str]) -> dict[tuple[str, str], float]:
    sets = {key: grams(text) for key, text in sorted(texts.items())}
    return {(a, b): len(sets[a] & sets[b]) / len(sets[a] | sets[b]) for a, b in combinations(sets, 2)}


def run(spark: SparkSession, texts: dict[str, str], partitions: int = 2, **params: Any) -> Found:
    frame = spark.createDataFrame(list(texts.items()), "doc_id string, text string").repartition(partitions)
    tables = dedup.transform({"documents": frame}, dedup.Params(**params))
    for name, table in tables.items():
        assert [(f.name, f.dataType) for f in table.schema] == [(f.name, f.dataType) for f in struct_of(name)]
        checks = [F.expr(check.sql).alias(check.name) for check in contract(name).checks]
        assert all(table.agg(*checks).first() or [False])
    duplicates, pairs = tables["duplicates"].collect(), tables["duplicate_pairs"].collect()
    assert sorted(row.doc_id for row in duplicates) == sorted(texts)
    assert len({(row.doc_a, row.doc_b) for row in pairs}) == len(pairs)
    spark.catalog.clearCache()
    return {row.doc_id: row for row in duplicates}, {(row.doc_a, row.doc_b): row for row in pairs}


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return planted(300)


@pytest.fixture(scope="module")
def found(spark: SparkSession, texts: dict[str, str]) -> Found:
    return run(spark, texts)


@pytest.mark.spark
def test_every_pair_is_true_and_nearly_all_are_found(texts: dict[str, str], found: Found) -> None:
    _, pairs = found
    truth = similarities(texts)
    near = {key: row for key, row in pairs.items() if row.kind == "near"}
    assert all(row.similarity == truth[key] >= 0.8 for key, row in near.items())  # precision 1.0
    stands = _smallest_of_same_form(texts)
    close = {(a, b) for (a, b), s in truth.items() if s >= 0.85 and stands[a] == a and stands[b] == b}
    assert len(close) > 50
    assert len(close & set(near)) >= 0.99 * len(close)


@pytest.mark.spark
def test_exact_groups_are_equal_forms(texts: dict[str, str], found: Found) -> None:
    duplicates, pairs = found
    stands = _smallest_of_same_form(texts)
    copies = {(first, key) for key, first in stands.items() if first != key}
    assert len(copies) > 30
    assert {key for key, row in pairs.items() if row.kind == "exact"} == copies
    assert all(pairs[key].similarity == 1.0 for key in copies)
    assert all((duplicates[b].kind, duplicates[b].partner_id) == ("exact", a) for a, b in copies)


def _smallest_of_same_form(texts: dict[str, str]) -> dict[str, str]:
    first: dict[str, str] = {}
    for key in sorted(texts):
        first.setdefault(words_of(texts[key]), key)
    return {key: first[words_of(text)] for key, text in texts.items()}


@pytest.mark.spark
def test_clusters_and_partners_follow_from_the_pairs(texts: dict[str, str], found: Found) -> None:
    duplicates, pairs = found
    graph = nx.Graph(list(pairs))
    graph.add_nodes_from(texts)
    for part in nx.connected_components(graph):
        assert all((duplicates[k].cluster_id, duplicates[k].cluster_size) == (min(part), len(part)) for k in part)
    for key, row in duplicates.items():
        near = any(pairs[min(key, b), max(key, b)].kind == "near" for b in graph[key])
        copy = any(b < key and pairs[b, key].kind == "exact" for b in graph[key])
        assert row.kind == ("exact" if copy else "near" if near else "exact" if graph[key] else "none")
        ranked = sorted((-pairs[min(key, b), max(key, b)].similarity, b) for b in graph[key])
        expected = (ranked[0][1], -ranked[0][0]) if ranked else (None, None)
        assert (row.partner_id, row.similarity) == expected


@pytest.mark.spark
@pytest.mark.parametrize("partitions", [1, 16])
def test_partitions_order_and_way_do_not_matter(
    spark: SparkSession, texts: dict[str, str], found: Found, partitions: int
) -> None:
    shuffled = list(texts.items())
    random.Random(partitions).shuffle(shuffled)
    driver_edges = 0 if partitions == 16 else 1000
    assert run(spark, dict(shuffled), partitions, driver_edges=driver_edges) == found


@pytest.mark.spark
def test_short_empty_and_retyped_texts(spark: SparkSession) -> None:
    texts = {
        "00": "",
        "01": " \n\u3000",
        "02": "!!! ♥",
        "03": "안녕하세요 반갑습니다",
        "04": "안녕히 가세요 여러분",  # under 13 words, and other words
        "05": "안녕하세요, 반갑습니다!!",
        "06": "안녕 하세요 반갑습니다",  # other word borders: near, not exact
        "07": "네",
        "08": "넵",
        "09": "네?",
    }
    duplicates, pairs = run(spark, texts)
    assert {key: row.kind for key, row in pairs.items()} == {
        ("03", "05"): "exact",
        ("03", "06"): "near",
        ("07", "09"): "exact",
    }
    kinds = " ".join(duplicates[key].kind for key in sorted(texts))
    assert kinds == "none none none near none exact near exact none exact"
    assert (duplicates["03"].partner_id, duplicates["07"].partner_id, duplicates["06"].partner_id) == ("05", "09", "03")
    assert [duplicates[key].cluster_size for key in ("00", "03", "06", "07")] == [1, 3, 3, 2]


@pytest.mark.spark
def test_a_hot_bucket_stays_linear(spark: SparkSession) -> None:
    draw = random.Random(3)
    words = " ".join(sentence(draw) for _ in range(40)).split()
    texts = {f"{i:05d}": " ".join(words) for i in range(2000)}  # one exact group
    texts |= {f"{i:05d}": " ".join([*words, f"{i}번째"]) for i in range(2000, 2400)}  # one bucket of near ones
    duplicates, pairs = run(spark, texts, bucket_representatives=4)
    kinds = Counter(row.kind for row in pairs.values())
    assert kinds["exact"] == 1999
    assert 400 <= kinds["near"] <= 400 * 4 * 3  # of 80,200 pairs; leaders differ a little from band to band
    assert {row.cluster_id for row in duplicates.values()} == {"00000"}
    assert {row.cluster_size for row in duplicates.values()} == {2400}


@pytest.mark.spark
def test_long_documents_are_compared_on_a_bounded_sketch(spark: SparkSession) -> None:
    draw = random.Random(4)
    words = " ".join(sentence(draw) for _ in range(300)).split()
    texts = {"a": " ".join(words), "b": " ".join(edited(words, 40, draw)), "c": " ".join(reversed(words))}
    exact = similarities(texts)["a", "b"]
    _, pairs = run(spark, texts, max_shingles=2000)
    assert set(pairs) == {("a", "b")}
    assert pairs["a", "b"].similarity != exact
    assert abs(pairs["a", "b"].similarity - exact) < 4 * (exact * (1 - exact) / 2000) ** 0.5


def test_kernels_read_sliced_batches_and_signed_hashes() -> None:
    params = dedup.Params()
    texts = ["버릴 글", *(sentence(random.Random(i)) for i in range(3)), ""]
    batch = pa.RecordBatch.from_pydict({"doc_id": list("abcde"), "text": texts})
    hashes = dedup.shingle_batch(batch, params=params).column("hashes")
    assert min(hashes.values.to_pylist()) < 0 < max(hashes.values.to_pylist())
    pairs = pa.RecordBatch.from_arrays(
        [pa.array(list("abcde")), pa.array(list("abcde")), hashes, hashes], ["doc_a", "doc_b", "hashes_a", "hashes_b"]
    )
    compared = dedup.compare_batch(pairs.slice(1), params=params)
    assert compared.column("similarity").to_pylist() == [1.0, 1.0, 1.0, 0.0]
    assert compared.column("doc_a").to_pylist() == list("bcde")
    described = dedup.describe_batch(batch, params=params)
    assert described.column("bands").to_pylist()[4] is None
    assert [len(row) for row in described.column("bands").to_pylist()[:4]] == [28] * 4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bands": 4}, "set together"),
        ({"bands": 40, "rows": 10}, "need 400 permutations, not 256"),
        ({"threshold": 0.0}, "greater than 0"),
        ({"treshold": 0.5}, "Extra inputs"),
    ],
)
def test_params_that_cannot_be(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        dedup.Params(**settings)


def test_banding() -> None:
    assert dedup.Params().banding() == (28, 9)
    assert dedup.Params(bands=14, rows=8, permutations=112).banding() == (14, 8)
