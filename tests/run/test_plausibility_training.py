"""The job on a small folder: the same bytes twice, and a model that can be used."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import numpy as np
import pytest

from corpus_pipeline.kernels.features import batch_features
from corpus_pipeline.kernels.plausibility import junk_scores, plausibility_columns
from corpus_pipeline.kernels.plausibility_model import read
from corpus_pipeline.run import plausibility_training
from corpus_pipeline.run.plain_texts import Text, plain_texts
from corpus_pipeline.run.plausibility_training import LANGUAGE, NETWORK, PARTS, TEST, capped, main

SAMPLE = Path(__file__).resolve().parents[2] / "data/sample"


def shuffled(texts: Sequence[Text], seed: int, held_out: bool, most: int) -> Iterator[tuple[str, Text]]:
    """A generator of one kind, in place of the job's own."""
    assert not held_out  # what the test will use is not for training
    for text in texts[:most]:
        words = text.text.split()
        Random(f"{seed} {text.text}").shuffle(words)
        yield "shuffled", text._replace(text=" ".join(words))


def test_parts_are_apart() -> None:
    assert sorted((*LANGUAGE, *NETWORK, *TEST)) == list(range(PARTS))
    assert len(TEST) / PARTS == pytest.approx(1 / 3)


def test_capped_takes_the_same_texts_in_any_order() -> None:
    texts = list(plain_texts(SAMPLE, 20_000))
    assert capped(texts, 5) == capped(texts[::-1], 5)
    assert max(sum(text.doc_type == name for text in capped(texts, 5)) for name in ("news", "review")) <= 5


def test_two_trainings_give_the_same_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plausibility_training, "bad_texts", shuffled)
    files, limits = [], []
    for name in ("a.npz", "b.npz"):
        out = ["--out", str(tmp_path / name), "--clean", "100", "--bad", "300"]
        assert main(["--data", str(SAMPLE), "--characters", "40000", *out]) == 0
        files.append((tmp_path / name).read_bytes())
        limits.append(json.loads(capsys.readouterr().out))
    assert files[0] == files[1]
    assert limits[0] == limits[1]
    model = read(files[0])
    texts = ["나는 어제 학교에 갔다가 친구를 만났다. " * 2, "갔다가. 친구를 어제 나는 만났다 학교에 " * 2]
    columns = plausibility_columns(texts, model)
    scores = junk_scores({**batch_features(texts), **columns}, model)
    assert columns["word_order"][0] > columns["word_order"][1]
    assert np.isfinite(scores).all()
