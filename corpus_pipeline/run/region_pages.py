"""Labelled pages to learn regions from: pages whose core is known.

Of two sites the pages are as found, and the core is the container that their own templates give the article; pages of
readability have a core that people cut out; the others are real Korean articles set into page_templates/*.html, which
are shaped like the kinds of pages there are: blogs, portals, boards of nested tables, forums, questions, shops, wikis,
law, government, documentation. What surrounds an article is drawn by a seeded generator: menus, related titles,
excerpts of other articles, comments, notices of companies with made-up numbers.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import jinja2

from corpus_pipeline.run.region_sources import Article, articles, comments

PAGES = 24  # of each template
# template -> corpora whose articles fill it
FILLED = {
    "blog_naver": ("blog_md_integerous", "petitions"),
    "blog_tistory": ("blog_md_yceffort",),
    "blog_velog": ("blog_md_yceffort", "blog_md_johngrib"),
    "board_gnu": ("petitions", "msdocs_powershell"),
    "board_table": ("petitions", "qna_tech_interview"),
    "cafe_forum": ("petitions",),
    "community_feed": ("blog_md_integerous", "blog_md_yceffort"),
    "docs_docusaurus": ("docs_md_react_ko",),
    "docs_mdbook": ("docs_md_rust_kr",),
    "docs_mkdocs": ("docs_md_fastapi", "docs_md_vue_ko"),
    "docs_plain_soup": ("msdocs_dotnet",),
    "github_readme": ("qna_tech_interview", "qna_interview_beginner"),
    "government": ("gov_press_releases",),
    "homepage_table": ("gov_press_releases", "wikipedia_pages"),
    "law_portal": ("law_statutes", "court_precedents"),
    "magazine": ("blog_md_johngrib", "news_sci50"),
    "news_local": ("gov_press_releases",),
    "news_portal": ("news_sci50", "gov_press_releases"),
    "petition": ("petitions",),
    "question_answer": ("qna_interview_beginner", "qna_tech_interview"),
    "shop": ("msdocs_powershell", "wikipedia_pages"),
    "webzine_cards": ("news_sci50", "qna_interview_beginner", "petitions"),
    "wiki_mediawiki": ("wikipedia_pages",),
    "wiki_namu": ("wikipedia_pages", "blog_md_johngrib"),
}
PARTS = ("ads", "comments", "crumb", "related", "share", "subscribe", "tags")


class Labelled(NamedTuple):
    """A page of a site, and its core as HTML."""

    site: str
    name: str
    html: str
    gold: str


def labelled(root: Path, pages: int = PAGES) -> Iterator[Labelled]:
    """All labelled pages there are under `root`, a folder of unpacked corpora, in a fixed order."""
    yield from _sphinx(root)
    yield from _hexo(root)
    yield from _readability(root)
    for template in FILLED:
        yield from filled(root, template, pages)


def _sphinx(root: Path) -> Iterator[Labelled]:
    """Pages that have a source: pages of links and of a redirection have no article."""
    docs, sources = root / "html_ko_pytorch" / "data" / "docs", root / "docs_md_pytorch_kr" / "data"
    for path in sorted(docs.rglob("*.html")):
        place = path.relative_to(docs).with_suffix("")
        if len(place.parts) < 2 or place.name == "index":
            continue
        stem = sources / f"{place.parts[0]}_source" / Path(*place.parts[1:])
        if any(stem.with_suffix(suffix).exists() for suffix in (".rst", ".py", ".md")):
            text = path.read_text(encoding="utf-8")
            yield from _cut("sphinx", str(place), text, ['//article[contains(@class,"bd-article") and not(@id)]'])


def _hexo(root: Path) -> Iterator[Labelled]:
    article = '//article[contains(@class,"card-content")]'
    for path in sorted((root / "html_ko_blog_jongmin92" / "data").glob("20*/**/*.html")):
        text = path.read_text(encoding="utf-8", errors="replace")
        yield from _cut("hexo", path.parent.name, text, [f"{article}/h1", f'{article}/div[contains(@class,"content")]'])


def _cut(site: str, name: str, text: str, places: list[str]) -> Iterator[Labelled]:
    from lxml import etree  # type: ignore[import-untyped]

    tree = etree.fromstring(text.encode("utf-8"), etree.HTMLParser(encoding="utf-8"))
    found = [tree.xpath(place)[:1] for place in places]
    gold = [etree.tostring(one[0], encoding="unicode", method="html", with_tail=False) for one in found if one]
    if found[-1]:
        yield Labelled(site, name, text, "".join(gold))


def _readability(root: Path) -> Iterator[Labelled]:
    for folder in sorted((root / "html_readability_gold" / "data").glob("*")):
        gold = folder / "expected.html"
        if gold.exists():
            page = (folder / "source.html").read_text(encoding="utf-8", errors="replace")
            yield Labelled("readability", folder.name, page, gold.read_text(encoding="utf-8", errors="replace"))


def filled(root: Path, template: str, pages: int = PAGES) -> Iterator[Labelled]:
    """`pages` pages of one template, alike for the same `root`."""
    corpora = FILLED[template]
    found = [one for name in corpora for one in _articles(root, name)]
    around = _articles(root, "petitions") + _articles(root, "news_sci50")
    chance = random.Random(template)
    chosen = chance.sample(found, min(pages, len(found)))
    for number, article in enumerate(chosen):
        page = _Surroundings(random.Random(f"{template} {number}"), article, around, _comments(root))
        text = _templates().get_template(f"{template}.html").render(page.names())
        yield Labelled(template, f"{template}/{number}", text, f"<p>{article.title}</p>\n{article.body}")


def disguised(page: str, chance: random.Random) -> str:
    """The page without its names: classes and ids are made up, and elements that say what they are become <div>,
    each with an even chance. The same page under another template, as pages of programs that make names look.
    """
    if chance.random() < 0.5:
        page = re.sub(r"(</?)(?:nav|header|footer|aside|main|article|section)\b", r"\1div", page)
        page = re.sub(r"\srole\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]+)", "", page)
    salt = chance.random()
    return re.sub(r"(\s(?:class|id)\s*=\s*)(\"[^\"]*\"|'[^']*'|[^\s>]+)", lambda found: _made_up(found, salt), page)


def _made_up(found: re.Match[str], salt: float) -> str:
    return f'{found[1]}"c{random.Random(f"{salt} {found[2]}").randrange(10**6)}"'


@cache
def _articles(root: Path, name: str) -> list[Article]:
    return articles(root, name, 120)


@cache
def _words(kind: str) -> tuple[str, ...]:
    lines = (files("corpus_pipeline.run") / "page_templates" / "words.tsv").read_text(encoding="utf-8").splitlines()
    return tuple(line.split("\t")[1] for line in lines if line.startswith(f"{kind}\t"))


@cache
def _comments(root: Path) -> list[str]:
    return comments(root, 2000)


@cache
def _templates() -> jinja2.Environment:
    place = files("corpus_pipeline.run") / "page_templates"

    def load(name: str) -> str:
        return (place / name).read_text(encoding="utf-8")

    return jinja2.Environment(loader=jinja2.FunctionLoader(load), autoescape=False)


class _Surroundings:
    """What a template may ask for, drawn from `chance`."""

    def __init__(self, chance: random.Random, article: Article, around: list[Article], comments: list[str]) -> None:
        self._chance, self._article, self._around, self._comments = chance, article, around, comments

    def names(self) -> dict[str, Any]:
        chance, body = self._chance, self._article.body
        site = chance.choice(_words("site"))
        cut = body.find("</p>") + 4
        return {
            "title": self._article.title,
            "content": body,
            "halves": (body[:cut], body[cut:]),
            "headings": re.findall(r"<h[23][^>]*>(.*?)</h[23]>", body)[:12],
            "site": site,
            "suffix": chance.choice(["", f" - {site}", f" | {site}", f" :: {site}"]),
            "category": chance.choice(_words("menu")),
            "author": chance.choice(_words("name")),
            "date": self.day(),
            "slogan": chance.choice(_words("slogan")),
            "footer": _words("footer")[0],
            "on": {part: chance.random() < 0.7 for part in PARTS},
            "lines": _lines,
            "soup": _soup,
            "deep": _deep,
            "n": lambda top: chance.randint(0, top),
            "menu": lambda count: chance.sample(_words("menu"), count),
            "words": lambda count: chance.sample(_words("menu"), count),
            "titles": lambda count: [one.title for one in chance.sample(self._around, count)],
            "comments": lambda count: chance.sample(self._comments, chance.randint(1, count)),
            "sentence": self.sentence,
            "name": lambda: chance.choice(_words("name")),
            "nick": lambda: chance.choice(_words("nick")),
            "day": self.day,
            "clock": lambda: f"{chance.randint(0, 23):02}:{chance.randint(0, 59):02}",
        }

    def day(self) -> str:
        year, month, day = self._chance.randint(2008, 2024), self._chance.randint(1, 12), self._chance.randint(1, 28)
        forms = (
            f"{year}.{month:02}.{day:02}.",
            f"{year}-{month:02}-{day:02}",
            f"{year}년 {month}월 {day}일",
            f"{year}. {month}. {day}.",
        )
        return self._chance.choice(forms)

    def sentence(self) -> str:
        """A sentence of another article, which a reader would take for text."""
        text = re.sub(r"<[^>]*>", "", self._chance.choice(self._around).body)
        found = [one.strip() for one in re.split(r"(?<=[다요]\.)\s+", text) if one.strip()]
        return self._chance.choice(found)[:200]


def _lines(body: str) -> str:
    """Paragraphs parted by empty lines, as old boards and portals do."""
    return re.sub(r"<p>(.*?)</p>", r"\1<br><br>", body, flags=re.DOTALL)


def _soup(body: str, outer: str, inner: str) -> str:
    """Each paragraph in elements of its own, as editors of portals make them."""
    wrapped = rf'<div class="{outer}"><div><div class="{inner}"><span class="fs16">\1</span></div></div></div>'
    return re.sub(r"<p>(.*?)</p>", wrapped, body, flags=re.DOTALL)


def _deep(body: str) -> str:
    """Paragraphs as nameless elements."""
    return re.sub(r"<p>(.*?)</p>", r'<div class="css-p1"><div>\1</div></div>', body, flags=re.DOTALL)
