"""Whose songs are they nearer to: the artist's, or the untrained model's?

Three sets of songs go in, a share comes out. A classifier that tells new songs from the artist's soon does so every
time, and then says no more about how far the model has come; this one does: it learns the artist from the untrained
model and is asked which of the two a new song is.
"""

from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from lyric_lm.style.two_sample import (
    LEAST_SONGS,
    N_RESAMPLES,
    Features,
    Floats,
    feature_classifier,
    feature_table,
    weigh_ngrams,
)


def nearer(
    songs: dict[str, list[str]], features: dict[str, list[Features]], first: str, second: str, seed: int
) -> dict[str, Any] | None:
    """Return for each other set of songs the share that is nearer to ``first`` than to ``second``.

    Two logistic regressions learn to tell ``first`` from ``second``: on character n-grams of passages, and on the
    features. A song is on the side that their scores, each divided by its spread over the songs learned from, add up
    to.

    Args:
        songs: lyrics by set.
        features: of each song, the same names in all.

    Returns:
        By set ``share``, its 95 % ``interval`` (bootstrap over songs) and ``n_songs``; None with fewer than
        ``LEAST_SONGS`` in one of the two that are learned from.
    """
    if min(len(songs[first]), len(songs[second])) < LEAST_SONGS:
        return None
    names = list(songs)
    set_of = np.repeat(np.arange(len(names)), [len(songs[name]) for name in names])  # (N,) of each song
    is_first = set_of == names.index(first)
    learned_from = is_first | (set_of == names.index(second))
    ngrams, song_of = weigh_ngrams([text for name in names for text in songs[name]])
    of_passage = learned_from[song_of]
    judge = LogisticRegression(class_weight="balanced", max_iter=1000)
    judge.fit(ngrams[of_passage], is_first[song_of[of_passage]])
    by_characters = np.bincount(song_of, judge.decision_function(ngrams)) / np.bincount(song_of)
    table = feature_table([song for name in names for song in features[name]])
    by_features = feature_classifier().fit(table[learned_from], is_first[learned_from]).decision_function(table)
    both = np.stack([by_characters, by_features])  # (2, N)
    spread = both[:, learned_from].std(axis=1, keepdims=True)
    is_near = (both / np.where(spread > 0, spread, 1.0)).sum(axis=0) > 0
    rng = np.random.default_rng(seed)
    return {
        name: _share(is_near[set_of == number], rng)
        for number, name in enumerate(names)
        if name not in (first, second) and songs[name]
    }


def _share(is_near: Floats, rng: np.random.Generator) -> dict[str, Any]:
    n = len(is_near)
    drawn = rng.binomial(n, is_near.mean(), size=N_RESAMPLES) / n
    return {
        "share": float(is_near.mean()),
        "interval": [float(bound) for bound in np.percentile(drawn, [2.5, 97.5])],
        "n_songs": n,
    }
