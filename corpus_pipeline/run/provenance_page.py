"""The answer of `provenance` as plain text."""

from __future__ import annotations

import textwrap
from typing import Any

Row = dict[str, Any]
_WIDTH = 110


def page(found: Row) -> str:
    """found: a Provenance as a dict. A figure that an earlier stage gave, with the same value, is not repeated."""
    lines = [f"document {found['doc_id']}: {found['verdict']}"]
    if found["begins"] is not None:
        lines.append(f"  begins: {_line(found['begins'])}")
    lines += ["", *_token(found["token"])] if found["token"] else []
    lines += ["", "decisions", *_decisions(found["decisions"])]
    places = found["decisions"][-1]["rows"]
    lines += ["", "places", *[f"  {_place(place)}" for place in places]] if places else []
    lines += ["", *_cluster(found["cluster"])] if found["cluster"] else []
    lines += ["", "notes", *[f"  {note}" for note in found["notes"]]] if found["notes"] else []
    return "\n".join(lines)


def _token(token: Row) -> list[str]:
    lines = [
        f"token {token['offset']} of {token['shard']}: id {_value(token['id'])}, {token['part']}",
        f"  token {token['in_document']} (from 0) of the document's {token['document_tokens']}, copy {token['copy']}, "
        f"position {token['position']} in the shard",
    ]
    if token["file"]:
        lines.append(
            f"  bytes {token['byte_offset']} to {token['byte_offset'] + token['bytes'] - 1} of {token['file']}"
        )
    if token["text"] is not None:
        lines.append(f"  {_line(token['before'])}>>>{_line(token['text'])}<<<{_line(token['after'])}")
    return lines


def _decisions(decisions: list[Row]) -> list[str]:
    said: set[tuple[str, str]] = set()
    lines = []
    for decision in decisions:
        row = decision["rows"][0] if decision["rows"] else {}
        if decision["stage"] == "serialize":
            row = {"places": len(decision["rows"])} if row else {}
        new = {name: _value(value) for name, value in row.items() if (name, _value(value)) not in said}
        said |= set(new.items())
        shown = ["drawn"] if decision["stage"] == "sample" and row else []
        shown += [f"{name}={value}" for name, value in new.items() if name != "doc_id"]
        head = f"  {decision['stage']:<16}"
        text = head + (", ".join(shown) or decision["state"])
        lines += textwrap.wrap(text, _WIDTH, subsequent_indent=" " * len(head), break_on_hyphens=False)
    return lines


def _cluster(cluster: Row) -> list[str]:
    survivor = cluster["survivor"] or "none"
    lines = [f"duplicates: cluster {cluster['cluster_id']} of {cluster['documents']} documents, survivor {survivor}"]
    for member in cluster["members"]:
        lines.append("  " + ", ".join(f"{name}={_value(v)}" for name, v in member.items() if name != "places"))
        lines += [f"    {_place(place)}" for place in member["places"]]
    if cluster["not_listed"]:
        lines.append(f"  and {cluster['not_listed']} more")
    return lines


def _place(place: Row) -> str:
    line = f"{place['shard']}: position {place['position']}, copy {place['copy']}"
    line += f", tokens {_range(place['token_offset'], place['tokens'])}"
    return line + (
        f", bytes {_range(place['byte_offset'], place['bytes'])} of {place['file']}" if place["file"] else ""
    )


def _range(first: int, count: int) -> str:
    return f"{first} to {first + count - 1} ({count})"


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return " ".join(str(one) for one in value) or "none"
    return _line(str(value))


def _line(text: str) -> str:
    """`text` on one line that a terminal can show: line ends and control characters as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
