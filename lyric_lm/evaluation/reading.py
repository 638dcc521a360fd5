"""Read what a run left to show on a page: its curves by epoch, and its evaluation where there is one.

A run folder goes in, plain data comes out. Imports no torch, for what only reads should start quickly.
"""

import json
import math
from pathlib import Path
from typing import Any

from lyric_lm.evaluation import VERSION
from lyric_lm.runs import losses_by_epoch, read_metrics


def evaluation_of(run_dir: Path) -> dict[str, Any] | None:
    """Return the content of a run's ``evaluation/metrics.json``; None: there is none, or one of another version."""
    file = run_dir / "evaluation" / "metrics.json"
    if not file.is_file():
        return None
    metrics: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return metrics if metrics.get("version") == VERSION else None


def curves_of(run_dir: Path | None, metrics: dict[str, Any] | None) -> dict[str, Any]:
    """Return a run's curves by epoch, as ``report_page`` and ``compare_page`` want them.

    Args:
        run_dir: None: the model belongs to no run, and has no curves.
        metrics: of the evaluation, for the artist's own shares; None: not evaluated.
    """
    own = metrics["originality"]["sets"]["held_out"] if metrics else None
    curves: dict[str, Any] = {"held_out": [], "originality": [], "own": own, "best_epoch": None}
    if run_dir is None:
        return curves
    table = read_metrics(run_dir)
    losses, curves["best_epoch"] = losses_by_epoch(table)
    bits = table.loc[table["val/loss"].notna(), "val/bits_per_byte"]
    curves["held_out"] = [
        row | {"bits_per_byte": None if math.isnan(value) else value}
        for row, value in zip(losses, bits.tolist(), strict=True)
    ]
    by_epoch = run_dir / "originality.json"
    if by_epoch.is_file():
        curves["originality"] = json.loads(by_epoch.read_text(encoding="utf-8"))["epochs"]
    return curves
