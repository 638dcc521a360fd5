"""A path in, songs out: what the files say; what holds no song is skipped with a reason, what is not there told."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from lyric_lm.errors import InputError
from lyric_lm.lyrics.reading import read_songs

Song = dict[str, str]


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def titles(path: Path, artist: str | None = None) -> list[str]:
    return [song.title for song in read_songs(path, artist).songs]


def test_a_nested_folder_in_order_of_path(tmp_path: Path) -> None:
    files = {"b/two.txt": "Two\n\nTea", "a/deep/one.txt": "Row on", "b/three.txt": "Bread"}
    reading = read_songs(write(tmp_path / "ada_lark" / "songs", files))
    assert [(s.source, s.title, s.lyrics) for s in reading.songs] == [
        ("a/deep/one.txt", "one", "Row on"),
        ("b/three.txt", "three", "Bread"),
        ("b/two.txt", "Two", "\nTea"),
    ]
    assert {song.artist for song in reading.songs} == {"Ada Lark"}
    assert (reading.n_files, reading.skipped) == (3, [])


def test_one_file_of_many_songs(tmp_path: Path) -> None:
    write(tmp_path, {"ada-lark.csv": "title;lyrics\nSea;Row\n;[Verse]<br>Tea for two\n"})
    songs = read_songs(tmp_path / "ada-lark.csv").songs
    assert [(s.title, s.artist, s.source) for s in songs] == [
        ("Sea", "Ada Lark", "ada-lark.csv:1"),
        ("Tea for two", "Ada Lark", "ada-lark.csv:2"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, line_end: str) -> None:
    text = 'title;lyrics\nÉlan;"Don’t go…\nnever – señor"\n'
    write(tmp_path, {"songs.csv": text.replace("\n", line_end).encode(encoding)})
    (song,) = read_songs(tmp_path).songs
    assert (song.title, song.lyrics) == ("Élan", "Don’t go…\nnever – señor")


GOOD: dict[str, str | bytes] = {"good.txt": "Row on, row home"}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("cover.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary file"),
        ("song.txt", bytes(range(256)) * 10, "binary file"),
        ("nothing.txt", b"", "empty file"),
        ("blank.txt", b" \r\n\t\n", "empty file"),
        ("half.json", b'{"songs": [{"title": "Sea", "lyr', "broken JSON"),
        ("other.csv", b"year,views\n1999,7\n", "no lyrics column among year, views"),
        ("config.json", b'{"version": 1}', "no lyrics field among version"),
        ("notes.docx", b"plain words", "not a song format: .docx"),
    ],
)
def test_a_file_that_holds_no_song_is_skipped_and_told(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    reading = read_songs(write(tmp_path, GOOD | {name: content, "z.txt": "Tea for two"}))
    assert [song.source for song in reading.songs] == ["good.txt", "z.txt"]
    (skipped,) = reading.skipped
    assert skipped.source == name
    assert reason in skipped.reason
    assert reading.n_files == 3


def test_the_songs_that_prepare_wrote_and_not_its_reports(tmp_path: Path) -> None:
    lines = [json.dumps({"title": t, "artist": "Ada", "lyrics": "la", "source": "x"}) for t in ("Sea", "Tea")]
    reports = {"report.json": json.dumps({"text": "la", "lyrics": "la"}), "report.md": "# Ada", "report.html": "<p>Ada"}
    write(tmp_path / "prepared", {"songs.jsonl": "\n".join(lines)} | reports)
    write(tmp_path / "mine", {"report.md": "Row on, row home"})
    reading = read_songs(tmp_path)
    assert [song.title for song in reading.songs] == ["report", "Sea", "Tea"]
    assert (reading.n_files, reading.skipped) == (2, [])


def test_a_part_of_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"a.jsonl": '{"title": "Sea", "lyrics": "Row on"}\n{"title": "Te\n{"title": "Bee", "lyrics": "Fly"}\n'},
    )
    reading = read_songs(tmp_path)
    assert [(song.title, song.source) for song in reading.songs] == [("Sea", "a.jsonl:1"), ("Bee", "a.jsonl:2")]
    (problem,) = reading.skipped
    assert problem.source == "a.jsonl"
    assert "line 2" in problem.reason


def test_an_untitled_song_is_called_by_its_first_line_wherever_it_stands(tmp_path: Path) -> None:
    rows = ["[Chorus]\nOh, row on\nhome", "12 ContributorsSea Song LyricsRow", "La " * 40, "[Intro]"]
    write(
        tmp_path, {"a.jsonl": "\n".join(json.dumps({"lyrics": row}) for row in rows), "b.json": '{"lyrics": "Row on"}'}
    )
    assert titles(tmp_path) == ["Oh, row on", "Sea Song", " ".join(["La"] * 20), "a", "Row on"]


def test_a_dataset_on_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "blobs", {"4f5e": "title,lyrics\nSea,Row on\n"})
    write(tmp_path / "snapshots" / "c0ffee", {"README.md": "# Data\n\nThese files: https://example.org\n"})
    (tmp_path / "snapshots" / "c0ffee" / "train.csv").symlink_to("../../blobs/4f5e")  # as the hub's cache is
    folders = {"a/ada-lark": tmp_path / "snapshots" / "c0ffee"}
    monkeypatch.setitem(sys.modules, "lyric_lm.lyrics.hub_songs", SimpleNamespace(fetch=folders.get))
    reading = read_songs("a/ada-lark")
    assert reading.path == "a/ada-lark"
    assert [(song.title, song.artist, song.source) for song in reading.songs] == [("Sea", "Ada Lark", "train.csv")]
    with pytest.raises(FileNotFoundError):
        read_songs(str(tmp_path / "a" / "ada-lark"))
    with pytest.raises(FileNotFoundError):
        read_songs("a/ada-lark.csv")


def test_a_path_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere does not exist; give a file or a folder"):
        read_songs(tmp_path / "nowhere")


@pytest.mark.parametrize("path", ["", " "])
def test_an_empty_path_is_not_the_current_folder(path: str) -> None:
    with pytest.raises(InputError, match=r"data\.path is empty"):
        read_songs(path)


def test_a_folder_without_songs_says_what_it_saw(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no songs") as error:
        read_songs(write(tmp_path, {"cover.png": b"\x89PNG\r\n\x1a\n"}))
    assert "1 files looked at; cover.png: binary file (a picture)" in str(error.value)
    with pytest.raises(InputError, match=r"has no songs \(0 files"):
        read_songs(write(tmp_path / "empty", {".keep": ""}))


def test_no_path_is_the_demo_album() -> None:
    reading = read_songs(None)
    assert reading.path == "demo album"
    assert {song.artist for song in reading.songs} == {"Tilda Marrow"}
    assert reading.skipped == []
    assert all(song.source.endswith(".txt") for song in reading.songs)
