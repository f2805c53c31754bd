"""The duplicates' view: whole classes, totals of the matrix that add up, and marks on just the words that differ."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any, cast

import networkx as nx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import fs as arrow_fs

from corpus_pipeline.run import small_files
from corpus_pipeline.run.duplicates_view import LENGTH, PAIRS, SOURCES, differences, samples, summary, visible
from corpus_pipeline.run.storage import Storage

COLUMNS = {"part": "", "other": "", "clusters": None, "documents": None, "exact_pairs": None, "near_pairs": None}


def figure(name: str, part: str, other: str = "", **values: int) -> dict[str, Any]:
    return {"figure": name, **COLUMNS, "part": part, "other": other, **values}


def pairs(one: str, other: str, near: int, exact: int = 0) -> dict[str, Any]:
    return figure("sources", min(one, other), max(one, other), near_pairs=near, exact_pairs=exact)


def sample(similarity: float, a: str, b: str, **more: Any) -> dict[str, Any]:
    ids = {"doc_a": "0a", "doc_b": "0b", "source_a": "news", "source_b": "web", "start": 0}
    return {**ids, "similarity": similarity, "excerpt_a": a, "excerpt_b": b, **more}


def marked(parts: list[tuple[str, bool]]) -> list[str]:
    return [text for text, differs in parts if differs]


def test_classes_of_size_are_whole_and_in_order() -> None:
    rows = [
        figure("cluster_size", size, clusters=n, documents=n * int(size))
        for size, n in (("16", 1), ("5", 2), ("1", 90), ("2", 7))
    ]
    assert summary(rows)["sizes"] == [
        ("1", 1, 90, 90), ("2", 2, 7, 14), ("3", 3, 0, 0), ("4", 4, 0, 0), ("5–7", 5, 2, 10),
        ("8–15", 8, 0, 0), ("16–31", 16, 1, 16),
    ]  # fmt: skip


def test_classes_of_similarity_are_whole_and_in_order() -> None:
    rows = [
        figure("similarity", "1.00", exact_pairs=8, near_pairs=0),
        figure("similarity", "0.94", exact_pairs=0, near_pairs=3),
        figure("similarity", "0.98", near_pairs=2),
    ]
    assert summary(rows)["similarities"] == [
        ("0.94–0.96", 3, 0), ("0.96–0.98", 0, 0), ("0.98–1.00", 2, 0), ("1.00", 0, 8),
    ]  # fmt: skip


def test_every_class_of_similarity_has_a_place_of_its_own() -> None:
    rows = [figure("similarity", f"{i * 2 / 100:.2f}", near_pairs=i, exact_pairs=0) for i in range(51)]
    assert [near for _, near, _ in summary(rows)["similarities"]] == list(range(51))


def test_the_matrix() -> None:
    rows = [pairs("a", "a", 5), pairs("a", "b", 100, 20), pairs("b", "c", 1), pairs("c", "c", 0, 4), pairs("d", "d", 0)]
    matrix = summary(rows)["matrix"]
    assert matrix["sources"] == ["a", "b", "c"]
    assert matrix["rows"] == [
        ("a", [(5, 0, 2), (120, 20, 4), (0, 0, 0)], 125),
        ("b", [(0, 0, 0), (1, 0, 2)], 121),
        ("c", [(4, 4, 2)], 5),
    ]
    assert (matrix["pairs"], matrix["outside"]) == (130, 0)


@pytest.mark.parametrize("number", [1, SOURCES, SOURCES + 1, 40])
def test_totals_of_the_matrix_against_networkx(number: int) -> None:
    draw = random.Random(number)
    graph = nx.Graph()
    for one in range(number):
        for other in range(one, number):
            if draw.random() < 0.4 or one == other:
                graph.add_edge(f"s{one}", f"s{other}", weight=draw.randrange(1, 10_000))
    rows = [pairs(one, other, weight - 1, 1) for one, other, weight in graph.edges(data="weight")]
    draw.shuffle(rows)
    matrix = summary(rows)["matrix"]
    loops = {node: graph[node][node]["weight"] for node in graph}
    totals = {node: degree - loops[node] for node, degree in graph.degree(weight="weight")}
    order = sorted(totals, key=lambda node: (-totals[node], node))
    shown = [source for source, _, _ in matrix["rows"]]
    assert matrix["sources"] == order
    assert shown == order[:SOURCES]
    assert [total for _, _, total in matrix["rows"]] == [totals[node] for node in shown]
    inside = sum(n for _, cells, _ in matrix["rows"] for n, _, _ in cells)
    assert inside == graph.subgraph(shown).size(weight="weight")
    assert inside + matrix["outside"] == matrix["pairs"] == graph.size(weight="weight")
    assert [len(cells) for _, cells, _ in matrix["rows"]] == list(range(len(shown), 0, -1))


def test_nothing_found() -> None:
    empty = {"sizes": [], "similarities": [], "matrix": {"sources": [], "rows": [], "pairs": 0, "outside": 0}}
    assert summary([]) == empty
    assert samples([]) == []


def test_the_doubtful_pairs_come_first() -> None:
    rows = [sample(0.9, "가", "나", doc_a="2"), sample(0.8, "가", "나"), sample(0.9, "가", "나", doc_a="1")]
    assert [(pair["similarity"], pair["sides"][0][0]) for pair in samples(rows)] == [
        (0.8, "0a"),
        (0.9, "1"),
        (0.9, "2"),
    ]
    assert samples(rows) == samples(rows[::-1])
    assert len(samples(rows * 100)) == PAIRS


@pytest.mark.parametrize(
    ("a", "b", "only_a", "only_b"),
    [
        ("서울에서 만나요", "부산에서 만나요", ["서울에서"], ["부산에서"]),
        ("가 나 다", "가 다", ["나"], []),
        ("가 나 다 라", "가 마 바 라", ["나 다"], ["마 바"]),  # one mark, the space between included
        ("가\n\n나", "가 나", [], []),
        ("大韓民國", "大韓帝國", ["民"], ["帝"]),
        ("東京に行く", "京都に行く", ["東"], ["都"]),
        ("", "가", [], ["가"]),
        ("", "", [], []),
    ],
)
def test_words_that_differ(a: str, b: str, only_a: list[str], only_b: list[str]) -> None:
    parts_a, parts_b = differences(a, b)
    assert (marked(parts_a), marked(parts_b)) == (only_a, only_b)


def test_no_character_is_lost_and_what_is_unmarked_is_equal() -> None:
    draw = random.Random(4)
    for _ in range(200):
        words = draw.choices(["가", "나다", "라", "漢", "b", "\n", "!"], k=draw.randrange(60))
        other = [word for word in words if draw.random() < 0.9] + draw.choices(["가", "x"], k=draw.randrange(4))
        a, b = " ".join(words), " ".join(other)
        parts_a, parts_b = differences(a, b)
        assert ("".join(text for text, _ in parts_a), "".join(text for text, _ in parts_b)) == (a, b)
        plain_a, plain_b = (" ".join(t for t, differs in parts if not differs).split() for parts in (parts_a, parts_b))
        assert plain_a == plain_b


@pytest.mark.parametrize("added", ["새 말", "새 말이", "새", "길고 긴 새로운 말들이"])
def test_a_cut_end_is_no_difference(added: str) -> None:
    words = [f"{i:03}" for i in range(400)]
    text = " ".join(words)[:LENGTH]
    longer = " ".join([*words[:50], added, *words[50:]])[:LENGTH]
    for a, b, only_a, only_b in ((text, longer, [], [added]), (longer, text, [added], [])):
        parts_a, parts_b = differences(a, b)
        assert (marked(parts_a), marked(parts_b)) == (only_a, only_b)  # not the words that the shift pushed out


def test_an_end_that_is_not_cut_is_one() -> None:
    assert marked(differences("가 나 다", "가")[0]) == ["나 다"]
    long = "가나 " * 400
    assert marked(differences(long[:100], long[:LENGTH])[1])[0].startswith("가나 가나")
    assert marked(differences(long[:LENGTH], "가나 다라 " + "마바 " * 330)[0]) != []  # both go on, and not alike


def test_texts_that_take_difflib_seconds_are_bounded() -> None:
    worst = "一二" * (LENGTH // 2), ("二一一" * LENGTH)[:LENGTH]  # 4.7 s without the bound
    start = time.perf_counter()
    parts = differences(*worst)
    assert time.perf_counter() - start < 1
    assert ["".join(text for text, _ in of) for of in parts] == list(worst)


def test_what_is_not_seen_stands_as_its_number() -> None:
    assert visible("가\0\u202e\ud800\u200b\x85\r") == "가[U+0000][U+202E][U+D800][U+200B][U+0085][U+000D]"
    ordinary = "가나 <b>\t\n‘’…👩‍👧é한"
    assert visible(ordinary) == ordinary


class Folder:
    """Storage over one local folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def arrow(self, path: str) -> tuple[arrow_fs.FileSystem, str]:
        return arrow_fs.LocalFileSystem(), str(self.folder / path)


