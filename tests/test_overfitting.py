"""Overfitting is a rise of the held-out loss while the training loss falls, and is named with its epoch."""

import csv
import json
import math
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from lyric_lm.checks.overfitting import overfitting_since
from lyric_lm.curves import eval_loss
from lyric_lm.runs import read_metrics
from tests.conftest import TINY, Done


def rows_of(run: Path) -> list[dict[str, str]]:
    with (run / "metrics.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_a_run_that_overfits_is_named_with_its_epoch(
    call: Callable[..., Done], songs_folder: Path, tmp_path: Path
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for file in sorted(songs_folder.glob("*.txt"))[:4]:
        (few / file.name).write_bytes(file.read_bytes())
    done = call(
        *("train", *TINY, f"data.path={few}", "trainer.max_epochs=9", "hydra.run.dir=run", "callbacks=bare"),
        *("optim.lr=1e-2", "optim.beta1=0.9", "optim.warmup_steps=10", "optim.schedule=constant"),
        *("data.block_size=64", "logger=csv_only", "data.val_fraction=0.3"),
    )
    assert done.code == 0, done.err
    held_out, training = {}, defaultdict(list)
    for row in rows_of(tmp_path / "run")[1:]:
        training[int(row["epoch"]) + 1].append(float(row["train/loss"]))
        if row["val/loss"]:
            held_out[int(row["epoch"]) + 1] = float(row["val/loss"])
    best = min(held_out, key=held_out.__getitem__)
    means = {epoch: sum(losses) / len(losses) for epoch, losses in training.items()}
    (since, *_) = [
        epoch
        for epoch in held_out
        if epoch > best and held_out[epoch] > held_out[best] + 0.01 and means[epoch] < means[epoch - 1]
    ]
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["overfitting_since_epoch"] == since
    assert 1 <= best < since <= 9
    said = [line for line in done.err.split("\n") if f"Overfitting since epoch {since}:" in line]
    assert len(said) == 1
    assert f"overfitting | since epoch {since}" in (tmp_path / "run" / "model" / "README.md").read_text()
    (patch,) = eval_loss(read_metrics(tmp_path / "run")).axes[0].patches
    assert patch.get_label() == f"overfitting since epoch {since}"
    assert patch.get_x() == since - 0.5


def test_a_healthy_run_does_not_overfit(tiny_run: Path) -> None:
    assert json.loads((tiny_run / "summary.json").read_text())["overfitting_since_epoch"] is None
    assert "verfitting" not in (tiny_run / "train.log").read_text()
    assert "overfitting | not seen" in (tiny_run / "model" / "README.md").read_text()
    assert not eval_loss(read_metrics(tiny_run)).axes[0].patches


@pytest.mark.parametrize(
    ("train", "held_out", "since"),
    [
        ([3.8, 3.0, 2.5], [3.5, 3.6, 3.7], 2),
        ([3.8, 3.0, 2.5], [3.5, 3.504, 3.509], None),  # as good as level
        ([3.8, 3.0, 2.5, 2.0], [3.5, 3.504, 3.6, 3.4], None),  # a new best takes it back
        ([3.8, 4.5, 4.4], [3.5, 4.6, 4.5], 3),
        ([3.8, 4.5, 4.9], [3.5, 4.6, 5.5], None),  # diverging: the training loss rises as well
        ([8.0, 6.0, 5.0], [7.0, 6.0, 5.0], None),  # worse than untrained, but recovering
    ],
)
def test_overfitting_is_a_rise_against_falling_training_loss(
    train: list[float], held_out: list[float], since: int | None
) -> None:
    rows = [(0, 0, math.nan, 3.7)] + [
        (2 * i + half, i, train[i], held_out[i] if half == 2 else math.nan)
        for i in range(len(train))
        for half in (1, 2)
    ]
    assert overfitting_since(pd.DataFrame(rows, columns=["step", "epoch", "train/loss", "val/loss"])) == since
