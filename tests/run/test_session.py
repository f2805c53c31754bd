"""What a session holds fixed, whatever spark.conf says."""

from __future__ import annotations

import pytest

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.run import session, spark_conf
from corpus_pipeline.run.config import check

SOURCE = {
    "format": "json", "path": "x", "fields": "id string, text string", "doc_type": "web",
    "columns": {"record_id": "id", "text": "text"}, "licence": "MIT",
}  # fmt: skip


@pytest.mark.parametrize("key", [*sorted(spark_conf.FIXED), "spark.sql.legacy.charVarcharAsString"])
def test_a_setting_that_the_kernels_rely_on_is_refused(key: str) -> None:
    raw = {"name": "a", "output": "out", "sources": {"a": SOURCE}, "spark": {"conf": {key: "true"}}}
    with pytest.raises(ConfigError) as caught:
        session.start(check(raw, "t.yaml"), "log")
    assert caught.value.got == f"['{key}']"


def test_arrow_offsets_have_32_bits() -> None:
    assert spark_conf.FIXED["spark.sql.execution.arrow.useLargeVarTypes"] == "false"
