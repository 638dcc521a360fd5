"""The account of a corpus: what the screen, the data and the pages say, and that files come whole or not at all."""

import dataclasses
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyric_lm.errors import InputError
from lyric_lm.lyrics.corpus import Example
from lyric_lm.lyrics.inspection import Suspicion
from lyric_lm.lyrics.reading import Skipped
from lyric_lm.lyrics.report import FILES, as_data, describe, histogram, write_corpus
from lyric_lm.lyrics.song import Song
from tests.reported import CORPUS, MAR, NOTHING, SEA, TEA


def test_the_screen() -> None:
    assert describe(CORPUS).split("\n") == [
        "Ada Lark: 3 songs from my songs",
        "   found: 6 in 7 files; 2 skipped (binary file 1, more fields than the header's n 1)",
        "left out: 3 (instrumental 1, too short to be a song 1, version 1)",
        "versions: 1 other version of 1 song",
        " cleaned: odd spaces 12, embed tail 1",
        "   words: 15 in 5 lines; a song has 4 to 6, half of them 5 or more",
        "   split: 2 to train on, 1 held out",
        "language: en 2, unsure 1; letters: Latin 3",
        " look at: Mar (mar.txt): its language seems to be fr; very short",
        "",
    ]
    assert "left out: none\n cleaned: nothing to clean\n" in describe(NOTHING)


def test_the_screen_is_narrow_and_short() -> None:
    many = [Skipped(f"{n}.txt", f"song {n}: {'abcdefgh'[n % 8] * 20}") for n in range(1000)]
    odd = [Suspicion(f"{n}.txt", "A long title of a song", 1.0, ["a long reason to look at it"] * 5) for n in range(9)]
    told = describe(dataclasses.replace(CORPUS, dropped=many, to_look_at=odd))
    assert max(map(len, told.split("\n"))) <= 100
    assert told.count("\n") < 25
    assert "others 375)" in told  # of eight reasons, the three that are not among the five named
    assert "and 6 more in the report" in told


def test_the_data() -> None:
    data = as_data(CORPUS)
    assert json.loads(json.dumps(data)) == data
    assert data == {
        "path": "my songs",
        "artist": "Ada Lark",
        "n_files": 7,
        "n_songs_read": 6,
        "n_songs": 3,
        "n_songs_by_split": {"train": 2, "val": 1, "test": 0},
        "n_lines": 5,
        "n_words": 15,
        "n_bytes": 24 + 21 + 14,
        "lengths": {
            "words_per_song": {"min": 4, "median": 5, "max": 6},
            "histogram": [{"from": 0, "to": 10, "n_songs": 3}],
        },
        "languages": {"en": 2, "unsure": 1},
        "scripts": {"Latin": 3},
        "cleaned": {"odd_spaces": 12, "embed_tail": 1},
        "examples": {
            "embed_tail": [
                {"source": "sea.txt", "title": "Sea", "before": "Row on\nRow home3Embed", "after": "Row on\nRow home"}
            ]
        },
        "versions": [
            [
                {"title": "Sea", "source": "sea.txt", "is_kept": True},
                {"title": "Sea (Live)", "source": "live.txt", "is_kept": False},
            ]
        ],
        "to_look_at": [
            {
                "source": "mar.txt",
                "title": "Mar",
                "score": 4.5,
                "reasons": ["its language seems to be fr", "very short"],
            }
        ],
        "skipped_by_reason": {"binary file": 1, "more fields than the header's n": 1},
        "skipped_files": [
            {"source": "cover.png", "reason": "binary file"},
            {"source": "more.csv", "reason": "line 9: more fields than the header's 2"},
        ],
        "dropped_by_reason": {"instrumental": 1, "too short to be a song": 1, "version": 1},
        "dropped_songs": [
            {"source": "dusk.txt", "reason": "Dusk: Part 2: instrumental"},
            {"source": "stub.txt", "reason": "Stub: 2 words, too short to be a song"},
            {"source": "live.txt", "reason": "Sea (Live): version of Sea (sea.txt), which is more complete"},
        ],
        "titles": ["Mar", "Tea", "Sea"],  # in order of source
    }


@given(st.lists(st.one_of(st.integers(0, 500), st.integers(0, 10**6)), min_size=1, max_size=60))
def test_a_histogram_counts_every_song_once(values: list[int]) -> None:
    steps = histogram(values)
    assert sum(step["n_songs"] or 0 for step in steps) == len(values)
    assert len(steps) <= 13
    for step in steps:
        inside = [value for value in values if value >= step["from"] and (step["to"] is None or value < step["to"])]
        assert len(inside) == step["n_songs"]


def test_four_files_are_written(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    write_corpus(CORPUS, out)
    assert {file.name for file in out.iterdir()} == {"songs.jsonl", "report.json", "report.md", "report.html"}
    lines = (out / "songs.jsonl").read_text(encoding="utf-8").splitlines()
    assert [Song(**json.loads(line)) for line in lines] == [MAR, TEA, SEA]
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report == as_data(CORPUS) | {"titles_by_split": {"train": ["Tea", "Sea"], "val": ["Mar"], "test": []}}


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(InputError, match=rf"{re.escape(name)} exists and is not overwritten; choose another data\.out"):
        write_corpus(CORPUS, tmp_path)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [(name, "mine")]


def test_what_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    unwritable = dataclasses.replace(SEA, lyrics="Row \ud83d on")  # half an emoji
    with pytest.raises(UnicodeEncodeError):
        write_corpus(dataclasses.replace(CORPUS, splits={"train": [unwritable, TEA], "val": [MAR]}), tmp_path)
    monkeypatch.setattr(Path, "write_text", lambda *_, **__: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(OSError, match="no space left"):
        write_corpus(CORPUS, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_half_a_character_in_an_example_is_no_hindrance(tmp_path: Path) -> None:
    example = Example("a.txt", "A", "Row \ud83d on", "Row on")
    write_corpus(dataclasses.replace(CORPUS, examples={"embed_tail": [example]}), tmp_path)
    assert all((tmp_path / name).read_text(encoding="utf-8") for name in FILES)
