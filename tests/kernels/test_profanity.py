"""profanity: strong words in split spellings are found, their clean look-alikes stay."""

from __future__ import annotations

import unicodedata
from itertools import groupby, pairwise
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_pipeline.kernels.profanity import find, profane, soften
from corpus_pipeline.resources import read_tsv

PIECES = st.sampled_from(
    ["시", "발", "씨", "병", "신", "개", "새", "끼", "ㅅ", "ㅂ", "좆", "지랄", "1", ".", "*", " ", "점"]
)


@pytest.mark.parametrize(
    "text",
    [
        *("병신년 새해", "조까지 내려", "시발점", "시발역까지", "동시발매", "다시발표", "질병신고", "7시.발대식"),
        *("병신고를 한다", "껌을 씹다", "강아지 새끼", "오전 7시 발표", "시 발전", "12시1발", "슈발리에", ""),
    ],
)
def test_clean_text_stays(text: str) -> None:
    assert find(text) == []
    assert soften(text) == (text, 0)


@given(st.lists(st.lists(PIECES, max_size=8).map("".join), max_size=6))
def test_the_first_look_passes_over_no_profane_line(lines: list[str]) -> None:
    def apart(line: str) -> bool:
        runs = groupby(line.split(" "), lambda word: len(word) == 1 and ("가" <= word <= "힣" or "ㄱ" <= word <= "ㅣ"))
        return any(letter and find("".join(run)) for letter, run in runs)

    assert profane(lines).tolist() == [bool(find(line)) or apart(line) for line in lines]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("씨발", "씨*"),
        ("시1발 뭐야", "시** 뭐야"),
        ("병.신", "병**"),
        ("ㅅㅂ", "ㅅ*"),
        ("아 ㅅ ㅂ", "아 ㅅ**"),
        ("이 개새끼가", "이 개*끼가"),
        ("이병신아", "이병*아"),
        ("개시발", "개시*"),
    ],
)
def test_profanity_is_softened(text: str, expected: str) -> None:
    assert soften(text) == (expected, 1)


@pytest.mark.parametrize(
    "text", ["ㅆㅣ발", "ㅆㅣㅂㅏㄹ", "씨ㅂㅏㄹ", "씨이발", "씨이이발", "아 ㅂㅕㅇ신", "존ㄴㅏ", "시.1발"]
)
def test_loose_jamo_drawn_out_vowels_and_noise_are_seen_through(text: str) -> None:
    assert len(find(text)) == 1


@pytest.mark.parametrize("text", ["다시 이발소에", "김씨 이발관", "ㅅㅣ작", "아저씨바지", "병이 신기하게", "6개독교실"])
def test_seeing_through_spellings_marks_no_clean_text(text: str) -> None:
    assert find(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("이 개새끼가", "이 망나니가"),
        ("씨1발 뭐야", "젠장 뭐야"),
        ("저 미친놈은", "저 이상한 사람은"),
        ("존나게 춥다", "매우 춥다"),
        ("병.신아", "못난 사람아"),
        ("좋은 날", "좋은 날"),
    ],
)
def test_a_mild_form_takes_the_words_place(text: str, expected: str) -> None:
    assert soften(text, "mild") == (expected, int(text != expected))


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(ValueError, match="stars, mild"):
        soften("글", "off")  # type: ignore[arg-type]


TEXTS = st.lists(PIECES | st.text(max_size=2), max_size=20).map("".join)


@given(TEXTS)
def test_softening_keeps_length_counts_spans_and_is_idempotent(text: str) -> None:
    spans = find(text)
    softened, count = soften(text)
    assert count == len(spans)
    assert len(softened) == len(text)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert soften(softened) == (softened, 0)


@given(TEXTS)
def test_mild_forms_keep_the_rest_and_their_count(text: str) -> None:
    softened, count = soften(text, "mild")
    assert count == len(find(text))
    done, at = 0, 0
    for start, end in find(text):  # what stands between the words stays, in order
        at = softened.index(text[done:start], at) + start - done
        done = end
    assert softened.endswith(text[done:])


def closed(word: str) -> bool:
    """Whether the last syllable ends in a consonant: canonical decomposition is the oracle."""
    return len(unicodedata.normalize("NFD", word[-1])) == 3


@pytest.mark.parametrize("row", [row for row in read_tsv("ko/profanity.tsv") if row[1] != "prefix"], ids=lambda r: r[0])
def test_every_stem_is_found_and_its_mild_form_is_clean(row: tuple[str, ...]) -> None:
    stem, _, _, mild = row
    assert find(stem) == [(0, len(stem))]
    assert mild
    assert find(mild) == []
    if "가" <= stem[-1] <= "힣":
        assert closed(stem) == closed(mild)


def test_the_lexicon_is_sorted_and_its_exceptions_hold_their_stem() -> None:
    rows = read_tsv("ko/profanity.tsv")
    assert rows == sorted(set(rows))
    for stem, guard, allow, _ in rows:
        assert guard in ("free", "start", "prefix")
        assert all(stem in word for word in allow.split()), stem


def test_the_worst_texts_take_linear_time() -> None:
    for text in ("시" * 300_000, "시11" * 100_000, "씨이" * 100_000, "ㅅㅣ" * 100_000, "개" * 200_000 + "시발"):
        started = process_time()
        soften(text)
        assert process_time() - started < 2  # some 100 ms each
