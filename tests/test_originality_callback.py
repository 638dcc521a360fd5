"""The originality curve during training: what is written by epoch, copying is told once, nothing is disturbed."""

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from lyric_lm.callbacks import songs as songs_module
from lyric_lm.lyrics.corpus import build_corpus
from lyric_lm.lyrics.folding import folded_words
from lyric_lm.lyrics.reading import ALBUM
from lyric_lm.originality.copies import TrainingLines, copying, upper_own_rate
from lyric_lm.originality.index import SongIndex
from lyric_lm.sampling import Sample, Wanted
from tests.conftest import TINY, Done

Call = Callable[..., Done]

MEASURES = {"share_4", "share_6", "share_8", "verbatim_lines", "longest_run"}


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with six songs."""
    folder = tmp_path_factory.mktemp("few") / "tilda_marrow"
    folder.mkdir()
    for file in sorted(ALBUM.glob("*.txt"))[:6]:
        shutil.copy(file, folder)
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


def train(call: Call, songs: Path, folder: Path, *more: str, epochs: int = 2) -> Path:
    """Train the tiny model with dropout, whose random numbers are the run's own."""
    done = call(
        *("train", *TINY, f"data.path={songs}", f"hydra.run.dir={folder}", f"trainer.max_epochs={epochs}"),
        *("model.dropout=0.2", "logger=csv_only", "callbacks.samples.max_new_tokens=8", *more),
    )
    assert done.code == 0, done.err
    return folder


SHORT = ("callbacks.originality.max_new_tokens=16", "callbacks.originality.num_samples=3")


@pytest.fixture
def run(call: Call, songs: Path, place: Path) -> Path:
    """A run with the callback, made once."""
    return place / "with" if (place / "with").exists() else train(call, songs, place / "with", *SHORT)


def content_of(run: Path) -> dict[str, Any]:
    return json.loads((run / "originality.json").read_text(encoding="utf-8"))


def test_a_row_for_each_epoch_from_the_untrained_model_on(run: Path, songs: Path) -> None:
    content = content_of(run)
    assert list(content) == ["own", "own_limit_share_6", "epochs"]
    assert [row["epoch"] for row in content["epochs"]] == [0, 1, 2]
    for row in content["epochs"]:
        assert set(row) == MEASURES | {"epoch", "is_copying"}
        assert row["is_copying"] is False
    splits = build_corpus(songs, None, "drop", False, 0.1, 0.0, 1).splits
    index, lines = SongIndex.of(splits["train"]), TrainingLines.of(splits["train"])
    own = copying([song.lyrics for song in splits["val"]], index, lines, seed=1)
    assert content["own"] == {name: own[name] for name in MEASURES}
    assert content["own_limit_share_6"] == upper_own_rate(own, "share_6")


def test_the_curve_is_drawn_and_copied(run: Path) -> None:
    image = (run / "images" / "originality.png").read_bytes()
    assert image.startswith(b"\x89PNG")
    assert "Copying" not in (run / "train.log").read_text(encoding="utf-8")


def test_the_run_is_the_same_without_it(call: Call, run: Path, songs: Path, place: Path) -> None:
    """Dropout would go astray if a single random number were drawn on the way."""
    without = train(call, songs, place / "without", "callbacks.originality=null")
    assert not (without / "originality.json").exists()
    assert not (without / "images" / "originality.png").exists()

    def rows(folder: Path) -> list[dict[str, str]]:
        with (folder / "metrics.csv").open(newline="", encoding="utf-8") as stream:
            return [{key: row[key] for key in row if key != "tokens_per_second"} for row in csv.DictReader(stream)]

    assert rows(run) == rows(without)
    assert len(rows(run)) > 10
    for name in ("model/model.safetensors", *(f"samples/epoch_{epoch:02}.txt" for epoch in (0, 1, 2))):
        assert (run / name).read_bytes() == (without / name).read_bytes()
    states = [
        torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"] for folder in (run, without)
    ]
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


class Reciter:
    """Stands in for ``write_each``: its own words at first, after ``since`` times a training song."""

    def __init__(self, song: str, since: int):
        self.song, self.since, self.n_asked = song, since, 0

    def __call__(self, network: Any, tokenizer: Any, wanted: list[Wanted], decoder: Any) -> Iterator[Sample]:
        own = "a lantern hums above an empty table\nand nobody is listening to it"
        text = self.song if self.n_asked >= self.since else own
        self.n_asked += 1  # once after each validation: all songs together
        return iter([Sample(song.prompt, text, True, song.seed) for song in wanted])


def training_song(songs: Path) -> str:
    return build_corpus(songs, None, "drop", False, 0.1, 0.0, 1).splits["train"][0].lyrics


def test_copying_is_told_once_and_known_after_a_stop(
    call: Call, songs: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    song = training_song(songs)
    monkeypatch.setattr(songs_module, "write_each", Reciter(song, since=1))
    run = train(call, songs, place / "copying", epochs=1)
    first = content_of(run)
    assert [row["is_copying"] for row in first["epochs"]] == [False, True]
    assert [row["share_6"] for row in first["epochs"]] == [0, 1]
    assert first["epochs"][1]["longest_run"] == len(list(folded_words(song)))
    log = (run / "train.log").read_text(encoding="utf-8")
    limit = f"{100 * first['own_limit_share_6']:.1f}"
    assert "Copying since epoch 1: 100 % of its six-word sequences stand in training songs (of the artist's " in log
    assert f" at most {limit} %); generate originality=6 " in log

    (run / "originality.json").unlink()  # what was measured is in the checkpoint
    monkeypatch.setattr(songs_module, "write_each", Reciter(song, since=0))
    done = call("train", f"resume={run}", "trainer.max_epochs=2")
    assert done.code == 0, done.err
    content = content_of(run)
    assert [row["epoch"] for row in content["epochs"]] == [0, 1, 2]
    assert content["epochs"][:2] == first["epochs"]
    assert content["epochs"][2]["is_copying"] is True
    assert (run / "train.log").read_text(encoding="utf-8").count("Copying since epoch") == 1


def test_songs_may_hold_what_means_something_to_hydra(call: Call, songs: Path, tmp_path: Path) -> None:
    odd = shutil.copytree(songs, tmp_path / "odd")
    for file in odd.glob("*.txt"):
        file.write_text(file.read_text(encoding="utf-8") + "\nand ${nothing} to pay, ???\n", encoding="utf-8")
    folder = train(call, odd, tmp_path / "run", *SHORT, epochs=1)
    assert [row["epoch"] for row in json.loads((folder / "originality.json").read_text())["epochs"]] == [0, 1]
