"""Checkpoint files: whole or refused, never code, the one before in reserve; songs and settings as they were."""

import copy
import os
import pickle
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from lyric_lm.checkpoints import BEST, FORMAT, LAST, PREVIOUS, CheckpointFiles, find_checkpoint
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.errors import FolderInUse, InputError, Interrupted
from lyric_lm.fingerprint import blocks_fingerprint, refuse_changes, songs_fingerprint
from lyric_lm.lock import only_writer
from lyric_lm.lyrics.song import Song
from lyric_lm.model.tiny import make_tiny
from tests.conftest import ROOT


def content(step: int, **more: Any) -> dict[str, Any]:
    weights = {"w": torch.randn(300, generator=torch.Generator().manual_seed(step))}
    return {"global_step": step, "lyric_lm": {"format": FORMAT}, "state_dict": weights, **more}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder with the checkpoints of steps 1 (best), 2 and 3."""
    for step in (1, 2, 3):
        CheckpointFiles().save_checkpoint(content(step), tmp_path / "checkpoints" / LAST, step == 1)
    return tmp_path


def step_of(file: Path) -> int:
    return int(torch.load(file, weights_only=True)["global_step"])


def test_the_newest_the_one_before_and_the_best(run: Path) -> None:
    folder = run / "checkpoints"
    assert {file.name: step_of(file) for file in folder.iterdir()} == {LAST: 3, PREVIOUS: 2, BEST: 1}
    found = find_checkpoint(run, True)
    assert found is not None
    assert (found.file.name, found.step) == (LAST, 3)


class Full:
    """A file on a disk that is full after some bytes."""

    def __init__(self, stream: Any, room: int):
        self.stream, self.room = stream, room

    def write(self, data: bytes) -> int:
        self.room -= len(memoryview(data).cast("B"))
        if self.room < 0:
            raise OSError(28, "No space left on device")
        return self.stream.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@pytest.mark.parametrize("room", [0, 100, 1500])
def test_a_save_that_fails_leaves_what_was_there(run: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    import lyric_lm.checkpoints

    save = lyric_lm.checkpoints._save
    monkeypatch.setattr("lyric_lm.checkpoints._save", lambda saved, stream: save(saved, Full(stream, room)))
    with pytest.raises(OSError, match="No space left"):
        CheckpointFiles().save_checkpoint(content(4), run / "checkpoints" / LAST, False)
    assert step_of(run / "checkpoints" / LAST) == 3
    assert not list(run.rglob("*.unfinished"))


@contextmanager
def stop_at(folder: Path, event: str, number: int) -> Iterator[None]:
    """Raise ``Interrupted`` at the n-th such operation on a path in the folder, where a kill could stop it too."""
    seen, is_on = [0], [True]

    def hook(found: str, given: tuple[Any, ...]) -> None:
        if is_on[0] and found == event and any(f"{folder}/" in str(item) for item in given):
            seen[0] += 1
            if seen[0] == number:
                is_on[0] = False
                raise Interrupted()

    sys.addaudithook(hook)
    try:
        yield
    finally:
        is_on[0] = False


@pytest.mark.parametrize(
    ("event", "number"),
    [("os.remove", 1), ("open", 1), ("os.link", 1), ("os.rename", 1), ("os.rename", 2), ("os.rename", 3)],
)
def test_stopped_at_any_move_of_a_save_there_is_a_whole_one(run: Path, event: str, number: int) -> None:
    with stop_at(run, event, number), pytest.raises(Interrupted):
        CheckpointFiles().save_checkpoint(content(4), run / "checkpoints" / LAST, True)
    found = find_checkpoint(run, True)
    assert found is not None
    assert found.step == 3
    assert torch.equal(torch.load(found.file)["state_dict"]["w"], content(found.step)["state_dict"]["w"])


def test_a_file_cut_off_anywhere_is_refused_and_the_one_before_is_taken(
    run: Path, caplog: pytest.LogCaptureFixture
) -> None:
    last = run / "checkpoints" / LAST
    whole = last.read_bytes()
    for length in [*range(0, len(whole), 97), len(whole) - 1]:
        last.write_bytes(whole[:length])
        found = find_checkpoint(run, True)
        assert found is not None
        assert found.step == 2, length
    assert "last.ckpt is damaged or not a checkpoint; going on from last.previous.ckpt, step 2" in caplog.text


def test_a_flipped_bit_is_refused_or_did_no_harm(run: Path) -> None:
    last = run / "checkpoints" / LAST
    whole = last.read_bytes()
    chance, n_refused = random.Random(1), 0
    for _ in range(200):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        last.write_bytes(damaged)
        found = find_checkpoint(run, True)
        assert found is not None
        n_refused += found.step == 2
        if found.step == 3:  # a byte that nothing reads
            assert torch.equal(torch.load(last)["state_dict"]["w"], content(3)["state_dict"]["w"])
    assert n_refused > 60


class RunsCode:
    def __reduce__(self) -> Any:
        return os.mkdir, ("made-by-a-checkpoint",)


@pytest.mark.parametrize("kind", ["zip", "plain pickle"])
def test_a_file_that_would_run_code_does_not(
    run: Path, kind: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(run)
    evil = content(3, evil=RunsCode())
    last = run / "checkpoints" / LAST
    torch.save(evil, last) if kind == "zip" else last.write_bytes(pickle.dumps(evil))
    found = find_checkpoint(run, True)
    assert found is not None
    assert found.step == 2
    assert not (run / "made-by-a-checkpoint").exists()
    with pytest.raises(Exception, match=r"Weights only load failed|weights_only"):
        CheckpointFiles().load_checkpoint(last, weights_only=False)
    assert not (run / "made-by-a-checkpoint").exists()


@pytest.mark.parametrize(
    ("saved", "words"),
    [
        ({"global_step": 3, "state_dict": {}}, "is not a checkpoint of lyric_lm"),
        ([1, 2], "is not a checkpoint of lyric_lm"),
        (
            {"global_step": 3, "lyric_lm": {"format": FORMAT + 1}},
            f"of another version of lyric_lm (format {FORMAT + 1}",
        ),
    ],
)
def test_a_foreign_file_is_told(run: Path, saved: Any, words: str, caplog: pytest.LogCaptureFixture) -> None:
    torch.save(saved, run / "checkpoints" / LAST)
    assert find_checkpoint(run, True).step == 2  # type: ignore[union-attr]
    assert words in caplog.text
    for name in (PREVIOUS, BEST):
        (run / "checkpoints" / name).unlink()
    with pytest.raises(InputError, match="no other checkpoint of this run is whole; start a new run"):
        find_checkpoint(run, True)


def test_without_any_checkpoint_a_run_begins_anew_unless_it_had_one(tmp_path: Path) -> None:
    assert find_checkpoint(tmp_path, False) is None
    with pytest.raises(InputError, match=r"has no checkpoints/last\.ckpt to go on from"):
        find_checkpoint(tmp_path, True)


# Songs and settings


def songs(*texts: str) -> LyricsDataModule:
    named = [Song(f"song {text.split()[0]}", "a", text, "s") for text in texts]
    return LyricsDataModule({"train": named[1:], "val": named[:1], "test": []}, make_tiny()[1], 1024, 64, 1, seed=1)


SETTINGS = {
    **{"finetune.method": "full", "optim.lr": 1e-3, "data.batch_size": 1, "trainer.accumulate_grad_batches": 8},
    **{"trainer.val_check_interval": None, "trainer.limit_train_batches": None},
}


def identity(data: LyricsDataModule, **settings: Any) -> dict[str, Any]:
    return {
        "model": "tiny",
        "songs": songs_fingerprint(data),
        "blocks": blocks_fingerprint(data),
        "settings": {**SETTINGS, **settings},
        "world_size": 1,
    }


TEXTS = ("one held out", "two row on", "three row home", "four row again")


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ((*TEXTS, "five is new"), '1 added ("song five")'),
        (TEXTS[:-1], '1 removed ("song four")'),
        ((*TEXTS[:-1], "four row Again"), '1 changed ("song four")'),
        ((*TEXTS[:2], "six", "seven"), '2 added ("song seven"), 2 removed ("song four")'),
        (("two row on", "one held out", *TEXTS[2:]), '2 in another split ("song one")'),
    ],
)
def test_other_songs_are_told_by_number_and_title(texts: tuple[str, ...], words: str) -> None:
    then = identity(songs(*TEXTS))
    refuse_changes(then, identity(songs(*TEXTS)), "run")
    with pytest.raises(InputError) as error:
        refuse_changes(then, identity(songs(*texts)), "run")
    assert f"the songs have changed since the run began: {words}; put them back" in str(error.value)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("settings", SETTINGS | {"optim.lr": 2e-3}, "optim.lr was 0.001 and is now 0.002"),
        ("settings", SETTINGS | {"optim.lr": 2e-3, "data.batch_size": 2}, "(and 1 more settings)"),
        ("settings", SETTINGS | {"data.batch_size": 2}, "data.batch_size was 1 and is now 2"),
        ("world_size", 2, "made by 1 processes and there are now 2, so a step would hold other songs"),
        ("model", "gpt2", "is of model=tiny, not of model=gpt2"),
        ("blocks", "0", "read in another order now"),
    ],
)
def test_what_changes_the_result_is_refused(key: str, value: Any, words: str) -> None:
    then = identity(songs(*TEXTS))
    now = copy.deepcopy(then) | {key: value}
    with pytest.raises(InputError) as error:
        refuse_changes(then, now, "run")
    assert words in str(error.value)


def test_the_same_steps_in_other_batches_are_the_same_run() -> None:
    then = identity(songs(*TEXTS))
    for batch_size, accumulate, world_size in ((8, 1, 1), (2, 2, 2), (1, 4, 2), (1, 1, 8)):
        cut = {"data.batch_size": batch_size, "trainer.accumulate_grad_batches": accumulate}
        now = {**identity(songs(*TEXTS), **cut), "world_size": world_size}
        refuse_changes(then, now, "run")
        counted = {"trainer.limit_train_batches": 5}  # batches, which are others now
        with pytest.raises(InputError):
            refuse_changes(
                identity(songs(*TEXTS), **counted),
                {**identity(songs(*TEXTS), **cut, **counted), "world_size": world_size},
                "run",
            )


# One writer


def test_a_folder_that_is_being_written_is_refused_and_free_after_a_kill(tmp_path: Path) -> None:
    hold = "import sys, time; from pathlib import Path; from lyric_lm.lock import only_writer\n"
    hold += "with only_writer(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with pytest.raises(FolderInUse, match="is being written by another run"), only_writer(tmp_path):
        pass
    process.kill()
    process.communicate()
    with only_writer(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []
