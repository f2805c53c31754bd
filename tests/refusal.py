"""Settings that cannot work are refused twice: by the stage's Params, and as a ConfigError that names the section."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.run import config
from corpus_pipeline.stages.params import Params


def assert_refused(params: type[Params], section: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        params.model_validate(settings)
    source = {"format": "html", "path": "x", "doc_type": "web", "licence": "MIT"}
    raw = {"name": "a", "output": "out", "sources": {"a": source}, section: settings}
    with pytest.raises(ConfigError) as caught:
        config.check(raw, "conf/a.yaml")
    assert caught.value.where.startswith(f"conf/a.yaml: {section}")
