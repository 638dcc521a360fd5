"""JSON as people have it: every LyricsGenius file, any nesting, data frames, mappings, and files cut or broken."""

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyric_lm.lyrics.formats.json_records import parse_json
from lyric_lm.lyrics.formats.json_values import is_json, read_json
from lyric_lm.lyrics.formats.keys import LYRICS_KEYS

Record = dict[str, str]
SEA = {"lyrics": "Row on\nrow home", "title": "Sea", "artist": "Ada"}
TEA = {"lyrics": "Tea\nfor two", "title": "Tea", "artist": "Ada"}


def records(body: Any) -> list[Record]:
    found, problems = parse_json(body if isinstance(body, str) else json.dumps(body))
    assert problems == []
    return found


# What the API says of a song, an album and an artist, and so LyricsGenius saves.
ADA = {"_type": "artist", "api_path": "/artists/3", "id": 3, "name": "Ada", "url": "u", "is_verified": False}
BEN = ADA | {"id": 4, "name": "Ben"}
HARBOURS = {"_type": "album", "id": 9, "name": "Harbours", "full_title": "Harbours by Ada", "url": "u", "artist": ADA}
BODY = {
    "annotation_count": 2,
    "full_title": "Sea by Ada",
    "id": 1,
    "lyrics_owner_id": 7,
    "lyrics_state": "complete",
    "title": "Sea",
    "title_with_featured": "Sea (Ft. Ben)",
    "primary_artist": ADA,
    "featured_artists": [BEN],
    "writer_artists": [BEN],
    "album": HARBOURS,
    "stats": {"hot": False, "pageviews": 5},
    "description": {"plain": "A song\nabout the sea"},
    "media": [{"provider": "x", "url": "u"}],
}
SONG = BODY | {"artist": "Ada", "lyrics": "Row on\nrow home"}
OLD = {"title": "Sea", "album": "Harbours", "year": "1999", "lyrics": "Row on\nrow home", "image": "u", "artist": "Ada"}
SECOND = SONG | {"title": "Tea", "lyrics": "Tea\nfor two"}
GUEST = SECOND | {"artist": "Ben", "primary_artist": BEN}


@pytest.mark.parametrize(
    "body",
    [
        [OLD, OLD | {"title": "Tea", "lyrics": "Tea\nfor two", "raw": {"id": 1, "media": []}}],
        {"songs": [OLD, SECOND]},
        {"artist": "Ada", "songs": [OLD, SECOND]},
        {**ADA, "alternate_names": ["A."], "description": "Sang\nsongs", "songs": [SONG, GUEST]},
        {"songs": [SONG, GUEST], **ADA},
        {**HARBOURS, "artist": "Ada", "tracks": [{"number": 1, "song": SONG}, {"number": None, "song": GUEST}]},
        {**HARBOURS, "tracks": [{"number": 1, "song": SONG}, {"number": 2, "song": GUEST}]},
        {"name": "Harbours", "artist": "Ada", "tracks": [SONG, SECOND]},
        {"name": "Ada", "albums": [{"name": "Harbours", "songs": [OLD]}, {"name": "Lamps", "songs": [SECOND]}]},
        {"meta": {"status": 200}, "response": {"songs": [SONG, SECOND]}},
        {"response": {"hits": [{"type": "song", "result": SONG}, {"type": "song", "result": SECOND}]}},
        {"features": [{"name": "lyrics"}], "rows": [{"row_idx": 0, "row": OLD}, {"row_idx": 1, "row": SECOND}]},
        {"train": [SEA], "test": [TEA]},
        {"0": SEA, "1": TEA},
        [[SEA], [[TEA]]],
        {"title": ["Sea", "Tea"], "lyrics": [SEA["lyrics"], TEA["lyrics"]], "artist": ["Ada", "Ada"]},
        {key: {"0": SEA[key], "7": TEA[key]} for key in SEA},
        {"columns": list(SEA), "index": [0, 1], "data": [list(SEA.values()), list(TEA.values())]},
        {"Ada": {"Sea": SEA["lyrics"], "Tea": TEA["lyrics"]}},
        {"Ada": {"Sea": ["Row on", "row home"], "Tea": ["Tea", "for two"]}},
        {"Ada": {"Sea": {"lyrics": SEA["lyrics"], "year": 1999}, "Tea": {"lyrics": TEA["lyrics"]}}},
        {"Ada": {"Harbours": {"Sea": SEA["lyrics"], "Tea": TEA["lyrics"]}}},
        {"artist": "Ada", "songs": {"Sea": SEA["lyrics"], "Tea": TEA["lyrics"]}},
        {"Ada": [{"title": "Sea", "lyrics": SEA["lyrics"]}, {"title": "Tea", "lyrics": TEA["lyrics"]}]},
        {"artists": [{"name": "Ada", "songs": [OLD]}, {"name": "Ada", "songs": [SECOND]}]},
    ],
)
@pytest.mark.parametrize("indent", [None, 4])
def test_every_way_to_keep_two_songs(body: Any, indent: int | None) -> None:
    assert records(json.dumps(body, indent=indent)) == [SEA, TEA]


