"""Telling two sets of songs apart: songs of one album, and sets made so that the answer is known."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from lyric_lm.lyrics.reading import ALBUM
from lyric_lm.style import two_sample
from lyric_lm.style.two_sample import Features, passages, told_apart

SONGS = [file.read_text() for file in sorted(ALBUM.glob("*.txt"))]
N = len(SONGS)


def noise(n: int, seed: int) -> list[Features]:
    """Return features that say nothing, some of them undefined."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 3))
    return [{"a": a, "b": None if rng.random() < 0.2 else b, "c": c} for a, b, c in values.tolist()]


def made_of(alphabet: str, n: int, seed: int) -> list[str]:
    """Return songs of random words over some letters."""
    rng = np.random.default_rng(seed)

    def line() -> str:
        return " ".join("".join(rng.choice(list(alphabet), 4)) for _ in range(7))

    return ["\n".join(line() for _ in range(rng.integers(8, 30))) for _ in range(n)]


def test_songs_of_one_album_are_not_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    # Measured over 250 draws of 10 and 75 songs: mean 0.495, standard deviation 0.118. Of eight smaller draws (0.13)
    # three standard errors are 0.14.
    monkeypatch.setattr(two_sample, "N_SHUFFLES", 2)  # quicker
    aucs = []
    for seed in range(8):
        draw = [int(i) for i in np.random.default_rng(seed).permutation(N)[:30]]
        texts, features = [SONGS[i] for i in draw], noise(30, seed)
        result = told_apart(texts[:10], texts[10:], features[:10], features[10:], seed)
        assert result is not None
        low, high = result["interval"]
        assert 0 <= low < result["auc"] < high <= 1
        aucs.append(result["auc"])
    assert 0.36 < np.mean(aucs) < 0.64
    assert np.std(aucs) < 0.25


def test_songs_of_other_letters_are_told_apart_at_sizes_far_apart() -> None:
    songs, others = made_of("abcd", 60, seed=1), made_of("efgh", 6, seed=2)
    result = told_apart(songs, others, noise(60, 1), noise(6, 2), seed=1)
    assert result is not None
    assert result["on_characters"] == 1
    assert 0.2 < result["on_features"] < 0.8  # they say nothing
    assert result["auc"] > 0.9  # equal in features, and yet told apart
    assert (result["n_songs"], result["n_held_out"]) == (60, 6)


def test_one_feature_can_tell_what_the_text_does_not() -> None:
    texts = SONGS[:12]
    features = [[{**row, "d": shift + i / 100} for i, row in enumerate(noise(12, 1))] for shift in (0.0, 1.0)]
    result = told_apart(texts, texts, *features, seed=1)
    assert result is not None
    assert result["on_features"] == 1
    assert result["on_characters"] < 0.6  # each text stands on both sides
    assert result["on_characters"] < result["auc"] < 1  # so that no single feature decides


def test_the_order_of_songs_plays_no_part_and_the_seed_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(two_sample, "N_SHUFFLES", 2)  # quicker
    songs, others, features = SONGS[:9], SONGS[9:21], noise(21, 1)
    first = told_apart(songs, others, features[:9], features[9:], seed=3)
    assert first == told_apart(songs, others, features[:9], features[9:], seed=3)
    assert first == told_apart(songs[::-1], others[::-1], features[8::-1], features[:8:-1], seed=3)
    assert first != told_apart(songs, others, features[:9], features[9:], seed=4)


@pytest.mark.parametrize(("n_songs", "n_others"), [(3, 20), (20, 3), (0, 5)])
def test_too_few_songs_give_no_answer(n_songs: int, n_others: int) -> None:
    features = noise(23, 1)
    assert told_apart(SONGS[:n_songs], SONGS[:n_others], features[:n_songs], features[:n_others], seed=1) is None


def test_four_songs_a_side_are_enough_and_odd_ones_do_no_harm() -> None:
    songs = ["", "la", *SONGS[:2]]  # an empty text, a very short one, and two that stand on both sides
    features: list[Features] = [{"a": 1.0, "b": None}] * 4  # constant, and undefined everywhere
    result = told_apart(songs, SONGS[:4], features, features, seed=1)
    assert result is not None
    assert result["on_features"] == 0.5
    low, high = result["interval"]
    assert 0 <= low <= result["auc"] <= high <= 1


def test_comparing_pairs_is_the_statistic_of_mann_and_whitney() -> None:
    # With one fold, every pair meets, and the interval is that of the plain bootstrap of the AUC.
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(0.7, 1, 25), rng.normal(0, 1, 40)

    def auc(x: np.ndarray, y: np.ndarray) -> float:
        return float(mannwhitneyu(x, y).statistic) / len(x) / len(y)

    won = (ours[:, None] > theirs[None]).astype(float)
    plain = [auc(rng.choice(ours, 25), rng.choice(theirs, 40)) for _ in range(1000)]
    interval = two_sample._interval(won, np.ones_like(won), np.random.default_rng(1))
    assert interval == pytest.approx(np.percentile(plain, [2.5, 97.5]), abs=0.02)


def test_passages_hold_all_lines_whatever_the_length_of_the_song() -> None:
    for song in SONGS:
        parts = passages(song)
        assert "\n".join(parts).replace("¶", "").split() == song.split()
        sizes = [len(part.replace("¶", "").split()) for part in parts]
        if len(song.split()) >= two_sample.PASSAGE:
            assert min(sizes) >= two_sample.PASSAGE / 2
        assert max(sizes) < 2 * two_sample.PASSAGE
