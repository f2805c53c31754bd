"""Language of text in Latin letters: py3langid's naive Bayes model, on many short texts in step.

py3langid walks over a text byte by byte in Python. Here all texts of a batch take their n-th step together, so a step
costs a few NumPy calls whatever their number, and the scores are py3langid's own (a test compares them). Only
LATIN_LANGUAGES can come out. Bias: text without words of any language (code, tables of names) is told apart as
NO_LANGUAGE, but not reliably. Cost on one core: 15 MB/s of what it is given, 7 times py3langid's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NO_LANGUAGE = "zxx"  # ISO 639-2: no linguistic content
# Western and Eastern European languages in Latin letters, and the Latin-written neighbours of Korea.
LATIN_LANGUAGES = (
    "ca", "cs", "da", "de", "en", "es", "et", "fi", "fr", "hr", "hu", "id", "is", "it", "la",
    "lt", "lv", "ms", "nl", "no", "pl", "pt", "ro", "sk", "sl", "sv", "tl", "tr", "vi", NO_LANGUAGE,
)  # fmt: skip
_AT_ONCE = 4_096  # texts in step; bounds memory to about 10 bytes per byte of them


class _Model(NamedTuple):
    """The automaton and the weights of py3langid.

    moves     next state by row << 8 | byte
    row       state -> row << 8
    feature   state -> feature that ends there, -1 for none
    weights   float32 [features, LATIN_LANGUAGES] log probabilities
    prior     float32 [LATIN_LANGUAGES]
    """

    moves: NDArray[np.uint32]
    row: NDArray[np.int64]
    feature: NDArray[np.int32]
    weights: NDArray[np.float32]
    prior: NDArray[np.float32]


@cache
def _model() -> _Model:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    found = LanguageIdentifier.from_model_file(MODEL_FILE)
    columns = [found.nb_classes.index(name) for name in LATIN_LANGUAGES]
    return _Model(
        np.asarray(found.tk_nextmove),
        np.asarray(found.tk_row, np.int64) << 8,
        np.asarray(found.tk_output, np.int32),
        np.ascontiguousarray(found.nb_ptc[:, columns], np.float32),
        found.nb_pc[columns].astype(np.float32),
    )


def identify(texts: Sequence[str]) -> tuple[list[str], NDArray[np.float64]]:
    """The likeliest of LATIN_LANGUAGES for each text, and its probability (0-1) among them, in order.

    A text without any known letter sequence gets the first language with probability 1 / len(LATIN_LANGUAGES).

    >>> identify(["The weather is fine today.", "오늘 Das Wetter ist heute schön."])[0]
    ['en', 'de']
    """
    names, sure = list[str](), [np.zeros(0)]
    for start in range(0, len(texts), _AT_ONCE):
        probabilities = _probabilities([_bytes(text) for text in texts[start : start + _AT_ONCE]])
        names += [LATIN_LANGUAGES[best] for best in probabilities.argmax(axis=1)]
        sure.append(probabilities.max(axis=1))
    return names, np.concatenate(sure)


def _bytes(text: str) -> bytes:
    """As py3langid encodes it."""
    text = unicodedata.normalize("NFC", text.lower() if text.isupper() else text)
    return text.encode("utf-8", "surrogatepass")


def _probabilities(texts: Sequence[bytes]) -> NDArray[np.float64]:
    """[n, LATIN_LANGUAGES], rows sum to 1."""
    from scipy.sparse import csr_matrix  # 0.15 s, which only this needs

    model = _model()
    features = _features(texts, model)
    features.sort(axis=1)
    flat = features.ravel()
    begins = np.empty(len(flat), np.bool_)
    begins[1:] = flat[1:] != flat[:-1]
    begins[:: features.shape[1]] = True
    places = np.flatnonzero(begins)
    times = np.diff(np.append(places, len(flat)))
    known = flat[places] >= 0
    rows = places[known] // features.shape[1]
    ends = np.searchsorted(rows, np.arange(len(texts) + 1))
    seen = csr_matrix(
        (np.log1p(times[known], dtype=np.float32), flat[places][known], ends), (len(texts), len(model.weights))
    )
    scores = (seen @ model.weights + model.prior).astype(np.float64)
    scores[np.diff(ends) == 0] = 0
    scores /= np.sqrt(np.maximum(1, [len(text) for text in texts]))[:, None]  # py3langid's, calibrated over lengths
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(scores / scores.sum(axis=1, keepdims=True))


def _features(texts: Sequence[bytes], model: _Model) -> NDArray[np.int32]:
    """[n, longest] the feature that ends at each byte of each text; -1 where none does."""
    lengths = np.array([len(text) for text in texts])
    order = np.argsort(-lengths, kind="stable")
    longest = max(1, int(lengths[order[0]]))
    inside = np.arange(longest) < lengths[order, None]
    letters = np.zeros(inside.shape, np.uint8)
    letters[inside] = np.frombuffer(b"".join([texts[at] for at in order]), np.uint8)
    going = inside.sum(axis=0)  # texts that have this byte: the first ones, since the longest come first
    steps = np.ascontiguousarray(letters.T).astype(np.int64)
    state = np.zeros(len(texts), np.uint32)
    found = np.full((longest, len(texts)), -1, np.int32)
    for step, alive in enumerate(going):
        state = model.moves[model.row[state[:alive]] + steps[step, :alive]]
        found[step, :alive] = model.feature[state]
    features = np.empty((len(texts), longest), np.int32)
    features[order] = found.T
    return features
