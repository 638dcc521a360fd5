"""Every shape that people find songs in: the text of a file in, its records out."""

import json
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyric_lm.lyrics.formats import LYRICS_KEYS, parse, parse_json, parse_table, parse_text

SEA = {"lyrics": "Row on\nrow home", "title": "Sea", "artist": "Ada"}


def parsed(text: str, name: str = "songs.txt") -> list[dict[str, str]]:
    return parse(text, PurePath(name))


@pytest.mark.parametrize(
    ("first", "name"),
    [
        ("O'er the Sea", "oer_the_sea"),
        ("Don’t Go (No, No)", "Don't Go (No No)"),
        ("ÉLAN", "élan"),
        ("Caf\u00e9", "Cafe\u0301"),  # macOS keeps file names decomposed
    ],
)
def test_a_first_line_like_the_file_name_is_the_title(first: str, name: str) -> None:
    (record,) = parsed(f"\n{first}\n\nRow on\n", f"{name}.txt")
    assert record == {"title": first, "lyrics": "\nRow on\n"}


@pytest.mark.parametrize("first", ["Row on", "Sea, sea", "...", "[Verse 1]", "{Chorus}", "{title: Sea}"])
def test_any_other_first_line_is_sung(first: str) -> None:
    (record,) = parsed(f"{first}\nRow home\n", "the_sea.txt")
    assert record == {"title": "the sea", "lyrics": f"{first}\nRow home\n"}


def test_songs_between_end_of_text_markers() -> None:
    text = "<|startoftext|>Row on\nrow home<|endoftext|>\n<|startoftext|>\nTea\n\ntoo<|endoftext|>\n"
    assert parsed(text) == [{"lyrics": "Row on\nrow home"}, {"lyrics": "Tea\n\ntoo"}]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_table_with_any_delimiter(delimiter: str) -> None:
    rows = [["artist", "title", "lyrics"], ["Ada", "Sea", '"Row on\nrow home"'], ["Ada", '"Tea ""for"" two"', "Tea"]]
    text = "\n".join(delimiter.join(row) for row in rows)
    assert parsed(text) == [SEA, {"lyrics": "Tea", "title": 'Tea "for" two', "artist": "Ada"}]


@pytest.mark.parametrize(
    "header",
    [
        "artist,song,link,text",
        "Band_Singer,Track,Views,Lyric",
        "ARTIST_NAME,Track_Name,id,Song_Lyrics",
        " singer , song_title , n , lyrics ",
    ],
)
def test_the_usual_column_names(header: str) -> None:
    assert parsed(f'{header}\nAda,Sea,7,"Row on\nrow home"\n', "kaggle.csv") == [SEA]


