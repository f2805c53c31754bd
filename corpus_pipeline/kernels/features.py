"""Quality features of texts: how long, of what characters, how repetitive, how much like sentences. No verdicts.

docs/quality.md has the formula of each and says where it differs from other projects' of the same name. They come from
five places: features_layout (texts laid end to end), features_characters, features_lines, features_ngrams,
features_words. Every share is 0 where its denominator is 0.

Memory: about 200 bytes per character of a chunk (features_layout.CHUNK_CHARS, or one longer text).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_pipeline.kernels.features_characters import character_columns
from corpus_pipeline.kernels.features_layout import Columns, Layout, columns_of
from corpus_pipeline.kernels.features_lines import line_columns
from corpus_pipeline.kernels.features_ngrams import ngram_columns
from corpus_pipeline.kernels.features_words import word_columns

COUNTS = ("chars", "eojeol", "sentences", "lines", "paragraphs", "stop_words", "urls")


def features(text: str) -> dict[str, float]:
    """All features of one text, by column name. Never raises.

    >>> f = features("오늘은 날씨가 좋다.\\n좋다!!!!")
    >>> f["chars"], f["eojeol"], f["lines"], f["sentences"], f["mean_eojeol_length"]
    (18.0, 4.0, 2.0, 2.0, 3.75)
    >>> round(f["hangul_share"], 3), round(f["repeated_symbol_share"], 3), f["bare_eojeol_share"]
    (0.667, 0.267, 0.0)
    """
    return {name: float(values[0]) for name, values in batch_features([text]).items()}


def batch_features(texts: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Column name -> values in the order of `texts`; COUNTS are int64, the rest float64.

    >>> batch_features(["안녕", "", "ㅋㅋㅋㅋ 정말"])["jamo_share"].round(3).tolist()
    [0.0, 0.0, 0.667]
    """
    return columns_of(texts, feature_columns)


def feature_columns(layout: Layout) -> dict[str, NDArray[Any]]:
    """The same of the texts of a layout."""
    columns: Columns = {
        "chars": layout.chars.astype(float),
        **word_columns(layout),
        **line_columns(layout),
        **character_columns(layout),
        **ngram_columns(layout),
    }
    return {name: values.astype(np.int64) if name in COUNTS else values for name, values in columns.items()}
