"""Pages from the templates in `pages/`, each in every language, linked to one another.

A page is one file that needs no network and holds no script. Every value is escaped; nothing is marked safe but the
sentences of the templates and of `pages/ko.tsv`. A sentence stands in a template in English, and in the table with its
translation; one that the table lacks stays English. Templates are no resource: a change of one makes nothing run again.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from corpus_pipeline.run.duplicates_view import visible
from corpus_pipeline.run.figures import add, share
from corpus_pipeline.run.storage import Storage

LANGUAGES = {"en": "English", "ko": "한국어"}
FOLDER = "report"
_NONE = "–"
Translate = Callable[[str], str]


def write(storage: Storage, output: str, name: str, values: Mapping[str, Any]) -> str:
    """Render `pages/<name>.html` with `values` in every language. Returns the path of the English one."""
    storage.make_folder(f"{output}/{FOLDER}")
    for language in reversed(LANGUAGES):
        path = f"{output}/{FOLDER}/{file_name(name, language)}"
        storage.write_bytes(path, render(name, language, values).encode("utf-8", "replace"))  # half a surrogate pair
    return path


def remove(storage: Storage, output: str, name: str) -> None:
    """Delete what `write` wrote; nothing happens where there is none."""
    for language in LANGUAGES:
        storage.delete(f"{output}/{FOLDER}/{file_name(name, language)}")


def file_name(name: str, language: str) -> str:
    """
    >>> file_name("index", "en"), file_name("index", "ko")
    ('index.html', 'index.ko.html')
    """
    return f"{name}.html" if language == "en" else f"{name}.{language}.html"


def render(name: str, language: str, values: Mapping[str, Any], translate: Translate | None = None) -> str:
    """The page's HTML. translate: in place of the table of the language."""
    pages = {code: (title, file_name(name, code)) for code, title in LANGUAGES.items()}
    template = _environment(translate or partial(_translated, language)).get_template(f"{name}.html")
    return template.render(values, language=language, pages=pages, page_of=partial(file_name, language=language))


def number(value: float | None) -> str:
    """
    >>> number(10520.0), number(None)
    ('10,520', '–')
    """
    return _NONE if value is None else f"{value:,.0f}"


def megabytes(value: float | None) -> str:
    """Bytes in MB (10^6), for a column of them."""
    return _NONE if value is None else f"{value / 1e6:,.2f}"


def size(value: float | None) -> str:
    """Bytes in the unit that suits.

    >>> size(512), size(3967935.0), size(2.5e15)
    ('512 B', '3.97 MB', '2,500.00 TB')
    """
    if value is None or value < 1000:
        return _NONE if value is None else f"{value:.0f} B"
    power = next((p for p in (1, 2, 3) if value < 1000 ** (p + 1)), 4)
    return f"{value / 1000**power:,.2f} {'kMGT'[power - 1]}B"


def percent(value: float | None, places: int = 1) -> str:
    """A share of 1 in percent."""
    return _NONE if value is None else f"{100 * value:.{places}f} %"


def decimal(value: float | None, places: int = 3) -> str:
    """A ratio, to so many decimals."""
    return _NONE if value is None else f"{value:,.{places}f}"


def shown(value: object) -> str:
    """A setting or a fact as text."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value) or "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _environment(translate: Translate) -> Environment:
    environment = Environment(
        autoescape=True,
        finalize=_readable,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(_source),
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    install: Any = environment.install_gettext_callables  # type: ignore[attr-defined]  # the extension adds it
    install(translate, lambda one, several, n: translate(one if n == 1 else several), newstyle=True)
    # of names that stand in Python: plain text, so that autoescape holds for them
    environment.filters.update(translated=translate, number=number, megabytes=megabytes, size=size, percent=percent)
    environment.filters.update(decimal=decimal)
    environment.globals.update(share=share, add=add, heat=heat)
    return environment


def _readable(value: object) -> object:
    """Text that shows what is not seen, so that no name or excerpt turns a line; markup stays as it is."""
    return visible(value) if type(value) is str else value


def heat(value: float | None, whole: float | None) -> int:
    """The shade of a cell that holds this part of its row: from 0, nothing, to 4."""
    part = share(value, whole) or 0.0
    return sum(part > limit for limit in (0, 0.1, 0.3, 0.6))


def _source(name: str) -> str:
    return (files("corpus_pipeline.run") / "pages" / name).read_text(encoding="utf-8")


def _translated(language: str, text: str) -> str:
    return text if language == "en" else translations(language).get(text, text)


@cache
def translations(language: str) -> dict[str, str]:
    """English -> the sentence in `language`, as pages/<language>.tsv has them."""
    rows = csv.reader(_source(f"{language}.tsv").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return {row[0]: row[1] for row in rows}
