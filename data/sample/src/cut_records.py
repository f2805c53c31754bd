"""Sources whose files hold many records: some records of each, as they were."""

from __future__ import annotations

import csv
import gzip
import io
import re
from pathlib import Path

from data.sample.src.archives import Item, ranked, read
from data.sample.src.personal import is_clean, kinds, mask_contacts

REVIEW_FILES = 40
PETITIONS_PER_FILE = 100
DIALOGUE_BLOCK, DIALOGUE_BLOCKS = 25, 120  # neighbours stay together: they are often paraphrases
SPOKEN_ROWS = 4000
NEWS_COLUMNS = (
    *("id", "title", "content", "original_link", "source", "published_at", "status"),
    *("category", "created_at", "view_count", "is_notice", "subtitle", "region"),
)
_ACCUSING = re.compile(  # petitions against a person or about a crime name private people
    "고발|고소|처벌|구속|파면|사퇴|해임|범죄|범인|직권남용|성희롱|성폭|성추행|강간|폭행|살인|혐의|피의자|횡령|비리|갑질|학대|자살|납치|불륜|의료사고|의사면허|에이즈|정신병원|조현병|수사해"
    "|[가-힣]{1,3}계장|[가-힣]{2,4}(?:씨|양|군)[은는이가을를의] |실명|제 이름"
)
_OPEN_NOTICE = re.compile(r"제\s*1\s*유형|출처표시 \(상업적 이용 및 변경 가능\)|\[출처표시\]")


def reviews(archives: Path) -> list[Item]:
    files = read(archives, "movie_reviews_nsmc_raw", lambda path: path.startswith("raw/"))
    fit = [path for path, data in files.items() if 5_000 <= len(data) <= 22_000 and is_clean(data)]
    return [Item(f"reviews/{Path(path).name}", path, files[path]) for path in sorted(ranked(fit)[:REVIEW_FILES])]


def petitions(archives: Path) -> list[Item]:
    """Three months; the last one packed, because crawls often arrive so."""
    files = read(archives, "petitions")
    items = []
    for path in ("petitions_2017-08", "petitions_2019-06", "petitions_2019-07"):
        lines = [line for line in files[path].decode("utf-8").splitlines(keepends=True) if not _ACCUSING.search(line)]
        data = _chosen(lines, PETITIONS_PER_FILE, 400, 9_000)
        if path.endswith("2019-07"):
            items.append(Item(f"petitions/{path}.jsonl.gz", path, gzip.compress(data, 9, mtime=0)))
        else:
            items.append(Item(f"petitions/{path}.jsonl", path, data))
    return items


def spoken(archives: Path) -> list[Item]:
    lines = read(archives, "dialogue_3i4k")["fci.txt"].decode("utf-8").splitlines(keepends=True)
    return [Item("spoken/fci.tsv", "fci.txt", _chosen(lines, SPOKEN_ROWS, 8, 2_000))]


def dialogue(archives: Path) -> list[Item]:
    header, *lines = read(archives, "dialogue_chatbot")["ChatbotData.csv"].decode("utf-8").splitlines(keepends=True)
    blocks = {str(i): lines[i : i + DIALOGUE_BLOCK] for i in range(0, len(lines), DIALOGUE_BLOCK)}
    fit = [key for key, block in blocks.items() if len(block) == DIALOGUE_BLOCK and not kinds("".join(block))]
    rows = [line for key in sorted(ranked(fit)[:DIALOGUE_BLOCKS], key=int) for line in blocks[key]]
    return [Item("dialogue/ChatbotData.csv", "ChatbotData.csv", "".join([header, *rows]).encode("utf-8"))]


def news(archives: Path) -> list[Item]:
    """Press releases that carry the open notice (KOGL type 1) themselves; contacts masked, staff columns dropped."""
    path = "backups/posts_backup_20251219_172054.csv"
    text = read(archives, "gov_press_releases", lambda name: name == path)[path].decode("utf-8-sig")
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, NEWS_COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    csv.field_size_limit(10**7)
    for row in csv.DictReader(io.StringIO(text, newline="")):
        row["content"] = mask_contacts(row["content"])
        if _OPEN_NOTICE.search(row["content"]) and not kinds("\n".join(row[name] for name in NEWS_COLUMNS)):
            writer.writerow(row)
    return [Item("news/press_releases.csv", path, out.getvalue().encode("utf-8-sig"))]


def _chosen(lines: list[str], count: int, low: int, high: int) -> bytes:
    """`count` lines of `low` to `high` bytes without personal data, in their old order, byte for byte."""
    fit = [i for i, line in enumerate(lines) if low <= len(line.encode()) <= high and not kinds(line)]
    chosen = sorted(int(key) for key in ranked(str(i) for i in fit)[:count])
    return "".join(lines[i] for i in chosen).encode("utf-8")
