"""How much of one text stands in another, whatever the case, punctuation, line breaks and repeats.

What goes in is a text; it becomes a ``Fingerprint``, and two of these are compared. A text is a row of units: words,
or single characters in scripts that write no spaces between words. Units are compared in overlapping shingles of
three words (five characters), for single words are common to all songs. What a text repeats counts once, so a
chorus sung four times weighs no more than a chorus sung once. What makes two songs versions is not decided here.
"""

import functools
import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lyric_lm.lyrics.folding import SPACELESS, fold_word
from lyric_lm.lyrics.song import words

WORDS, CHARACTERS = 3, 5  # units in a shingle
PASSAGE = 8  # units: about a line

_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, so that every bit of every unit stays in a shingle's hash


@dataclass(frozen=True, eq=False, slots=True)
class Fingerprint:
    """A text as hashes of its shingles, one at each of its ``n_units`` units.

    ``shingles``: hash of the shingle that starts at the unit, (n_units,) uint64; at the end it is a shorter one.
    ``widths``: units in that shingle, (n_units,). ``is_new``: whether it stands there for the first time, (n_units,).
    ``distinct``: the different shingles in rising order, (n_distinct,).
    """

    shingles: NDArray[np.uint64]
    widths: NDArray[np.int8]
    is_new: NDArray[np.bool_]
    distinct: NDArray[np.uint64]

    def __len__(self) -> int:
        """Return the number of distinct shingles: the size of a text without its repeats, about one a word."""
        return len(self.distinct)


def fingerprint(text: str) -> Fingerprint:
    """Take a text's fingerprint; it is the same in every process.

    >>> len(fingerprint("row on, row home")), len(fingerprint("row on, row home, row on, row home"))
    (4, 6)
    """
    units: list[int] = []
    widths: list[int] = []
    for word in words(text):
        hashes, width = _units(word)
        units += hashes
        widths += [width] * len(hashes)
    n_units = len(units)
    row = np.array([*units, *[0] * CHARACTERS], dtype=np.uint64)
    wide = np.array(widths, dtype=np.int8)
    rolling = np.zeros(n_units, dtype=np.uint64)
    shingles = rolling
    for n in range(CHARACTERS):
        rolling = rolling * _FACTOR + row[n : n_units + n]
        shingles = np.where(wide == n + 1, rolling, shingles)
    distinct, first = np.unique(shingles, return_index=True)
    is_new = np.zeros(n_units, dtype=np.bool_)
    is_new[first] = True
    return Fingerprint(shingles, wide, is_new, distinct)


def coverage(text: Fingerprint, other: Fingerprint) -> float:
    """Return the share of a text, its repeats left out, that stands in the other: its units in a shared shingle.

    One changed word in ten leaves about 0.88; two songs by one author have hardly ever more than 0.08 in common.

    >>> whole, part = fingerprint("row on, my love, row home, the tide is low"), fingerprint("ROW HOME!\\nThe tide")
    >>> round(coverage(whole, part), 1), coverage(part, whole)
    (0.4, 1.0)
    """
    return float(_covered(text, other)[text.is_new].mean()) if len(text) and len(other) else 0.0


def own_passages(text: Fingerprint, other: Fingerprint) -> float:
    """Return the share of a text, its repeats left out, in stretches of a line or more that the other does not have.

    Words changed here and there leave none; a verse of its own does.

    >>> verse, chorus = "I left the key beneath the stone beside the kitchen door", "row on, row home, the tide is low"
    >>> song, changed = fingerprint(f"{verse}, {chorus}"), fingerprint(f"{verse}, {chorus}".replace("stone", "step"))
    >>> own_passages(song, changed), round(own_passages(song, fingerprint(chorus)), 1)
    (0.0, 0.6)
    """
    is_own = ~_covered(text, other)
    stretches = np.diff(np.flatnonzero(np.diff(is_own)) + 1, prepend=0, append=len(is_own))  # units in each
    is_long = np.repeat(stretches, stretches) >= PASSAGE
    return float((is_own & is_long)[text.is_new].mean())


def _covered(text: Fingerprint, other: Fingerprint) -> NDArray[np.bool_]:
    """Say of each unit of a text whether it lies in a shingle that the other text has too, (n_units,)."""
    nearest = np.searchsorted(other.distinct, text.shingles)
    is_shared = other.distinct[np.minimum(nearest, len(other) - 1)] == text.shingles
    is_covered = is_shared.copy()
    for n in range(1, CHARACTERS):  # the units after the one where the shared shingle starts
        is_covered[n:] |= is_shared[:-n] & (text.widths[:-n] > n)
    return is_covered


@functools.lru_cache(maxsize=1 << 17)
def _units(word: str) -> tuple[list[int], int]:
    """Hash a word, or each of its characters where its script writes no spaces, and say how many make a shingle.

    >>> _units("don't") == _units("dont"), _units("élan") == _units("elan")
    (True, True)
    >>> [(len(hashes), width) for hashes, width in (_units("tide"), _units("月が綺麗"))]
    [(1, 3), (4, 5)]
    """
    plain = fold_word(word)
    is_spaceless = SPACELESS.search(plain)
    hashes = [_hash(unit) for unit in (plain if is_spaceless else [plain])]
    return hashes, CHARACTERS if is_spaceless else WORDS


def _hash(unit: str) -> int:
    return int.from_bytes(hashlib.blake2b(unit.encode(), digest_size=8).digest(), "big")
