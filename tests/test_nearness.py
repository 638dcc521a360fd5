"""Whose songs are they nearer to: of songs whose side is known."""

import random

from lyric_lm.lyrics.reading import read_songs
from lyric_lm.style.features import song_features
from lyric_lm.style.nearness import nearer

ALBUM = [song.lyrics for song in read_songs(None, None).songs]


def shuffled(song: str, seed: int) -> str:
    """The words of a song in any order, in lines of any length: its letters without its style."""
    rng = random.Random(seed)
    words = song.split()
    rng.shuffle(words)
    return " ".join(word + rng.choice(["", "", "", "", "\n"]) for word in words)


def sides(sets: dict[str, list[str]], seed: int = 1) -> dict | None:
    features = {name: [song_features(song, "en") for song in songs] for name, songs in sets.items()}
    return nearer(sets, features, "artist", "other", seed)


SONGS = random.Random(1).sample(ALBUM, len(ALBUM))
NOISE = [shuffled(song, n) for n, song in enumerate(SONGS)]


def test_songs_of_either_side_and_a_mixture() -> None:
    found = sides(
        {
            "artist": SONGS[:30],
            "other": NOISE[30:50],
            "own": SONGS[50:65],
            "theirs": NOISE[65:80],
            "half": [*SONGS[50:60], *NOISE[65:75]],
        }
    )
    assert found is not None
    assert list(found) == ["own", "theirs", "half"]
    assert found["own"]["share"] > 0.9
    assert found["theirs"]["share"] < 0.1
    assert abs(found["half"]["share"] - 0.5) < 0.1
    for one in found.values():
        low, high = one["interval"]
        assert low <= one["share"] <= high
    # A share of a half among 20 has a standard deviation of sqrt(0.25 / 20) = 0.11.
    assert 0.2 < found["half"]["interval"][0] < 0.4
    assert found["half"]["n_songs"] == 20


def test_the_same_each_time_and_in_any_order() -> None:
    sets = {"artist": SONGS[:20], "other": NOISE[20:40], "new": SONGS[40:50]}
    assert sides(sets) == sides(sets)
    backwards = sides({name: songs[::-1] for name, songs in sets.items()})
    assert backwards == sides(sets)


def test_too_few_to_learn_from() -> None:
    assert sides({"artist": SONGS[:3], "other": NOISE[20:40], "new": SONGS[40:50]}) is None
    assert sides({"artist": SONGS[:20], "other": NOISE[20:23], "new": SONGS[40:50]}) is None


def test_songs_that_are_empty() -> None:
    found = sides({"artist": SONGS[:10], "other": [""] * 10, "new": ["", SONGS[20]]})
    assert found is not None
    assert found["new"]["share"] == 0.5
