"""Documents with planted duplicates, their exact similarities on sets of strings, and a run of dedup over them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Collection, Hashable, Mapping
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import Any
from unicodedata import category, normalize

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from corpus_pipeline.schemas import contract
from corpus_pipeline.stages import dedup
from corpus_pipeline.stages.arrow import struct_of

DATA = Path(__file__).resolve().parents[1] / "data" / "sample"
NOUNS, ENDINGS, VERBS = (
    line.split()
    for line in (
        "정부 국회 학교 시장 기업 환경 교육 경제 문화 기술 반도체 전기차 농민 주민 학생 교사 의사 환자 병원 도서관 "
        "지하철 버스 공항 항구 어촌 산불 태풍 장마 가뭄 물가 금리 주택 전세 월세 청년 노인 아이 가족 친구 이웃",
        "을 를 이 가 은 는 에서 에게 와 과 도 만 의 부터 까지",
        "늘었다 줄었다 밝혔다 나섰다 멈췄다 바뀌었다 시작했다 끝났다 모였다 떠났다 배웠다 가르쳤다 지었다 고쳤다",
    )
)
SOURCES = ("blog", "law", "news")
Texts = dict[str, str]  # doc_id -> text
Tables = dict[str, list[Row]]
Grams = Callable[[str], Collection[Hashable]]
_JAMO = re.compile("([\u3131-\u318e]+)")


def doc_id(text: str, copy: int = 0) -> str:
    return sha256(f"{copy}\0{text}".encode()).hexdigest()[:32]


def sentence(draw: random.Random) -> str:
    words = [draw.choice(NOUNS) + draw.choice(ENDINGS) for _ in range(draw.randrange(4, 9))]
    return " ".join([*words, draw.choice(VERBS)]) + "."


def edited(words: list[str], edits: int, draw: random.Random) -> list[str]:
    words = list(words)
    for _ in range(edits):
        words[draw.randrange(len(words))] = draw.choice(NOUNS) + draw.choice(ENDINGS)
    return words


def planted(count: int, seed: int = 7) -> Texts:
    """Families of a base, edited copies of rising distance, retyped copies and copies of copies."""
    draw = random.Random(seed)
    texts: Texts = {}
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


def laws() -> Texts:
    """Laws of the bundled sample, among them revisions of the same."""
    files = [path for folder in ("law", "law_revisions") for path in sorted((DATA / folder).glob("*.md"))]
    texts = [path.read_text(encoding="utf-8") for path in files]
    return {doc_id(text): text for text in texts}


def words_of(text: str) -> list[str]:
    """Independent of the kernels: one character at a time, Python strings; jamo typed apart stay apart."""
    parts = _JAMO.split(text)
    parts[::2] = [normalize("NFC", normalize("NFKC", part).casefold()) for part in parts[::2]]
    kinds = ((c, category(c)) for c in "".join(parts))
    letters = (" " if kind[0] not in "LMN" or c == "\u318d" else c for c, kind in kinds if kind not in ("Cf", "Me"))
    return "".join(letters).split()


def runs_of(units: list[Any] | str, n: int) -> set[Hashable]:
    return {tuple(units[i : i + n]) for i in range(max(1, len(units) - n + 1))} if units else set()


def grams(text: str) -> set[str]:
    """Character 5-grams without spaces."""
    letters = "".join(words_of(text))
    return {letters[i : i + 5] for i in range(max(1, len(letters) - 4))} if letters else set()


def similarities(texts: Texts, of: Grams = grams) -> dict[tuple[str, str], float]:
    """Exact Jaccard similarity of all pairs, the smaller doc_id first."""
    sets = {key: frozenset(of(text)) for key, text in sorted(texts.items())}
    shared = {(a, b): len(sets[a] & sets[b]) for a, b in combinations(sets, 2)}
    return {(a, b): n / max(1, len(sets[a]) + len(sets[b]) - n) for (a, b), n in shared.items()}


def firsts(texts: Texts) -> Texts:
    """doc_id -> the smallest doc_id whose text has the same words."""
    first: dict[tuple[str, ...], str] = {}
    for key in sorted(texts):
        first.setdefault(tuple(words_of(texts[key])), key)
    return {key: first[tuple(words_of(text))] for key, text in texts.items()}


def source_of(key: str) -> str:
    return SOURCES[sha256(key.encode()).digest()[0] % len(SOURCES)]


def frame(spark: SparkSession, texts: Texts, partitions: int = 2) -> DataFrame:
    rows = [(key, source_of(key), text) for key, text in texts.items()]
    documents = spark.createDataFrame(rows, "doc_id string, source string, text string")
    return documents.selectExpr("*", "bigint(octet_length(text)) AS text_bytes").repartition(partitions)


def collected(tables: Mapping[str, DataFrame]) -> Tables:
    """The rows of each table in the order of its keys, after the contract's schema, keys and checks."""
    found = {}
    for name, table in tables.items():
        assert [(f.name, f.dataType) for f in table.schema] == [(f.name, f.dataType) for f in struct_of(name)], name
        keys = contract(name).keys
        found[name] = sorted(table.collect(), key=lambda row: tuple(row[key] for key in keys))
        assert len({tuple(row[key] for key in keys) for row in found[name]}) == len(found[name]), name
        local = table.sparkSession.createDataFrame(found[name], table.schema).coalesce(1)
        checks = local.agg(*(F.expr(check.sql).alias(check.name) for check in contract(name).checks)).first()
        assert checks is not None
        assert all(checks), (name, checks)
    return found


def run(spark: SparkSession, texts: Texts, partitions: int = 2, **params: Any) -> Tables:
    """All tables of one run; `duplicates` and `signatures` have a row for each document."""
    tables = collected(dedup.transform({"documents": frame(spark, texts, partitions)}, dedup.Params(**params)))
    for name in ("duplicates", "signatures"):
        assert [row.doc_id for row in tables[name]] == sorted(texts)
    return tables


def pairs_of(tables: Tables) -> dict[tuple[str, str], Row]:
    return {(row.doc_a, row.doc_b): row for row in tables["duplicate_pairs"]}


def duplicates_of(tables: Tables) -> dict[str, Row]:
    return {row.doc_id: row for row in tables["duplicates"]}
