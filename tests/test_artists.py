"""Whose song it is: the spellings of one name, guests, and what folders and file names say."""

import re
from pathlib import PurePath

import pytest

from lyric_lm.errors import InputError
from lyric_lm.lyrics.artists import choose_artist, key
from lyric_lm.lyrics.places import artists_of_places, titles_of_places


@pytest.mark.parametrize(
    "names",
    [
        [
            "Robert Burns",
            "robert  burns",
            "Burns, Robert",
            "ROBERT_BURNS",
            "robert-burns",
            "Robert\tBurns",
            "RobertBurns",
        ],
        ["The Beatles", "Beatles, The", "beatles", "THE BEATLES"],
        ["Élan Noir", "Elan Noir", "Élan  noir", "E\u0301lan Noir"],
        ["R. Burns", "Burns, R", "R Burns", "Burns, R."],
        ["Salt & Sea", "Salt and Sea"],
        ["AC/DC", "AC-DC", "AcDc"],
        ["Алёна", "Алена", "АЛЁНА"],
        ["!!!"],
        ["The The"],
    ],
)
def test_spellings_of_one_name(names: list[str]) -> None:
    assert len({key(name) for name in names}) == 1
    for wanted in (None, *names):
        assert choose_artist(names, wanted)[1] == [True] * len(names)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Robert Burns", "Robert Byrne"),
        ("Crosby, Stills, Nash", "Nash, Crosby, Stills"),
        ("Earth, Wind & Fire", "Wind & Fire Earth"),
        ("Ada", "Ada Lark"),
        ("!!!", "???"),
        ("हिना", "हेना"),
    ],
)
def test_different_names(one: str, other: str) -> None:
    with pytest.raises(InputError, match="2 artists found"):
        choose_artist([one, other], None)


GUESTS = ["feat. Ada", "ft. Ada", "(feat. Ada & Ben)", "[ft Ada]", "featuring Ada", "Feat Ada"]
PARTNERS = ["& Ada", "and Ada", "with Ada", "x Ada", "/ Ada", ", Ada", "& The Larks"]


@pytest.mark.parametrize("guest", [*GUESTS, *PARTNERS])
def test_a_song_with_others_is_the_first_one_s(guest: str) -> None:
    names = ["robert burns", f"Robert Burns {guest}", "Robert Burns"]
    assert choose_artist(names, None) == ("Robert Burns", [True] * 3)
    assert choose_artist([names[1], "Cid"], "ROBERT BURNS")[1] == [True, False]
    assert choose_artist(["Ada", f"Robert Burns {guest}"], "Ada")[1] == [True, False]


def test_a_band_of_two_names_is_no_one_s_until_they_sing_alone() -> None:
    assert choose_artist(["Simon & Carver"] * 2, None) == ("Simon & Carver", [True, True])
    assert choose_artist(["Simon & Carver", "Simon"], "simon and carver") == ("Simon & Carver", [True, False])


@pytest.mark.parametrize(
    ("names", "artist"),
    [
        (["Ada", "ADA", "ADA"], "ADA"),
        (["ada lark", "ADA LARK", "Ada Lark"], "Ada Lark"),
        (["Lark, Ada", "Ada Lark"], "Ada Lark"),
        (["", "Unknown Artist", "nan"], ""),
        (["Ada feat. Ben"], "Ada"),
    ],
)
def test_the_artist_is_written_as_most_songs_write_it(names: list[str], artist: str) -> None:
    assert choose_artist(names, None) == (artist, [True] * len(names))


def test_several_artists_are_listed_with_most_songs_first() -> None:
    with pytest.raises(
        InputError, match=re.escape("2 artists found: Burns, R (3), Lark (2); choose one with data.artist=NAME")
    ):
        choose_artist(["Lark", "Burns, R", "Lark feat. X", "R. Burns", "Burns, R", ""], None)
    with pytest.raises(InputError, match=r"30 artists found: .*K \(1\), …; choose"):
        choose_artist([*"BCDEFGHIJ", *"KLMNOPQRST", *"BCDEFGHIJ", *(f"N{n}" for n in range(11))], None)


def test_an_artist_who_is_not_there_is_told_the_nearest() -> None:
    names = [*["Cid"] * 3, *["Robert Burns"] * 2, "Roberta"]
    message = "data.artist=Robert Bruns is not among the artists found: Robert Burns (2), Roberta (1), Cid (3)"
    with pytest.raises(InputError, match=re.escape(message)):
        choose_artist(names, "Robert Bruns")


def paths(*names: str) -> list[PurePath]:
    return [PurePath(f"{name}.txt") for name in names]


TWO = ("ada_lark/Harbours/Sea", "Ben/Kitchen/CD1/Tea", "Ben/songs/Kitchen/Bread")


@pytest.mark.parametrize(
    ("names", "stated", "wanted", "artists"),
    [
        (TWO, [], None, ["Ada Lark", "Ben", "Ben"]),
        (TWO, ["Cid"], None, ["", "", ""]),  # what files state decides
        (TWO, ["BEN"], None, ["Ada Lark", "Ben", "Ben"]),  # and tells that these folders are artists
        (TWO, [], "Ben", ["Ada Lark", "Ben", "Ben"]),
        (TWO, [], "Cid", ["", "", ""]),
        (TWO, [], "Ada Larck", ["Ada Lark", "Ben", "Ben"]),  # misspelt: to be asked again
        (("Ada/Sea", "Ben/Tea"), [], None, ["", ""]),  # may be albums
        (("Ada/Sea", "Ben/Tea"), [], "ada", ["Ada", "Ben"]),
        (("rock/Ada/Harbours/Sea", "folk/Ben/Kitchen/Tea"), [], None, ["Ada", "Ben"]),
        (("Ada - Sea", "Ada - Tea", "Bee"), [], None, ["Ada", "Ada", ""]),
        (("Ada - Sea", "Ben - Tea"), [], None, ["", ""]),
        (("Ada - Sea", "Ben - Tea"), ["Ada"], None, ["Ada", "Ben"]),
        (("Ada - Sea", "Ben - Tea"), [], "Ben", ["Ada", "Ben"]),
        (("Sea - Live", "Sea - Demo"), [], None, ["", ""]),
        (("01 - Sea", "01 - Tea"), [], None, ["", ""]),
        (("CD 1/Sea", "lyrics/Tea"), [], "CD 1", ["", ""]),
    ],
)
def test_artists_of_places(names: tuple[str, ...], stated: list[str], wanted: str | None, artists: list[str]) -> None:
    assert artists_of_places(paths(*names), stated, wanted) == artists


@pytest.mark.parametrize(
    ("names", "titles"),
    [
        (["Ada - Sea", "Tea - Ada", "Ben - Bee"], ["Sea", "Tea", "Ben - Bee"]),
        (["Ben - Bee", "Ben - Tea"], ["Bee", "Tea"]),
        (["01 - Sea", "02 Tea", "03_Bee", "1-04 Key"], ["Sea", "Tea", "Bee", "Key"]),
        (["Ada - Harbours - 07 - Sea"], ["Sea"]),
        (["a/1 Sea", "a/2 Tea", "a/3 Years", "b/7 Years"], ["Sea", "Tea", "Years", "7 Years"]),
        (["o_er_the_sea", "1999"], ["o er the sea", "1999"]),
    ],
)
def test_titles_of_places(names: list[str], titles: list[str]) -> None:
    assert titles_of_places(paths(*names), ["Ada"] * len(names)) == titles
