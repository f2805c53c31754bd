"""The quality model: normalisation, scores, the bundled file in a folder and in a zip, missing files."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import corpus_pipeline
from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels.fasttext_model import MAX_CHARS, normalise, scores

PACKAGE = Path(corpus_pipeline.__file__).parent
ENCYCLOPEDIA = "경복궁은 서울특별시 종로구에 있는 조선 시대의 궁궐이다. 1395년에 창건되었으며, 임진왜란 때 소실되었다."
COMMENT = "아 진짜 이게 뭐냐 ㅋㅋㅋ 완전 노잼이네 돈 아깝다"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("A1\tB22\r\n가", "a0 b00 가"),
        ("1٣", "00"),  # every decimal digit, of any script
        ("", ""),
        (" \n\0", ""),
        ("나 __label__high </s> 다", "나  high   다"),
        ("가\ud800", "가?"),
        ("가" * (MAX_CHARS + 1), "가" * MAX_CHARS),
    ],
)
def test_normalise(text: str, line: str) -> None:
    assert normalise(text) == line


@given(st.text(st.characters(), max_size=100))
@settings(max_examples=100, deadline=None)
def test_any_text_scores_between_0_and_1(text: str) -> None:
    line = normalise(text)
    assert "\n" not in line
    assert "__label__" not in line
    (score,) = scores([text])
    assert 0 <= score <= 1


def test_scores_rank_and_do_not_depend_on_the_batch() -> None:
    together = scores([COMMENT, "", ENCYCLOPEDIA, "  "])
    assert together[2] > 0.9
    assert together[0] < 0.1
    assert together[1] == together[3] == 0
    assert together.tolist() == [float(scores([text])[0]) for text in (COMMENT, "", ENCYCLOPEDIA, "  ")]
    assert scores([]).dtype == np.float64


def test_only_the_start_is_seen() -> None:
    text = ENCYCLOPEDIA * 100
    assert scores([text[:MAX_CHARS]]) == scores([text[:MAX_CHARS] + COMMENT])


def test_missing_model_names_the_path_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ResourceError) as error:
        scores(["가"], str(tmp_path / "none.bin"))
    assert str(tmp_path / "none.bin") in error.value.where
    assert "--files" in error.value.todo


def test_not_a_model(tmp_path: Path) -> None:
    path = tmp_path / "broken.bin"
    path.write_bytes(b"not a model")
    with pytest.raises(ResourceError, match="unreadable file"):
        scores(["가"], str(path))


def test_a_model_of_something_else(tmp_path: Path) -> None:
    import fasttext

    source = tmp_path / "train.txt"
    source.write_text("__label__a 가 나\n__label__b 다 라\n" * 5, "utf-8")
    path = tmp_path / "other.bin"
    fasttext.train_supervised(input=str(source), dim=2, bucket=100, thread=1, verbose=0).save_model(str(path))
    with pytest.raises(ResourceError, match="__label__high"):
        scores(["가"], str(path))


def test_found_by_name_in_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.ftz").write_bytes((PACKAGE / "resources/models/quality.ftz").read_bytes())
    monkeypatch.chdir(tmp_path)
    assert scores([ENCYCLOPEDIA], "hdfs_home/models/mine.ftz") == scores([ENCYCLOPEDIA])


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