@pytest.mark.parametrize(
    "body",
    [SONG, BODY | {"lyrics": SEA["lyrics"]}, {"response": {"song": SONG}, "meta": {"status": 200}}, {"song": SONG}],
)
def test_a_file_of_one_song(body: Any) -> None:
    assert records(body) == [SEA]


def test_guests_alone_are_still_the_artists() -> None:
    assert [record["artist"] for record in records({**ADA, "songs": [GUEST]})] == ["Ada"]
    assert [record["artist"] for record in records({"name": "Ada", "songs": [GUEST | {"artist": "Ben & Ada"}]})] == [
        "Ada"
    ]


def test_songs_of_various_artists_keep_their_own() -> None:
    assert [record["artist"] for record in records({"name": "For the road", "songs": [SONG, GUEST]})] == ["Ada", "Ben"]
    body = {"name": "Hits", "artist": "Various Artists", "tracks": [{"number": 1, "song": SONG}, {"song": GUEST}]}
    assert [record["artist"] for record in records(body)] == ["Ada", "Ben"]
    assert [record["artist"] for record in records({"Ada": {"Sea": "a\nb"}, "Ben": {"Sea": "c\nd"}})] == ["Ada", "Ben"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"lyrics": ["Row on", "", "row home"]}, {"lyrics": "Row on\n\nrow home"}),
        ({"lyrics": [["Row on", "row"], ["home"]]}, {"lyrics": "Row on\nrow\n\nhome"}),
        ({"title": "Sea", "lyrics": ["Row on\nrow", "home"]}, {"lyrics": "Row on\nrow\n\nhome", "title": "Sea"}),
        ({"lyrics": {"verse 1": "Row on", "chorus": ["row", "home"]}}, {"lyrics": "Row on\n\nrow\nhome"}),
        ({"lyrics": {"lines": [{"startTimeMs": "9", "words": "Row"}, {"words": "on"}]}}, {"lyrics": "Row\non"}),
        ({"lyrics": [{"time": 1, "text": "Row"}, {"time": 2, "text": "on"}]}, {"lyrics": "Row\non"}),
        ({"lyrics": "Row on\r\nrow\rhome"}, {"lyrics": "Row on\nrow\nhome"}),
        ({"lyrics": r"Row on\nrow\nhome"}, {"lyrics": "Row on\nrow\nhome"}),
        ({"lyrics": None, "title": "Sea"}, {"lyrics": "", "title": "Sea"}),
        ({"lyrics": "Row", "title": 1999}, {"lyrics": "Row", "title": "1999"}),
        ({"lyrics": "Row", "title": 1999.0, "song": "Sea"}, {"lyrics": "Row", "title": "1999"}),
        ({"lyrics": "Row", "title": None, "song": "Sea"}, {"lyrics": "Row", "title": "Sea"}),
        ({"lyrics": "Row", "title": True, "artist": {"id": 3}}, {"lyrics": "Row"}),
        ({"lyrics": "Row", "title": "Sea\n "}, {"lyrics": "Row", "title": "Sea"}),
        ({"lyrics": "Row", "artists": [{"name": "Ada"}, {"name": "Ben"}]}, {"lyrics": "Row", "artist": "Ada"}),
        ({"trackName": "Sea", "plainLyrics": None, "syncedLyrics": "[00:02.0]on\n[00:01.0]Row"},
         {"lyrics": "Row\non", "title": "Sea"}),
        ({"plainLyrics": "Row", "syncedLyrics": "[00:02.0]on"}, {"lyrics": "Row"}),
        ({"message": {"body": {"lyrics": {"lyrics_id": 7, "lyrics_body": "Row"}}}}, {"lyrics": "Row"}),
        ({"text": "Row on\nrow home"}, {"lyrics": "Row on\nrow home"}),
    ],
)  # fmt: skip
def test_what_a_field_holds(fields: dict[str, Any], expected: Record) -> None:
    assert records(fields) == [expected]


