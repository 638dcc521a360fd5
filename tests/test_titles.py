"""Titles: notes of a version are no part of them, and what only looks like a note stays."""

import pytest

from lyric_lm.lyrics.song import words
from lyric_lm.lyrics.titles import base_title, has_note, names_a_song


@pytest.mark.parametrize(
    "title",
    [
        "Low Tide",
        "LOW TIDE!",
        "“Low Tide”",
        "low_tide_live",
        "Low Tide (Live)",
        "Low Tide (Live at Saltby, 1974)",
        "Low Tide [2011 Remaster]",
        "Low Tide - 2011 Remastered Version",
        "Low Tide - Live - Remaster",
        "Low Tide — Acoustic",
        "Low Tide (feat. Bea)",
        "Low Tide feat. Bea & Cal",
        "Low Tide ft. Bea (Remix)",
        "Low Tide (with Bea)",
        "Low Tide Demo 1974",
        "Low Tide (Demo) [Bonus]",
        "Low Tide - Radio Edit",
        "Low Tide Remix",
        "Low Tide (Take 2)",
        "Low Tide, Take 2",
        "Low Tide (En Vivo)",
        "Low Tide (Versión acústica)",
        "Low Tide (Ao Vivo)",
        "Low Tide (dal vivo)",
        "Low Tide (version acoustique)",
        "Low Tide (Akustikversion)",
        "Low Tide (Концертная запись)",
        "Low Tide (ライブ)",
        "Low Tide（现场版）",
        "Low Tide (1974)",
    ],
)
def test_notes_are_no_part_of_a_title(title: str) -> None:
    assert base_title(title) == "low tide"
    assert has_note(title) == (len(words(title.replace("_", " "))) > 2)


@pytest.mark.parametrize(
    ("title", "base"),
    [
        ("Low Tide, Pt. 2", "low tide pt 2"),
        ("Low Tide II", "low tide ii"),
        ("Alive", "alive"),
        ("Live and Learn", "live and learn"),
        ("Take the Tram Home", "take the tram home"),
        ("Remixed Feelings", "remixed feelings"),
        ("Demo", "demo"),
        ("(Live)", "live"),
        ("Ain't It So (Ain't It)", "aint it so aint it"),
        ("Mid-Tide", "mid tide"),
    ],
)
def test_what_is_the_title_stays(title: str, base: str) -> None:
    assert base_title(title) == base
    assert names_a_song(title)
