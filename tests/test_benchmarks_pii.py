"""The generator of synthetic personal data, the scores of a detector, short runs of the evaluation and the benchmark.

Detectors here are ones whose figures are known beforehand: one that masks exactly the critical characters, one that
masks nothing, one that masks everything.
"""

from __future__ import annotations

import ipaddress
import json
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import pii_evaluation as evaluation
from benchmarks.pii_documents import HELD_OUT, OPEN, Document, Settings, carriers, documents, sentences
from benchmarks.pii_forms import ORDINARY, Value
from benchmarks.pii_lookalikes import LOOKALIKES, barcode, isbn, private_ip
from benchmarks.pii_numbers import WORDS
from benchmarks.pii_scores import Found, Scores, known, standing
from benchmarks.pii_values import KINDS
from corpus_pipeline.kernels import pii

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def made() -> list[Document]:
    return list(documents(Settings(values=4_000, lookalikes=1_000)))


def values_of(made: list[Document], kind: str) -> list[Value]:
    return [value for document in made for _, value in document.items if value.kind == kind]


def digits_of(value: Value) -> str:
    return re.sub(r"\D", "", value.text)


def test_the_same_seed_gives_the_same_documents() -> None:
    small = Settings(values=60, lookalikes=60)
    first, again = ([d.text for d in documents(small)] for _ in range(2))
    assert first == again
    assert first != [d.text for d in documents(Settings(values=60, lookalikes=60, seed=1))]


def test_values_stand_where_the_document_says_and_have_a_role_per_character(made: list[Document]) -> None:
    for document in made:
        for start, value in document.items:
            assert document.text[start : start + len(value.text)] == value.text
            assert len(value.roles) == len(value.text)
            assert ("c" in value.roles) == (value.kind in KINDS)


def test_every_kind_comes_in_all_its_forms_and_no_kind_is_rare(made: list[Document]) -> None:
    seen = {(value.kind, value.form) for document in made for _, value in document.items}
    wanted = {(name, form) for name, kind in KINDS.items() for form in (*kind.ordinary, *kind.obfuscated)}
    assert wanted <= seen
    assert set(LOOKALIKES) <= {kind for kind, _ in seen}
    counts = Counter(value.kind for document in made for _, value in document.items if value.kind in KINDS)
    assert min(counts.values()) >= 4_000 // len(KINDS)


def test_forms_keep_the_characters_of_the_value() -> None:
    rng, parts = Random(0), [("010", "p"), ("1034", "c"), ("5671", "c")]
    for make in ORDINARY.values():
        text, roles = make(parts, rng)
        assert re.sub(r"\D", "", text) == "01010345671"
        assert "".join(c for c, role in zip(text, roles, strict=True) if role == "p") == "010"


def test_check_digits_are_those_of_the_standards(made: list[Document]) -> None:
    for value in values_of(made, "card"):
        if value.group == "ordinary":
            digits = [int(d) for d in digits_of(value)][::-1]
            assert (sum(digits[::2]) + sum(sum(divmod(2 * d, 10)) for d in digits[1::2])) % 10 == 0
    rng = Random(0)
    for number in (re.sub(r"\D", "", make(rng)) for make in (isbn, barcode) for _ in range(50)):
        assert len(number) == 13
        assert (sum(map(int, number[::2])) + 3 * sum(map(int, number[1::2]))) % 10 == 0
    weights, valid = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5], Counter[bool]()
    for value in values_of(made, "rrn"):
        number = digits_of(value)
        if value.group == "ordinary" and len(number) == 13:
            total = sum(int(d) * w for d, w in zip(number, weights, strict=False))
            valid[(11 - total % 11) % 10 == int(number[-1])] += 1
    assert 0.3 < valid[True] / valid.total() < 0.7  # numbers given out since October 2020 fail


def test_addresses_of_machines_are_global_or_private_as_they_should(made: list[Document]) -> None:
    own = [value.text for value in values_of(made, "ip") if value.group == "ordinary"]
    assert all(ipaddress.ip_address(text).is_global for text in own)
    rng = Random(0)
    assert all(ipaddress.ip_address(private_ip(rng)).is_private for _ in range(50))


def test_mobile_numbers_are_in_exchanges_that_nobody_has(made: list[Document]) -> None:
    mobile = [digits_of(v) for v in values_of(made, "phone") if v.form == "hyphens" and v.text.startswith("010")]
    assert mobile
    assert {number[3] for number in mobile} <= {"0", "1"}


def test_a_third_of_the_carriers_is_held_out_and_all_kinds_are_in_both_files() -> None:
    every = carriers(held_out=True)
    kept = [carrier for carrier in every if carrier.held_out]
    assert 0.3 < len(kept) / len(every) < 0.37
    assert not {c.text for c in kept} & {c.text for c in carriers(held_out=False)}
    for some in (kept, carriers(held_out=False)):
        assert {name for carrier in some for name in carrier.slots} >= {*KINDS, *LOOKALIKES}
    assert not any(document.held_out for document in documents(Settings(values=30, lookalikes=30, held_out=False)))


