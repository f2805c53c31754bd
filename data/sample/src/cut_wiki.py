"""Wiki pages: the raw files hold many, each a title line and text lines, with blank lines between."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from data.sample.src.archives import Item, ranked, read
from data.sample.src.personal import kinds

LONG_ARTICLES, SHORT_ARTICLES, TALK_PAGES = 220, 30, 60
_TALK = re.compile(r"위키백과:(?:사랑방|질문방|안내소|삭제 토론|문서 관리 요청|이동 요청|알찬 글|좋은 글)|토론:")
_ACCUSING = re.compile(r"혐의|피의자|피고인|전과|성추행|성폭행")  # not for a sample: claims about people
_TABLE = re.compile(r"^\s*[|!{]")
_HANGUL = re.compile(r"[가-힣]")
_LEADS = re.split(",", "g,kk,n,d,tt,r,m,b,pp,s,ss,,j,jj,ch,k,t,p,h")
_VOWELS = re.split(",", "a,ae,ya,yae,eo,e,yeo,ye,o,wa,wae,oe,yo,u,wo,we,wi,yu,eu,ui,i")
_TAILS = re.split(",", ",k,k,ks,n,nj,nh,t,l,lk,lm,lp,ls,lt,lp,lh,m,p,ps,t,t,ng,t,t,k,t,p,t")


def encyclopedia(archives: Path) -> list[Item]:
    pages = {title: body for title, body in _pages(archives).items() if ":" not in title and _is_article(body)}
    long = ranked(title for title, body in pages.items() if 2_200 <= len(body.encode()) <= 12_000)
    short = ranked(title for title, body in pages.items() if 300 <= len(body.encode()) <= 1_000)
    return _items("encyclopedia", pages, long[:LONG_ARTICLES] + short[:SHORT_ARTICLES])


def wikitalk(archives: Path) -> list[Item]:
    pages = {title: body for title, body in _pages(archives).items() if _TALK.match(title)}
    fit = ranked(t for t, body in pages.items() if 1_500 <= len(body.encode()) <= 9_000 and not _ACCUSING.search(body))
    return _items("wikitalk", pages, fit[:TALK_PAGES])


def slug(title: str) -> str:
    """A short ASCII file name: letters read one by one, and a hash that keeps names apart.

    >>> slug("한복")
    'hanbok-0ea22c'
    """
    read_out = "".join(_spell(c) for c in title)
    ascii_part = re.sub(r"[^a-z0-9]+", "-", read_out.lower()).strip("-")[:28].strip("-")
    return f"{ascii_part or 'page'}-{hashlib.sha1(title.encode()).hexdigest()[:6]}"


def _pages(archives: Path) -> dict[str, str]:
    """Title -> text; of pages that occur more than once, the longest. Pages with personal data are left out."""
    pages: dict[str, str] = {}
    for data in read(archives, "wikipedia_pages").values():
        for block in re.split(r"\n[ \t]*\n", data.decode("utf-8")):
            title, _, body = block.strip("\n").partition("\n")
            if title.strip() and len(body) > len(pages.get(title.strip(), "")):
                pages[title.strip()] = body
    return {title: body for title, body in pages.items() if not kinds(f"{title}\n{body}")}


def _is_article(body: str) -> bool:
    lines = body.split("\n")
    tables = sum(1 for line in lines if _TABLE.match(line))
    hangul = len(_HANGUL.findall(body))
    return tables * 5 <= len(lines) and hangul * 2 >= len(body) and not _ACCUSING.search(body)


def _items(folder: str, pages: dict[str, str], titles: list[str]) -> list[Item]:
    return [
        Item(f"{folder}/{slug(title)}.txt", title, f"{title}\n{pages[title]}\n".encode()) for title in sorted(titles)
    ]


def _spell(char: str) -> str:
    index = ord(char) - 0xAC00
    if not 0 <= index < 11172:
        return char
    return _LEADS[index // 588] + _VOWELS[index % 588 // 28] + _TAILS[index % 28]
