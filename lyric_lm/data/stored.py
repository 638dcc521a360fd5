"""Parts and blocks of songs whose token ids lie in a mapped file: a part is made when it is asked for.

Of each part, 24 bytes stay in memory: where it begins and ends, its song and its size. So it may be millions.
"""

from array import array
from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

from lyric_lm.data.packing import Part, cut_song, pack_lengths
from lyric_lm.data.store import StoredSongs


class StoredParts(Sequence[Part]):
    """The parts of stored songs, in their order, as ``cut_song`` cuts them.

    Args:
        songs: whose ids lie in a file.
        block_size, context_length, line_ends: see ``cut_song``.
    """

    def __init__(self, songs: StoredSongs, block_size: int, context_length: int, line_ends: set[int]) -> None:
        self._songs = songs
        starts, (numbers, *others) = array("q"), [array("i") for _ in range(4)]
        song_start = 0
        for number, song in enumerate(songs):
            start = song_start
            for part in cut_song(song, block_size, context_length, line_ends):
                starts.append(start)
                numbers.append(number)
                for values, value in zip(others, (len(part.ids), part.first_position, part.n_bytes), strict=True):
                    values.append(value)
                start += len(part.ids) - 1  # a part's last token is the next one's context
            song_start += len(song.ids)
        self._starts, self._numbers = np.frombuffer(starts, np.int64), np.frombuffer(numbers, np.intc)
        self.lengths, self._first_positions, self._sizes = (np.frombuffer(values, np.intc) for values in others)

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, at: int) -> Part: ...
    @overload
    def __getitem__(self, at: slice) -> list[Part]: ...
    def __getitem__(self, at: int | slice) -> Part | list[Part]:
        if isinstance(at, slice):
            return [self[i] for i in range(len(self))[at]]
        start = int(self._starts[at])
        ids = self._songs.ids[start : start + int(self.lengths[at])]
        number = int(self._numbers[at])
        is_beginning = at in (0, -len(self)) or number != self._numbers[at - 1]
        n_context = self._songs.n_context if is_beginning else 1
        return Part(*(ids, int(self._first_positions[at]), int(self._sizes[at])), self._songs.title(number), n_context)

    def __iter__(self) -> Iterator[Part]:
        for at in range(len(self)):
            yield self[at]
            self._songs.let_go(at)

    def let_go(self, number: int) -> None:
        """See ``StoredSongs.let_go``."""
        self._songs.let_go(number)


class StoredBlocks(Sequence[list[Part]]):
    """Blocks of stored parts, as ``pack`` packs them.

    Args:
        parts: to be packed.
        block_size: tokens.
    """

    def __init__(self, parts: StoredParts, block_size: int) -> None:
        packed = pack_lengths(parts.lengths.tolist(), block_size)
        self._parts = parts
        self._ends = np.cumsum([len(block) for block in packed], dtype=np.int64)
        places = (place for block in packed for place in block)
        self._places: NDArray[np.int32] = np.fromiter(places, dtype=np.int32, count=len(parts))

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, at: int) -> list[Part]: ...
    @overload
    def __getitem__(self, at: slice) -> list[list[Part]]: ...
    def __getitem__(self, at: int | slice) -> list[Part] | list[list[Part]]:
        if isinstance(at, slice):
            return [self[i] for i in range(len(self))[at]]
        at = range(len(self))[at]
        self._parts.let_go(at)
        start = int(self._ends[at - 1]) if at else 0
        return [self._parts[place] for place in self._places[start : self._ends[at]].tolist()]
