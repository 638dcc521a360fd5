"""A run for each artist of a file of many: who is trained, what is told of all, and how it goes on."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hydra.core.utils import JobReturn
from PIL import Image

from lyric_lm.lyrics.reading import ALBUM, read_by_artist
from lyric_lm.search.artist_table import Result, draw, listed, result_of, write_csv
from tests.conftest import SHORT_SAMPLES, TINY, Done, one_line, run_command

SONGS = [file.read_text(encoding="utf-8") for file in sorted(ALBUM.glob("*.txt"))]


def write_songs(file: Path, by_artist: dict[str, list[str]]) -> None:
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["artist", "title", "lyrics"])
        for artist, songs in by_artist.items():
            writer.writerows([artist, f"Song {number}", lyrics] for number, lyrics in enumerate(songs))


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Two artists, one in two spellings; one whose songs are all the same; one with too few; songs of nobody."""
    file = tmp_path / "many.csv"
    write_songs(
        file,
        {
            "Ada Lark": SONGS[:8],
            "O'Neil & $ {Co}, \\ [Tess]": SONGS[8:16],
            "ADA_LARK": SONGS[16:18],
            "Same, Ever": [SONGS[20]] * 8,
            "Too Few": SONGS[21:24],
            "": SONGS[24:26],
        },
    )
    return file


def test_songs_are_read_by_artist(many: Path) -> None:
    found, n_unnamed = read_by_artist(many)
    assert {artist: len(songs) for artist, songs in found.items()} == {
        **{"Ada Lark": 10, "O'Neil & $ {Co}, \\ [Tess]": 8, "Same, Ever": 8, "Too Few": 3}
    }
    assert n_unnamed == 2
    assert [song.lyrics for song in found["Too Few"]] == SONGS[21:24]
    assert found["Too Few"][0].source == "many.csv:27"
    album, _ = read_by_artist(None)
    assert {artist: len(songs) for artist, songs in album.items()} == {"Tilda Marrow": len(SONGS)}


def each(*more: str) -> tuple[str, ...]:
    """The arguments of a run for each artist."""
    given = (*TINY, *SHORT_SAMPLES, "callbacks.originality=null", "trainer.max_epochs=1", "hydra.sweep.dir=sweep")
    return ("train", "artist=each", *given, *more)


@pytest.mark.slow
def test_a_run_for_each_and_a_table_of_all(call: Callable[..., Done], tmp_path: Path, many: Path) -> None:
    done = call(*each("data.path=many.csv", "data.min_songs=8"))
    assert done.code == 0, done.err
    assert "3 artists have 8 songs or more, 1 have fewer; 2 songs name no artist" in done.out
    folder = tmp_path / "sweep"
    with (folder / "artists.csv").open(newline="", encoding="utf-8") as stream:
        rows = {row["artist"]: row for row in csv.DictReader(stream)}
    assert list(rows) == ["Ada Lark", "O'Neil & $ {Co}, \\ [Tess]", "Same, Ever"]
    assert rows["Same, Ever"]["error"].startswith("1 song after cleaning")
    for artist in list(rows)[:2]:
        row = rows[artist]
        summary = json.loads((tmp_path / row["run"] / "summary.json").read_text(encoding="utf-8"))
        assert summary["artist"] == artist
        assert float(row["best_val_loss"]) == summary["best_val_loss"] < summary["baseline_val_loss"]
        assert (tmp_path / row["run"] / "model" / "config.json").is_file()
        assert f"| {artist}" in done.out
    assert rows["Ada Lark"]["run"] == "sweep/ada_lark"
    assert rows["Ada Lark"]["n_songs"] == "10"
    assert f"failed: Same, Ever: {rows['Same, Ever']['error']}" in done.out
    with Image.open(folder / "artists.png") as image:
        assert image.width > 600

    many.unlink()  # it goes on with the songs that it began with
    before = (folder / "ada_lark" / "metrics.csv").read_bytes()
    again = run_command(*each("data.path=many.csv", "data.min_songs=8"), cwd=tmp_path)  # in another process
    assert again.code == 0, again.err
    assert "sweep/ada_lark is complete already" in again.err
    assert (folder / "ada_lark" / "metrics.csv").read_bytes() == before
    tables = [[line for line in out.splitlines() if line.startswith("|")] for out in (done.out, again.out)]
    assert tables[0] == tables[1]
    assert len(tables[0]) == 4
    longer = call("train", "resume=sweep/ada_lark", "trainer.max_epochs=2")
    assert longer.code == 0, longer.err
    assert json.loads((folder / "ada_lark" / "summary.json").read_text(encoding="utf-8"))["epochs"] == 2
    message = one_line(call(*each("data.path=many.csv", "data.min_songs=9")))
    assert message.startswith("sweep was begun with")
    assert message.endswith("or leave hydra.sweep.dir away to begin another")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["data.min_songs=99"], "none of 4 artists has data.min_songs=99 songs; the most has Ada Lark: 10"),
        (["data.artist=Ada"], "data.artist=Ada and artist=each exclude each other; give one of them"),
        (["data.path=nowhere.csv"], "data.path=nowhere.csv does not exist; give a file or a folder with songs"),
    ],
)
def test_what_cannot_work_is_one_line(arguments: list[str], message: str, many: Path, call: Any) -> None:
    done = call("train", "artist=each", f"data.path={many}", *arguments, "model=tiny")
    assert one_line(done).splitlines()[-1] == message


def result(artist: str, tokens: int, before: float, after: float) -> Result:
    figures = {"n_songs": 60, "n_train_tokens": tokens, "baseline_val_loss": before, "best_val_loss": after}
    more = {"bits_per_byte": 1.25, "best_epoch": 2, "seconds": 61.4}
    return Result(artist, Path("sweep") / artist, {**figures, **more})


def test_the_table_says_what_training_gained_and_what_failed(tmp_path: Path) -> None:
    results = [result("Ada", 12_345, 3.75, 3.2), Result("Ben | Co", Path("sweep/ben"), None, "no songs")]
    assert listed(results).splitlines() == [
        "| artist | songs | tokens | untrained | held-out | difference | bits/byte | epoch | seconds |",
        "|--------|-------|--------|-----------|----------|------------|-----------|-------|---------|",
        "| Ada    | 60    | 12,345 | 3.750     | 3.200    | -0.550     | 1.250     | 2     | 61      |",
        "failed: Ben | Co: no songs",
    ]
    write_csv(results, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as stream:
        first, second = csv.DictReader(stream)
    assert (first["best_val_loss"], first["seconds"], first["error"]) == ("3.2", "61.4", "")
    assert (second["best_val_loss"], second["error"], second["run"]) == ("", "no songs", "sweep/ben")
    sizes = []
    for n_artists in (1, 8, 61):
        draw([result(f"Artist ${n}$", 1000 + n, 3.7, 3.2 + n / 40) for n in range(n_artists)], tmp_path / "a.png")
        with Image.open(tmp_path / "a.png") as image:
            sizes.append(image.size)
    assert sizes[0][1] < sizes[1][1]  # a row each, until there are too many to read
    assert sizes[2][1] < 600


def test_a_failed_job_is_read_as_what_it_raised(tmp_path: Path) -> None:
    failed = JobReturn()
    failed.return_value = ValueError("no\nsongs")
    assert result_of("Ada", tmp_path, failed) == Result("Ada", tmp_path, None, "no songs")
