"""Several sets of songs side by side: their features, rhyme schemes and favourite words.

Sets of lyrics go in (generated, held out, of the untrained model, for training), plain data for the evaluation come
out. Which differences matter is not decided here.
"""

from typing import Any

import numpy as np
from scipy.stats import ks_2samp

from lyric_lm.style.favourites import favourite_words
from lyric_lm.style.features import FEATURES, known_words, song_features, vocabulary
from lyric_lm.style.rhyme import scheme_shares

SETS = ("samples", "held_out", "base", "train")
REFERENCE = "held_out"  # what the others are compared with

Values = list[float | None]
Features = dict[str, float | None]


def distribution(values: Values) -> dict[str, Any]:
    """Summarise the values of one feature, one for each song, None where it is not defined.

    Returns:
        ``n`` (songs with a value), ``mean``, ``median``, ``p10``, ``p90`` (None for no value), ``values``; to 4 places.

    >>> distribution([1.0, None, 3.0])
    {'n': 2, 'mean': 2.0, 'median': 2.0, 'p10': 1.2, 'p90': 2.8, 'values': [1.0, None, 3.0]}
    """
    known = [value for value in values if value is not None]
    p10, median, p90 = np.percentile(known, [10, 50, 90]).tolist() if known else [None] * 3
    summary = {"mean": float(np.mean(known)) if known else None, "median": median, "p10": p10, "p90": p90}
    return (
        {"n": len(known)}
        | {name: _rounded(value) for name, value in summary.items()}
        | {"values": [_rounded(value) for value in values]}
    )


def ks_distance(values: Values, others: Values) -> float | None:
    """Return the Kolmogorov-Smirnov distance of two sets of values, 0 (alike) to 1; None for fewer than two values.

    Of 10 songs and 75 of the same album it is by chance alone 0.21 on average over the features, up to 0.29 for one
    of them, and in 95 of 100 cases below 0.39 (benchmarks/told_apart.py).

    >>> ks_distance([1, 2, 3], [1, 2, 3]), ks_distance([1, 2, None], [3, 4]), ks_distance([1], [1, 2])
    (0.0, 1.0, None)
    """
    known = [[value for value in side if value is not None] for side in (values, others)]
    if min(map(len, known)) < 2:
        return None
    return _rounded(float(ks_2samp(*known, method="asymp").statistic))


def features_of(
    sets: dict[str, list[str] | None], language: str, ended: dict[str, list[bool] | None] | None = None
) -> dict[str, list[Features] | None]:
    """Measure each song of each set by ``FEATURES``; the arguments are those of ``style_of``."""
    return {name: _measured(name, sets, language, (ended or {}).get(name)) for name in SETS}


def style_of(
    sets: dict[str, list[str] | None], language: str, ended: dict[str, list[bool] | None] | None = None
) -> dict[str, Any]:
    """Describe the style of each set of songs, and how far each is from the held-out songs.

    Args:
        sets: lyrics of ``samples``, ``held_out``, ``train`` and ``base``, which may be None.
        language: ISO 639-1 code of the songs' main language.
        ended: by set, whether each song came to its end; a set that is missing did. What is broken off is measured
            without its last line.

    Returns:
        ``features``, ``rhyme_schemes`` and ``favourite_words``, as in ``metrics.json``.
    """
    measured = features_of(sets, language, ended)
    features = {}
    for feature, (what, unit) in FEATURES.items():
        values = {name: [song[feature] for song in songs] for name, songs in measured.items() if songs is not None}
        features[feature] = {
            "what": what,
            "unit": unit,
            "sets": {name: distribution(values[name]) if name in values else None for name in SETS},
            "distance": {
                name: ks_distance(values[name], values.get(REFERENCE, [])) if name in values else None
                for name in SETS
                if name != REFERENCE
            },
        }
    schemes = {name: None if (songs := sets.get(name)) is None else scheme_shares(songs, language) for name in SETS}
    others = {name: sets.get(name) for name in SETS if name != "train"}
    favourites = favourite_words(sets.get("train") or [], others)
    return {"features": features, "rhyme_schemes": schemes, "favourite_words": favourites}


def _measured(
    name: str, sets: dict[str, list[str] | None], language: str, ended: list[bool] | None
) -> list[Features] | None:
    songs = sets.get(name)
    if songs is None:
        return None
    n_songs = vocabulary(sets.get("train") or [])
    ends = ended or [True] * len(songs)
    return [
        song_features(song, language, end) | {"known_words": known_words(song, n_songs, name == "train")}
        for song, end in zip(songs, ends, strict=True)
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)
