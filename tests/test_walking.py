"""Files are found below a path, once, in order; what cannot be read is told, and nothing is written to."""

import os
import socket
import time
from pathlib import Path

import pytest

from lyric_lm.lyrics.reading import Skipped, read_songs
from tests.test_reading import GOOD, titles, write

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
