"""The logger behind ``metrics.csv``: one row per logged step, fixed columns, in the file at once."""

import csv
import io
import logging
import math
import os
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities.rank_zero import rank_zero_only

from lyric_lm.durable import write_text
from lyric_lm.runs import METRICS

log = logging.getLogger(__name__)


class MetricsFile(Logger):
    """Write logged metrics to a CSV file with the columns ``METRICS``, blank where not measured.

    Values logged for one step become one row.
    """

    def __init__(self, file: Path):
        super().__init__()
        self.file = file
        self._row: dict[str, Any] = {}  # the last row, which may still get values of its step
        self._row_start = 0

    @rank_zero_only
    def begin(self, resume_step: int | None = None, every: int = 1) -> None:
        """Begin the file anew, or keep its rows up to the step that a run goes on from, and say which are lost.

        Args:
            resume_step: rows after it are about to be written again; None for a new file.
            every: optimizer steps from row to row.
        """
        kept: list[dict[str, str]] = []
        if resume_step is not None:
            there = read_rows(self.file)
            kept = [row for row in there if int(row["step"]) <= resume_step]
            n_lost = len(set(range(0, resume_step + 1, every)) - {int(row["step"]) for row in kept})
            if n_lost:
                log.warning(
                    "Warning: %s lacks %s of the rows up to step %s (changed or lost since); the curves begin or break "
                    "off there, the training goes on exactly",
                    *(self.file, n_lost, resume_step),
                )
        lines = [",".join(METRICS) + "\n", *map(_line, kept)]
        write_text(self.file, "".join(lines))
        if kept:
            self._row = dict(kept[-1])
            self._row_start = sum(len(line.encode()) for line in lines[:-1])

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

    @rank_zero_only
    def sync(self) -> None:
        """Force the rows to the disk, so that a power cut cannot take what a checkpoint counts on."""
        with self.file.open("rb") as stream:
            os.fsync(stream.fileno())

    def _put(self, row: dict[str, Any], is_new: bool) -> None:
        if is_new:
            self._row_start = self.file.stat().st_size
        self._row = row
        with self.file.open("r+b") as stream:
            stream.seek(self._row_start)
            stream.write(_line(row).encode())  # over the old row before the rest is cut, so that a kill loses nothing
            stream.truncate()


def read_rows(file: Path) -> list[dict[str, str]]:
    """Return the rows of a ``metrics.csv`` that are whole: a kill tears the last one, a power cut several."""
    if not file.is_file():
        return []
    lines = file.read_bytes().decode("utf-8", errors="replace").split("\n")[:-1]
    rows = [line.split(",") for line in lines[1:]]
    return [dict(zip(METRICS, row, strict=True)) for row in rows if len(row) == len(METRICS) and row[0].isdigit()]


def _line(row: dict[str, Any]) -> str:
    text = io.StringIO()
    csv.DictWriter(text, METRICS, restval="", lineterminator="\n", extrasaction="ignore").writerow(row)
    return text.getvalue()


def _text(value: float) -> str:
    """Write a number as short as it stays exact to nine digits."""
    if float(value).is_integer() and math.fabs(value) < 1e15:
        return str(int(value))
    return f"{float(value):.9g}"
