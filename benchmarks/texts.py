"""Plain text for the benchmarks: `python benchmarks/texts.py --input FOLDER --out FOLDER [--mb 500]`.

INPUT/<corpus>.tar.zst      real corpora in their own formats, described in README.md beside them
OUT/texts/<corpus>.txt      UTF-8, NFC; documents in the order of the archive, between them a line with a form feed
OUT/mixed.jsonl             {"id", "text"}: documents of all corpora in the order of their hash, none twice

A document is what a reader would call one: a page, a judgment, a review, a comment, a question with its answer.
No text is repeated to reach --mb, and corpora made of versions of the same pages are left out or cut to one version:
repeated words are what a cache lives on, so copies would flatter it.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import html
import io
import json
import re
import sys
import tarfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pyarrow as pa

SEPARATOR = "\n\f\n"
Reader = Callable[[str], Iterable[str]]


class Files(NamedTuple):
    """Files of an archive whose path matches `pattern` in full, and how one of them becomes documents."""

    pattern: str
    read: Reader
    encoding: str = "utf-8-sig"


def whole(content: str) -> Iterable[str]:
    return [content]


def lines(content: str) -> Iterable[str]:
    return content.split("\n")


def pages(content: str) -> Iterable[str]:
    """Documents with an empty line between them."""
    return content.split("\n\n")


def column(content: str, *names: str, delimiter: str = "\t") -> Iterator[str]:
    """The named columns of a table, each cell a document."""
    for row in csv.DictReader(io.StringIO(content), delimiter=delimiter):
        yield from (row[name] or "" for name in names)


def answers(content: str) -> Iterator[str]:
    """A question, and on the next line its answer."""
    for row in csv.DictReader(io.StringIO(content)):
        yield f"{row['Q']}\n{row['A']}"


def objects(content: str, *names: str) -> Iterator[str]:
    """The named strings of each object of a JSON list."""
    for record in json.loads(content):
        yield "\n".join(str(record.get(name) or "") for name in names)


def json_lines(content: str, *names: str) -> Iterator[str]:
    for line in content.splitlines():
        record = json.loads(line)
        yield "\n".join(str(record[name]) for name in names)


def paragraphs(content: str) -> Iterator[str]:
    """KorQuAD: the paragraphs of an article are one document."""
    for article in json.loads(content)["data"]:
        yield "\n".join(paragraph["context"] for paragraph in article["paragraphs"])


def sentences(content: str) -> Iterator[str]:
    """CoNLL-U: the text of each sentence."""
    return (line.removeprefix("# text = ") for line in content.splitlines() if line.startswith("# text = "))


def notebook(content: str) -> Iterable[str]:
    return ["\n\n".join("".join(cell["source"]) for cell in json.loads(content)["cells"])]


def stripped_html(content: str) -> Iterable[str]:
    """Text between tags: crude, for the sake of English text with odd spacing and names."""
    bare = re.sub(r"(?is)<(script|style|svg|noscript)\b.*?</\1>|<!--.*?-->|<[^>]*>", " ", content)
    return [re.sub(r"\s*\n\s*", "\n", html.unescape(bare))]


MARKDOWN = Files(r".*\.mdx?", whole)
SPECIAL: dict[str, list[Files]] = {
    "bible_krv": [Files(r".*\.txt", lines)],
    "comments_curse": [Files(r".*/dataset\.txt", lambda text: (line.rpartition("|")[0] for line in lines(text)))],
    "comments_hate_kocohub": [
        Files(r".*/unlabeled/.*\.txt|.*/news_title/.*\.txt", lines),
        Files(r".*\.tsv", lambda text: column(text, "comments")),
    ],
    "dedup_law_revisions": [],  # versions of the same statutes
    "dedup_question_pair": [
        Files(r".*/(train|test|validation)\.txt", lambda text: column(text, "question1", "question2"))
    ],
    "dialogue_3i4k": [Files(r".*/fci\.txt", lambda text: (line.partition("\t")[2] for line in lines(text)))],
    "dialogue_chatbot": [Files(r".*\.csv", answers)],
    "dialogue_sae4k": [Files(r".*/sae4k_v1\.txt", lambda text: (line.partition("\t")[0] for line in lines(text)))],
    "docs_md_pytorch_kr": [Files(r".*\.(py|rst|md)", whole)],
    "gov_press_releases": [
        Files(r".*\.csv", lambda text: column(text, "content", delimiter=",")),
        Files(r".*/naju_articles\.json", lambda text: objects(text, "title", "content")),
    ],
    "html_ko_blog_jongmin92": [],  # listing pages repeat the articles
    "html_ko_pytorch": [],  # the pages of docs_md_pytorch_kr
    "html_readability_gold": [Files(r".*/source\.html", stripped_html)],
    "japanese_aozora": [Files(r".*\.txt", whole, "cp932")],
    "literature_samdae": [Files(r".*/(김유정_동백꽃|염상섭_삼대)\.txt", whole)],
    "movie_reviews_nsmc_raw": [Files(r".*/raw/\d+\.json", lambda text: objects(text, "review"))],
    "msdocs_powershell": [Files(r".*/7\.2/.*\.md", whole)],  # one version of five
    "news_parallel": [Files(r".*\.(nk|en)", lines)],
    "news_sci50": [Files(r".*\.json", lambda text: ["\n".join(json.loads(text)["sentences"])])],
    "notebooks_tensorflow_ko": [MARKDOWN, Files(r".*\.ipynb", notebook)],
    "petitions": [Files(r".*/petitions_\d{4}-\d\d", lambda text: json_lines(text, "title", "content"))],
    "treebank_ud_gsd": [Files(r".*\.conllu", sentences)],
    "treebank_ud_kaist": [Files(r".*\.conllu", sentences)],
    "treebank_ud_pud": [Files(r".*\.conllu", sentences)],
    "wikipedia_korquad_dev": [Files(r".*\.json", paragraphs)],
    "wikipedia_pages": [Files(r".*\.txt", pages)],
}


def documents(archive: Path) -> Iterator[str]:
    """The documents of one corpus, NFC, none empty. Files that cannot be read as stated are passed over."""
    chosen = SPECIAL.get(corpus_of(archive), [MARKDOWN])
    with (
        pa.CompressedInputStream(pa.OSFile(str(archive)), "zstd") as stream,
        tarfile.open(fileobj=stream, mode="r|") as tar,
    ):
        for member in tar:
            inside = PurePosixPath(member.name).parts[1:2] == ("data",)
            kind = next((kind for kind in chosen if inside and re.fullmatch(kind.pattern, member.name)), None)
            file = tar.extractfile(member) if kind and member.isfile() else None
            if kind is None or file is None:
                continue
            try:
                content = file.read().decode(kind.encoding).replace("\r\n", "\n").replace("\f", " ")
            except UnicodeDecodeError:
                continue
            for text in kind.read(content):
                clean = unicodedata.normalize("NFC", text).encode("utf-8", "ignore").decode().strip()
                if clean:
                    yield clean


def corpus_of(archive: Path) -> str:
    return archive.name.removesuffix(".tar.zst")


def extract(archives: Iterable[Path], folder: Path) -> dict[bytes, bytes]:
    """Write folder/<corpus>.txt. -> hash of each distinct document (16 bytes) -> its text, in UTF-8."""
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[bytes, bytes] = {}
    for archive in archives:
        known, size, count = len(found), 0, 0
        with (folder / f"{corpus_of(archive)}.txt").open("w", encoding="utf-8", newline="\n") as file:
            for text in documents(archive):
                file.write((SEPARATOR if count else "") + text)
                data = text.encode()
                found.setdefault(hashlib.blake2b(data, digest_size=16).digest(), data)
                size, count = size + len(data), count + 1
        print(f"{corpus_of(archive):28} {size / 1e6:8.2f} MB {count:8,} documents, {len(found) - known:8,} new")
    return found


def mix(found: dict[bytes, bytes], path: Path, limit: float) -> int:
    """Write the first documents by hash, up to `limit` bytes of text. -> bytes of text."""
    size = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for key in sorted(found):
            size += len(found[key])
            if size > limit:
                return size - len(found[key])
            file.write(json.dumps({"id": key.hex(), "text": found[key].decode()}, ensure_ascii=False) + "\n")
    return size


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", type=Path, required=True, help="folder of *.tar.zst")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--mb", type=float, default=500, help="text wanted in mixed.jsonl, in MB (default 500)")
    asked = parser.parse_args()
    archives = sorted(asked.input.glob("*.tar.zst"))
    if not archives:
        print(f"error: no *.tar.zst in {asked.input}; give the folder of the development text as --input")
        return 1
    found = extract(archives, asked.out / "texts")
    size = mix(found, asked.out / "mixed.jsonl", asked.mb * 1e6)
    short = f"; all there is, {asked.mb:.0f} MB were asked" if size < asked.mb * 1e6 * 0.99 else ""
    print(f"mixed.jsonl: {size / 1e6:.1f} MB of text{short}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
