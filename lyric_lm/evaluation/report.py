"""The evaluation as files: ``metrics.json``, and ``report.html`` with the curves and a choice of the songs.

Metrics, samples and the run folder go in; what the page shows is chosen here, how it looks is told by ``page``.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from lyric_lm.durable import write_text
from lyric_lm.evaluation.page import report_page
from lyric_lm.evaluation.reading import curves_of
from lyric_lm.lyrics.song import Song
from lyric_lm.originality.copies import spans
from lyric_lm.originality.index import SongIndex
from lyric_lm.sampling import Sample

LEAST_SHOWN = 4  # words of a run that is marked in a song


def write_report(
    folder: Path, metrics: dict[str, Any], samples: list[Sample], train: Sequence[Song], run_dir: Path | None
) -> None:
    """Write ``metrics.json`` and ``report.html``."""
    write_text(folder / "metrics.json", json.dumps(metrics, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    page = report_page(metrics, curves_of(run_dir, metrics), songs_to_show(metrics, samples, SongIndex.of(train)))
    write_text(folder / "report.html", page)


def songs_to_show(metrics: dict[str, Any], samples: list[Sample], index: SongIndex) -> list[dict[str, Any]]:
    """Return the samples to show: the first two as they come, then the best and the worst by each measure."""
    if not samples:
        return []
    copied = metrics["originality"]["sets"]["samples"]["songs"]
    features = metrics["style"]["features"]
    measures = [
        {
            "longest_run": copied[i]["longest_run"],
            "share_6": copied[i]["share_6"],
            "rhymed_lines": features["rhymed_lines"]["sets"]["samples"]["values"][i],
            "repeated_4_grams": features["repeated_4_grams"]["sets"]["samples"]["values"][i],
            "off_style": off_style(features, i),
        }
        for i in range(len(samples))
    ]
    picked: dict[int, list[str]] = {i: ["as it came"] for i in range(min(2, len(samples)))}
    for name, least, most in (
        ("longest_run", "shortest copied run", "longest copied run"),
        ("off_style", "nearest to the artist's figures", "farthest from the artist's figures"),
        ("rhymed_lines", "fewest rhymes", "most rhymes"),
        ("repeated_4_grams", "repeats itself least", "repeats itself most"),
    ):
        known = [i for i in range(len(samples)) if measures[i][name] is not None]
        if len({measures[i][name] for i in known}) > 1:
            picked.setdefault(max(known, key=lambda i: measures[i][name]), []).append(most)
            picked.setdefault(min(known, key=lambda i: measures[i][name]), []).append(least)
    return [
        {
            "number": i + 1,
            "seed": samples[i].seed,
            "prompt": samples[i].prompt,
            "text": samples[i].text,
            "ended": samples[i].ended,
            "spans": [
                {"start": run.start, "end": run.end, "title": run.song.title, "n_words": run.n_words}
                for run in spans(samples[i].text, index, LEAST_SHOWN)
            ],
            "picked_for": reasons,
            "measures": {name: value for name, value in measures[i].items() if value is not None},
        }
        for i, reasons in picked.items()
    ]


def off_style(features: dict[str, Any], i: int) -> float | None:
    """Return how far a sample is from the held-out songs: the mean over features of the distance from their median.

    A distance is measured in widths of the held-out songs' middle 80 %, and counts at most 3.
    """
    distances = []
    for feature in features.values():
        held_out, value = feature["sets"]["held_out"], feature["sets"]["samples"]["values"][i]
        if value is None or held_out["median"] is None:
            continue
        width = held_out["p90"] - held_out["p10"]
        if width > 0:
            distances.append(min(3.0, math.fabs(value - held_out["median"]) / width))
    return round(fmean(distances), 3) if distances else None
