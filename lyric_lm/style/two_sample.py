"""How well a simple classifier tells one set of songs from another: the closer to guessing, the more alike they are.

Two sets of lyrics and of their features go in, an AUC with its interval comes out: the chance that of two songs, one
of each set, the classifier names the right one. 0.5 is guessing, 1 is always right. This is the two-sample test by
classifier (Lopez-Paz and Oquab 2017, https://arxiv.org/abs/1610.06545). Nothing here knows what the features are.

Each song is judged by classifiers that have not seen it, in cross-validation by song. Scores of different folds come
from different classifiers, so only songs of the same fold are compared (Forman and Scholz 2010, "Apples-to-apples in
cross-validation studies", https://doi.org/10.1145/1882471.1882479). That also avoids the trap of small sets, where a
classifier is trained without the very songs it judges, and two sets of one kind come out below 0.5.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

LEAST_SONGS = 4  # on a side; with fewer, an interval would be a guess
N_FOLDS, N_SHUFFLES, N_RESAMPLES = 5, 5, 1000
PASSAGE = 60  # words: two stanzas or so
MOST_NGRAMS = 50_000

Features = dict[str, float | None]
Floats = NDArray[np.float64]


def told_apart(
    songs: list[str],
    others: list[str],
    features_songs: list[Features],
    features_others: list[Features],
    seed: int,
) -> dict[str, Any] | None:
    """Return how well ``songs`` can be told from ``others`` by characters, by features, and by both together.

    Args:
        songs: lyrics, one text a song.
        others: lyrics of the held-out songs.
        features_songs: of each song, the same names in all; None where a feature is undefined.
        features_others: likewise.

    Returns:
        ``auc`` of both together and its 95 % ``interval``, ``on_characters`` and ``on_features`` alone, ``n_songs``,
        ``n_held_out``. None with fewer than ``LEAST_SONGS`` on a side. The order of songs plays no part.

    The interval is of these classifiers; that others would come of other songs to learn from is not in it. So of 10
    and 75 songs of one album it leaves out 0.5 in 18 of 60 draws, not 3, and their AUC is 0.27 to 0.69 in 90 of 100
    (benchmarks/told_apart.py).
    """
    if min(len(songs), len(others)) < LEAST_SONGS:
        return None
    sides = [sorted(zip(*side, strict=True), key=repr) for side in ((songs, features_songs), (others, features_others))]
    table = feature_table([features for side in sides for _, features in side])
    ngrams, song_of = weigh_ngrams([text for side in sides for text, _ in side])
    is_first = np.arange(len(table)) < len(songs)  # (N,)

    n_folds = min(N_FOLDS, len(songs), len(others))
    rng = np.random.default_rng(seed)
    won = np.zeros((3, len(songs), len(others)))  # by characters, by features, by both: pairs put in the right order
    n_met = np.zeros((len(songs), len(others)))  # times that the pair was in one fold
    for _ in range(N_SHUFFLES):
        fold_of = np.concatenate([rng.permutation(np.arange(n) % n_folds) for n in (len(songs), len(others))])
        met = fold_of[is_first][:, None] == fold_of[~is_first][None]
        on_characters = _comparable(_judge_by_characters(ngrams, song_of, is_first, fold_of), fold_of)
        on_features = _comparable(_judge_by_features(table, is_first, fold_of), fold_of)
        n_met += met
        for number, scores in enumerate((on_characters, on_features, on_characters + on_features)):
            ahead = scores[is_first][:, None] - scores[~is_first][None]
            won[number] += met * ((ahead > 0) + (ahead == 0) / 2)
    by_characters, by_features, auc = (float(pairs.sum() / n_met.sum()) for pairs in won)
    return {
        "auc": auc,
        "interval": _interval(won[2], n_met, rng),
        "on_characters": by_characters,
        "on_features": by_features,
        "n_songs": len(songs),
        "n_held_out": len(others),
    }


def passages(text: str) -> list[str]:
    """Cut a song at line ends into passages of about ``PASSAGE`` words, so that its length cannot tell.

    A short rest stays with the passage before it. An empty line becomes a sign, for the n-gram counter would make
    the end of a stanza a mere space.

    >>> passages("row on\\n\\nrow home"), passages("")
    (['row on\\n¶\\nrow home'], [''])
    >>> line = "oh " * 20
    >>> [[len(part.split()) for part in passages("\\n".join([line] * n))] for n in (3, 7, 8)]
    [[60], [60, 80], [60, 60, 40]]
    """
    parts: list[list[str]] = [[]]
    n_words = 0  # in the last part
    for line in text.split("\n"):
        if n_words >= PASSAGE:
            parts.append([])
            n_words = 0
        parts[-1].append(line or "¶")
        n_words += len(line.split())
    if n_words < PASSAGE / 2 and len(parts) > 1:
        rest = parts.pop()
        parts[-1] += rest
    return ["\n".join(part).strip("¶\n") for part in parts]


def feature_table(features: list[Features]) -> Floats:
    """Return the features as rows of numbers (N, n_features), in the order of their names; NaN where undefined."""
    names = sorted(features[0])
    return np.array(
        [[np.nan if song[name] is None else song[name] for name in names] for song in features], dtype=float
    )


def weigh_ngrams(texts: list[str]) -> tuple[csr_matrix, NDArray[np.int64]]:
    """Return the weights of 1- to 4-grams of characters, a row for each passage, and the number of its song.

    The vocabulary is that of all passages, which says nothing of the side that they are on.
    """
    cut = [passages(text) for text in texts]
    counter = TfidfVectorizer(
        analyzer="char", ngram_range=(1, 4), lowercase=False, sublinear_tf=True, max_features=MOST_NGRAMS
    )
    weights = counter.fit_transform([passage for song in cut for passage in song])
    return weights, np.repeat(np.arange(len(cut)), [len(song) for song in cut])


def _judge_by_characters(
    ngrams: csr_matrix, song_of: NDArray[np.int64], is_first: NDArray[np.bool_], fold_of: NDArray[np.int64]
) -> Floats:
    """Return each song's score by a classifier of the other folds, the mean over its passages, (N,)."""
    scores = np.zeros(len(is_first))
    for fold in range(fold_of.max() + 1):
        is_new = fold_of == fold
        seen = ~is_new[song_of]
        classifier = LogisticRegression(class_weight="balanced", max_iter=1000)
        classifier.fit(ngrams[seen], is_first[song_of[seen]])
        total = np.bincount(song_of, classifier.decision_function(ngrams), minlength=len(is_first))
        scores[is_new] = (total / np.bincount(song_of))[is_new]
    return scores


