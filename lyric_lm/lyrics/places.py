"""Tell whose songs files hold, and what they are called, from where the files lie: weak evidence, used last.

Paths of files go in, as ``Artist/Album/Song.txt`` or ``Artist - Song.txt``, for songs that do not say whose they
are; artists and titles come out, "" where the paths do not agree on what their parts mean. Nothing is opened.
"""

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from string import capwords

from lyric_lm.lyrics.artists import key
from lyric_lm.lyrics.formats.kinds import real_ending
from lyric_lm.lyrics.names import are_numbered, artist_and_title, title_of, without_bare_number
from lyric_lm.lyrics.titles import has_note

# Folder names that say what is in them and not whose it is; the folder above names the artist.
_PLAIN = re.compile(
    r"songs?|lyrics?|txt|texts?|data|prepared|lrc|subtitles|albums?|corpus|raw|(?:cd|dis[ck]|vol|part)[ ._-]*\d+",
    re.IGNORECASE,
)
_LIBRARY = re.compile(r"(?:my )?(?:music|musik|musique|música|musica|library|artists|downloads?|музыка)", re.IGNORECASE)
NEAR = 0.85  # similarity of two names at which one is the other misspelt


def artist_of_root(root: Path) -> str:
    """Guess the artist from the path that was given: the nearest name that is not a word like "songs".

    >>> artist_of_root(Path("/home/ada_lark/songs")), artist_of_root(Path("/music/Lyrics_RobertBurns.json"))
    ('Ada Lark', 'Robert Burns')
    """
    resolved = root.resolve()
    name = resolved.name if resolved.is_dir() else stem_of(resolved.name)
    for part in [name, *(parent.name for parent in resolved.parents)]:
        part = re.sub(r"^(?:lyrics_|saved_(?:artist|album|song)_lyrics_)|_\d+_songs$", "", part, flags=re.IGNORECASE)
        if part and not is_plain(part) and not is_library(part):
            artist, title = artist_and_title(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", part) if part.isalpha() else part)
            return _shown(artist or title)
    return "Unknown"


def is_plain(folder: str) -> bool:
    """Say whether a folder's name is no artist's and no album's, such as "songs" or "CD 1"."""
    return bool(_PLAIN.fullmatch(folder))


def is_library(folder: str) -> bool:
    """Say whether a folder's name is one under which people keep the songs of many artists, such as "Music"."""
    return bool(_LIBRARY.fullmatch(folder))


def stem_of(name: str) -> str:
    """Return a file's name without its ending.

    >>> stem_of("sea.txt"), stem_of("Mr. Jones"), stem_of("Mr. Jones.lrc")
    ('sea', 'Mr. Jones', 'Mr. Jones')
    """
    return name.removesuffix(PurePath(name).suffix) if real_ending(PurePath(name)) else name


def artists_of_places(
    paths: Sequence[PurePath], stated: Iterable[str], wanted: str | None, in_library: bool = False
) -> list[str]:
    """Return the artist that each file's place names, or "" where places do not tell.

    Folders are artists when one of them is an artist known otherwise; or, when none is known, at the place of
    ``Artist/Album/Song.txt`` when there are several. So with file names
    ``Artist - Song``, of which two must share the artist.

    Args:
        paths: of the files whose songs say nothing, from the root.
        stated: the artists that other songs state.
        wanted: the artist to be chosen. Places that name others, but one much like it, count: it is misspelt.
        in_library: the root is a folder such as "Music", so that one artist at that place is enough.

    >>> paths = [PurePath("Ada Lark/Harbours/Sea.txt"), PurePath("Ben/Kitchen/Tea.txt")]
    >>> artists_of_places(paths, [], None), artists_of_places(paths, [], "Cid"), artists_of_places(paths, ["Cid"], None)
    (['Ada Lark', 'Ben'], ['', ''], ['', ''])
    >>> artists_of_places([PurePath("Ada Lark/Sea.txt"), PurePath("Ben/Tea.txt")], [], "ADA LARK")
    ['Ada Lark', 'Ben']
    >>> artists_of_places([PurePath("Ada - Sea.txt"), PurePath("Ada - Tea.txt"), PurePath("Bee.txt")], [], None)
    ['Ada', 'Ada', '']
    """
    known = {key(name) for name in (*stated, wanted or "")} - {""}
    folders = [[part for part in path.parts[:-1] if not is_plain(part)] for path in paths]
    by_folder = _from_folders(folders, known, wanted, in_library)
    by_name = _from_names(paths, known, wanted)
    artists = []
    for parts, folder, name in zip(folders, by_folder, by_name, strict=True):
        sure = (part for part in [*parts, name] if key(part) in known)
        artists.append(_shown(next(sure, "") or name or folder))
    return artists


def titles_of_places(paths: Sequence[PurePath], artists: Sequence[str]) -> list[str]:
    """Return the title that each file's name gives, without the number of its track and without its artist.

    >>> titles_of_places([PurePath("Ada - Sea.txt"), PurePath("Tea - Ada.txt"), PurePath("02 - Bee.txt")], ["Ada"] * 3)
    ['Sea', 'Tea', 'Bee']
    >>> titles_of_places([PurePath(f"{n} {name}.txt") for n, name in enumerate(("Sea", "Tea", "Bee"), 1)], [""] * 3)
    ['Sea', 'Tea', 'Bee']
    """
    by_folder: defaultdict[PurePath, set[str]] = defaultdict(set)
    for path in paths:
        by_folder[path.parent].add(stem_of(path.name))
    numbered = {folder for folder, stems in by_folder.items() if are_numbered(list(stems))}
    shared = _shared(paths)
    titles = []
    for path, artist in zip(paths, artists, strict=True):
        stem = without_bare_number(stem_of(path.name)) if path.parent in numbered else stem_of(path.name)
        left, right = artist_and_title(stem)
        if left and (key(left) in shared or key(left) == key(artist)):
            titles.append(right)
        elif left and key(right) == key(artist):
            titles.append(left)
        else:
            titles.append(title_of(stem))
    return titles


def _from_folders(folders: list[list[str]], known: set[str], wanted: str | None, in_library: bool) -> list[str]:
    """Return the folder of each path that names an artist, or ""."""
    levels = Counter(n for parts in set(map(tuple, folders)) for n, part in enumerate(parts) if key(part) in known)
    if levels:
        level = levels.most_common(1)[0][0]
        return [parts[level] if len(parts) > level else "" for parts in folders]
    names = [parts[-2] if len(parts) > 1 else "" for parts in folders]
    keys = {key(name) for name in names} - {""}
    is_told = (len(keys) > 1 or in_library) and not known
    return names if is_told or _is_near(wanted, keys) else [""] * len(folders)


def _from_names(paths: Sequence[PurePath], known: set[str], wanted: str | None) -> list[str]:
    """Return the artist in the name of each file, or ""."""
    lefts = [artist_and_title(stem_of(path.name))[0] for path in paths]
    keys = {key(left) for left in lefts} - {""}
    shared = _shared(paths)
    told = keys & known or (shared if not known or _is_near(wanted, shared) else set())
    n_told = sum(key(left) in told for left in lefts if left)
    if 2 * n_told >= len(list(filter(None, lefts))):  # then the others are of this form too
        told = keys if told else set()
    return [left if key(left) in told else "" for left in lefts]


def _shared(paths: Sequence[PurePath]) -> set[str]:
    """Return the left parts of ``Artist - Title`` that two or more files share, as keys."""
    pairs = [artist_and_title(stem_of(name)) for name in {path.name for path in paths}]
    counts = Counter(key(left) for left, right in pairs if left and not is_plain(left) and not has_note(f"a ({right})"))
    return {name for name, n in counts.items() if n > 1 and name}


def _is_near(wanted: str | None, keys: set[str]) -> bool:
    return bool(wanted and difflib.get_close_matches(key(wanted), keys, 1, NEAR))


def _shown(name: str) -> str:
    """Write a name from a path as one would write it.

    >>> _shown("ada_lark"), _shown("ada-lark"), _shown("AC-DC"), _shown("Burns, Robert")
    ('Ada Lark', 'Ada Lark', 'AC-DC', 'Burns, Robert')
    """
    name = " ".join(name.replace("_", " ").split())
    return capwords(name.replace("-", " ")) if name == name.lower() else name
