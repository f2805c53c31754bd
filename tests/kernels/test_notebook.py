"""Notebooks of formats 3 and 4; outputs, raw cells and pictures stay out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from corpus_pipeline.kernels.notebook import extract
from tests.timing import best_seconds

CODE: dict[str, Any] = {
    "cell_type": "code",
    "source": ["import numpy as np\n", "np.zeros(3)"],
    "outputs": [{"output_type": "stream", "text": ["출력이다"]}, {"data": {"image/png": "iVBORw0KGgo="}}],
    "execution_count": 1,
}
TEXT = {"cell_type": "markdown", "source": "## 기초 ##\n그림: ![표](data:image/png;base64,iVBORw0KGgo=) 끝"}
FOUR = {
    "nbformat": 4,
    "metadata": {"language_info": {"name": "julia"}},
    "cells": [TEXT, CODE, {"cell_type": "raw", "source": "raw"}],
}
OLD = [
    {"cell_type": "heading", "level": 2, "source": ["제목"]},
    {"cell_type": "code", "input": ["x = 1"], "outputs": []},
]
THREE = {"nbformat": 3, "metadata": {}, "worksheets": [{"cells": OLD}]}


def test_cells_in_order_without_outputs() -> None:
    found = extract(json.dumps(FOUR))
    assert found.body == "## 기초 ##\n그림:  끝\n\n```julia\nimport numpy as np\nnp.zeros(3)\n```"
    assert found.title == "기초"
    assert extract(json.dumps(THREE)) == ("제목", "## 제목\n\n```python\nx = 1\n```", None)


def test_nothing_where_an_object_belongs_is_nothing() -> None:
    """Tools write null for what they do not know; a notebook without language is Python."""
    code = {"cell_type": "code", "source": ["x = 1"]}
    empty = {"cell_type": "markdown", "source": None}
    for metadata in (None, {"language_info": None}, {"language_info": {"name": None}}):
        found = extract(json.dumps({"cells": [empty, code], "metadata": metadata}))
        assert found == (None, "```python\nx = 1\n```", None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "unparsable_notebook"),
        ("[]", "unparsable_notebook"),
        ("{}", "unparsable_notebook"),
        ('{"cells": [1]}', "unparsable_notebook"),
        ('{"cells": [{"source": "글"}]}', "unparsable_notebook"),
        ('{"cells": [{"cell_type": "markdown", "source": [1]}]}', "unparsable_notebook"),
        ('{"cells": null}', "unparsable_notebook"),
        ("[" * 200_000, "unparsable_notebook"),
        ('{"nbformat": ' + "9" * 10_000 + "}", "unparsable_notebook"),
        ('{"cells": []}', "no_main_text"),
        ('{"cells": [{"cell_type": "markdown", "source": " "}]}', "no_main_text"),
    ],
)
def test_what_is_no_notebook_has_a_reason(text: str, problem: str) -> None:
    assert extract(text).problem == problem


@pytest.mark.parametrize(
    "cell",
    [
        r'{"cell_type": "markdown", "source": "\ud800"}',
        '{"cell_type": "heading", "level": 1e999, "source": "a"}',
    ],
)
def test_what_json_allows_and_text_does_not_has_a_reason(cell: str) -> None:
    assert extract(f'{{"cells": [{cell}]}}').problem == "unparsable_notebook"


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("![표](data:x) 끝", "끝"),
        ("![a!b](attachment:x.png)끝", "끝"),
        ("![](data:x)![나](http://a.kr/b.png)", "![나](http://a.kr/b.png)"),
        ("![가 ![나](data:x) 끝", "![가  끝"),
    ],
)
def test_pictures_inside_the_notebook_go(text: str, body: str) -> None:
    found = extract(json.dumps({"cells": [{"cell_type": "markdown", "source": text}]})).body
    assert found is not None
    assert found.strip() == body


@pytest.mark.parametrize(
    ("line", "title"),
    [("# 가 나 ##", "가 나"), ("## C# ", "C"), ("# ##", "#"), ("### 가 # 나", "가 # 나"), ("#가", None)],
)
def test_the_title_is_the_heading_without_closing_signs(line: str, title: str | None) -> None:
    assert extract(json.dumps({"cells": [{"cell_type": "markdown", "source": line}]})).title == title


@pytest.mark.parametrize(
    ("before", "unit"), [("", "!["), ("# 가", " "), ("# 가", "#"), ("", "![a](data:"), ("", "#\n")]
)
def test_time_grows_with_length_not_faster(before: str, unit: str) -> None:
    def seconds(count: int) -> float:
        notebook = json.dumps({"cells": [{"cell_type": "markdown", "source": before + unit * count + "나"}]})
        return best_seconds(lambda: extract(notebook))

    assert seconds(20_000) < 8 * seconds(5_000) + 0.02


def test_a_heading_of_an_absurd_level_is_the_lowest() -> None:
    assert extract('{"cells": [{"cell_type": "heading", "level": 99999999999, "source": "가"}]}').body == "###### 가"
