"""Versions of a song are found whatever was done to them; two songs stay two, whatever they share."""

import os
import random
import re
import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lyric_lm.lyrics.duplicates import group_versions
from lyric_lm.lyrics.reading import ALBUM
from lyric_lm.lyrics.song import Song


def album() -> list[Song]:
    texts = {path.stem: path.read_text(encoding="utf-8").partition("\n") for path in sorted(ALBUM.glob("*.txt"))}
    return [Song(title, "Ada", lyrics.strip("\n"), name) for name, (title, _, lyrics) in texts.items()]


SONGS = album()
STANZAS = [song.lyrics.split("\n\n")[0] for song in SONGS]  # one of each song: no two share a line


def sources(groups: list[list[Song]]) -> list[list[str]]:
    return [[song.source for song in group] for group in groups]


def together(groups: list[list[Song]]) -> set[frozenset[str]]:
    return {frozenset(song.source for song in group) for group in groups}


def of_stanzas(*stanzas: str, title: str = "", source: str = "") -> Song:
    return Song(title, "Ada", "\n\n".join(stanzas), source)


def each_word(share: float, change: Callable[[str], str]) -> Callable[[str], str]:
    """Change a share of the words, always the same ones."""
    rng = random.Random(1)
    return lambda text: re.sub(r"[\w']+", lambda m: change(m[0]) if rng.random() < share else m[0], text)


