"""Draw what a run measured: loss and gradient norm by step, held-out loss by epoch, and runs over each other.

Tables of metrics go in, matplotlib figures come out; ``save`` writes them. No display is needed.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lyric_lm.checks.overfitting import overfitting_since
from lyric_lm.runs import Run

BLUE, ORANGE, GREY = "#2b6cb0", "#c05621", "#888888"
_COLOURS = ("#2b6cb0", "#c05621", "#2f855a", "#805ad5", "#b83280", "#b7791f", "#0987a0", "#4a5568")
NATS, BITS = "nats per token", "bits per byte"
STEPS, EPOCHS = "optimizer step", "epoch (0: untrained)"


def train_loss(metrics: pd.DataFrame) -> Figure:
    """Draw ``train/loss`` at each step and its mean over the last tenth of the run, above the baseline."""
    figure, axes = figure_of("Training loss (plain cross-entropy)", STEPS, NATS)
    steps = metrics[metrics["train/loss"].notna()]
    _with_mean(axes, steps, "train/loss", BLUE)
    if (steps["train/objective"] - steps["train/loss"]).abs().max() > 1e-6:
        axes.plot(steps["step"], steps["train/objective"], color=ORANGE, lw=1, label="objective (label smoothing)")
    _baseline(axes, metrics)
    axes.legend(frameon=False)
    return figure


def eval_loss(metrics: pd.DataFrame) -> Figure:
    """Draw ``val/loss`` by epoch from the untrained model on, the best one marked, with the training loss.

    Where songs were measured within epochs too, all of it is drawn by step.
    """
    held_out = metrics[metrics["val/loss"].notna()]
    by_step = _is_within_epochs(held_out)
    unit = "step" if by_step else "epoch"
    figure, axes = figure_of(f"Held-out loss by {unit}", STEPS if by_step else EPOCHS, NATS)
    at = held_out["step"] if by_step else _epochs_done(held_out)
    axes.plot(at, held_out["val/loss"], "o-", color=BLUE, label="held-out songs")
    epochs = metrics[metrics["train/loss"].notna()].groupby("epoch")
    if len(epochs):
        ends = epochs["step"].max() if by_step else epochs["step"].max().index + 1
        label = "training songs (mean over the epoch)"
        axes.plot(ends, epochs["train/loss"].mean(), "s--", color=GREY, ms=4, label=label)
    best = held_out["val/loss"].to_numpy().argmin()
    value = held_out["val/loss"].iloc[best]
    axes.plot(at.iloc[best], value, "*", color=ORANGE, ms=16, label=f"best: {value:.3f}, {unit} {at.iloc[best]:.0f}")
    since = overfitting_since(metrics)
    if since is not None:
        first = best + 1 + (held_out["epoch"].to_numpy()[best + 1 :] == since - 1).argmax()
        between = at.iloc[first - 1 : first + 1].mean()
        axes.axvspan(between, at.max(), color=ORANGE, alpha=0.12, lw=0, label=f"overfitting since epoch {since}")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.legend(frameon=False)
    return figure


def grad_norm(metrics: pd.DataFrame, clip_at: float | None) -> Figure:
    """Draw the gradient's L2 norm before clipping at each step, and where it is clipped."""
    figure, axes = figure_of("Gradient norm before clipping", STEPS, "L2 norm")
    _with_mean(axes, metrics[metrics["train/grad_norm"].notna()], "train/grad_norm", BLUE)
    if clip_at:
        axes.axhline(clip_at, color=ORANGE, ls="--", lw=1, label=f"clipped at {clip_at:g}")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return figure


def overlay(runs: Sequence[tuple[str, Run]], column: str) -> Figure:
    """Draw one column of several runs over each other: ``val/…`` by epoch, unless measured within one, else by step."""
    what = {
        "val/loss": "Held-out loss",
        "val/bits_per_byte": "Held-out loss in bits per byte: compares whatever the tokenizer",
        "train/loss": "Training loss",
        "train/grad_norm": "Gradient norm before clipping",
    }
    is_val = column.startswith("val/")
    by_step = not is_val or any(_is_within_epochs(run.val) for _, run in runs)
    unit = {"train/grad_norm": "L2 norm", "val/bits_per_byte": BITS}.get(column, NATS)
    figure, axes = figure_of(what.get(column, column), STEPS if by_step else EPOCHS, unit)
    for (label, run), colour in zip(runs, _COLOURS * (len(runs) // len(_COLOURS) + 1), strict=False):
        if is_val:
            held_out = run.val
            at = held_out["step"] if by_step else _epochs_done(held_out)
            axes.plot(at, held_out[column], "o-", color=colour, label=label)
        else:
            steps = run.train
            axes.plot(
                steps["step"],
                steps[column].rolling(_window(len(steps)), min_periods=1).mean(),
                color=colour,
                label=label,
            )
    if is_val:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.legend(frameon=False, fontsize=8)
    return figure


def save(figure: Figure, file: Path) -> None:
    """Write a figure as PNG; its folder is made where missing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=120)


def save_run_curves(metrics: pd.DataFrame, clip_at: float | None, folder: Path) -> None:
    """Write the three curves of a run: ``train_loss.png``, ``eval_loss.png``, ``grad_norm.png``."""
    if metrics["train/loss"].notna().any():
        save(train_loss(metrics), folder / "train_loss.png")
        save(grad_norm(metrics, clip_at), folder / "grad_norm.png")
    if metrics["val/loss"].notna().any():
        save(eval_loss(metrics), folder / "eval_loss.png")


def figure_of(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    """Return a figure with one panel, its title and what its axes show."""
    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=12)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _with_mean(axes: Axes, steps: pd.DataFrame, column: str, colour: str) -> None:
    axes.plot(steps["step"], steps[column], color=colour, alpha=0.3, lw=1, label="each step")
    window = _window(len(steps))
    mean = steps[column].rolling(window, min_periods=1).mean()
    axes.plot(steps["step"], mean, color=colour, lw=2, label=f"mean of {window} steps")


def _window(n_steps: int) -> int:
    return max(1, n_steps // 10)


def _baseline(axes: Axes, metrics: pd.DataFrame) -> None:
    untrained = metrics[(metrics["step"] == 0) & metrics["val/loss"].notna()]
    if len(untrained):
        value = untrained["val/loss"].iloc[0]
        axes.axhline(value, color=GREY, ls="--", lw=1, label=f"untrained model, held-out songs: {value:.3f}")


def _is_within_epochs(held_out: pd.DataFrame) -> bool:
    """Return whether songs were measured more than once in an epoch (``trainer.val_check_interval``)."""
    return bool(held_out.loc[held_out["step"] > 0, "epoch"].duplicated().any())


def _epochs_done(held_out: pd.DataFrame) -> pd.Series:
    """Return how many epochs were done at each validation: 0 for the untrained model's."""
    return (held_out["epoch"] + 1).where(held_out["step"] > 0, 0)
