"""The page: right figures, everything escaped, whole without a network, and never in the way of an incomplete chain."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast

import pytest

from corpus_pipeline.pipeline import PIPELINE
from corpus_pipeline.run import comparison, figures, html_report, mixture_view, page
from corpus_pipeline.run.config import Config, check
from corpus_pipeline.run.manifest import Manifest
from corpus_pipeline.run.storage import Storage
from corpus_pipeline.schemas import contract
from tests.made_run import (
    AUTO,
    CONFIG,
    HOSTILE,
    KOREAN,
    PLAN,
    SAMPLES,
    SUMMARY,
    WHAT_IF,
    Local,
    chain,
    config_of,
    figure,
    pair,
    publish,
    tokenizers,
    write_curve,
    write_table,
    write_tables,
)

DUPLICATES = ("duplicate_summary", "duplicate_samples")
MIX = ("mixture_plan", "mixture_what_if")
VOID = {"meta", "link", "wbr", "br", "hr", "img", "input"}
PLACE: list[Path] = []  # the folder of the test's run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    """The folder of the tables, with a name that is no URI as it stands."""
    folder = tmp_path / "한글 %20"
    write_tables(folder)
    PLACE.append(folder)
    yield folder
    PLACE.remove(folder)


def rendered(
    manifests: dict[str, Manifest],
    config: Config = CONFIG,
    card: str = '{"vocab_size": 16000}',
    language: str = "en",
) -> str:
    publish(PLACE[0], manifests, card)
    storage = cast(Storage, Local(PLACE[0]))
    path = html_report.write(storage, config, figures.of_run(storage, config))
    return (PLACE[0] / path.removeprefix("out/")).with_name(page.file_name("index", language)).read_text("utf-8")


class Page(HTMLParser):
    """A page's elements; fails on one that is not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> out of order at {self.getpos()}"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data
        if self.rows and ("td" in self.open or "th" in self.open):
            self.rows[-1][-1] += data

    def row(self, first: str, cells: int) -> list[str]:
        """The first row of that many cells whose first one begins with `first`."""
        stripped = [[" ".join(cell.split()) for cell in row] for row in self.rows]
        return next(row for row in stripped if len(row) == cells and row[0].startswith(first))


def test_figures() -> None:
    page = Page(rendered(chain()))
    assert page.row("all", 9) == ["all", "1,000", "10", "990", "880", "110", "88.0 %", "8.90", "2,200,000"]
    assert page.row("국민청원", 9)[1:] == ["100", "10", "90", "80", "10", "80.0 %", "0.90", "200,000"]
    assert page.row("quality:x", 6)[1:4] == ["dropped", "100", "83.3 %"]
    assert page.row("near", 4)[1:3] == ["20", "10"]
    assert page.row(KOREAN, 3) == [KOREAN, "0", "90"]  # languages: ko, en
    assert page.row(HOSTILE, 3) == [HOSTILE, "900", "0"]
    assert [HOSTILE, "3", "3"] in page.rows  # masked: phone, all kinds
    for text in ("16,000", "4.3.0", "Every check of the tables below holds", "33 pairs"):
        assert text in page.text
    assert "make " not in page.text.replace("make shorter", "")


def test_quality_by_source() -> None:
    page = Page(rendered(chain()))
    assert page.row(HOSTILE, 12)[1:] == ["", "100", *["0"] * 8, "800"]
    assert page.row(KOREAN, 12)[2:] == ["0", "0", "0", "90", *["0"] * 6]
    assert page.row("all", 12)[2:] == ["100", "0", "0", "90", *["0"] * 5, "800"]
    bars = [of for tag, of in page.tags if tag == "rect" and of.get("width") == "0.88"]
    shapes = [(of["class"], of["x"], of["y"], of["height"]) for of in bars[:4]]
    assert shapes == [  # 24 high: 100 of 800, and 800; then 80 and 10 of 90
        ("dropped", "0.06", "21.0", "3.0"), ("kept", "9.06", "0.0", "24.0"),
        ("kept", "3.06", "2.67", "21.33"), ("dropped", "3.06", "0.0", "2.67"),
    ]  # fmt: skip


