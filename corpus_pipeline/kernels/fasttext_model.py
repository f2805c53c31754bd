"""Score texts with a fastText quality model: the probability of `__label__high`. A score, never a verdict.

The score says how much a text reads like the positive class it was trained on (an encyclopedia). It favours
that register: compare scores within one document type only.

`normalise` is the one preparation of text, for training and for scoring. Cost: bounded per document by MAX_CHARS.
Only the start of a document is seen, so junk after MAX_CHARS characters goes unnoticed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_pipeline.errors import ResourceError

HIGH, LOW = "__label__high", "__label__low"
BUNDLED = "resources/models/quality.ftz"
MAX_CHARS = 5_000  # own choice: about 1,100 eojeol, past the 95th percentile of web prose; bounds the cost
_DIGIT = re.compile(r"\d")
_RESERVED = re.compile(r"__label__|</s>")  # would be read as a label, or as the end of the text


def normalise(text: str) -> str:
    """`text` as the model sees it: first MAX_CHARS characters, lower case, one space, every digit 0, on one line.

    >>> normalise("2021년\\n  Spark 3.5로   처리")
    '0000년 spark 0.0로 처리'
    """
    line = " ".join(text[:MAX_CHARS].lower().replace("\0", " ").split())  # fastText also splits at NUL
    folded = _DIGIT.sub("0", line).encode("utf-8", "replace").decode()  # a lone surrogate is no UTF-8
    return _RESERVED.sub(" ", folded).strip() if "__label__" in folded or "</s>" in folded else folded


def scores(texts: Sequence[str], model: str | None = None) -> NDArray[np.float64]:
    """Probability of HIGH per text, 0 to 1, in order; 0 where nothing but space is left of the text.

    model  path of a .bin or .ftz that has the label HIGH; None is the bundled one. Loaded once per worker.
           A path that does not exist is looked for by its name in the working directory, where
           `spark-submit --files` puts it.
    Raises ResourceError when there is no such model or it cannot be read.
    """
    lines = [normalise(text) for text in texts]
    return probabilities(load(model), lines) if any(lines) else np.zeros(len(lines))


def probabilities(model: Any, lines: Sequence[str]) -> NDArray[np.float64]:
    """As `scores`, for a loaded model and text that is normalised already."""
    result = np.zeros(len(lines))
    at = [index for index, line in enumerate(lines) if line]
    # f.multilinePredict, not predict: the latter's conversion to numpy broke with numpy 2 in some releases.
    labels, values = model.f.multilinePredict([lines[index] + "\n" for index in at], 2, 0.0, "replace")
    for index, names, found in zip(at, labels, values, strict=True):
        result[index] = found[list(names).index(HIGH)] if HIGH in names else 0.0
    return np.clip(result, 0.0, 1.0)  # fastText adds 1e-5 inside its logarithm


def load(model: str | None = None) -> Any:
    """The model at a path, or the bundled one. Kept in memory until the file changes."""
    if model is None:
        return _bundled()
    path = _find(model)
    state = path.stat()
    return _read(str(path), state.st_mtime_ns, state.st_size)


@cache
def _bundled() -> Any:
    resource = files("corpus_pipeline")
    for part in BUNDLED.split("/"):
        resource = resource / part
    if not resource.is_file():
        raise ResourceError(BUNDLED, "the bundled quality model", "no such file", "Reinstall, or set classify.model.")
    with as_file(resource) as path:  # inside a zip: a temporary copy, gone once the model is in memory
        return _read(str(path), 0, 0)


def _find(model: str) -> Path:
    for path in (Path(model), Path(Path(model).name)):
        if path.is_file():
            return path
    raise ResourceError(
        f"classify.model: {model}",
        "a fastText model (.bin or .ftz) on every worker",
        "no such file",
        "Train one with the train_classifier stage, ship it with --files, or leave classify.model unset.",
    )


@lru_cache(maxsize=2)
def _read(path: str, modified: int, size: int) -> Any:
    """The file's time and size are there to notice a model trained again under the same name."""
    import fasttext

    try:
        model = fasttext.load_model(path)
    except (ValueError, RuntimeError):
        raise ResourceError(path, "a fastText model", "an unreadable file", "Train or copy the model again.") from None
    if HIGH not in model.get_labels():
        got = ", ".join(model.get_labels()[:3])
        raise ResourceError(path, f"a model with the label {HIGH}", f"labels {got}", "Use train_classifier's model.")
    return model
