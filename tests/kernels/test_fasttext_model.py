"""The quality model: scores and ranks, the bundled file in a folder and in a zip, missing and broken files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import corpus_pipeline
from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels.fasttext_model import UNSEEN, Folded, logits, quality_columns, scores, sigmoid
from corpus_pipeline.kernels.hashed_ngrams import BITS, n_grams

PACKAGE = Path(corpus_pipeline.__file__).parent
BUNDLED = PACKAGE / "resources/models/quality.json"
ENCYCLOPEDIA = "경복궁은 서울특별시 종로구에 있는 조선 시대의 궁궐이다. 1395년에 창건되었으며, 임진왜란 때 소실되었다."
COMMENT = "아 진짜 이게 뭐냐 ㅋㅋㅋ 완전 노잼이네 돈 아깝다"


def changed(folder: Path, **fields: Any) -> str:
    """The bundled model with other fields."""
    path = folder / "other.json"
    path.write_text(json.dumps({**json.loads(BUNDLED.read_text("utf-8")), **fields}), "utf-8")
    return str(path)


def folded(seed: int = 0) -> Folded:
    steps = np.random.default_rng(seed).integers(-128, 128, 2**BITS).astype(np.int8)
    return Folded(steps, 0.125, 2.0)


@given(st.lists(st.text("가나다 ab1😀\n", max_size=30), max_size=5))
def test_a_logit_is_the_mean_over_known_n_grams_and_the_end(texts: list[str]) -> None:
    model = folded()
    for text, found in zip(texts, logits(texts, model), strict=True):
        ids = n_grams(text)
        steps = [int(model.steps[i]) for i in ids if model.steps[i] != UNSEEN]
        if len(ids):
            assert found == (sum(steps) * 0.125 + 2.0) / (len(steps) + 1)
        else:
            assert np.isnan(found)


@pytest.mark.parametrize("step", [-127, 127])
def test_the_longest_text_does_not_overflow(step: int) -> None:
    model = Folded(np.full(2**BITS, step, np.int8), 1.0, float(step))
    assert logits(["가나" * 10_000, "다"], model).tolist() == [step, step]


@given(st.text(st.characters(), max_size=100))
@settings(max_examples=100)
def test_any_text_scores_between_0_and_1(text: str) -> None:
    for values in quality_columns([text], ["web"]).values():
        assert 0 <= values[0] <= 1


def test_scores_rank_and_do_not_depend_on_the_batch() -> None:
    together = scores([COMMENT, "", ENCYCLOPEDIA, "  "])
    assert together[2] > 0.9
    assert together[0] < 0.1
    assert together[1] == together[3] == 0
    assert together.tolist() == [float(scores([text])[0]) for text in (COMMENT, "", ENCYCLOPEDIA, "  ")]
    assert scores([]).dtype == np.float64


def test_junk_at_the_end_of_a_long_text_is_noticed() -> None:
    clean = ENCYCLOPEDIA * 300
    assert scores([clean + COMMENT * 200])[0] < scores([clean])[0]


def test_ranks_are_within_the_type(tmp_path: Path) -> None:
    text = [COMMENT]
    (logit,) = logits(text, Folded(*_parts()))
    tables = {"": [logit - 3, logit + 1], "comment": [logit - 1, logit + 1], "web": [logit, logit + 1, logit + 2]}
    model = changed(tmp_path, quantiles=tables)
    ranks = {name: quality_columns(text, [name], model)["quality_rank"][0] for name in (*tables, "unheard of")}
    assert ranks == pytest.approx({"": 0.75, "comment": 0.5, "web": 0.0, "unheard of": 0.75})


def _parts() -> tuple[Any, float, float]:
    from corpus_pipeline.kernels.fasttext_model import Model

    return Model.model_validate_json(BUNDLED.read_bytes()).folded()


def test_a_higher_score_never_has_a_lower_rank() -> None:
    words = (ENCYCLOPEDIA + " " + COMMENT).split()
    texts = [" ".join(words[at : at + size]) for size in (2, 4, 8) for at in range(len(words))]
    for name in ("comment", "encyclopedia", "unheard of"):
        found = quality_columns(texts, [name] * len(texts))
        order = np.argsort(found["quality_score"])
        assert (np.diff(found["quality_rank"][order]) >= 0).all()


def test_calibration_is_used(tmp_path: Path) -> None:
    flat = changed(tmp_path, slope=1e-6, bias=0.0)
    assert scores([ENCYCLOPEDIA, COMMENT], flat) == pytest.approx([0.5, 0.5], abs=1e-4)
    assert sigmoid(np.array([-1e9, 0.0, 1e9])).tolist() == pytest.approx([0, 0.5, 1])


def test_missing_model_names_the_path_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ResourceError) as error:
        scores(["가"], str(tmp_path / "none.json"))
    assert str(tmp_path / "none.json") in error.value.where
    assert "--files" in error.value.todo


@pytest.mark.parametrize(
    "fields",
    [{"bits": 10}, {"orders": [1]}, {"n_grams": "AAAA"}, {"n_grams": "eJw="}, {"n_grams": "!"}, {"quantiles": {}},
     {"quantiles": {"": [2, 1]}}, {"unit": "x"}, {"more": 1}],
)  # fmt: skip
def test_not_a_model(tmp_path: Path, fields: dict[str, Any]) -> None:
    with pytest.raises(ResourceError, match="unreadable file"):
        scores(["가"], changed(tmp_path, **fields))


def test_not_even_json(tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(b"\xff not a model")
    with pytest.raises(ResourceError, match="unreadable file"):
        scores(["가"], str(path))


def test_a_model_trained_again_under_the_same_name_is_read_again(tmp_path: Path) -> None:
    before = scores([COMMENT], changed(tmp_path))
    after = scores([COMMENT], changed(tmp_path, bias=5.0, slope=0.001))
    assert before < 0.1 < 0.9 < after


def test_found_by_name_in_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.json").write_bytes(BUNDLED.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert scores([ENCYCLOPEDIA], "hdfs_home/models/mine.json") == scores([ENCYCLOPEDIA])


def test_bundled_model_inside_a_zip(tmp_path: Path) -> None:
    archive = tmp_path / "corpus_pipeline.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for path in sorted(PACKAGE.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                out.write(path, path.relative_to(PACKAGE.parent))
    program = (
        "import corpus_pipeline; from corpus_pipeline.kernels.fasttext_model import scores;"
        f"assert '.zip' in corpus_pipeline.__file__; print(scores([{ENCYCLOPEDIA!r}])[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(archive), "PYTHONIOENCODING": "utf-8"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == scores([ENCYCLOPEDIA])[0]
    assert os.listdir(tmp_path) == ["corpus_pipeline.zip"]
