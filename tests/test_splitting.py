"""The split depends on the songs and the seed alone: no order, no neighbours, no typography, no version found later."""

import re
from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lyric_lm.errors import InputError
from lyric_lm.lyrics.song import Song
from lyric_lm.lyrics.splitting import split_songs

VAL, TEST = 0.2, 0.1
SPELLED = str.maketrans("0123456789", "abcdefghij")  # so that a title is not just a number


def make(number: int, note: str = "") -> Song:
    title = f"The {str(number).translate(SPELLED)}{note}"
    return Song(title, "Ada", f"row on {number}, row on\nrow home again", f"{number}{note}.txt")


def singles(songs: list[Song]) -> list[list[Song]]:
    return [[song] for song in songs]


def splits_of(groups: list[list[Song]], seed: int = 1, val: float = VAL, test: float = TEST) -> dict[str, str]:
    """Map each song's source to its split."""
    return {song.source: name for name, part in split_songs(groups, val, test, seed).items() for song in part}


NUMBERS = st.lists(st.integers(0, 10**9), min_size=10, max_size=40, unique=True)
NOTES = st.sampled_from([" (Live at Saltby)", " [2011 Remaster]", " - Acoustic Version", ", Demo 1974", " (feat. Bea)"])
TITLES: dict[str, Callable[[Song], str]] = {
    "a title each": lambda song: song.title,
    "no titles": lambda song: "",
    "numbers for titles": lambda song: f"Track {song.source[0]}",
    "the album for a title": lambda song: "Songs of the Slipway",
}


