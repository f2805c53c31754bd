"""pii: what must be masked, what must stay, and properties over generated values. Every value here is made up."""

from __future__ import annotations

from datetime import date
from ipaddress import IPv4Address, IPv6Address, ip_network
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_pipeline.kernels.pii import KINDS, Span, find, mask, worth_a_look
from corpus_pipeline.resources import read_tsv
from tests.timing import best_seconds

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
    "97누1234",
    "대법원 97누1234 판결",
    "2018두49215",
    "제123호 2009",
    "12호 2009",
    "1.2.3.4 버전",
    "v1.22.33.44",
    "패키지 버전은 10.20.30.40입니다",
    "서버 192.168.0.1, 10.0.0.1, 172.16.3.4, 127.0.0.1",
    "::1",
    "std::vector",
    "fe80::1",
    "12:30:45:12 2019::12",
    "1200:1300:1400:1500:1600:1700:1800:1900",
    "256.300.1.2",
    "2021.01.02.03",
    "도로 3개, 별도로 12건",
    "서울시 강남구로 2명",
    "서울특별시 강남구 역삼동 3개 점포",
    "제101동 1203호",
    "아이디어 회의",
    "라는 아이디어",
    "ID: 8f3e2a7c9b",
    "130111-0006246",  # a company's registration number, public; its check digit is an outside oracle
    "쿠폰번호 4111-1111-1111-1112",
    "제11-12-123456-78호",
    "계좌에서 1234567890원",
    "20190312-1234567",  # a birth of 2019 has gender 3, 4, 7 or 8
    "접수번호 20210101-3234567",
    "문서번호 2021-01-15-3234567",
    "20210101-0001234",
    "900101\t1234567",
    "19900101 1234567",
    "900101:9234567",
    "2021/01/15 12:30:45",
    "2010\t2011\t2012\t2013",
    "4111\t1111\t1111\t1111\t2222",
    "02\t123\t4567",
    "https://news.example/02/123/4567",
    "https://news.example/02/123-4567",
    "02/123-45678",
    "img_031_1234_5678.png",
    "입금 2021/01/15/1234",
    "온라인 ID 발급",
    "카카오톡 ID가 필요하다",
    "경력: 국민은행 2015.03 - 2018.02 / 신한은행 2018.03 - 2021.02",
    "정기예금 2021.01.15 - 2022.01.14",
    "우리은행 20210115-20210214, 신한은행 20210115103000, 저축은행 2021-2022-2023",
    "하나은행 9791160501230",
    "우리 아이들 2021-01-15-1234",
    "디스코드는 Electron으로 만들어졌다",
    "디스코드는 IDEA와 다르다",
    "인스타그램은 Meta의 자회사이다",
    "법인등록번호(등기) 110111-1234567",
    "**굵게** 쓴 글과 3*4*5, 2*3",
    "비밀번호 *123*",
    "",
]

