"""Cut songs that are longer than a block, and pack songs whole into blocks.

Encoded songs go in, blocks come out: lists of parts whose lengths add up to at most ``block_size`` tokens.
Nothing here knows tensors; ``batches`` lays the blocks out.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from dataclasses import dataclass
from heapq import heappop, heappush

from lyric_lm.data.encoding import EncodedSong, Ids


@dataclass(frozen=True, eq=False, slots=True)
class Part:
    """A song, or a piece of a song too long for one block.

    The first ``n_context`` ids are context only: what stands before the song, or the last token of the piece
    before. All others are targets, so every token of a song is scored exactly once. ``first_position`` is the
    position of ``ids[0]`` in the song, ``n_bytes`` the UTF-8 size of the lyrics that the targets stand for. The
    ids are a view of the song's, not a copy, where these are an array.
    """

    ids: Ids
    first_position: int
    n_bytes: int
    title: str
    n_context: int = 1

    @property
    def n_targets(self) -> int:
        return len(self.ids) - self.n_context


def cut_song(song: EncodedSong, block_size: int, context_length: int, line_ends: set[int]) -> list[Part]:
    """Cut a song into parts of at most ``block_size`` tokens, after the last line end that fits.

    Positions go on from part to part as far as ``context_length`` allows; a part that would pass it gets
    the last positions that do not. Without a line end in reach, the cut comes at the block's end.

    >>> song = EncodedSong("t", [0, 5, 9, 6, 9, 7, 0], n_bytes=60)
    >>> [(p.ids, p.first_position) for p in cut_song(song, 4, 100, line_ends={9})]
    [([0, 5, 9], 0), ([9, 6, 9], 2), ([9, 7, 0], 4)]
    >>> [(p.ids, p.first_position) for p in cut_song(song, 7, 7, line_ends={9})]
    [([0, 5, 9, 6, 9, 7, 0], 0)]
    """
    parts: list[Part] = []
    start, first, n = 0, song.n_context, len(song.ids)  # of the coming part: its first token, its first target
    bytes_per_target = song.n_bytes / (n - first)
    while first < n:
        end = min(start + block_size, n)
        if end < n:
            end = next((i for i in range(end, first + 1, -1) if song.ids[i - 1] in line_ends), end)
        ids = song.ids[start:end]
        n_bytes = round(bytes_per_target * (end - song.n_context)) - round(bytes_per_target * (first - song.n_context))
        parts.append(Part(ids, min(start, context_length - len(ids)), n_bytes, song.title, first - start))
        start, first = end - 1, end
    return parts


def pack(parts: list[Part], block_size: int) -> list[list[Part]]:
    """Pack parts whole into blocks of at most ``block_size`` tokens: longest first, each where it fits best.

    The result depends on the parts and their order alone.

    >>> parts = [Part([0] * n, 0, n, str(n)) for n in (3, 6, 5, 2)]
    >>> [[part.title for part in block] for block in pack(parts, 8)]
    [['6', '2'], ['5', '3']]
    """
    lengths = [len(part.ids) for part in parts]
    return [[parts[place] for place in block] for block in pack_lengths(lengths, block_size)]


def pack_lengths(lengths: list[int], block_size: int) -> list[list[int]]:
    """Return the blocks of parts of these lengths, each as the parts' places in the list."""
    blocks: list[list[int]] = []
    with_room: defaultdict[int, list[int]] = defaultdict(list)  # the blocks with so many tokens free, as a heap
    rooms: list[int] = []  # those of its keys that there are blocks for, rising
    for part in sorted(range(len(lengths)), key=lambda part: -lengths[part]):
        place = bisect_left(rooms, lengths[part])
        if place < len(rooms):
            room = rooms[place]
            best = heappop(with_room[room])  # of equally full ones the first
            if not with_room[room]:
                del rooms[place]
        else:
            room, best = block_size, len(blocks)
            blocks.append([])
        blocks[best].append(part)
        room -= lengths[part]
        if not with_room[room]:
            insort(rooms, room)
        heappush(with_room[room], best)
    return blocks
