"""The pages in headless Chromium: alone, quiet, readable by eye, keyboard and screen reader, on a phone and in print.

Needs Chromium (`make chromium`). The accessibility rules are axe-core's, from the package axe-playwright-python.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from corpus_pipeline.run import comparison, figures, html_report, page
from corpus_pipeline.run.storage import Storage
from tests.made_run import (
    AUTO,
    CONFIG,
    HOSTILE,
    KOREAN,
    Local,
    chain,
    dropped,
    pair,
    publish,
    write_curve,
    write_table,
    write_tables,
)

NAMES = [page.file_name(name, language) for name in ("index", "compare") for language in page.LANGUAGES]
PHONE, DESKTOP = 390, 1280
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
WORD = "가" * 400  # without a place to break
TEXTS = [f"{HOSTILE}<img src=x onerror=alert(1)>", f"{WORD} \u202eright to left\u202c", "\0\x1b[2J끝", "</p></details>"]
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a run with hostile documents, compared with another run."""
    folder = tmp_path_factory.mktemp("run") / "out"
    write_tables(folder)
    write_curve(folder, [*AUTO, (0.01, 7, "all", "rule_met", 1.0)])
    write_table(folder / "duplicate_samples", [pair(0.9, text, f"{text} 또") for text in TEXTS])
    write_table(folder / "drop_samples", [dropped(text, 1, text, title=text) for text in TEXTS])
    (folder / "quality_report").mkdir()
    (folder / "quality_report/_timings.json").write_text('{"dedup": 5, "collect": 20.25}')
    publish(folder.parent / "base", {"tags": chain()["tags"]})
    publish(folder, chain())
    storage = cast(Storage, Local(folder))
    run = figures.of_run(storage, CONFIG)
    html_report.write(storage, CONFIG, run, comparison.compare(storage, CONFIG, run, "base"))
    return folder / page.FOLDER


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "Chromium is missing: run `make chromium`, or set CHROMIUM to its path"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, path: Path, width: int = DESKTOP, **more: Any) -> Iterator[Page]:
    tab = browser.new_page(viewport={"width": width, "height": 900}, **more)
    try:
        tab.goto(path.as_uri())
        yield tab
    finally:
        tab.close()


def unfold(tab: Page) -> None:
    tab.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")


@pytest.mark.parametrize("name", NAMES)
def test_asks_for_nothing_and_says_nothing(browser: Browser, folder: Path, name: str) -> None:
    asked: list[str] = []
    said: list[str] = []

    def dismissed(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    tab = browser.new_page()
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("dialog", dismissed)
    uri = (folder / name).as_uri()
    tab.goto(uri)
    unfold(tab)
    assert [one for one in asked if not one.startswith("data:")] == [uri]
    assert said == []
    other = "en" if ".ko." in name else "ko"
    tab.click(f"a[hreflang={other}]")
    assert tab.evaluate("document.documentElement.lang") == other
    assert len(asked) == 2
    tab.close()


def violations(tab: Page) -> list[tuple[str, str, str]]:
    """(rule, impact, element) of what axe finds."""
    tab.evaluate(AXE)
    found: list[dict[str, Any]] = tab.evaluate("axe.run({resultTypes: ['violations']}).then(one => one.violations)")
    return [(one["id"], one["impact"], node["html"][:200]) for one in found for node in one["nodes"]]


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    list(zip(NAMES, (PHONE, DESKTOP, DESKTOP, PHONE), ("light", "dark", "light", "dark"), strict=True)),
)
def test_breaks_no_rule_of_accessibility(browser: Browser, folder: Path, name: str, width: int, scheme: Any) -> None:
    with opened(browser, folder / name, width, color_scheme=scheme) as tab:
        unfold(tab)
        assert violations(tab) == []


def test_rules_of_accessibility_are_looked_at(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "compare.html") as tab:
        tab.evaluate("document.querySelector('main').append(document.createElement('img'))")
        tab.evaluate("document.querySelector('h1').style.color = '#ddd'")
        assert {(rule, impact) for rule, impact, _ in violations(tab)} == {
            ("image-alt", "critical"), ("color-contrast", "serious"),
        }  # fmt: skip