def test_length_by_source() -> None:
    page = Page(rendered(chain()))
    rows = [[" ".join(cell.split()) for cell in row] for row in page.rows]
    assert ["source", "under 100", "under 100,000", "mean bytes"] in rows
    assert [HOSTILE, "850", "50", "10,000"] in rows
    assert ["all", "940", "50", "10,101"] in rows


def test_tokenizers_side_by_side() -> None:
    page = Page(rendered(chain()))
    assert page.row("byte", 10) == ["byte", "1,000", "1,000", "3.500", "–", "0.000 %", *["–"] * 4]
    assert page.row(KOREAN, 2) == [KOREAN, "2.125"]
    manifests = {name: one for name, one in chain().items() if name != "tokenizer_comparison"}
    assert "make compare-tokenizers" in Page(rendered(manifests)).text


def test_shards_one_by_one() -> None:
    page = Page(rendered(chain()))
    assert page.row("shard-00001", 5) == ["shard-00001", "401", "40", "2,000,000", "2,000,000"]
    assert page.row("mean", 5)[1:] == ["400", "40", "1,500,000", "2,000,000"]
    assert "the first 2 of 2" in page.text


def test_times_of_the_stages_slowest_first(folder: Path) -> None:
    assert "was not kept" in Page(rendered(chain())).text
    (folder / "quality_report").mkdir()
    (folder / "quality_report/_timings.json").write_text('{"dedup": 5, "collect": 20.25, "odd": "x"}')
    page = Page(rendered(chain()))
    stages = [
        [" ".join(cell.split()) for cell in row[:5]] for row in page.rows if len(row) == 6 and row[1][-2:-1] == "."
    ]
    assert stages == [
        ["collect", "20.2", "80.2 %", "49", "0.49"], ["dedup", "5.0", "19.8 %", "198", "2.00"],
    ]  # fmt: skip  # 990 documents, 10 MB
    assert ["all", "25.2", ""] in page.rows
    (folder / "quality_report/_timings.json").write_text("[]")
    assert "was not kept" in Page(rendered(chain())).text


def test_dropped_documents_of_each_reason() -> None:
    near, rule = sampled_pairs(rendered(chain()))[:2]
    assert [part.count('<p class="excerpt"') for part in (near, rule)] == [5, 1]
    assert "5/7" in near
    assert "글 1</p>" not in near  # cut: its text is longer
    assert ">글 1…</p>" in near
    assert "글 6" not in near
    assert "<code>0d</code>" in near
    assert f"{escape(HOSTILE)} [U+202E][U+0000]끝</p>" in unescaped(rule)
    assert "links 0.125" in rule


def test_the_mix_as_it_stands_in_the_shards() -> None:
    page = Page(rendered(chain()))
    assert page.row("web", 7)[1:6] == ["36,000", "69.2 %", "2,000,000", "90.9 %", "+21.7"]
    assert page.row("news", 7)[1:6] == ["16,000", "30.8 %", "200,000", "9.1 %", "-21.7"]


