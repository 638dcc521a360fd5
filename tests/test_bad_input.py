"""A user's mistake: one clear line, exit status 1, no traceback, and nothing spent or lost."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT, TINY, Done

Call = Callable[..., Done]


def refused(done: Done, *words: str) -> None:
    """The command ended with 1 and one line that starts with "error:" and holds the words."""
    assert done.code == 1
    assert "Traceback" not in done.err
    (line,) = [line for line in done.err.split("\n") if line.startswith("error:")]
    for word in words:
        assert word in line, line


def write(folder: Path, **songs: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in songs.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder


def test_a_path_that_does_not_exist(call: Call) -> None:
    refused(call("train", *TINY, "data.path=nowhere"), "data.path=nowhere does not exist")


def test_an_empty_folder(call: Call, tmp_path: Path) -> None:
    refused(call("train", *TINY, f"data.path={write(tmp_path / 'empty')}"), "has no songs", "give .txt files")


def test_a_folder_without_songs(call: Call, tmp_path: Path) -> None:
    folder = write(tmp_path / "photos")
    (folder / "cover.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    (folder / "notes.docx").write_bytes(b"PK\x03\x04\0\0")
    refused(call("train", *TINY, f"data.path={folder}"), "has no songs", "cover.png: binary file")


def test_a_binary_file(call: Call, tmp_path: Path) -> None:
    (tmp_path / "song.txt").write_bytes(bytes(range(256)) * 10)
    refused(call("train", *TINY, "data.path=song.txt"), "binary file")


def test_one_single_song(call: Call, tmp_path: Path) -> None:
    folder = write(tmp_path / "one", only="Row on, row on,\nrow home again")
    refused(call("train", *TINY, f"data.path={folder}"), "1 song after cleaning", "add songs")


def test_songs_of_a_few_words(call: Call, tmp_path: Path) -> None:
    folder = write(tmp_path / "short", a="Row on", b="(Instrumental)", c="La la")
    refused(call("train", *TINY, f"data.path={folder}"), "none of the 3 texts", "too short")


@pytest.mark.parametrize("fraction", ["0", "1", "-0.1", "1.5"])
def test_a_fraction_that_is_none(call: Call, songs_folder: Path, fraction: str) -> None:
    refused(call("train", *TINY, f"data.path={songs_folder}", f"data.val_fraction={fraction}"), "data.val_fraction")


def test_more_held_out_than_there_is(call: Call, songs_folder: Path) -> None:
    fractions = ("data.val_fraction=0.6", "data.test_fraction=0.5")
    refused(call("train", *TINY, f"data.path={songs_folder}", *fractions), "leave nothing to train on")
    refused(call("train", *TINY, f"data.path={songs_folder}", "data.val_fraction=0.999999"), "are held out")


def test_a_block_over_the_context_length(call: Call, songs_folder: Path) -> None:
    done = call("train", *TINY, f"data.path={songs_folder}", "data.block_size=2048")
    refused(done, "data.block_size=2048", "context length is 1024", "data.block_size <= 1024")


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("trainer.max_epoch=3", ("trainer.max_epoch", "did you mean trainer.max_epochs")),
        ("optimm.lr=1", ("unknown key optimm",)),
        ("model=gpt5", ("model=gpt5 is not known", "distilgpt2", "smollm2")),
        ("experiment=nothing", ("experiment=nothing is not known", "quickstart", "report", "style")),
        ("optim.schedule=cubic", ("optim.schedule=cubic", "cosine, linear, constant")),
        ("optim.warmup_fraction=0.1", ("optim.warmup_steps and optim.warmup_fraction",)),
        ("model.dropout=2", ("model.dropout=2",)),
        ("data.section_labels=off", ("data.section_labels=", "drop, keep, plain")),
        ("data.batch_size=0", ("data.batch_size=0",)),
        ("trainer.precision=bf16-true", ("trainer.precision=bf16-true", "bf16-mixed")),
        ("trainer.devices=-1", ("trainer.devices=-1", "trainer.devices=1")),
        ("trainer.num_nodes=2", ("trainer.num_nodes=2", "torchrun")),
        ("trainer.strategy=deepspeed", ("trainer.strategy=deepspeed", "auto, ddp, fsdp")),
        ("trainer=ddp", ("trainer.strategy=ddp", "there is none; set trainer.devices=2")),
        ("trainer.on_nan=ignore", ("trainer.on_nan=ignore", "stop, skip")),
        ("trainer.max_epochs=0", ("trainer.max_epochs=0",)),
        ("+trainer.profile=x", ("profile", "Lightning")),
        ("+callbacks.mine.patience=1", ("callbacks.mine has no _target_",)),
        ("optim.lr=fast", ("optim.lr=fast is not a number",)),
        ("data.keep_versions=maybe", ("data.keep_versions=maybe is not true or false",)),
    ],
)
def test_a_wrong_argument(call: Call, songs_folder: Path, argument: str, words: tuple[str, ...]) -> None:
    refused(call("train", *TINY, f"data.path={songs_folder}", argument), *words)


def test_a_typo_inside_an_experiment_file(call: Call, tmp_path: Path) -> None:
    (tmp_path / "mine" / "experiment").mkdir(parents=True)
    text = "# @package _global_\noptim:\n  learning_rate: 1.0\n"
    (tmp_path / "mine" / "experiment" / "typo.yaml").write_text(text, encoding="utf-8")
    refused(call("train", "--config-dir", "mine", *TINY, "experiment=typo"), "unknown key optim.learning_rate")


def test_a_run_folder_that_holds_a_run(call: Call, tiny_run: Path, songs_folder: Path) -> None:
    before = {file: file.read_bytes() for file in tiny_run.glob("*.json")}
    done = call("train", *TINY, f"data.path={songs_folder}", f"hydra.run.dir={tiny_run}")
    refused(done, "holds a run already", "resume=")
    assert {file: file.read_bytes() for file in tiny_run.glob("*.json")} == before


def test_resuming_what_cannot_be_resumed(call: Call, tiny_run: Path, tmp_path: Path) -> None:
    refused(call("train", "resume=nowhere"), "resume=nowhere is not a run folder")
    refused(call("train", "resume=latest"), "no run under outputs/")
    refused(call("train", f"resume={tiny_run}"), "complete", "trainer.max_epochs")


def test_a_checkpoint_of_another_model_or_a_damaged_one(call: Call, tiny_run: Path, tmp_path: Path) -> None:
    import shutil

    import torch

    run = tmp_path / "run"
    shutil.copytree(tiny_run, run)
    checkpoint = run / "checkpoints" / "last.ckpt"
    saved = torch.load(checkpoint, weights_only=True)
    saved["lyric_lm"]["model"] = "gpt2"
    torch.save(saved, checkpoint)
    refused(call("train", f"resume={run}", "trainer.max_epochs=3"), "is of model=gpt2, not of model=tiny")
    for file in checkpoint.parent.iterdir():
        file.write_bytes(file.read_bytes()[:1000])
    refused(call("train", f"resume={run}", "trainer.max_epochs=3"), "damaged", "start a new run")


def test_a_run_folder_without_a_model(call: Call, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    refused(call("generate", "run=run"), "run=run has no model/ yet")
    refused(call("generate", "run=nowhere"), "run=nowhere does not exist")
    refused(call("compare", "run=run"), "holds no run")


def test_no_permission_to_write(call: Call, songs_folder: Path) -> None:
    refused(call("train", *TINY, f"data.path={songs_folder}", "hydra.run.dir=/proc/run"), "/proc/run")


@pytest.mark.skipif(sys.platform == "win32", reason="limits on file size are POSIX")
def test_a_full_disk(tmp_path: Path, songs_folder: Path) -> None:
    """Writing fails half-way through the first checkpoint, as on a disk without space."""

    def no_file_over_100_kilobytes() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = subprocess.run(
        [sys.executable, "-m", "lyric_lm.train", *TINY, f"data.path={songs_folder}", "hydra.run.dir=run"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=no_file_over_100_kilobytes,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    refused(Done(done.returncode, done.stdout, done.stderr), "File too large")
