"""The tokens of a place in a shard, as text: read from the shard's file, so what is shown is scrubbed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer

from corpus_pipeline.run.execute import Run
from corpus_pipeline.run.manifest import Manifest

Row = dict[str, Any]
WINDOW = 20  # tokens shown on either side of the token asked for
CHARACTERS = 300  # of text in one place of the answer


class ShardText:
    """problem: why no text can be shown; null while it can."""

    def __init__(self, run: Run, shards: Manifest | None, tokenizer: Manifest | None) -> None:
        """shards, tokenizer: the manifests of shard_documents and of the tokenizer that is there now."""
        self._run = run
        self.problem: str | None = None
        self._tokenizer: Tokenizer | None = None
        if shards is None or tokenizer is None or shards.inputs.get("tokenizer") != tokenizer.digest:
            self.problem = "no text: the tokenizer of these shards is not there"
        else:
            self._tokenizer = Tokenizer.from_str(run.storage.read_text(f"{run.output}/tokenizer/tokenizer.json"))

    def begins(self, place: Row) -> str | None:
        """The first tokens of a place, its EOD left out."""
        return _cut(self._decode(place, 0, min(2 * WINDOW, place["tokens"] - 1)))

    def token(self, place: Row, offset: int) -> Row:
        """The token at `offset` of its shard (from 0), where in its document it is, and the tokens around it.

        place  a row of shard_documents with dtype, file, and byte_offset in it
        """
        at = offset - place["token_offset"]
        width = np.dtype(place["dtype"]).itemsize
        ids = self._ids(place, at, at + 1)
        return {
            **{name: place[name] for name in ("shard", "position", "copy")},
            "offset": offset,
            "file": place["file"],
            "byte_offset": offset * width if place["file"] else None,
            "bytes": width if place["file"] else None,
            "in_document": at,
            "document_tokens": place["tokens"],
            "part": self._part(place, at),
            "id": ids[0] if ids else None,
            "before": _cut(self._decode(place, max(0, at - WINDOW), at), end=True),
            "text": _cut(self._decode(place, at, at + 1)),
            "after": _cut(self._decode(place, at + 1, min(place["tokens"], at + 1 + WINDOW))),
        }

    def _ids(self, place: Row, start: int, end: int) -> list[int]:
        """Ids of tokens start to end (not included) of a place; none, and a problem, when they cannot be read."""
        dtype = np.dtype(place["dtype"]).newbyteorder("<")
        if place["file"] is None:
            self.problem = "no text: the shards are in a format without a file of plain ids"
            return []
        size, first = (end - start) * dtype.itemsize, place["byte_offset"] + start * dtype.itemsize
        try:
            files, path = self._run.storage.arrow(f"{self._run.output}/shards/{place['file']}")
            with files.open_input_file(path) as file:
                data = file.read_at(size, first)
        except (OSError, pa.ArrowException) as error:
            self.problem = f"no text: {place['file']}: {type(error).__name__}"
            return []
        if len(data) != size:
            self.problem = f"no text: {place['file']} ends too early"
            return []
        return [int(one) for one in np.frombuffer(data, dtype)]

    def _decode(self, place: Row, start: int, end: int) -> str | None:
        """A character that `start` or `end` cuts becomes U+FFFD."""
        ids = self._ids(place, start, end)
        if self._tokenizer is None or self.problem:
            return None
        return str(self._tokenizer.decode(ids, skip_special_tokens=False))

    def _part(self, place: Row, at: int) -> str:
        """header, text or end of document; a token can also stand across the border of the first two."""
        header = place["header_bytes"]
        if at == place["tokens"] - 1:
            return "end of document"
        if at >= header:  # no token is shorter than a byte
            return "text"
        ids = self._ids(place, 0, at + 1)
        if self._tokenizer is None or self.problem:
            return "header or text"
        sizes = [len(self._tokenizer.id_to_token(one) or "") for one in ids]  # byte-level: a character is a byte
        if sum(sizes) <= header:
            return "header"
        return "text" if sum(sizes[:-1]) >= header else "header and text"


def _cut(text: str | None, end: bool = False) -> str | None:
    """At most CHARACTERS of `text`, from its start or its end."""
    if text is None or len(text) <= CHARACTERS:
        return text
    return text[-CHARACTERS:] if end else text[:CHARACTERS]
