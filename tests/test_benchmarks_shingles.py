"""The comparison of shingles: sets counted by hand, measures by brute force, and a whole run on a small folder."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import tarfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pytest

from benchmarks import shingles
from benchmarks.shingle_edits import ENDINGS, KINDS, TEMPLATES, edited, filled
from benchmarks.shingle_pairs import CORPORA, documents, shared_lines, stated_jaccard
from benchmarks.shingle_sets import SHINGLES, shingle_sets, similarities
from benchmarks.shingles import area, expected, own_threshold
from corpus_pipeline.kernels.normalise import comparison_form

A = "나는 오늘 학교에 갔다! 왔다, 밥을 먹고 잤다"  # 8 eojeol, 17 letters, 24 characters with spaces
B = "나는 오늘 학교로 갔다 왔다 밥을 먹고 잤다"  # another particle: letter 6 of 17, character 8 of 24, eojeol 2 of 8
# n-grams of A, and of those the ones without what differs, which B shares: counted by hand
COUNTED = {
    "char-5": (13, 8),
    "char-5, spaces": (20, 15),
    "char-8": (10, 3),
    "char-8, spaces": (17, 9),
    "eojeol-3": (6, 3),
    "eojeol-5": (4, 1),
    "morpheme-5": (11, 6),
    "char-5, digits folded": (13, 8),
}
# 나 는 오늘 학교 에 갔 다 왔 다 밥 을 먹 고 잤 다: 15 morphemes, 11 5-grams, 5 of them with 에


@pytest.mark.parametrize("name", SHINGLES)
def test_shingles_are_those_counted_by_hand(name: str) -> None:
    size, common = COUNTED[name]
    sets = shingle_sets([A, B], SHINGLES[name])
    assert [len(row) for row in sets.rows] == [size, size]
    assert sets.hashed == 2 * size
    assert similarities(sets, np.array([[0, 1]])).tolist() == [common / (2 * size - common)]


@pytest.mark.parametrize("name", [name for name in SHINGLES if name != "morpheme-5"])  # its cuts are the analyser's
def test_shingles_are_the_n_grams_and_keep_texts_apart(name: str) -> None:
    unit, n, fold = SHINGLES[name]
    texts = [
        "가나다라마 바사아 자차카 타파하",
        "가나다라 마바사 아자차 카타파하",
        "하하 하하하 하하하하 하",
        "1월 2일 3시 4분",
    ]
    cut: dict[str, Callable[[str], Sequence[str]]] = {
        "character": lambda text: text.replace(" ", ""),
        "character_and_space": lambda text: text,
        "eojeol": lambda text: text.split(),
    }
    tokens = [cut[unit](re.sub("[1-9]", "0", text) if fold else text) for text in texts]
    grams = [{tuple(one[i : i + n]) for i in range(len(one) - n + 1)} or {tuple(one)} for one in tokens]
    sets = shingle_sets(texts, SHINGLES[name])
    pairs = [(i, j) for i in range(len(texts)) for j in range(len(texts))]
    found = similarities(sets, np.array(pairs))
    assert found.tolist() == [len(grams[i] & grams[j]) / len(grams[i] | grams[j]) for i, j in pairs]
    assert sets.tokens.tolist() == [len(one) for one in tokens]


def test_what_folding_and_leaving_out_spaces_make_equal() -> None:
    pairs = {
        "digits": ("2021년 1월 5일 신청", "2022년 3월 8일 신청"),
        "spaces": ("할 수 있는 일이다", "할수있는 일 이다"),
    }
    equal = {
        kind: [n for n in SHINGLES if similarities(shingle_sets(two, SHINGLES[n]), np.array([[0, 1]]))[0] == 1.0]
        for kind, two in pairs.items()
    }
    assert equal["digits"] == ["char-5, digits folded"]
    assert [name for name in equal["spaces"] if "morpheme" not in name] == ["char-5", "char-8", "char-5, digits folded"]


def test_measures_equal_brute_force() -> None:
    rng = np.random.default_rng(1)
    positive, *negatives = (rng.integers(0, 20, size) / 20 for size in (50, 80, 13, 200))
    assert area(positive, negatives[0]) == pytest.approx(
        np.mean([(p > n) + (p == n) / 2 for p in positive for n in negatives[0]])
    )
    for rate in (0.0, 0.01, 0.2, 0.5, 1.0):
        limit = own_threshold(negatives, rate)
        reached = [np.mean([np.mean(one >= t) for one in negatives]) for t in (limit, limit - 1e-9)]
        assert reached[0] <= rate + 1e-9
        assert limit == 0.0 or reached[1] > rate
    found = expected(np.array([0.5, 0.9]), bands=2, rows=3)
    assert found["nominated"] == pytest.approx((1 - (1 - 0.125) ** 2 + 1 - (1 - 0.729) ** 2) / 2, abs=1e-4)
    assert found["found"] == pytest.approx((1 - (1 - 0.729) ** 2) / 2, abs=1e-4)


def test_lines_and_the_stated_jaccard() -> None:
    assert shared_lines("하나\n둘\n\n셋\n", "하나 \n둘\n넷\n다섯") == 4 / 7
    # one space for any white space, at the ends, too: " ab cd " and " ab ce " share " ab c"
    assert stated_jaccard("\n\nab\t cd\n", " ab ce\n") == 1 / 5


@pytest.mark.parametrize("kind", KINDS)
def test_edits_do_what_they_are_called(kind: str) -> None:
    text, words = "우리는 어제 바다에서 조개를 많이 주웠다.", ["낱말", "다른"]
    copy, share = edited(text, kind, 0.17, Random(3), words)
    assert (copy, share) == edited(text, kind, 0.17, Random(3), words)
    assert copy != text
    form, before = comparison_form(copy), comparison_form(text)
    if kind == "sentence":
        assert share == 5 / 6
        assert copy.startswith(text)
        return
    assert share == 1 / 6
    changed = [(a, b) for a, b in zip(text.split(), copy.split(), strict=False) if a != b]
    if kind in ("unspace", "respace"):
        assert (form.replace(" ", ""), form == before) == (before.replace(" ", ""), False)
    elif kind == "punctuation":
        assert form == before
    elif kind == "drop":
        assert len(copy.split()) == 5
    elif kind == "swap":
        assert sorted(copy.split()) == sorted(text.split())
    else:
        assert len(changed) == 1
    if kind == "typo":
        assert sum(a != b for a, b in zip(*changed[0], strict=True)) == 1
    if kind == "particle":
        assert any(a.removesuffix(old) + new == b for a, b in changed for old, new in ENDINGS.items())


def test_filled_forms_keep_the_template_and_nothing_is_left_blank() -> None:
    for template in TEMPLATES:
        form = filled(template, Random(2))
        assert "{" not in form
        assert (
            re.fullmatch(".+".join(re.escape(part) for part in re.split(r"\{\w\}", template)), form) or "}{" in template
        )


# ---- a whole run


def sentence(rng: Random, words: int = 12) -> str:
    return " ".join("".join(rng.choice("가나다라마바사아자차카타파하") for _ in range(3)) for _ in range(words)) + "."


def table(rows: list[dict[str, str]], delimiter: str) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def corpora(rng: Random) -> dict[str, str]:
    """Path -> content of made-up files in the corpora's own formats."""
    some = [sentence(rng) for _ in range(200)]
    offices = [{"source": "가시", "title": sentence(rng, 6), "content": sentence(rng, 40)} for _ in range(20)]
    laws = [[sentence(rng) for _ in range(30)] for _ in range(3)]
    versions = [laws[0], [*laws[0][:29], sentence(rng)], [*laws[0][:20], *laws[1][:10]], laws[1]]
    pages = {f"dedup_law_revisions/data/{i}.md": "---\na: b\n---\n" + "\n".join(v) for i, v in enumerate(versions)}
    flat = [re.sub(r"\s+", " ", "\n".join(lines)) for lines in versions]
    grams = [{text[i : i + 5] for i in range(len(text) - 4)} for text in flat]
    stated = [
        {"group": group, "doc_a": f"{a}.md", "doc_b": f"{b}.md", "jaccard_char5": f"{value:.4f}"}
        for group, a, b in (("0", 0, 1), ("0", 0, 2), ("-1", 0, 3))
        for value in [len(grams[a] & grams[b]) / len(grams[a] | grams[b])]
    ]
    cases = {
        f"court_precedents/data/민사/대법원/{i}.md": f"---\n사건번호: 2020다{i}\n---\n{some[i]}" for i in range(20)
    }
    article = "##### 제1조 (목적) 이 법은 "
    statutes = {f"law_statutes/data/kr/{i}법/법률.md": f"# {i}법\n{article}{some[i]}\n" for i in range(25)}
    manual = "msdocs_powershell/data/reference/7.2/x/"
    return {
        "movie_reviews_nsmc_raw/data/raw/1.json": json.dumps([{"review": one} for one in some[:30]]),
        "comments_hate_kocohub/data/unlabeled/1.txt": "\n".join(some[30:40]),
        "comments_hate_kocohub/data/unlabeled/2.txt": "\n".join(some[40:50]),
        "comments_curse/data/dataset.txt": "\n".join(f"{one}|0" for one in some[50:60]),
        "dialogue_chatbot/data/x.csv": table([{"Q": one, "A": "네"} for one in some[60:80]], ","),
        "dedup_question_pair/data/test.txt": table([{"question1": some[80], "question2": some[81]}], "\t"),
        "dialogue_3i4k/data/fci.txt": "\n".join(f"0\t{one}" for one in some[82:100]),
        "dialogue_sae4k/data/sae4k_v1.txt": "\n".join(f"{one}\tx" for one in some[100:110]),
        "wikipedia_pages/data/1.txt": "\n\n".join("\n".join(pair) for pair in pairwise(some[110:130])),
        "wikipedia_korquad_dev/data/1.json": json.dumps({"data": [{"paragraphs": [{"context": some[131]}]}]}),
        "gov_press_releases/data/1.csv": table(offices, ","),
        "news_parallel/data/a.nk": "\n".join(some[140:150]),
        "news_sci50/data/1.json": json.dumps({"sentences": some[150:160]}),
        "treebank_ud_gsd/data/a.conllu": "\n".join(f"# text = {one}" for one in some[160:170]),
        **pages,
        "dedup_law_revisions/pairs.tsv": table(stated, "\t"),
        **cases,
        **statutes,
        **{f"{manual}Get-A{i}.md": f"# Get-A{i}\n{some[i]}" for i in range(20)},
    }


