"""Several runs side by side: what tells them apart, a table of their results, their curves, and a page.

Runs go in as read by ``runs.read_run``; labels, text, images and the page come out. What their evaluations found
stands beside their results, where there are any.
"""

import json
import shlex
from pathlib import Path
from typing import Any

from lyric_lm import markdown
from lyric_lm.curves import overlay, save
from lyric_lm.durable import write_text
from lyric_lm.evaluation.number_text import percent
from lyric_lm.evaluation.page import compare_page
from lyric_lm.evaluation.reading import curves_of, evaluation_of
from lyric_lm.runs import Run
from lyric_lm.search.findings import command_of, importances, ranking, spreads

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

# Columns that are there where a run was evaluated.
_COPIED, _APART = "copied 6", "AUC"


def differing_settings(runs: list[Run]) -> list[dict[str, str]]:
    """Return, for each run, the settings in which the runs differ; a setting not given is ``-``."""
    keys = list(dict.fromkeys(key for run in runs for key in run.overrides))
    varied = [key for key in keys if len({run.overrides.get(key) for run in runs}) > 1]
    if "data.artist" in varied:  # which says it better
        varied = [key for key in varied if key != "data.path"]
    return [{key: run.overrides.get(key, "-") for key in varied} for run in runs]


def has_one_tokenizer(runs: list[Run]) -> bool:
    """Return whether all models cut text into the same tokens; only then do their losses per token compare.

    What counts is how the exported tokenizers cut, not what their files are called. A run that exported none (it was
    stopped too early) is taken to cut as others with its model's name do.
    """
    contents: set[bytes] = set()
    with_file, without_file = set(), set()
    for run in runs:
        # A run killed while its model was replaced has the one before as model.previous.
        files = (run.folder / name / "tokenizer.json" for name in ("model", "model.previous"))
        file = next((file for file in files if file.is_file()), None)
        if file is None:
            without_file.add(run.summary["model"])
        else:
            with_file.add(run.summary["model"])
            contents.add(file.read_bytes())  # megabytes, and nearly always the same ones
    n_ways = len(contents) if len(contents) < 2 else len({_way_to_cut(content) for content in contents})
    return n_ways + len(without_file - with_file) <= 1


def _way_to_cut(tokenizer: bytes) -> str:
    """Return what in a ``tokenizer.json`` decides how text is cut, as canonical text; not padding, decoder and such."""
    content = json.loads(tokenizer)
    model = {key: content["model"].get(key) for key in ("type", "vocab", "merges")}
    # Files written by older versions have a merge as "a b", newer ones as ["a", "b"].
    model["merges"] = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"] or []]
    return json.dumps([model, content.get("normalizer"), content.get("pre_tokenizer")], sort_keys=True)


def label_runs(runs: list[Run]) -> list[LabelledRun]:
    """Name runs by what tells them apart, the best first; runs without a best held-out loss come last.

    The best has the lowest held-out loss; where tokenizers differ, the fewest bits per byte.
    """
    labelled = []
    for run, settings in zip(runs, differing_settings(runs), strict=True):
        chosen = ", ".join(f"{key.rpartition('.')[2]}={value}" for key, value in settings.items() if value != "-")
        labelled.append((chosen or run.folder.name, run))
    names = [label for label, _ in labelled]
    labelled = [(f"{label} ({run.folder.name})" if names.count(label) > 1 else label, run) for label, run in labelled]
    key = "best_val_loss" if has_one_tokenizer(runs) else "bits_per_byte"
    return sorted(labelled, key=lambda item: (item[1].summary[key] is None, item[1].summary[key]))