@pytest.mark.parametrize("path", [OPEN, HELD_OUT, WORDS])
def test_data_is_sorted_and_nfc_and_says_where_it_is_from(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    rows = [tuple(line.split("\t")) for line in lines if not line.startswith("#")]
    assert rows == sorted(set(rows))
    assert unicodedata.is_normalized("NFC", text)
    assert all(word in text for word in ("Source:", "Licence:", "Refresh:"))


def test_real_sentences_hold_no_number_that_may_be_somebodys(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        "오늘은 날씨가 맑고 바람이 잔잔하다.\n"
        "문의는 010-1234-5678로 부탁드립니다 여러분.\n"
        "문의는 abc@naver.com으로 하세요 여러분.\n",
        encoding="utf-8",
    )
    assert sentences(tmp_path) == ["오늘은 날씨가 맑고 바람이 잔잔하다."]
    with pytest.raises(ValueError, match="no Korean sentence"):
        list(documents(Settings(text=tmp_path / "nothing")))


def scored(made: list[Document], masks: Any) -> dict[str, Any]:
    """masks: (role, is a value) -> whether the character is starred; spans are the items that have a starred one."""
    scores = Scores()
    for document in made:
        masked, spans = list(document.text), []
        for start, value in document.items:
            starred = [start + i for i, role in enumerate(value.roles) if masks(role, value.kind in KINDS)]
            for at in starred:
                masked[at] = "*"
            if starred:
                spans.append(Found(start, start + len(value.text), value.kind))
        scores.add(document, "".join(masked), spans)
    return scores.summary()


def test_a_detector_that_masks_what_it_should(made: list[Document]) -> None:
    found = scored(made, lambda role, _: role == "c")
    assert (found["leak_rate"], found["recall"], found["permitted_kept"]) == (0, 1, 1)
    assert (found["precision"], found["changed_lookalikes"]) == (1, 0)
    assert found["values"] == sum(value.kind in KINDS for document in made for _, value in document.items)


def test_a_detector_that_masks_nothing_or_everything(made: list[Document]) -> None:
    found = scored(made, lambda role, value: False)
    assert (found["leak_rate"], found["recall"], found["permitted_kept"]) == (1, 0, 1)
    assert (found["precision"], found["changed_lookalikes"]) == (None, 0)
    found = scored(made, lambda role, value: True)
    assert (found["leak_rate"], found["permitted_kept"], found["changed_lookalikes"]) == (0, 0, 1)
    assert 0 < found["precision"] < 1


def test_half_a_number_left_is_a_leak_and_one_digit_is_not() -> None:
    value = Value("110-123-456789", "ccc-ccc-cccccc", "account", "hyphens", "ordinary")
    document = Document(f"계좌 {value.text}로", ((3, value),), False)
    for masked, leaked in (("계좌 ***-***-456789로", 1), ("계좌 ***-***-*****9로", 0), ("계좌 *** 로", 0)):
        scores = Scores()
        scores.add(document, masked, [])
        assert scores.summary()["leak_rate"] == leaked


@given(st.text(alphabet="가나 019-A０", max_size=30), st.sets(st.integers(0, 29)))
def test_standing_tells_the_starred_characters(text: str, starred: set[int]) -> None:
    masked = "".join("*" if i in starred else c for i, c in enumerate(text))
    assert standing(text, masked) == [i not in starred for i in range(len(text))]


def test_standing_where_the_length_changes_and_digits_are_folded() -> None:
    text = "메일 hong.gd@naver.com과 ０10"
    stands = standing(text, "메일 ***@naver.com과 010")
    assert not any(stands[3:10])
    assert all(stands[:3])
    assert all(stands[10:])
    assert standing("가나", "") == [False, False]


def test_kinds_that_a_detector_lacks_are_named() -> None:
    there, lacking = known(["phone", "login_id", "plate"], ["phone", "login"])
    assert there == ("phone", "login_id")
    assert lacking == ("plate",)


def test_a_bound_that_does_not_hold_fails_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pii, "mask", lambda text, kinds: (text, {}))
    monkeypatch.setattr(pii, "find", lambda text, kinds: [])
    out = tmp_path / "pii.json"
    small = ["--values", "140", "--lookalikes", "70", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", ["pii_evaluation.py", *small, "--check"])
    assert evaluation.main() == 1
    assert "bounds that do not hold" in capsys.readouterr().out
    written = json.loads(out.read_text(encoding="utf-8"))
    assert written["scores"]["leak_rate"] == 1
    assert not written["bounds"]["leak_rate"]["holds"]
    assert written["bounds"]["changed_lookalikes"]["holds"]
    monkeypatch.setattr(sys, "argv", ["pii_evaluation.py", *small])
    assert evaluation.main() == 0  # without --check it only tells


def test_masks_in_untouched_text_are_counted_per_mb_and_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "law.txt").write_text("제1조 " * 100_000 + "전화 010-1234-5678", encoding="utf-8")  # synthetic
    found = evaluation.clean([tmp_path], show=3)
    assert found["by_kind"].keys() == {"phone"}
    assert found["false_masks_per_mb"] == pytest.approx(1 / found["mb"], rel=0.1)
    printed = capsys.readouterr().out
    assert "law.txt" in printed
    assert "5678" not in printed


def test_the_benchmark_runs_alone(tmp_path: Path) -> None:
    command = [sys.executable, "benchmarks/scrub.py", "--quick", "--peers", "", "--values", "280", "--mb", "0.05"]
    ended = subprocess.run(
        [*command, "--data", str(tmp_path), "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    written = json.loads((tmp_path / "scrub.json").read_text(encoding="utf-8")) if not ended.stderr else {}
    assert written.keys() >= {"ours", "peers", "ratios", "checks", "versions"}, ended.stderr
    assert written["ours"]["values"] >= 280
    assert written["ours"]["mb_per_cpu_s"]["real_text"]["median"] > 0
