"""data=streamed: the same songs come from the disk as from memory, whatever file they are in, and a run learns them."""

import csv
import json
import pickle
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from lyric_lm.data import store
from lyric_lm.errors import InputError
from lyric_lm.lyrics.corpus import Corpus, corpus_from
from lyric_lm.lyrics.report import as_data, describe
from lyric_lm.lyrics.song import Song
from lyric_lm.settings import CONF
from lyric_lm.streamed import source
from tests.conftest import SHORT_SAMPLES, TINY, Done, one_line

RNG = random.Random(4)
WORDS = [
    "row",
    "home",
    "tide",
    "lamp",
    "boat",
    "key",
    "door",
    "stone",
    "bell",
    "salt",
    "rope",
    "hill",
    "gate",
    "coal",
    "rain",
]
VERSES = [
    "\n\n".join("\n".join(" ".join(RNG.choices(WORDS, k=6)).capitalize() for _ in range(4)) for _ in range(3))
    for _ in range(40)
]
ROWS = [
    *({"artist": f"Artist {n % 3}", "title": f"Song {n} of Coal", "lyrics": verse} for n, verse in enumerate(VERSES)),
    {"artist": "Artist 0", "title": "Noisy Tide", "lyrics": f"[Verse 1]\n{VERSES[0].replace('o', 'u')}&amp;\n12Embed"},
    {"artist": "Artist 1", "title": "The Same Again", "lyrics": VERSES[5].upper()},  # the same words
    {"artist": "Artist 1", "title": "Dusk", "lyrics": "(Instrumental)"},
    {"artist": "Artist 2", "title": "Song 7 of Coal (Live)", "lyrics": VERSES[8].replace("row", "sail")},  # same title
]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LYRIC_LM_CACHE", str(tmp_path / "cache"))


def data(path: Path | None, **changes: object) -> dict[str, object]:
    settings = yaml.safe_load((CONF / "data" / "lyrics.yaml").read_text(encoding="utf-8"))
    return {**settings, "path": path and str(path), "streamed": True, "val_fraction": 0.2, **changes}


def written(folder: Path, kind: str = "jsonl") -> Path:
    file = folder / f"songs.{kind}"
    if kind == "jsonl":
        file.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    elif kind == "csv":
        with file.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, ["artist", "title", "lyrics"])
            writer.writeheader()
            writer.writerows(ROWS)
    else:
        pq.write_table(pa.Table.from_pylist(ROWS), file)
    return file


def told(corpus: Corpus) -> dict[str, list[Song]]:
    return {name: list(part) for name, part in corpus.splits.items()}


def titles(corpus: Corpus) -> set[str]:
    return {song.title for song in corpus.songs}


def test_the_same_songs_as_in_memory(tmp_path: Path) -> None:
    file = written(tmp_path)
    corpus = corpus_from(data(file), 1)
    found = {song.source: song for song in corpus.songs}
    for artist in ("Artist 0", "Artist 1", "Artist 2"):
        alone = corpus_from({**data(file), "streamed": False, "artist": artist, "keep_versions": True}, 1)
        for song in alone.songs:
            if song.title != "The Same Again":
                assert found.pop(song.source) == song
    assert not found
    assert "Noisy Tide" in titles(corpus)
    assert corpus.cleaned["embed_tail"] == 1
    reasons = {skipped.source: skipped.reason for skipped in corpus.dropped}
    assert reasons == {
        "songs.jsonl:43": "Dusk: instrumental",
        "songs.jsonl:42": "The Same Again: same words as songs.jsonl:6",
    }
    assert corpus.artist == "3 artists"
    assert corpus.n_read == 44


