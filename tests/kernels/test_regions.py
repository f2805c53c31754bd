"""The model of regions: exact arithmetic, pages together and in parts, training that repeats, labels and measures."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_pipeline.kernels import region_model
from corpus_pipeline.kernels.page_blocks import Parsed, Reader, parse
from corpus_pipeline.kernels.page_words import text_bits
from corpus_pipeline.kernels.region_features import features
from corpus_pipeline.kernels.region_labels import f1, kept, labels
from corpus_pipeline.kernels.region_model import load, score
from corpus_pipeline.kernels.region_places import Places
from corpus_pipeline.kernels.region_text import render
from corpus_pipeline.kernels.region_training import Example, Recipe, train, weigh
from corpus_pipeline.resources import read_tsv
from tests.timing import best_seconds

MENU = "<nav><ul>" + "".join(f"<li><a href='/{i}'>차림 {i}</a></li>" for i in range(12)) + "</ul></nav>"
TEXT = "<p>나무는 봄에 싹을 내고 여름에 자라며, 가을이 되면 잎을 떨어뜨린다.</p>" * 5


def example(site: str) -> Example:
    page, gold = parse(f"{MENU}<div>{TEXT}</div><footer>주소와 전화</footer>"), parse(TEXT)
    wanted = labels(page, gold)
    return Example(site, page, features(Places([page])), wanted, weigh(page, wanted, np.zeros_like(wanted)))


def test_training_repeats_to_the_byte_and_learns() -> None:
    recipe = Recipe(hidden=(8,), epochs=30, batch=8)
    examples = [example("하나"), example("둘")]
    model = train(examples, recipe)
    assert region_model.write(model) == region_model.write(train(examples, recipe))
    assert ((score([examples[0].page], model)[0] >= 0.5) == (examples[0].labels == 1)).all()
    again = region_model.read(region_model.write(model))
    assert (score([examples[0].page], again)[0] == score([examples[0].page], model)[0]).all()


def test_scores_do_not_depend_on_the_order_of_additions() -> None:
    """Inputs in another order are added in another order; exact sums do not show it."""
    network, inputs = load().first, example("하나").inputs
    order = np.random.default_rng(0).permutation(inputs.shape[1])
    weights, bias = network.layers[0]
    turned = dataclasses.replace(
        network,
        mean=network.mean[order],
        scale=network.scale[order],
        layers=((weights[order], bias), *network.layers[1:]),
    )
    assert (network.scores(inputs) == turned.scores(inputs[:, order])).all()
    assert (network.scores(inputs)[:3] == network.scores(inputs[:3])).all()
    for one in (load().first, load().second):  # the bound that float32 needs
        largest = np.abs(one.layers[0][0]).sum(axis=0).max() * region_model.INPUT_LIMIT
        assert largest / (region_model.INPUT_STEP * region_model.WEIGHT_STEP) < 2**24


def test_the_model_is_small() -> None:
    assert len(region_model.write(load()).encode()) < 1_000_000


def test_a_page_in_parts_has_a_score_for_each_block(monkeypatch: pytest.MonkeyPatch) -> None:
    page = parse(f"{MENU}<main>{TEXT * 4}</main>")
    [whole] = score([page], load())
    monkeypatch.setattr(region_model, "PAGE_BLOCKS", 10)
    small = parse(TEXT)
    parts, beside = score([page, small], load())
    assert (beside == score([small], load())[0]).all()
    assert len(parts) == len(whole) == len(page.blocks)
    alone = dataclasses.replace(page, blocks=page.blocks)
    assert isinstance(alone, Parsed)
    monkeypatch.setattr(region_model, "PAGE_BLOCKS", len(page.blocks))
    assert (score([page], load())[0] == whole).all()


TAGS = "<h1>나무</h1>|<title>나무 꽃</title>|<div class='post'>|</div>|<table><tr><td>가<td>나</table>|<section><div>|"
TAGS += "<pre>x = 1\ny = 2</pre>|<ul><li>하나<li>둘</ul>|무단전재 금지<p>|<a href='/'>이전글</a>"
PARTS = st.sampled_from([MENU, TEXT, *TAGS.split("|")])
PAGES = st.lists(st.lists(PARTS | st.text(max_size=20), max_size=12).map("".join), min_size=1, max_size=8)


@settings(max_examples=40)
@given(PAGES)
def test_a_score_does_not_depend_on_the_pages_beside_it(htmls: list[str]) -> None:
    pages = [parse(html) for html in htmls]
    together = score(pages, load())
    assert [len(one) for one in together] == [len(page.blocks) for page in pages]
    for page, scores in zip(pages, together, strict=True):
        assert (scores == score([page], load())[0]).all()


@settings(max_examples=40)
@given(PAGES)
def test_a_page_is_read_alike_whatever_was_read_before(htmls: list[str]) -> None:
    reader = Reader()
    assert [reader.parse(html) for html in htmls] == [parse(html) for html in htmls]


WORDS = {row[2]: row[1] for row in read_tsv("ko/page_words.tsv") if row[0] == "text"}


@given(
    st.lists(st.lists(st.sampled_from([*WORDS, " ", "가", "이", "a"]) | st.text(max_size=3), max_size=6).map("".join))
)
def test_words_are_found_as_a_pattern_of_all_of_them_finds_them(texts: list[str]) -> None:
    texts = [text.replace("\0", " ").lower() for text in texts] or [""]
    pattern = re.compile("|".join(sorted(map(re.escape, WORDS), key=len, reverse=True)))
    concepts = sorted(set(WORDS.values()))
    wanted = [{WORDS[word] for word in pattern.findall(text)} for text in texts]
    found = [
        {one for bit, one in enumerate(concepts) if bits >> bit & 1} for bits in text_bits("\0".join(texts)).tolist()
    ]
    assert found == wanted


def test_a_doubtful_page_keeps_its_best() -> None:
    page = parse(MENU + TEXT)
    scores = np.where([block.tag == "p" for block in page.blocks], 0.2, 0.01)
    assert {block.tag for block in region_model.core(page, scores, 0.5)} == {"p"}
    assert region_model.core(parse(""), np.zeros(0), 0.5) == []


def test_labels_take_the_block_in_its_place_and_one_an_editor_touched() -> None:
    long = "여러 낱말로 된 긴 문단은 편집자가 조금 고쳐도 같은 문단으로 보아야 하므로 세 낱말씩 견준다"
    page = parse(f"<nav><p>제목</p></nav><p>제목</p><p>본문 하나</p><p>{long} [1]</p><p>댓글 하나</p>")
    gold = parse(f"<p>제목</p><p>본문 하나</p><p>{long}</p>")
    assert labels(page, gold).tolist() == [0, 1, 1, 1, 0]


def test_measures() -> None:
    assert f1("", "") == 1
    assert f1("가 가 나", "가 나 나") == pytest.approx(2 / 3)
    gold = parse("<h2>차례</h2><ol><li>하나<li>둘</ol><pre>x = 1\ny = 2</pre>")
    assert kept(render(gold.blocks), gold) == {"headings": (1, 1), "items": (2, 2), "code": (2, 2)}
    assert kept("차례\n하나\ny = 2", gold) == {"headings": (1, 0), "items": (2, 0), "code": (2, 1)}


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<ol start=3><li>셋<li>넷<ul><li>안</ul></ol>", "3. 셋\n4. 넷\n  - 안"),
        ("<table><tr><td><p>왼쪽</p><p>아래</p></td><td>오른쪽</td></tr></table>", "왼쪽\n\n아래\n\n오른쪽"),
        ("<table><tr><td><pre>1\n2</pre></td><td><pre>가\n나</pre></td></tr></table>", "```\n가\n나\n```"),
        ("<pre>```\n가\n```</pre>", "````\n```\n가\n```\n````"),
        ("<p>가<br>나<br><br>다</p>", "가\n나\n\n다"),
        ("<h2>차례<a href='#x'>¶</a></h2>", "## 차례"),
        ("<blockquote><p>인용<br>둘</p></blockquote>", "> 인용\n> 둘"),
        ("<p>한<b>국</b>어</p><a>가</a><a>나</a>", "한국어\n\n가 나"),
        ("<p><a>가</a></p><p>한국<a>어</a></p>", "가\n\n한국어"),
    ],
)
def test_structure_is_written_as_markdown(html: str, text: str) -> None:
    assert render(parse(html).blocks) == text


def table(*rows: str) -> str:
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"


HEAD = "<th>년도</th><th>항목</th><th>값</th>"
INNER = table("<td rowspan=3>안<td>밖", "<td>둘")


@pytest.mark.parametrize(
    ("html", "lines"),
    [
        (table(HEAD, "<td rowspan=2>2020<td>가<td>1", "<td>나<td>2"), "년도 항목 값|2020 가 1|_ 나 2"),
        (table("<th colspan=2>지역<th>값", "<td>가<td>나<td>1"), "지역 _ 값|가 나 1"),
        (
            table("<td>가<td rowspan=2 colspan=2>나<td>다", "<td>라<td>마", "<td>바<td>사"),
            "가 나 _ 다|라 _ _ 마|바 사 _ _",
        ),
        (table("<td rowspan=3>가<td rowspan=2>나<td>1", "<td>2", "<td>다<td>3"), "가 나 1|_ _ 2|_ 다 3"),
        (table("<td rowspan=2>가<td>나", "", "<td>다<td>라"), "가 나|다 라"),
        (table("<td rowspan=0>가<td>나", "<td>다<td>라"), "가 나|다 라"),
        (table("<td rowspan=-2>가<td colspan=x>나", "<td>다<td>라"), "가 나|다 라"),
        (table("<td rowspan=999999999999>가<td>나", "<td>다"), "가 나|_ 다"),
        (table("<td colspan=' 02'>가<td>나", "<td>다<td>라<td>마"), "가 _ 나|다 라 마"),
        (
            "<table><thead><tr><th rowspan=2>가<th>나</thead><tbody><tr><td>다<td>라</tbody></table>",
            "가 나|다 라",
        ),
    ],
)
def test_a_cell_stands_under_its_heading(html: str, lines: str) -> None:
    rows = [line.replace("_", "").split(" ") for line in lines.split("|")]
    rows.insert(1, ["---"] * len(rows[0]))
    assert render(parse(html).blocks) == "\n".join("| " + " | ".join(row) + " |" for row in rows)


def test_a_table_within_a_table_has_columns_of_its_own() -> None:
    blocks = parse(table(HEAD, f"<td rowspan=2>2020<td>가<td>{INNER}", "<td>나<td>2")).blocks
    places = {block.text: block.cell for block in blocks}
    assert places["둘"] == (2, 2, 1, 2)
    assert places["나"] == (1, 3, 1, 2)


def test_the_model_sees_the_number_of_a_cell_in_its_row() -> None:
    plain, spans = parse(table("<td>가<td>나", "<td>다")), parse(table("<td rowspan=2>가<td>나", "<td>다"))
    assert (features(Places([plain])) == features(Places([spans]))).all()


@pytest.mark.parametrize("first", ["<td>가", "<td rowspan=65534>가", "<td colspan=100>가"])
def test_a_table_is_not_written_as_little_but_empty_cells(first: str) -> None:
    def size(count: int) -> int:
        text = render(parse(table(first * count, *["<td>나"] * count)).blocks)
        assert text.count("가") == text.count("나") == count
        return len(text)

    assert size(4000) < 5 * size(1000)
    assert size(4000) < 20 * 8000  # characters; a cell takes four in a paragraph


@pytest.mark.parametrize(
    "unit",
    ["<a href=x>x<b>", "<a href=x> <b>", "<h2>x<a href=x> <b>", "<a><b><p>x", "<td rowspan=65534>x", "&#55357;x"],
)
def test_time_of_parsing_grows_with_length_not_faster(unit: str) -> None:
    def seconds(count: int) -> float:
        return best_seconds(lambda: parse("<table><tr><td>가" + unit * count + "<tr><td>나" * count))

    assert seconds(40_000) < 8 * seconds(10_000) + 0.05


@pytest.mark.parametrize(
    ("html", "links"),
    [
        ("<p>가 <a href=x> 나다 </a> 라", [2]),
        ("<p><a href=x> <b> 나</b> <i> </i>다 <b> </b></a> 라", [4]),
        ("<p>가<a href=x><b>나<a href=y>다 라</a></b>마</a>", [6]),
        ("<h2>가나다라 <a href=x>마<b><a href=y>#</a></b> </a>", [1]),
        ("<p><a href=x>가<p>나다</p> 라 </a>", [1, 2, 1]),
    ],
)
def test_characters_of_links(html: str, links: list[int]) -> None:
    assert [block.links for block in parse(html).blocks] == links
