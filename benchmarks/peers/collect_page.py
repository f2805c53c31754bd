"""The core of a page by one extractor, served in a process of its own: OURS_OR_PEER.

What is timed is html -> text alone (serving.py).
Ours is given the pages of a request at once, as a batch of records gives them; it holds a thousand blocks at a time.

request  {"pages": path of a jsonl file of html strings, "texts": path to write one JSON string per page}
answer   {"cpu_seconds", "seconds", "peak_mib"} or {"error"}
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.peers import serving

Extractor = Callable[[Sequence[str]], list[str]]


def load(name: str) -> Extractor:
    """model and trafilatura as the project calls them; the others as their own documents say."""
    if name in ("model", "trafilatura"):
        extract_all = import_module("corpus_pipeline.kernels.html").extract_all
        return lambda pages: [page.body or "" for page in extract_all(pages, name)]
    if name == "resiliparse":
        plain = import_module("resiliparse.extract.html2text").extract_plain_text
        return _of_each(lambda html: str(plain(html, main_content=True, preserve_formatting=True)))
    document = import_module("readability").Document
    plain = import_module("resiliparse.extract.html2text").extract_plain_text  # readability gives HTML: not timed apart

    def readable(html: str) -> str:
        return str(plain(document(html).summary(), main_content=False, preserve_formatting=True))

    return _of_each(readable)


def _answer(extractor: Extractor, request: dict[str, Any]) -> dict[str, Any]:
    pages = serving.strings(request["pages"])
    texts, spent = serving.timed(lambda: extractor(pages))
    Path(request["texts"]).write_text("".join(json.dumps(text) + "\n" for text in texts), encoding="utf-8")
    return spent


def _of_each(one: Callable[[str], str]) -> Extractor:
    def safely(page: str) -> str:
        try:
            return one(page)
        except Exception:  # a page it fails on is a page without text
            return ""

    return lambda pages: [safely(page) for page in pages]


if __name__ == "__main__":
    serving.serve(partial(load, sys.argv[1]), _answer)
