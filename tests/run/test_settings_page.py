"""docs/settings.md is what the models of the config say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.pipeline import STAGES
from corpus_pipeline.run.config import check
from corpus_pipeline.run.settings_page import page

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
SOURCE = {"format": "html", "path": "x", "doc_type": "web", "licence": "MIT"}


def keys() -> dict[str, list[str]]:
    """Section -> its keys, as the page has them."""
    sections = re.split(r"^## (.*)\n", PAGE, flags=re.MULTILINE)
    return {
        name: re.findall(r"^\| `(\S+)` \|", text, re.MULTILINE)
        for name, text in zip(sections[1::2], sections[2::2], strict=True)
    }


def test_it_is_up_to_date() -> None:
    assert page() == PAGE, "run `make docs`"


def test_it_has_the_settings_of_every_stage() -> None:
    found = keys()
    assert found.keys() == {"spark", "sources.NAME", *STAGES}
    for name, stage in STAGES.items():
        own = {key for key in found[name] if "." not in key}
        assert own == stage.params.model_fields.keys() - ({"sources"} if name == "collect" else set())


def test_a_config_takes_every_key_of_it_and_no_other() -> None:
    """An unusable value is another error than an unknown key; so each key is tried with one."""
    places = [f"{section}.{key}" for section, found in keys().items() for key in found]
    for place in [place for place in places if "NAME" not in place and "[" not in place]:
        section: object = object()
        for part in reversed(place.split(".")):
            section = {part: section}
        with pytest.raises(ConfigError) as caught:
            check({"name": "a", "output": "out", "sources": {"a": SOURCE}, **section}, "c.yaml")  # type: ignore[dict-item]
        assert caught.value.expected != "a known key", place
