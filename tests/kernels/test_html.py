"""What is taken from a page, and what a page says of itself, by both extractors; and pages made to do harm."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.kernels import html, page_blocks, region_model
from corpus_pipeline.kernels.html import extract, extract_all
from tests.timing import best_seconds

BOTH = pytest.mark.parametrize("extractor", ["model", "trafilatura"])
BODY = (
    "<p>"
    + "</p><p>".join(
        f"{i}번째 문단은 본문이 길어야 남는다는 것을 보이려고 여러 낱말로 이루어져 있다." for i in range(8)
    )
    + "</p>"
)
PAGE = f"""<html lang="ko"><head><title>제목입니다</title>{{head}}</head><body>
<nav><ul><li><a href="/">홈</a></li><li><a href="/tags">태그</a></li></ul></nav>
<article><h1>제목입니다</h1><h2>소제목</h2>{BODY}<ul><li>첫째 항목은 이렇다</li>
<li>둘째 항목은 저렇다</li></ul></article>
<footer>저작권 안내</footer></body></html>"""


@BOTH
def test_main_text_keeps_structure_and_drops_navigation(extractor: str) -> None:
    page = extract(PAGE.format(head=""), extractor)
    assert page.problem is None
    assert page.title == "제목입니다"
    assert page.body is not None
    assert "7번째 문단" in page.body
    assert "- 첫째 항목은 이렇다" in page.body
    assert "## 소제목" in page.body
    assert "태그" not in page.body


def test_code_and_tables_keep_their_lines() -> None:
    code = "def f(x):\n    if x &lt; 1:\n        return '하나'\n\n    return x"
    table = "<table><tr><th>이름</th><th>값</th></tr><tr><td>가</td><td>1</td></tr></table>"
    page = extract(PAGE.format(head="").replace("<h2>", f"<pre><code>{code}</code></pre>{table}<h2>"))
    assert page.body is not None
    assert "```\n" + code.replace("&lt;", "<") + "\n```" in page.body
    assert "| 이름 | 값 |\n| --- | --- |\n| 가 | 1 |" in page.body


@BOTH
def test_noindex_is_seen(extractor: str) -> None:
    assert extract(PAGE.format(head='<META content="NOINDEX, follow" NAME="robots">'), extractor).noindex
    assert extract(PAGE.format(head="<meta name='robots' content='noarchive'>"), extractor).noindex
    assert not extract(PAGE.format(head="<meta name='robots' content='index,follow'>"), extractor).noindex
    assert not extract(PAGE.format(head="<meta name='robots' content='max-video-preview:none'>"), extractor).noindex
    styled = "<style>" + "a{color:red}" * 3000 + "</style><meta name='robots' content='noindex'>"
    assert extract(PAGE.replace("{head}", styled), extractor).noindex


@BOTH
def test_the_date_does_not_depend_on_today(extractor: str) -> None:
    future = '<meta property="article:published_time" content="2077-05-01T00:00:00+09:00">'
    assert extract(PAGE.format(head=future), extractor).created_at == "2077-05-01"


@pytest.mark.parametrize(
    ("head", "day"),
    [
        ("", None),
        ('<meta name="date" content="2023-02-29">', None),
        ('<meta itemprop="datePublished" content="2023-02-28">', "2023-02-28"),
        (
            '<script type="application/ld+json">{"@type":"Article","datePublished":"2021-03-04T1"}</script>',
            "2021-03-04",
        ),
        ('<time datetime="2020-12-31T23:59:59Z">작년</time>', "2020-12-31"),
        ('<meta property="article:modified_time" content="2024-01-01">', None),
    ],
)
def test_the_day_is_the_one_the_page_gives(head: str, day: str | None) -> None:
    assert extract(PAGE.format(head=head)).created_at == day


def test_the_address_is_the_canonical_one() -> None:
    head = '<meta property="og:url" content="https://a.example/2"><link rel="canonical" href="https://a.example/1">'
    assert extract(PAGE.format(head=head)).url == "https://a.example/1"
    assert (
        extract(PAGE.format(head='<meta property="og:url" content="https://a.example/2">')).url == "https://a.example/2"
    )
    assert extract(PAGE.format(head='<link rel="canonical" href="/1">')).url is None


def test_the_title_goes_without_the_name_of_the_site() -> None:
    assert extract(PAGE.format(head="").replace("입니다</title>", "입니다 | 가나 블로그</title>")).title == "제목입니다"


@BOTH
def test_a_page_that_declares_its_charset_in_xml_is_read(extractor: str) -> None:
    assert extract('<?xml version="1.0" encoding="euc-kr"?>' + PAGE.format(head=""), extractor).problem is None


def test_a_charset_that_the_page_declares_wrongly_does_no_harm() -> None:
    page = extract(PAGE.format(head='<meta charset="euc-kr">'))
    assert page.body is not None
    assert "첫째 항목은 이렇다" in page.body


@BOTH
@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("&#55357;&#56832;", "😀"),
        ("&#xD83D;&#xDE00;", "😀"),
        ("&#Xd83d&#056832;", "😀"),
        ("&#55357;&#56832;&#55357;&#56833;", "😀😁"),
        ("가&#0;&#x0;&#00나", "가나"),
        ("가&#55357;나&#56832;", "가나"),
        ("&#56832;&#55357;가", "가"),
        ("가&#1114112;&#x110000;&#" + "9" * 5000 + ";", "가"),
        ("&#55203;&#55200;&#128512;&#x1F600;", "힣힠😀😀"),
    ],
)
def test_references_to_halves_of_a_character_are_joined_and_those_to_none_go(
    extractor: str, written: str, read: str
) -> None:
    text = "이모지 〈{}〉 가 있는 글이다. 나머지는 멀쩡하다."
    page = extract(PAGE.format(head="").replace("<h2>", f"<p>{text.format(written)}</p><h2>"), extractor)
    assert page.body is not None
    assert text.format(read) in page.body
    assert "\ufffd" not in page.body


def test_other_references_stay() -> None:
    for text in ("&amp; &#44032; &#; &#x; &#0a", "&#1000000; &#xD7FF; &#xE000;"):
        assert page_blocks.whole_references(text).replace("\U000f4240", "&#1000000;") == text.replace("&#0a", "a")


@BOTH
def test_odd_pages_have_a_reason(extractor: str) -> None:
    for text in ("", "   ", "<", "<html></html>", "<div>" * 2000, "그냥 글", "\0", "\ud800", "<p>가\ud800나</p>"):
        page = extract(text, extractor)
        assert (page.body is None) == (page.problem is not None)


@BOTH
def test_pages_together_give_what_each_gives_alone(extractor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_blocks, "MOST", 60)
    head = '<meta name="robots" content="noindex">'
    pages = [PAGE.format(head=""), "", "<li>" * 70, "\ud800", PAGE.format(head=head), "<p>글이 있다.</p>", "\0<p>끝"]
    alone = [extract(page, extractor) for page in pages]
    for blocks in (1, 20, 10_000):
        monkeypatch.setattr(html, "BATCH_BLOCKS", blocks)
        assert list(extract_all(iter(pages), extractor)) == alone


def test_a_page_that_fails_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    score = region_model.score

    def failing(pages: list[page_blocks.Parsed], model: region_model.Model) -> list[region_model.Array]:
        if any(page.title == "나쁨" for page in pages):
            raise ValueError
        return score(pages, model)

    monkeypatch.setattr(region_model, "score", failing)
    found = list(extract_all(["<p>앞의 글이다.</p>", "<title>나쁨</title><p>글</p>", "<p>뒤의 글이다.</p>"]))
    assert [page.body for page in found] == ["앞의 글이다.", None, "뒤의 글이다."]
    assert [page.problem for page in found] == [None, "unparsable_html", None]


def test_an_unknown_extractor_is_an_error() -> None:
    with pytest.raises(ConfigError, match="model, trafilatura"):
        extract("<p>글</p>", "readability")


TAGS = """<table> <tr> <td> <li> <ul> <ol\tstart='x'> <pre> </pre> </table> <a\thref=#> </a> <script> </script> <svg>
<title> <br> <h2> </h2> <!-- --> <![CDATA[ &#0; &amp <blockquote> </ul> <p\tclass='ab'> </p> <base> <frameset> <select>
<option> <ruby><rt> <time\tdatetime='2020-13-01'> <meta\tname='date'\tcontent='x'> <textarea> <plaintext>"""
PARTS = st.sampled_from(TAGS.replace("\n", " ").split(" "))


@settings(max_examples=150)
@given(st.lists(PARTS | st.text(max_size=12), max_size=40))
def test_no_page_raises(parts: list[str]) -> None:
    page = extract("".join(parts))
    assert page.problem in (None, "no_main_text")  # never unparsable_html, which is a failure of ours
    assert (page.body is None) == (page.problem is not None)


BOMBS = {
    "nested elements": "<div>" * 100_000 + BODY,
    "nested formatting": "<b><i><font>" * 30_000 + BODY,
    "nested lists": "<ul><li>" * 50_000 + BODY,
    "nested tables": "<table><tr><td>" * 30_000 + BODY,
    "attributes": "<p " + " ".join(f"a{i}=1" for i in range(100_000)) + ">" + BODY,
    "entities": "".join(f'<!ENTITY e{i} "&e{i - 1};&e{i - 1};">' for i in range(1, 60)) + f"]><p>&e59;</p>{BODY}",
    "class names": f"<div class='{'post ' * 200_000}'>{BODY}",
    "open tags": "<" * 1_000_000 + BODY,
    "quotes": "<span a='" * 99_999 + "'>" + BODY,
    "comments": "<!--" * 200_000 + "-->" + BODY,
    "breaks": "<br> " * 200_000 + BODY,
    "title": "<title>"
    + "".join(f"&amp; 낱말{i} | " for i in range(100_000))
    + "</title>"
    + "<h2>낱말0</h2>" * 20_000
    + BODY,
    "links": "<a href=#>" * 100_000 + "</a>" * 100_000 + BODY,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_takes_seconds_and_loses_no_text(name: str) -> None:
    started = time.process_time()
    head = '<!DOCTYPE html [<!ENTITY e0 "글">' if name == "entities" else ""
    page = extract(head + BOMBS[name])
    assert time.process_time() - started < 10  # linear: they take under one
    assert page.body is not None
    assert all(f"{i}번째 문단" in page.body for i in range(8))
    assert len(page.body) < 2_000_000


@pytest.mark.parametrize("part", ["<li>", "<li>가", "가<br><br>"])
def test_a_page_of_too_many_blocks_has_a_reason(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    monkeypatch.setattr(page_blocks, "MOST", 100)
    assert extract("<p>글</p>" + part * 90).problem is None
    assert extract("<p>글</p>" + part * 101).problem == "too_many_blocks"


def test_time_and_output_grow_with_the_page_and_no_faster() -> None:
    def read(times: int) -> None:
        page = extract(f"<article>{BODY * times}</article>")
        assert page.body is not None
        assert page.body.count("3번째 문단") == times

    assert best_seconds(lambda: read(8000)) < 8 * 5 * max(best_seconds(lambda: read(1000)), 0.05)


def test_any_of_several_robots_lines_forbids() -> None:
    first, second = '<meta name="robots" content="max-image-preview:large">', '<meta name="robots" content="noindex">'
    assert extract(f"<html><head>{first}{second}</head><body></body></html>").noindex
    assert not extract(f"<html><head>{first}</head><body></body></html>").noindex
