"""The song: the one record that the text part passes on."""

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Song:
    """One song as text.

    ``lyrics`` are lines joined by ``\\n`` with an empty line between stanzas, in Unicode NFC, once cleaned.
    ``source`` says where it was found: a path, with ``:n`` for the n-th record (from 1) of a file of many.
    """

    title: str
    artist: str
    lyrics: str
    source: str


def spread(songs: Sequence[Song], most: int) -> list[Song]:
    """Return some songs out of all parts of a list, in order: at most so many.

    >>> spread([Song(letter, "", "", "") for letter in "abcde"], 2)[1].title
    'd'
    """
    n = min(most, len(songs))
    return [songs[(2 * i + 1) * len(songs) // (2 * n)] for i in range(n)]


# What a word is made of: vowel signs and joiners are parts of words in Hindi, Thai, Persian and others, but not \w.
IN_WORDS = (
    r"\w\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0e4e\u0e50-\u109f\u1780-\u17d3\u200c\u200d"
)
_WORD = re.compile(rf"[{IN_WORDS}]+(?:['’][{IN_WORDS}]+)*")


def words(text: str) -> list[str]:
    """Split text into its words, case and punctuation folded; an apostrophe inside a word stays.

    >>> words("Don't stop - NOT now,\\n\\nÉlan!")
    ["don't", 'stop', 'not', 'now', 'élan']
    >>> words("'Twas o'er")
    ['twas', "o'er"]
    >>> words("..."), words("हिन्दी गीत")
    ([], ['हिन्दी', 'गीत'])
    """
    return _WORD.findall(text.casefold())


def fold(text: str) -> str:
    """Return what makes two texts the same song whatever their case, punctuation and line breaks.

    >>> fold("Oh, the SEA!\\nThe sea.") == fold("oh the sea the sea")
    True
    """
    return " ".join(words(text)).replace("’", "'")
