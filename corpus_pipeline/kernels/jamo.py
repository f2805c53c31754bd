"""The jamo of Hangul syllables, as they are typed: compatibility jamo, U+3131 to U+3163.

A syllable is U+AC00 + 588 * initial + 28 * vowel + final (Unicode, section 3.12).
"""

from __future__ import annotations

HANGUL = range(0xAC00, 0xD7A4)
INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"  # in Unicode's order
VOWELS = "".join(map(chr, range(ord("ㅏ"), ord("ㅣ") + 1)))
FINALS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")


def is_syllable(letter: str) -> bool:
    """
    >>> is_syllable("발"), is_syllable("ㅂ"), is_syllable("")
    (True, False, False)
    """
    return "가" <= letter <= "힣"


def keys(letter: str) -> str:
    """A syllable key by key; a jamo or any other letter stays.

    >>> keys("발"), keys("ㅅ")
    ('ㅂㅏㄹ', 'ㅅ')
    """
    if not is_syllable(letter):
        return letter
    place = ord(letter) - HANGUL.start
    return f"{INITIALS[place // 588]}{VOWELS[place // 28 % 21]}{FINALS[place % 28]}"
