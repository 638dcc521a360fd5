"""Words as they are compared: case, accents, apostrophes and punctuation folded, with their place in the text.

Text goes in, folded words come out. Two texts of the same folded words are the same words, however they are
printed. Where a script writes no spaces between words, each character stands for a word.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from lyric_lm.lyrics.song import IN_WORDS

# Thai to Khmer, kana, and the Han characters of all planes.
SPACELESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_APOSTROPHES = "'’‘ʼ`´′＇"
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"  # inside a word they change nothing that is seen
# Apostrophes, invisible characters, and accents that NFKD has parted from their letters.
_MARKS = re.compile(f"[{_APOSTROPHES}{_INVISIBLE}\u0300-\u036f]")
_WORD = re.compile(f"[{IN_WORDS}{_INVISIBLE}]+(?:[{_APOSTROPHES}]+[{IN_WORDS}{_INVISIBLE}]+)*")


class FoldedWord(NamedTuple):
    """A word as it is compared, and where it stands: ``text[start:end]``."""

    word: str
    start: int
    end: int


def folded_words(text: str) -> Iterator[FoldedWord]:
    """Yield the folded words of a text with their places; ``_`` is punctuation.

    >>> [tuple(word) for word in folded_words("Don’t STOP—_now_!")]
    [('dont', 0, 5), ('stop', 6, 10), ('now', 12, 15)]
    >>> [word for word, _, _ in folded_words("rock-and-roll, Élan")], [word for word, _, _ in folded_words("花火 ...")]
    (['rock', 'and', 'roll', 'elan'], ['花', '火'])
    """
    for match in _WORD.finditer(text.replace("_", " ")):
        folded = fold_word(match[0])
        if len(folded) < 2 or not SPACELESS.search(folded):
            if folded:
                yield FoldedWord(folded, *match.span())
            continue
        for place, character in enumerate(match[0], start=match.start()):
            if unit := fold_word(character):
                yield FoldedWord(unit, place, place + 1)


@lru_cache(maxsize=1 << 17)
def fold_word(word: str) -> str:
    """Return a word without case, accents, apostrophes and invisible characters.

    >>> fold_word("Don’t"), fold_word("ÉLAN"), fold_word("й"), fold_word("ＬＯＶＥ"), fold_word("Straße")
    ('dont', 'elan', 'и', 'love', 'strasse')
    """
    return unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFKD", word).casefold()))
