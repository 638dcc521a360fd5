"""Rhyme density and rhyme schemes, against hand-worked verses and the definition written out."""

from fractions import Fraction

import pytest

from lyric_lm.lyrics.reading import ALBUM
from lyric_lm.style.pronunciation import vowels, words_of
from lyric_lm.style.rhyme import rhyme_density, rhyme_scheme, scheme_shares, stanzas_of


@pytest.mark.parametrize(
    ("verse", "density"),
    [
        # AA IY OW IY | AA IY OW IY. "me" ends AA IY as "hot tea" does: 2; "old" 3; "key" 4; the four before them none.
        ("Hot tea, cold sea,\nnot me, old key", Fraction(2 + 3 + 4, 7)),
        # AH IY four times, the second line being left out: 2 for "money" and "sunny"; "sunny honey" is 4.
        ("Funny money\nfunny money!\nsunny honey", Fraction(2 + 2 + 4, 3)),
        # EY IY EY EY IY EY EY: the same word is no rhyme, one vowel is none.
        ("Lazy day, lazy day, hey", Fraction(0)),
        # AE IY AE IY: with Hmm left out, "happy" ends as "batty" does: 2.
        ("Batty, hmm, happy", Fraction(2)),
        # AY IY ... AY IY, fifteen words apart: 2; sixteen words apart is too far.
        ("Tidy, " + "oh, " * 14 + "mighty", Fraction(2, 15)),
        ("Tidy, " + "oh, " * 15 + "mighty", Fraction(0)),
        ("Go", None),
        ("", None),
        ("42 42 42, go now", None),  # most words have no vowels that are known
    ],
)
def test_rhyme_density_of_verses_worked_by_hand(verse: str, density: Fraction | None) -> None:
    assert rhyme_density(verse, "en") == (None if density is None else pytest.approx(float(density)))


def density_by_definition(lyrics: str, language: str) -> float:
    """Try every pair of rows of vowels, of every length."""
    seen, words = set(), []
    for line in lyrics.split("\n"):
        folded = " ".join(word.folded for word in words_of(line))
        words += [] if folded in seen else words_of(line)
        seen.add(folded)
    words = [word for word in words if vowels(word.written, language)]
    ends = [sum(len(vowels(word.written, language)) for word in words[: n + 1]) for n in range(len(words))]
    row = " ".join(vowel for word in words for vowel in vowels(word.written, language)).split()
    best = []
    for n in range(1, len(words)):
        lengths = [0]
        for m in range(n):
            for length in range(2, ends[m] + 1):
                later, earlier = slice(ends[n] - length, ends[n]), slice(ends[m] - length, ends[m])
                is_apart = later.start >= earlier.stop and words[m].folded != words[n].folded
                if n - m <= 15 and is_apart and row[later] == row[earlier]:
                    lengths.append(length)
        best.append(max(lengths))
    return sum(best) / len(best)


@pytest.mark.parametrize("language", ["en", "es"])
def test_rhyme_density_is_as_defined(language: str) -> None:
    songs = [file.read_text("utf-8") for file in sorted(ALBUM.glob("*.txt"))[::24]]
    measured = [rhyme_density(song, language) for song in songs]
    assert measured == pytest.approx([density_by_definition(song, language) for song in songs])
    assert len({round(density or 0, 3) for density in measured}) > 1


def test_rhyme_density_in_other_languages() -> None:
    # о а | о а: two pairs of vowels, "роса" (о а) after "коса" (о а); "в" has no vowel
    assert rhyme_density("Коса в роса", "ru") == 2
    # e a, o a, o a
    assert rhyme_density("Esta rosa hermosa", "es") == pytest.approx((0 + 2) / 2)
    assert rhyme_density("水の音\n花の色", "ja") is None
    assert rhyme_density("قمر على البحر", "ar") is None


SCHEMES = {
    "AABB": "The harbour lights are low tonight\nThe harbour walls are white\nThe boats are in\nSo pour the gin",
    "ABAB": "I wound the clock\nI swept the floor\nI heard you knock\nBut not the door",
    "ABCB": "I wound the clock\nI swept the floor\nThe cat came in\nAnd shut the door",
    "ABCD": "I wound the clock\nI swept the floor\nThe cat came in\nAnd went to sleep",
    "AAAA": "The tide is low\nThe boats are slow\nThe lanterns glow\nAnd home we go",
    "ABBA": "We hung the bell\nAbove the bay\nTo sing all day\nAnd sang as well",
    "AABA": "We row, my love\nThe gulls above\nThe sea is wide\nRow on, my LOVE!",  # the same word, the same letter
    "AAAB": "Down to the sea\nDown to the sea\nDown to the sea\nWe ran",
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_schemes(scheme: str) -> None:
    (stanza,) = stanzas_of(SCHEMES[scheme])
    assert rhyme_scheme(stanza, "en") == scheme


@pytest.mark.parametrize(
    ("language", "stanza", "scheme"),
    [
        ("ru", "Над рекой горит огонь\nДалека ещё дорога\nПоложи свою ладонь\nПусть уснёт твоя тревога", "ABAB"),
        ("es", "En el puerto hay una rosa\nque no sabe navegar\nmi vecina es mariposa\ny no quiere ver el mar", "ABAB"),
        (
            "de",
            "Das Boot liegt am Strand\nDer Wind geht übers Meer\nEin Kind schreibt in den Sand\nDie Kammer ist leer",
            "ABAB",
        ),
    ],
)
def test_schemes_in_other_languages(language: str, stanza: str, scheme: str) -> None:
    assert scheme_shares([stanza], language) == {scheme: 1.0}


def test_shares_of_schemes() -> None:
    eight = f"{SCHEMES['AABB']}\n{SCHEMES['ABCD']}"
    five = f"{SCHEMES['AAAA']}\nOne more"
    songs = [f"{SCHEMES['AABB']}\n\n{five}\n \n{SCHEMES['ABAB']}", eight, ""]
    assert list(scheme_shares(songs, "en").items()) == [("AABB", 0.5), ("ABAB", 0.25), ("ABCD", 0.25)]
    assert scheme_shares([five, "one line", ""], "en") == {}


def test_the_rarest_schemes_are_summed_up() -> None:
    ends = {"A": "cat hat bat mat", "B": "sea tea key bee", "C": "low go show toe", "D": "day say way may"}
    letters = "ABCD"
    fifteen = [  # all ways to rhyme four lines: each letter is an old one or the next new one
        f"A{b}{c}{d}"
        for b in letters[:2]
        for c in letters[: letters.index(b) + 2]
        for d in letters[: max(letters.index(b), letters.index(c)) + 2]
    ]
    assert len(fifteen) == 15
    songs = ["\n".join(ends[letter].split()[n] for n, letter in enumerate(scheme)) for scheme in fifteen]
    shares = scheme_shares([*songs, songs[-1]], "en")
    assert list(shares) == ["ABCD", *sorted(fifteen)[:11], "other"]
    assert shares == pytest.approx({"ABCD": 2 / 16, "other": 3 / 16} | dict.fromkeys(sorted(fifteen)[:11], 1 / 16))


def test_stanzas_whose_sound_is_not_written_have_no_scheme() -> None:
    assert scheme_shares(["水の音\n花の色\n月の夜\n風の声"], "ja") == {}
    assert scheme_shares(["...\n!\n-\n."], "en") == {}