def test_a_whole_run_is_the_same_again_packed_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = corpora(Random(7))
    assert {name.partition("/")[0] for name in contents} == set(CORPORA)
    results = []
    for number, packed in enumerate([(), ("court_precedents", "comments_hate_kocohub", "dedup_law_revisions")]):
        folder, out = tmp_path / f"in{number}", tmp_path / f"out{number}"
        folder.mkdir()
        for corpus in CORPORA:
            inside = {name: text.encode() for name, text in contents.items() if name.startswith(f"{corpus}/")}
            if corpus not in packed:
                for name, content in inside.items():
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    (folder / name).write_bytes(content)
                continue
            with (
                pa.CompressedOutputStream(str(folder / f"{corpus}.tar.zst"), "zstd") as stream,
                tarfile.open(fileobj=stream, mode="w|") as archive,
            ):
                for name, content in reversed(inside.items()):  # the order of files does not matter
                    member = tarfile.TarInfo(name)
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))
        asked = ["shingles", "--input", str(folder), "--out", str(out), "--documents", "90"]
        monkeypatch.setattr(sys, "argv", asked)
        assert shingles.main() == 0
        results.append(json.loads((out / "shingles.json").read_text(encoding="utf-8")))
    for result in results:
        for measured in ("seconds", "peak_mib", "machine", "versions"):
            del result[measured]
    one, other = results
    assert one == other
    assert one["largest_difference_from_pairs_tsv"] <= 5e-5  # the table has four digits
    assert one["collections"]["revisions"]["kinds"]["95-100 % of lines"]["char-5"]["pairs"] == 1
    spaced = one["collections"]["short"]["kinds"]["respace"]
    assert spaced["char-5"]["p5"] == 1.0 > spaced["eojeol-3"]["p5"]
    assert one["shingles"]["char-5"]["positives"]["edits"]["pairs"] == 90
    assert sum(1 for _ in documents(tmp_path / "in1", "comments_hate_kocohub")) == 20


def test_a_folder_without_the_text_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["shingles", "--input", str(tmp_path), "--out", str(tmp_path / "out")])
    assert shingles.main() == 1
    assert "error: no movie_reviews_nsmc_raw" in capsys.readouterr().out