@pytest.mark.parametrize("titles", TITLES)
@given(numbers=NUMBERS, new=st.integers(10**9 + 1, 2 * 10**9), seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_adding_a_song_moves_no_other(titles: str, numbers: list[int], new: int, seed: int) -> None:
    songs = [make(number) for number in [new, *numbers]]
    songs = [Song(TITLES[titles](song), song.artist, song.lyrics, song.source) for song in songs]
    before = splits_of(singles(songs[1:]), seed)
    # One song in validation may be the stand-in of a set where the hash put none.
    assume(list(before.values()).count("val") > 1)
    after = splits_of(singles(songs), seed)
    assert {source: after[source] for source in before} == before


@given(numbers=NUMBERS, note=NOTES, is_recognised=st.booleans(), seed=st.integers(0, 1000), data=st.data())
@settings(max_examples=60, deadline=None)
def test_adding_a_version_moves_no_song(
    numbers: list[int], note: str, is_recognised: bool, seed: int, data: st.DataObject
) -> None:
    """Another version lands where its song is, even when its text is so different that no group joins them."""
    groups = singles([make(number) for number in numbers])
    before = splits_of(groups, seed)
    number = data.draw(st.sampled_from(numbers))
    version = Song(make(number, note).title, "Ada", "some other words\nto another tune", "new.txt")
    if is_recognised:
        groups = [[version, *group] if group == [make(number)] else group for group in groups]
    else:
        assume(list(before.values()).count("val") > 1)
        groups = [[version], *groups]
    assert splits_of(groups, seed) == before | {"new.txt": before[make(number).source]}


@given(numbers=NUMBERS, seed=st.integers(0, 1000), data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_order_of_songs_does_not_matter(numbers: list[int], seed: int, data: st.DataObject) -> None:
    groups = [[make(number), make(number, " (Live)")] for number in numbers]
    shuffled = [data.draw(st.permutations(group)) for group in data.draw(st.permutations(groups))]
    assert splits_of(shuffled, seed) == splits_of(groups, seed)


@given(numbers=NUMBERS, val=st.floats(0.01, 0.5), test=st.floats(0, 0.3), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_every_song_lands_once_in_its_order(numbers: list[int], val: float, test: float, seed: int) -> None:
    songs = [make(number) for number in numbers]
    try:
        parts = split_songs(singles(songs), val, test, seed)
    except InputError as error:  # rightly, where ten songs all fall below 0.8
        assume("are held out" not in str(error))
        raise
    assert list(parts) == ["train", "val", "test"]
    assert parts["train"]
    assert parts["val"]
    for part in parts.values():
        assert part == [song for song in songs if song in part]
    assert sum(len(part) for part in parts.values()) == len(songs)


def test_the_split_depends_on_the_seed() -> None:
    groups = singles([make(number) for number in range(50)])
    assert len({tuple(sorted(splits_of(groups, seed).items())) for seed in range(20)}) == 20


@pytest.mark.parametrize(("val", "test"), [(0.1, 0.0), (0.2, 0.1), (0.05, 0.4)])
@pytest.mark.parametrize("titles", TITLES)
def test_fractions_are_met_on_average(val: float, test: float, titles: str) -> None:
    n = 4000
    songs = [make(number) for number in range(n)]
    songs = [Song(TITLES[titles](song), song.artist, song.lyrics, song.source) for song in songs]
    parts = split_songs(singles(songs), val, test, seed=1)
    for name, fraction in (("val", val), ("test", test)):
        deviation = (fraction * (1 - fraction) / n) ** 0.5  # of a binomial's mean
        assert abs(len(parts[name]) / n - fraction) <= 4 * deviation


def test_a_bigger_fraction_keeps_what_was_held_out() -> None:
    groups = singles([make(number) for number in range(200)])
    small, big = ({song.title for song in split_songs(groups, val, 0, 1)["val"]} for val in (0.1, 0.2))
    assert small < big


@pytest.mark.parametrize("titles", ["a title each", "no titles"])
@pytest.mark.parametrize(
    "other",
    [
        str.upper,
        str.title,
        lambda t: t.replace(" ", "  "),
        lambda t: f"“{t}!”",
        lambda t: t.replace(",", " —").replace("\n", "\n\n"),
    ],
)
def test_typography_moves_no_song(titles: str, other: Callable[[str], str]) -> None:
    songs = [make(number) for number in range(60)]
    songs = [Song(TITLES[titles](song), song.artist, song.lyrics, song.source) for song in songs]
    retyped = [Song(other(song.title), song.artist, other(song.lyrics), song.source) for song in songs]
    assert splits_of(singles(retyped)) == splits_of(singles(songs))
    assert len(set(splits_of(singles(songs)).values())) == 3


def test_a_corrected_misprint_moves_no_song() -> None:
    songs = [make(number) for number in range(60)]
    corrected = [Song(song.title, song.artist, song.lyrics.replace("row on", "roll on"), song.source) for song in songs]
    assert splits_of(singles(corrected)) == splits_of(singles(songs))


@pytest.mark.parametrize("label", ["[Verse 1]\n", "[Intro: Ada & Bea]\n", "Verse 1:\n", "Oh!\nHey, hey\n\n"])
def test_labels_and_calls_are_not_the_first_line(label: str) -> None:
    songs = [Song("Untitled", "Ada", make(number).lyrics, f"{number}") for number in range(60)]
    labelled = [Song("Untitled", "Ada", label + song.lyrics, song.source) for song in songs]
    assert splits_of(singles(labelled)) == splits_of(singles(songs))


@pytest.mark.parametrize(
    "title",
    ["", "?", "Untitled", "unknown", "Track 3", "Song 12", "07", "Intro", "Outro", "Skit", "nan", "None", "null"],
)
def test_a_title_that_is_none_holds_no_songs_together(title: str) -> None:
    """Four songs with it, in a set where so few would not count as the album's title."""
    songs = [make(number) for number in range(40)]
    unnamed = [Song(title, "Ada", make(number).lyrics, f"{number}") for number in range(100, 104)]
    splits = [splits_of(singles(songs + unnamed), seed) for seed in range(20)]
    assert any(len({homes[song.source] for song in unnamed}) > 1 for homes in splits)


@pytest.mark.parametrize(("n", "val"), [(2, 1e-9), (4, 0.3), (40, 0.3)])
def test_a_title_of_all_songs_holds_out_some(n: int, val: float) -> None:
    songs = [Song("Songs of the Slipway", "Ada", make(number).lyrics, f"{number}") for number in range(n)]
    for seed in range(30):
        parts = split_songs(singles(songs), val, 0, seed)
        assert 1 <= len(parts["val"]) <= max(1, 0.75 * n)


def test_a_small_set_holds_out_one_group() -> None:
    groups = [[make(number), make(number, " (Live)")] for number in range(3)]
    for seed in range(50):
        parts = split_songs(groups, 1e-9, 0, seed)
        assert (len(parts["train"]), len(parts["val"])) == (4, 2)
        assert parts["val"] in groups


def test_the_group_held_out_of_a_small_set_is_the_nearest() -> None:
    """The stand-in is the song that a growing fraction would hold out first."""
    groups = singles([make(number) for number in range(6)])
    (stand_in,) = split_songs(groups, 1e-9, 0, 1)["val"]
    fractions = (fraction / 1000 for fraction in range(1, 1000))
    grown = next(part for fraction in fractions if len(part := split_songs(groups, fraction, 0, 1)["val"]) == 2)
    assert stand_in in grown


def test_versions_are_never_on_both_sides() -> None:
    for seed in range(30):
        groups = [[make(n), Song(f"Other name {n * 'x'}", "Ada", "other\nwords", f"other{n}")] for n in range(20)]
        for val in (1e-9, 0.2):
            splits = splits_of(groups, seed, val, 0.2)
            assert len(splits) == 40
            assert all(len({splits[song.source] for song in group}) == 1 for group in groups)


@pytest.mark.parametrize(
    ("val", "test", "message"),
    [
        (0.0, 0.1, "data.val_fraction=0 leaves no held-out songs to judge by; set data.val_fraction=0.1"),
        (-0.1, 0.0, "data.val_fraction=-0.1 is not a fraction; give 0 <= data.val_fraction < 1"),
        (1.0, 0.0, "data.val_fraction=1.0 is not a fraction"),
        (float("nan"), 0.0, "data.val_fraction=nan is not a fraction"),
        (0.1, 10, "data.test_fraction=10 is not a fraction; give 0 <= data.test_fraction < 1"),
        (0.6, 0.4, "data.val_fraction=0.6 and data.test_fraction=0.4 leave nothing to train on"),
        (0.999999, 0.0, "all 9 songs are held out (data.val_fraction=0.999999, data.test_fraction=0.0)"),
    ],
)
def test_fractions_that_cannot_work(val: float, test: float, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        split_songs(singles([make(number) for number in range(9)]), val, test, 1)


@pytest.mark.parametrize(("n", "message"), [(0, "0 songs after cleaning"), (1, "1 song after cleaning")])
def test_too_few_songs(n: int, message: str) -> None:
    with pytest.raises(InputError, match=f"{message}: one to train on and one to hold out are the least"):
        split_songs([[make(number), make(number, " (Live)")] for number in range(n)], VAL, TEST, 1)