def table(runs: list[LabelledRun]) -> str:
    """Return a Markdown table of the runs: differing settings, results, what evaluations found, folder.

    Losses are nats per token and comparable only between models with the same tokenizer; bits per byte are
    comparable between all.
    """
    differing = differing_settings([run for _, run in runs])
    settings = [{key: value for key, value in chosen.items() if key != "model"} for chosen in differing]
    evaluations = [_evaluated(run.folder) for _, run in runs]
    measured = [heading for heading in (_COPIED, _APART) if any(heading in found for found in evaluations)]
    headings = ["model", *settings[0], *(heading for heading, _, _ in _RESULTS), *measured, "run"]
    rows = [headings]
    for (_, run), chosen, found in zip(runs, settings, evaluations, strict=True):
        results = ["-" if run.summary[key] is None else format(run.summary[key], how) for _, key, how in _RESULTS]
        results += [found.get(heading, "-") for heading in measured]
        note = " (interrupted)" if run.summary["interrupted"] else ""
        rows.append([run.summary["model"], *chosen.values(), *results, f"{run.folder}{note}"])
    return markdown.table(rows)


def _evaluated(folder: Path) -> dict[str, str]:
    """Return what a run's evaluation found by the table's headings; what is not known is not there."""
    metrics, found = evaluation_of(folder), {}
    if metrics is not None:
        share = metrics["originality"]["sets"]["samples"]["share_6"]
        if share is not None:
            found[_COPIED] = percent(share).replace("\xa0", " ")
        told = (metrics["style"]["told_apart"] or {}).get("samples")
        if told is not None:
            found[_APART] = f"{told['auc']:.2f}"
    return found


def findings(runs: list[LabelledRun], is_comparable: bool) -> dict[str, Any]:
    """Return what the runs say together, as plain data.

    That is ``importances`` of settings (shares, or None), ``spreads`` over seeds as texts by setting, the ``ranking``
    in words, and the ``command`` of the best run; empty where there is nothing to say. Losses on the songs of several
    artists rank nothing: some artists are easier to guess than others.
    """
    if len({run.summary["artist"] for _, run in runs}) > 1:
        return {"importances": None, "spreads": {}, "ranking": "", "command": ""}
    key = "best_val_loss" if is_comparable else "bits_per_byte"
    plain = [run for _, run in runs]
    over_seeds = spreads(plain, key)
    has_best = bool(runs) and runs[0][1].summary[key] is not None
    return {
        "importances": importances(plain, key),
        "spreads": {spread.settings: str(spread) for spread in over_seeds},
        "ranking": ranking(over_seeds),
        "command": command_of(runs[0][1]) if has_best and len(runs) > 1 else "",
    }


def told(found: dict[str, Any]) -> str:
    """Return findings as text, or nothing where there are none."""
    lines = [f"over seeds: {settings}: {spread}" for settings, spread in found["spreads"].items()]
    lines += [found["ranking"]] if found["ranking"] else []
    if found["importances"]:
        shares = ", ".join(f"{name} {percent(share)}" for name, share in found["importances"].items())
        lines.append(f"what mattered: {shares}".replace("\xa0", " "))
    lines += [f"the best again: {found['command']}"] if found["command"] else []
    return "\n".join(lines)


def draw(runs: list[LabelledRun], folder: Path, is_comparable: bool) -> list[Path]:
    """Draw the runs' curves over each other; return the images written.

    Args:
        is_comparable: whether losses per token compare; if not, the held-out loss is drawn in bits per byte.
    """
    images = []
    held_out = "val/loss" if is_comparable else "val/bits_per_byte"
    for name, column in (("val_loss", held_out), ("train_loss", "train/loss"), ("grad_norm", "train/grad_norm")):
        figure = overlay(runs, column)
        if column == "train/loss" and not is_comparable:
            figure.axes[0].set_title("Training loss (different tokens: levels do not compare)", loc="left", fontsize=12)
        image = folder / f"compare_{name}.png"
        save(figure, image)
        images.append(image)
    return images


def write_page(runs: list[LabelledRun], folder: Path, is_comparable: bool, together: dict[str, Any]) -> Path:
    """Write ``compare.html``, one file that needs no other; return it."""
    shown = []
    for label, run in runs:
        metrics = evaluation_of(run.folder)
        typed = shlex.quote(str(run.folder))
        curves = curves_of(run.folder, metrics)
        shown.append({"label": label, "run": typed, "summary": run.summary, "metrics": metrics, "curves": curves})
    page = folder / "compare.html"
    write_text(page, compare_page(shown, is_comparable, together))
    return page
