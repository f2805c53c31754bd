"""Spreadsheets (XLSX): every row below a sheet's first becomes one record of named cells.

Reader: python-calamine (MIT), the optional extra `xlsx`. It holds one sheet in memory, so what a file unpacks to is
measured before it is opened.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any, NamedTuple

from corpus_pipeline.errors import ResourceError

BLOW_UP = 20  # times its size limit that a file may unpack to: XML of cells packs about ten to one


class Row(NamedTuple):
    """A record: where it stands (`sheet!row`), its cells by the names in the sheet's first row, or a reject reason."""

    place: str
    cells: dict[str, str]
    problem: str | None


def rows(data: bytes, limit: int) -> Iterator[Row]:
    """The records of a file; empty rows are left out. One record with a reason when it cannot be read.

    limit  bytes; raises ResourceError when the extra is not installed
    """
    calamine = _library()
    try:
        if _unpacked_size(data) > BLOW_UP * limit:
            yield Row("", {}, "file_too_large")
            return
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = book.sheet_names
    except Exception:  # a parser on arbitrary bytes: any failure is the file's, and has a reason
        yield Row("", {}, "unparsable_table")
        return
    for name in names:
        try:
            sheet = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        except Exception:
            yield Row(name, {}, "unparsable_table")
            continue
        yield from _named(name, sheet)


def _named(sheet: str, cells: list[list[Any]]) -> Iterator[Row]:
    filled = ((number, row) for number, row in enumerate(cells, 1) if any(_text(cell) for cell in row))
    _, header = next(filled, (0, []))
    names = [_text(cell) or f"column_{index}" for index, cell in enumerate(header, 1)]
    for number, row in filled:
        found: dict[str, str] = {}
        for name, cell in zip(names, row, strict=False):
            if (text := _text(cell)) and name not in found:  # of two columns with one name the first that is filled
                found[name] = text
        yield Row(f"{sheet}!{number}", found, None)


def _text(cell: object) -> str:
    """A cell as people see it: whole numbers without a point, dates in ISO 8601."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell.isoformat() if hasattr(cell, "isoformat") else cell).strip()


def _unpacked_size(data: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return sum(member.file_size for member in archive.infolist())


def _library() -> Any:
    try:
        import python_calamine
    except ImportError:
        raise ResourceError(
            "format: xlsx", "the package python-calamine", "none", "Run `pip install 'corpus-pipeline[xlsx]'`."
        ) from None
    return python_calamine
