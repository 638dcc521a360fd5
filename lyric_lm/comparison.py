"""Several runs side by side: what tells them apart, a table of their results, and their curves.

Runs go in as read by ``runs.read_run``; labels, text and images come out.
"""

from pathlib import Path

from lyric_lm.curves import overlay, save
from lyric_lm.runs import Run

LabelledRun = tuple[str, Run]

# The columns of the table: heading, key of summary.json, format.
_RESULTS = (
    ("untrained", "baseline_val_loss", ".3f"),
    ("held-out", "best_val_loss", ".3f"),
    ("epoch", "best_epoch", "d"),
    ("perplexity", "perplexity", ".1f"),
    ("bits/byte", "bits_per_byte", ".3f"),
    ("train", "final_train_loss", ".3f"),
    ("steps", "steps", "d"),
    ("seconds", "seconds", ".0f"),
)


def differing_settings(runs: list[Run]) -> list[dict[str, str]]:
    """Return, for each run, the settings in which the runs differ; a setting not given is ``-``."""
    keys = list(dict.fromkeys(key for run in runs for key in run.overrides))
    varied = [key for key in keys if len({run.overrides.get(key) for run in runs}) > 1]
    return [{key: run.overrides.get(key, "-") for key in varied} for run in runs]


def label_runs(runs: list[Run]) -> list[LabelledRun]:
    """Name runs by what tells them apart, best held-out loss first; runs without one come last."""
    labelled = []
    for run, settings in zip(runs, differing_settings(runs), strict=True):
        chosen = ", ".join(f"{key.rpartition('.')[2]}={value}" for key, value in settings.items() if value != "-")
        labelled.append((chosen or run.folder.name, run))
    names = [label for label, _ in labelled]
    labelled = [(f"{label} ({run.folder.name})" if names.count(label) > 1 else label, run) for label, run in labelled]
    return sorted(
        labelled, key=lambda item: (item[1].summary["best_val_loss"] is None, item[1].summary["best_val_loss"])
    )


def table(runs: list[LabelledRun]) -> str:
    """Return a Markdown table of the runs: differing settings, results, folder.

    Losses are nats per token and comparable only between models with the same tokenizer; bits per byte are
    comparable between all.
    """
    differing = differing_settings([run for _, run in runs])
    settings = [{key: value for key, value in chosen.items() if key != "model"} for chosen in differing]
    headings = ["model", *settings[0], *(heading for heading, _, _ in _RESULTS), "run"]
    rows = [headings]
    for (_, run), chosen in zip(runs, settings, strict=True):
        results = ["-" if run.summary[key] is None else format(run.summary[key], how) for _, key, how in _RESULTS]
        note = " (interrupted)" if run.summary["interrupted"] else ""
        rows.append([run.summary["model"], *chosen.values(), *results, f"{run.folder}{note}"])
    widths = [max(len(row[column]) for row in rows) for column in range(len(headings))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def draw(runs: list[LabelledRun], folder: Path) -> list[Path]:
    """Draw the runs' curves over each other; return the images written."""
    images = []
    columns = {"val_loss": "val/loss", "train_loss": "train/loss", "grad_norm": "train/grad_norm"}
    for name, column in columns.items():
        image = folder / f"compare_{name}.png"
        save(overlay(runs, column), image)
        images.append(image)
    return images
