"""Made-up text for benchmarks/shingles.py: edited copies of short texts, and forms filled in at random.

An edit takes the parts of a text and the place of an eojeol. It returns the eojeol's new form, None where it does not
apply, and may change the white space or the eojeol behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

RATES = (0.02, 0.05, 0.1, 0.2)  # share of eojeol to edit; at least one is

Parts = list[str]  # eojeol at even places, the white space between them at odd ones
Edit = Callable[[Parts, int, Random, Sequence[str]], str | None]
# By spelling, so now and then the last syllable of a noun is taken for a particle; the first that fits is taken.
_ENDINGS = """
    습니다>어요 입니다>이다 합니다>한다 에서>에서는 으로>으로도 에게>에게도 까지>까지도 했다>했어요 한다>했다 는데>지만
    네요>군요 은>이 는>가 을>은 를>는 이>은 가>는 의>에 에>에도 로>로도 도>만 만>도 와>랑 과>이랑 고>며 며>고 다>음
    요>죠 서>고 면>다면
"""
ENDINGS: dict[str, str] = dict(re.findall(r"(\S+)>(\S+)", _ENDINGS))
MARKS = ("!", "!!", "…", "~", "?", ",")
EMOTICONS = ("ㅋㅋ", "ㅋㅋㅋ", "ㅎㅎ", "ㅠㅠ", "ㅜㅜ", "ㅇㅇ")
_FIRST, _LAST, _VOWELS, _FINALS = 0xAC00, 0xD7A3, 21, 28  # Hangul syllables (Unicode, section 3.12)


def particle(parts: Parts, i: int, rng: Random, lexicon: Sequence[str]) -> str | None:
    word = parts[i]
    ending = next((one for one in ENDINGS if len(word) > len(one) and word.endswith(one)), None)
    return None if ending is None else word.removesuffix(ending) + ENDINGS[ending]


def replace(parts: Parts, i: int, rng: Random, lexicon: Sequence[str]) -> str | None:
    return rng.choice(lexicon)


def drop(parts: Parts, i: int, rng: Random, lexicon: Sequence[str]) -> str | None:
    return ""


def swap(parts: Parts, i: int, rng: Random, lexicon: Sequence[str]) -> str | None:
    if i + 2 >= len(parts):
        return None
    word, parts[i + 2] = parts[i + 2], parts[i]
    return word


def unspace(parts: Parts, i: int, rng: Random, lexicon: Sequence[str]) -> str | None:
    if i + 2 >= len(parts) or parts[i + 1] == "":
        return None
    parts[i + 1] = ""
    return parts[i]


def respace(parts: Parts, i: int, rng: Random, lexicon: Sequence[str]) -> str | None:
    word = parts[i]
    places = [place for place in range(1, len(word)) if word[place - 1].isalnum() and word[place].isalnum()]
    return word[: (place := rng.choice(places))] + " " + word[place:] if places else None


def punctuation(parts: Parts, i: int, rng: Random, lexicon: Sequence[str]) -> str | None:
    return parts[i].rstrip(".,!?~…") + rng.choice(MARKS)


def emoticon(parts: Parts, i: int, rng: Random, lexicon: Sequence[str]) -> str | None:
    return parts[i] + rng.choice(EMOTICONS)


def typo(parts: Parts, i: int, rng: Random, lexicon: Sequence[str]) -> str | None:
    """Another vowel or final consonant in one syllable."""
    word = parts[i]
    places = [place for place, letter in enumerate(word) if _FIRST <= ord(letter) <= _LAST]
    if not places:
        return None
    place = rng.choice(places)
    lead, rest = divmod(ord(word[place]) - _FIRST, _VOWELS * _FINALS)
    vowel, final = divmod(rest, _FINALS)
    if rng.random() < 0.5:
        vowel = (vowel + rng.randrange(1, _VOWELS)) % _VOWELS
    else:
        final = (final + rng.randrange(1, _FINALS)) % _FINALS
    return word[:place] + chr(_FIRST + (lead * _VOWELS + vowel) * _FINALS + final) + word[place + 1 :]


EDITS: dict[str, Edit] = {
    one.__name__: one for one in (particle, replace, drop, swap, unspace, respace, punctuation, emoticon, typo)
}
SPACING = ("unspace", "respace")
SENTENCE, SENTENCE_EOJEOL = "sentence", 5  # appended, of words at random
KINDS = (*EDITS, SENTENCE)


def edited(text: str, kind: str, rate: float, rng: Random, lexicon: Sequence[str]) -> tuple[str, float]:
    """(text after the edit, share of its eojeol that were edited or added); share 0.0 where the edit does not apply.

    >>> edited("나는 학교에 간다", "particle", 0.1, Random(1), [])
    ('나가 학교에 간다', 0.3333333333333333)
    """
    parts = re.split(r"(\s+)", text)
    total = (len(parts) + 1) // 2
    if kind == SENTENCE:
        added = [rng.choice(lexicon) for _ in range(SENTENCE_EOJEOL)]
        return " ".join([text, *added]) + ".", len(added) / total
    places = rng.sample(range(0, len(parts), 2), total)
    done, wanted = 0, max(1, round(rate * total))
    for i in places:
        before = parts[i]
        word = EDITS[kind](parts, i, rng, lexicon) if before else None
        if word is not None and (word != before or kind == "unspace"):
            parts[i] = word
            done += 1
        if done == wanted:
            break
    return "".join(parts), done / total


def filled(template: str, rng: Random) -> str:
    """The template with its blanks filled in: {w} a thing, {p} a person, {r} a region, {d} a digit from 1."""
    person = "김이박최정강조윤장임"
    blanks: dict[str, Callable[[], str]] = {
        "w": lambda: rng.choice(_THINGS),
        "p": lambda: rng.choice(person) + rng.choice(_NAMES),
        "r": lambda: rng.choice(_REGIONS),
        "d": lambda: str(rng.randrange(1, 10)),
    }
    return re.sub(r"\{(\w)\}", lambda blank: blanks[blank[1]](), template)


_NAMES = ("민준", "서연", "도윤", "지우", "예준", "하은", "시우", "수빈", "주원", "지민", "현우", "은서")
_REGIONS = ("강릉", "경주", "목포", "순천", "안동", "여수", "원주", "전주", "제주", "진주", "천안", "청주", "춘천")
_THINGS = (
    "노트북", "청소기", "자전거", "운동화", "냉장고", "카메라", "이어폰", "책상", "커피머신", "겨울외투", "전기포트",
    "선풍기", "스피커", "모니터", "가습기", "프라이팬", "유모차", "캠핑의자", "전동드릴", "블라우스",
)  # fmt: skip
TEMPLATES = (
    "{p} 고객님, 주문하신 {w} 상품이 {d}월 {d}일 발송되었습니다. 배송 조회는 누리집에서 하실 수 있습니다. 감사합니다.",
    "[날씨] {r} 지역의 오늘 아침 최저 기온은 {d}도, 낮 최고 기온은 1{d}도로 예상됩니다. 미세먼지 농도는 보통 "
    "수준이며, 강수 확률은 {d}0퍼센트입니다. 외출하실 때 겉옷을 챙기시기 바랍니다.",
    "[부고] {r} {p}님께서 {d}월 1{d}일 별세하셨기에 알려 드립니다. 빈소는 {r}의료원 장례식장 {d}호실이며 발인은 "
    "{d}월 2{d}일 오전 {d}시입니다. 삼가 고인의 명복을 빕니다.",
    "본 계약은 임대인 {p}와(과) 임차인 {p} 사이에 {r} 소재 건물 {d}층 {d}0{d}호에 관하여 체결한다. 보증금은 "
    "{d}천만 원, 월 차임은 {d}0만 원으로 하며 매월 {d}일에 지급한다. 임차인은 임대인의 동의 없이 전대하거나 "
    "임차권을 양도할 수 없다. 계약 기간은 인도일부터 {d}년으로 하고, 이 계약에 정하지 아니한 사항은 관계 법령과 "
    "관례에 따른다.",
    "{r} 아파트 실거래가: {d}월 전용면적 8{d}제곱미터가 {d}억 {d}천만 원에 거래되었다. 직전 거래보다 {d}퍼센트 "
    "오른 값이다.",
    "제{d}{d}회 {r} {w} 박람회가 {d}월 {d}일부터 {d}일간 열린다. 참가를 바라는 사람은 누리집에서 신청하면 된다. "
    "문의는 운영 사무국으로 하면 된다.",
    "{w} 팝니다. {d}개월 사용했고 상태 좋습니다. 가격은 {d}만 {d}천 원이고 {r}에서 직거래 가능합니다. 택배비는 "
    "별도입니다. 관심 있으신 분은 쪽지 주세요.",
    "채용 공고: {r} 지점에서 {w} 판매 직원을 {d}명 모집합니다. 근무 시간은 오전 {d}시부터이며 시급은 1만 {d}천 "
    "원입니다. 이력서는 담당자 {p}에게 제출해 주시기 바랍니다.",
    "코스피가 전 거래일보다 {d}.{d}{d}포인트 오른 2{d}{d}{d}.{d}{d}에 마감했다. 외국인은 {d}{d}{d}억 원을 "
    "순매수했고 기관은 {d}{d}{d}억 원을 순매도했다. 원/달러 환율은 {d}.{d}원 내린 13{d}{d}.{d}원에 거래를 마쳤다.",
    "위 사람은 {d}월 {d}일 {r}에서 시행한 {w} 정비 교육 과정 {d}0시간을 이수하였으므로 이 증서를 수여합니다. "
    "이수자 {p}. 교육원장 {p}.",
)
