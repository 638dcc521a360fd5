"""Which songs are worth a look: each kind of oddity is told, ordinary songs are not, the worst comes first."""

from collections import Counter
from typing import Any

import pytest

from lyric_lm.lyrics.inspection import Suspicion, suspicions
from lyric_lm.lyrics.languages import tongue
from lyric_lm.lyrics.reading import ALBUM
from lyric_lm.lyrics.song import Song

NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def plain(number: int) -> Song:
    stanza = f"Row on to the island, number {NUMBERS[number]}\n"
    return Song(
        f"Song {number}",
        "Ada",
        "\n\n".join([stanza + "the morning is grey and the water is cold"] * 4),
        f"{number}.txt",
    )


PLAIN = [plain(number) for number in range(10)]
LYRICS = PLAIN[0].lyrics
SPANISH = "Las olas vienen y se van\ny yo te espero en el puerto\n\n"


def found(songs: list[Song], *known: Any) -> list[Suspicion]:
    return suspicions(songs, [tongue(song.lyrics) for song in songs], *known)


def look(*songs: Song, raw: dict[str, str] | None = None, excerpts: tuple[str, ...] = ()) -> list[Suspicion]:
    return found([*PLAIN, *songs], raw or {}, {"odd.txt": Counter(page_header=1)}, excerpts)


@pytest.mark.parametrize(
    ("lyrics", "reason"),
    [
        (f"{LYRICS}\nR\ufffdw h\ufffdme", "2 unreadable characters"),
        (f"{LYRICS}\nRow\ue000 home\u200b", "2 characters that no text should hold"),
        (f"{LYRICS}\nmore at https://example.org/songs", "a web or mail address"),
        (f"{LYRICS}\nwrite to ada@example.org", "a web or mail address"),
        (f"{LYRICS}\nlov\u0435 is lov\u0435", "1 word with letters of two scripts"),
        (f"{LYRICS}\nOh [Chorus", "1 bracket or sign of mark-up"),
        (f"{LYRICS}\nOh <b>my</b>", "4 brackets or signs of mark-up"),
        (f"{LYRICS}\nSea Song Lyrics", "“lyrics”, as on the page of a lyrics site"),
        (f"{LYRICS}\nRow home3Embed", "“embed”, as on the page of a lyrics site"),
        (f"{LYRICS}\n- 12 -\nRow home", "a number where none is sung"),
        ("Row on home\n" * 4, "12 words, where half the songs have 64 or more"),
        ("\n\n".join([LYRICS] * 6), "384 words, where half the songs have 64 or fewer"),
        (LYRICS.replace("\n", " "), "a line of 302 characters, as in prose"),
        ("Волны идут и уходят\nк берегу моему\n\n" * 8, "in Cyrillic letters, where most songs are in Latin ones"),
        (SPANISH * 7, "its language seems to be es, where most songs are en"),
        (LYRICS.upper(), "all in capitals"),
        ("Row, row, row on, my love\n" * 12 + "Row home\n\nRow home", "one line is 12 of 14"),
        (
            "\n".join(f"Row {a}, {b}" for a in NUMBERS for b in NUMBERS[:7]),
            "70 lines and no empty one between them",
        ),
    ],
)
def test_what_is_odd_is_told(lyrics: str, reason: str) -> None:
    (found,) = look(Song("Odd", "Ada", lyrics.strip("\n"), "odd.txt"))
    assert (found.source, found.title) == ("odd.txt", "Odd")
    assert reason in found.reasons


@pytest.mark.parametrize(
    "line",
    [
        "[Chorus]",  # kept on purpose
        "Embed me in amber, 'twas said (oh, no)",
        "Nineteen eighty-four, 1984, row on",
        "Don’t go — ¡no! … señor, Čech, Łódź",
        "Hey hey hey hey",
        "👩\u200d🚀 row on",
    ],
)
def test_what_is_sung_is_not_odd(line: str) -> None:
    assert look(Song("Fine", "Ada", f"{line}\n{LYRICS}", "odd.txt")) == []


@pytest.mark.parametrize(
    "title", ["Tour Interview 1999", "Album Credits", "Low Tide (Skit)", "Низкий (English Translation)"]
)
def test_a_title_of_no_song(title: str) -> None:
    (found,) = look(Song(title, "Ada", LYRICS, "odd.txt"))
    assert "in the title" in found.reasons[0]


def test_what_cleaning_did_much_of() -> None:
    song = Song("Odd", "Ada", LYRICS, "odd.txt")
    assert look(song, raw={"odd.txt": LYRICS + "\nEmbed"}) == []
    (found,) = look(song, raw={"odd.txt": LYRICS + "x" * len(LYRICS)})
    assert found.reasons == ["cleaning took out 56% of the text (page header)"]
    (found,) = look(song, raw={"odd.txt": LYRICS[: len(LYRICS) // 2]})
    assert found.reasons == ["cleaning made the text 2.0 times as long (page header)"]


def test_the_worst_comes_first_and_scores_add_up() -> None:
    songs = [
        Song("b", "Ada", f"{LYRICS}\n7", "b.txt"),
        Song("d", "Ada", f"{LYRICS}\n7", "d.txt"),
        Song("c", "Ada", LYRICS, "c.txt"),
        Song("a", "Ada", f"{LYRICS}\n7\nwww.example.org <", "a.txt"),
    ]
    found = look(*songs, excerpts=("c.txt",))
    assert [(one.title, one.score) for one in found] == [("a", 6.5), ("c", 5.0), ("b", 1.5), ("d", 1.5)]
    assert found[0].reasons == ["a web or mail address", "1 bracket or sign of mark-up", "a number where none is sung"]


def test_an_artist_s_manner_is_no_reason() -> None:
    shouted = [Song(song.title, "Ada", song.lyrics.upper(), song.source) for song in PLAIN]
    assert found(shouted, {}, {}, ()) == []
    assert [one.reasons for one in found([*PLAIN[:6], *shouted[6:]], {}, {}, ())] == [["all in capitals"]] * 4


def test_few_songs_and_songs_of_many_languages_are_not_all_odd() -> None:
    assert found([], {}, {}, ()) == []
    assert found(PLAIN[:1], {}, {}, ()) == []
    spanish = [Song("Mar", "Ada", SPANISH * 6 + "Adiós", f"{n}") for n in range(5)]
    assert found([*PLAIN, *spanish], {}, {}, ()) == []


def test_the_album_has_nothing_to_look_at() -> None:
    songs = []
    for file in sorted(ALBUM.glob("*.txt")):
        title, _, lyrics = file.read_text(encoding="utf-8").partition("\n")
        songs.append(Song(title, "Tilda Marrow", lyrics.strip("\n"), file.name))
    assert found(songs, {song.source: song.lyrics for song in songs}, {}, ()) == []
