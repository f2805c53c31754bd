"""Sources that are taken file by file, byte for byte; only the names are made flat and ASCII."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from data.sample.src.archives import Item, ranked, read
from data.sample.src.personal import TECHNICAL, is_clean

LAWS, LAW_GROUPS = 25, 12
BLOG_POSTS = 60
HTML_POSTS = 17
HTML_LISTINGS = (  # each pair lists the same posts: near-duplicates
    "tags/RequestBody/index.html",
    "tags/ResponseBody/index.html",
    "tags/Computer-System/index.html",
    "tags/Interrupt/index.html",
    "archives/archives/9/index.html",
    "archives/2017/07/index.html",
)
HTML_BROKEN = ("tags/Java/index.html", "tags/design-pattern/index.html")  # broken UTF-8 as found
CMDLET_PAGES = 12
PYTORCH_PAGES = 5
ENGLISH_PAGES = 12
JAPANESE = {  # authors who died in 1943 or before
    "000879/files/167_ruby_588": "akutagawa_tenkibo",
    "000081/files/46607_ruby_33173": "miyazawa_tsuchigami",
    "000081/files/45655_ruby_35393": "miyazawa_tegami_3",
    "000081/files/4442_ruby_7306": "miyazawa_jugatsu",
    "000121/files/45090_txt_41209": "niimi_depato",
    "000148/files/2376_ruby_2303": "natsume_hakase",
}
NOVEL = {"김유정_동백꽃.txt": "dongbaek.utf8.txt", "김유정_동백꽃_euc-kr.txt": "dongbaek.euckr.txt"}
_HANGUL = re.compile(r"[가-힣]")


def law(archives: Path) -> list[Item]:
    files = read(archives, "law_statutes")
    fit = ranked(path for path, data in files.items() if 3_000 <= len(data) <= 20_000 and _clean(data))
    return [Item(f"law/mst{_mst(files[path])}.md", path, files[path]) for path in sorted(fit[:LAWS])]


def law_revisions(archives: Path) -> list[Item]:
    """Versions of one statute: natural near-duplicates. Two of a group, or three."""
    groups: dict[str, list[str]] = defaultdict(list)
    files = read(archives, "dedup_law_revisions", lambda path: path.endswith(".md"))
    for path, data in files.items():
        if len(data) <= 16_000 and _clean(data):
            groups[path[:4]].append(path)
    chosen = ranked(group for group, paths in groups.items() if len(paths) >= 3)[:LAW_GROUPS]
    items: list[Item] = []
    for place, group in enumerate(sorted(chosen)):
        latest = groups[group][-(2 + place % 2) :]
        items += [Item(f"law_revisions/{group}__{path.split('__')[-1]}", path, files[path]) for path in latest]
    return items


def blog_md(archives: Path) -> list[Item]:
    files = read(archives, "blog_md_yceffort", lambda path: path.endswith(".md") and path.isascii())
    fit = [p for p, data in files.items() if 2_500 <= len(data) <= 14_000 and _hangul(data) > 0.2 and _clean(data)]
    fit = [path for path in fit if b"\n> " not in files[path]]  # quotations may be other people's text
    chosen = sorted(ranked(fit)[:BLOG_POSTS])
    return [Item(f"blog_md/{path.removeprefix('posts/').replace('/', '-')}", path, files[path]) for path in chosen]


def blog_html(archives: Path) -> list[Item]:
    files = {p: d for p, d in read(archives, "html_ko_blog_jongmin92").items() if p.isascii() and _clean(d)}
    posts = [path for path, data in files.items() if path[:3] == "201" and len(data) <= 42_000]
    chosen = [*ranked(posts)[:HTML_POSTS], *HTML_LISTINGS, *HTML_BROKEN]
    return [Item(f"blog_html/{_flat(path)}", path, files[path]) for path in sorted(chosen)]


def techdocs(archives: Path) -> list[Item]:
    """Command pages: half of them in four versions, half in two."""
    files = read(archives, "msdocs_powershell", lambda path: bool(re.match(r"reference/(5\.1|7\.[012])/", path)))
    pages: dict[str, list[str]] = defaultdict(list)
    for path, data in files.items():
        if 3_000 <= len(data) <= 10_000 and _hangul(data) > 0.15 and _clean(data) and not path.endswith("README.md"):
            pages[path.split("/", 2)[2]].append(path)
    chosen = ranked(page for page, paths in pages.items() if len(paths) == 4)[:CMDLET_PAGES]
    paths = [path for i, page in enumerate(chosen) for path in (pages[page] if i % 2 == 0 else pages[page][::3])]
    names = {path: f"{Path(path).stem}.{path.split('/')[1]}.md" for path in paths}
    return [Item(f"techdocs/{names[path]}", path, files[path]) for path in sorted(paths)]


def pytorch_html(archives: Path) -> list[Item]:
    files = read(archives, "html_ko_pytorch")
    fit = [p for p, data in files.items() if len(data) <= 80_000 and _hangul(data) > 0.02 and _clean(data)]
    return [Item(f"pytorch_html/{_flat(p)}", p, files[p]) for p in sorted(ranked(fit)[:PYTORCH_PAGES])]


def novel(archives: Path) -> list[Item]:
    """One story, twice: UTF-8 and EUC-KR."""
    files = read(archives, "literature_samdae", lambda path: path in NOVEL)
    return [Item(f"novel/{NOVEL[path]}", path, data) for path, data in files.items()]


def japanese(archives: Path) -> list[Item]:
    names = {f"cards/{key}": name for key, name in JAPANESE.items()}
    files = read(archives, "japanese_aozora", lambda path: str(Path(path).parent) in names)
    items = [Item(f"japanese/{names[str(Path(path).parent)]}.txt", path, data) for path, data in files.items()]
    return [item for item in items if is_clean(item.data, "cp932", TECHNICAL)]


def english(archives: Path) -> list[Item]:
    files = read(archives, "docs_md_fastapi", lambda path: path.startswith("en/docs/"))
    fit = [path for path, data in files.items() if 2_500 <= len(data) <= 9_000 and _clean(data)]
    chosen = sorted(ranked(fit)[:ENGLISH_PAGES])
    return [Item(f"english/{_flat(path.removeprefix('en/docs/'))}", path, files[path]) for path in chosen]


def _clean(data: bytes) -> bool:
    return is_clean(data, ignore=TECHNICAL)


def _hangul(data: bytes) -> float:
    text = data.decode("utf-8", errors="replace")
    return len(_HANGUL.findall(text)) / max(len(text), 1)


def _flat(path: str) -> str:
    return re.sub(r"[^A-Za-z0-9._()-]+", "_", path.replace("/", "__"))


def _mst(data: bytes) -> str:
    match = re.search(r"^법령MST: '?(\d+)", data.decode("utf-8"), re.MULTILINE)
    if match is None:
        raise ValueError("a statute without 법령MST in its header; the archive differs from the recipe")
    return match.group(1)