@pytest.mark.parametrize("text", [r'{"lyrics": "Row \ud83don \ud83d\ude00"}', '{"lyrics": "Row \ud83don 😀"}'])
def test_half_an_emoji_is_dropped(text: str) -> None:
    assert records(text) == [{"lyrics": "Row on 😀"}]


def test_texts_alone_are_songs() -> None:
    assert records({"train": ["Row on\nrow home", "Tea\nfor two"]}) == [
        {"lyrics": SEA["lyrics"]},
        {"lyrics": TEA["lyrics"]},
    ]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(SONG) + json.dumps(SECOND),
        json.dumps(SONG) + "\n" + json.dumps(SECOND) + "\n",
        json.dumps(SONG, indent=2) + "\n" + json.dumps(SECOND, indent=2),
        json.dumps(SONG, indent=2) + ",\n" + json.dumps(SECOND, indent=2) + ",",
        "\x1e" + json.dumps(SONG) + "\n\x1e" + json.dumps(SECOND) + "\n",
        f"[{json.dumps(SONG)},\n{json.dumps(SECOND)},\n]",
        json.dumps([SONG, SECOND]).replace(r"\n", "\n"),  # line ends as they are, inside strings
        json.dumps([SONG, SECOND | {"score": float("nan")}]).replace("1,", "9" * 5000 + ","),
    ],
)
def test_json_that_is_not_quite(text: str) -> None:
    assert is_json(text)
    assert records(text) == [SEA, TEA]


def song(number: int) -> dict[str, Any]:
    return SONG | {"title": f"Song {number}", "lyrics": f'Row on, number {number}\nand "row" home'}


DUMP = {**ADA, "songs": [song(number) for number in range(400)]}


@pytest.mark.parametrize("indent", [None, 4])
def test_a_cut_dump_keeps_every_whole_song(indent: int | None) -> None:
    text = json.dumps(DUMP, indent=indent)
    last = text.index("Song 399")
    for cut in (last, last + 20, text.rindex("media"), text.rindex("row"), text.index("Song 398")):
        found, problems = parse_json(text[:cut])
        n_whole = 398 if cut < last else 399
        assert [record["title"] for record in found] == [f"Song {n}" for n in range(n_whole)]
        assert {record["artist"] for record in found} == {"Ada"}
        (problem,) = problems
        line = text[:cut].count("\n") + 1
        assert problem.startswith("broken JSON on line ")
        assert line - 40 < int(problem.split(":")[0].rpartition(" ")[2]) <= line


@pytest.mark.parametrize("indent", [None, 4])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"title": "Song 17"', '"title": "So"ng 17"'),
        ("number 17", '"number" 17'),
        ('"media": [', "["),
        ("Song 17", "\\x"),
    ],
)
def test_a_broken_song_in_the_middle_costs_itself(old: str, new: str, indent: int | None) -> None:
    text = json.dumps(DUMP, indent=indent)
    at = text.index(old, text.index("Song 17") - 20)
    found, problems = parse_json(text[:at] + new + text[at + len(old) :])
    assert [record["title"] for record in found] == [f"Song {n}" for n in range(400) if n != 17]
    assert len(problems) == 1


