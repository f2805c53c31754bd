"""Lines that texts share, against counts by plain Python, and the ends that are cut."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from corpus_pipeline.kernels.lines import SHOWN, count_lines, cut_ends
from corpus_pipeline.kernels.normalise import comparison_form

FOOTER = "이 페이지에서 제공하는 정보에 만족하십니까?"
LINES = ["", " ", "홈", "홈!", FOOTER, "본문 하나", "본문 둘", "---", "# 제목", "```", "【주 문】", "| 칸 |"]
STRUCTURE = {"# 제목", "```", "【주 문】", "| 칸 |"}
TEXTS = st.lists(st.sampled_from(LINES), max_size=8).map("\n".join)


def known(*lines: str) -> dict[bytes, int]:
    return {key: line.characters for key, line in count_lines(lines).items()}


@given(st.lists(TEXTS, max_size=6))
def test_counts_are_those_of_sets(texts: list[str]) -> None:
    expected: Counter[str] = Counter()
    for text in texts:
        expected.update({comparison_form(line) for line in text.split("\n") if line not in STRUCTURE} - {""})
    counted = count_lines(texts)
    assert {comparison_form(line.shown): line.documents for line in counted.values()} == expected
    assert all(line.characters == len(comparison_form(line.shown)) for line in counted.values())


@given(st.lists(TEXTS, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_texts_changes_nothing(texts: list[str], rng: object) -> None:
    shuffled = list(texts)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert count_lines(texts) == count_lines(shuffled)


@given(TEXTS)
def test_what_is_cut_stood_at_the_ends_and_was_known(text: str) -> None:
    found = cut_ends(text, known("홈", FOOTER), 3)
    before, _, after = text.partition(found.kept) if found.kept else (text, "", "")
    cut = [line for part in (before, after) for line in part.split("\n") if line.strip()]
    assert len(cut) == found.lines
    assert set(cut) <= {"홈", "홈!", FOOTER}
    if not found.lines:
        assert found.kept == text


def test_runs_end_at_structure_and_at_the_first_unknown_line() -> None:
    lines = known("홈", FOOTER)
    assert cut_ends(f"# 제목\n{FOOTER}\n본문", lines, 1).lines == 0
    assert cut_ends(f"{FOOTER}\n본문\n{FOOTER}\n본문", lines, 1).kept == f"본문\n{FOOTER}\n본문"
    assert cut_ends(f"홈\n\n{FOOTER}\n\n본문\n\n홈", lines, 4) == (2, "본문\n\n홈")  # the tail is too short a run


def test_a_text_of_known_lines_alone_is_empty_and_says_how_many() -> None:
    assert cut_ends(f"홈\n\n{FOOTER}", known("홈", FOOTER), 5) == (2, "")


def test_odd_text_and_long_lines() -> None:
    assert count_lines([]) == {}
    assert count_lines(["", "\n\n", "...\n---"]) == {}
    (line,) = count_lines(["가" * 10_000]).values()
    assert (len(line.shown), line.characters) == (SHOWN, 10_000)
    assert cut_ends("", known("홈"), 1) == (0, "")
