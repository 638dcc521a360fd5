"""The logger behind ``metrics.csv``: one row per logged step, fixed columns, on disk at once."""

import csv
import math
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities.rank_zero import rank_zero_only

from lyric_lm.runs import METRICS


class MetricsFile(Logger):
    """Write logged metrics to a CSV file with the columns ``METRICS``, blank where not measured.

    Values logged for one step become one row. A run that goes on from step s drops the rows after s, which
    it is about to write again.
    """

    def __init__(self, file: Path, resume_step: int | None = None):
        super().__init__()
        self.file = file
        kept: list[dict[str, Any]] = []
        if resume_step is not None and file.is_file():
            with file.open(newline="", encoding="utf-8") as stream:
                kept = [row for row in csv.DictReader(stream) if int(row["step"]) <= resume_step]
        file.write_text(",".join(METRICS) + "\n", encoding="utf-8")
        self._row: dict[str, Any] = {}  # the last row, which may still get values of its step
        self._row_start = file.stat().st_size
        for row in kept:
            self._put(row, is_new=True)

    @property
    def name(self) -> str:
        return "metrics"

    @property
    def version(self) -> str:
        return ""

    @rank_zero_only
    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        known = {name: _text(metrics[name]) for name in METRICS if name in metrics}
        if not known or step is None or set(known) <= {"epoch"}:
            return
        is_new = str(step) != self._row.get("step")
        self._put({"step": str(step), **known} if is_new else {**self._row, **known}, is_new)

    @rank_zero_only
    def log_hyperparams(self, *args: Any, **kwargs: Any) -> None:
        """The settings are in ``.hydra/config.yaml``."""

    def _put(self, row: dict[str, Any], is_new: bool) -> None:
        if is_new:
            self._row_start = self.file.stat().st_size
        self._row = row
        with self.file.open("r+", newline="", encoding="utf-8") as stream:
            stream.seek(self._row_start)
            stream.truncate()
            csv.DictWriter(stream, METRICS, restval="", lineterminator="\n", extrasaction="ignore").writerow(row)


def _text(value: float) -> str:
    """Write a number as short as it stays exact to nine digits."""
    if float(value).is_integer() and math.fabs(value) < 1e15:
        return str(int(value))
    return f"{float(value):.9g}"
