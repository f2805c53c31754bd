"""A batch of texts cut into chunks of about so many characters: temporaries of numpy then stay small."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def chunks(texts: Sequence[str], characters: int) -> Iterator[Sequence[str]]:
    """The texts in order, in slices of at most `characters` characters, or of one longer text. None is empty.

    >>> list(chunks(["가나", "다", "라마바사"], 4))
    [['가나', '다'], ['라마바사']]
    """
    start = size = 0
    for at, text in enumerate(texts):
        if at > start and size + len(text) > characters:
            yield texts[start:at]
            start, size = at, 0
        size += len(text)
    if start < len(texts):
        yield texts[start:]
