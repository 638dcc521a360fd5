"""How to draw tokens, from measurement: the same model at several temperatures, top_p and min_p.

For each setting a few songs are written and measured: how much they copy, how many are noise, how far they are from the
artist's style (the mean Kolmogorov-Smirnov distance of the features to the held-out songs). The picture shows what is
traded for what.
"""

from collections.abc import Iterator
from dataclasses import replace
from statistics import fmean
from typing import Any

from lyric_lm.evaluation.writing import ended_of, written
from lyric_lm.originality.copies import TrainingLines, copying
from lyric_lm.originality.index import SongIndex
from lyric_lm.sampling import Sample
from lyric_lm.sampling_settings import Sampling
from lyric_lm.style.features import FEATURES
from lyric_lm.style.profile import features_of, ks_distance
from lyric_lm.style.two_sample import told_apart

TEMPERATURES = (0.6, 0.8, 1.0, 1.2)
CUTS: tuple[dict[str, Any], ...] = (
    {"top_k": 50, "top_p": 0.95, "min_p": None},
    {"top_k": 0, "top_p": 0.9, "min_p": None},
    {"top_k": 0, "top_p": 1.0, "min_p": None},
    {"top_k": 0, "top_p": 1.0, "min_p": 0.05},
)
N_SONGS = 20  # of each setting


def grid(sampling: Sampling) -> Iterator[tuple[dict[str, Any], Sampling]]:
    """Yield each setting of the guide, and the sampling that it means; the rest stays as it is."""
    for cut in CUTS:
        for temperature in TEMPERATURES:
            setting = {"temperature": temperature, **cut}
            yield setting, replace(sampling, **setting)


def row(
    setting: dict[str, Any],
    songs: list[Sample],
    noise: float | None,
    sets: dict[str, list[str] | None],
    index: SongIndex,
    lines: TrainingLines,
    language: str,
    seed: int,
) -> dict[str, Any]:
    """Measure the songs of one setting.

    Args:
        noise: the share of the songs that are noise.
        sets: lyrics of the ``held_out`` and ``train`` songs.
        index, lines: of the training songs.
    """
    texts, held_out = written(songs), sets["held_out"] or []
    copied = copying(texts, index, lines, seed)
    features = features_of({**sets, "samples": texts, "base": None}, language, {"samples": ended_of(songs)})
    apart = told_apart(texts, held_out, features["samples"] or [], features["held_out"] or [], seed)
    distances = [
        ks_distance(*([song[name] for song in features[side] or []] for side in ("samples", "held_out")))
        for name in FEATURES
    ]
    known = [distance for distance in distances if distance is not None]
    return {
        **setting,
        **{key: copied[key] for key in ("share_4", "share_6", "longest_run", "verbatim_lines")},
        "noise": noise,
        "auc": apart and apart["auc"],
        "style_distance": round(fmean(known), 4) if known else None,
        "ended": sum(ended_of(songs)) / len(songs),
        "n_songs": len(songs),
    }
