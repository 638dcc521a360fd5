"""A path in, one artist's songs out: files found, decoded, skipped with a reason, and never written to."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyric_lm.errors import InputError
from lyric_lm.lyrics.reading import decode, read_songs

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
    write(tmp_path, {"ada-lark.csv": "title;lyrics\nSea;Row\n;Tea\n"})
    songs = read_songs(tmp_path / "ada-lark.csv").songs
    assert [(s.title, s.artist, s.source) for s in songs] == [
        ("Sea", "Ada Lark", "ada-lark.csv:1"),
        ("ada-lark 2", "Ada Lark", "ada-lark.csv:2"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, line_end: str) -> None:
    text = 'title;lyrics\nÉlan;"Don’t go…\nnever – señor"\n'
    write(tmp_path, {"songs.csv": text.replace("\n", line_end).encode(encoding)})
    (song,) = read_songs(tmp_path).songs
    assert (song.title, song.lyrics) == ("Élan", "Don’t go…\nnever – señor")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), st.sampled_from(["utf-8", "utf-8-sig"]))
def test_any_text_is_decoded_as_it_was_encoded(text: str, encoding: str) -> None:
    text = f"la {text}"  # not led by a byte order mark of its own
    assert decode(text.encode(encoding)) == text
    assert decode(text.encode("utf-16")) == text


GOOD: dict[str, str | bytes] = {"good.txt": "Row on, row home"}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("cover.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary file"),
        ("song.txt", bytes(range(256)) * 10, "binary file"),
        ("nothing.txt", b"", "empty file"),
        ("blank.txt", b" \r\n\t\n", "empty file"),
        ("half.json", b'{"songs": [{"title": "Sea", "lyr', "broken JSON"),
        ("half.jsonl", b'{"lyrics": "Row"}\n{"lyr\n', "line 2 is not JSON"),
        ("open.csv", b'title,lyrics\nSea,"Row\nTea,Tea\n', "begins on line 2: unexpected end"),
        ("other.csv", b"year,views\n1999,7\n", "no lyrics column among year, views"),
        ("config.json", b'{"version": 1}', "no songs in it"),
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


def test_hidden_files_are_passed_over(tmp_path: Path) -> None:
    reading = read_songs(write(tmp_path, GOOD | {".DS_Store": b"\0", ".git/song.txt": "Tea", "._good.txt": b"\0"}))
    assert (titles(tmp_path), reading.skipped, reading.n_files) == (["good"], [], 1)


def test_a_link_to_nothing_is_skipped(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    (skipped,) = read_songs(tmp_path).skipped
    assert (skipped.source, skipped.reason) == ("gone.txt", "No such file or directory")


def test_a_file_name_that_is_not_utf_8(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")).write_text("Row on, row home")
    except OSError:
        pytest.skip("this file system takes no such name")
    (song,) = read_songs(tmp_path).songs
    assert (song.title, song.source) == ("caf�", "caf�.txt")


def duet(tmp_path: Path) -> Path:
    rows = [("Ada", "Sea"), ("Ben", "Tea"), ("ADA ", "Bee"), ("Ada", "Key")]
    lines = [json.dumps({"artist": artist, "title": title, "lyrics": "la"}) for artist, title in rows]
    return write(tmp_path, {"duet.jsonl": "\n".join(lines)})


def test_several_artists_are_listed_and_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read_songs(duet(tmp_path))
    assert "2 artists found: Ada (2), Ben (1)" in str(error.value)
    assert "data.artist=NAME" in str(error.value)


@pytest.mark.parametrize("artist", ["Ada", "ada", " ADA  "])
def test_an_artist_is_chosen_despite_case_and_spaces(tmp_path: Path, artist: str) -> None:
    assert titles(duet(tmp_path), artist) == ["Sea", "Bee", "Key"]


def test_an_artist_who_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"data\.artist=Cid is not among the artists found: Ada \(2\)"):
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
        read_songs(write(tmp_path, {"cover.png": b"\x89PNG\0"}))
    assert "1 files looked at; cover.png: binary file" in str(error.value)
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
