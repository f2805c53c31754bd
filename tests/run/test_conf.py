"""The configs that are shipped are configs."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus_pipeline.run.config import load

CONF = sorted((Path(__file__).resolve().parents[2] / "conf").glob("*.yaml"))


@pytest.mark.parametrize("path", CONF, ids=lambda path: path.name)
def test_it_loads(path: Path) -> None:
    assert load(str(path)).sources


def test_a_cluster_keeps_what_is_not_scrubbed_apart() -> None:
    config = load(str(CONF[0].parent / "cluster.yaml"))
    assert config.root("raw_documents") == config.root("rejected_records") != config.root("documents")
