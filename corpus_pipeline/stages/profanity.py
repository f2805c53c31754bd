"""Training and measuring the model of profanity on labelled comments and clean texts, in memory: no Spark.

A comment stands on one side only: near-copies of it are left out, and folds are told by a hash of it.
Clean texts of half 0 are learned, those of half 1 are measured.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus_pipeline.kernels.profanity import find, soften
from corpus_pipeline.kernels.profanity_model import PROFANITY, Model, scores, write
from corpus_pipeline.kernels.profanity_ngrams import units
from corpus_pipeline.kernels.profanity_training import Labelled, train

MODEL = PROFANITY
FOLDS = 5
NEAR = 0.6  # own choice: Jaccard of 4-grams from which two comments count as one
EASY, HARD = 2_500, 4_000  # clean pieces: any, and those a first model takes for profane before others
CLEAN_WEIGHT = 0.1  # measured: 0.3 costs 0.007 of F1, 1 costs 0.02
OTHER_THRESHOLDS = (-0.6, -0.4, -0.2, 0.5)  # what they would give
CHUNK = 1_000  # pieces scored at a time
# Own sentences with letters that profane words have too.
LOOK_ALIKES = (
    "새끼 고양이가 귀엽다", "강아지 새끼가 태어났다", "어미와 새끼가 함께 산다", "새끼손가락을 다쳤다", "새끼줄",
    "18년 동안 일했다", "제3조까지 내려간다", "조까지 내려", "카드를 새로 만들었다", "신년 새해 인사", "시 발전 계획",
    "오전 7시 발표", "병이 신기하게 나았다", "존나라는 마을", "김씨 이발관에 갔다", "미친 듯이 일했다", "새 기능",
    "보지 못했다", "자지 않았다", "그놈 데스크톱 환경", "소녀시대 팬", "연년생 남매", "꺼져 있는 화면", "불이 꺼져",
    "깨어난 새끼들은 바다로 간다", "독사의 새끼들아", "청년들아 일어나라",
    "그 새끼들도 먹이를 찾는다", "처녀와 노인과 아이들아",
    "신년회", "신년회에 갔다", "올해가 윤년이니", "새내기들 중에", "개미떼들이 빠져나간다", "꼬맹이들한테 자랑중이다",
    "철없는 어린애들", "신경 안 써서 좋다", "커피 마신 놈", "동포 아이들", "두 배우의 연기", "강추", "짱이다",
    "년도별 통계", "청소년", "매년 시행한다", "일년 내내", "개나리", "개구리", "번개", "새벽", "새로운", "씨앗", "발언",
    "발표 자료", "병원", "신병 교육대", "연병장", "지갑", "자라", "떡볶이", "젖소", "닥터", "미시간", "게이트",
)  # fmt: skip
Bools = NDArray[np.bool_]
Fit = Callable[[Sequence["Comment"], Sequence[str]], Model]  # comments and clean pieces -> model


class Comment(NamedTuple):
    text: str
    profane: bool


class Clean(NamedTuple):
    """A text that holds next to no profanity; half 0 or 1 (see above)."""

    kind: str
    text: str
    half: int


def trained(comments: Sequence[Comment], clean: Sequence[Clean]) -> bytes:
    """The model file of all comments: the same bytes for the same texts."""
    known = distinct(comments)
    return write(_fit(known, negatives(known, clean, _fit, EASY, HARD)))


def evaluate(
    comments: Sequence[Comment], others: Sequence[Comment], clean: Sequence[Clean], say: Callable[[str], None]
) -> Iterator[str]:
    """Lines of figures: F1 on folds not seen, also softened; on the `others`, never seen; clean texts flagged.

    The threshold is one number for all folds, chosen on their scores: the only thing they share with the test.
    """
    known = distinct(comments)
    learned = negatives(known, clean, _fit, EASY, HARD)
    labels = np.array([one.profane for one in known])
    folds = np.array([fold(one.text) for one in known])
    variants: dict[str, list[str]] = {
        "as written": [one.text for one in known],
        "softened, stars": [soften(one.text)[0] for one in known],
        "softened, mild": [soften(one.text, "mild")[0] for one in known],
    }
    found = scored_unseen(known, variants, lambda rest: _fit(rest, learned), say)
    model = _fit(known, learned)
    threshold = model.threshold
    for name, texts in variants.items():
        matched = np.array([bool(find(text)) for text in texts])
        for how, flagged in (("matcher", matched), ("model", found[name] >= threshold)):
            yield f"{name}, {how}: {agreement(labels, flagged)}"
        both = matched | (found[name] >= threshold)
        by_fold = [f1(labels[folds == number], both[folds == number]) for number in range(FOLDS)]
        yield f"{name}, both: {agreement(labels, both)}; by fold {np.round(by_fold, 3).tolist()}"
        for other in OTHER_THRESHOLDS:
            yield f"- with threshold {other}: {agreement(labels, matched | (found[name] >= other))}"
    yield from _unseen(model, others, clean)


def scored_unseen(
    known: Sequence[Comment],
    variants: Mapping[str, Sequence[str]],
    fit: Callable[[Sequence[Comment]], Model],
    say: Callable[[str], None],
) -> dict[str, NDArray[np.float64]]:
    """Name -> the score of each comment's text in that variant, by a model of the comments of other folds."""
    folds = np.array([fold(one.text) for one in known])
    found = {name: np.zeros(len(known)) for name in variants}
    for number in range(FOLDS):
        model = fit([one for one, own in zip(known, folds, strict=True) if own != number])
        at = np.flatnonzero(folds == number)
        for name, texts in variants.items():
            found[name][at] = scored([texts[i] for i in at.tolist()], model)
        say(f"fold {number + 1} of {FOLDS}: {len(at)} comments not seen")
    return found


