"""Read the songs under ``data.path``, whatever the files are, and pick one artist's. Files are only ever read.

What goes in is a path, the id of a dataset on the hub, or None for the demo album; what comes out is every song of
the artist, as it stands in its file, and a line for each file or part of a file that was skipped, with the reason.
"""

import os
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path, PurePath

from lyric_lm.errors import InputError
from lyric_lm.lyrics.artists import all_artists, choose_artist, key
from lyric_lm.lyrics.formats import Record, parse
from lyric_lm.lyrics.names import letters, title_of
from lyric_lm.lyrics.places import (
    artist_of_root,
    artists_of_places,
    is_library,
    stem_of,
    titles_of_places,
)
from lyric_lm.lyrics.song import Song
from lyric_lm.lyrics.walking import find_files, printable

ALBUM = Path(__file__).parent.parent / "album"
ALBUM_ARTIST = "Tilda Marrow"

MAX_NAME = 300  # characters of an artist's name; more is a text in the wrong column
MAX_TITLE = 60  # characters of a first line that stands in for a title

# Files of these endings hold records, and their names are no song's title even when they hold but one.
DATA_ENDINGS = {".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".arrow", ".feather", ".dat"}

_HUB_ID = re.compile(r"[\w][\w.-]*/[\w][\w.-]*")
_PAGE_HEADER = re.compile(r"\s*\d+ Contributors?(?!\w*Translations)(.{1,80}?) Lyrics")
_NOT_SUNG = re.compile(r"[\[({<].*[\])}>]:?|[\W_]*|.{0,30}:")  # section labels, rules


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


@dataclass(frozen=True)
class _Entry:
    """A record and where it stands: its file's name from the root, and its number if the file has several."""

    record: Record
    path: PurePath
    number: int | None


def read_songs(path: str | os.PathLike[str] | None, artist: str | None = None) -> Reading:
    """Read all songs of one artist under ``path``; None reads the demo album.

    Args:
        path: a file, a folder that is searched to any depth, or ``owner/name`` of a dataset on the hub.
        artist: take only this artist's songs (however the name is spelt); names the songs of files that do not
            say whose they are.

    Raises:
        FileNotFoundError: ``path`` does not exist.
        InputError: ``path`` is empty, no song was found, or songs of several artists and ``artist`` chooses none.
    """
    if path is not None and not str(path).strip():
        raise InputError("data.path is empty; give a file or a folder with songs, or data.path=null for the demo album")
    root = ALBUM if path is None else root_of(path)
    n_files, entries, skipped = _read(root)
    if not entries:
        reasons = "".join(f"; {s.source}: {s.reason}" for s in skipped[:3])
        raise InputError(
            f"data.path={path} has no songs ({n_files} files looked at{reasons}); "
            "give .txt files, or LRC, CSV, JSON, JSONL or Parquet with a lyrics field"
        )
    fallback = ALBUM_ARTIST if path is None else artist_of_root(Path(path).expanduser())
    names = _artists(entries, artist, root)
    chosen, is_theirs = choose_artist(names, artist)
    songs = _songs([entry for entry, is_one in zip(entries, is_theirs, strict=True) if is_one], chosen or fallback)
    others: defaultdict[PurePath, Counter[str]] = defaultdict(Counter)
    for entry, name, is_one in zip(entries, names, is_theirs, strict=True):
        if not is_one:
            others[entry.path][name] += 1
    skipped += [Skipped(str(path), _other_artists(counts)) for path, counts in others.items()]
    return Reading(printable(str(path)) if path else "demo album", n_files, songs, skipped)


def read_by_artist(path: str | os.PathLike[str] | None) -> tuple[dict[str, list[Song]], int]:
    """Read the songs of all artists under ``path``; None reads the demo album.

    Returns:
        Each artist's songs, by artist, and how many songs name nobody.

    Raises:
        FileNotFoundError: ``path`` does not exist.
    """
    root = ALBUM if path is None else root_of(path)
    _, entries, _ = _read(root)
    names = [ALBUM_ARTIST] * len(entries) if path is None else _artists(entries, None, root)
    found = all_artists(names)
    n_unnamed = len(entries) - sum(map(len, found.values()))
    return {artist: _songs([entries[i] for i in theirs], artist) for artist, theirs in found.items()}, n_unnamed


def root_of(path: str | os.PathLike[str]) -> Path:
    """Return the file or folder that a path means; one that is not here may be a dataset on the hub."""
    root = Path(path).expanduser()
    if root.exists():
        return root
    if _HUB_ID.fullmatch(str(path)) and not root.parent.exists() and stem_of(root.name) == root.name:
        from lyric_lm.lyrics.hub_songs import fetch  # slow to import, and hardly ever needed

        return fetch(str(path))
    raise FileNotFoundError(f"data.path={path} does not exist; give a file or a folder with songs")


def _read(root: Path) -> tuple[int, list[_Entry], list[Skipped]]:
    """Read every file under a path: how many there are, their records, and what was skipped."""
    entries: list[_Entry] = []
    skipped: list[Skipped] = []
    n_files = 0
    for file in find_files(root):
        if root == ALBUM and not file.name.endswith(".txt"):  # its licence lies beside the songs
            continue
        n_files += 1
        path = PurePath(file.name)
        try:
            if file.reason:
                raise ValueError(file.reason)
            parsed = parse(file.path.read_bytes(), path)
            if not parsed.records and not parsed.problems:
                raise ValueError("no songs in it")
        except (ValueError, OSError) as error:
            reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
            skipped.append(Skipped(file.name, reason))
            continue
        skipped += [Skipped(file.name, problem) for problem in parsed.problems]
        is_one = len(parsed.records) == 1
        entries += [_Entry(r, path, None if is_one else number) for number, r in enumerate(parsed.records, start=1)]
    return n_files, entries, skipped


def _artists(entries: list[_Entry], artist: str | None, root: Path) -> list[str]:
    """Return the artist that each record or its place names, or ""."""
    stated = [" ".join(entry.record.get("artist", "")[:MAX_NAME].split()) for entry in entries]
    stated = [name if key(name) else "" for name in stated]
    unnamed = [entry.path for entry, name in zip(entries, stated, strict=True) if not name]
    placed = iter(
        artists_of_places(unnamed, filter(None, stated), artist, root.is_dir() and is_library(root.resolve().name))
    )
    return [name or next(placed) for name in stated]


def _songs(kept: list[_Entry], artist: str) -> list[Song]:
    """Give each of an artist's songs its title."""
    is_own_file = [entry.number is None and entry.path.suffix.lower() not in DATA_ENDINGS for entry in kept]
    files = [entry.path for entry, is_own in zip(kept, is_own_file, strict=True) if is_own]
    file_titles = iter(titles_of_places(files, [artist] * len(files)))
    songs = []
    for entry, is_own in zip(kept, is_own_file, strict=True):
        title = _title(entry.record, stem_of(entry.path.name), next(file_titles) if is_own else "")
        source = str(entry.path) if entry.number is None else f"{entry.path}:{entry.number}"
        lyrics = _without_artist(entry.record["lyrics"], artist) if is_own else entry.record["lyrics"]
        songs.append(Song(title, artist, lyrics, source))
    return songs


def _other_artists(counts: Counter[str]) -> str:
    """Say how many songs of a file are other artists'.

    >>> _other_artists(Counter({"Ben": 2, "Cid": 1})), _other_artists(Counter(Ben=1))
    ('3 songs of other artists: Ben (2), Cid (1)', 'by Ben')
    """
    if counts.total() == 1:
        return f"by {next(iter(counts))}"
    listed = ", ".join(f"{name} ({n})" for name, n in counts.most_common(3))
    return f"{counts.total()} songs of other artists: {listed}{', …' if len(counts) > 3 else ''}"


def _title(record: Record, stem: str, file_title: str) -> str:
    """Return a song's title: what its file says, what the file's name says, or else its first line.

    >>> _title({"lyrics": "", "title": "Sea"}, "01 Sea", "Sea"), _title({"lyrics": "[Chorus]\\nRow on\\n"}, "all", "")
    ('Sea', 'Row on')
    """
    given = " ".join(record.get("title", "").split())
    if file_title and (not given or given in (stem, title_of(stem))):
        return file_title
    return given or first_line_title(record["lyrics"]) or stem


def first_line_title(lyrics: str) -> str:
    """Return what can stand for a missing title: the first line that is sung, cut at a word.

    >>> first_line_title("[Verse 1]\\n---\\nRow on, row on, my love,\\nrow home"), first_line_title("[Chorus]")
    ('Row on, row on, my love', '')
    >>> first_line_title("12 ContributorsSea Song Lyrics[Verse 1]\\nRow on")
    'Sea Song'
    """
    if header := _PAGE_HEADER.match(lyrics):
        return header[1].strip()
    for line in lyrics.split("\n"):
        words = " ".join(re.sub(r"<[^<>]{1,100}>|\[[^\[\]]{1,100}\]", " ", line[:1000]).split())
        if words and not _NOT_SUNG.fullmatch(words):
            cut = words if len(words) <= MAX_TITLE else words[: MAX_TITLE + 1].rpartition(" ")[0] or words[:MAX_TITLE]
            return cut.rstrip(" ,;:.-–—")
    return ""


def _without_artist(lyrics: str, artist: str) -> str:
    r"""Take off a first line that says no more than who the artist is: "by" the artist, or the bare name set apart.

    >>> _without_artist("\nby Ada Lark\n\nRow on\n", "Ada Lark"), _without_artist("By Ada, row on", "Ada")
    ('\nRow on\n', 'By Ada, row on')
    """
    first, _, below = lyrics.lstrip("\n").partition("\n")
    is_by = re.match(r"\s*by:?\s+(?=\S)", first[:MAX_NAME], re.IGNORECASE)
    name = first[is_by.end() : MAX_NAME] if is_by else first[:MAX_NAME]
    is_apart = bool(is_by) or not below.partition("\n")[0].strip()
    return below if letters(name) and key(name) == key(artist) and is_apart else lyrics
