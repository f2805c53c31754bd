"""Bytes to text: which charset a file is in, found without ever replacing a byte.

Order: byte-order mark; the charset that the config names for the source; UTF-8; what the HTTP header, then what the
page (`<meta>`, `<?xml?>`) says; then the other charsets of Korean, Japanese and Western text. UTF-8 comes before what
is said: bytes of another charset are hardly ever valid UTF-8, while declarations are often wrong. A declaration is
believed unless another charset gives far more of the characters that running text is full of. Bias: a document that
cannot be decoded strictly, or that was decoded wrongly before it came here (mojibake), is refused, never patched.
UTF-8 with one broken character is refused too, although a few words of it are often valid in another charset; and so is
a guess that reads characters which stand for nothing (private use, unassigned, C1 controls).
"""

from __future__ import annotations

import codecs
from typing import NamedTuple

import regex

from corpus_pipeline.kernels.mojibake import is_mojibake

_BOMS = (  # longest first: the UTF-32-LE mark starts with the UTF-16-LE one
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_META = regex.compile(
    rb"""(?:<meta[^>]{0,200}?charset|<\?xml[^>]{0,100}?encoding)\s*=\s*["']?\s*([A-Za-z0-9_\-]{2,20})""",
    regex.IGNORECASE,
)
# What running text is full of: the most frequent Korean syllables (endings, particles), and hiragana.
_KOREAN = regex.compile("[이다는을를에의가고하은지도로기서한사어나자리시있그들대아라것인]")
_JAPANESE = regex.compile("[ぁ-ん]")
# Letters and marks of Western languages beyond ASCII, alone between ASCII, as they stand in words.
_WESTERN = regex.compile(
    "(?<=[\x00-\x7f]|^)[àâäãáåæçèéêëìíîïñòóôöõøœùúûüßÀÂÄÁÅÇÈÉÊËÎÏÑÓÔÖØÙÚÜŒ’‘“”–—…«»©®°·•€\xa0](?=[\x00-\x7f]|$)"
)
_MARKS = (0xA1, 0xA3)  # rows of punctuation and full-width letters, in EUC-KR and EUC-JP alike
_BEYOND_ASCII = regex.compile(r"[^\x00-\x7f]")
# Characters that stand for nothing in text: private use, unassigned, C1 controls.
_NOTHING = regex.compile(r"[\p{Co}\p{Cn}\x80-\x9f]")
BROKEN = 3  # bytes; of a character of UTF-8 with a byte less, or with another byte in its place
SELDOM = 0.6  # a few words in UTF-16 without its mark must look more like text than the others; own choice
SHORT = 20  # letters; fewer say little about frequency
RARE = 0.15  # familiarity of a syllable that CP949 alone has
LIKE_TEXT = 0.1  # measured: Korean prose about 0.4, Japanese 0.5; other bytes read so stay under 0.08
LIKE_WESTERN = 0.8  # of the characters beyond ASCII; the bytes of Korean text come in pairs, and are not alone
WESTERN = "windows-1252"
_OTHERS = (
    ("cp949", _KOREAN),
    ("utf-16-le", _KOREAN),
    ("utf-16-be", _KOREAN),
    ("cp932", _JAPANESE),
    ("euc_jp", _JAPANESE),
    ("utf-16-le", _JAPANESE),
    ("utf-16-be", _JAPANESE),
)
_WIDER = {  # as browsers read them: what is said to be the first is often the second, which holds it
    **dict.fromkeys(("euc-kr", "euc_kr"), "cp949"),
    **dict.fromkeys(("shift_jis", "sjis", "shift-jis"), "cp932"),
    **dict.fromkeys(("gb2312", "gbk"), "gb18030"),
}
# What a page may say of itself; any other name is a mistake, or a codec of Python's that is no charset.
_PAGE_CHARSETS = {
    **_WIDER,
    **dict.fromkeys(("ks_c_5601-1987", "ksc5601", "korean", "cp949", "ms949", "windows-949", "x-windows-949"), "cp949"),
    **dict.fromkeys(("windows-31j", "cp932", "ms932", "x-sjis"), "cp932"),
    **{name: name for name in ("iso-2022-jp", "iso-2022-kr", "big5", "gb18030", "utf-16-le")},
    **{"euc-jp": "euc_jp", "utf-16be": "utf-16-be", "utf-16le": "utf-16-le", "windows-1252": WESTERN},
    **dict.fromkeys(("iso-8859-1", "latin1", "us-ascii", "ascii"), WESTERN),
}
META_WINDOW = 1024  # bytes; the HTML standard's prescan limit


class Decoded(NamedTuple):
    """`text` and the charset used; or None and a reject reason (undecodable, nul_bytes, mojibake)."""

    text: str | None
    charset: str | None
    problem: str | None


def decode(data: bytes, declared: str = "auto", header: str | None = None) -> Decoded:
    """Text of `data`.

    declared  the charset that the config names, taken at its word; or `auto`
    header    the charset of an HTTP header, which may be wrong

    >>> decode("동백꽃".encode("cp949"))
    Decoded(text='동백꽃', charset='cp949', problem=None)
    >>> decode(b"\\xff\\xff\\xff").problem
    'undecodable'
    """
    for mark, charset in _BOMS:
        if data.startswith(mark):
            return _checked(data, charset)
    if declared != "auto":
        return _checked(data, declared)
    said = _said(data, header)
    text = _strict(data, "utf-8")
    if text is not None and data.count(0) * 4 < len(data) + 1:  # more zeros: UTF-16 of Latin letters
        seven_bit = [charset for charset in said if charset.startswith("iso-2022")]
        escaped = text.isascii() and seven_bit and ("\x1b" in text or "\x0e" in text)
        return _checked(data, seven_bit[0] if escaped else "utf-8")
    return _most_like_text(data, said)


def _said(data: bytes, header: str | None) -> list[str]:
    """The charsets of the HTTP header and of the page, as Python's codecs; unknown names left out."""
    meta = _META.search(data[:META_WINDOW])
    names = [header or "", meta.group(1).decode("ascii") if meta else ""]
    return [charset for name in names if (charset := _PAGE_CHARSETS.get(name.strip(" \"'").lower()))]


def _checked(data: bytes, charset: str) -> Decoded:
    text = _strict(data, _WIDER.get(charset.lower(), charset))
    if text is None or "\ufffd" in text:
        return Decoded(None, None, "undecodable")
    if "\0" in text:
        return Decoded(None, None, "nul_bytes")
    if is_mojibake(text):
        return Decoded(None, None, "mojibake")
    return Decoded(text, charset, None)


def _most_like_text(data: bytes, said: list[str]) -> Decoded:
    """The text in what is said, else in the charset that makes it most like text; `undecodable` if none does."""
    decoded = [(charset, text, often) for charset, often in _OTHERS if (text := _strict(data, charset)) is not None]
    scored = [(_likeness(text, often, charset), charset) for charset, text, often in decoded]
    guesses = [one for one, (_, text, _) in zip(scored, decoded, strict=True) if not _NOTHING.search(text)]
    score, charset = max(guesses, key=lambda pair: pair[0], default=(0.0, ""))
    if _broken_utf8(data, charset) > score:
        return Decoded(None, None, "undecodable")
    for one in said:
        own = max([s for s, name in scored if name == one], default=0.0)
        if one != WESTERN and (own >= LIKE_TEXT or score < LIKE_TEXT) and _strict(data, one) is not None:
            return _checked(data, one)
    if score >= LIKE_TEXT and not (score <= RARE and _western(data)):
        return _checked(data, charset)
    return _checked(data, WESTERN) if _western(data) else Decoded(None, None, "undecodable")


def _broken_utf8(data: bytes, rival: str) -> float:
    """Likeness to text of `data` as UTF-8 without its one broken character; 0 where more is broken, or all is ASCII.

    To be weighed against that of the charset `rival`: in CP949 one Korean word in forty, alone, is UTF-8 but for a
    byte or three, of letters that nobody writes (measured).

    >>> _broken_utf8("## 출력".encode()[:-2], "cp949"), _broken_utf8("우리".encode("cp949"), "cp949")
    (0.8, 0.15)
    """
    start = _valid(data)
    rests = (data[end:] for end in range(start + 1, start + BROKEN + 1))
    rest = next((rest for rest in rests if _valid(rest) == len(rest)), None)
    if rest is None:
        return 0.0
    text = (data[:start] + rest).decode()
    letters = len(_BEYOND_ASCII.findall(text))
    if not 0 < letters < SHORT:
        return float(letters > 0)
    return max(_likeness(text, often, rival) for often in (_KOREAN, _JAPANESE))


def _valid(data: bytes) -> int:
    """How many bytes from the start on are UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start
    return len(data)


def _western(data: bytes) -> bool:
    text = _strict(data, WESTERN)
    if text is None or "\0" in text:
        return False
    beyond = len(_BEYOND_ASCII.findall(text))
    return len(_WESTERN.findall(text)) >= LIKE_WESTERN * beyond and beyond * 4 <= len(text)


def _likeness(text: str, often: regex.Pattern[str], charset: str) -> float:
    """Share of the frequent characters among those beyond ASCII; of a few words, how usual their letters are."""
    if "\0" in text:
        return 0.0
    beyond = _BEYOND_ASCII.findall(text)
    if not beyond:
        return LIKE_TEXT  # Latin letters alone: readable, if nothing else fits better
    if len(beyond) < SHORT:
        familiar = sum(_familiarity(letter, often is _KOREAN) for letter in beyond) / len(beyond)
        return familiar * (SELDOM if charset.startswith("utf") else 1)
    return len(often.findall(text)) / len(beyond)


def _familiarity(letter: str, korean: bool) -> float:
    """How usual a letter is in short text of the language, 0 to 1: by its place in the standards' own order.

    KS X 1001 has the 2,350 syllables in use, CP949 the 8,822 others; JIS X 0208 has the usual kanji first (level 1).
    The weights are an own choice: a usual letter of either language beats a rare one of the other. Words of 2 to 8
    letters come out right in CP949 (99.9 %) and CP932 (100 %), in EUC-JP 86 % of two letters, 97 % of
    more (measured).
    """
    if "가" <= letter <= "힣":
        return 0.0 if not korean else 1.0 if _KOREAN.match(letter) else 0.8 if _lead(letter, "euc_kr") else RARE
    if "ぁ" <= letter <= "ヿ":
        return 0.1 if korean else 1.0
    if "一" <= letter <= "鿿":
        lead = _lead(letter, "euc_kr" if korean else "euc_jp")
        return 0.0 if not lead else 0.2 if korean else 0.7 if lead < 0xD0 else 0.16
    if "ㄱ" <= letter <= "ㅣ":
        return 0.0 if not korean else 1.0 if letter in "ㅋㅎㅠㅜ" else 0.4
    return 0.4 if _lead(letter, "euc_kr" if korean else "euc_jp") in _MARKS else 0.0


def _lead(letter: str, charset: str) -> int:
    """First byte of a letter that has two in `charset`, else 0."""
    data = letter.encode(charset, "ignore")
    return data[0] if len(data) == 2 else 0


def _strict(data: bytes, charset: str) -> str | None:
    try:
        return data.decode(charset)
    except (UnicodeError, LookupError):
        return None
