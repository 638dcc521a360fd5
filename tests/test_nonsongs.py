"""What is no song, and what only sounds so: titles and texts as dumps have them."""

import pytest

from lyric_lm.lyrics.nonsongs import not_a_song, untranslated
from lyric_lm.lyrics.song import Song

VERSE = "Row on, my love, row on\nThe tide is in the bay\n\nSalt upon the harbour wall\nAnd gulls above the town"
PROSE = (
    "Recorded over eleven days in a barn outside Saltby with a borrowed microphone and most of a drum kit, this record "
    "was never meant to leave the room in which it was made, and the band would like to thank everybody who let it.\n"
    "Mixed by Bo at the lighthouse, mastered by nobody at all, and pressed in an edition of three hundred copies that "
    "were sold from the back of a van between the first and the last weekend of a very wet summer by the sea."
)
TRACKS = "1. Blue Jar\n2. Salt\n3. Ember Days\n4. No Harbour"
TALK = (
    "Interviewer: How did it start?\nAda: In a barn.\nInterviewer: And then?\nAda: It rained for a week.\nHost: Thanks."
)


def reason(title: str, lyrics: str, artist: str = "Ada Lark", found_as: str = "") -> str:
    return not_a_song(Song(title, artist, lyrics, "x"), found_as or lyrics, {"sea song"})


@pytest.mark.parametrize(
    ("title", "lyrics", "expected"),
    [
        *[
            ("Dusk", text, "instrumental")
            for text in ("(Instrumental)", "This song is an instrumental.", "[Instrumental]")
        ],
        *[("Dusk", text, "instrumental") for text in ("Instrumental", "Инструментальная композиция", "纯音乐，请欣赏")],
        (
            "Dusk",
            "Lyrics for this song have yet to be released. Please check back once the song has been released.",
            "not",
        ),
        ("Dusk", "Lyrics will be available soon!", "not released yet"),
        ("Dusk", "We do not have the lyrics for Dusk yet.", "not released yet"),
        ("Dusk", "", "empty"),
        ("Dusk", "… —", "empty"),
        ("Dusk", "[Intro]\n\n[Outro]", "nothing but labels and credits"),
        ("Dusk", "Row on", "2 words, too short to be a song"),
        ("Night Ferry [Tracklist]", TRACKS, "track list"),
        ("Night Ferry", TRACKS, "track list"),
        ("Night Ferry (Liner Notes)", PROSE, "liner notes"),
        ("Night Ferry", PROSE, "prose, not verse"),
        ("Night Ferry (Booklet)", VERSE, "liner notes"),
        ("Night Ferry (Album Art)", "A boat at night, seen from above", "album art"),
        ("Interview with Ada Lark", TALK, "interview"),
        ("Interview", TALK, "interview"),
        ("Morning Radio", TALK, "interview"),
        ("The Baker (Skit)", VERSE, "skit"),
        ("Credits", PROSE, "credits"),
        ("Sea Song (English Translation)", VERSE, "translation of a song that is there"),
        ("Ada Lark - Sea Song (Traducción al Español)", VERSE, "translation of a song that is there"),
        ("Sea Song (Romanized)", VERSE, "translation of a song that is there"),
        ("Sea Song [Deutsche Übersetzung]", VERSE, "translation of a song that is there"),
        ("Sea Song (Перевод)", VERSE, "translation of a song that is there"),
    ],
)
def test_what_is_no_song(title: str, lyrics: str, expected: str) -> None:
    assert reason(title, lyrics).startswith(expected)
    assert bool(reason(title, lyrics)) == bool(expected)


@pytest.mark.parametrize(
    ("title", "lyrics"),
    [
        *[
            (title, VERSE)
            for title in ("Unreleased", "Interview", "Credits", "Skit", "Translation", "Instrumental", "Notes")
        ],
        ("Translation of a Sigh", VERSE),
        ("Live", VERSE),
        ("Lost Song (English Translation)", VERSE),  # the song itself is not there
        ("Sea Song (Spanish Version)", VERSE),
        ("Sea Song (Live)", VERSE),
        ("Dusk", "No lyrics, no words, only the sea\nand I have nothing to say to it\nnot released, not free"),
        ("Count", "1, 2, 3 and row\n4, 5, 6 and go\n7, 8, 9 and oh\n10 is all I know"),
        ("古池", "古池や蛙飛び込む水の音"),
        ("Sermon", "She said: come home\nI said: not yet\nThe sea said nothing\nnor did I"),
    ],
)
def test_what_only_sounds_so(title: str, lyrics: str) -> None:
    assert reason(title, lyrics) == ""


def test_a_translators_page() -> None:
    assert reason("Anything", VERSE, artist="Genius English Translations") == "translation"


def test_a_title_without_its_translation() -> None:
    titles = ["Sea Song (English Translation)", "Sea Song - Traduction française", "Sea Song", "SEA SONG (Live)"]
    assert {untranslated(title) for title in titles} == {"sea song"}
