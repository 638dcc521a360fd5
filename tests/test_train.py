"""The main job end to end: the command leaves exactly the files of the contract, and they say the right things."""

import csv
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from transformers import AutoModelForCausalLM, AutoTokenizer, pipeline

from lyric_lm.data.batches import BlockBatches
from lyric_lm.lyrics.corpus import build_corpus
from tests.conftest import ROOT, TINY, Done, run_command

FILES = {
    *(".hydra/config.yaml", ".hydra/hydra.yaml", ".hydra/overrides.yaml", "train.log", "preflight.json"),
    *("corpus.json", "split.json", "metrics.csv", "summary.json"),
    *("checkpoints/last.ckpt", "checkpoints/best.ckpt"),
    *("model/README.md", "model/config.json", "model/generation_config.json", "model/model.safetensors"),
    *("model/tokenizer.json", "model/tokenizer_config.json"),
    *("images/train_loss.png", "images/eval_loss.png", "images/grad_norm.png"),
    *("images/originality.png", "originality.json", "model/originality.safetensors"),
    *("samples/epoch_00.txt", "samples/epoch_01.txt", "samples/epoch_02.txt"),
}
COLUMNS = ",".join(
    [
        *("step", "epoch", "train/loss", "train/objective", "train/grad_norm", "lr", "tokens_per_second"),
        *("val/loss", "val/perplexity", "val/bits_per_byte"),
    ]
)
SUMMARY = {
    *("model", "artist", "n_songs", "n_train_tokens", "baseline_val_loss", "best_val_loss", "best_epoch", "perplexity"),
    *("bits_per_byte", "final_train_loss", "epochs", "steps", "seconds", "tokens_per_second", "peak_memory_bytes"),
    *("precision", "device", "seed", "interrupted"),
}


def summary_of(run: Path) -> dict[str, float]:
    return json.loads((run / "summary.json").read_text(encoding="utf-8"))


