r"""Find the songs in the values of a JSON file, however they are nested.

Values as ``read_json`` returns them go in; records come out, in order. Known are the artist, album and song files of
every LyricsGenius and what wraps them in the API's answers; lists of objects; objects of lists (a data frame's
columns); and mappings from titles to lyrics, or from artists to such mappings. The artist of an artist's or an
album's file names all its songs, guests' songs too: that is why they were collected.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lyric_lm.lyrics.formats.json_frames import rows_of_frame
from lyric_lm.lyrics.formats.json_values import read_json
from lyric_lm.lyrics.formats.keys import (
    ALLOWED,
    ARTIST_KEYS,
    LYRICS_KEYS,
    OTHER_KEYS,
    TITLE_KEYS,
    WEAK_LYRICS_KEYS,
    Record,
    fields,
    normal,
)
from lyric_lm.lyrics.formats.values import lyrics_of, name_of, record

# Keys that say what a value is and not whose.
_CONTAINER_WORDS = """
    songs tracks song track albums album artists artist data results result items item response hits rows row train
    test validation val dev records record documents docs discography list message meta body content collection
    database lyrics lyric default main root entries playlist playlists library output all songlist tracklist
"""
_CONTAINERS = frozenset(_CONTAINER_WORDS.split())
_NO_TITLES = frozenset({*TITLE_KEYS, *ARTIST_KEYS, *OTHER_KEYS, *LYRICS_KEYS, *WEAK_LYRICS_KEYS, "dtype", "type"})
_PROSE = frozenset(
    {"description", "descriptionannotation", "bio", "biography", "annotations", "about", "summary", "notes"}
)
_SHORT = 80  # characters; a text without title and line end that is shorter is no song
_MOST_KEYS = 50
# What ``datasets`` writes beside the songs.
_DESCRIPTIONS = ({"features", "splits"}, {"features", "citation"}, {"_data_files", "_fingerprint"})


@dataclass(frozen=True)
class _Place:
    """A value and what stands around it.

    ``artist`` is whose file it is. ``key`` stands right above it and may be its title; ``group`` is a key further
    up that may be its artist.
    """

    value: Any
    artist: str = ""
    key: str = ""
    group: str = ""


def parse_json(text: str) -> tuple[list[Record], list[str]]:
    r"""Read a JSON file: its records, and what could not be read.

    >>> parse_json('{"name": "Ada", "songs": [{"title": "Sea", "lyrics": "Row on", "artist": "Ben & Ada"}]}')
    ([{'lyrics': 'Row on', 'title': 'Sea', 'artist': 'Ada'}], [])
    >>> parse_json('{"Ada": {"Sea": "Row on\\nrow home"}, "Ben": {"Tea": "Tea\\nfor two"}}')[0][1]
    {'lyrics': 'Tea\nfor two', 'title': 'Tea', 'artist': 'Ben'}

    Raises:
        ValueError: there is no field with lyrics, and what there is instead.
    """
    values, problems = read_json(text)
    found = list(_songs(values))
    if found:
        return found, problems
    raise ValueError(problems[0] if problems else _why_none(values))


def _songs(values: list[Any]) -> Iterator[Record]:
    """Walk the values in order; with a stack, because files that nest a thousand deep are made on purpose."""
    stack = [_Place(value) for value in reversed(values)]
    while stack:
        place = stack.pop()
        if isinstance(place.value, dict):
            if made := _song(place.value):
                yield _named(made, place)
            else:
                stack.extend(reversed(_inside(place.value, place)))
        elif isinstance(place.value, list):
            group = place.group or (place.key if not place.key.islower() else "")  # {"Ada": [...]}, not {"pop": [...]}
            stack.extend(_Place(item, place.artist, group=group) for item in reversed(place.value))
        elif isinstance(place.value, str) and "\n" in place.value.strip():
            yield _named({"lyrics": lyrics_of(place.value) or ""}, place)


def _song(body: dict[str, Any]) -> Record:
    """Make a record of an object that is one song; empty when it is not."""
    names = fields(body)
    if not names["lyrics"] or rows_of_frame(body):
        return {}
    if not names["title"] and any(_is_list_of_texts(body[name]) for name in names["lyrics"]):
        return {}
    made = record(body, names)
    is_weak = normal(names["lyrics"][0]) in WEAK_LYRICS_KEYS  # the "text" of a button, perhaps
    if made and is_weak and "title" not in made and "\n" not in made["lyrics"] and len(made["lyrics"]) < _SHORT:
        return {}
    return made


def _inside(body: dict[str, Any], place: _Place) -> list[_Place]:
    """List what is in an object that is not a song itself."""
    artist = place.artist or _owner(body)
    if rows := rows_of_frame(body):
        return [_Place(row, artist, group=place.group) for row in rows]
    if _is_titles(body):
        return [_Place(_as_text(value), artist, key, place.group or place.key) for key, value in body.items()]
    children = []
    for key, value in body.items():
        if isinstance(value, dict | list) and normal(key) not in _PROSE:
            is_name = normal(key) not in _CONTAINERS and normal(key) not in _NO_TITLES and not key.isdigit()
            children.append(_Place(value, artist, key if is_name else "", place.group or place.key))
    return children


def _owner(body: dict[str, Any]) -> str:
    """Return the artist whose songs an artist's or an album's object lists."""
    keys = {normal(key) for key, value in body.items() if isinstance(value, list | dict)}
    if not keys & {"songs", "tracks", "albums", "discography", "song", "track"}:
        return ""
    plain = {key: value for key, value in body.items() if normal(key) in ARTIST_KEYS and not _holds_objects(value)}
    names = [name_of(value) for value in plain.values()]
    if not any(names) and keys & {"songs", "albums", "discography"}:
        names = [name_of(value) for key, value in body.items() if normal(key) == "name"]
        theirs = " / ".join(song.get("artist", "") for song in _songs_in(body)).casefold()
        is_api_artist = any(normal(key) in ("isverified", "headerimageurl", "alternatenames") for key in body)
        if theirs.strip(" /") and not is_api_artist and not any(name and name.casefold() in theirs for name in names):
            return ""  # a playlist
    name = next(filter(None, names), "")
    return "" if name.casefold().strip(".") in ("various", "various artists", "va", "v.a", "unknown") else name


def _songs_in(body: dict[str, Any]) -> list[Record]:
    lists = [value for key, value in body.items() if normal(key) == "songs" and isinstance(value, list)]
    return [record(song) for songs in lists for song in songs if isinstance(song, dict)]


def _holds_objects(value: Any) -> bool:
    """Say whether a field lists objects, itself or further in: artists with their songs are no artist's name."""
    if isinstance(value, dict):
        return any(isinstance(inner, list) and any(isinstance(x, dict) for x in inner) for inner in value.values())
    return isinstance(value, list) and any(_holds_objects(inner) for inner in value)