MASKED = [
    ("010-1234-5678 또는 010-9999-8888", "010-****-**** 또는 010-****-****", {"phone": 2}),
    ("계좌 110-123-456789", "계좌 ***-***-******", {"account": 1}),
    ("Hong.Gildong@naver.com", "***@naver.com", {"email": 1}),
    ("제 번호는 010-1234-5678이구요", "제 번호는 010-****-****이구요", {"phone": 1}),
    ("01012345678이오니", "010********이오니", {"phone": 1}),
    ("900101-1234567이사님, 02-123-4567공유", "9*****-1******이사님, 02-***-****공유", {"rrn": 1, "phone": 1}),
    ("변호사010-1234-5678, 김영일900101-1234567", "변호사010-****-****, 김영일9*****-1******", {"phone": 1, "rrn": 1}),
    ("계좌는 110-123-456789이오니", "계좌는 ***-***-******이오니", {"account": 1}),
    ("4111-1111-1111-1111이오니", "****-****-****-****이오니", {"card": 1}),
    ("하나 계좌번호: 73540128461234", "하나 계좌번호: **************", {"account": 1}),
    ("국민 홍길동 123456-01-123456 으로", "국민 홍길동 ******-**-****** 으로", {"account": 1}),
    (
        "110-123-456789 신한 홍길동, 3333-01-1234567 카카오.",
        "***-***-****** 신한 홍길동, ****-**-******* 카카오.",
        {"account": 2},
    ),
    ("법인 대표 홍길동 900101-1234568", "법인 대표 홍길동 9*****-1******", {"rrn": 1}),
    ("주문번호 123 홍길동 900101-1234567", "주문번호 123 홍길동 9*****-1******", {"rrn": 1}),
    ("서울  강남구  테헤란로  152", "서울  강남구  테헤란로  ***", {"address": 1}),
    ("부산광역시 해운대구 APEC로 55", "부산광역시 해운대구 APEC로 **", {"address": 1}),
    ("서울특별시 강남구 테헤란로 지하 152", "서울특별시 강남구 테헤란로 지하 ***", {"address": 1}),
    ("대치동 은마아파트 1동 101호", "대치동 은마아파트 ** ****", {"address": 1}),
    (
        "전화 02  123  4567, 카드 4111  1111  1111  1111",
        "전화 02  ***  ****, 카드 ****  ****  ****  ****",
        {"phone": 1, "card": 1},
    ),
    ("ID: gildong_kim", "ID: *******_***", {"login": 1}),
    ("카톡 문의: hong88", "카톡 문의: ******", {"login": 1}),
    ("hong（at）naver.com", "***（at）naver.com", {"email": 1}),
    ("hong at 네이버 점 컴", "*** at 네이버 점 컴", {"email": 1}),
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
    ("19900101-1234567", "199*****-1******", {"rrn": 1}),
    ("20150315-3234567", "201*****-3******", {"rrn": 1}),
    ("1990.01.01-1234567", "199*.**.**-1******", {"rrn": 1}),
    ("90.01.01-1234567", "9*.**.**-1******", {"rrn": 1}),
    ("90-01-01-5234567", "9*-**-**-5******", {"foreigner": 1}),
    ("주민번호 199001011234567", "주민번호 199*****1******", {"rrn": 1}),
    ("주민번호: 900101 . 1234567", "주민번호: 9***** . 1******", {"rrn": 1}),
    ("주민번호 900101\t1234567", "주민번호 9*****\t1******", {"rrn": 1}),
    ("900101:1234567", "9*****:1******", {"rrn": 1}),
    ("900101(1234567)", "9*****(1******)", {"rrn": 1}),
    ("(900101)-1234567", "(9*****)-1******", {"rrn": 1}),
    ("010-1234-5678010-9999-8888", "010-****-****010-****-****", {"phone": 2}),
    ("0101234567801099998888", "010********010********", {"phone": 2}),
    ("02-123-4567010-9999-8888", "02-***-****010-****-****", {"phone": 2}),
    ("010-9999-888802-123-4567", "010-****-****02-***-****", {"phone": 2}),
    ("010\t1234\t5678", "010\t****\t****", {"phone": 1}),
    ("010_1234_5678", "010_****_****", {"phone": 1}),
    ("02/123/4567", "02/***/****", {"phone": 1}),
    ("☎ 031/1234-5678", "☎ 031/****-****", {"phone": 1}),
    ("031_123_4567", "031_***_****", {"phone": 1}),
    ("전화 02\t123\t4567", "전화 02\t***\t****", {"phone": 1}),
    ("4111_1111_1111_1111", "****_****_****_****", {"card": 1}),
    ("4111/1111/1111/1111", "****/****/****/****", {"card": 1}),
    ("4111\t1111\t1111\t1111", "****\t****\t****\t****", {"card": 1}),
    ("계좌 110_123_456789", "계좌 ***_***_******", {"account": 1}),
    ("국민은행 110/123/456789", "국민은행 ***/***/******", {"account": 1}),
    ("계좌번호 110\t123\t456789", "계좌번호 ***\t***\t******", {"account": 1}),
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
    ("hong(골뱅이)naver(점)com", "***(골뱅이)naver(점)com", {"email": 1}),
    ("gildong @ example . org", "*** @ example . org", {"email": 1}),
    ("hong at naver.com", "*** at naver.com", {"email": 1}),
    ("O1O-OOO1-2OO3", "O1O-****-****", {"phone": 1}),
    ("ㅇ1ㅇ-1234-5678", "ㅇ1ㅇ-****-****", {"phone": 1}),
    ("010-일이삼사-5678", "010-****-****", {"phone": 1}),
    ("0일0-1이34-56칠8", "0일0-****-****", {"phone": 1}),
    ("공일공 일이삼사 오육칠팔", "공일공 **** ****", {"phone": 1}),
    ("0 1 0 - 1 2 3 4 - 5 6 7 8", "0 1 0 - * * * * - * * * *", {"phone": 1}),
    ("1\ufe0f\u20e3 0\u202e10-1234-5678", "1\ufe0f\u20e3 0\u202e10-****-****", {"phone": 1}),
    ("٠١٠-١٢٣٤-٥٦٧٨", "٠١٠-****-****", {"phone": 1}),
    ("구공공일공일-일이삼사오육칠", "구*****-일******", {"rrn": 1}),
    ("주민번호 900101.1234567", "주민번호 9*****.1******", {"rrn": 1}),
    ("9 0 0 1 0 1 - 1 2 3 4 5 6 7", "9 * * * * * - 1 * * * * * *", {"rrn": 1}),
    ("대구 95-123456-12", "대구 **-******-**", {"licence": 1}),
    ("M12345678 (여권번호)", "M******** (여권번호)", {"passport": 1}),
    ("카드번호 4111111111111112", "카드번호 ****************", {"card": 1}),
    ("4111-1111-1111-1112", "****-****-****-****", {"card": 1}),
    ("계좌 110 123 456789 이체", "계좌 *** *** ****** 이체", {"account": 1}),
    ("| 계좌 |\n|---|\n| 110-123-456789 |", "| 계좌 |\n|---|\n| ***-***-****** |", {"account": 1}),
    ("123허4567", "********", {"plate": 1}),
    ("차량번호 87가1234", "차량번호 *******", {"plate": 1}),
    ("12가3456", "*******", {"plate": 1}),
    ("서울 80 바 1234", "서울 ** * ****", {"plate": 1}),
    ("1.2.3.4에서", "*.*.*.*에서", {"ip": 1}),
    ("203.0.113.7", "***.*.***.*", {"ip": 1}),
    ("접속 IP: 8.8.4.4", "접속 IP: *.*.*.*", {"ip": 1}),
    ("2001:db8:85a3::8a2e:370:7334로", "****:***:****::****:***:****로", {"ip": 1}),
    ("서울특별시 강남구 테헤란로 152", "서울특별시 강남구 테헤란로 ***", {"address": 1}),
    ("강남구 테헤란로 152, 101동 1203호에", "강남구 테헤란로 ***, **** *****에", {"address": 1}),
    ("부산시 해운대구 해운대로 152번길 7", "부산시 해운대구 해운대로 152번길 *", {"address": 1}),
    ("경기도 가평군 가평읍 대곡리 산 12-3번지", "경기도 가평군 가평읍 대곡리 산 **-***", {"address": 1}),
    ("종로구 종로1가 12", "종로구 종로1가 **", {"address": 1}),
    ("주소: 무궁화로 110", "주소: 무궁화로 ***", {"address": 1}),
    ("행복아파트 101동 1203호", "행복아파트 **** *****", {"address": 1}),
    ("카톡아이디 gildong_88", "카톡아이디 *******_**", {"login": 1}),
    ("아이디는 gildong이고", "아이디는 *******이고", {"login": 1}),
    ("라인 ID: gildong", "라인 ID: *******", {"login": 1}),
    ("LINE ID : gildong7", "LINE ID : ********", {"login": 1}),
    ("카카오톡 ID gildong", "카카오톡 ID *******", {"login": 1}),
    ("카카오 아이디 gildong88", "카카오 아이디 *********", {"login": 1}),
    ("gildong77이라는 아이디", "*********이라는 아이디", {"login": 1}),
    ("텔레그램 @gildong_h로", "텔레그램 @*******_*로", {"login": 1}),
]