def test_splits_do_not_depend_on_other_songs_and_keep_titles_together(tmp_path: Path) -> None:
    corpus = corpus_from(data(written(tmp_path)), 1)
    split_of = {song.title: name for name, part in corpus.splits.items() for song in part}
    assert split_of["Song 7 of Coal"] == split_of["Song 7 of Coal (Live)"]
    assert 2 <= len(corpus.splits["val"]) <= 16  # of 42, a fifth on average
    plain = corpus_from({**data(tmp_path / "songs.jsonl"), "streamed": False, "artist": "Artist 1"}, 1)
    for name, part in plain.splits.items():
        assert all(split_of[song.title] == name for song in part if song.title != "The Same Again")
    other_seed = corpus_from(data(tmp_path / "songs.jsonl"), 2)
    assert told(other_seed)["val"] != told(corpus)["val"]


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_large_tables_are_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    file = written(tmp_path, kind)
    read = [(song.title, song.artist, song.lyrics, song.source) for song in corpus_from(data(file), 1).songs]
    assert len(read) == 42
    monkeypatch.setenv("LYRIC_LM_CACHE", str(tmp_path / "another"))
    monkeypatch.setattr(source, "STREAMED_FROM", 1)
    monkeypatch.setattr(source, "parse", None)  # not this way
    assert [(s.title, s.artist, s.lyrics, s.source) for s in corpus_from(data(file), 1).songs] == read


def test_a_folder_with_what_cannot_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "songs"
    folder.mkdir()
    written(folder)
    (folder / "03_Low_Tide.txt").write_text(VERSES[2].replace("tide", "wave"), encoding="utf-8")
    (folder / "cover.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(200))
    corpus = corpus_from(data(folder), 1)
    assert "Low Tide" in titles(corpus)
    (skipped,) = corpus.skipped
    assert skipped.source == "cover.jpg"
    assert corpus.n_files == 3
    assert "1 skipped" in describe(corpus)


def test_one_artist_of_many(tmp_path: Path) -> None:
    corpus = corpus_from(data(written(tmp_path), artist="ARTIST_2"), 1)
    assert {song.artist for song in corpus.songs} == {"Artist 2"}
    assert corpus.artist == "Artist 2"
    with pytest.raises(InputError, match="none of the 44 texts found"):
        corpus_from(data(tmp_path / "songs.jsonl", artist="Nobody"), 1)


def test_songs_are_a_sequence(tmp_path: Path) -> None:
    corpus = corpus_from(data(written(tmp_path)), 1)
    songs = corpus.splits["train"]
    listed = list(songs)
    assert [songs[i] for i in range(len(songs))] == listed
    assert songs[-1] == listed[-1]
    assert list(songs[3:9:2]) == listed[3:9:2]
    assert told(pickle.loads(pickle.dumps(corpus))) == told(corpus)  # as it reaches other processes
    assert [size.n_bytes for size in corpus.sizes] == [len(song.lyrics.encode()) for song in corpus.songs]
    account = as_data(corpus)
    assert account["n_songs"] == 42
    assert account["n_words"] == sum(len(song.lyrics.split()) for song in listed) + sum(
        len(song.lyrics.split()) for song in corpus.splits["val"]
    )


def test_laid_down_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path)
    before = told(corpus_from(data(file), 1))

    def fail(*args: object, **kwargs: object) -> Iterator[None]:
        raise AssertionError("read once more")

    with monkeypatch.context() as patch:
        patch.setattr(source, "parse", fail)
        assert told(corpus_from(data(file), 1)) == before
    rows = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(rows[:-1]), encoding="utf-8")  # another file under the same name
    assert len(corpus_from(data(file), 1).songs) == 41