def test_broken_lines_cost_themselves() -> None:
    lines = [json.dumps(SONG), '{"lyrics": "Row', "Row on", "", json.dumps(SECOND), "{}}", json.dumps(SONG)]
    found, problems = parse_json("\n".join(lines))
    assert found == [SEA, TEA, SEA]
    assert [problem.partition(" is not JSON: ")[0] for problem in problems] == ["line 2", "line 3", "line 6"]
    _, problems = parse_json("\n".join([json.dumps(SONG), *['{"lyrics": }'] * 50]))
    assert (len(problems), problems[-1]) == (21, "30 more lines are not JSON")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"id": 1, "views": [{"year": 1999}]}', "no lyrics field among id, views, year; name it lyrics, lyric, text,"),
        ('{"name": "Ada", "songs": []}', "no lyrics field among name, songs;"),
        ("[]", "JSON without any fields; give objects with a lyrics field"),
        ('{"lyrics": true}', "no lyrics field among lyrics;"),
        ('{"lyrics": "Row', "broken JSON on line 1: Unterminated string"),
        ('{\n"lyrics" "Row"}', "broken JSON on line 2: Expecting value"),
        ("[" * 100_000, "broken JSON on line 1: nested too deeply"),
        ('{"a":' * 100_000, "broken JSON on line 1: nested too deeply"),
        ('[{"lyrics":' * 100_000, "broken JSON on line 1: nested too deeply"),
        ('{"features": {"lyrics": {"dtype": "string", "_type": "Value"}}, "splits": {}}', "describes a dataset"),
        ('{"_data_files": [{"filename": "data.arrow"}], "_fingerprint": "c0ffee"}', "describes a dataset"),
        ('{"added_tokens": [{"id": 0, "content": "<|endoftext|>"}]}', "no lyrics field among added_tokens, id,"),
        ('{"name": "demo", "version": "1.0", "description": "one\\ntwo"}', "no lyrics field among name, version,"),
    ],
)  # fmt: skip
def test_no_songs_and_why(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(reason)):
        parse_json(text)


def test_deep_nesting_is_walked() -> None:
    text = '{"a":' * 900 + json.dumps(SONG) + "}" * 900
    assert records(text) == [SEA]


@pytest.mark.parametrize(
    "line",
    [
        '{"lyrics": "Row',
        '{"lyrics": "a"}{',
        '[{"lyrics": "a"},{"lyrics": "b',
        '{"a":{"a":[',
        '"\\',
        "[{},",
        '{"lyrics":"a"}}\n',
    ],
)
def test_hostile_files_end_in_seconds(line: str) -> None:
    began = time.monotonic()
    read_json(line * (10_000_000 // len(line)))
    assert time.monotonic() - began < 15


@pytest.mark.parametrize(
    "text", ["[Verse 1]\nRow", "{Chorus}\nRow", '{"Chorus"}', "[1] Row", '["Sea"] Row', "[[Row]]", "{}\nRow"]
)
def test_song_texts_that_begin_with_brackets_are_no_json(text: str) -> None:
    assert not is_json(text)


@given(st.lists(st.tuples(st.text(max_size=20), st.sampled_from(LYRICS_KEYS)), min_size=1, max_size=5))
def test_json_gives_back_what_was_put_in(songs: list[tuple[str, str]]) -> None:
    texts = [text.replace("\\", "/").replace("[", "(").replace("\r", "") for text, _ in songs]
    body = [{key: text, "title": "t"} for text, (_, key) in zip(texts, songs, strict=True)]
    assert [record["lyrics"] for record in records(body)] == texts


def test_a_key_that_names_a_song_or_an_artist_is_a_line() -> None:
    body = {"Ada\n  Lark": {"The\nSea": "Row on\nrow home", "Tea": "Tea\nfor two"}}
    assert [(record["title"], record["artist"]) for record in records(body)] == [
        ("The Sea", "Ada Lark"),
        ("Tea", "Ada Lark"),
    ]