PUBLIC_NUMBERS = [
    ("고객센터 1588-1234", "고객센터 1588-****", "representative"),
    ("1588-9999로 전화하세요", "1588-****로 전화하세요", "representative"),
    ("<td>1588-9999</td>", "<td>1588-****</td>", "representative"),
    ("사업자등록번호 123-45-67890", "사업자등록번호 ***-**-*****", "business"),
    ("123-45-67891", "***-**-*****", "business"),
]


def by_kind(counts: dict[tuple[str, str], int]) -> dict[str, int]:
    total: dict[str, int] = {}
    for (kind, _), count in counts.items():
        total[kind] = total.get(kind, 0) + count
    return total


@pytest.mark.parametrize("text", STAYS)
def test_public_numbers_and_look_alikes_stay(text: str) -> None:
    assert find(text) == []
    assert mask(text) == (text, {})


@pytest.mark.parametrize(("text", "expected", "counts"), MASKED)
def test_personal_values_are_masked(text: str, expected: str, counts: dict[str, int]) -> None:
    masked, found = mask(text)
    assert (masked, by_kind(found)) == (expected, counts)
    assert mask(expected) == (expected, {})
    assert len(find(text)) == sum(counts.values())


@pytest.mark.parametrize(("text", "expected", "counts"), MASKED)
def test_hangul_may_touch_a_value(text: str, expected: str, counts: dict[str, int]) -> None:
    masked, found = mask(f"말씀드린 {text}입니다")
    assert (masked, by_kind(found)) == (f"말씀드린 {expected}입니다", counts)


