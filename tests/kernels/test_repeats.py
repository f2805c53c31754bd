"""repeats: the title once more in the body goes, other sentences stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_pipeline.kernels.repeats import without_title

TITLE = "물가 3% 올라 서민 부담 커져"


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        (TITLE, f"{TITLE}\n본문이다.", (TITLE, "본문이다.")),
        (TITLE, f"# {TITLE}\n\n본문이다.", (TITLE, "본문이다.")),
        (TITLE, "“물가 3% 올라… 서민 부담 커져”\n본문이다.", (TITLE, "본문이다.")),
        (TITLE, f"{TITLE}. 본문이다.", (TITLE, "본문이다.")),
        (TITLE, f"본문이다.\n{TITLE}\n또 본문이다.", (TITLE, "본문이다.\n또 본문이다.")),
        (TITLE, f"본문이다.\n\n{TITLE}", (TITLE, "본문이다.")),
        (TITLE, f"{TITLE}다고 한다.", (TITLE, f"{TITLE}다고 한다.")),
        (TITLE, TITLE, (TITLE, TITLE)),
        ("서울", "서울\n본문이다.\n서울\n끝이다.", ("서울", "본문이다.\n서울\n끝이다.")),
        ("고흥군, 25년 경관 평가...", "고흥군, 25년 경관 평가 1위\n본문", ("고흥군, 25년 경관 평가 1위", "본문")),
        ("고흥군, 경관 평가 우수…", "고흥군 경관 평가 우수기관으로 뽑혔다.\n본문", None),
        ("", "본문이다.", None),
        ("...", "... 본문이다.", None),
        ("제목", "", None),
    ],
)  # fmt: skip
def test_without_title(title: str, text: str, expected: tuple[str, str] | None) -> None:
    assert without_title(title, text) == (expected or (title, text))


SENTENCES = st.sampled_from([TITLE, TITLE + ".", "본문이다.", "물가는 3% 올랐다.", "\n", "\n\n", " ", "물가"])


@given(st.lists(SENTENCES, max_size=12).map("".join))
def test_a_second_pass_changes_nothing_and_no_other_sentence_goes(text: str) -> None:
    title, kept = without_title(TITLE, text)
    assert title == TITLE
    assert without_title(title, kept) == (title, kept)
    for sentence in ("본문이다.", "물가는 3% 올랐다."):
        assert kept.count(sentence) >= text.count(sentence) - text.count(TITLE + sentence)
