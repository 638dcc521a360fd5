"""Held-out songs measured within epochs too (``trainer.val_check_interval``): what is told and drawn says when."""

import math
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from lyric_lm.curves import eval_loss, overlay
from lyric_lm.runs import Run, losses_by_epoch, read_metrics
from tests.conftest import TINY, Done
from tests.test_curves import lines

NAN = math.nan


def metrics() -> pd.DataFrame:
    """Six steps in two epochs, measured after each; it overfits in the second, after the best."""
    rows = [
        *[(0, 0, NAN, 4.0), (1, 0, 3.9, 3.6), (2, 0, 3.7, 3.55)],
        *[(3, 1, 3.0, 3.5), (4, 1, 2.8, 3.6), (5, 1, 2.6, 3.7)],
    ]
    return pd.DataFrame(rows, columns=["step", "epoch", "train/loss", "val/loss"])


def test_the_curve_is_drawn_by_step() -> None:
    figure = eval_loss(metrics())
    axes, drawn = figure.axes[0], lines(figure)
    assert (axes.get_title(loc="left"), axes.get_xlabel()) == ("Held-out loss by step", "optimizer step")
    assert drawn["held-out songs"] == [(0, 4.0), (1, 3.6), (2, 3.55), (3, 3.5), (4, 3.6), (5, 3.7)]
    assert drawn["best: 3.500, step 3"] == [(3, 3.5)]
    assert drawn["training songs (mean over the epoch)"] == [(2, pytest.approx(3.8)), (5, pytest.approx(2.8))]
    (shade,) = axes.patches
    assert (shade.get_label(), shade.get_x(), shade.get_x() + shade.get_width()) == (
        "overfitting since epoch 2",
        3.5,
        5,
    )


def test_then_runs_are_drawn_over_each_other_by_step() -> None:
    by_epoch = metrics().drop(index=[1, 3, 4])  # measured when an epoch ends
    runs = [("one", Run(Path("one"), metrics(), {}, {})), ("other", Run(Path("other"), by_epoch, {}, {}))]
    axes = overlay(runs, "val/loss").axes[0]
    assert axes.get_xlabel() == "optimizer step"
    assert [line.get_xdata().tolist() for line in axes.lines] == [[0, 1, 2, 3, 4, 5], [0, 2, 5]]
    axes = overlay(runs[1:], "val/loss").axes[0]
    assert axes.get_xlabel() == "epoch (0: untrained)"
    assert [line.get_xdata().tolist() for line in axes.lines] == [[0, 1, 2]]


def test_an_epoch_has_one_row_beside_its_samples() -> None:
    rows, best = losses_by_epoch(metrics())
    assert [(row["epoch"], row["val_loss"]) for row in rows] == [(0, 4.0), (1, 3.55), (2, 3.5)]
    assert best == 2


def test_a_run_says_at_which_step_it_was(call: Callable[..., Done], songs_folder: Path, tmp_path: Path) -> None:
    common = (*TINY, f"data.path={songs_folder}", "callbacks.originality=null", "trainer.max_epochs=1")
    within = (
        "trainer.limit_train_batches=18",
        "trainer.val_check_interval=0.5",
        "callbacks.samples.max_new_tokens=8",
        "hydra.run.dir=within",
    )
    done = call("train", *common, *within)
    assert done.code == 0, done.err
    measured = read_metrics(tmp_path / "within")
    untrained, half, end = measured[measured["val/loss"].notna()]["step"]
    assert (untrained, end) == (0, measured["step"].max())
    assert 0 < half < end
    for line in (f"Step {half} (epoch 1): held-out loss ", f"After step {half} (epoch 1) it writes:"):
        assert done.err.count(line) == 1
    for line in ("Epoch 1: held-out loss ", "After epoch 1 it writes:"):
        assert done.err.count(line) == 1
    written = sorted(file.name for file in (tmp_path / "within" / "samples").iterdir())
    assert written == ["epoch_00.txt", "epoch_01.txt", f"epoch_01_step_{half:04}.txt"]