def _judge_by_features(table: Floats, is_first: NDArray[np.bool_], fold_of: NDArray[np.int64]) -> Floats:
    """Return each song's score by a classifier of the other folds, (N,)."""
    scores = np.zeros(len(is_first))
    for fold in range(fold_of.max() + 1):
        is_new = fold_of == fold
        classifier = feature_classifier().fit(table[~is_new], is_first[~is_new])
        scores[is_new] = classifier.decision_function(table[is_new])
    return scores


def feature_classifier() -> Any:
    """Return an untrained logistic regression on standardised features; what is undefined counts as the median."""
    return make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(class_weight="balanced", max_iter=1000),
    )


def _comparable(scores: Floats, fold_of: NDArray[np.int64]) -> Floats:
    """Take each fold's mean from its scores and divide all by their spread, so that two judges weigh the same."""
    centred = scores - (np.bincount(fold_of, scores) / np.bincount(fold_of))[fold_of]
    return centred / (centred.std() or 1.0)


def _interval(won: Floats, n_met: Floats, rng: np.random.Generator) -> list[float]:
    """Return the 95 % percentile bootstrap interval of the AUC over songs of both sides."""
    times = [rng.multinomial(n, np.full(n, 1 / n), size=N_RESAMPLES) for n in won.shape]  # (R, n), (R, m)
    pairs_won, pairs_met = ((times[0] @ pairs * times[1]).sum(axis=1) for pairs in (won, n_met))
    met = pairs_met > 0  # of four songs a side, a draw can hold only pairs that were never in one fold
    return [float(bound) for bound in np.percentile(pairs_won[met] / pairs_met[met], [2.5, 97.5])]