def colours(png: bytes) -> tuple[int, float]:
    """Distinct colours of a picture, and its mean brightness of 255."""
    with Image.open(io.BytesIO(png)) as picture:
        grey = picture.convert("L").histogram()
        several = picture.convert("RGB").getcolors(1 << 24) or []
    return len(several), sum(value * n for value, n in enumerate(grey)) / sum(grey)


@pytest.mark.parametrize("name", ["index.html", "compare.ko.html"])
def test_is_seen_on_a_phone_on_a_desk_in_the_dark_and_in_print(browser: Browser, folder: Path, name: str) -> None:
    with opened(browser, folder / name, PHONE) as tab:
        phone = colours(tab.screenshot())
    with opened(browser, folder / name) as tab:
        desk = colours(tab.screenshot())
        tab.emulate_media(color_scheme="dark")
        dark = colours(tab.screenshot())
        tab.emulate_media(media="print")
        printed = colours(tab.screenshot())
        assert tab.pdf().startswith(b"%PDF")
        assert not tab.is_visible("nav")
        heights = tab.eval_on_selector_all("details .excerpt", "found => found.map(one => one.offsetHeight)")
        assert all(heights), "what is folded is printed"
        assert len(heights) == (len(TEXTS) * 3 if name == "index.html" else 0)
    assert min(seen for seen, _ in (phone, desk, dark, printed)) > 60  # an empty page has one, text alone some dozens
    assert dark[1] < 80 < 180 < printed[1]
    assert desk[1] > 180


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wider_than_a_phone(browser: Browser, folder: Path, name: str) -> None:
    with opened(browser, folder / name, PHONE) as tab:
        unfold(tab)
        assert tab.evaluate("document.documentElement.scrollWidth") == PHONE


def scrolled(tab: Page) -> bool:
    """Whether the table in focus has moved, after a moment: the page forbids the eval the browser would wait by."""
    tab.wait_for_timeout(50)
    return bool(tab.evaluate("document.activeElement.scrollLeft > 0"))


def test_every_table_is_reached_and_moved_by_the_keyboard(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "index.html", PHONE) as tab:
        unfold(tab)
        stops: int = tab.evaluate("document.querySelectorAll('a, summary, [tabindex]').length")
        reached: list[str] = []
        for _ in range(stops):
            tab.keyboard.press("Tab")
            where, outline, widest = tab.evaluate(
                "() => { const of = document.activeElement, style = getComputedStyle(of);"
                "return [of.getAttribute('aria-labelledby') || of.tagName, style.outlineStyle + style.outlineWidth,"
                "of.scrollWidth - of.clientWidth] }"
            )
            assert outline == "solid3px", where
            reached.append(where)
            if where == "sources-caption":
                assert widest > 100
                tab.keyboard.press("ArrowRight")
                assert any(scrolled(tab) for _ in range(200)), "the key moved nothing in ten seconds"
        regions = tab.evaluate(
            "[...document.querySelectorAll('[role=region]')].map(of => of.getAttribute('aria-labelledby'))"
        )
        assert len(regions) > 15
        assert [one for one in reached if one in regions] == regions
        assert reached.count("SUMMARY") == len(TEXTS) * 2 + 1


def test_hostile_documents_stay_text(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "index.html") as tab:
        unfold(tab)
        shown = tab.inner_text("body")
        assert tab.query_selector_all("script, img, iframe") == []
        assert shown.count(TEXTS[0]) >= 4
        assert shown.count("[U+202E]right to left[U+202C]") >= 4
        assert shown.count("[U+0000][U+001B][2J끝") >= 4
        assert not set("\0\u202e\x1b") & set(shown)
        assert len(tab.query_selector_all(".excerpt")) == 3 * len(TEXTS)


def test_korean_is_korean(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "index.ko.html") as tab:
        headings = [one.text_content() or "" for one in tab.query_selector_all("h2, h3, caption strong")]
        assert len(headings) > 30
        assert [one for one in headings if not any("가" <= letter <= "힣" for letter in one)] == []
        assert KOREAN in tab.inner_text("#sources + * ~ .scroll")
