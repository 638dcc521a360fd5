"""The ``prepare`` command: what it writes, that it can be read back, and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lyric_lm.lyrics.corpus import build_corpus
from tests.conftest import Done

FILES = ["report.html", "report.json", "report.md", "songs.jsonl"]

Call = Callable[..., Done]


def songs_in(folder: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (folder / "songs.jsonl").read_text(encoding="utf-8").splitlines()]


def test_what_is_written(call: Call, tmp_path: Path, songs_folder: Path) -> None:
    done = call("prepare", f"data.path={songs_folder}", "data.out=clean")
    assert done.code == 0, done.err
    assert sorted(file.name for file in (tmp_path / "clean").iterdir()) == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["clean"]
    songs = songs_in(tmp_path / "clean")
    assert len(songs) == 12
    for song, file in zip(songs, sorted(songs_folder.iterdir()), strict=True):
        title, _, lyrics = file.read_text(encoding="utf-8").partition("\n")
        assert song == {"title": title, "artist": "Tilda Marrow", "lyrics": lyrics.strip("\n"), "source": file.name}
    report = json.loads((tmp_path / "clean" / "report.json").read_text(encoding="utf-8"))
    assert report["n_songs"] == 12
    assert sum(len(titles) for titles in report["titles_by_split"].values()) == 12
    told = (tmp_path / "clean" / "report.md").read_text(encoding="utf-8")
    assert all(song["title"] in told for song in songs)
    assert "Tilda Marrow: 12 songs" in done.out
    assert "written to clean/" in done.out


def test_the_default_is_the_demo_album(call: Call, tmp_path: Path) -> None:
    assert call("prepare").code == 0
    assert len(songs_in(tmp_path / "prepared")) >= 80


@pytest.mark.parametrize("path", ["clean", "clean/songs.jsonl"])
def test_prepared_songs_are_read_back(call: Call, tmp_path: Path, songs_folder: Path, path: str) -> None:
    assert call("prepare", f"data.path={songs_folder}", "data.out=clean").code == 0
    first = build_corpus(songs_folder, None, "drop", False, 0.1, 0.0, 1)
    again = build_corpus(tmp_path / path, None, "drop", False, 0.1, 0.0, 1)
    assert {(s.title, s.artist, s.lyrics) for s in again.songs} == {(s.title, s.artist, s.lyrics) for s in first.songs}
    assert again.titles_by_split() == first.titles_by_split()
    assert again.cleaned == {}


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_overwritten(call: Call, tmp_path: Path, songs_folder: Path, name: str) -> None:
    (tmp_path / "prepared").mkdir()
    (tmp_path / "prepared" / name).write_text("mine")
    done = call("prepare", f"data.path={songs_folder}")
    assert done.code == 1
    (line,) = done.err.splitlines()
    assert line.startswith("error:")
    assert f"prepared/{name} exists and is not overwritten" in line
    assert [(file.name, file.read_text()) for file in (tmp_path / "prepared").iterdir()] == [(name, "mine")]


@pytest.mark.parametrize(
    "name",
    ["a, b", "Ada's songs", '"quoted"', 'Ada\'s "best", vol. 1', "a=b", "[live] {x} (y)", "trailing ", "$HOME", "café"],
)
def test_paths_work_as_typed(call: Call, tmp_path: Path, songs_folder: Path, name: str) -> None:
    folder = tmp_path / f"in {name}"
    folder.mkdir()
    for file in songs_folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    done = call("prepare", f"data.path=in {name}", f"data.out=out {name}")
    assert done.code == 0, done.err
    assert len(songs_in(tmp_path / f"out {name}")) == 12


def test_an_artist_as_typed(call: Call, tmp_path: Path) -> None:
    rows = [{"artist": artist, "lyrics": f"Row on, {n}, row home"} for artist in ("Burns, R", "Lark") for n in range(3)]
    (tmp_path / "songs.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    refused = call("prepare", "data.path=songs.jsonl")
    assert refused.code == 1
    assert "2 artists found: Burns, R (3), Lark (3)" in refused.err
    done = call("prepare", "data.path=songs.jsonl", "data.artist=burns, r")
    assert done.code == 0, done.err
    assert {song["artist"] for song in songs_in(tmp_path / "prepared")} == {"Burns, R"}


def test_the_seed_chooses_what_is_held_out(call: Call, tmp_path: Path, songs_folder: Path) -> None:
    held_out = []
    for seed in (1, 2, 3):
        call("prepare", f"data.path={songs_folder}", f"data.out=out{seed}", f"seed={seed}", "data.val_fraction=0.3")
        report = json.loads((tmp_path / f"out{seed}" / "report.json").read_text(encoding="utf-8"))
        held_out.append(tuple(report["titles_by_split"]["val"]))
        assert call("prepare", f"data.path={songs_folder}", f"data.out=out{seed}").code == 1
    assert len(set(held_out)) == 3


def test_one_song_before_and_after(call: Call, tmp_path: Path, songs_folder: Path) -> None:
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs" / "sea_song.txt").write_text("Sea Song\n\n[Chorus]\nRow on, and home\nRow home again3Embed")
    done = call("prepare", "data.path=songs", "diff=sea song")
    assert done.code == 0, done.err
    assert "- Row home again3Embed" in done.out
    assert "+ Row home again\n" in done.out
    assert "  Row on, and home\n" in done.out
    assert "embed tail 1" in done.out
    assert [path.name for path in tmp_path.iterdir()] == ["songs"]
    missing = call("prepare", "data.path=songs", "diff=Seasong, the 2nd")
    assert missing.code == 1
    assert "diff=Seasong, the 2nd is not among the 1 songs" in missing.err


def test_a_rule_is_switched_off_as_typed(call: Call, tmp_path: Path) -> None:
    (tmp_path / "songs.jsonl").write_text(
        "\n".join(json.dumps({"lyrics": f"Row {n}, row on, home3Embed"}) for n in "abc")
    )
    assert call("prepare", "data.path=songs.jsonl", "data.clean.embed_tail=false").code == 0
    assert all(song["lyrics"].endswith("3Embed") for song in songs_in(tmp_path / "prepared"))
    for wrong in ("data.clean.embed=false", "+data.clean.embed=false", "data.clean.embed_tail=maybe"):
        refused = call("prepare", "data.path=songs.jsonl", "data.out=other", wrong)
        assert refused.code == 1
        assert "data.clean.embed" in refused.err


def test_nothing_is_written_among_the_songs(call: Call, songs_folder: Path) -> None:
    before = sorted(songs_folder.rglob("*"))
    for out in (songs_folder / "prepared", songs_folder / "a" / ".." / "b"):
        done = call("prepare", f"data.path={songs_folder}", f"data.out={out}")
        assert done.code == 1
        assert "which is only read; give a folder outside it" in done.err
    assert sorted(songs_folder.rglob("*")) == before