@pytest.mark.parametrize(("text", "expected", "kind"), PUBLIC_NUMBERS)
def test_numbers_of_organisations_have_a_switch_of_their_own(text: str, expected: str, kind: str) -> None:
    assert mask(text) == (text, {})
    masked, found = mask(text, frozenset(KINDS))
    assert (masked, by_kind(found)) == (expected, {kind: 1})


@pytest.mark.parametrize("text", ["1588-1679", "ISSN 1588-1679", "제품 1588-9999", "123-45-67890", "1588-1234-5678"])
def test_what_only_looks_like_an_organisations_number_stays(text: str) -> None:
    assert mask(text, frozenset({"business", "representative"})) == (text, {})


@pytest.mark.parametrize(("text", "expected", "counts"), MASKED)
def test_a_token_replaces_the_whole_value(text: str, expected: str, counts: dict[str, int]) -> None:
    masked, found = mask(text, tokens=frozenset(KINDS))
    assert by_kind(found) == counts
    assert all(masked.count(f"<|{kind}|>") == count for kind, count in counts.items())
    assert mask(masked, tokens=frozenset(KINDS)) == (masked, {})
    assert "*" not in masked


@given(st.ip_addresses(v=4).filter(lambda address: address.is_global and not address.is_multicast))
def test_every_address_the_standard_library_calls_global_is_masked(address: IPv4Address) -> None:
    assert [span.kind for span in find(f"접속 IP: {address}에서")] == ["ip"]


@given(st.ip_addresses(v=6, network="2600::/12").filter(lambda address: len(str(address).split(":")) > 4))
def test_every_long_routed_ipv6_address_is_masked(address: IPv6Address) -> None:
    written = str(address)
    assert mask(f"접속한 {written}에서")[0].count("*") == len(written) - written.count(":")


def test_private_ranges_stay() -> None:
    for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16"):
        network = ip_network(net)
        for address in (network[77], network[-2]):
            assert find(f"IP {address}") == [], address


@pytest.mark.parametrize(
    ("text", "expected", "counts"),
    [
        ("- **전화**: **010-1234-5678**", "- **전화**: **010-****-******", {"phone": 1}),
        ("번호는**010-1234-5678**으로, *02-123-4567*", "번호는**010-****-******으로, *02-***-*****", {"phone": 2}),
        ("010-1234-5678*, *010-1234-5678", "010-****-*****, *010-****-****", {"phone": 2}),
        ("**900101-1234567**, **203.0.113.7**", "**9*****-1********, *****.*.***.***", {"rrn": 1, "ip": 1}),
        ("카톡 아이디: **gildong88**", "카톡 아이디: *************", {"login": 1}),
        ("강남구 테헤란로 **152**", "강남구 테헤란로 *******", {"address": 1}),
    ],
)
def test_stars_of_emphasis_and_of_notes_hide_nothing(text: str, expected: str, counts: dict[str, int]) -> None:
    masked, found = mask(text)
    assert (masked, by_kind(found)) == (expected, counts)
    assert mask(masked) == (masked, {})
    assert mask("가격 10*20*30, 02-***-**** 와 010-1234-567*")[1] == {}


