"""The words that are most an artist's own, and how often each set of songs uses them.

Songs go in, a table of words comes out. A word's own-ness is its log-odds against the untrained model's songs, with
an informative Dirichlet prior, in standard deviations: Monroe, Colaresi & Quinn (2008), "Fightin' Words". Without an
untrained model it is tf-idf within the artist's songs: used often, yet not in every song.
"""

import math
from collections import Counter

from lyric_lm.lyrics.folding import SPACELESS, folded_words

LEAST_SONGS = 3
LEAST_LETTERS = 4  # shorter words are mostly those that all songs need: "the", "and"; not so where characters are words
PRIOR_WORDS = 1000  # as if each side had so many words more, of both sides' average


def favourite_words(
    train: list[str], other_sets: dict[str, list[str] | None], n: int = 20
) -> list[dict[str, str | float | None]]:
    """Return the words that set the training songs apart from the ``base`` songs, the most telling first.

    A word stands in at least 3 training songs and has at least 4 letters. Where there are no base songs, such words
    are ranked by their count times ln(training songs / training songs with the word).

    Args:
        other_sets: songs by the name of the set; ``base`` may be missing or None.
        n: the most words to return; there are fewer where fewer are commoner in training songs than in base songs.

    Returns:
        Rows of ``word`` (as it is mostly written), ``train`` and each other set: occurrences per 1,000 words, None for
        a set without songs.
    """
    counts = _counts(train)
    background = _counts(other_sets.get("base") or [])
    n_songs = Counter(word for song in train for word in {word.word for word in folded_words(song)})
    candidates = [word for word in counts if n_songs[word] >= LEAST_SONGS and _is_long(word)]
    if background:
        scores = {word: log_odds(word, counts, background) for word in candidates}
    else:
        scores = {word: counts[word] * math.log(len(train) / n_songs[word]) for word in candidates}
    best = sorted((word for word in candidates if scores[word] > 0), key=lambda word: (-scores[word], word))[:n]
    written = _written(train)
    rates = {name: _counts(songs) if songs else None for name, songs in other_sets.items()}
    rows: list[dict[str, str | float | None]] = []
    for word in best:
        row: dict[str, str | float | None] = {"word": written[word], "train": _per_thousand(word, counts)}
        rows.append(row | {name: _per_thousand(word, found) if found else None for name, found in rates.items()})
    return rows


def log_odds(word: str, counts: Counter[str], background: Counter[str]) -> float:
    """Return by how many standard deviations a word's log-odds are higher in ``counts`` than in ``background``.

    >>> low, high = Counter({"ferry": 10, "the": 990}), Counter({"ferry": 200, "the": 800})
    >>> log_odds("ferry", high, low) > 2, log_odds("ferry", low, low), log_odds("the", high, low) < -2
    (True, 0.0, True)
    """
    if len(counts | background) < 2:
        return 0.0  # the only word there is has no odds
    n_counts, n_background = counts.total(), background.total()
    prior = PRIOR_WORDS * (counts[word] + background[word]) / (n_counts + n_background)

    def log_odds_in(found: int, n_words: int) -> float:
        return math.log((found + prior) / (n_words + PRIOR_WORDS - found - prior))

    difference = log_odds_in(counts[word], n_counts) - log_odds_in(background[word], n_background)
    return difference / math.sqrt(1 / (counts[word] + prior) + 1 / (background[word] + prior))


def _counts(songs: list[str]) -> Counter[str]:
    return Counter(word.word for song in songs for word in folded_words(song))


def _is_long(word: str) -> bool:
    return len(word) >= LEAST_LETTERS or bool(SPACELESS.search(word))


def _per_thousand(word: str, counts: Counter[str]) -> float:
    return round(1000 * counts[word] / counts.total(), 3)


def _written(songs: list[str]) -> dict[str, str]:
    """Return how each folded word is mostly written: in small letters if it ever is, with its apostrophes."""
    forms: dict[str, Counter[str]] = {}
    for song in songs:
        for word, start, end in folded_words(song):
            forms.setdefault(word, Counter())[song[start:end]] += 1
    return {word: _best_form(found) for word, found in forms.items()}


def _best_form(forms: Counter[str]) -> str:
    return max(forms, key=lambda form: (form == form.lower(), forms[form], form))