def halves(text: str) -> tuple[str, str]:
    lines = text.split("\n")
    return "\n".join(lines[: len(lines) // 2]), "\n".join(lines[len(lines) // 2 :])


EDITS: dict[str, Callable[[str], str]] = {
    "the same": lambda text: text,
    "case and punctuation": lambda text: re.sub(r"[^\w\s']", "", text).upper(),
    "no apostrophes": lambda text: text.replace("'", ""),
    "one line": lambda text: " ".join(text.split()),
    "a word a line": lambda text: "\n".join(text.split()),
    "ad-libs": lambda text: re.sub(r"$(?<!\n)", " (oh, yeah)", text, flags=re.MULTILINE),
    "repeats left out": lambda text: "\n".join(dict.fromkeys(text.split("\n"))),
    "the whole twice": lambda text: f"{text}\n\n{text}",
    "a stanza left out": lambda text: text.partition("\n\n")[2],
    "a stanza added": lambda text: f"{text}\n\nOh, ember\nand willow\nand thunder\nand copper all the way",
    "the first half": lambda text: halves(text)[0],
    "the second half": lambda text: halves(text)[1],
    "halves the other way round": lambda text: "\n".join(reversed(halves(text))),
    "misprints": each_word(0.08, lambda word: word[1:] + word[0]),
    "other words": each_word(0.08, lambda word: "ember"),
    "half, other words": lambda text: each_word(0.05, lambda word: "ember")(halves(text)[0]),
}


def test_the_songs_of_the_album_are_different() -> None:
    assert sources(group_versions(SONGS)) == [[song.source] for song in SONGS]


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("title", ["{} (Live at Saltby)", "{} - 2011 Remaster", "", "nan", "Track 7", "Leaf {}"])
def test_versions_are_found(edit: str, title: str) -> None:
    edited = [Song(title.format(song.title), "", EDITS[edit](song.lyrics), f"{song.source} 2") for song in SONGS]
    groups = group_versions([*SONGS, *edited])
    assert together(groups) == {frozenset([song.source, f"{song.source} 2"]) for song in SONGS}


def test_copies_of_several_typists_are_found_by_the_song_between_them() -> None:
    """Any two copies differ in every fifth word; a song of another name must not be drawn in."""
    changes = [each_word(0.1, lambda word, n=n: word[:n] + "e" + word[n + 1 :]) for n in range(3)]
    copies = [Song("", "", change(song.lyrics), song.source) for song in SONGS for change in changes]
    groups = group_versions(copies + SONGS)
    assert all(len(set(group)) == 1 for group in sources(groups))
    assert len(groups) <= len(SONGS) + 1


def test_more_is_forgiven_under_the_same_title() -> None:
    change = each_word(0.22, lambda word: "ember")
    texts = [change(song.lyrics) for song in SONGS[:20]]
    live = [Song(f"{song.title} [Live]", "", text, "") for song, text in zip(SONGS, texts, strict=False)]
    other = [Song(f"Leaf {song.title}", "", text, "") for song, text in zip(SONGS, texts, strict=False)]
    assert len(group_versions([*SONGS[:20], *live])) == 20
    assert len(group_versions([*SONGS[:20], *other])) > 25


TITLES = {
    "titles of their own": [f"The {chr(97 + n)}" for n in range(20)],
    "titles that tell nothing": ["Untitled", "", "Intro", "Track 3", "nan"] * 4,
    "the album for a title": ["Songs of the Slipway"] * 20,
}


@pytest.mark.parametrize(("n_chorus", "n_verses"), [(1, 1), (2, 1), (3, 1), (1, 3)])
@pytest.mark.parametrize("n_repeats", [1, 4])
@pytest.mark.parametrize("titles", TITLES)
def test_a_shared_chorus_makes_no_versions(titles: str, n_repeats: int, n_chorus: int, n_verses: int) -> None:
    """Songs of up to three quarters of chorus."""
    chorus, verses = STANZAS[:n_chorus] * n_repeats, STANZAS[n_chorus : n_chorus + 20 * n_verses]
    songs = [
        of_stanzas(*verses[n * n_verses : (n + 1) * n_verses], *chorus, title=title, source=str(n))
        for n, title in enumerate(TITLES[titles])
    ]
    assert len(group_versions(songs)) == 20


def test_formulas_and_a_refrain_make_no_versions() -> None:
    opening, greeting = (
        "As I went out one morning in May, in the month of May",
        "Good morning to you, my own true love, said he",
    )
    refrain = "Row on, row on, my own true love,\nthe tide is in at Saltby,\nrow on, row home again"
    texts = [f"{opening}\n{stanza}\n{greeting}\n{refrain}" for stanza in STANZAS[:20]]
    assert len(group_versions([of_stanzas(text) for text in texts])) == 20


@pytest.mark.parametrize("title", ["Untitled", "Intro", "The Tide", "Home"])
def test_a_title_alone_makes_no_versions(title: str) -> None:
    songs = [Song(title, song.artist, song.lyrics, song.source) for song in SONGS]
    assert len(group_versions(songs)) == len(SONGS)
    assert len(group_versions(songs[:2])) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Row on, row on\nrow home again", "Row on, row on\nrow out again"),
        ("I lost the key under the stone", "I lost the key under the step"),
        ("Oh, oh, oh\nla la la la", "La la la la\nhey, hey, hey"),
        ("Row on 1, row on\nrow home again\nrow on", "Row on 2, row on\nrow home again\nrow on"),
    ],
)
def test_short_songs_of_common_words_are_different(one: str, other: str) -> None:
    assert len(group_versions([Song("A", "", one, ""), Song("B", "", other, "")])) == 2
    assert len(group_versions([Song("A", "", one, ""), Song("B", "", one.upper() + "!", "")])) == 1


def test_a_chorus_alone_is_a_version_only_by_its_title() -> None:
    """It belongs to every song that sings it; its title says to which."""
    chorus, verses = STANZAS[0], STANZAS[1:]
    full = [of_stanzas(*verses[n : n + 4], chorus, title=f"Tide {'ab'[n // 4]}", source=str(n)) for n in (0, 4)]
    for title, groups in (("Low", [["0"], ["4"], ["r"]]), ("Tide b (Reprise)", [["0"], ["4", "r"]])):
        assert sources(group_versions([*full, of_stanzas(chorus, title=title, source="r")])) == groups


def test_a_medley_does_not_join_its_songs() -> None:
    first, second = (of_stanzas(*STANZAS[n : n + 3], title=f"Song of {n}", source=str(n)) for n in (0, 4))
    medley = of_stanzas(first.lyrics, second.lyrics, title="Medley", source="m")
    for songs in ([first, second, medley], [medley, second, first]):
        groups = together(group_versions(songs))
        assert len(groups) == 2
        assert not any({"0", "4"} <= group for group in groups)


