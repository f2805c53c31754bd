"""Raw documents for benchmarks/end_to_end.py: the set of benchmarks/dedup_texts.py as jsonl files, a folder a type.

OUT/texts/<doc_type>/NN.jsonl    id, text; in the order of the set. With `every` one document in so many.
"""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import pyarrow.parquet as pq

from benchmarks.measure import write_json

VERSION = 2  # of what is written; a change makes sets anew
TYPES = {
    "wikipedia": "encyclopedia",
    "comments": "comment",
    "movie": "review",
    "law": "law",
    "dedup_law": "law",
    "court": "law",
    "petitions": "petition",
    "dialogue": "dialogue",
    "docs": "docs",
    "msdocs": "docs",
    "notebooks": "docs",
    "blog": "blog",
    "gov": "news",
    "news": "news",
    "literature": "book",
    "japanese": "book",
    "bible": "book",
}
OTHER = "web"  # planted edits among them: copies of documents of every type


def doc_type(source: str) -> str:
    """
    >>> doc_type("dedup_law_revisions"), doc_type("planted_long")
    ('law', 'web')
    """
    longest = max((start for start in TYPES if source.startswith(start)), key=len, default="")
    return TYPES.get(longest, OTHER)


def make(folder: Path, out: Path, every: int = 1) -> dict[str, Any]:
    """Write the set of `folder` to `out`, unless it is there. Returns {"documents", "bytes" of text, "types"}."""
    made = out / "made.json"
    made_of = {"version": VERSION, "every": every, "of": json.loads((folder / "made.json").read_text(encoding="utf-8"))}
    if made.exists():
        found: dict[str, Any] = json.loads(made.read_text(encoding="utf-8"))
        if {name: found.get(name) for name in made_of} == made_of:
            return found
    shutil.rmtree(out, ignore_errors=True)
    documents = size = number = 0
    types: dict[str, int] = {}
    for file in sorted((folder / "parquet").iterdir()):
        with ExitStack() as stack:
            open_files: dict[str, IO[str]] = {}
            rows = pq.read_table(file, columns=["id", "source", "text"]).to_pydict()
            for name, source, text in zip(rows["id"], rows["source"], rows["text"], strict=True):
                number += 1
                if number % every:
                    continue
                kind = doc_type(source)
                if kind not in open_files:
                    path = out / "texts" / kind / f"{file.stem}.jsonl"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    open_files[kind] = stack.enter_context(path.open("w", encoding="utf-8", newline="\n"))
                open_files[kind].write(json.dumps({"id": name, "text": text}, ensure_ascii=False) + "\n")
                documents, size = documents + 1, size + len(text.encode())
                types[kind] = types.get(kind, 0) + 1
    result = made_of | {"documents": documents, "bytes": size, "types": dict(sorted(types.items()))}
    write_json(made, result)
    return result