def test_every_sentence_is_in_both_languages(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the pages say in all their states is what the table has, with the same values in it."""
    known = page.translations("ko")
    asked: set[str] = set()

    def recorded(language: str, text: str) -> str:
        asked.add(text)
        return text

    monkeypatch.setattr(page, "_translated", recorded)
    states(folder)
    asked.discard("")
    assert asked - known.keys() == set()
    assert known.keys() - asked == set()
    places = re.compile(r"%\(\w+\)s|<code>.*?</code>")
    for english, korean in known.items():
        assert sorted(places.findall(english)) == sorted(places.findall(korean)), english


def unescaped(html: str) -> str:
    """jinja2 writes ' as &#39;, the standard library as &#x27;."""
    return html.replace("&#39;", "&#x27;")


def states(folder: Path) -> None:
    """Render the pages in every state they have."""
    there = chain()
    rendered(there)
    rendered({})
    for stage in PIPELINE:
        rendered({table: one for table, one in there.items() if table not in stage.writes})
    full = dict(there)
    full["rejected_records"] = replace(full["rejected_records"], metrics={"all/rejected": 0})
    full["mixture"] = replace(full["mixture"], metrics={"all/dropped": 0})
    rendered(full)  # nothing rejected or dropped
    kinds = [metric.name for metric in contract("documents").metrics if metric.name.startswith("masked_")]
    masked = {f"{part}/{kind}": 1 for kind in kinds for part in ("all", f"source={HOSTILE}")}
    languages = {f"source={HOSTILE},language={chr(97 + i)}/rows": 9 for i in range(12)}
    lengths = {f"source={HOSTILE},length_class={name}/rows": 9 for name in ("tiny", "short", "medium", "long", "huge")}
    for table, metrics in (("documents", masked), ("tags", languages | lengths)):
        full[table] = replace(there[table], metrics={**there[table].metrics, **metrics})
    sources = [f"s{i:02}" for i in range(20)]
    full["mixture"] = there["mixture"]
    counts = {f"source={source},drop_reason=quality:x/rows": 9 for source in sources}
    full["mixture"] = replace(there["mixture"], metrics={**there["mixture"].metrics, **counts})
    full["mixture_plan"] = replace(there["mixture_plan"], params={"budget_tokens": 9}, failed=["gone"])
    write_table(
        folder / "duplicate_summary", [*SUMMARY[:5], *(figure("sources", s, s, None, None, 1, 1) for s in sources)]
    )
    write_table(folder / "duplicate_samples", SAMPLES, 0)
    held = ("supply", "upper_bound", "lower_bound", "others")
    write_table(folder / "mixture_plan", [{**PLAN[0], "doc_type": one, "type_held_by": one} for one in held])
    write_table(folder / "mixture_what_if", [{**WHAT_IF[1], "knob": knob} for knob in ("as_set", *mixture_view.KNOBS)])
    write_curve(folder, [*AUTO, (0.01, 7, "all", "rule_met", 1.0)])
    (folder / "quality_report").mkdir(exist_ok=True)
    (folder / "quality_report/_timings.json").write_text('{"dedup": 5}')
    rendered(full)
    write_table(folder / "duplicate_summary", SUMMARY, 0)
    write_curve(folder, [*AUTO, *tokenizers(0.05, 0.9, 2.2, 0.9, 0.0), (0.05, 7, "all", "meets_vocabulary", 0.0),
                         (0.05, 7, "all", "meets_fertility", 0.0), (0.01, 7, "all", "rule_met", 0.0)])  # fmt: skip
    rendered(full, card="{")
    for table in ("tokenizer_curve", "duplicate_summary"):
        (folder / table / "part-0.parquet").write_bytes(b"PAR1")
    rendered(full)
    full["duplicates"] = replace(there["duplicates"], digest="another")
    rendered(full, config_of(HOSTILE, KOREAN, dedup={"threshold": 0.7}))
    (folder / "quality_report/_timings.json").unlink()
    for base in (there, full, {"tags": there["tags"]}):
        compared(folder, there, base)


def compared(folder: Path, now: dict[str, Manifest], base: dict[str, Manifest]) -> comparison.Comparison:
    """The page of the comparison with a run beside `folder`."""
    publish(folder.parent / "base", base)
    publish(folder, now)
    storage = cast(Storage, Local(folder))
    run = figures.of_run(storage, CONFIG)
    found = comparison.compare(storage, CONFIG, run, "base")
    html_report.write(storage, CONFIG, run, found)
    return found


def test_the_mix_as_planned_and_as_it_might_be() -> None:
    page = Page(rendered(chain()))
    assert page.row("web", 11)[1:10] == [
        "80,000", "36,000", "36,000", "35,900", "350", "350", "0.11", "0.45", "",
    ]  # fmt: skip
    assert page.row("news", 11)[8:10] == ["2.00", "all there is"]
    assert page.row("other", 11)[3:5] == ["10,000", "10,000"]  # a type of one source has no row for it
    assert not any(row[0] == KOREAN and len(row) == 11 for row in page.rows)
    assert page.row("none", 11)[8] == "–"
    assert page.row("0.5", 6)[1:5] == ["400", "44,000", "0.12", "50.0 %"]
    assert page.row("<b>rule", 6)[1:5] == ["900", "96,800", "0.30", "110.0 %"]
    assert "870 documents with 88,000 tokens are there to draw from" in " ".join(page.text.split())


@pytest.mark.parametrize("table", MIX)
def test_a_mix_that_cannot_be_read_is_said(folder: Path, table: str) -> None:
    (folder / table / "part-0.parquet").write_bytes(b"PAR1")
    text = Page(rendered(chain())).text
    assert f"The table {table} cannot be read; to make it anew: make mix ARGS=--force" in " ".join(text.split())


def test_every_string_is_escaped() -> None:
    text = rendered(chain(), card=json.dumps({HOSTILE: HOSTILE, "list": [HOSTILE]}))
    page = Page(text)
    assert page.text.count(HOSTILE) > 8
    assert "<script" not in text
    assert "시험 <run>" in page.text


def test_needs_no_network(folder: Path) -> None:
    write_curve(folder, AUTO)
    page = Page(rendered(chain()))
    allowed = {"html", "head", "meta", "link", "title", "style", "body", "header", "nav", "main", "section", "p", "h1"}
    allowed |= {"h2", "ul", "ol", "li", "dl", "div", "dt", "dd", "a", "svg", "rect", "table", "caption", "thead"}
    allowed |= {"polyline", "circle", "line", "text", "h3", "mark", "bdi"}
    allowed |= {"tbody", "tfoot", "tr", "th", "td", "span", "strong", "small", "code", "details", "summary", "wbr"}
    assert {tag for tag, _ in page.tags} <= allowed
    for tag, attributes in page.tags:
        assert not {"src", "onclick", "onload"} & attributes.keys()
        assert (attributes.get("href") or "#").startswith("data:," if tag == "link" else ("#", "index."))
    assert "url(" not in rendered(chain())
    assert "@import" not in rendered(chain())


def test_is_accessible(folder: Path) -> None:
    write_curve(folder, AUTO)
    page = Page(rendered(chain()))
    of = [tag for tag, _ in page.tags]
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    regions = [attributes for _, attributes in page.tags if attributes.get("role") == "region"]
    assert ("html", {"lang": "en"}) in page.tags
    assert len(ids) == len(set(ids))
    assert of.count("table") == of.count("caption") == len(regions)
    assert all(region["tabindex"] == "0" and region["aria-labelledby"] in ids for region in regions)
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")
    links = {str(attributes["href"]) for tag, attributes in page.tags if tag == "a"}
    assert links <= {*(f"#{one}" for one in ids), "index.html", "index.ko.html"}
    assert all(len(row) > 1 for row in page.rows)


def test_equal_manifests_give_equal_bytes() -> None:
    backwards = {
        table: replace(one, metrics=dict(reversed(one.metrics.items()))) for table, one in reversed(chain().items())
    }
    assert rendered(chain()) == rendered(backwards)


@pytest.mark.parametrize("stage", PIPELINE, ids=lambda stage: stage.name)
def test_a_missing_stage_is_said(stage: Any) -> None:
    there = {table: one for table, one in chain().items() if table not in stage.writes}
    assert f"make {stage.name}" in Page(rendered(there)).text


def test_nothing_there_at_all() -> None:
    text = Page(rendered({})).text
    for stage in PIPELINE:
        assert f"make {stage.name}" in text
    assert "No table is there yet; to make all: make corpus" in " ".join(text.split())


@pytest.mark.parametrize("card", ["", "[1]", "{", "null"])
def test_an_unreadable_card_is_said(card: str) -> None:
    assert "make tokenizer ARGS=--force" in Page(rendered(chain(), card=card)).text


def test_failed_checks_are_shown_with_their_condition() -> None:
    manifests = chain()
    manifests["documents"] = replace(manifests["documents"], failed=["text_not_empty", "gone"])
    page = Page(rendered(manifests))
    assert page.row("documents", 3) == ["documents", "text_not_empty", "count_if(text = '') = 0"]
    assert ["documents", "gone", "–"] in page.rows
    checks = len(contract("documents").checks)
    assert page.row("documents scrub", 6)[3] == f"{checks - 2} of {checks}"


def test_a_table_that_no_longer_fits_is_said() -> None:
    manifests = chain()
    manifests["duplicates"] = replace(manifests["duplicates"], digest="another")
    assert page_state(manifests, "mixture mix") == "not of the present duplicates: make mix"
    changed = config_of(HOSTILE, KOREAN, dedup={"threshold": 0.7})
    assert page_state(chain(), "duplicates dedup", changed) == "made with other threshold: make dedup"


def page_state(manifests: dict[str, Manifest], start: str, config: Config = CONFIG) -> str:
    return Page(rendered(manifests, config)).row(start, 6)[4]


def test_tables_made_by_several_versions() -> None:
    manifests = chain()
    for table, version in (("tags", "4.2.1"), ("mixture", "4.1.0")):
        manifests[table] = replace(manifests[table], versions={"pyspark": version})
    assert "4.1.0, 4.2.1, 4.3.0" in Page(rendered(manifests)).text


def test_sources_may_differ_from_the_config() -> None:
    page = Page(rendered(chain(), config_of(KOREAN, "new")))
    assert page.row("new", 9)[1:] == ["–"] * 8
    assert page.row(HOSTILE, 9)[4] == "800"


def test_options_of_readers_are_not_shown() -> None:
    secret = {"format": "jdbc", "path": "x", "doc_type": "web", "licence": "CC0"}
    config = check(
        {
            "name": "n",
            "output": "out",
            "sources": {
                "db": {**secret, "columns": {"record_id": "id", "text": "body"}, "options": {"password": "geheim"}}
            },
        },
        "t",
    )
    assert "geheim" not in rendered(chain(config), config)


def test_the_sample_by_document_type() -> None:
    page = Page(rendered(chain()))
    assert page.row("<b>news", 4) == ["<b>news", "5,000", "5,001", "12"]
    assert "1 % of the mixture" in " ".join(page.text.split())
    assert not [tag for tag, _ in page.tags if tag == "polyline"]


def test_the_curve_and_what_was_chosen(folder: Path) -> None:
    chosen = [(0.1, 7, "all", "chosen", 1.0), (0.1, 7, "all", "rule_met", 1.0)]
    write_curve(folder, [*(row for row in AUTO if row[3] != "chosen"), *chosen])
    page = Page(rendered(chain()))
    row = page.row("10 %", 11)
    assert row == ["10 % chosen", "900", "300", "0.800", "0.700", "0.990", "0.950", "2.050", f"5.0 % {KOREAN}",
                   "-1.000", "met"]  # fmt: skip
    assert page.row("1 %", 11)[-1] == "not: overlap, source fertility"
    assert "10 % is the smallest sample that meets the rule" in " ".join(page.text.split())
    lines = {str(a["class"]): str(a["points"]).split() for tag, a in page.tags if tag == "polyline"}
    assert [len(lines[f"line-{i}"]) for i in range(4)] == [3, 3, 3, 2]
    weighted = next(str(a["points"]).split() for tag, a in page.tags if tag == "polyline")
    x, y = zip(*[map(float, point.split(",")) for point in weighted], strict=True)
    assert x[1] - x[0] == pytest.approx(x[2] - x[1], abs=0.2)  # 1, 10 and 100 % on a log axis
    assert (y[0] - y[1]) / (y[1] - y[2]) == pytest.approx(9, rel=0.1)  # 0.9, 0.99, 1; upwards is smaller


def test_no_sample_met_the_rule(folder: Path) -> None:
    write_curve(folder, [*AUTO, (0.01, 7, "all", "rule_met", 0.0)])
    assert "No sample meets the rule" in Page(rendered(chain())).text


def test_a_curve_that_cannot_be_read_is_said(folder: Path) -> None:
    (folder / "tokenizer_curve/part-0.parquet").write_bytes(b"PAR1")
    assert "make sample ARGS=--force" in Page(rendered(chain())).text


def sampled_pairs(text: str) -> list[str]:
    """The HTML of each pair."""
    return [part.partition("</details>")[0] for part in text.split('<details class="pair">')[1:]]


def test_duplicates_in_figures() -> None:
    html = rendered(chain())
    page = Page(html)
    assert [page.row(label, 4)[1:3] for label in ("1", "2", "5–7", "8–15")] == [
        ["930", "930"], ["25", "50"], ["0", "0"], ["1", "10"],
    ]  # fmt: skip
    assert page.row("0.96–0.98", 4)[1:3] == ["9", "0"]
    assert page.row("1.00", 4)[1:3] == ["1", "23"]
    assert page.row(f"1 {HOSTILE}", 4) == [f"1 {HOSTILE}", "20 20 exact", "13 3 exact", "33"]
    assert page.row(f"2 {KOREAN}", 4) == [f"2 {KOREAN}", "", "0", "13"]
    assert "sources are shown" not in page.text
    within = html.split('id="cluster-sizes-caption"')[1].split('id="matrix-caption"')[0]
    bars = re.findall(r'class="size" width="([^"]+)"', within)
    assert bars == ["100.00%", "20.00%", "100.00%", "11.11%"]  # sizes 2 and 8 to 15; 0.96 and 1.00


def test_sampled_pairs_side_by_side() -> None:
    *_, first, second = sampled_pairs(rendered(chain()))
    assert "0.810" in first
    assert "0.950" in second
    assert [part.partition("</mark>")[0] for part in second.split("<mark>")[1:]] == ["나", "라"]
    assert '<p class="excerpt" dir="auto">가 <mark>나</mark> 다</p>' in second
    assert "character 1,200 on" in second
    assert all("<code>0b</code>" in one for one in (first, second))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (HOSTILE, HOSTILE),
        ("</p></details><!--", "</p></details><!--"),
        ("\"' onload=x &lt; &#60;", "\"' onload=x &lt; &#60;"),
        ("{{ config }}{% raw %}", "{{ config }}{% raw %}"),
        ("가\0\u202e\x1b[2J", "가[U+0000][U+202E][U+001B][2J"),
        ("\n\n  두 줄\n", "\n\n  두 줄\n"),
    ],
)
def test_a_hostile_document_stays_text(text: str, shown: str, folder: Path) -> None:
    plain = Page(rendered(chain()))
    ids = {"doc_a": text, "source_a": text, "doc_b": text, "source_b": text}
    write_table(folder / "duplicate_samples", [pair(0.9, text, text, **ids), pair(0.9, f"가 {text}", "나")])
    write_table(folder / "duplicate_summary", [*SUMMARY[:5], figure("sources", text, text, None, None, 1, 1)])
    html = rendered(chain())
    page = Page(html)
    assert page.text.count(shown) >= 8
    assert "<script" not in html
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in plain.tags}
    assert {name for _, of in page.tags for name in of} == {name for _, of in plain.tags for name in of}
    assert not set("\0\u202e\x1b") & set(html)


