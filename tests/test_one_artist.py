"""One artist's songs out of several artists': who is asked for, whose files name nobody, and what is left out."""

import json
from pathlib import Path

import pytest

from lyric_lm.errors import InputError
from lyric_lm.lyrics.reading import Skipped, read_songs
from tests.test_reading import titles, write

LIBRARY = {
    "Ada Lark/Harbours/01 - Sea.txt": "Row on\nrow home",
    "Ada Lark/Harbours/02 - Tea.txt": "Tea\nby Ada Lark\n\nTea for two",
    "Ben/Kitchen/Bread.txt": "Artist: Ben Oak\nTitle: Bread\n\nBread for one",
    "Ben/Kitchen/Jam.txt": "Jam for none",
}


def test_a_library_of_artists_and_albums(tmp_path: Path) -> None:
    write(tmp_path, LIBRARY)
    with pytest.raises(InputError, match=r"2 artists found: Ada Lark \(2\), Ben"):
        read_songs(
            write(tmp_path.with_name("two"), {name: text for name, text in LIBRARY.items() if "Bread" not in name})
        )
    songs = read_songs(tmp_path, "lark, ada").songs
    assert [(s.title, s.artist, s.lyrics) for s in songs] == [
        ("Sea", "Ada Lark", "Row on\nrow home"),
        ("Tea", "Ada Lark", "\nTea for two"),
    ]
    assert {(entry.source, entry.reason) for entry in read_songs(tmp_path, "lark, ada").skipped} == {
        ("Ben/Kitchen/Bread.txt", "by Ben Oak"),
        ("Ben/Kitchen/Jam.txt", "by Ben"),
    }
    assert titles(tmp_path, "Ben Oak") == ["Bread"]


def test_files_named_by_artist_and_title(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "Ada Lark - Sea.txt": "Row on",
            "Ada Lark - Tea.lrc": "[00:01.00]Tea\n[00:02.00]for two",
            "x.txt": "Bread for one",
        },
    )
    assert [(song.title, song.artist) for song in read_songs(tmp_path).songs] == [
        ("Sea", "Ada Lark"),
        ("Tea", "Ada Lark"),
        ("x", "Ada Lark"),
    ]


def duet(tmp_path: Path) -> Path:
    rows = [("Ada", "Sea"), ("Ben", "Tea"), ("ADA ", "Bee"), ("Ada", "Key")]
    lines = [json.dumps({"artist": artist, "title": title, "lyrics": "la"}) for artist, title in rows]
    return write(tmp_path, {"duet.jsonl": "\n".join(lines)})


def test_several_artists_are_listed_and_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read_songs(duet(tmp_path))
    assert "2 artists found: Ada (3), Ben (1)" in str(error.value)
    assert "data.artist=NAME" in str(error.value)


@pytest.mark.parametrize("artist", ["Ada", "ada", " ADA  ", "Áda"])
def test_an_artist_is_chosen_despite_case_and_spaces(tmp_path: Path, artist: str) -> None:
    assert titles(duet(tmp_path), artist) == ["Sea", "Bee", "Key"]


def test_whose_the_other_songs_are_is_told(tmp_path: Path) -> None:
    assert read_songs(duet(tmp_path), "Ben").skipped == [
        Skipped("duet.jsonl", "3 songs of other artists: Ada (2), ADA (1)")
    ]


def test_a_line_that_names_the_artist_is_not_sung(tmp_path: Path) -> None:
    write(
        tmp_path / "ada_lark",
        {"sea.txt": "Sea\nby Ada Lark\n12 ContributorsSea LyricsRow on", "tea.txt": "ADA LARK\n\nTea"},
    )
    (tmp_path / "ada_lark" / "key.txt").write_text("Key\n\nBy Ada Lark's back door\nthe key")
    lyrics = [song.lyrics for song in read_songs(tmp_path / "ada_lark").songs]
    assert lyrics == ["\nBy Ada Lark's back door\nthe key", "12 ContributorsSea LyricsRow on", "\nTea"]


def test_an_artist_who_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"data\.artist=Cid is not among the artists found: Ada \(3\), Ben \(1\)"):
        read_songs(duet(tmp_path), "Cid")


def test_a_chosen_artist_names_the_files_that_name_none(tmp_path: Path) -> None:
    write(duet(tmp_path), {"own.txt": "Row on"})
    songs = read_songs(tmp_path, "Ben").songs
    assert [(song.title, song.artist) for song in songs] == [("Tea", "Ben"), ("own", "Ben")]


def test_the_same_artist_in_two_spellings_is_one(tmp_path: Path) -> None:
    files = {f"{n}.json": json.dumps({"artist": a, "lyrics": "la"}) for n, a in enumerate(["Ada", "ADA", "Ada"])}
    assert {song.artist for song in read_songs(write(tmp_path, files)).songs} == {"Ada"}
