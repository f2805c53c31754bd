"""Real Korean texts to fill page templates with: titles and bodies as HTML, from folders of open corpora.

The folders are those of the training recipe (docs/regions.md); one that is missing gives nothing.
"""

from __future__ import annotations

import csv
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FRONT = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
SHORTEST, LONGEST = 300, 15_000  # characters of a body: less is no article, more adds blocks of one kind


class Article(NamedTuple):
    title: str
    body: str


def articles(root: Path, name: str, limit: int) -> list[Article]:
    """The first `limit` articles of the corpus `name` under `root`, taken evenly from its files in order of path."""
    if not (root / name).is_dir():
        return []
    found = _FORMS.get(name, _markdown)(root / name)
    return _evenly([one for one in found if SHORTEST <= len(one.body) <= LONGEST and _is_read(one.body)], limit)


def _is_read(body: str) -> bool:
    """Not a table of contents: less than half of its text within links."""
    linked = "".join(re.findall(r"<a\b[^>]*>(.*?)</a>", body, re.DOTALL))
    return 2 * len(re.sub(r"<[^>]*>", "", linked)) < len(re.sub(r"<[^>]*>", "", body))


def comments(root: Path, limit: int) -> list[str]:
    """Comments people wrote under news, as HTML."""
    found: list[str] = []
    for path in sorted((root / "comments_hate_kocohub").rglob("*.tsv")):
        lines = path.read_text(encoding="utf-8").splitlines()[1:]
        found += [html.escape(line.split("\t")[0], quote=False) for line in lines]
    return found[:: max(len(found) // limit, 1)][:limit]


def _evenly(found: list[Article], limit: int) -> list[Article]:
    step = max(len(found) // limit, 1)
    return found[::step][:limit]


def _markdown(folder: Path) -> Iterator[Article]:
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    paths = sorted(path for path in folder.rglob("*.md*") if not {"en", "ja", "zh"} & set(path.parts))
    for path in paths[:: max(len(paths) // 400, 1)]:
        text = path.read_text(encoding="utf-8-sig", errors="replace").replace("\r\n", "\n")
        front = FRONT.match(text)
        body = text[front.end() :] if front else text
        named = re.search(r"^title\s*:\s*['\"]?(.+?)['\"]?\s*$", front.group(1), re.MULTILINE) if front else None
        heading = re.match(r"\s*#\s+(.+?)(\s*\{[^}]*\})?\s*\n", body)
        if heading:
            body = body[heading.end() :]
        title = named.group(1) if named else heading.group(1) if heading else path.stem
        if len(re.findall("[가-힣]", body)) >= 100:
            yield Article(re.sub(r"[*`\[\]_]", "", title).strip(), reader.render(body))


def _paragraphs(lines: list[str]) -> str:
    return "\n".join(f"<p>{html.escape(line.strip(), quote=False)}</p>" for line in lines if line.strip())


def _sentences(text: str, size: int) -> list[str]:
    """Running text as paragraphs of `size` sentences."""
    found = re.split(r"(?<=[다요]\.)\s+", text)
    return [" ".join(found[index : index + size]) for index in range(0, len(found), size)]


def _petitions(folder: Path) -> Iterator[Article]:
    for path in sorted((folder / "data").glob("petitions_*")):
        for line in path.read_text(encoding="utf-8").splitlines()[::4]:
            found = json.loads(line)
            lines = re.split(r"\\n|\n", found["content"])
            yield Article(found["title"], _paragraphs(lines if len(lines) > 2 else _sentences(found["content"], 3)))


def _press(folder: Path) -> Iterator[Article]:
    for path in sorted((folder / "data").rglob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                title, text = row.get("title") or "", row.get("content") or ""
                lines = [line for line in text.splitlines() if line.strip()]
                yield Article(title, _paragraphs(lines if len(lines) > 2 else _sentences(text, 2)))


def _towns(folder: Path) -> Iterator[Article]:
    for row in json.loads((folder / "data" / "naju_articles.json").read_text(encoding="utf-8")):
        yield Article(row["title"], _paragraphs(_sentences(row["content"], 2)))


def _wikipedia(folder: Path) -> Iterator[Article]:
    for path in sorted((folder / "data").glob("*.txt")):
        for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines()[::3]:
            text = re.sub(r"<[^>]*>|'''?|\{\{[^}]*\}\}", "", line)
            if len(text) > SHORTEST and "(KST)" not in text and "토론" not in text[:30]:
                yield Article(text.split("은 ")[0].split("는 ")[0][:40].strip(), _wiki_body(text))


def _wiki_body(text: str) -> str:
    """Paragraphs under headings, a list and a table of facts, as an article of that kind has."""
    lines = _sentences(text, 3)
    parts = [_paragraphs(lines[:1])]
    for index, line in enumerate(lines[1:], 1):
        if index % 3 == 1:
            parts.append(f"<h2>{['개요', '역사', '특징', '같이 보기', '평가', '구성'][index // 3 % 6]}</h2>")
        if index % 4 == 2:
            parts.append(
                "<ul>" + "".join(f"<li>{html.escape(one)}</li>" for one in re.split(r"(?<=다\.) ", line)) + "</ul>"
            )
        else:
            parts.append(_paragraphs([line]))
    words = [html.escape(word) for word in text.split()[:16]]
    rows = "".join(
        f"<tr><th>{a}</th><td>{b} {c}</td></tr>" for a, b, c in zip(words[::3], words[1::3], words[2::3], strict=False)
    )
    return f"<table class='infobox'>{rows}</table>" * (len(text) % 2) + "\n".join(parts)


def _science(folder: Path) -> Iterator[Article]:
    for path in sorted((folder / "data").rglob("*.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        yield Article(found["title"], _paragraphs([f"{line}." for line in found["sentences"]]))


_FORMS = {
    "petitions": _petitions,
    "gov_press_releases": _press,
    "towns": _towns,
    "wikipedia_pages": _wikipedia,
    "news_sci50": _science,
}
