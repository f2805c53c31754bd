"""What is taken from a page, and what a page says of itself."""

from __future__ import annotations

from corpus_pipeline.kernels.html import extract

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


def test_main_text_keeps_structure_and_drops_navigation() -> None:
    page = extract(PAGE.format(head=""))
    assert page.problem is None
    assert page.title == "제목입니다"
    assert page.body is not None
    assert "7번째 문단" in page.body
    assert "- 첫째 항목은 이렇다" in page.body
    assert "## 소제목" in page.body
    assert "태그" not in page.body


def test_noindex_is_seen() -> None:
    assert extract(PAGE.format(head='<META content="NOINDEX, follow" NAME="robots">')).noindex
    assert extract(PAGE.format(head="<meta name='robots' content='noarchive'>")).noindex
    assert not extract(PAGE.format(head="<meta name='robots' content='index,follow'>")).noindex
    assert not extract(PAGE.format(head="<meta name='robots' content='max-video-preview:none'>")).noindex
    styled = "<style>" + "a{color:red}" * 3000 + "</style><meta name='robots' content='noindex'>"
    assert extract(PAGE.replace("{head}", styled)).noindex


def test_the_date_does_not_depend_on_today() -> None:
    future = '<meta property="article:published_time" content="2077-05-01T00:00:00+09:00">'
    assert extract(PAGE.format(head=future)).created_at == "2077-05-01"


def test_a_page_that_declares_its_charset_in_xml_is_read() -> None:
    assert extract('<?xml version="1.0" encoding="euc-kr"?>' + PAGE.format(head="")).problem is None


def test_odd_pages_have_a_reason() -> None:
    for text in ("", "   ", "<", "<html></html>", "<div>" * 2000, "그냥 글"):
        page = extract(text)
        assert (page.body is None) == (page.problem is not None)
