"""Whether the beginning of a JSON file shows that it holds several values, as JSON Lines do."""

from __future__ import annotations

import regex

_TOKEN = regex.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|\'(?:[^\'\\]|\\.)*+(?:\'|\\?\Z)|[\[\]{}]', regex.DOTALL)


def several_values(head: bytes) -> bool:
    """True when the first object or list of `head` ends, and something follows it.

    False where that cannot be told: the head is cut before its end, or in UTF-16 (it has NUL bytes).

    >>> several_values(b'{"a": "}{"}\\n{"a": 1}'), several_values(b'[{"a": "]"},\\n{"a": 1}]\\n')
    (True, False)
    """
    depth = 0
    for token in _TOKEN.finditer(head) if b"\0" not in head else ():
        sign = head[token.start()]
        depth += (sign in b"[{") - (sign in b"]}")
        if depth == 0 and sign in b"]}":
            return bool(head[token.end() :].strip())
    return False