def test_spaces_after_commas_do_not_hide_quotes() -> None:
    assert parsed('artist, title, lyrics\nAda, Sea, "Row on, row\nhome"\n') == [SEA | {"lyrics": "Row on, row\nhome"}]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            'artist,lyrics\nAda,"Row on\nAda,Tea\n',
            "broken CSV in the row that begins on line 2",
        ),  # the quote stays open
        ('artist,lyrics\nAda,Tea\nAda,"Row" on\n', "begins on line 3"),
        ("artist,lyrics\nAda,Row on, row home\n", "line 2: more fields than the header's 2"),
        ("a,b\n1,2\n", "no lyrics column among a, b"),
    ],
)
def test_a_broken_table_says_where(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parsed(text, "songs.csv")


def test_a_row_without_lyrics_is_an_empty_song() -> None:
    assert parsed("title,lyrics\nSea\nTea,Tea\n") == [{"lyrics": "", "title": "Sea"}, {"lyrics": "Tea", "title": "Tea"}]


def test_json_lines() -> None:
    lines = [{"song": "Sea", "text": "Row on\nrow home", "artist": "Ada"}, {"lyrics": "Tea"}, {"title": "no words"}]
    text = "\n\n".join(json.dumps(line) for line in lines) + "\n"
    assert parsed(text, "songs.jsonl") == parsed(text, "songs.txt") == [SEA, {"lyrics": "Tea"}]


def test_a_single_line_of_json() -> None:
    assert parsed(json.dumps(SEA) + "\n", "one.jsonl") == [SEA]


SONG = {
    "annotation_count": 2,
    "artist": "Ada",
    "full_title": "Sea by Ada",
    "id": 1,
    "lyrics": "Row on\nrow home",
    "primary_artist": {"name": "Ada & Co", "id": 3},
    "title": "Sea",
    "url": "https://example.org/sea",
}
NEWER_SONG = {key: value for key, value in SONG.items() if key != "artist"} | {"primary_artist": {"name": "Ada"}}


@pytest.mark.parametrize(
    "body",
    [
        SONG,
        NEWER_SONG,
        [SONG],
        {"name": "Ada", "id": 3, "description": "Sang.", "songs": [SONG]},
        {"artist": "Ada", "songs": [SONG]},
        {"artist": {"name": "Ada"}, "name": "Harbours", "tracks": [{"number": 1, "song": SONG}]},
        {"artist": "Ada", "name": "Harbours", "tracks": [SONG]},
    ],
    ids=["song", "newer song", "list", "artist", "older artist", "album", "older album"],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_every_lyricsgenius_file(body: object, indent: int | None) -> None:
    assert parsed(json.dumps(body, indent=indent), "Lyrics_Ada.json") == [SEA]


def test_a_guest_song_belongs_to_the_artist_of_the_file() -> None:
    body = {"name": "Ada", "songs": [SONG | {"artist": "Ben feat. Ada"}]}
    assert parse_json(json.dumps(body)) == [SEA]


def test_lyrics_that_are_null_are_empty() -> None:
    assert parse_json('{"title": "Sea", "lyrics": null}') == [{"lyrics": "", "title": "Sea"}]


def test_half_an_emoji_is_dropped() -> None:
    r"""A dump that cut ``😀`` in two holds ``\ud83d``, which no file can be written with."""
    assert parse_json(r'{"lyrics": "Row \ud83don \ud83d\ude00"}') == [{"lyrics": "Row on 😀"}]


@pytest.mark.parametrize(
    ("text", "name", "reason"),
    [
        ('{"lyrics": "Row', "a.json", "broken JSON"),
        ("[" * 100_000, "a.json", "broken JSON"),
        ('{"lyrics": "Row"}\n{"lyrics": \n', "a.jsonl", "line 2 is not JSON"),
        ("Row on\nrow home", "a.docx", "not a song format: .docx"),
    ],
)
def test_a_broken_file_says_why(text: str, name: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parsed(text, name)


@given(st.lists(st.tuples(st.text(max_size=20), st.sampled_from(LYRICS_KEYS)), min_size=1, max_size=5))
def test_json_gives_back_what_was_put_in(songs: list[tuple[str, str]]) -> None:
    records = parse_json(json.dumps([{key: text, "title": "t"} for text, key in songs]))
    assert [record["lyrics"] for record in records] == [text for text, _ in songs]


LINES = st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20), max_size=4).map("\n".join)


@given(st.lists(LINES, min_size=1, max_size=5))
def test_a_table_gives_back_what_was_put_in(texts: list[str]) -> None:
    quoted = ['"' + text.replace('"', '""') + '"' for text in texts]
    table = "title;lyrics\n" + "".join(f"t;{text}\n" for text in quoted)
    assert [record["lyrics"] for record in parse_table(table)] == texts


@given(LINES)
def test_a_text_file_loses_nothing_but_its_title(text: str) -> None:
    assert parse_text(f"zz\n{text}", "a song")[0]["lyrics"] == f"zz\n{text}"
    assert parse_text(f"A Song\n{text}", "a song")[0]["lyrics"] == text
