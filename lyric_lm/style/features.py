"""The style of one song in figures: lines, stanzas, rhymes, repeats, variety, punctuation and case.

A song's lyrics go in, one number for each of ``FEATURES`` comes out, or None where it is not defined. Words are
compared as ``folding`` gives them. A line is one with a word in it.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import fmean, pstdev

from lyric_lm.lyrics.folding import folded_words
from lyric_lm.style.pronunciation import Word, rhyme_part, rhymes, syllables
from lyric_lm.style.rhyme import rhyme_density, stanzas_of

VARIETY_WORDS, LEAST_WORDS = 100, 50  # the variety of words depends on how many are looked at
KNOWN_IN = 2  # training songs
RHYME_REACH = 3  # lines

# name: (what is measured, unit); a share is between 0 and 1
FEATURES = {
    "words_per_line": ("words per line", "words"),
    "syllables_per_line": ("syllables per line", "syllables"),
    "line_length_spread": ("standard deviation of words per line", "words"),
    "lines_per_stanza": ("lines per stanza", "lines"),
    "stanzas": ("stanzas", "stanzas"),
    "lines": ("lines", "lines"),
    "words": ("words", "words"),
    "rhyme_density": ("rhyme density: mean length of the longest rhyme that a word ends", "vowels"),
    "rhymed_lines": ("lines that rhyme with one of the three before or after in their stanza", "share"),
    "refrain_lines": ("lines that repeat an earlier line of the song", "share"),
    "repeated_4_grams": ("four words in a row that the song had before", "share"),
    "distinct_1": ("different words among the first hundred", "share"),
    "distinct_2": ("different pairs of words among the first hundred words", "share"),
    "end_punctuation": ("lines that end in punctuation", "share"),
    "commas_per_line": ("commas per line", "commas"),
    "capital_lines": ("lines that begin with a capital", "share"),
    "all_lower": ("lines without any capital", "share"),
    "exclamations_and_questions": ("exclamation and question marks per line", "marks"),
    "known_words": (f"words that stand in {KNOWN_IN} training songs or more", "share"),
}


def song_features(lyrics: str, language: str, ended: bool | None = None) -> dict[str, float | None]:
    r"""Measure one song by each of ``FEATURES`` but ``known_words``, which depends on the training songs.

    Args:
        language: ISO 639-1 code of the songs' main language; it decides how words sound.
        ended: False for a generated song that was broken off: its last line is incomplete and is left out.

    >>> song = song_features("Row on,\nrow home,\nrow on!\n\nThe tide is low.", "en")
    >>> song["lines"], song["words_per_line"], song["refrain_lines"], song["commas_per_line"], song["distinct_1"]
    (4, 2.5, 0.25, 0.5, None)
    """
    if ended is False:
        lyrics = lyrics.rstrip().rpartition("\n")[0] or lyrics
    stanzas = stanzas_of(lyrics)
    lines = [line for stanza in stanzas for line in stanza]
    words = [word.folded for line in lines for word in line]
    printed = [line.strip() for line in lyrics.splitlines() if next(folded_words(line), None)]
    lengths = [len(line) for line in lines]
    features: dict[str, float | None] = {
        "words_per_line": _mean(lengths),
        "syllables_per_line": _syllables_per_line(lines, language),
        "line_length_spread": pstdev(lengths) if len(lengths) > 1 else None,
        "lines_per_stanza": _mean([len(stanza) for stanza in stanzas]),
        "stanzas": len(stanzas),
        "lines": len(lines),
        "words": len(words),
        "rhyme_density": rhyme_density(lyrics, language),
        "rhymed_lines": _rhymed_lines(stanzas, language),
        "refrain_lines": _repeated([tuple(word.folded for word in line) for line in lines]),
        "repeated_4_grams": _repeated(_n_grams(words, 4)),
        "distinct_1": _variety(words, 1),
        "distinct_2": _variety(words, 2),
    }
    return features | _printing(printed)


def vocabulary(train_songs: Iterable[str]) -> Counter[str]:
    """Return in how many training songs each word stands.

    >>> vocabulary(["Row on, row home", "Row"])["row"]
    2
    """
    return Counter(word for song in train_songs for word in {word.word for word in folded_words(song)})


def known_words(lyrics: str, n_songs: Counter[str], is_training_song: bool = False) -> float | None:
    """Return the share of a song's words that stand in at least two training songs, for a training song two others.

    Args:
        n_songs: what ``vocabulary`` returned.

    >>> known_words("Row away", vocabulary(["Row on", "Row home"])), known_words("...", vocabulary([]))
    (0.5, None)
    """
    least = KNOWN_IN + is_training_song
    return _mean([n_songs[word.word] >= least for word in folded_words(lyrics)])


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _syllables_per_line(lines: list[list[Word]], language: str) -> float | None:
    """Return the mean, or None in a script that does not tell syllables."""
    totals = [sum(syllables(word.written, language) for word in line) for line in lines]
    return _mean(totals) if any(totals) else None


def _rhymed_lines(stanzas: list[list[list[Word]]], language: str) -> float | None:
    """Return the share of lines with a rhyme near by; None where no line end tells how it rhymes."""
    is_rhymed: list[bool] = []
    is_told = False
    for stanza in stanzas:
        ends = [line[-1].written for line in stanza]
        is_told |= any(rhyme_part(end, language) for end in ends)
        for n, end in enumerate(ends):
            near = ends[max(0, n - RHYME_REACH) : n + RHYME_REACH + 1]
            is_rhymed.append(any(rhymes(end, other, language) for other in near))  # no word rhymes with itself
    return _mean(is_rhymed) if is_told else None


def _n_grams(words: list[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(words[start : start + n]) for start in range(len(words) - n + 1)]


def _repeated(items: list[tuple[str, ...]]) -> float | None:
    """Return the share of items that occurred before.

    >>> _repeated([("a",), ("b",), ("a",), ("a",)]), _repeated([])
    (0.5, None)
    """
    return 1 - len(set(items)) / len(items) if items else None


def _variety(words: list[str], n: int) -> float | None:
    """Return the share of different n-grams in the first hundred words; None for fewer than fifty words."""
    grams = _n_grams(words[:VARIETY_WORDS], n)
    return len(set(grams)) / len(grams) if len(words) >= LEAST_WORDS else None


def _printing(lines: list[str]) -> dict[str, float | None]:
    """Measure how lines are printed: their punctuation and case."""
    firsts = [next(filter(str.isalnum, line), "") for line in lines]
    cased = [line for line in lines if line.lower() != line.upper()]
    return {
        "end_punctuation": _mean([_ends_in_punctuation(line) for line in lines]),
        "commas_per_line": _mean([sum(line.count(comma) for comma in ",，、،") for line in lines]),
        "capital_lines": _mean([char.isupper() for char in firsts if char.lower() != char.upper()]),
        "all_lower": _mean([line == line.lower() for line in cased]),
        "exclamations_and_questions": _mean([sum(line.count(mark) for mark in "!?！？؟") for line in lines]),
    }


def _ends_in_punctuation(line: str) -> bool:
    """Tell whether the last character but quotes and brackets is punctuation.

    >>> [_ends_in_punctuation(line) for line in ('"we\\'re slow."', "rockin'", "(oh yeah)", "row -", "水の音。")]
    [True, False, False, True, True]
    """
    bare = line.rstrip("\"'’”»)]}」』 ")
    return bool(bare) and unicodedata.category(bare[-1]).startswith("P")
