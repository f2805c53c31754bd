"""profanity_model: a share by characters, not a single hit; look-alikes stay, split and softened spellings do not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels import profanity_model
from corpus_pipeline.kernels.profanity import soften
from corpus_pipeline.kernels.profanity_model import HATE, PROFANITY, Model, load, profanity_columns, read, scores, write
from corpus_pipeline.kernels.profanity_ngrams import UNIT_CHARS, jamo_ngrams, syllable_ngrams, units
from corpus_pipeline.kernels.profanity_training import BUCKETS, Labelled, minimise, train

CLEAN = (
    "국회는 어제 본회의를 열고 예산안을 처리했다. 표결에는 재석 의원 이백 명이 참여했으며 찬성이 다수였다. "
    "정부는 이에 따라 다음 달부터 새 제도를 시행하고, 지방자치단체와 함께 준비 상황을 점검할 계획이다.\n"
)


def share(text: str) -> float:
    return float(profanity_columns([text])["profane_share"][0])


@pytest.mark.parametrize(
    "text",
    [
        *("18년", "18년 동안 일했다", "조까지 내려", "제3조까지 내려간다", "병신년 새해", "병신년 새해의 시발점"),
        *(
            "시발점",
            "시발역까지 갔다",
            "카드",
            "카드를 만들었다",
            "김미친 씨가 왔다",
            "새끼손가락을 다쳤다",
        ),
        *(
            "오전 7시 발표",
            "김씨 이 발표",
            "서울 시 발 표",
            "동시발매",
            "역시발전한다",
            "신년회에 갔다",
            "미친 듯이 일했다",
            "어미 고양이와 새끼 고양이",
            "보지 못했다",
            CLEAN,
            "",
            " \n ",
            "😀😀",
        ),
    ],
)
def test_clean_text_has_no_profane_piece(text: str) -> None:
    assert share(text) == 0


@pytest.mark.parametrize(
    "text",
    [
        "시1발 뭐야",
        "ㅅㅂ",
        "병.신",
        "시.발.",
        "ㅆㅣ발 뭐냐",
        "존나 짜증나네",
        "이런 개새끼들이",
        "씨발",
        "씨  발 새끼야",
    ],
)
def test_profanity_is_seen_through_its_spellings(text: str) -> None:
    assert share(text) == 1


@pytest.mark.parametrize("text", ["씨발 뭐야", "이 개새끼가", "병신 같은 놈들", "저 새끼 존나 못하네"])
def test_stars_do_not_hide_it(text: str) -> None:
    softened, count = soften(text)
    assert count
    assert share(softened) == 1


def test_one_word_in_a_long_article_leaves_the_share_small() -> None:
    assert 0 < share(CLEAN * 20 + "씨발\n" + CLEAN * 20) < 0.01
    assert share("씨발\n" * 3 + "오늘도 날씨가 아주 좋다\n") == pytest.approx(6 / 19)


def test_a_long_line_is_judged_by_its_parts() -> None:
    line = CLEAN.replace("\n", " ") * 5
    assert share(f"{line}씨발 {line}") == pytest.approx(UNIT_CHARS / (2 * len(line)), rel=0.2)


@given(st.text(max_size=600))
def test_units_are_the_text_without_its_blanks(text: str) -> None:
    found = units(text)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(unit == unit.strip() and 0 < len(unit) <= UNIT_CHARS for unit in found)


PIECES = st.lists(
    st.text(st.sampled_from("시발병신새끼ㅅㅂ씨 1.*가나\nA😀\ud800"), max_size=40), min_size=1, max_size=8
)


@given(PIECES)
@settings(max_examples=60)
def test_a_text_is_scored_the_same_in_any_batch(texts: list[str]) -> None:
    together = profanity_columns(texts)["profane_share"]
    assert together.tolist() == [share(text) for text in texts]
    assert ((together >= 0) & (together <= 1)).all()


def test_chunks_do_not_change_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [CLEAN, "씨발\n좋은 아침입니다\n병신", "", CLEAN * 3]
    whole = profanity_columns(texts)["profane_share"]
    monkeypatch.setattr(profanity_model, "CHUNK_CHARS", 5)
    monkeypatch.setattr(profanity_model, "CHUNK_PIECES", 2)
    assert profanity_columns(texts)["profane_share"].tolist() == whole.tolist()


def test_no_texts_give_no_rows() -> None:
    assert {name: found.shape for name, found in profanity_columns([]).items()} == {
        "profane_share": (0,),
        "hate_share": (0,),
    }


def hate(*texts: str) -> list[float]:
    return [float(one) for one in profanity_columns(texts)["hate_share"]]


def test_contempt_in_clean_words_is_hate_and_no_profanity() -> None:
    """Sentences of ours, in the manner of the comments that were learned."""
    texts = ("얼굴도 못생기고 연기도 못하는 관종 퇴출해라", "둘다 꼴보기 싫다 퇴출시켜라")
    assert hate(*texts) == [1, 1]
    assert [share(text) for text in texts] == [0, 0]
    assert hate(f"{texts[0]}\n{CLEAN}") == [pytest.approx(len(texts[0]) / len(f"{texts[0]}{CLEAN}".strip()), rel=0.02)]


@pytest.mark.parametrize(
    "text",
    [
        CLEAN,
        "혐오 표현을 줄이기 위한 교육이 필요하다",
        "여성과 남성, 노인이 함께 참여했다",
        "The team lost.",
        "",
        "😀",
        "아줌마",
    ],
)
def test_clean_text_holds_no_hate(text: str) -> None:
    assert hate(text) == [0]


@given(PIECES)
@settings(max_examples=30)
def test_hate_is_scored_the_same_in_any_batch(texts: list[str]) -> None:
    assert hate(*texts) == [hate(text)[0] for text in texts]


def test_a_model_of_syllables_alone_is_its_first_look() -> None:
    model = load(HATE)
    texts = ["아무 말", "전혀 다른 말이다"]
    by_hand = [sum(int(model.weights[b]) for one in syllable_ngrams([t]) for b in one.buckets) for t in texts]
    numbers = [sum(int(one.number[0]) for one in syllable_ngrams([t])) for t in texts]
    expected = [s / n**0.5 * model.step + model.bias for s, n in zip(by_hand, numbers, strict=True)]
    assert scores(texts, model).tolist() == pytest.approx(expected)


@pytest.mark.parametrize("odd", ["\ud800" * 50, "\0" * 100, "İ" * 200, "\r\n\t\x0b\u2028" * 30, "*" * 500, "ㅋ" * 300])
def test_odd_text_neither_raises_nor_counts(odd: str) -> None:
    assert share(odd) == 0


@pytest.mark.parametrize("text", ["시" * 250_000, "ㅅ ㅂ" * 50_000, "씨이" * 100_000, "\n" * 1_000_000, "😀" * 250_000])
def test_the_worst_texts_take_linear_time(text: str) -> None:
    started = process_time()
    profanity_columns([text])
    assert process_time() - started < 4  # some 200 ms each; the matcher's worst takes longest


@pytest.mark.parametrize("stream", [syllable_ngrams, jamo_ngrams])
@given(st.lists(st.text(st.sampled_from("시발 ㅅㅋ1.A"), max_size=12), min_size=1, max_size=5))
@settings(max_examples=40)
def test_ngrams_of_a_piece_are_its_own(stream: Callable[..., object], pieces: list[str]) -> None:
    """What a piece has alone is what it has among others: no n-gram runs over a border."""

    def own(found: list[str]) -> list[list[list[int]]]:
        rows: list[list[list[int]]] = []
        for one in stream(found):  # type: ignore[attr-defined]
            ends = [*one.first[1:].tolist(), len(one.buckets)]
            parts = [one.buckets[a:b] for a, b in zip(one.first.tolist(), ends, strict=True)]
            assert all(np.count_nonzero(part) <= n for part, n in zip(parts, one.number.tolist(), strict=True))
            rows.append([part[part != 0].tolist() for part in parts])
        return rows

    together = own(pieces)
    for number, piece in enumerate(pieces):
        assert [row[number] for row in together] == [row[0] for row in own([piece])]


def test_split_spellings_have_the_same_keys() -> None:
    first, *others = (
        [one.buckets.tolist() for one in jamo_ngrams([text])]
        for text in ("시발", "시1발", "시.발", "ㅅㅣ발", "ㅅㅣㅂㅏㄹ")
    )
    assert all(other == first for other in others)


def test_the_descent_finds_the_minimum_of_a_bowl() -> None:
    middle = np.arange(5.0)
    scale = np.array([1.0, 10.0, 100.0, 2.0, 5.0])

    def bowl(point: np.ndarray) -> tuple[float, np.ndarray]:
        apart = point - middle
        return 1 + float(scale @ apart**2), 2 * scale * apart

    np.testing.assert_allclose(minimise(bowl, np.zeros(5)), middle, atol=1e-2)


def test_a_model_learns_invented_words_and_comes_back_from_its_file() -> None:
    bad = [f"이 뷁뷃 같은 {word}" for word in ("것", "곳", "말", "일", "날", "밤")]
    good = [f"이 꽃밭 같은 {word}" for word in ("것", "곳", "말", "일", "날", "밤")]
    pieces = [Labelled(text, label, 1.0) for texts, label in ((bad, 1.0), (good, 0.0)) for text in texts]
    model = train(pieces)
    assert (scores([*bad, "이 뷁뷃 같은 글"], model) >= model.threshold).all()
    assert (scores([*good, "이 꽃밭 같은 글"], model) < model.threshold).all()
    again = read(write(model))
    assert np.array_equal(again.weights, model.weights)
    assert scores(bad, again).tolist() == scores(bad, model).tolist()


def test_a_broken_model_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    small = Model(np.zeros(8, np.int8), 1.0, 0.0, 0.0, 0.0)
    with pytest.raises(ValueError, match="another size"):
        read(write(small))

    def fails(content: bytes) -> Model:
        raise ValueError(content[:0])

    monkeypatch.setattr(profanity_model, "read", fails)
    load.cache_clear()
    with pytest.raises(ResourceError, match=r"profanity\.npz"):
        load(PROFANITY)
    monkeypatch.undo()
    assert load(PROFANITY).weights.shape == (BUCKETS,)


@pytest.mark.parametrize("name", [PROFANITY, HATE])
def test_the_card_names_the_bundled_model(name: str) -> None:
    from importlib.resources import files

    folder = files("corpus_pipeline.resources").joinpath("models")
    content = folder.joinpath(name).read_bytes()
    card = folder.joinpath(name.replace(".npz", ".md")).read_text(encoding="utf-8")
    assert hashlib.sha256(content).hexdigest() in card
    assert f"{len(content):,} bytes" in card
    assert len(content) < 2_000_000


@pytest.mark.parametrize("length", [0, 2, 4, 100, 200_000])
def test_a_model_cut_short_is_a_plain_error(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: whole(path)[:length])
    with pytest.raises(ResourceError, match="expected a bundled model, got nothing usable"):
        load.__wrapped__(PROFANITY)
