"""What changed between two texts: every line is there, only what differs is marked, and a song is found by name."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyric_lm.errors import InputError
from lyric_lm.lyrics.difference import difference, find_song, marked_lines
from lyric_lm.lyrics.song import Song

TEXTS = st.lists(st.text("ab \n<é家", max_size=6), max_size=8).map("\n".join)


def joined(before: str, after: str, signs: str, is_changed: tuple[bool, ...] = (True, False)) -> list[str]:
    lines = [line for line in marked_lines(before, after) if line.sign in signs]
    return ["".join(part.text for part in line.parts if part.is_changed in is_changed) for line in lines]


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_the_lines(before: str, after: str) -> None:
    assert "\n".join(joined(before, after, "- ")) == before
    assert "\n".join(joined(before, after, "+ ")) == after


@given(TEXTS, TEXTS)
def test_what_is_not_marked_is_in_both(before: str, after: str) -> None:
    old, new = (joined(before, after, signs, (False,)) for signs in ("- ", "+ "))
    assert "".join(old) == "".join(new)
    assert all(
        "".join(part.text for part in line.parts if part.is_changed) == "" for line in marked_lines(after, after)
    )


@pytest.mark.parametrize(
    ("before", "after", "removed", "added"),
    [
        ("lov\u0435 me", "love me", ["\u0435"], ["e"]),  # a Cyrillic letter
        ("don’t go", "don't go", ["’"], ["'"]),
        ("Row home17Embed", "Row home", ["17Embed"], [""]),
        ("12 ContributorsSea LyricsRow on", "Row on", ["12 ContributorsSea Lyrics"], [""]),
        ("Row<br>\nRow home<br>", "Row\nRow home", ["<br>", "<br>"], ["", ""]),
        ("one\ntwo\nthree", "one\nthree", ["two"], []),
        ("loveYou might also likeOh", "love\nOh", ["You might also like"], ["", ""]),
    ],
)
def test_only_what_changed_is_marked(before: str, after: str, removed: list[str], added: list[str]) -> None:
    assert joined(before, after, "-", (True,)) == removed
    assert joined(before, after, "+", (True,)) == added


def test_the_screen() -> None:
    before = "Sea Lyrics[Verse]\nRow\u00a0on\n家に帰る3Embed\n"
    told = difference(before, "Row on\n家に帰る", "Sea (sea.txt)", {"page_header": 1, "odd_spaces": 2})
    assert told.split("\n") == [
        "Sea (sea.txt)",
        "page header 1, odd spaces 2",
        "",
        "- Sea Lyrics[Verse]",
        "- Row‹U+00A0›on",
        "?    ^^^^^^^^",
        "- 家に帰る3Embed",
        "?         ^^^^^^",  # below letters that are two columns wide
        "-",
        "+ Row on",
        "?    ^",
        "+ 家に帰る",
    ]
    assert difference("Row", "Row", "Sea").split("\n") == ["Sea", "nothing to clean", "", "  Row"]


def test_colours_only_where_asked_for() -> None:
    before, after = "Row on\nRow home3Embed", "Row on\nRow home"
    coloured = difference(before, after, "Sea", colour=True)
    assert "\x1b[7m3Embed\x1b[0m" in coloured
    assert "\x1b" not in difference(before, after, "Sea")
    assert re.sub(r"\x1b\[\d+m", "", coloured).split("\n")[3:] == ["  Row on", "- Row home3Embed", "+ Row home"]


SONGS = [
    Song("The Sea", "Ada", "", "a/sea.txt"),
    Song("Don’t Go", "Ada", "", "a/go.txt"),
    Song("Don't go (Live)", "Ada", "", "live.csv:2"),
    Song("Tea", "Ada", "", "a/tea.txt"),
    Song("TEA!", "Ada", "", "b/tea.txt"),
    Song("???", "Ada", "", "c.txt"),
]


@pytest.mark.parametrize(
    ("query", "source"),
    [
        ("the sea", "a/sea.txt"),
        ("DON'T GO", "a/go.txt"),  # the whole title goes before a part of one
        ("live", "live.csv:2"),
        ("b/tea.txt", "b/tea.txt"),
        ("???", "c.txt"),
    ],
)
def test_a_song_is_found(query: str, source: str) -> None:
    assert find_song(SONGS, query).source == source


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("tea", "diff=tea means 2 songs: Tea (a/tea.txt), TEA! (b/tea.txt); give diff=SOURCE"),
        ("t", "diff=t means 5 songs"),
        ("the see", "diff=the see is not among the 6 songs, by title or by source; the nearest: The Sea (a/sea.txt)"),
        ("zzz", "diff=zzz is not among the 6 songs, by title or by source"),
        ("", "diff= is not among the 6 songs"),
    ],
)
def test_a_song_that_is_not_meant_clearly(query: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        find_song(SONGS, query)
