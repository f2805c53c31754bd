"""Domain of a Korean text: what it is about, of a closed list, by a small fastText model; null where it is not sure.

The model sees the first two syllables of words, and Latin words, and so little of the style: endings are cut off. (With
the first three besides it was no better: politics at precision 0.88 instead of 0.95.) It knows only the domains that
labelled sources had, and most text is of none of them. Bias: sources it was trained on are told far better than others;
resources/models/domain.md says by how much.

Cost on one core: 50-150 MB/s of Korean pages, 7 of one-liners; it looks at DOMAIN_CHARS of a text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_pipeline.resources import read_model

DOMAINS = ("culture", "law", "literature", "politics", "religion", "technology")
NONE = "none"  # the model's label for text of no domain
DOMAIN_CHARS = 600  # own choice: about 140 eojeol
DOMAIN_WORDS = 5  # own choice: words of fewer say nothing
SURE = 0.9  # measured: below it precision on held-out documents and on unseen articles falls under 0.9 (domain.md)
LABEL = "__label__"
_WORD = re.compile(r"(?<![가-힣])[가-힣]{2}|(?<![a-z])[a-z]{2,15}(?![a-z])")  # longer Latin ones are names in code


def words(text: str) -> str:
    """What the model sees of `text`: the first two syllables of Korean words, Latin words in lower case.

    >>> words("법원은 판결을 Spark 3.5로")
    '법원 판결 spark'
    """
    return " ".join(_WORD.findall(text[:DOMAIN_CHARS].lower()))


def domains(texts: Sequence[str]) -> tuple[list[str | None], NDArray[np.float64]]:
    """The domain of each text, one of DOMAINS, or None where the model is less than SURE; and its probability, 0-1.

    The probability is that of the likeliest domain, NONE among them; 0 for texts of less than DOMAIN_WORDS words.

    >>> domains(["피고인의 상고를 기각한다. 원심판결 이유를 기록에 비추어 살펴본다. 상고이유를 판단한다.", "안녕"])[0]
    ['law', None]
    """
    lines = [words(text) for text in texts]
    names, scores = predict(load(), lines)
    sure = [
        name if name != NONE and score >= SURE else None for name, score in zip(names, scores.tolist(), strict=True)
    ]
    return sure, scores


def enough(line: str) -> bool:
    """Whether a line of `words` says something."""
    return line.count(" ") >= DOMAIN_WORDS - 1


def predict(model: Any, lines: Sequence[str]) -> tuple[list[str], NDArray[np.float64]]:
    """The likeliest label of each line of `words` and its probability; NONE and 0 under DOMAIN_WORDS words."""
    names, scores = [NONE] * len(lines), np.zeros(len(lines))
    at = [index for index, line in enumerate(lines) if enough(line)]
    labels, values = model.f.multilinePredict([lines[index] + "\n" for index in at], 1, 0.0, "replace")
    for index, label, value in zip(at, labels, values, strict=True):
        if len(label):  # none of the words is known otherwise
            names[index], scores[index] = label[0].removeprefix(LABEL), min(1.0, float(value[0]))
    return names, scores


@cache
def load() -> Any:
    """The bundled model, once per worker. Raises ResourceError when it is missing."""
    import fasttext

    return read_model("domain.ftz", lambda path: fasttext.load_model(str(path)))
