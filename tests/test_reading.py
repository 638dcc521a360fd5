"""A path in, one artist's songs out: files found, decoded, skipped with a reason, and never written to."""

import json
import os
import socket
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from lyric_lm.errors import InputError
from lyric_lm.lyrics.reading import Skipped, read_songs

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


HIDDEN = [".DS_Store", ".git/song.txt", "._good.txt", "Thumbs.db", "a/desktop.ini", "__MACOSX/sea.txt", "~$sea.txt"]


def test_hidden_files_are_passed_over(tmp_path: Path) -> None:
    reading = read_songs(write(tmp_path, GOOD | dict.fromkeys(HIDDEN, b"Tea for two")))
    assert (titles(tmp_path), reading.skipped, reading.n_files) == (["good"], [], 1)


def test_what_cannot_be_read_is_told_and_not_waited_for(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    (tmp_path / "round.txt").symlink_to(tmp_path / "round.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "zero.txt").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket.txt"))
        reading = read_songs(tmp_path)
    special = "not a file but a pipe, socket or device"
    assert {entry.source: entry.reason for entry in reading.skipped} == {
        "gone.txt": "No such file or directory",
        "pipe.txt": special,
        "round.txt": "Too many levels of symbolic links",
        "socket.txt": special,
        "zero.txt": special,
    }


def test_links_are_followed_once(tmp_path: Path) -> None:
    home = write(tmp_path / "home", {"a/sea.txt": "Row on", "b/tea.txt": "Tea for two"})
    away = write(tmp_path / "away", {"bee.txt": "The bee went out"})
    (away / "back").symlink_to(tmp_path)
    (home / "a" / "key.txt").symlink_to(away / "bee.txt")
    for name, target in {"again": away, "b/away": away, "c": home / "a", "loop": home, "up": tmp_path}.items():
        (home / name).symlink_to(target, target_is_directory=True)
    reading = read_songs(home)
    assert [song.source for song in reading.songs] == ["a/key.txt", "a/sea.txt", "again/bee.txt", "b/tea.txt"]
    anyway, around = "a link to a folder that is read anyway", "a link to a folder around this one"
    assert {(entry.source, entry.reason) for entry in reading.skipped} == {
        ("again/back", around),
        ("b/away", anyway),
        ("c", anyway),
        ("loop", anyway),
        ("up", around),
    }


def test_a_folder_that_may_not_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, GOOD | {"closed/sea.txt": "Row on"})
    scandir = os.scandir

    def closed(path: Path) -> object:  # root may list any folder, so that its mode would say nothing
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("os.scandir", closed)
    reading = read_songs(tmp_path)
    assert titles(tmp_path) == ["good"]
    assert reading.skipped == [Skipped("closed", "Permission denied")]


def test_a_file_name_that_is_not_utf_8(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")).write_text("Row on, row home")
    except OSError:
        pytest.skip("this file system takes no such name")
    (song,) = read_songs(tmp_path).songs
    assert (song.title, song.source) == ("caf�", "caf�.txt")


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


@pytest.mark.parametrize("depth", [400])
def test_very_many_and_very_deep_files(tmp_path: Path, depth: int) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(20_000):
        (folder / f"{number}.txt").touch()
    write(tmp_path, {"/".join(["d"] * depth) + "/sea.txt": "Row on"})
    start = time.perf_counter()
    reading = read_songs(tmp_path)
    assert time.perf_counter() - start < 10
    assert (reading.n_files, len(reading.skipped)) == (20_001, 20_000)
    assert {entry.reason for entry in reading.skipped} == {"empty file"}
    assert [song.title for song in reading.songs] == ["sea"]


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


def test_a_home_folder_can_be_written_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path / "mine", GOOD)
    assert titles(Path("~/mine")) == ["good"]


def test_nothing_under_the_path_is_touched(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "ada", GOOD | {"b.csv": "title,lyrics\nSea,Row\n", "c.json": "{", ".d": "", "e/f.txt": "f"}
    )
    paths = sorted(folder.rglob("*"))
    before = [(path, path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"") for path in paths]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    read_songs(folder)
    for path in paths:
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert sorted(folder.rglob("*")) == paths
    assert [(p, p.stat().st_mtime_ns, p.read_bytes() if p.is_file() else b"") for p in paths] == before


def test_no_path_is_the_demo_album() -> None:
    reading = read_songs(None)
    assert reading.path == "demo album"
    assert {song.artist for song in reading.songs} == {"Tilda Marrow"}
    assert reading.skipped == []
    assert all(song.source.endswith(".txt") for song in reading.songs)
