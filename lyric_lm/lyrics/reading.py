"""Find the files under ``data.path``, decode them, and turn them into songs. Files are only ever read.

What goes in is a path (or None: the demo album); what comes out is every song found, as it stands in the
file, and a line for each file that was skipped, with the reason.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lyric_lm.errors import InputError
from lyric_lm.lyrics.formats import parse
from lyric_lm.lyrics.song import Song

ALBUM = Path(__file__).parent.parent / "album"
ALBUM_ARTIST = "Tilda Marrow"

# Folder names that say what is in them and not whose it is; the folder above names the artist.
_PLAIN_FOLDERS = {"songs", "lyrics", "txt", "text", "texts", "data", "prepared"}


@dataclass(frozen=True)
class Skipped:
    """A file or a song that was left out: where it is and why."""

    source: str
    reason: str


@dataclass(frozen=True)
class Reading:
    """What was found under a path: the songs in order of path and position, and the files skipped."""

    path: str
    n_files: int
    songs: list[Song]
    skipped: list[Skipped]


def read_songs(path: str | os.PathLike[str] | None, artist: str | None = None) -> Reading:
    """Read all songs of one artist under ``path``; None reads the demo album.

    Args:
        path: a file, or a folder that is searched to any depth.
        artist: take only this artist's songs (case and spacing do not matter); names the songs of
            files that do not say whose they are.

    Raises:
        FileNotFoundError: ``path`` does not exist.
        InputError: ``path`` is empty, no song was found, or songs of several artists and ``artist`` chooses none.
    """
    if path is not None and not str(path).strip():
        raise InputError("data.path is empty; give a file or a folder with songs, or data.path=null for the demo album")
    if path is None:
        root, default_artist = ALBUM, ALBUM_ARTIST
    else:
        root = Path(path).expanduser()
        default_artist = _folder_artist(root)
    if not root.exists():
        raise FileNotFoundError(f"data.path={path} does not exist; give a file or a folder with songs")
    songs: list[Song] = []
    skipped: list[Skipped] = []
    files = list(_files(root))
    for file in files:
        name = _printable(str(file.relative_to(root)) if file != root else file.name)
        try:
            records = parse(decode(file.read_bytes()), Path(name))
            if not records:
                raise ValueError("no songs in it")
        except (ValueError, OSError) as error:
            reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
            skipped.append(Skipped(name, reason))
            continue
        for number, record in enumerate(records, start=1):
            source = name if len(records) == 1 else f"{name}:{number}"
            title = record.get("title") or f"{Path(name).stem} {number}"
            songs.append(Song(title, record.get("artist", ""), record["lyrics"], source))
    if not songs:
        reasons = "".join(f"; {s.source}: {s.reason}" for s in skipped[:3])
        raise InputError(
            f"data.path={path} has no songs ({len(files)} files looked at{reasons}); "
            "give .txt files, or CSV, JSON or JSONL with a lyrics field"
        )
    return Reading(
        _printable(str(path)) if path else "demo album", len(files), _of(songs, artist, default_artist), skipped
    )


def decode(data: bytes) -> str:
    """Decode a file's bytes: UTF-8 or UTF-16 by their marks, else UTF-8, else Windows-1252; ``\\n`` line ends.

    >>> decode(b"\\xef\\xbb\\xbfRow\\r\\non"), decode("né".encode("utf-16")), decode(b"n\\xe9")
    ('Row\\non', 'né', 'né')

    Raises:
        ValueError: the bytes are not text, or there are none.
    """
    if not data.strip():
        raise ValueError("empty file")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", errors="replace")
    elif b"\0" in data or _share_of_control_bytes(data) > 0.02:
        raise ValueError("binary file")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _share_of_control_bytes(data: bytes) -> float:
    head = data[:4096]
    return sum(byte < 9 or 13 < byte < 32 for byte in head) / len(head)


def _files(root: Path) -> Iterator[Path]:
    """Yield the files of a tree in order of path; hidden ones and links to folders are passed over."""
    if root.is_file():
        yield root
        return
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(names):
            is_ours = root == ALBUM and not name.endswith(".txt")  # the album's licence lies beside the songs
            if not name.startswith(".") and not is_ours:
                yield Path(folder, name)


def _folder_artist(root: Path) -> str:
    """Guess the artist from the path: the nearest name that is not a word like "songs"."""
    resolved = root.resolve()
    for part in [resolved.stem if root.is_file() else resolved.name, *(p.name for p in resolved.parents)]:
        if part and part.lower() not in _PLAIN_FOLDERS:
            return " ".join(_printable(part).replace("_", " ").replace("-", " ").split()).title()
    return "Unknown"


def _of(songs: list[Song], artist: str | None, default_artist: str) -> list[Song]:
    """Keep one artist's songs and put the artist's name on those that came without one."""
    counts = Counter(song.artist for song in songs if song.artist)
    variants = {_same(name) for name in counts}
    listing = ", ".join(f"{name} ({n})" for name, n in counts.most_common(10))
    if artist is None:
        if len(variants) > 1:
            raise InputError(
                f"{len(variants)} artists found: {listing}{', …' if len(counts) > 10 else ''}; "
                "choose one with data.artist=NAME"
            )
        name = counts.most_common(1)[0][0] if counts else default_artist
        return [Song(song.title, name, song.lyrics, song.source) for song in songs]
    chosen = [song for song in songs if not song.artist or _same(song.artist) == _same(artist)]
    if not chosen:
        raise InputError(f"data.artist={artist} is not among the artists found: {listing}")
    return [Song(song.title, song.artist or artist, song.lyrics, song.source) for song in chosen]


def _printable(name: str) -> str:
    """Make a path that is not UTF-8 one that reports can hold."""
    return os.fsencode(name).decode(errors="replace")


def _same(name: str) -> str:
    return " ".join(name.casefold().split())
