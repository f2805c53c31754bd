"""Training on the driver, against fastText's own probabilities, scipy's optimum and hand-made sources."""

from __future__ import annotations

import random
from typing import Any

import fasttext
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from corpus_pipeline.kernels.fasttext_model import ANY, UNSEEN, Folded, Model, logits, sigmoid
from corpus_pipeline.kernels.hashed_ngrams import BITS, n_grams
from corpus_pipeline.stages import classifier_fit
from corpus_pipeline.stages.classifier_fit import (
    HIGH,
    Example,
    Fitting,
    auc,
    calibrate,
    fold,
    left_out,
    model_file,
    quantiles,
)

FITTING = Fitting(dim=4, min_count=1, epochs=5, learning_rate=0.2, seed=1)
HIGH_WORDS = [
    "이다",
    "있다",
    "조선",
    "시대",
    "궁궐",
    "왕조",
    "창건되었다",
    "소재한다",
    "분류된다",
    "학자",
    "제도",
    "지역의",
]
LOW_WORDS = ["ㅋㅋㅋ", "진짜", "대박", "너무", "좋아요", "별로네", "아깝다", "강추", "최고", "완전", "노잼", "어휴"]


def example(words: list[str], source: str, high: bool, at: int, part: str = "train") -> Example:
    return Example("type", source, high, part, " ".join(random.Random(f"{source}{at}").choices(words, k=12)))


def corpus(count: int = 60) -> list[Example]:
    words = {True: HIGH_WORDS, False: LOW_WORDS}
    return [example(words[high], f"{high}", high, at) for at in range(count) for high in (True, False)]


def test_the_folded_model_says_what_fasttext_says(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Any] = []
    train = fasttext.train_supervised

    def keep(**how: Any) -> Any:
        kept.append(train(**how))
        return kept[0]

    monkeypatch.setattr(fasttext, "train_supervised", keep)
    folded = fold(corpus(), FITTING)
    texts = [" ".join(HIGH_WORDS), " ".join(LOW_WORDS), "조선 시대 대박", "진짜 궁궐", "하나도 모르는 글"]
    labels, values = kept[0].f.multilinePredict(
        [" ".join(map(str, n_grams(t))) + "\n" for t in texts], 2, 0.0, "replace"
    )
    theirs = [found[list(names).index(HIGH)] for names, found in zip(labels, values, strict=True)]
    assert sigmoid(logits(texts, folded)) == pytest.approx(theirs, abs=0.01)  # a byte for each number


def test_twice_the_same_bytes() -> None:
    first, second = (fold(corpus(), FITTING) for _ in range(2))
    assert first.steps.tobytes() == second.steps.tobytes()
    assert first[1:] == second[1:]


def test_rare_n_grams_are_unseen() -> None:
    rare = [*corpus(), Example("type", "x", True, "train", "힣힣힣")]
    id_of = n_grams("힣")[1]  # of the n-grams of one letter
    assert fold(rare, FITTING).steps[id_of] != UNSEEN
    assert fold(rare, FITTING._replace(min_count=5)).steps[id_of] == UNSEEN


def loss(weights: Any, values: Any, target: Any) -> float:
    return float(
        np.sum(np.logaddexp(0, weights[0] * values + weights[1]) - target * (weights[0] * values + weights[1]))
    )


@pytest.mark.parametrize("seed", range(5))
def test_calibration_is_the_best_sigmoid(seed: int) -> None:
    draw = np.random.default_rng(seed)
    high = draw.random(300) < 0.4
    values = draw.normal(0, 3, 300) + 4 * high
    target = np.where(high, (high.sum() + 1) / (high.sum() + 2), 1 / ((~high).sum() + 2))
    best = minimize(loss, [0.0, 0.0], (values, target), tol=1e-12)
    assert calibrate(values, high) == pytest.approx(best.x, abs=1e-4)


@given(st.lists(st.tuples(st.floats(-50, 50), st.booleans()), max_size=30))
def test_calibration_never_turns_the_order(rows: list[tuple[float, bool]]) -> None:
    slope, bias = calibrate(np.array([v for v, _ in rows], float), np.array([h for _, h in rows], bool))
    assert slope > 0
    assert np.isfinite([slope, bias]).all()
    found = sigmoid(slope * np.linspace(-20, 20, 50) + bias)
    assert ((found >= 0) & (found <= 1)).all()
    assert (np.diff(found) >= 0).all()


