"""Decide for each song, on its own, whether it is for training, validation or testing.

The decision is a hash of the seed and the song's words, compared with the wanted fractions. So the split
depends on nothing but the songs and the seed, and adding a song moves no other.
"""

import hashlib

from lyric_lm.errors import InputError
from lyric_lm.lyrics.song import Song, fold

SPLITS = ("train", "val", "test")


def position(lyrics: str, seed: int) -> float:
    """Map a song to a fixed, evenly distributed place in [0, 1).

    >>> position("Row on", 1) == position("row ON!", 1) != position("row on", 2)
    True
    """
    digest = hashlib.sha256(f"{seed}\n{fold(lyrics)}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def split_songs(songs: list[Song], val_fraction: float, test_fraction: float, seed: int) -> dict[str, list[Song]]:
    """Split songs by their words: validation below ``val_fraction``, then testing, then training.

    The fractions are met on average, not exactly. In a set so small that no song falls into validation,
    the song that comes nearest is taken (with its twins of the same words), because training without a
    held-out song cannot be judged.

    Returns:
        The songs of each of ``SPLITS``, in the order given.

    Raises:
        InputError: the fractions leave nothing to train on, or there are fewer than two songs.
    """
    for name, value in (("val_fraction", val_fraction), ("test_fraction", test_fraction)):
        if not 0 <= value < 1:
            raise InputError(f"data.{name}={value} is not a fraction; give 0 <= data.{name} < 1")
    if val_fraction == 0:
        raise InputError("data.val_fraction=0 leaves no held-out songs to judge by; set data.val_fraction=0.1")
    if val_fraction + test_fraction >= 1:
        raise InputError(
            f"data.val_fraction={val_fraction} and data.test_fraction={test_fraction} leave nothing to train on; "
            "together they must stay below 1"
        )
    if len(songs) < 2:
        raise InputError(
            f"{len(songs)} song{'' if len(songs) == 1 else 's'} after cleaning: one to train on and one to hold out "
            "are the least; add songs to data.path"
        )
    placed = [(position(song.lyrics, seed), song) for song in songs]
    parts: dict[str, list[Song]] = {name: [] for name in SPLITS}
    for place, song in placed:
        name = "val" if place < val_fraction else "test" if place < val_fraction + test_fraction else "train"
        parts[name].append(song)
    if not parts["val"]:
        nearest = min(place for place, _ in placed)
        parts["val"] = [song for place, song in placed if place == nearest]
        for name in ("test", "train"):
            parts[name] = [song for song in parts[name] if song not in parts["val"]]
    if not parts["train"]:
        raise InputError(
            f"all {len(songs)} songs are held out (data.val_fraction={val_fraction}, "
            f"data.test_fraction={test_fraction}); make the fractions smaller"
        )
    return parts
