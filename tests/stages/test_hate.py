"""The model of hate: it learns what sets its comments apart, keeps clean text clean, and is the same bytes again."""

from __future__ import annotations

from corpus_pipeline.kernels.profanity_model import read, scores
from corpus_pipeline.stages import hate
from corpus_pipeline.stages.profanity import Clean, Comment

THINGS = ("배우", "가수", "감독", "방송", "영화", "노래", "무대", "인터뷰", "축제", "공연", "드라마", "기사")
COMMENTS = [
    *(Comment(f"저 {thing} 뷁뷃이라 {at} 번은 못 보겠다", True) for at, thing in enumerate(THINGS)),
    *(Comment(f"이 {thing} 꽃밭이라 {at} 번은 더 보겠다", False) for at, thing in enumerate(THINGS)),
]
CLEAN = [Clean("talk", f"{thing}에 대한 설명을 {at}째 문단에 적는다", at % 2) for at, thing in enumerate(THINGS * 4)]


def test_it_learns_what_sets_its_comments_apart() -> None:
    content = hate.trained(COMMENTS, CLEAN)
    assert hate.trained(COMMENTS, CLEAN) == content
    model = read(content)
    found = scores([one.text for one in COMMENTS], model)
    assert found[:12].min() > found[12:].max()
    assert scores([one.text for one in CLEAN], model).max() < 0
    assert model.threshold == hate.THRESHOLD


def test_figures_are_of_comments_not_learned() -> None:
    said: list[str] = []
    lines = list(hate.evaluate(COMMENTS, COMMENTS[::-1], CLEAN, said.append))
    assert len(said) == 5
    assert sum(int(line.split(": ")[1].split()[0]) for line in said) == len(COMMENTS)
    assert lines[0] == f"AUC 1.0000 of {len(COMMENTS)}"
    assert lines[-1].startswith("clean talk: 24 texts")
    assert lines[-1].endswith("0 over 0.5")
