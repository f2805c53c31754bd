"""pii: what must be masked, what must stay, and properties over generated values. Every value here is made up."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_pipeline.kernels.pii import KINDS, Span, find, mask
from corpus_pipeline.resources import read_tsv

STAYS = [
    "2021-01-15에 만나요",
    "1000000원",
    "주문번호 202101011234",
    "주문번호 202101011234 입금 확인",
    "입금 202101011234 처리",
    "ISBN 979-11-1234-567-8",
    "979-11-1234-567-8 입금",
    "ISBN 9791112345678, 0201123456",
    "바코드 8801234567893",
    "8801234567893",
    "1609459200000",
    "1612137600000",
    "https://news.example/html_dir/2011/06/24/2011062401222.html",
    "버전 4.0.1.2",
    "97누1234",
    "react@17.0.2",
    "foo@1.0.0-beta.rc",
    "logo@2x.png",
    "git@github.com:a/b",
    "제1588호",
    "1588-1679",
    "대표전화 1588-1234",
    "ISSN 1234-5679",
    "12조 3456억",
    "10배 2000원",
    "법인등록번호 110111-1234567",
    "법인등록번호: 110111-0123456",
    "사업자등록번호 123-45-67891",
    "123-45-67890",
    "사업자등록번호 123-45-67890 국민은행",
    "원주율 3.14159265358979",
    "확률 0.0212345678",
    "2021.01.02 10:30:00 ~ 2022.03.04",
    "https://news.example/article/052/0431234567",
    "menuId=jeonnam0202000000",
    "1990 1991 1992 1993 1994",
    "4111 1111 1111 1111 1234 5678",
    "9002301234567",
    "회의 me @ cafe.com",
    "골뱅이 무침과 소면",
    "이 일은 공이 이만저만이 아니다",
    "M12345678",
    "",
]

MASKED = [
    ("010-1234-5678 또는 010-9999-8888", "010-****-**** 또는 010-****-****", {"phone": 2}),
    ("계좌 110-123-456789", "계좌 ***-***-******", {"account": 1}),
    ("Hong.Gildong@naver.com", "***@naver.com", {"email": 1}),
    ("a@b.co.kr로 보내", "***@b.co.kr로 보내", {"email": 1}),
    ("900101-1234567", "9*****-1******", {"rrn": 1}),
    ("번호는9001011234567입니다", "번호는9*****1******입니다", {"rrn": 1}),
    ("900101–1234567", "9*****–1******", {"rrn": 1}),
    ("900101−1234567", "9*****−1******", {"rrn": 1}),
    ("900101ㅡ1234567", "9*****ㅡ1******", {"rrn": 1}),
    ("900101 1234567", "9***** 1******", {"rrn": 1}),
    ("9OO1O1-1234567", "9*****-1******", {"rrn": 1}),
    ("211015-3123456", "2*****-3******", {"rrn": 1}),
    ("900101-5234567", "9*****-5******", {"foreigner": 1}),
    ("02-123-4567", "02-***-****", {"phone": 1}),
    ("(02)123-4567", "(02)***-****", {"phone": 1}),
    ("031)123-4567", "031)***-****", {"phone": 1}),
    ("064.123.4567", "064.***.****", {"phone": 1}),
    ("전화0212345678", "전화02********", {"phone": 1}),
    ("+82-10-1234-5678", "+82-10-****-****", {"phone": 1}),
    ("+82 2 123 4567", "+82 2 *** ****", {"phone": 1}),
    ("+82 (0)10-1234-5678", "+82 (0)10-****-****", {"phone": 1}),
    ("０１０－１２３４－５６７８", "０１０－****－****", {"phone": 1}),
    ("공일공-일이삼사-오육칠팔", "공일공-****-****", {"phone": 1}),
    ("공일공일이삼사오육칠팔로", "공일공********로", {"phone": 1}),
    ("O1O-1234-5678", "O1O-****-****", {"phone": 1}),
    ("01\u200b0-1234-5678", "01\u200b0-****-****", {"phone": 1}),
    ("011-123-4567이고", "011-***-****이고", {"phone": 1}),
    ("0505-123-4567", "0505-***-****", {"phone": 1}),
    ("010-1234-5678@naver.com", "***@naver.com", {"email": 1}),
    ("5555-5555-5555-4444", "****-****-****-****", {"card": 1}),
    ("2221000000000009", "****************", {"card": 1}),
    ("9410 1234 5678 9010", "**** **** **** ****", {"card": 1}),
    ("3782-822463-10005", "****-******-*****", {"card": 1}),
    ("카드 4111 1111 1111 1111 12/25", "카드 **** **** **** **** 12/25", {"card": 1}),
    ("11-12-123456-78", "11-**-******-**", {"licence": 1}),
    ("운전면허 111212345678", "운전면허 11**********", {"licence": 1}),
    ("서울 95-123456-12", "서울 **-******-**", {"licence": 1}),
    ("여권번호 M12345678", "여권번호 M********", {"passport": 1}),
    ("여권 M123A4567", "여권 M********", {"passport": 1}),
    ("여권 O12345678", "여권 O********", {"passport": 1}),
    ("국민은행 123456-01-123456", "국민은행 ******-**-******", {"account": 1}),
    ("110-123-456789 신한은행 홍길동", "***-***-****** 신한은행 홍길동", {"account": 1}),
    ("입금계좌: 3333011234567", "입금계좌: *************", {"account": 1}),
    ("예금주 홍길동 110 123 456789", "예금주 홍길동 *** *** ******", {"account": 1}),
    ("hong 골뱅이 naver.com", "*** 골뱅이 naver.com", {"email": 1}),
    ("hong골뱅이네이버점컴으로", "***골뱅이네이버점컴으로", {"email": 1}),
    ("hong[at]naver.com", "***[at]naver.com", {"email": 1}),
    ("hong (at) naver (dot) com", "*** (at) naver (dot) com", {"email": 1}),
    ("ｈｏｎｇ＠ｎａｖｅｒ．ｃｏｍ", "***＠ｎａｖｅｒ．ｃｏｍ", {"email": 1}),
]


@pytest.mark.parametrize("text", STAYS)
def test_public_numbers_and_look_alikes_stay(text: str) -> None:
    assert find(text) == []
    assert mask(text) == (text, {})


@pytest.mark.parametrize(("text", "expected", "counts"), MASKED)
def test_personal_values_are_masked(text: str, expected: str, counts: dict[str, int]) -> None:
    assert mask(text) == (expected, counts)
    assert mask(expected) == (expected, {})
    assert len(find(text)) == sum(counts.values())


@pytest.mark.parametrize(("text", "expected", "counts"), MASKED)
def test_hangul_may_touch_a_value(text: str, expected: str, counts: dict[str, int]) -> None:
    assert mask(f"말씀드린 {text}입니다") == (f"말씀드린 {expected}입니다", counts)


def test_an_address_span_ends_where_the_address_ends() -> None:
    assert find("메일은a@b.co.kr로") == [Span(3, 12, "email", "high")]


def test_a_checksum_and_a_label_raise_confidence_only() -> None:
    assert find("900101-1234568")[0].confidence == "high"
    assert find("900101-1234567")[0].confidence == "low"
    assert find("주민번호 900101-1234567")[0].confidence == "high"


def test_a_value_that_a_mask_uncovers_is_masked_too() -> None:
    assert mask("a@hong-9001011234568b.co.kr") == ("***@hong-9*****1******b.co.kr", {"email": 1, "rrn": 1})


def test_only_the_kinds_asked_for() -> None:
    text = "010-1234-5678 a@b.com"
    assert mask(text, frozenset({"email"})) == ("010-1234-5678 ***@b.com", {"email": 1})
    assert mask(text, frozenset()) == (text, {})
    with pytest.raises(ValueError, match=r"unknown kinds \['pin'\]"):
        find(text, frozenset({"pin"}))


def _luhn_closed(body: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(body)):
        total += sum(divmod(int(digit) * 2, 10)) if place % 2 == 0 else int(digit)
    return body + str(-total % 10)


def _digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


SEPARATOR = st.sampled_from(["-", ".", " ", ""])
PHONE = st.builds(
    lambda code, sep, middle, last: (sep.join((code, middle, last)), middle + last),
    st.sampled_from(["010", "02", "031", "055", "064", "070", "0505", "080", "060"]),
    SEPARATOR,
    _digits(4),
    _digits(4),
)
RRN = st.builds(
    lambda day, sep, tail: (day.strftime("%y%m%d") + sep + tail, tail[1:]),
    st.dates().filter(lambda day: 1930 <= day.year <= 2011),
    st.sampled_from(["-", "–", "ㅡ", " "]),
    st.builds(str.__add__, st.sampled_from("12345678"), _digits(6)),
)
CARD = st.builds(
    lambda head, body, sep: (
        sep.join((whole := _luhn_closed(head + body[: 15 - len(head)]))[i : i + 4] for i in range(0, 16, 4)),
        whole,
    ),
    st.sampled_from(["4", "51", "55", "2221", "2720", "35", "62", "65", "94"]),
    _digits(14),
    st.sampled_from(["-", " ", ""]),
)
ACCOUNT = st.builds(
    lambda label, a, b, c: (f"{label} {a}-{b}-{c}", a + b + c),
    st.sampled_from(["계좌번호", "신한은행", "카카오뱅크", "예금주 홍길동"]),
    _digits(3),
    _digits(3),
    _digits(6),
)
EMAIL = st.builds(
    lambda local, host: (f"{local}@{host}", local),
    st.from_regex(r"[a-z][a-z0-9._]{6,14}[a-z0-9]", fullmatch=True),
    st.sampled_from(["naver.com", "b.co.kr", "example.org"]),
)
KOREAN = st.text(st.sampled_from(list("가나다라마바서울은행를에서으로 \n.,!")), max_size=12)


@given(KOREAN, st.one_of(PHONE, RRN, CARD, ACCOUNT, EMAIL), KOREAN)
def test_no_planted_value_is_readable_after_masking(head: str, planted: tuple[str, str], tail: str) -> None:
    value, secret = planted
    masked, counts = mask(f"{head} {value}{tail}")
    readable = "".join(c for c in masked if c.isalnum() and c.isascii())
    assert sum(counts.values()) == 1
    assert value not in masked
    assert secret not in readable


NOISE = st.lists(
    st.sampled_from(
        ["010", "1234", "5678", "-", "-", " ", ".", "*", "@", "a", "b.com", "골뱅이", "네이버", "계좌", "국민"]
    )
    | st.sampled_from(
        ["입금", "900101", "1234567", "4111", "1111", "공일공", "O", "l", "\u200b", "１", "\n", "여권", "M"]
    )
    | _digits(6)
    | st.characters(),
    max_size=30,
).map("".join)


@settings(max_examples=400)
@given(NOISE | st.text())
def test_spans_counts_length_and_idempotence_on_any_text(text: str) -> None:
    spans = find(text)
    masked, counts = mask(text)
    assert spans == sorted(spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert all(0 <= s.start < s.end <= len(text) and s.kind in KINDS for s in spans)
    assert all(counts[kind] >= sum(s.kind == kind for s in spans) for kind in {s.kind for s in spans})
    assert bool(counts) == bool(spans)
    if "email" not in counts:
        assert len(masked) == len(text)
    assert mask(masked) == (masked, {})


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "1",
            "-",
            "1-",
            "0-1 ",
            "010-",
            "a",
            "a.",
            "a@",
            "a@a.",
            "@",
            "4111-",
            "900101-",
            "골뱅이",
            "공일",
            "O1",
            "(at)",
        ),
        *("1    ", "여권M", "a ", "1\u200b"),
    ],
)
def test_time_grows_with_length_not_faster(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        best = 9e9
        for _ in range(3):
            start = time.perf_counter()
            find(text)
            best = min(best, time.perf_counter() - start)
        return best

    assert seconds(100_000) < 4 * seconds(50_000) + 0.01


@pytest.mark.parametrize("name", ["banks", "context", "dialling_codes", "licence_regions", "mail_hosts"])
def test_tables_are_sorted_without_repeats(name: str) -> None:
    rows = read_tsv(f"ko/pii_{name}.tsv")
    assert rows
    assert rows == sorted(set(rows))
