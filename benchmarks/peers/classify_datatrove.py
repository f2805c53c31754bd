"""datatrove's filters in FineWeb-2's order, with its limits for Korean: LANGUAGE ko|en. A text dropped goes no further.

ko: words by Kiwi, as datatrove chooses for Korean. en: words by spaCy's rules, which cut Korean at spaces and signs; it
shows what the filters cost without an analyser, and its verdicts mean little.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from benchmarks.peers.classify_worker import Judge, serve

STOP_WORDS = "의 다 이 는 에 을 한 년 하 은 를 했 고 에서 가 있 으로 인 월 로 되"


def steps(language: str) -> list[Any]:
    filters = import_module("datatrove.pipeline.filters")
    return [
        filters.GopherRepetitionFilter(
            language=language,
            dup_line_frac=0.374,
            dup_para_frac=0,
            dup_line_char_frac=0,
            dup_para_char_frac=0,
            top_n_grams=((2, 0.282), (3, 0.228), (4, 0.185)),
            dup_n_grams=((5, 0.201), (6, 0.184), (7, 0.168), (8, 0.154), (9, 0.14), (10, 0.127)),
        ),
        filters.FineWebQualityFilter(
            language=language, line_punct_thr=0.062, short_line_thr=999, char_duplicates_ratio=0.1, new_line_ratio=0.196
        ),
        filters.GopherQualityFilter(
            language=language,
            min_avg_word_length=1,
            max_avg_word_length=6,
            max_non_alpha_words_ratio=0.791,
            stop_words=STOP_WORDS.split(),
        ),
    ]


def load() -> Judge:
    document, chosen = import_module("datatrove.data").Document, steps(sys.argv[1])

    def keeps(text: str) -> bool:
        one = document(text=text, id="")
        return all(step.filter(one) is True for step in chosen)

    keeps("한국어 말뭉치에는 좋은 글이 많다. 그래서 우리는 글을 고른다.")  # the tokenizer is read
    return lambda texts: sum(keeps(text) for text in texts)


if __name__ == "__main__":
    serve(load)
