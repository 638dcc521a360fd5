"""The text part as one function: a path in, one artist's clean songs out, split, with the account of it."""

import os
from collections import Counter
from dataclasses import dataclass
from typing import Any

from lyric_lm.errors import InputError
from lyric_lm.lyrics.cleaning import SECTION_LABELS, clean
from lyric_lm.lyrics.reading import Skipped, read_songs
from lyric_lm.lyrics.song import Song, fold, words
from lyric_lm.lyrics.splitting import split_songs

MIN_WORDS = 4  # shorter texts are titles and stubs, not songs


@dataclass(frozen=True)
class Corpus:
    """One artist's songs, ready to be turned into tokens, and how they came about.

    ``splits`` maps ``train``, ``val`` and ``test`` to songs. ``n_read`` songs were found in ``n_files``
    files; ``skipped`` are files, ``dropped`` songs, each with its reason. ``cleaned`` counts what each
    cleaning rule changed.
    """

    path: str
    artist: str
    splits: dict[str, list[Song]]
    n_files: int
    n_read: int
    skipped: list[Skipped]
    dropped: list[Skipped]
    cleaned: Counter[str]

    @property
    def songs(self) -> list[Song]:
        """All songs that were kept, in order of source."""
        return sorted((song for part in self.splits.values() for song in part), key=lambda song: song.source)

    def report(self) -> dict[str, Any]:
        """Return the account as plain data, for ``corpus.json`` and ``report.json``; no lyrics in it."""
        return {
            "path": self.path,
            "artist": self.artist,
            "n_files": self.n_files,
            "n_songs_read": self.n_read,
            "n_songs": len(self.songs),
            "n_songs_by_split": {name: len(part) for name, part in self.splits.items()},
            "n_lines": sum(len([line for line in song.lyrics.split("\n") if line]) for song in self.songs),
            "n_words": sum(len(words(song.lyrics)) for song in self.songs),
            "n_bytes": sum(len(song.lyrics.encode()) for song in self.songs),
            "cleaned": dict(self.cleaned.most_common()),
            "skipped_files": [{"source": s.source, "reason": s.reason} for s in self.skipped],
            "dropped_songs": [{"source": s.source, "reason": s.reason} for s in self.dropped],
            "titles": [song.title for song in self.songs],
        }

    def titles_by_split(self) -> dict[str, list[str]]:
        """Return the titles of each split, for ``split.json``."""
        return {name: [song.title for song in part] for name, part in self.splits.items()}


def build_corpus(
    path: str | os.PathLike[str] | None,
    artist: str | None,
    section_labels: str,
    keep_versions: bool,
    val_fraction: float,
    test_fraction: float,
    seed: int,
) -> Corpus:
    """Read, clean, deduplicate and split the songs under ``path`` (None: the demo album).

    The arguments are the ``data`` keys of the same names. Of songs with the same words the first in order
    of source stays, unless ``keep_versions``; their words being equal, they land in the same split anyway.

    Raises:
        FileNotFoundError, InputError: see ``read_songs`` and ``split_songs``.
    """
    if section_labels not in SECTION_LABELS:
        raise InputError(f"data.section_labels={section_labels} is not one of {', '.join(SECTION_LABELS)}")
    reading = read_songs(path, artist)
    cleaned: Counter[str] = Counter()
    dropped: list[Skipped] = []
    kept: dict[str, Song] = {}  # keyed by folded words, or by source where versions stay
    for song in reading.songs:
        lyrics, counts = clean(song.lyrics, section_labels)
        cleaned += counts
        if reason := _not_a_song(lyrics):
            dropped.append(Skipped(song.source, f"{song.title}: {reason}"))
            continue
        key = song.source if keep_versions else fold(lyrics)
        if key in kept:
            dropped.append(Skipped(song.source, f"{song.title}: same words as {kept[key].source}"))
            continue
        kept[key] = Song(clean(song.title)[0].replace("\n", " ") or song.source, song.artist, lyrics, song.source)
    if not kept:
        raise InputError(
            f"data.path={path}: none of the {len(reading.songs)} texts found is a song; {dropped[0].reason}"
        )
    songs = list(kept.values())
    return Corpus(
        path=reading.path,
        artist=Counter(song.artist for song in songs).most_common(1)[0][0],
        splits=split_songs(songs, val_fraction, test_fraction, seed),
        n_files=reading.n_files,
        n_read=len(reading.songs),
        skipped=reading.skipped,
        dropped=dropped,
        cleaned=cleaned,
    )


def corpus_from(data: dict[str, Any], seed: int) -> Corpus:
    """Build the corpus that the ``data`` settings describe; keys about tokens are passed over."""
    keys = ("path", "artist", "section_labels", "keep_versions", "val_fraction", "test_fraction")
    return build_corpus(**{key: data[key] for key in keys}, seed=seed)


def _not_a_song(lyrics: str) -> str:
    """Return why a cleaned text is not a song, or nothing.

    >>> _not_a_song("(Instrumental)"), _not_a_song("Row on, row on, row home")
    ('instrumental', '')
    >>> _not_a_song("Row on"), _not_a_song("")
    ('2 words, too short to be a song', 'empty')
    """
    folded = words(lyrics)
    if not folded:
        return "empty"
    if folded in (["instrumental"], ["this", "song", "is", "an", "instrumental"]):
        return "instrumental"
    if " ".join(folded).startswith("lyrics for this song have yet to be released"):
        return "not released yet"
    if len(folded) < MIN_WORDS:
        return f"{len(folded)} words, too short to be a song"
    return ""
