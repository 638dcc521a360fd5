"""The runs of many artists side by side: a line each, a table as a file, a picture."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn

from lyric_lm import markdown
from lyric_lm.durable import write_text

MOST_ROWS = 60  # of the picture; of more artists, names are left out

_COLUMNS = (
    *("n_songs", "n_train_tokens", "baseline_val_loss", "best_val_loss", "bits_per_byte", "best_epoch"),
    *("overfitting_since_epoch", "seconds"),
)


@dataclass(frozen=True)
class Result:
    """What a run came to: its summary, or None and what went wrong."""

    artist: str
    folder: Path
    summary: dict[str, Any] | None
    error: str = ""


def result_of(artist: str, folder: Path, returned: JobReturn) -> Result:
    """Read what a job left, and what it raised."""
    if isinstance(returned._return_value, BaseException):
        return Result(artist, folder, None, " ".join(str(returned._return_value).split()))
    return Result(artist, folder, json.loads((folder / "summary.json").read_text(encoding="utf-8")))


def listed(results: Sequence[Result]) -> str:
    """Return a Markdown table, by artist: losses are nats per token; failed runs with their reasons below it."""
    headings = ("artist", "songs", "tokens", "untrained", "held-out", "difference", "bits/byte", "epoch", "seconds")
    rows: list[tuple[str, ...]] = [headings]
    for result in results:
        if (found := result.summary) and found["best_val_loss"] is not None:
            before, after = found["baseline_val_loss"], found["best_val_loss"]
            rows.append(
                (
                    *(result.artist.replace("|", "/"), f"{found['n_songs']}", f"{found['n_train_tokens']:,}"),
                    *(f"{loss:.3f}" for loss in (before, after, after - before)),
                    *(f"{found['bits_per_byte']:.3f}", f"{found['best_epoch']}", f"{found['seconds']:.0f}"),
                )
            )
    failed = [f"failed: {result.artist}: {result.error}" for result in results if result.error]
    return "\n".join([markdown.table(rows), *failed])


def write_csv(results: Sequence[Result], file: Path) -> None:
    """Write a line for each run: artist, figures of its summary, folder, and what went wrong."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["artist", *_COLUMNS, "run", "error"])
    for result in results:
        figures = [(result.summary or {}).get(column) for column in _COLUMNS]
        writer.writerow([result.artist, *figures, result.folder, result.error])
    write_text(file, text.getvalue())


def draw(results: Sequence[Result], file: Path) -> Path:
    """Draw from where to where the held-out loss of each artist fell, a row each; return the file.

    Of more artists than rows can be read, where each ends over how many tokens there were.
    """
    from lyric_lm.curves import BLUE, GREY, NATS, figure_of, save  # matplotlib takes a second

    found = [(result.artist, result.summary) for result in results if result.summary]
    found = [(artist, summary) for artist, summary in found if summary["best_val_loss"] is not None]
    before, after = ([summary[key] for _, summary in found] for key in ("baseline_val_loss", "best_val_loss"))
    title = "Held-out loss by artist"
    if len(found) > MOST_ROWS:
        figure, axes = figure_of(title, "tokens to train on", NATS)
        tokens = [summary["n_train_tokens"] for _, summary in found]
        axes.set_xscale("log")
        axes.plot(tokens, before, "o", color=GREY, ms=3, label="untrained")
        axes.plot(tokens, after, "o", color=BLUE, ms=3, label="best epoch")
    else:
        figure, axes = figure_of(title, NATS, "")
        figure.set_figheight(1.6 + 0.24 * len(found))
        rows = range(len(found), 0, -1)
        axes.hlines(rows, after, before, color=GREY, lw=1, zorder=1)
        axes.plot(before, rows, "o", color=GREY, ms=4, label="untrained")
        axes.plot(after, rows, "o", color=BLUE, ms=5, label="best epoch")
        names = [f"{artist[:40]} ({summary['n_train_tokens']:,} tokens)" for artist, summary in found]
        axes.set_yticks(rows, names, fontsize=8, parse_math=False)
        axes.set_ylim(0.3, len(found) + 0.7)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=2, frameon=False, fontsize=8)
    save(figure, file)
    return file
