"""Cuts the bundled sample out of the raw archives: the same input gives the same bytes.

    python data/sample/build.py --input ../shared/data           write data/sample
    python data/sample/build.py --input ../shared/data --check   compare only; exit code 1 when something differs

Needs pyyaml and zstandard. What is taken and why is in NOTICE.md; where each file comes from is in origins.tsv.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from data.sample.src import cut_files, cut_records, cut_wiki, synthetic_pii, synthetic_qna
from data.sample.src.archives import Item

HERE = Path(__file__).resolve().parent
ORIGINS = "origins.tsv"
RECIPE: tuple[tuple[str, str, Callable[[Path], list[Item]]], ...] = (
    ("reviews", "movie_reviews_nsmc_raw", cut_records.reviews),
    ("petitions", "petitions", cut_records.petitions),
    ("encyclopedia", "wikipedia_pages", cut_wiki.encyclopedia),
    ("wikitalk", "wikipedia_pages", cut_wiki.wikitalk),
    ("law", "law_statutes", cut_files.law),
    ("law_revisions", "dedup_law_revisions", cut_files.law_revisions),
    ("blog_md", "blog_md_yceffort", cut_files.blog_md),
    ("blog_html", "html_ko_blog_jongmin92", cut_files.blog_html),
    ("dialogue", "dialogue_chatbot", cut_records.dialogue),
    ("spoken", "dialogue_3i4k", cut_records.spoken),
    ("techdocs", "msdocs_powershell", cut_files.techdocs),
    ("pytorch_html", "html_ko_pytorch", cut_files.pytorch_html),
    ("news", "gov_press_releases", cut_records.news),
    ("novel", "literature_samdae", cut_files.novel),
    ("japanese", "japanese_aozora", cut_files.japanese),
    ("english", "docs_md_fastapi", cut_files.english),
    ("qna", "synthetic", synthetic_qna.qna),
    ("pii", "synthetic", synthetic_pii.pii),
)


def sample(archives: Path) -> dict[str, bytes]:
    """Every generated file of the sample by name, the list of origins included."""
    files: dict[str, bytes] = {}
    rows = ["file\tsource\torigin\n"]
    for folder, source, cut in RECIPE:
        items = cut(archives)
        files.update({item.name: item.data for item in items})
        rows += [f"{item.name}\t{source}\t{item.origin}\n" for item in items]
        print(f"{folder:14} {len(items):4} files {sum(len(item.data) for item in items):9,} bytes")
    if len(files) + 1 != len(rows):
        raise ValueError("two files of the sample have the same name")
    print(f"{'all':14} {len(files):4} files {sum(map(len, files.values())):9,} bytes")
    return {**files, ORIGINS: "".join(rows).encode("utf-8")}


def write(files: dict[str, bytes]) -> None:
    for folder, _, _ in RECIPE:
        shutil.rmtree(HERE / folder, ignore_errors=True)
    for name, data in files.items():
        (HERE / name).parent.mkdir(exist_ok=True)
        (HERE / name).write_bytes(data)


def differences(files: dict[str, bytes]) -> list[str]:
    """Names that are missing, left over or different. Packed files are compared unpacked: zlib builds differ."""
    there = {str(p.relative_to(HERE)) for folder, _, _ in RECIPE for p in (HERE / folder).rglob("*") if p.is_file()}
    there |= {ORIGINS} & {p.name for p in HERE.iterdir()}
    changed = {name for name in there & set(files) if _plain((HERE / name).read_bytes()) != _plain(files[name])}
    return sorted((there ^ set(files)) | changed)


def _plain(data: bytes) -> bytes:
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--input", type=Path, required=True, help="folder with the <source>.tar.zst archives")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the sample is not reproduced")
    args = parser.parse_args()
    files = sample(args.input)
    if not args.check:
        write(files)
        return 0
    found = differences(files)
    print("\n".join(f"differs: {name}" for name in found) or "reproduced")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
