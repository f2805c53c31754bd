"""Wikitext as people read it; expected texts are written by hand from MediaWiki's help pages."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_pipeline.kernels import wikitext
from corpus_pipeline.kernels.wikitext import article, plain_text
from tests.timing import best_seconds


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("'''동백꽃'''은 ''김유정''의 소설이다.", "동백꽃은 김유정의 소설이다."),
        ("[[서울특별시|서울]]과 [[부산]], [[:분류:도시]]", "서울과 부산, 분류:도시"),
        ("[[파일:a.jpg|섬네일|설명 [[가]]]]글[[그림:b.png]][[분류:소설]][[en:Camellia]]", "글"),
        ("글{{각주|{{나|[[다]]}}}}이다<ref name='a'>주{{출처}}</ref>.<ref name='a'/>", "글이다."),
        ("제임스({{llang|en|James}}, 1924년 ~ )는", "제임스(1924년 ~ )는"),
        ("한글({{lang|ja|ハングル}})은", "한글은"),
        ("* 하나\n** 둘\n# 셋\n:들여\n;용어:뜻", "- 하나\n  - 둘\n1. 셋\n들여\n용어:뜻"),
        ("앞<!-- 숨김 -->뒤 &amp; &lt;꺾쇠&gt;", "앞뒤 & <꺾쇠>"),
        ("<nowiki>[[가]]</nowiki>와 <code>x = 1</code>", "[[가]]와 `x = 1`"),
        ("<syntaxhighlight lang='c'>\nif (a < b) [[x]];\n</syntaxhighlight>", "```\nif (a < b) [[x]];\n```"),
        ("<math>x^2</math>이다", "$x^2$이다"),
        ("[http://a.kr 누리집] [http://b.kr]", "누리집"),
        ("{|\n! 이름 !! 수\n|-\n| [[가]] || 1\n|-\n| colspan=2 | 나\n|}", "| 이름 | 수 |\n| 가 | 1 |\n| 나 |"),
        (
            '{| class="wikitable"\n! 연도 !! 분기 !! 값\n|-\n| rowspan="2" | 2020 || 상 || 1\n|-\n| 하 || 2\n|}',
            "| 연도 | 분기 | 값 |\n| 2020 | 상 | 1 |\n|  | 하 | 2 |",
        ),
        (
            "{|\n|+ 표\n! COLSPAN=2 | 가 !! 나\n|-\n|-\n| rowspan=x | 1 || 2 || rowspan=0 | 3\n|-\n| 4 || 5\n|}",
            "| 표 |\n| 가 |  | 나 |\n| 1 | 2 | 3 |\n| 4 | 5 |",
        ),
        (
            "그림말 &#55357;&#56832;, &#xD83D;&#xDE00;<nowiki>&#55357;&#56832;</nowiki>&#0;&#55357; 끝",
            "그림말 😀, 😀😀 끝",
        ),
        ("가 (  ,;  ) 나 ( ) 다 (, 라)\t \n  : \n마 ", "가 나 다 (라)\n\n마"),
        ("== 역사 ==\n글\n== 각주 ==\n{{각주}}\n=== 아래 ===\n== 끝 ==\n글", "## 역사\n\n글\n\n## 끝\n\n글"),
        ("__목차없음__글", "글"),
        ("", ""),
    ],
)
def test_text_of_wikitext(source: str, text: str) -> None:
    assert plain_text(source) == text


def page(body: str, **fields: str) -> str:
    named = {"title": "민법", "ns": "0", "id": "7"} | fields
    extra = named.pop("extra", "")
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in named.items())
    return f"<siteinfo/>\n<page>{inner}{extra}<revision><text>{body}</text></revision></page>"


@pytest.mark.parametrize(
    ("xml", "problem"),
    [
        (page("글이다"), None),
        (page("글이다", ns="1"), "not_an_article"),
        (page("글", extra="<redirect title='가'/>"), "redirect"),
        (page("#넘겨주기 [[가]]"), "redirect"),
        (page("#REDIRECT [[가]]"), "redirect"),
        (page("{{틀}}"), "no_main_text"),
        (page("글").replace("<text>", "<model>json</model><text>"), "not_wikitext"),
        (page("글").replace("</text>", ""), "malformed_record"),
        (page("글 & 글"), "malformed_record"),
        ("</mediawiki>", "malformed_record"),
        ("", "malformed_record"),
        (page("[[가|" * 20_000), "unparsable_wikitext"),
        (page("&lt;ref&gt;" * 20_000), "unparsable_wikitext"),
    ],
)
def test_what_is_no_article_has_a_reason(xml: str, problem: str | None) -> None:
    assert article(xml).problem == problem


def test_the_last_revision_counts() -> None:
    two = page("옛 글").replace(
        "</page>", "<revision><timestamp>2020-01-01T00:00:00Z</timestamp><text>새 글</text></revision></page>"
    )
    assert article(two)[:4] == ("7", "민법", "새 글", "2020-01-01T00:00:00Z")


@settings(max_examples=200)
@given(st.text(alphabet="가a[]{}|<>/='*#:;!-\n&ref", max_size=200))
def test_no_markup_raises(source: str) -> None:
    plain_text(source)


@pytest.mark.parametrize(
    "unit", ["[[가|", "{{가|", "<ref>", "<div>", "[http://a ", "{|\n{{a\n", "* [[a|\n", "{{a|[[b|", "''a'''b"]
)
def test_markup_that_never_ends_takes_bounded_time(unit: str) -> None:
    started = time.process_time()
    plain_text(unit * (200_000 // len(unit)))
    plain_text(unit * int((wikitext.MAX_WORK / len(unit) / 2) ** 0.5))  # just under the bound
    assert time.process_time() - started < 20


@pytest.mark.parametrize(("before", "unit"), [("가 (", " "), ("가", " "), ("가", "("), ("가", "( , ")])
def test_time_grows_with_length_not_faster(before: str, unit: str) -> None:
    def seconds(count: int) -> float:
        return best_seconds(lambda: plain_text(before + unit * count + "나"))

    assert seconds(20_000) < 8 * seconds(5_000) + 0.02


@pytest.mark.parametrize("first", ["| 가\n", "| rowspan=65534 | 가\n", "| colspan=100 | 가\n"])
def test_a_table_is_not_written_as_little_but_empty_cells(first: str) -> None:
    text = plain_text("{|\n" + first * 500 + "|-\n| 나\n" * 500 + "|}")
    assert text is not None
    assert text.count("가") == text.count("나") == 500
    assert len(text) < 20 * 1000  # characters; a cell takes six in a row of its own


@pytest.mark.parametrize("piece", ["<a ", "<!--"])
def test_half_written_tags_count_as_openings(piece: str) -> None:
    assert wikitext.work(piece * 30_000) > wikitext.MAX_WORK
    assert wikitext.work("<b>가</b> <!-- 나 --> <br/> a < b <ref name=x>다</ref>") == 0