def test_tables_of_long_ago_are_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "N_KEPT", 2)
    for n in range(3):
        folder = tmp_path / str(n)
        folder.mkdir()
        corpus = corpus_from(data(written(folder)), 1)
    assert len(corpus.songs) == 42
    assert len(list((tmp_path / "cache" / "songs").glob("*/default-*"))) == 2


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tokens of a few songs be kept in a file."""
    monkeypatch.setattr(store, "LARGE", 1)
    monkeypatch.setattr(store, "N_READ", 3)


STREAMED = ("data=streamed", "data.val_fraction=0.2", "data.block_size=256", *TINY, *SHORT_SAMPLES)


def test_a_run_goes_on_and_ends_like_one_from_memory(
    call: Callable[..., Done], tmp_path: Path, large: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The songs of one artist without versions are laid out alike, so every step is the same."""
    rows = [row for row in ROWS[:40] if row["artist"] == "Artist 1"]
    file = tmp_path / "songs.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    done = call("train", f"data.path={file}", "trainer.max_epochs=1", *STREAMED, "hydra.run.dir=streamed")
    assert done.code == 0, done.err
    assert "how much of what it writes stands in its training songs is not measured" in done.err
    done = call("train", "resume=streamed", "trainer.max_epochs=2", *STREAMED)
    assert done.code == 0, done.err
    monkeypatch.setattr(store, "LARGE", 2**24)
    done = call("train", f"data.path={file}", "trainer.max_epochs=1", *STREAMED[1:], "hydra.run.dir=plain")
    assert done.code == 0, done.err
    assert call("train", "resume=plain", "trainer.max_epochs=2", *STREAMED[1:]).code == 0
    columns = []
    for name in ("streamed", "plain"):
        with (tmp_path / name / "metrics.csv").open(encoding="utf-8") as stream:
            columns.append([(row["step"], row["train/loss"], row["val/loss"]) for row in csv.DictReader(stream)])
    assert columns[0] == columns[1]
    assert len(columns[0]) > 10
    assert "data=streamed" in one_line(call("evaluate", "run=streamed"))
    done = call("generate", "run=streamed", "max_new_tokens=5")
    assert done.code == 0, done.err


def test_prepare_writes_them(call: Callable[..., Done], tmp_path: Path) -> None:
    done = call("prepare", "data=streamed", f"data.path={written(tmp_path)}", "data.out=out")
    assert done.code == 0, done.err
    lines = (tmp_path / "out" / "songs.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 42
    assert json.loads(lines[0])["title"] == "Song 0 of Coal"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # datasets leaves the file to the system
def test_what_cannot_work(call: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "data.path=" in one_line(call("train", "data=streamed", *TINY))
    assert "does not exist" in one_line(call("train", "data=streamed", "data.path=nowhere", *TINY))
    (tmp_path / "empty").mkdir()
    assert "is empty" in one_line(call("train", "data=streamed", "data.path=empty", *TINY))
    (tmp_path / "table.csv").write_text("a,b\n" + "1,2\n" * 40, encoding="utf-8")
    line = one_line(call("train", "data=streamed", "data.path=table.csv", *TINY))
    assert "data.path=table.csv has no songs (1 file looked at; table.csv: no lyrics column" in line
    monkeypatch.setattr(source, "STREAMED_FROM", 1)
    (tmp_path / "other.csv").write_text("a,b\n" + "1,2\n" * 40, encoding="utf-8")
    line = one_line(call("train", "data=streamed", "data.path=other.csv", *TINY))
    assert "data.path=other.csv has no songs (1 file looked at; other.csv: no lyrics column among a, b" in line


def test_fingerprint_of_many(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, large: None) -> None:
    from lyric_lm import fingerprint
    from lyric_lm.data.datamodule import LyricsDataModule
    from lyric_lm.model.tiny import make_tiny

    monkeypatch.setattr(fingerprint, "MOST_TOLD", 10)
    corpus = corpus_from(data(written(tmp_path)), 1)
    modules = [LyricsDataModule(corpus.splits, make_tiny()[1], 512, 128, 1, seed=1) for _ in range(2)]
    one, same = map(fingerprint.songs_fingerprint, modules)
    assert one == same
    assert [[title for title, _ in songs] for songs in one.values()] == [
        ["all train songs"],
        ["all val songs"],
        ["all test songs"],
    ]
    less = {**corpus.splits, "train": corpus.splits["train"][1:]}
    other = fingerprint.songs_fingerprint(LyricsDataModule(less, make_tiny()[1], 512, 128, 1, seed=1))
    assert fingerprint.difference(one, other) == '1 changed ("all train songs")'
    assert np.array_equal(modules[0].parts["train"].lengths, [len(part.ids) for part in modules[0].parts["train"]])
