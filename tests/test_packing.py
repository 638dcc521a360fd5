"""Cutting and packing lose no token, repeat none, and waste little; encoding frames each song."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lyric_lm.data.batches import IGNORE_INDEX, collate
from lyric_lm.data.encoding import EncodedSong, encode_songs, line_end_ids, opening_ids, separator_id
from lyric_lm.data.packing import Part, cut_song, pack
from lyric_lm.lyrics.song import Song
from lyric_lm.model.tiny import make_tiny
from tests.memoriser import tokenizer_of

LINE_END = 9


def parts_of(lengths: list[int]) -> list[Part]:
    return [Part([0] * length, 0, length, str(number)) for number, length in enumerate(lengths)]


def room_taken(block: list[Part]) -> int:
    return sum(len(part.ids) for part in block)


LENGTHS_AND_SIZE = st.integers(2, 40).flatmap(
    lambda size: st.tuples(st.lists(st.integers(2, size), max_size=40), st.just(size))
)


@given(LENGTHS_AND_SIZE)
@settings(max_examples=100, deadline=None)
def test_every_part_lands_whole_in_one_block(case: tuple[list[int], int]) -> None:
    lengths, block_size = case
    parts = parts_of(lengths)
    blocks = pack(parts, block_size)
    packed = [part for block in blocks for part in block]
    assert sorted(packed, key=lambda part: part.title) == sorted(parts, key=lambda part: part.title)
    assert all(0 < room_taken(block) <= block_size for block in blocks)
    assert pack(parts, block_size) == blocks


def best_fit(parts: list[Part], block_size: int) -> list[list[Part]]:
    """Pack the longest first, each into the fullest block that holds it, by looking at all blocks for each."""
    blocks: list[list[Part]] = []
    for part in sorted(parts, key=lambda part: -len(part.ids)):
        fitting = [block for block in blocks if room_taken(block) + len(part.ids) <= block_size]
        if fitting:
            max(fitting, key=room_taken).append(part)  # of equally full ones the first
        else:
            blocks.append([part])
    return blocks


@given(LENGTHS_AND_SIZE)
@settings(max_examples=300, deadline=None)
def test_as_a_search_through_all_blocks_packs(case: tuple[list[int], int]) -> None:
    lengths, block_size = case
    parts = parts_of(lengths)
    assert pack(parts, block_size) == best_fit(parts, block_size)


@given(LENGTHS_AND_SIZE)
@settings(max_examples=100, deadline=None)
def test_no_two_blocks_would_fit_in_one(case: tuple[list[int], int]) -> None:
    """True of any packing that opens a block only when it must; so there are never twice as many as needed."""
    lengths, block_size = case
    taken = sorted(room_taken(block) for block in pack(parts_of(lengths), block_size))
    assert all(one + other > block_size for one, other in pairwise(taken))
    assert len(taken) <= max(1, 2 * sum(lengths) / block_size)


def first_fit(lengths: list[int], block_size: int) -> int:
    """Count the blocks when each part goes, in the order given, where it first fits."""
    room: list[int] = []
    for length in lengths:
        for index, free in enumerate(room):
            if free >= length:
                room[index] -= length
                break
        else:
            room.append(block_size - length)
    return len(room)


# Of parts longer than a third, a block holds two at most, and joining each with the longest that fits is optimal.
# Of shorter ones first fit can be luckier: 4 3 3 4 3 3 in blocks of 10, in this order, needs two blocks and not three.
@given(st.integers(8, 60).flatmap(lambda n: st.tuples(st.lists(st.integers(n // 3 + 1, n), max_size=30), st.just(n))))
@settings(max_examples=150, deadline=None)
def test_no_more_blocks_than_first_fit(case: tuple[list[int], int]) -> None:
    lengths, block_size = case
    assert len(pack(parts_of(lengths), block_size)) <= first_fit(lengths, block_size)


@pytest.mark.parametrize("block_size", [300, 512, 1024])
def test_real_songs_fill_their_blocks(block_size: int) -> None:
    """Songs of 150 to 300 tokens, as most are, in the order of a multiplicative sequence."""
    lengths = [150 + 37 * number % 151 for number in range(1, 121)]
    n_blocks = len(pack(parts_of(lengths), block_size))
    assert n_blocks <= first_fit(lengths, block_size)
    if block_size == 1024:
        assert n_blocks <= -(-sum(lengths) // block_size) + 1


def test_packing_by_hand() -> None:
    blocks = pack(parts_of([4, 3, 7, 6, 3, 2]), 10)  # 7+3, 6+4, 3+2
    assert [[part.title for part in block] for block in blocks] == [["2", "1"], ["3", "0"], ["4", "5"]]
    assert pack([], 10) == []


@st.composite
def cases(draw: st.DrawFn) -> tuple[EncodedSong, int, int]:
    opening = [0, LINE_END, LINE_END][: draw(st.integers(1, 3))]
    block_size = draw(st.integers(len(opening) + 1, 20))
    lyrics = draw(st.lists(st.integers(1, LINE_END), min_size=1, max_size=80))
    context_length = draw(st.integers(block_size, 100))
    song = EncodedSong("t", [*opening, *lyrics, 0], draw(st.integers(1, 400)), len(opening))
    return song, block_size, context_length


@given(cases())
@settings(max_examples=200, deadline=None)
def test_cut_parts_join_to_the_song(case: tuple[EncodedSong, int, int]) -> None:
    song, block_size, context_length = case
    parts = cut_song(song, block_size, context_length, {LINE_END})
    opening = list(parts[0].ids[: song.n_context])
    assert opening + [token for part in parts for token in part.ids[part.n_context :]] == song.ids
    assert [part.n_context for part in parts] == [song.n_context] + [1] * (len(parts) - 1)
    assert [part.ids[0] for part in parts[1:]] == [part.ids[-1] for part in parts[:-1]]
    assert sum(part.n_targets for part in parts) == len(song.ids) - song.n_context
    assert sum(part.n_bytes for part in parts) == song.n_bytes
    assert all(2 <= len(part.ids) <= block_size for part in parts)


@given(cases())
@settings(max_examples=200, deadline=None)
def test_positions_go_on_below_the_context_length(case: tuple[EncodedSong, int, int]) -> None:
    song, block_size, context_length = case
    start = 0
    for part in cut_song(song, block_size, context_length, {LINE_END}):
        last = part.first_position + len(part.ids) - 1
        assert 0 <= part.first_position <= last < context_length
        if start + len(part.ids) <= context_length:
            assert part.first_position == start
        else:
            assert last == context_length - 1
        start += len(part.ids) - 1


@given(cases())
@settings(max_examples=200, deadline=None)
def test_cuts_come_at_the_last_line_end_that_fits(case: tuple[EncodedSong, int, int]) -> None:
    song, block_size, context_length = case
    parts = cut_song(song, block_size, context_length, {LINE_END})
    start = 0
    for part in parts[:-1]:
        reachable = song.ids[start : start + block_size]
        fewest = part.n_context + 1  # a part of a single target would be none
        ends = [index for index, token in enumerate(reachable) if token == LINE_END and index >= fewest]
        assert len(part.ids) == (ends[-1] + 1 if ends else block_size)
        start += len(part.ids) - 1


def test_a_cut_by_hand() -> None:
    song = EncodedSong("t", [0, 1, 9, 2, 3, 9, 4, 5, 6, 7, 8, 0], n_bytes=22)
    parts = cut_song(song, 5, 8, {9})
    assert [(part.ids, part.first_position) for part in parts] == [
        ([0, 1, 9], 0),
        ([9, 2, 3, 9], 2),
        ([9, 4, 5, 6, 7], 3),  # 5 would be its place, and 9 its last position
        ([7, 8, 0], 5),
    ]
    assert [part.n_bytes for part in parts] == [4, 6, 8, 4]  # two for each target


def test_the_opening_is_no_target() -> None:
    song = EncodedSong("t", [0, 9, 1, 9, 2, 3, 9, 0], n_bytes=12, n_context=2)
    parts = cut_song(song, 5, 8, {9})
    assert [(part.ids, part.n_context, part.n_bytes) for part in parts] == [
        ([0, 9, 1, 9], 2, 4),
        ([9, 2, 3, 9, 0], 1, 8),
    ]
    batch = collate([parts], pad_id=0)
    assert batch["labels"].tolist() == [[IGNORE_INDEX, 1, 9, IGNORE_INDEX, 2, 3, 9, 0, IGNORE_INDEX]]
    assert int(batch["n_targets"]) == 6


@pytest.mark.parametrize(
    ("kind", "knows_line_ends"),
    [("bytes", True), ("byte-level BPE", True), ("BPE over spaces", True), ("WordPiece", False)],
)
def test_a_tokenizer_that_knows_no_line_ends_has_the_separator_alone(kind: str, knows_line_ends: bool) -> None:
    tokenizer = tokenizer_of(kind, ["row on, the tide is low\nrow home\n"] * 9)
    separator, *line_end = opening_ids(tokenizer)
    assert separator == separator_id(tokenizer)
    assert tokenizer.decode(line_end) == ("\n" if knows_line_ends else "")


def test_songs_stand_between_a_line_end_and_a_separator() -> None:
    _, tokenizer = make_tiny()
    songs = [Song("Sea", "Ada", "Row\n\nhé", "sea.txt"), Song("Tea", "Ada", "Tea", "tea.txt")]
    encoded = encode_songs(songs, tokenizer)
    assert separator_id(tokenizer) == 0
    assert [(song.title, song.ids[0], song.ids[-1], len(song.ids)) for song in encoded] == [
        ("Sea", 0, 0, 2 + 8 + 1),  # the tiny model's tokens are bytes, and é has two
        ("Tea", 0, 0, 2 + 3 + 1),
    ]
    assert [(song.n_bytes, song.n_context) for song in encoded] == [(8, 2), (3, 2)]
    assert [tokenizer.decode(song.ids[1:-1]) for song in encoded] == ["\nRow\n\nhé", "\nTea"]
    assert Counter(encoded[0].ids)[next(iter(line_end_ids(tokenizer, encoded)))] == 3
    assert len(line_end_ids(tokenizer, encoded)) == 1
    assert encode_songs([], tokenizer) == []