def test_a_row_of_songs_that_each_resemble_the_next() -> None:
    """Each has lost its first stanza and gained one; ten steps on, nothing of the first is left."""
    row = [of_stanzas(*STANZAS[n : n + 10], title=f"Song of {'x' * n}", source=str(n)) for n in range(30)]
    assert len(group_versions(row[:2])) == 1
    for group in together(group_versions(row)):
        places = [int(source) for source in group]
        assert max(places) - min(places) <= 5


def test_a_row_of_songs_that_drift_word_by_word() -> None:
    """Each fifth step changes another fifth of the words, here and there, until none is left."""
    order = random.Random(1).sample(range(200), 200)
    row = [
        Song("", "", " ".join(f"{'new' if order[n] < 8 * step else 'old'}{n}" for n in range(200)), str(step))
        for step in range(26)
    ]
    groups = together(group_versions(row))
    assert 3 <= len(groups) < 26
    assert all(max(map(int, group)) - min(map(int, group)) <= 15 for group in groups)


def test_equally_long_songs_are_grouped_the_same_in_any_order() -> None:
    """A row as above, where nothing but the words themselves says which to begin with."""
    row = [
        Song("", "", " ".join(f"word{n}" for n in range(place, place + 100)), str(place)) for place in range(0, 300, 9)
    ]
    groups = together(group_versions(row))
    assert 3 < len(groups) < len(row)
    for seed in range(5):
        assert together(group_versions(random.Random(seed).sample(row, len(row)))) == groups


def test_the_most_complete_version_comes_first() -> None:
    a, b, c, d, e, f, g, h = STANZAS[:8]
    songs = [
        of_stanzas(a, b, c, title="Tide", source="short"),
        of_stanzas(e, f, g, title="Other", source="other"),
        of_stanzas(a, b, c, d, title="Tide (Live)", source="live"),
        of_stanzas(a, b, c, d, title="Tide", source="plain"),
        of_stanzas(a, b, c, d.upper(), title="Tide", source="plain again"),
        of_stanzas(a, b, c, d, h, title="Tide (Extended Mix)", source="long"),
    ]
    assert sources(group_versions(songs)) == [["long", "plain", "plain again", "live", "short"], ["other"]]
    assert sources(group_versions(songs[3:0:-1])) == [["plain", "live"], ["other"]]


def test_a_misprint_does_not_make_a_text_more_complete() -> None:
    verse, other, chorus = STANZAS[:3]
    plain = of_stanzas(verse, chorus, other, chorus, title="Tide", source="plain")
    live = Song("Tide (Live)", "", plain.lyrics[::-1].replace("eht", "hte", 1)[::-1], "misprint")
    assert sources(group_versions([live, plain])) == [["plain", "misprint"]]


TEXTS = st.lists(st.sampled_from(STANZAS[:6]), max_size=4).map("\n\n".join) | st.text(max_size=20)
SOME_TITLES = st.sampled_from(["Tide", "Tide (Live)", "Untitled", "", "Rope"])


@given(contents=st.lists(st.tuples(SOME_TITLES, TEXTS), max_size=12), data=st.data())
@settings(max_examples=80, deadline=None)
def test_every_song_once_and_the_same_groups_in_any_order(contents: list[tuple[str, str]], data: st.DataObject) -> None:
    songs = [Song(title, "", text, str(number)) for number, (title, text) in enumerate(contents)]
    groups = group_versions(songs)
    assert sorted(song.source for group in groups for song in group) == sorted(song.source for song in songs)
    firsts = [min(int(song.source) for song in group) for group in groups]
    assert firsts == sorted(firsts)
    assert together(group_versions(data.draw(st.permutations(songs)))) == together(groups)


def test_groups_are_the_same_in_every_process() -> None:
    script = (
        "from tests.test_duplicates import *;"
        "made = [of_stanzas(*STANZAS[n % 40 : n % 40 + 4 + n % 3], source=str(n)) for n in range(120)];"
        "print(sources(group_versions(made)))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", script], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1
    assert b"'119'" in told.pop()
