"""Put the figure that decides between those it is compared with, on one axis: the small pictures of the verdict.

``metrics.json`` goes in; rows with coordinates, for the template to draw, come out. None: nothing to compare with.
"""

from collections.abc import Sequence
from typing import Any

from lyric_lm.evaluation import marks
from lyric_lm.evaluation.number_text import between, percent

Scale = dict[str, Any]
Row = tuple[str, str, float, Sequence[float] | None]  # set, label, value, interval


def learned(metrics: dict[str, Any]) -> Scale | None:
    """Return the loss on held-out songs, nats per token, beside the untrained model's."""
    base, tuned = metrics["held_out"]["base"], metrics["held_out"]["tuned"]
    if base is None:
        return None
    rows: list[Row] = [("base", "untrained model", base["loss"], None), ("samples", "this model", tuned["loss"], None)]
    return _scale(rows, lambda value: f"{value:.2f}")


def original(metrics: dict[str, Any]) -> Scale | None:
    """Return the samples' share of copied sequences of 6 words between the artist's and the untrained model's."""
    labels = {"held_out": "the artist’s own rate", "samples": "the samples", "base": "untrained model"}
    sets = metrics["originality"]["sets"]
    rows = [
        (name, label, sets[name]["share_6"], sets[name]["intervals"]["share_6"])
        for name, label in labels.items()
        if sets.get(name) is not None and sets[name]["share_6"] is not None
    ]
    return _scale(rows, percent, low=0.0)


def in_style(metrics: dict[str, Any]) -> Scale | None:
    """Return how well samples are told from held-out songs between floor and ceiling; below 0.5 counts as 0.5."""
    labels = {"train": "training songs (floor)", "samples": "the samples", "base": "untrained model (ceiling)"}
    told = metrics["style"]["told_apart"]
    if told is None or told["samples"] is None:
        return None
    rows = [
        (name, label, told[name]["auc"], told[name]["interval"])
        for name, label in labels.items()
        if told.get(name) is not None
    ]
    scale = _scale(rows, lambda value: f"{value:.2f}", low=0.5, high=1.0)
    return scale and scale | {"low": "0.5: cannot be told", "high": "1: always"}


def compared(runs: list[dict[str, Any]]) -> list[tuple[str, Scale | None]]:
    """Return evaluated runs on the scales that compare any models, whatever their tokens."""
    bits: list[Row] = []
    copied: list[Row] = []
    apart: list[Row] = []
    for run in runs:
        metrics, label = run["metrics"], run["label"]
        bits.append(("samples", label, metrics["held_out"]["tuned"]["bits_per_byte"], None))
        one = metrics["originality"]["sets"]["samples"]
        if one["share_6"] is not None:
            copied.append(("samples", label, one["share_6"], one["intervals"]["share_6"]))
        told = (metrics["style"]["told_apart"] or {}).get("samples")
        if told is not None:
            apart.append(("samples", label, told["auc"], told["interval"]))
    own = {run["metrics"]["originality"]["sets"]["held_out"]["share_6"] for run in runs}
    copied += [("held_out", "the artist’s own rate", rate, None) for rate in sorted(own - {None})]
    return [
        ("Held-out bits per byte: lower is better", _scale(bits, lambda value: f"{value:.3f}")),
        ("Copied sequences of 6 words", _scale(copied, percent, low=0.0)),
        (
            "Told from the artist’s songs (AUC): lower is better",
            _scale(apart, lambda value: f"{value:.2f}", low=0.5, high=1.0),
        ),
    ]


def _scale(rows: Sequence[Row], form: Any, **ends: float | None) -> Scale | None:
    """Return rows on one axis; None where there is nothing to compare."""
    if len(rows) < 2:
        return None
    values = [value for _, _, value, interval in rows for value in (value, *(interval or ()))]
    scale = marks.axis(values, 6, 266, **ends)
    drawn = [
        {
            "set": name,
            "label": label,
            "shown": form(value),
            "interval": between(interval, form),
            "x": scale.at(value),
            "whisker": interval and [scale.at(end) for end in interval],
        }
        for name, label, value, interval in rows
    ]
    return {"rows": drawn, "low": form(scale.low), "high": form(scale.high)}