def test_more_sources_than_the_matrix_shows(folder: Path) -> None:
    names = [f"s{i:02}" for i in range(20)]
    rows = [figure("sources", name, name, None, None, 0, 100 - i) for i, name in enumerate(names)]
    write_table(folder / "duplicate_summary", [*rows, figure("sources", "s00", "s19", None, None, 0, 2)])
    page = Page(rendered(chain()))
    text = " ".join(page.text.split())
    assert page.row("15 s14", 17)[-2:] == ["86", "86"]
    assert "15 of 20 sources are shown. The other 5 have a part in 417 of the 1,812 pairs" in text


def test_tables_of_duplicates_without_rows(folder: Path) -> None:
    for table, rows in (("duplicate_summary", SUMMARY), ("duplicate_samples", SAMPLES)):
        write_table(folder / table, rows, 0)
    page = Page(rendered(chain()))
    assert "No pair was found." in page.text
    assert "No near pair to show." in page.text
    assert "make " not in page.text.replace("make shorter", "")


def test_no_document_repeats_another(folder: Path) -> None:
    write_table(folder / "duplicate_summary", SUMMARY[:1])
    assert Page(rendered(chain())).row("1", 4) == ["1", "930", "930", ""]


@pytest.mark.parametrize("table", DUPLICATES)
def test_a_table_of_duplicates_that_is_not_there_or_not_readable_is_said(table: str, folder: Path) -> None:
    there = {name: one for name, one in chain().items() if name != table}
    assert "Not there yet. Run, in this order: make dedup" in " ".join(Page(rendered(there)).text.split())
    (folder / table / "part-0.parquet").write_bytes(b"PAR1")
    text = " ".join(Page(rendered(chain())).text.split())
    assert f"The table {table} cannot be read; to make it anew: make dedup ARGS=--force" in text