def _is_titles(body: dict[str, Any]) -> bool:
    """Say whether an object maps titles to lyrics: its keys are no field names, and most values have several lines."""
    texts = [_as_text(value) for value in body.values()]
    if any(text is None for text in texts) or not _NO_TITLES.isdisjoint(map(normal, body)):
        return False
    return 2 * sum("\n" in (text or "").strip() for text in texts) >= len(texts) > 0


def _as_text(value: Any) -> str | None:
    return None if isinstance(value, dict) or _is_list_of_texts(value) else lyrics_of(value)


def _is_list_of_texts(value: Any) -> bool:
    """Say whether a list holds whole texts, as against the lines of one."""
    return isinstance(value, list) and any(isinstance(text, str) and "\n" in text.strip() for text in value)


def _named(made: Record, place: _Place) -> Record:
    """Add what the place of a record says about it; the artist whose file it is comes first."""
    title = made.get("title") or ("" if place.key.isdigit() else name_of(place.key))
    artist = place.artist or made.get("artist") or name_of(place.group)
    return {"lyrics": made["lyrics"]} | ({"title": title} if title else {}) | ({"artist": artist} if artist else {})


def _why_none(values: list[Any]) -> str:
    """Say what a file without songs has instead."""
    seen: dict[str, None] = {}
    stack = list(reversed(values))
    while stack and len(seen) < _MOST_KEYS:
        value = stack.pop()
        if isinstance(value, dict):
            seen.update(dict.fromkeys(value))
            stack.extend(reversed(value.values()))
        elif isinstance(value, list):
            stack.extend(reversed(value[:_MOST_KEYS]))
    if any(keys <= seen.keys() for keys in _DESCRIPTIONS):
        return "describes a dataset; the songs are in the files beside it"
    if not seen:
        return "JSON without any fields; give objects with a lyrics field"
    keys = ", ".join(" ".join(key.split())[:40] for key in itertools.islice(seen, 12)) + (
        ", …" if len(seen) > 12 else ""
    )
    return f"no lyrics field among {keys}; name it {ALLOWED} or the like"