def rows_of(run: Path) -> list[dict[str, str]]:
    with (run / "metrics.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_the_run_folder_is_that_of_the_contract(tiny_run: Path) -> None:
    files = {str(file.relative_to(tiny_run)) for file in tiny_run.rglob("*") if file.is_file()}
    board = {file for file in files if file.startswith("tensorboard/")}
    assert files - board == FILES
    assert any("events.out.tfevents" in file for file in board)
    home = tiny_run.parents[3]
    assert sorted(path.name for path in home.iterdir()) == ["images", "outputs"]
    for name in ("train_loss.png", "eval_loss.png", "grad_norm.png"):
        image = (home / "images" / name).read_bytes()
        assert image == (tiny_run / "images" / name).read_bytes()
        assert image.startswith(b"\x89PNG")


def test_metrics_have_a_row_for_each_step(tiny_run: Path) -> None:
    assert (tiny_run / "metrics.csv").read_text(encoding="utf-8").partition("\n")[0] == COLUMNS
    rows, summary = rows_of(tiny_run), summary_of(tiny_run)
    assert [int(row["step"]) for row in rows] == list(range(int(summary["steps"]) + 1))
    assert [row["train/loss"] == "" for row in rows] == [True] + [False] * int(summary["steps"])
    held_out = [row for row in rows if row["val/loss"]]
    assert [int(row["step"]) for row in held_out] == [0, int(summary["steps"]) // 2, int(summary["steps"])]
    assert float(held_out[0]["val/loss"]) == pytest.approx(summary["baseline_val_loss"])
    assert min(float(row["val/loss"]) for row in held_out[1:]) == pytest.approx(summary["best_val_loss"])
    for row in held_out:
        assert float(row["val/perplexity"]) == pytest.approx(math.exp(float(row["val/loss"])), rel=1e-6)
    assert all(float(row["train/objective"]) == float(row["train/loss"]) for row in rows[1:])  # no smoothing here


def test_the_summary_adds_up(tiny_run: Path) -> None:
    summary = summary_of(tiny_run)
    assert set(summary) >= SUMMARY
    assert summary["model"] == "tiny"
    assert summary["artist"] == "Tilda Marrow"
    assert summary["n_songs"] == 12
    assert summary["interrupted"] is False
    assert summary["epochs"] == summary["best_epoch"] == 2
    assert summary["baseline_val_loss"] == pytest.approx(math.log(257), abs=0.15)
    assert summary["best_val_loss"] < 4
    assert summary["perplexity"] == pytest.approx(math.exp(summary["best_val_loss"]))
    # A token is a byte for the tiny model: n bytes and the end of each song are n + 1 targets.
    splits = json.loads((tiny_run / "split.json").read_text(encoding="utf-8"))
    songs = {s.title: s for s in build_corpus(None, None, "drop", False, 0.1, 0.0, 1).songs}
    sizes = {name: [len(songs[t].lyrics.encode()) for t in titles] for name, titles in splits.items()}
    assert summary["n_train_tokens"] == sum(sizes["train"]) + len(sizes["train"])
    n_bytes = sum(sizes["val"])
    bits = summary["best_val_loss"] * (n_bytes + len(sizes["val"])) / math.log(2) / n_bytes
    assert summary["bits_per_byte"] == pytest.approx(bits, rel=1e-6)


def test_the_exported_model_is_the_best_one_and_loads_plainly(tiny_run: Path) -> None:
    folder = tiny_run / "model"
    network = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    splits = json.loads((tiny_run / "split.json").read_text(encoding="utf-8"))
    songs = {s.title: s for s in build_corpus(None, None, "drop", False, 0.1, 0.0, 1).songs}
    (title,) = splits["val"][:1]
    ids = [0, *tokenizer(songs[title].lyrics)["input_ids"], 0]
    assert len(ids) <= 1024
    tokens = torch.tensor([ids])
    with torch.no_grad():
        loss = float(network(tokens, labels=tokens).loss)  # transformers' own loss
    assert loss == pytest.approx(summary_of(tiny_run)["best_val_loss"], abs=0.3)  # of one song, cut in two for training
    assert network.config.eos_token_id == tokenizer.eos_token_id == 0
    write = pipeline("text-generation", model=str(folder))
    text = write("I remember", max_new_tokens=5, do_sample=False)[0]["generated_text"]
    assert text.startswith("I remember")


def test_the_model_card_has_figures_and_no_lyrics(tiny_run: Path) -> None:
    card = (tiny_run / "model" / "README.md").read_text(encoding="utf-8")
    summary = summary_of(tiny_run)
    assert f"{summary['baseline_val_loss']:.4f}" in card
    assert f"{summary['best_val_loss']:.4f}" in card
    assert "Tilda Marrow" in card
    for song in build_corpus(None, None, "drop", False, 0.1, 0.0, 1).songs:
        for line in song.lyrics.split("\n"):
            assert len(line) < 20 or line not in card


def test_tensorboard_has_the_same_figures_samples_and_hyperparameters(tiny_run: Path) -> None:
    board = EventAccumulator(str(tiny_run / "tensorboard"), size_guidance={"scalars": 0, "tensors": 0}).Reload()
    rows = rows_of(tiny_run)
    for column in ("train/loss", "train/grad_norm", "lr", "tokens_per_second", "val/loss", "val/perplexity"):
        logged = {event.step: event.value for event in board.Scalars(column)}
        assert logged == pytest.approx({int(row["step"]): float(row[column]) for row in rows if row[column]}, rel=1e-5)
    assert any(tag.startswith("samples") for tag in board.Tags()["tensors"])
    assert "_hparams_/session_start_info" in board.summary_metadata
    assert board.Scalars("result/best_val_loss")[0].value == pytest.approx(summary_of(tiny_run)["best_val_loss"])


def test_the_log_tells_the_story(tiny_run: Path) -> None:
    log = (tiny_run / "train.log").read_text(encoding="utf-8")
    for words in ("Tilda Marrow: 12 songs", "cleaned: nothing to clean", "Untrained model: held-out loss", "Epoch 2:"):
        assert words in log
    assert "Write songs: python -m lyric_lm.generate run=" in log


def test_epochs_have_different_orders(tiny_run: Path) -> None:
    batches = BlockBatches([[] for _ in range(20)], 1, 0, seed=1, shuffle=True)
    orders = [batches.order(epoch) for epoch in range(3)]
    assert all(sorted(order) == list(range(20)) for order in orders)
    assert orders[0] != orders[1] != orders[2]


def test_label_smoothing_is_apart_from_the_loss(call: Callable[..., Done], songs_folder: Path, tmp_path: Path) -> None:
    done = call(
        *("train", *TINY, f"data.path={songs_folder}", "trainer.max_epochs=1", "hydra.run.dir=run"),
        *("optim.label_smoothing=0.1", "callbacks=bare", "logger=csv_only"),
    )
    assert done.code == 0, done.err
    rows = rows_of(tmp_path / "run")[1:]
    assert all(float(row["train/objective"]) != float(row["train/loss"]) for row in rows)
    assert not (tmp_path / "run" / "tensorboard").exists()
    assert not (tmp_path / "run" / "samples").exists()


def test_a_warmup_longer_than_the_run_is_cut_and_said(
    call: Callable[..., Done], songs_folder: Path, tmp_path: Path
) -> None:
    done = call(
        *("train", *TINY, f"data.path={songs_folder}", "trainer.max_epochs=1", "hydra.run.dir=run", "callbacks=bare"),
        *("optim.warmup_steps=100", "logger=csv_only"),
    )
    assert done.code == 0, done.err
    assert "optim.warmup_steps=100 is not shorter than the run" in done.err
    rates = [float(row["lr"]) for row in rows_of(tmp_path / "run")[1:]]
    assert max(rates) == pytest.approx(3e-3, rel=1e-6)
    checks = {check["name"]: check for check in json.loads((tmp_path / "run" / "preflight.json").read_text())}
    assert checks["warmup"]["status"] == "warn"


def test_steps_that_end_within_an_epoch_are_measured_and_kept(
    call: Callable[..., Done], songs_folder: Path, tmp_path: Path
) -> None:
    short = ("callbacks.samples.max_new_tokens=4", "callbacks.originality=null", "data.block_size=64")
    done = call("train", *TINY, *short, f"data.path={songs_folder}", "trainer.max_steps=3", "hydra.run.dir=run")
    assert done.code == 0, done.err
    run = tmp_path / "run"
    summary = summary_of(run)
    assert (summary["steps"], summary["interrupted"]) == (3, False)
    last = rows_of(run)[-1]
    assert last["step"] == "3"
    assert float(last["val/loss"]) == pytest.approx(summary["best_val_loss"], abs=1e-6)
    assert summary["best_val_loss"] < summary["baseline_val_loss"]
    assert (run / "model" / "model.safetensors").is_file()
    assert f"best {summary['best_val_loss']:.3f}" in done.err


def test_early_stopping_keeps_the_best_epoch(call: Callable[..., Done], songs_folder: Path, tmp_path: Path) -> None:
    done = call(
        *("train", *TINY, f"data.path={songs_folder}", "trainer.max_epochs=40", "hydra.run.dir=run"),
        *("optim.lr=0.2", "optim.schedule=constant", "callbacks.samples=null", "callbacks.originality=null"),
        "logger=csv_only",
    )
    assert done.code == 0, done.err
    summary = summary_of(tmp_path / "run")
    assert summary["epochs"] < 40
    held_out = [float(row["val/loss"]) for row in rows_of(tmp_path / "run")[1:] if row["val/loss"]]
    assert summary["best_epoch"] == 1 + held_out.index(min(held_out))
    assert summary["epochs"] == summary["best_epoch"] + 1


THREE_EPOCHS = (*TINY, "trainer.max_epochs=3", "callbacks=bare")


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory, songs_folder: Path) -> Path:
    """A run of three epochs that nothing interrupted."""
    home = tmp_path_factory.mktemp("straight")
    done = run_command("train", *THREE_EPOCHS, f"data.path={songs_folder}", "hydra.run.dir=run", cwd=home)
    assert done.code == 0, done.err
    return home / "run"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_it_has_and_goes_on(
    call: Callable[..., Done], straight: Path, tmp_path: Path, songs_folder: Path, number: signal.Signals
) -> None:
    arguments = (*THREE_EPOCHS, f"data.path={songs_folder}", "hydra.run.dir=run")
    process = subprocess.Popen(
        [sys.executable, "-m", "lyric_lm.train", *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    metrics = tmp_path / "run" / "metrics.csv"
    deadline = time.monotonic() + 120
    while not (metrics.is_file() and metrics.read_text().count("\n") > 5):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert "go on with: python -m lyric_lm.train resume=run" in errors
    summary = summary_of(tmp_path / "run")
    assert summary["interrupted"] is True
    assert (tmp_path / "run" / "model" / "model.safetensors").is_file()
    assert 0 < summary["steps"] < summary_of(straight)["steps"]

    resumed = call("train", "resume=run")
    assert resumed.code == 0, resumed.err
    assert summary_of(tmp_path / "run")["interrupted"] is False
    drop = ("tokens_per_second",)
    rows = [
        [{k: v for k, v in row.items() if k not in drop} for row in rows_of(run)]
        for run in (tmp_path / "run", straight)
    ]
    assert rows[0] == rows[1]
    for name in ("best_val_loss", "baseline_val_loss", "best_epoch", "epochs", "steps", "final_train_loss"):
        assert summary_of(tmp_path / "run")[name] == summary_of(straight)[name], name
    again = call("train", "resume=run")
    assert again.code == 1
    assert "this run is complete" in again.err


def test_a_sweep_leaves_a_run_for_each_setting_and_compare_shows_them(
    call: Callable[..., Done], songs_folder: Path, tmp_path: Path
) -> None:
    done = call(
        *("train", "-m", *TINY[:1], *TINY[2:], f"data.path={songs_folder}", "trainer.max_epochs=1", "callbacks=bare"),
        *("optim.lr=1e-3,3e-3", "logger=csv_only", "hydra.sweep.dir=outputs/sweep/first"),
    )
    assert done.code == 0, done.err
    assert not (tmp_path / "images").exists()
    done = call("compare", "run=outputs/sweep/first")
    assert done.code == 0, done.err
    lines = [line for line in done.out.split("\n") if line.startswith("|")]
    assert "optim.lr" in lines[0]
    losses = [float(line.split("|")[4]) for line in lines[2:]]
    assert losses == sorted(losses)
    assert len(losses) == 2
    assert "0.003" in lines[2] or "3e-3" in lines[2]
    for name in ("compare_val_loss.png", "compare_train_loss.png", "compare_grad_norm.png"):
        assert (tmp_path / "images" / name).read_bytes().startswith(b"\x89PNG")
    both = call("compare", "run=outputs/sweep/first/0,outputs/sweep/first/1", "out=elsewhere")
    assert both.code == 0, both.err
    assert both.out.count("\n| tiny") == 2
    assert (tmp_path / "elsewhere" / "compare_val_loss.png").is_file()
