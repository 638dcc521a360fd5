"""Runs of words are found as a search through every song finds them, and nothing makes the search slow."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lyric_lm.lyrics.folding import folded_words
from lyric_lm.lyrics.song import Song
from lyric_lm.originality.index import Run, SongIndex

KNOWN = "abc"
WORDS = st.lists(st.sampled_from(KNOWN + "z"), max_size=14)  # no song has z
SONGS = st.lists(st.lists(st.sampled_from(KNOWN), max_size=12), max_size=5)


def songs_of(*lyrics: str) -> list[Song]:
    return [Song(f"Song {number}", "Ada", text, f"{number}.txt") for number, text in enumerate(lyrics)]


def spaced(words: list[str]) -> str:
    return " ".join(words)


def stands_in(words: list[str], song: list[str]) -> bool:
    return any(song[place : place + len(words)] == words for place in range(len(song) - len(words) + 1))


def longest_from(words: list[str], songs: list[list[str]]) -> int:
    return max((n for n in range(1, len(words) + 1) if any(stands_in(words[:n], song) for song in songs)), default=0)


def brute_force_runs(words: list[str], songs: list[list[str]]) -> list[tuple[int, int, int, int]]:
    """First word, number of words, number of songs, first song: of each run that cannot be extended in any song."""
    found = {}
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            numbers = [n for n, song in enumerate(songs) if stands_in(words[start:end], song)]
            if numbers:
                found[start, end] = numbers
    return [
        (start, end - start, len(numbers), numbers[0])
        for (start, end), numbers in sorted(found.items())
        if (start - 1, end) not in found and (start, end + 1) not in found
    ]


@settings(max_examples=300, deadline=None)
@given(SONGS, WORDS)
def test_runs_are_those_that_a_search_through_every_song_finds(songs: list[list[str]], words: list[str]):
    index = SongIndex.of(songs_of(*map(spaced, songs)))
    assert index.match_lengths(words) == [longest_from(words[start:], songs) for start in range(len(words))]
    assert index.runs(spaced(words)) == [
        Run(2 * start, 2 * (start + n) - 1, n, n_songs, index.songs[number])  # a word and a space are two characters
        for start, n, n_songs, number in brute_force_runs(words, songs)
    ]


def test_words_beyond_the_65535th_are_sorted_and_found_like_the_others():
    rng = random.Random(1)
    words = [f"w{n}" for n in range(140_000)]
    rng.shuffle(words)
    first, second = words[:70_000], words[70_000:]
    index = SongIndex.of(songs_of(spaced(first), spaced(second)))
    for start in (0, 20_000, 65_530, 69_980):
        assert index.match_lengths(second[start : start + 20]) == list(range(20, 0, -1))
        assert index.find(second[start : start + 20])[1].title == "Song 1"
    assert index.match_lengths([second[69_999], first[0], first[65_535], first[65_536]]) == [1, 1, 2, 1]


@pytest.mark.parametrize(
    "text",
    [
        "The tide is low tonight",
        "THE TIDE -- is low; tonight!",
        "the\ntide\n\nis low\ntonight",
        "the tíde is low to\u00adnight",
        "_The tide_ (is low) … tonight",
    ],
)
def test_case_punctuation_and_line_breaks_hide_no_copy(text: str):
    index = SongIndex.of(songs_of("Row on, row home.\nThe tide\nis low tonight, my love"))
    around = f"so we said: {text} -- and went"
    (run,) = index.runs(around)
    assert (run.n_words, run.n_songs, run.song.source) == (5, 1, "0.txt")
    assert around[run.start : run.end] == text.strip("_!")


def test_no_run_goes_from_one_song_into_the_next():
    index = SongIndex.of(songs_of("row on row", "home the tide"))
    text = "on row home the"
    assert [(text[run.start : run.end], run.song.title) for run in index.runs(text)] == [
        ("on row", "Song 0"),
        ("home the", "Song 1"),
    ]


def test_a_run_knows_all_its_songs_and_the_first_of_them():
    index = SongIndex.of(songs_of("the moon", "oh the tide the tide", "the tide is in", "tide"))
    (run,) = index.runs("the tide")
    assert (run.n_songs, run.song.title) == (2, "Song 1")
    assert index.find(["tide"]) == (3, index.songs[1])
    assert index.find(["the"]) == (3, index.songs[0])


@pytest.mark.parametrize("words", [["the", "moon"], ["sun"], ["the", "sun"], []])
def test_what_stands_in_no_song_is_not_found(words: list[str]):
    with pytest.raises(ValueError, match=f"no song has the words '{' '.join(words)}'"):
        SongIndex.of(songs_of("the tide", "moon")).find(words)


def test_overlapping_runs_are_both_told_and_short_ones_left_out_if_asked():
    index = SongIndex.of(songs_of("a b c d", "c d e f g"))
    text = "a b c d e f g z a"
    assert [text[run.start : run.end] for run in index.runs(text)] == ["a b c d", "c d e f g", "a"]
    assert [text[run.start : run.end] for run in index.runs(text, least=5)] == ["c d e f g"]


@pytest.mark.parametrize("text", ["", "\n", "...", "sun", "sun moon"])
def test_a_text_of_nothing_or_of_other_words_has_no_runs(text: str):
    n_words = sum(1 for _ in folded_words(text))
    for index in (SongIndex.of(songs_of("the tide")), SongIndex.of(songs_of("", "...")), SongIndex.of([])):
        assert index.runs(text) == []
        assert index.match_lengths([word.word for word in folded_words(text)]) == [0] * n_words


def test_a_text_of_one_word_is_a_run_of_one_word():
    (run,) = SongIndex.of(songs_of("tide")).runs(" Tide! ")
    assert (run.start, run.end, run.n_words) == (1, 5, 1)


def test_characters_count_as_words_where_no_spaces_are_written():
    (run,) = SongIndex.of(songs_of("月が綺麗ですね")).runs("夢、月が綺麗")
    assert (run.start, run.end, run.n_words) == (2, 6, 4)


def test_long_copies_and_endless_repeats_are_found_in_no_time():
    # 0.4 s for all on one core, much more where time grows with the square of the text or of the song.
    rng = random.Random(1)
    long = [f"w{rng.randrange(3_000)}" for _ in range(20_000)]
    began = time.process_time()
    la = SongIndex.of(songs_of(spaced(["la"] * 10_000), "la la oh"))
    assert la.match_lengths(["la"] * 9_000 + ["oh", "la"]) == [*([9_000, *range(8_999, 2, -1)]), 3, 2, 1, 1]
    (run,) = la.runs(spaced(["la"] * 10_000))
    assert (run.n_words, run.n_songs) == (10_000, 1)
    assert la.find(["la"]) == (2, la.songs[0])
    assert SongIndex.of(songs_of(spaced(long))).match_lengths(long) == list(range(20_000, 0, -1))
    assert time.process_time() - began < 8