def read(folder: Path, table: str = "duplicate_samples") -> list[small_files.Row] | None:
    return small_files.rows(cast(Storage, Folder(folder)), table, table)


def test_bytes_that_are_no_text_hide_no_row(tmp_path: Path) -> None:
    broken = pa.array([b"\xea\xb0\x80\xed\xa0\x80 x", "나".encode()], pa.binary()).cast(pa.string(), safe=False)
    rows = [sample(0.9, "가", "나"), sample(0.8, "다", "라", doc_a="00")]
    table = pa.Table.from_pylist(rows).drop_columns("excerpt_a").append_column("excerpt_a", broken)
    (tmp_path / "duplicate_samples").mkdir()
    pq.write_table(table, tmp_path / "duplicate_samples/part-0.parquet")
    found = read(tmp_path)
    assert found is not None
    assert [row["excerpt_a"][:1] for row in found] == ["가", "나"]
    assert "\ufffd" in found[0]["excerpt_a"]
    assert found[1] == {**rows[1], "excerpt_a": "나"}


def test_a_table_that_cannot_be_read(tmp_path: Path) -> None:
    assert read(tmp_path) is None
    folder = tmp_path / "duplicate_samples"
    folder.mkdir()
    (folder / "part-0.parquet").write_bytes(b"PAR1")
    assert read(tmp_path) is None
    pq.write_table(pa.table({"doc_a": ["0"]}), folder / "part-0.parquet")
    assert read(tmp_path) is None
    pq.write_table(pa.Table.from_pylist([sample(0.9, "가", "나")]).slice(0, 0), folder / "part-0.parquet")
    assert read(tmp_path) == []
