"""The figures show the numbers they are given."""

import math
from pathlib import Path

import pandas as pd
import pytest

from lyric_lm.comparison import differing_settings, label_runs, table
from lyric_lm.curves import eval_loss, grad_norm, save_run_curves, train_loss
from lyric_lm.runs import METRICS, Run

NAN = math.nan


def metrics() -> pd.DataFrame:
    rows = [
        *[(0, 0, NAN, NAN, NAN, NAN, NAN, 4.0, 54.6, 1.6)],
        *[(1, 0, 3.9, 3.9, 2.0, 1e-4, 300, NAN, NAN, NAN), (2, 0, 3.7, 3.7, 1.5, 5e-5, 300, 3.5, 33.1, 1.4)],
        *[(3, 1, 3.0, 3.0, 1.2, 1e-5, 300, NAN, NAN, NAN), (4, 1, 2.8, 2.8, 1.1, 0.0, 300, 3.6, 36.6, 1.45)],
    ]
    return pd.DataFrame(rows, columns=list(METRICS))


def lines(figure) -> dict[str, list[tuple[float, float]]]:
    axes = figure.axes[0]
    return {line.get_label(): list(zip(line.get_xdata(), line.get_ydata(), strict=True)) for line in axes.lines}


def test_held_out_loss_by_epoch_with_the_best_marked() -> None:
    drawn = lines(eval_loss(metrics()))
    assert drawn["held-out songs"] == [(0, 4.0), (1, 3.5), (2, 3.6)]
    assert drawn["best: 3.500, epoch 1"] == [(1, 3.5)]
    assert drawn["training songs (mean over the epoch)"] == [(1, pytest.approx(3.8)), (2, pytest.approx(2.9))]


def test_train_loss_by_step_with_the_baseline() -> None:
    drawn = lines(train_loss(metrics()))
    assert drawn["each step"] == [(1, 3.9), (2, 3.7), (3, 3.0), (4, 2.8)]
    assert [y for _, y in drawn["untrained model, held-out songs: 4.000"]] == [4.0, 4.0]
    assert "objective (label smoothing)" not in drawn
    smoothed = metrics()
    smoothed["train/objective"] += 0.5
    assert lines(train_loss(smoothed))["objective (label smoothing)"][0] == (1, 4.4)


def test_grad_norm_before_clipping_with_the_clip() -> None:
    drawn = lines(grad_norm(metrics(), clip_at=1.0))
    assert drawn["each step"] == [(1, 2.0), (2, 1.5), (3, 1.2), (4, 1.1)]
    assert [y for _, y in drawn["clipped at 1"]] == [1.0, 1.0]


def test_a_run_without_steps_has_only_what_was_measured(tmp_path: Path) -> None:
    save_run_curves(metrics()[:1], 1.0, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["eval_loss.png"]


def run(name: str, loss: float | None, **overrides: str) -> Run:
    keys = ("baseline_val_loss", "best_epoch", "perplexity", "bits_per_byte", "final_train_loss", "steps", "seconds")
    summary = {"model": "tiny", "interrupted": loss is None, "best_val_loss": loss, **dict.fromkeys(keys, None)}
    return Run(Path(name), metrics(), summary, overrides)


def test_runs_are_told_apart_by_what_differs_best_first() -> None:
    runs = [run("a", 3.5, lr="1", same="x"), run("b", None, lr="2", same="x"), run("c", 3.1, same="x")]
    assert differing_settings(runs) == [{"lr": "1"}, {"lr": "2"}, {"lr": "-"}]
    labelled = label_runs(runs)
    assert [label for label, _ in labelled] == ["c", "lr=1", "lr=2"]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table(labelled).split("\n")]
    assert rows[0][:4] == ["model", "lr", "untrained", "held-out"]
    assert [row[3] for row in rows[2:]] == ["3.100", "3.500", "-"]
    assert [row[-1] for row in rows[2:]] == ["c", "a", "b (interrupted)"]