def test_perfect_classes_calibrate_to_something_finite() -> None:
    slope, bias = calibrate(np.array([-5.0] * 20 + [5.0] * 20), np.arange(40) >= 20)
    assert sigmoid(np.array([slope * 5 + bias]))[0] == pytest.approx(21 / 22, abs=1e-6)  # Platt's target


def test_a_source_left_out_is_left_out() -> None:
    """Two sources with words of their own: only who has seen them can tell them apart."""
    own = {"book": ["갑갑", "갑을", "갑병"], "chat": ["물물", "물불", "물풀"]}
    odd = [example(own[name], name, name == "book", at) for at in range(40) for name in own]
    examples = [*corpus(), *odd]
    folds = {(f["high"], f["low"]): f for f in left_out(examples, FITTING, 100, 20)}
    assert set(folds) == {("True", "False"), ("book", "chat")}
    assert folds["book", "chat"]["auc"] < 0.8
    assert folds["book", "chat"]["unseen"] == 80
    assert folds["book", "chat"]["trained"] == 120
    seen = logits([e.text for e in odd], fold(examples, FITTING))
    assert auc(seen, np.array([e.high for e in odd])) > 0.99


def test_a_left_out_source_is_never_trained_on(monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[set[str]] = []

    def spy(examples: Any, fitting: Fitting) -> Folded:
        trained.append({e.source for e in examples})
        assert all(e.part == "train" for e in examples)
        return Folded(np.zeros(2**BITS, np.int8), 1.0, 0.0)

    monkeypatch.setattr(classifier_fit, "fold", spy)
    sources = {"a": True, "b": True, "x": False, "y": False, "z": False}
    places = ((at, name, part) for at in range(30) for name in sources for part in ("train", "test"))
    examples = [example(HIGH_WORDS, name, sources[name], at, part) for at, name, part in places]
    folds = left_out(examples, FITTING, 25, 20)
    assert [(f["high"], f["low"]) for f in folds] == [("a", "x"), ("b", "y"), ("a", "z")]
    assert trained == [{"b", "y", "z"}, {"a", "x", "z"}, {"b", "x", "y"}]
    assert {f["trained"] for f in folds} == {50}


def test_a_class_of_one_source_is_judged_by_its_test_part() -> None:
    examples = [example(HIGH_WORDS, "only", True, at, "test" if at < 5 else "train") for at in range(40)]
    examples += [example(LOW_WORDS, name, False, at) for at in range(30) for name in ("x", "y")]
    folds = left_out(examples, FITTING, 100, 20)
    assert [(f["high"], f["low"], f["seen"], f["unseen"]) for f in folds] == [
        ("only", "x", ["only"], 35),
        ("only", "y", ["only"], 35),
    ]


def test_no_fold_without_enough_left() -> None:
    examples = [example(HIGH_WORDS, name, True, at) for name in "ab" for at in range(10)]
    examples += [example(LOW_WORDS, name, False, at) for name in "xy" for at in range(10)]
    assert left_out(examples, FITTING, 100, 20) == []


def test_quantiles_by_type_and_of_all() -> None:
    values = np.array([*np.arange(101.0), 7.0, 8.0])
    found = quantiles(values, ["web"] * 101 + ["news"] * 2, least=50)
    assert list(found) == [ANY, "web"]
    assert found["web"] == pytest.approx(np.arange(101))
    assert found[ANY][[0, -1]].tolist() == [0, 100]
    assert set(quantiles(np.zeros(0), [], least=50)[ANY]) == {0.0}


def test_a_model_file_reads_back() -> None:
    folded = fold(corpus(), FITTING)
    model = Model.model_validate_json(model_file(folded, 1.5, -0.25, {ANY: np.array([0.0, 1.0])}))
    back = model.folded()
    assert (back.steps == folded.steps).all()
    assert (back.unit, back.end, model.slope, model.bias) == (folded.unit, folded.end, 1.5, -0.25)


def test_auc_by_hand() -> None:
    high = np.array([True, True, False, False])
    assert auc(np.array([0.9, 0.8, 0.2, 0.1]), high) == 1.0
    assert auc(np.array([0.1, 0.8, 0.2, 0.9]), high) == 0.25
    assert auc(np.ones(4), high) == 0.5
    assert auc(np.ones(2), np.array([True, True])) == 0.5
