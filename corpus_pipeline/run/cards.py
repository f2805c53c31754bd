"""The card of a run's tokenizer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from corpus_pipeline.errors import CorpusError
from corpus_pipeline.run.storage import Storage


def read(storage: Storage, output: str) -> Mapping[str, Any]:
    """The facts of `<output>/tokenizer/card.json`; empty where it is not there or cannot be read."""
    path = f"{output}/tokenizer/card.json"
    try:
        card = json.loads(storage.read_text(path)) if storage.exists(path) else {}
    except (ValueError, CorpusError):
        return {}
    return card if isinstance(card, dict) else {}