def test_worth_a_look_never_hides_what_find_finds() -> None:
    texts = [text for text, _, _ in MASKED] + [text for text, _, _ in PUBLIC_NUMBERS]
    assert worth_a_look(pa.array(texts)).to_pylist() == [True] * len(texts)
    assert worth_a_look(pa.array(["재미있는 영화였다", None])).to_pylist() == [False, None]


def test_an_address_span_ends_where_the_address_ends() -> None:
    assert find("메일은a@b.co.kr로") == [Span(3, 12, "email", "high")]


def test_a_checksum_and_a_label_raise_confidence_only() -> None:
    assert find("900101-1234568")[0].confidence == "high"
    assert find("900101-1234567")[0].confidence == "low"
    assert find("주민번호 900101-1234567")[0].confidence == "high"


def test_a_value_that_a_mask_uncovers_is_masked_too() -> None:
    masked, found = mask("a@hong-9001011234568b.co.kr")
    assert (masked, by_kind(found)) == ("***@hong-9*****1******b.co.kr", {"email": 1, "rrn": 1})


def test_only_the_kinds_asked_for() -> None:
    text = "010-1234-5678 a@b.com"
    assert mask(text, frozenset({"email"})) == ("010-1234-5678 ***@b.com", {("email", "high"): 1})
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
    lambda day, sep, century, tail: (
        day.strftime("%y%m%d") + sep + str(century + 2 * (day.year > 1999)) + tail,
        tail,
    ),
    st.dates(date(1930, 1, 1), date(2011, 12, 31)),
    st.sampled_from(["-", "–", "ㅡ", " "]),
    st.sampled_from([1, 2, 5, 6]),
    _digits(6),
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
    | st.sampled_from(
        ["강남구", "역삼로", "12가", "3456", "차량", "1.2.3.4", "2001:db8::1", "아이디", "hong1", "|", "101동", "1588"]
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
    totals = by_kind(counts)
    assert all(totals[kind] >= sum(s.kind == kind for s in spans) for kind in {s.kind for s in spans})
    assert bool(counts) == bool(spans)
    if "email" not in totals:
        assert len(masked) == len(text)
    assert mask(masked) == (masked, {})
    assert not spans or worth_a_look(pa.array([text.encode("utf-8", "replace").decode()]))[0].as_py()
    everything = frozenset(KINDS)
    masked = mask(text, everything, everything)[0]
    assert mask(masked, everything, everything) == (masked, {})


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
        *("1    ", "여권M", "a ", "1\u200b", "1.", "2001:", "12가 3", "101동 ", "로 1", "강남구 역삼동 1-", "0 1 "),
        *("9001:", "1\t", "010\t", "19900101-", "(900101", "110/", "90.01.01-", "01012345678", "카카오톡 ID "),
        *(
            "아이디 a",
            "일",
            "a at ",
            "라는 아이디",
            "| 1",
            "*1",
            "**",
            "*a ",
            "1*",
            "국민 가나 1-",
            "010-1234-5678 이구 ",
            "1588-",
            "강남구 역삼로 1, 가나다동 ",
        ),
    ],
)
def test_time_grows_with_length_not_faster(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        return best_seconds(lambda: find(text))

    assert seconds(60_000) < 4 * seconds(30_000) + 0.01


@pytest.mark.parametrize(
    "name", ["banks", "context", "dialling_codes", "licence_regions", "mail_hosts", "plate_syllables", "regions"]
)
def test_tables_are_sorted_without_repeats(name: str) -> None:
    rows = read_tsv(f"ko/pii_{name}.tsv")
    assert rows
    assert rows == sorted(set(rows))
