"""Find what a text has word for word from the training songs, however large they are.

Songs go in and become a ``SongIndex``: a suffix array over their folded words, in which every run of words can be
looked up. Texts are compared with it as folded words: case, punctuation and line breaks do not matter, and a word that
no song has ends a run. No run goes from one song into the next. What is too much is not decided here.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydivsufsort import divsufsort

from lyric_lm.lyrics.folding import folded_words
from lyric_lm.lyrics.song import Song

SEPARATOR = 0  # no word's id: stands before the first song and after each
WIDTH = 4  # bytes of a word's id


class Run(NamedTuple):
    """Words of a text that stand in a song: ``text[start:end]``, in ``n_songs`` songs, first in ``song``."""

    start: int
    end: int
    n_words: int
    n_songs: int
    song: Song


@dataclass(frozen=True, eq=False)
class SongIndex:
    """The folded words of songs, ready to be searched; made by ``SongIndex.of``.

    ``_ids`` numbers the words, from 1. ``_row`` holds the ids of all songs one after the other, a separator around
    each, big-endian, so that comparing bytes compares words. ``_suffixes`` are the places in the row, in the order of
    what follows there (int32), and ``_song_of`` is the number of each suffix's song, in the same order.
    """

    songs: tuple[Song, ...]
    _ids: dict[str, int]
    _row: bytes
    _suffixes: "memoryview[int]"  # of an array: its items are Python's own ints, which bisect compares faster
    _song_of: NDArray[np.int32]

    @classmethod
    def of(cls, songs: Sequence[Song]) -> "SongIndex":
        """Index songs in time nearly linear in their words.

        >>> index = SongIndex.of([Song("Low Tide", "Ada", "Row on, row home,\\nThe tide is low", "1.txt")])
        >>> text = "They sing: ROW HOME! The tide was high"
        >>> [(text[run.start : run.end], run.n_words, run.song.title) for run in index.runs(text)]
        [('ROW HOME! The tide', 4, 'Low Tide')]
        """
        ids: dict[str, int] = {}
        row = array("I", [SEPARATOR])
        for song in songs:
            row.extend([ids.setdefault(word, len(ids) + 1) for word, _, _ in folded_words(song.lyrics)])
            row.append(SEPARATOR)
        places = np.array(row, dtype=np.uint32)
        suffixes = divsufsort(places).astype(np.int32)
        song_at = np.cumsum(places == SEPARATOR, dtype=np.int32) - 1  # of each place
        return cls(tuple(songs), ids, places.astype(">u4").tobytes(), memoryview(suffixes), song_at[suffixes])

    def match_lengths(self, words: Sequence[str]) -> list[int]:
        """Return for each folded word of a text the words in the longest run that starts there and stands in a song.

        >>> index = SongIndex.of([Song("", "", "row on row home", "1"), Song("", "", "home we go", "2")])
        >>> index.match_lengths("row home we sail row on".split())
        [2, 2, 1, 0, 2, 1]
        """
        query, ids = self._encode(words)
        ids.append(SEPARATOR)
        lengths = []
        end, stop = 0, -1  # where the run that starts here ends, and the first word from here on that no song has
        for start in range(len(words)):
            if start > stop:
                stop = ids.index(SEPARATOR, start)
            # A run ends no earlier than the one before it, so one that has come to the stop need not be looked up.
            end = max(start, end)
            if end < stop:
                end = self._end_of_run(query, start, end, stop)
            lengths.append(end - start)
        return lengths

    def runs(self, text: str, least: int = 1) -> list[Run]:
        """Return a text's runs of at least ``least`` words that no song has with the word before or after, in order.

        They may overlap: the end of one can be the beginning of the next, from another song.
        """
        folded = list(folded_words(text))
        words = [word for word, _, _ in folded]
        lengths = self.match_lengths(words)
        ends = [0, *(start + n for start, n in enumerate(lengths))]
        find = cache(self.find)  # "the" alone may be a run ten times, and in each song of a thousand
        found = []
        for start, n in enumerate(lengths):
            if n >= max(least, 1) and start + n > ends[start]:  # else the run before it holds it
                n_songs, song = find(tuple(words[start : start + n]))
                found.append(Run(folded[start].start, folded[start + n - 1].end, n, n_songs, song))
        return found

    def find(self, words: Sequence[str]) -> tuple[int, Song]:
        """Return in how many songs a run of folded words stands, and the first of them.

        Raises:
            ValueError: it stands in none.
        """
        query, ids = self._encode(words)
        first = last = 0
        if ids and SEPARATOR not in ids:
            first = bisect_left(self._suffixes, query, key=lambda place: self._words_at(place, len(query)))
            last = bisect_right(self._suffixes, query, first, key=lambda place: self._words_at(place, len(query)))
        if first == last:
            raise ValueError(f"no song has the words {' '.join(words)!r}")
        has_it = np.zeros(len(self.songs), dtype=np.bool_)
        has_it[self._song_of[first:last]] = True
        return int(has_it.sum()), self.songs[int(has_it.argmax())]

    def _encode(self, words: Sequence[str]) -> tuple[bytes, list[int]]:
        """Return words as they stand in the row, and as ids; the separator stands for a word that no song has."""
        ids = [self._ids.get(word, SEPARATOR) for word in words]
        return np.array(ids, dtype=">u4").tobytes(), ids

    def _words_at(self, place: int, n_bytes: int) -> bytes:
        return self._row[WIDTH * place : WIDTH * place + n_bytes]

    def _end_of_run(self, query: bytes, start: int, end: int, stop: int) -> int:
        """Return where the longest run from ``start`` ends: at ``end``, which is known, or later, up to ``stop``."""
        wanted = query[WIDTH * start : WIDTH * stop]
        known = WIDTH * (end - start)
        row, n_bytes = self._row, len(wanted)
        place = bisect_left(self._suffixes, wanted, key=lambda at: row[WIDTH * at : WIDTH * at + n_bytes])
        longest = known
        # In sorted order nothing has more in common with the wanted words than what stands before and after them.
        for neighbour in self._suffixes[max(place - 1, 0) : place + 1]:
            there = self._words_at(neighbour, n_bytes)
            if there[:known] == wanted[:known]:
                n = known
                while n < n_bytes and there[n : n + WIDTH] == wanted[n : n + WIDTH]:
                    n += WIDTH
                longest = max(longest, n)
        return start + longest // WIDTH
