"""Decide for each group of versions, on its own, whether it is for training, validation or testing.

What goes in are groups of songs, what comes out are the songs of each split. The decision is a hash of the seed and the
song's title without its notes, compared with the wanted fractions. So the split depends on nothing but the songs
and the seed: adding a song moves no other, nor does a version found later under the same title, nor a corrected
misprint. A title that is none gives way to the song's first line. What makes two songs versions is decided in
``duplicates``.
"""

import hashlib
import re
from collections import Counter

from lyric_lm.errors import InputError
from lyric_lm.lyrics.song import Song, fold
from lyric_lm.lyrics.titles import base_title, names_a_song

SPLITS = ("train", "val", "test")

# A title of so many groups and of so large a share of them is not a song's: the column held the album or the artist.
COMMON_TITLE, COMMON_TITLE_SHARE = 5, 0.2
LEAST_LINE = 8  # characters: "Oh" and "Hey, hey" begin too many songs to tell them apart

_LABEL = re.compile(r"\[.*\]|\w+(?: \w+)?:")  # a section label that was kept, as [Chorus] or as Chorus:


def position(key: str, seed: int) -> float:
    """Map a title or line to a fixed, evenly distributed place in [0, 1).

    >>> position("row on", 1) == position("row on", 1) != position("row on", 2)
    True
    """
    digest = hashlib.sha256(f"{seed}:{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def split_songs(
    groups: list[list[Song]], val_fraction: float, test_fraction: float, seed: int
) -> dict[str, list[Song]]:
    """Split groups of versions: validation below ``val_fraction``, then testing, then training; none is divided.

    The place of a group is the smallest of its songs' places: a version found later under another title may take a
    song out of training, never the reverse. The fractions are met on average, not exactly. In a set so small
    that no group falls into validation, the one that comes nearest is taken, because training without a held-out song
    cannot be judged.

    Returns:
        The songs of each of ``SPLITS``, in the order given.

    Raises:
        InputError: the fractions leave nothing to train on, or there are fewer than two groups.
    """
    check_fractions(len(groups), val_fraction, test_fraction)
    placed = list(zip(_places(groups, seed), groups, strict=True))
    parts: dict[str, list[Song]] = {name: [] for name in SPLITS}
    nearest = min(placed, key=lambda pair: (pair[0], sorted(fold(song.lyrics) for song in pair[1])))
    for pair in placed:
        place, group = pair
        # Where nothing falls below the fraction, the nearest does; where something does, the nearest is part of it.
        is_val = place < val_fraction or pair is nearest
        name = "val" if is_val else "test" if place < val_fraction + test_fraction else "train"
        parts[name] += group
    refuse_no_training(len(groups), len(parts["train"]), val_fraction, test_fraction)
    return parts


def refuse_no_training(n_songs: int, n_train: int, val_fraction: float, test_fraction: float) -> None:
    """Refuse a split that leaves nothing to train on.

    Raises:
        InputError: that, and what to do.
    """
    if not n_train:
        raise InputError(
            f"all {n_songs} songs are held out (data.val_fraction={val_fraction}, "
            f"data.test_fraction={test_fraction}); make the fractions smaller"
        )


def check_fractions(n_songs: int, val_fraction: float, test_fraction: float) -> None:
    """Refuse fractions that cannot work, and too few songs (versions of one counted once) for any.

    Raises:
        InputError: which, and what is allowed.
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
    if n_songs < 2:
        raise InputError(
            f"{n_songs} song{'' if n_songs == 1 else 's'} after cleaning: one to train on and one to hold out "
            "are the least; add songs to data.path"
        )


def _places(groups: list[list[Song]], seed: int) -> list[float]:
    """Return each group's place in [0, 1)."""
    titles = [{base_title(song.title) for song in group} for group in groups]
    n_groups = Counter(title for told in titles for title in told)
    common = {title for title, n in n_groups.items() if is_common(n, len(groups))}
    return [min(position(_key(song, common), seed) for song in group) for group in groups]


def _key(song: Song, common: set[str]) -> str:
    """Return what decides where a song goes: its title without notes, or its first line where it has no title.

    >>> song = Song("Low Tide (Live)", "Ada", "[Verse 1]\\nOh, oh\\nThe boats are in", "1.txt")
    >>> _key(song, common=set()), _key(song, common={"low tide"})
    ('low tide', 'the boats are in')
    """
    title = title_key(song)
    return title if title and title not in common else first_line(song)


def is_common(n: int, n_songs: int) -> bool:
    """Say whether a title that so many of the songs have is no song's title."""
    return n == n_songs or (n >= COMMON_TITLE and n > COMMON_TITLE_SHARE * n_songs)


def title_key(song: Song) -> str:
    """Return a song's title without its notes, folded; "" where it is no title."""
    return base_title(song.title) if names_a_song(song.title) else ""


def first_line(song: Song) -> str:
    """Return a song's first line that tells it from others, folded."""
    lines = (fold(line) for line in song.lyrics.split("\n") if not _LABEL.fullmatch(line.strip()))
    return next((line for line in lines if len(line) >= LEAST_LINE), fold(song.lyrics))
