"""jamo: a syllable is what its keys make, by Unicode's own decomposition."""

from __future__ import annotations

from unicodedata import name

from corpus_pipeline.kernels.jamo import HANGUL, INITIALS, VOWELS, keys


def test_keys_are_the_letters_of_the_syllables_name() -> None:
    """Unicode names a syllable by its jamo (HANGUL SYLLABLE GAG), and a jamo by itself (HANGUL LETTER KIYEOK)."""
    assert len(INITIALS) == 19
    assert [name(letter).split()[-1] for letter in VOWELS] == [
        name(chr(HANGUL.start + 11 * 588 + 28 * at)).split()[-1] for at in range(21)
    ]


def test_keys_of_all_syllables_differ() -> None:
    typed = [keys(chr(point)) for point in HANGUL]
    assert len({*typed}) == len(typed) == 11_172
    assert {*map(len, typed)} == {2, 3}