def _unseen(model: Model, others: Sequence[Comment], clean: Sequence[Clean]) -> Iterator[str]:
    flagged = _flagged([one.text for one in others], model)
    yield f"other comments, both: {agreement(np.array([one.profane for one in others]), flagged)}"
    yield from flagged_clean(clean, lambda pieces: _flagged(pieces, model))


def flagged_clean(clean: Sequence[Clean], flagged: Callable[[Sequence[str]], Bools]) -> Iterator[str]:
    """Lines: of the clean texts of half 1, by kind, those of whose characters more than a share is flagged."""
    for kind in dict.fromkeys(one.kind for one in clean):
        texts = [one.text for one in clean if one.kind == kind and one.half == 1]
        pieces = [units(text) for text in texts]
        marks = flagged([piece for own in pieces for piece in own])
        borders = np.cumsum([0, *map(len, pieces)])
        shares = []
        for own, begin in zip(pieces, borders.tolist(), strict=False):
            sizes = np.array([len(piece) for piece in own], np.float64)
            shares.append(float(sizes @ marks[begin : begin + len(own)]) / max(float(sizes.sum()), 1))
        size = sum(len(text.encode()) for text in texts) / 1e6
        over = ", ".join(f"{sum(share > least for share in shares)} over {least}" for least in (0.0, 0.05, 0.3, 0.5))
        yield f"clean {kind}: {len(texts)} texts, {size:.2f} MB; {over}"


def distinct(comments: Sequence[Comment]) -> list[Comment]:
    """The comments without those that nearly repeat an earlier one."""
    seen: defaultdict[str, list[int]] = defaultdict(list)
    kept: list[Comment] = []
    sizes: list[int] = []
    for one in comments:
        key = _key(one.text)
        grams = {key[at : at + 4] for at in range(max(1, len(key) - 3))}
        common = Counter(number for gram in grams for number in seen[gram])
        if key and not any(n >= NEAR * (len(grams) + sizes[i] - n) for i, n in common.items()):
            for gram in grams:
                seen[gram].append(len(kept))
            kept.append(Comment(" ".join(one.text.split()), one.profane))
            sizes.append(len(grams))
    return kept


def fold(text: str) -> int:
    return int(hashlib.blake2b(_key(text).encode(), digest_size=4).hexdigest(), 16) % FOLDS


def _key(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def f1(labels: Bools, flagged: Bools) -> float:
    """2 * right / (profane + flagged), 0 where there are none."""
    return 2 * float((labels & flagged).sum()) / max(float(labels.sum() + flagged.sum()), 1)


def agreement(labels: Bools, flagged: Bools) -> str:
    right = float((labels & flagged).sum())
    precision, recall = right / max(float(flagged.sum()), 1), right / max(float(labels.sum()), 1)
    return f"F1 {f1(labels, flagged):.4f}, precision {precision:.3f}, recall {recall:.3f} of {len(labels)}"


def negatives(known: Sequence[Comment], clean: Sequence[Clean], fit: Fit, easy: int, hard: int) -> list[str]:
    """Clean pieces to learn from: the first `easy`, which are of all kinds, for their order is by hash, and the `hard`
    ones that a model of those scores highest."""
    pieces = {piece for one in clean if one.half == 0 for piece in units(one.text) if not find(piece)}
    ordered = sorted(pieces, key=lambda piece: hashlib.blake2b(piece.encode(), digest_size=8).digest())
    first = scored(ordered, fit(known, ordered[:easy]))
    hardest = np.argsort(-first, kind="stable")[:hard]
    return [*ordered[:easy], *(ordered[i] for i in sorted(hardest.tolist()))]


def _fit(known: Sequence[Comment], negatives: Sequence[str]) -> Model:
    """Comments, softened copies of the profane ones, and clean pieces. Both classes of comments weigh the same."""
    profane = [one.text for one in known if one.profane]
    clean = [one.text for one in known if not one.profane]
    starred = [softened for text in profane for softened, count in (soften(text),) if count]
    weight = len(clean) / max(len(profane), 1)
    groups = [
        (profane, 1.0, weight),
        (starred, 1.0, weight / 2),
        (clean, 0.0, 1.0),
        (list(negatives), 0.0, CLEAN_WEIGHT),
    ]
    groups.append((list(LOOK_ALIKES), 0.0, 1.0))
    return train([Labelled(text, label, own) for texts, label, own in groups for text in texts])


def scored(pieces: Sequence[str], model: Model) -> NDArray[np.float64]:
    """Log-odds of each piece, in order."""
    parts = [scores(pieces[at : at + CHUNK], model) for at in range(0, len(pieces), CHUNK)]
    return np.concatenate([np.zeros(0), *parts])


def _flagged(pieces: Sequence[str], model: Model) -> Bools:
    return np.asarray(
        (scored(pieces, model) >= model.threshold) | np.array([bool(find(piece)) for piece in pieces]), np.bool_
    )
